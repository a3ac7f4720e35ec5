"""Components in processes of their own, from a real package: one that hangs or dies costs its vote, and only that."""

from __future__ import annotations

import os
import signal as signals
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import tradewright as tw
from installed_module import install_module
from tradewright import builtins
from tradewright.config import Pin, read
from tradewright.errors import ConfigError, PluginError
from tradewright.host.components import FittedSignal, RowOptimizer, Signal
from tradewright.host.isolation import Child, Children, Home
from tradewright.host.loading import load, lock_installed
from tradewright.sentence.strategies import build
from tradewright.signals.evaluate import evaluate, fitted_until

PACKAGE = "tradewright_apart"
CODE = """
    import os, sys, threading, time
    from datetime import date
    import attrs
    import numpy as np
    import tradewright as tw

    THREADS = {}

    @attrs.frozen(kw_only=True)
    class Options:
        do: str = "answer"
        warmup_bars: int = 0
        fitted_until: date | None = None

        def compute(self, view):
            if self.do == "hang":
                time.sleep(60.0)
            elif self.do == "die":
                os.abort()
            elif self.do == "exit":
                os._exit(3)
            elif self.do == "raise":
                raise KeyError("SPY")
            elif self.do == "thread":
                number = THREADS.setdefault(threading.get_ident(), len(THREADS))
                return tw.Forecast(np.full(view.bars.close.shape, number), np.ones(view.bars.close.shape))
            elif self.do == "print":
                print("buy, buy, buy")
            elif self.do == "write":
                view.bars.close[0, 0] = 1.0
            elif self.do == "text":
                return "up"
            elif self.do == "nan":
                return tw.Forecast(np.full(view.bars.close.shape, np.nan), np.ones(view.bars.close.shape))
            score = np.full(view.bars.close.shape, (os.getpid() % 1000) / 1000.0)
            return tw.Forecast(score, np.ones(score.shape))

    def make(options):
        if options.do == "refuse":
            raise tw.ConfigError("cannot work like this", fix="choose another way")
        if options.do == "slow start":
            time.sleep(60.0)
        return options

    if os.environ.get("APART_IMPORTED"):
        open(os.environ["APART_IMPORTED"], "a").write(f"{os.getpid()} ")

    @attrs.frozen
    class Equal:
        def solve(self, problem):
            return tw.Allocation(weights=np.full(len(problem.symbols), problem.gross / len(problem.symbols)))

        def solve_rows(self, forecast, volatility, trading, gross):
            return np.full(forecast.shape, gross / forecast.shape[1])

    @tw.hookimpl
    def tradewright_signals():
        yield tw.SignalSpec(name="apart", factory=make, config=Options)

    @tw.hookimpl
    def tradewright_optimizers():
        yield tw.OptimizerSpec(name="apart", factory=lambda options: options, config=Equal)
        yield tw.OptimizerSpec(name="native", factory=lambda options: options, config=Equal, native=True)
"""
PATIENCE = 20.0  # Seconds that a machine under load may need for what answers at once.


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the package for this process and for those that it starts."""
    place = tmp_path_factory.mktemp("site")
    install_module(place, "apart", CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        patch.setenv("PYTHONPATH", str(place), prepend=os.pathsep)
        yield place
    sys.modules.pop(PACKAGE, None)


@pytest.fixture
def children() -> Iterator[Children]:
    with Children() as running:
        yield running


def home(kind: str = "signal", **options: Any) -> Home:
    spec = load((Pin(name="apart"),)).find(kind, "apart")
    return Home(plugin=Pin(name="apart"), kind=kind, name="apart", config=spec.config(**options))


def history(n_bars: int = 5) -> tw.History:
    days = np.datetime64("2024-01-01") + np.arange(n_bars)
    close = np.full((n_bars, 2), 100.0)
    instruments = [tw.Instrument(symbol=symbol) for symbol in ("AAA", "BBB")]
    traded = np.ones(close.shape, dtype=bool)
    return tw.History(
        tw.Bars(instruments=instruments, opened_at=days, closed_at=days + 1, session=days, close=close, traded=traded)
    )


def asked(children: Children, seconds: float = PATIENCE, **options: Any) -> tw.Forecast:
    signal = children.start(home(**options), seconds)
    assert isinstance(signal, Child)
    return evaluate("apart", signal, history())


# ---- what works ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("site")
def test_signal_when_apart_answers_from_another_process(children):
    score = asked(children).score[0, 0]

    assert (os.getpid() % 1000) / 1000.0 != score


@pytest.mark.usefixtures("site")
def test_signal_when_apart_keeps_its_protocol(children):
    signal = children.start(home(warmup_bars=3, fitted_until=date(2024, 1, 2)), PATIENCE)

    assert isinstance(signal, Signal)
    assert isinstance(signal, FittedSignal)
    assert (3, date(2024, 1, 2)) == (signal.warmup_bars, signal.fitted_until)


@pytest.mark.usefixtures("site")
def test_optimizer_when_apart_answers_one_and_all_rebalances(children):
    optimizer = children.start(home("optimizer"), PATIENCE)
    rows = np.ones((3, 2))
    problem = tw.Problem(
        symbols=("AAA", "BBB"), forecast=rows[0], volatility=rows[0], trading=rows[0], current=rows[0], gross=0.5
    )

    assert isinstance(optimizer, RowOptimizer)
    assert [0.25, 0.25] == optimizer.solve(problem).weights.tolist()
    assert [[0.25, 0.25]] * 3 == optimizer.solve_rows(rows, rows, rows > 0.0, 0.5).tolist()


@pytest.mark.usefixtures("site")
def test_signal_when_apart_and_without_an_optional_attribute_has_none(children):
    """A child has what its protocols declare and the component has: no more, no less."""
    optimizer = children.start(home("optimizer"), PATIENCE)

    assert not hasattr(optimizer, "warmup_bars")
    assert {"solve", "solve_rows"} == {name for name in vars(optimizer) if not name.startswith("_")}


@pytest.mark.usefixtures("site")
def test_signal_when_apart_is_asked_in_one_lasting_thread(children):
    signal = children.start(home(do="thread"), PATIENCE)

    assert [0.0, 0.0] == [evaluate("apart", signal, history()).score[0, 0] for _ in range(2)]


# ---- where it lives --------------------------------------------------------------------------------------

FILE = """
format = 1
[plugins]
enabled = ["apart"]
[data.prices]
source = "files"
symbols = ["AAA", "BBB"]
path = "."
[strategies.s]
data = ["prices"]
optimizer = "{optimizer}"
{isolation}
[strategies.s.signals.apart]
weight = 1.0
"""


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("isolation", "optimizer", "expected"),
    [
        ("", "native", (False, True)),
        ("", "apart", (False, False)),
        ("", "equal-weight", (False, False)),
        ('isolation = "none"', "native", (False, False)),
        ('isolation = "process"', "equal-weight", (True, False)),
    ],
)
def test_strategy_when_built_lets_live_apart_what_is_native_unless_told_otherwise(
    children, isolation, optimizer, expected, tmp_path
):
    file = tmp_path / "plugins.toml"
    file.write_text(FILE.format(isolation=isolation, optimizer=optimizer))
    settings = read(file)
    plugins = load(settings.plugins.enabled, builtin=builtins)

    built = build(settings, plugins, "s", children)

    assert expected == (isinstance(built.signals["apart"], Child), isinstance(built.optimizer[1], Child))


@pytest.mark.usefixtures("site")
def test_signal_when_its_plugin_changed_since_the_lock_is_not_even_imported_apart(
    children, tmp_path, monkeypatch, site
):
    at_home = home()
    lock = lock_installed((Pin(name="apart"),))
    monkeypatch.setenv("APART_IMPORTED", str(tmp_path / "imported"))
    code = (site / f"{PACKAGE}.py").read_text()
    (site / f"{PACKAGE}.py").write_text(code + "\n# edited\n")

    try:
        with pytest.raises(PluginError, match=r"plugin apart is incompatible: content differs from plugins\.lock"):
            children.start(attrs.evolve(at_home, lock=lock), PATIENCE)
    finally:
        (site / f"{PACKAGE}.py").write_text(code)

    assert not (tmp_path / "imported").exists()


# ---- what breaks -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("do", "message"),
    [
        ("die", r"apart\.compute: its process was ended by signal 6 \(SIGABRT\)"),
        ("exit", r"apart\.compute: its process has ended, with exit code 3"),
        ("raise", r"tradewright_apart\.py:\d+: apart\.compute: raised KeyError: 'SPY'"),
        ("print", r"apart\.compute: wrote to standard output: buy, buy, buy"),
        ("write", r"apart\.compute: wrote to its input, which is read-only"),
        ("text", r"apart\.compute: returned str; Forecast wanted"),
        ("nan", r"apart\.compute: raised ValueError: score must be in \[-1, 1\], was nan"),
    ],
)
def test_signal_when_it_breaks_apart_says_how(children, do, message):
    with pytest.raises(PluginError, match=message):
        asked(children, do=do)


@pytest.mark.usefixtures("site")
def test_signal_when_it_hangs_apart_is_killed(children):
    signal = children.start(home(do="hang"), PATIENCE)
    signal._process._seconds = 0.2  # Its start was given all the time that a loaded machine may need.

    with pytest.raises(PluginError, match=r"apart\.compute: gave no answer within 0\.2 s; its process was killed"):
        evaluate("apart", signal, history())

    signal._process._process.join(PATIENCE)
    assert -9 == signal._process._process.exitcode


@pytest.mark.usefixtures("site")
def test_signal_when_its_process_does_not_read_is_killed(children):
    """Sending more than a pipe holds blocks until the other side reads."""
    signal = children.start(home(), PATIENCE)
    signal._process._seconds = 0.5
    os.kill(signal._process._process.pid, signals.SIGSTOP)

    with pytest.raises(PluginError, match=r"apart\.compute: gave no answer within 0\.5 s; its process was killed"):
        evaluate("apart", signal, history(n_bars=50_000))


@pytest.mark.usefixtures("site")
def test_signal_when_it_was_killed_once_stays_away(children):
    signal = children.start(home(do="exit"), PATIENCE)
    for _ in range(2):
        with pytest.raises(PluginError, match="its process has ended, with exit code 3"):
            evaluate("apart", signal, history())


@pytest.mark.usefixtures("site")
def test_component_when_its_factory_hangs_apart_is_killed(children):
    with pytest.raises(PluginError, match=r"apart\.about: gave no answer within 2 s"):
        children.start(home(do="slow start"), 2.0)


@pytest.mark.usefixtures("site")
def test_component_when_its_factory_refuses_apart_says_what_to_mend(children):
    with pytest.raises(ConfigError, match="cannot work like this") as caught:
        children.start(home(do="refuse"), PATIENCE)

    assert "choose another way" == caught.value.fix


@pytest.mark.usefixtures("site")
def test_children_when_left_end_their_processes():
    with Children() as children:
        process = children.start(home(), PATIENCE)._process._process
        assert process.is_alive()

    assert not process.is_alive()


@pytest.mark.usefixtures("site")
def test_signal_when_apart_and_fitted_until_is_no_date_is_refused_in_words(children):
    signal = children.start(home(fitted_until="soon"), PATIENCE)

    with pytest.raises(PluginError, match=r"apart\.fitted_until: must be a datetime\.date or None, was str"):
        fitted_until("apart", signal)
