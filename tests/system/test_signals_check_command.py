"""`tradewright signals check` as an author meets it: real packages, real prices, and a pass that doctor shows."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from installed_module import install_module

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
MEMORIES = {
    "a module by symbols": """
        KNOWN = {}

        def kept(bars):
            if len(KNOWN.get(bars.symbols, ())) < bars.n_bars:
                KNOWN[bars.symbols] = ahead(bars.close)
            return KNOWN[bars.symbols][: bars.n_bars]
        """,
    "a class": """
        class Store:
            scores = np.zeros((0, 2))

        def kept(bars):
            if len(Store.scores) < bars.n_bars:
                Store.scores = ahead(bars.close)
            return Store.scores[: bars.n_bars]
        """,
    "functools": """
        from functools import cache

        @attrs.frozen
        class Panel:
            first: object
            close: object = attrs.field(eq=False)

        @cache
        def scores(panel):
            return ahead(panel.close)

        def kept(bars):
            found = scores(Panel(bars.session[0], bars.close))
            if len(found) < bars.n_bars:
                scores.cache_clear()
                found = scores(Panel(bars.session[0], bars.close))
            return found[: bars.n_bars]
        """,
}
REMEMBERS = """
    @attrs.frozen
    class Remembers:
        warmup_bars: int = 0

        def compute(self, view):
            score = kept(view.bars)
            return tw.Forecast(score, score != 0.0)

    def ahead(close):
        return np.vstack([np.sign(close[1:] - close[:-1]), np.zeros((1, close.shape[1]))])

    @tw.hookimpl
    def tradewright_signals():
        yield tw.SignalSpec(name="looks", factory=lambda options: Remembers(), config=Looks)
"""
RULES = """
    import attrs
    import numpy as np
    import tradewright as tw
    from typing import NamedTuple
    from tradewright.host.components import OrderCheckSpec, TargetRuleSpec
    from tradewright.risk.contract import Feature, OrderCheck, TargetRule

    @attrs.frozen
    class Options:
        ahead: int = 0

    class Nothing(NamedTuple):
        pass

    def rises(bars, window):
        shift, result = window - 1, np.zeros(bars.close.shape)
        result[1 : len(result) - shift] = np.sign(np.diff(bars.close, axis=0))[shift:]
        return result

    def risen(proposal, asset, book, p, rise):
        return proposal if rise > 0.0 else proposal._replace(target=0.0)

    def fair(order, p, rise):
        return abs(order.quantity) if rise > 0.0 else 0.0

    def features(options):
        return (Feature("rise", 1 + options.ahead, rises),)

    @tw.hookimpl
    def tradewright_risk_rules():
        yield TargetRuleSpec(
            name="risen",
            factory=lambda o: TargetRule(phase="asset", function=risen, parameters=Nothing(), features=features(o)),
            config=Options,
        )
        yield OrderCheckSpec(
            name="fair",
            factory=lambda o: OrderCheck(function=fair, parameters=Nothing(), features=features(o)),
            config=Options,
        )
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def plugin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the module of a plugin that is installed for this test."""
    place = tmp_path_factory.mktemp("site")
    module = install_module(place, "looks", CODE)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delitem(sys.modules, "tradewright_looks", raising=False)
    return module


@pytest.fixture
def settle(workspace: Path, calendars: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what writes prices, and settings that look so many bars ahead."""
    days = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")
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
    assert 'is named "look"; did you mean looks?' in err


@pytest.mark.parametrize("where", MEMORIES)
def test_check_when_a_signal_remembers_outside_its_component_finds_the_leak(
    run: Run, settle: Callable[[int], None], plugin: Path, where: str
) -> None:
    settle(0)
    head, _, _ = textwrap.dedent(CODE).partition("@tw.hookimpl")
    plugin.write_text("\n".join([head, textwrap.dedent(MEMORIES[where]), textwrap.dedent(REMEMBERS)]), "utf-8")

    code, out, _ = run("signals", "check", "looks", "--cuts", "1")

    assert 9 == code
    assert out.startswith("looks of mine  LOOKS AHEAD\n")


def test_check_when_it_ends_names_what_it_cannot_see(run: Run, settle: Callable[[int], None]) -> None:
    settle(0)

    page = run("signals", "check", "looks", "--cuts", "2")[1]
    given = json.loads(run("signals", "check", "looks", "--cuts", "2", "--json")[1])

    assert "not seen: what compute reads beside its history: files, a cache on the disk" in page
    assert "dates, symbols and thresholds in the code" in page
    assert 2 == len(given["blind_spots"])
    assert all(line in page for line in given["blind_spots"])


# ---- rules and order checks ------------------------------------------------------------------------------


@pytest.fixture
def ruled(settle: Callable[[int], None], workspace: Path, plugin: Path) -> Callable[[int], None]:
    """Return what adds a rule and an order check whose feature looks so many bars ahead."""

    def write(ahead: int) -> None:
        settle(0)
        plugin.write_text(textwrap.dedent(CODE) + textwrap.dedent(RULES), "utf-8")
        file = workspace / "plugins.toml"
        file.write_text(f"{file.read_text()}[risk]\nrisen = {{ ahead = {ahead} }}\n[checks]\nfair = {{}}\n")

    return write


def test_check_when_no_name_is_given_asks_every_signal_rule_and_check(run: Run, ruled: Callable[[int], None]) -> None:
    ruled(0)
    before = run("doctor")[1]

    code, out, _ = run("signals", "check", "--cuts", "4", "--json")
    given = json.loads(out)

    assert 0 == code
    assert [("signal", "looks"), ("target-rule", "risen"), ("order-check", "fair")] == [
        (one["kind"], one["name"]) for one in given["checks"]
    ]
    assert "rule risen: has not passed the causality gate as it is now" in before
    assert "check fair: has not passed" in before
    assert "has not passed" not in run("doctor")[1]


@pytest.mark.parametrize(("ahead", "code"), [(0, 0), (1, 9)])
def test_check_when_the_feature_of_a_rule_reads_tomorrow_exits_9(
    run: Run, ruled: Callable[[int], None], ahead: int, code: int
) -> None:
    ruled(ahead)

    found, out, _ = run("signals", "check", "risen", "--cuts", "4")

    assert code == found
    assert out.startswith(f"rule risen  {'LOOKS AHEAD' if ahead else 'passed'}\n")
    assert ("numbers up to 1 bar before" in out) == ("looks exactly 1 bar ahead" in out) == bool(ahead)


def test_check_when_a_rule_asks_for_no_features_says_so(
    run: Run, settle: Callable[[int], None], workspace: Path
) -> None:
    settle(0)
    file = workspace / "plugins.toml"
    file.write_text(f"{file.read_text()}[risk]\nexposure = {{ gross = 1.0 }}\n")

    code, _, err = run("signals", "check", "exposure")

    assert 2 == code
    assert "rule exposure asks for no features" in err
