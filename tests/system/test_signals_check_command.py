"""`tradewright signals check` as an author meets it: real packages, real prices, and a pass that doctor shows."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SETTINGS = """
    [plugins]
    enabled = ["looks"]
    [data.file]
    source = "files"
    symbols = ["AAA", "BBB"]
    [strategies.mine]
    data = ["file"]
    [strategies.mine.signals.looks]
    weight = 1.0
    ahead = {ahead}
"""

CODE = """
    import attrs
    import numpy as np
    import tradewright as tw

    @attrs.frozen
    class Looks:
        ahead: int = 0
        warmup_bars: int = 5

        def compute(self, view):
            close = view.bars.close
            score = np.zeros(close.shape)
            score[5:] = np.sign(close[5:] - close[:-5])
            if self.ahead:
                score[5 : -self.ahead] = np.sign(close[5 + self.ahead :] - close[5 : -self.ahead])
            return tw.Forecast(score, score != 0.0)

    @tw.hookimpl
    def tradewright_signals():
        yield tw.SignalSpec(name="looks", factory=lambda options: options, config=Looks)
"""
METADATA = "Metadata-Version: 2.1\nName: tradewright-looks\nVersion: 1.0\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def plugin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the module of a plugin that is installed for this test."""
    place = tmp_path_factory.mktemp("site")
    module, info = place / "tradewright_looks.py", place / "tradewright_looks-1.0.dist-info"
    module.write_text(textwrap.dedent(CODE), "utf-8")
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text("[tradewright]\nlooks = tradewright_looks\n")
    (info / "RECORD").write_text("tradewright_looks.py,,\n")
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delitem(sys.modules, "tradewright_looks", raising=False)
    return module


@pytest.fixture
def settle(workspace: Path, calendars: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what writes prices, and settings that look so many bars ahead."""
    days = np.arange("2020-01-01", "2021-12-31", dtype="datetime64[D]")
    days = days[np.isin(days, _sessions(calendars))]
    random = np.random.default_rng(11)
    (workspace / "data").mkdir()
    for symbol in ("AAA", "BBB"):
        prices = 100.0 * np.exp(np.cumsum(0.01 * random.standard_normal(len(days))))
        rows = [f"{day},{price:.6f}" for day, price in zip(days, prices, strict=True)]
        (workspace / "data" / f"{symbol}.csv").write_text("\n".join(["date,close", *rows]))

    def write(ahead: int) -> None:
        monkeypatch.delitem(sys.modules, "tradewright_looks", raising=False)
        (workspace / "plugins.toml").write_text(textwrap.dedent(SETTINGS).format(ahead=ahead))

    return write


def _sessions(calendars: Path) -> np.ndarray:
    from tradewright.sessions import sessions

    return sessions("XNYS", cache=calendars).date


def test_check_when_a_signal_is_causal_passes_and_doctor_knows(run: Run, settle: Callable[[int], None]) -> None:
    settle(0)
    before = run("doctor")[1]

    code, out, _ = run("signals", "check", "looks")

    assert 0 == code
    assert out.startswith("looks of mine  passed\n")
    assert "every earlier forecast stayed as it was" in out
    assert "signal looks of mine: has not passed the causality gate as it is now" in before
    assert "signal looks of mine does not look ahead" in " ".join(run("doctor")[1].split())


@pytest.mark.parametrize(
    ("ahead", "text"), [(1, "looks exactly 1 bar ahead, as shift(-1) does"), (3, "looks exactly 3 bars ahead")]
)
def test_check_when_a_signal_looks_ahead_exits_9_and_says_where(
    run: Run, settle: Callable[[int], None], ahead: int, text: str
) -> None:
    settle(ahead)

    code, out, _ = run("signals", "check", "looks", "--cuts", "6")

    assert 9 == code
    assert out.startswith("looks of mine  LOOKS AHEAD\n")
    assert text in out
    assert f"up to {ahead} bar" in out


def test_check_when_asked_for_json_gives_the_same_and_keeps_nothing(
    run: Run, settle: Callable[[int], None], workspace: Path
) -> None:
    settle(2)

    code, out, _ = run("signals", "check", "looks", "--cuts", "6", "--json")
    given = json.loads(out)
    checked = given["checks"][0]

    assert 9 == code
    assert ("tradewright.signals-check/1", False) == (given["schema"], given["ok"])
    assert (False, None, "shift") == (checked["passed"], checked["saved_to"], checked["cause"]["kind"])
    assert 0 < checked["leaking_cuts"] <= checked["cuts"]
    assert checked["first"]["on"] < checked["first"]["cut_on"]
    assert not list(workspace.rglob("passes/*"))


def test_pass_when_the_plugin_or_an_option_changes_no_longer_holds(
    run: Run, settle: Callable[[int], None], plugin: Path
) -> None:
    settle(0)
    run("signals", "check", "looks", "--cuts", "2")
    plugin.write_text(plugin.read_text() + "\n# Another content of the same version.\n")

    after_edit = run("doctor")[1]
    run("signals", "check", "looks", "--cuts", "2")
    after_check = run("doctor")[1]
    settle(1)

    assert "has not passed" in after_edit
    assert "has not passed" not in after_check
    assert "has not passed" in run("doctor")[1]


def test_check_when_no_strategy_uses_the_signal_names_those_in_use(run: Run, settle: Callable[[int], None]) -> None:
    settle(0)

    code, _, err = run("signals", "check", "look")

    assert 2 == code
    assert 'no strategy uses a signal named "look"; did you mean looks?' in err
