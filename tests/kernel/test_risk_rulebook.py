"""Which rules and checks apply, and which files are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from tradewright import builtins
from tradewright.config import Settings, read
from tradewright.errors import ConfigError, PluginError, TradewrightError
from tradewright.host.components import OrderCheckSpec, TargetRuleSpec
from tradewright.host.loading import load
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.risk import rulebook
from tradewright.risk.contract import OrderCheck, TargetRule

HEAD = """\
[plugins]
enabled = []
[data.indices]
source = "files"
symbols = ["SPX", "COMP"]
[strategies.trend]
data = ["indices"]
[strategies.trend.signals.any]
weight = 1
"""
LINES = HEAD.count("\n")  # What a test adds begins on the next one.


@pytest.fixture
def reads(tmp_path: Path) -> Callable[[str], Settings]:
    """Return what reads a file with some more lines."""

    def call(more: str) -> Settings:
        path = tmp_path / "plugins.toml"
        path.write_text(HEAD + more, encoding="utf-8")
        return read(path)

    return call


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """Return the kernel's own components."""
    return load([], entry_points=[], builtin=builtins)


def refused(ask: Callable[[], object]) -> tuple[str, int | None, str | None, str | None]:
    """Return what an error says: message, line, key, fix."""
    with pytest.raises(TradewrightError) as caught:
        ask()
    error = caught.value
    return error.message, error.line, error.key, error.fix


def limits(rules: tuple[tuple[str, TargetRule], ...]) -> dict[str, Any]:
    return {name: rule.parameters for name, rule in rules}


# ---- which apply -----------------------------------------------------------------------------------------


def test_rules_of_a_file_without_risk_are_the_missions(reads: Callable[[str], Settings], plugins: Plugins) -> None:
    found = limits(rulebook.rules(reads(""), plugins))

    assert tuple(found) == rulebook.MISSION
    assert found["risk-per-trade"] == (0.02, 3.0)
    assert found["position-limit"] == (0.30, 0.02)
    assert found["exposure"] == (1.0, 1.0, 0.02)
    assert found["drawdown-halt"] == (0.12,)
    assert found["daily-loss"] == (0.05, 0.5)


def test_rules_keep_the_order_of_the_file_and_the_missions_others_follow(
    reads: Callable[[str], Settings], plugins: Plugins
) -> None:
    text = "[risk]\nliquidity-floor = {}\nposition-limit = { limit = 0.2 }\ncircuit-breaker = {}\n"
    found = limits(rulebook.rules(reads(text), plugins))

    named = ["liquidity-floor", "position-limit", "circuit-breaker"]
    assert list(found) == [*named, "drawdown-halt", "daily-loss", "risk-per-trade", "exposure"]
    assert found["position-limit"] == (0.2, 0.02)


def test_checks_that_are_always_on_come_first_in_their_order(
    reads: Callable[[str], Settings], plugins: Plugins
) -> None:
    text = "[checks]\nvolume-share = {}\nprice-collar = { limit = 0.1 }\norder-value = { limit = 5e4 }\n"
    found = dict(rulebook.checks(reads(text), plugins))

    assert list(found) == [*rulebook.ALWAYS, "volume-share", "price-collar", "order-value"]
    assert found["price-collar"].parameters == (0.1,)


def test_checks_of_a_file_without_checks_are_those_of_the_page(
    reads: Callable[[str], Settings], plugins: Plugins
) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "checks" / "README.md"
    always = [line.split("`")[1] for line in page.read_text("utf-8").splitlines() if "| always |" in line]

    assert [name for name, _ in rulebook.checks(reads(""), plugins)] == always
    assert always == list(rulebook.ALWAYS)


def test_checks_of_a_play_without_limits_are_those_that_are_always_on_without_halts(
    reads: Callable[[str], Settings], plugins: Plugins
) -> None:
    """Without a rule there is no halt to respect; what the file sets is a limit."""
    text = "[risk]\ncircuit-breaker = {}\n[checks]\nvolume-share = {}\norder-value = { limit = 5e4 }\n"
    found = rulebook.physics(reads(text), plugins)

    assert ["finite", "session", "buying-power"] == [name for name, _ in found]
    assert {"halt"} == set(rulebook.ALWAYS) - {name for name, _ in found}


# ---- a file may only tighten -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "option", "widest", "beyond"),
    [
        ("position-limit", "limit", 0.30, 0.35),
        ("position-limit", "trim_band", 0.02, 0.021),
        ("risk-per-trade", "limit", 0.02, 0.0201),
        ("drawdown-halt", "limit", 0.12, 0.1201),
        ("daily-loss", "limit", 0.05, 0.0501),
        ("daily-loss", "cut", 0.5, 0.49),
        ("exposure", "gross", 1.0, 1.01),
        ("exposure", "net", 1.0, 1.01),
        ("exposure", "trim_band", 0.02, 0.021),
    ],
)
def test_rule_of_the_mission_cannot_be_loosened(
    reads: Callable[[str], Settings], plugins: Plugins, rule: str, option: str, widest: float, beyond: float
) -> None:
    assert rule in limits(rulebook.rules(reads(f"[risk]\n{rule} = {{ {option} = {widest} }}\n"), plugins))

    loosened = reads(f"[risk]\n{rule} = {{ {option} = {beyond} }}\n")
    message, line, key, fix = refused(lambda: rulebook.rules(loosened, plugins))
    assert f"was {beyond}" in message
    assert (line, key) == (LINES + 2, f"risk.{rule}.{option}")
    assert fix is not None
    assert f"= {widest:.10g}" in fix
    assert fix.endswith(": a limit of the mission, which a file may only tighten")


@pytest.mark.parametrize(
    "wrong", ["position-limit = { limit = -0.1 }", 'exposure = { net = "1" }', "liquidity-floor = { turnover = -1 }"]
)
def test_rule_with_another_wrong_value_is_not_called_a_limit_of_the_mission(
    reads: Callable[[str], Settings], plugins: Plugins, wrong: str
) -> None:
    *_, fix = refused(lambda: rulebook.rules(reads(f"[risk]\n{wrong}\n"), plugins))

    assert "mission" not in str(fix)


def test_position_limit_of_35_percent_is_refused_with_line_and_fix(
    reads: Callable[[str], Settings], plugins: Plugins
) -> None:
    settings = reads("[risk]\nposition-limit = { limit = 0.35 }\n")

    assert refused(lambda: rulebook.rules(settings, plugins)) == (
        "must be a fraction 0-0.3, was 0.35",
        LINES + 2,
        "risk.position-limit.limit",
        "give a fraction > 0, <= 0.3: a limit of the mission, which a file may only tighten",
    )


# ---- limits that contradict each other -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("risk", "weight", "consistent"),
    [(0.02, 0.02, True), (0.0199, 0.02, True), (0.02, 0.0199, False)],
)
def test_risk_of_a_trade_above_the_position_is_inconsistent(
    reads: Callable[[str], Settings], plugins: Plugins, risk: float, weight: float, consistent: bool
) -> None:
    """Row 15 of the bad inputs."""
    settings = reads(f"[risk]\nrisk-per-trade = {{ limit = {risk} }}\nposition-limit = {{ limit = {weight} }}\n")
    if consistent:
        assert rulebook.rules(settings, plugins)
        return

    message, line, key, fix = refused(lambda: rulebook.rules(settings, plugins))
    assert message.startswith(f"inconsistent limits: a trade cannot risk {risk:g} of equity")
    assert (line, key) == (LINES + 2, "risk.risk-per-trade.limit")
    assert fix == "lower risk-per-trade.limit or raise position-limit.limit"


@pytest.mark.parametrize(
    ("day", "drawdown", "consistent"), [(0.05, 0.05, True), (0.049, 0.05, True), (0.05, 0.049, False)]
)
def test_drawdown_halt_below_the_daily_loss_is_inconsistent(
    reads: Callable[[str], Settings], plugins: Plugins, day: float, drawdown: float, consistent: bool
) -> None:
    """Row 16 of the bad inputs."""
    settings = reads(f"[risk]\ndaily-loss = {{ limit = {day} }}\ndrawdown-halt = {{ limit = {drawdown} }}\n")
    if consistent:
        assert rulebook.rules(settings, plugins)
        return

    message, line, key, _ = refused(lambda: rulebook.rules(settings, plugins))
    assert message.startswith("inconsistent limits: a daily loss of 0.05 cannot come before")
    assert (line, key) == (LINES + 2, "risk.daily-loss.limit")


@pytest.mark.parametrize("limit", ["1", "1.0", "1.5", "0", "-0.1", "nan", "inf", "true", '"12%"', "12"])
def test_drawdown_halt_that_is_no_fraction_of_the_peak_is_refused(
    reads: Callable[[str], Settings], plugins: Plugins, limit: str
) -> None:
    settings = reads(f"[risk]\ndrawdown-halt = {{ limit = {limit} }}\n")

    assert refused(lambda: rulebook.rules(settings, plugins))[1:3] == (LINES + 2, "risk.drawdown-halt.limit")


@pytest.mark.parametrize(
    ("bar", "rebalance", "window", "sound"),
    [
        ("1h", "session", "{}", False),
        ("1h", "week", "{ before_close = 0.5 }", False),
        ("1h", "session", "{ before_close = 0 }", True),
        ("1h", "bar", "{}", True),
        ("1d", "session", "{}", True),  # The window itself refuses daily bars, with better words.
    ],
)
def test_window_that_is_shut_at_every_decision_is_refused(
    tmp_path: Path, plugins: Plugins, bar: str, rebalance: str, window: str, *, sound: bool
) -> None:
    path = tmp_path / "plugins.toml"
    head = HEAD.replace('"COMP"]\n', f'"COMP"]\nbar = "{bar}"\n').replace(
        'data = ["indices"]\n', f'data = ["indices"]\nrebalance = "{rebalance}"\n'
    )
    path.write_text(head + f"[risk]\ntrading-window = {window}\n", encoding="utf-8")
    settings = read(path)

    if sound:
        assert "trading-window" in dict(rulebook.rules(settings, plugins))
        return
    message, line, key, fix = refused(lambda: rulebook.rules(settings, plugins))
    assert message.startswith("trend decides at closes of sessions only")
    assert (head.count("\n") + 2, "risk.trading-window") == (line, key)
    assert 'set strategies.trend.rebalance = "bar", or before_close = 0' == fix


def test_contradiction_with_a_default_names_the_file(reads: Callable[[str], Settings], plugins: Plugins) -> None:
    """The file sets one limit; the other is the mission's."""
    settings = reads("[risk]\nposition-limit = { limit = 0.01 }\n")
    with pytest.raises(ConfigError) as caught:
        rulebook.rules(settings, plugins)

    assert caught.value.file == str(settings.path)
    assert "cannot risk 0.02 of equity in a position of at most 0.01" in str(caught.value)


# ---- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "word", "meant"),
    [("risk", "possition-limit", "position-limit"), ("checks", "order-vale", "order-value")],
)
def test_unknown_rule_or_check_says_where_and_what_was_meant(
    reads: Callable[[str], Settings], plugins: Plugins, table: str, word: str, meant: str
) -> None:
    settings = reads(f"[{table}]\n{word} = {{}}\n")
    ask = {"risk": rulebook.rules, "checks": rulebook.checks}[table]
    message, line, key, fix = refused(lambda: ask(settings, plugins))

    assert f'named "{word}"; did you mean {meant}?; available: ' in message
    assert (line, key) == (LINES + 2, f"{table}.{word}")
    assert fix is not None


def test_unknown_option_says_where_and_what_was_meant(reads: Callable[[str], Settings], plugins: Plugins) -> None:
    settings = reads("[risk]\nposition-limit = { limt = 0.2 }\n")
    message, line, key, fix = refused(lambda: rulebook.rules(settings, plugins))

    assert (message, line, key) == ("unknown key; did you mean limit?", LINES + 2, "risk.position-limit.limt")
    assert fix == "rename it to limit"


@pytest.mark.parametrize("check", ["order-value", "order-quantity", "restricted-list"])
def test_check_without_its_required_option_says_so(
    reads: Callable[[str], Settings], plugins: Plugins, check: str
) -> None:
    message, line, key, _ = refused(lambda: rulebook.checks(reads(f"[checks]\n{check} = {{}}\n"), plugins))

    assert message == "required, and missing"
    assert line == LINES + 2
    assert key is not None
    assert key.startswith(f"checks.{check}.")


@pytest.mark.parametrize(("symbol", "meant"), [("SPY", "SPX"), ("spx", "SPX"), ("ZZZZ", None)])
def test_restricted_symbol_that_nothing_trades_is_refused_with_its_line(
    reads: Callable[[str], Settings], plugins: Plugins, symbol: str, meant: str | None
) -> None:
    settings = reads(f'[checks.restricted-list]\nsymbols = ["COMP", "{symbol}"]\n')
    hint = "" if meant is None else f"; did you mean {meant}?"

    assert refused(lambda: rulebook.checks(settings, plugins)) == (
        f"{symbol} is not among the symbols traded: SPX, COMP{hint}",
        LINES + 2,
        "checks.restricted-list.symbols",
        "correct the symbol or remove it",
    )


def test_restricted_symbols_that_are_traded_are_fine(reads: Callable[[str], Settings], plugins: Plugins) -> None:
    found = dict(rulebook.checks(reads('[checks.restricted-list]\nsymbols = ["COMP"]\n'), plugins))

    assert "restricted-list" in found


# ---- rules of plugins ------------------------------------------------------------------------------------


@attrs.frozen
class NoOptions:
    pass


def failing(_: object) -> object:
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (lambda _: None, "returned NoneType; {} wanted"),
        (lambda _: "rule", "returned str; {} wanted"),
        (failing, "raised RuntimeError: boom"),
    ],
)
@pytest.mark.parametrize("table", ["risk", "checks"])
def test_factory_of_a_plugin_that_breaks_its_contract_is_named(
    reads: Callable[[str], Settings], plugins: Plugins, table: str, factory: Callable[[Any], Any], message: str
) -> None:
    kind: Any = {"risk": TargetRuleSpec, "checks": OrderCheckSpec}[table]
    spec = kind(name="mine", factory=factory, config=NoOptions)
    ask = {"risk": rulebook.rules, "checks": rulebook.checks}[table]
    wanted = {"risk": TargetRule, "checks": OrderCheck}[table].__name__
    mine = PluginRecord(name="mine", status="active", components=(spec,))
    with pytest.raises(PluginError) as caught:
        ask(reads(f"[{table}]\nmine = {{}}\n"), Plugins((*plugins.records, mine)))

    assert (caught.value.message, caught.value.key) == (message.format(wanted), "mine.factory")
