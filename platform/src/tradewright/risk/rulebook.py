"""Which rules and checks apply: those the file names, and always the mission's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config import did_you_mean
from tradewright.errors import ConfigError
from tradewright.host.plugins import choose
from tradewright.risk.checks.restricted_list import RestrictedList
from tradewright.risk.contract import OrderCheck, TargetRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tradewright.config import Range, Settings
    from tradewright.host.components import Spec
    from tradewright.host.plugins import Chosen, Plugins


MISSION = ("drawdown-halt", "daily-loss", "risk-per-trade", "position-limit", "exposure")
"""On even when the file does not name them; their options' bounds let a file only tighten them."""

ALWAYS = ("finite", "session", "halt", "buying-power")
"""Order checks that are on even when the file does not name them."""

PHYSICS = ("finite", "session", "buying-power")
"""The ones that even a comparison keeps: an order without a price, a session or the cash for it is no order at all.

`halt` is none of them, because only a rule halts.
"""


def rules(settings: Settings, plugins: Plugins) -> tuple[tuple[str, TargetRule], ...]:
    """Return the names and rules in the order of the file, the mission's others after them.

    Raises:
        ConfigError: A rule or an option is unknown, or two limits contradict each other.
        PluginError: The plugin of a rule is not active, or its factory raised or returned something else.
    """
    names = [*settings.risk, *(name for name in MISSION if name not in settings.risk)]
    chosen = {name: _rule(settings, plugins, name) for name in names}
    options = {name: one.config for name, one in chosen.items()}
    for error in (*contradictions(settings, options), *never_open(settings, options)):
        raise error
    return tuple((name, one.make(TargetRule)) for name, one in chosen.items())


def checks(settings: Settings, plugins: Plugins) -> tuple[tuple[str, OrderCheck], ...]:
    """Return the names and order checks: those that are always on, then the others in the order of the file.

    Raises:
        ConfigError: A check or an option is unknown, or a restricted symbol is not traded.
        PluginError: The plugin of a check is not active, or its factory raised or returned something else.
    """
    return _checks(settings, plugins, [*ALWAYS, *(name for name in settings.checks if name not in ALWAYS)])


def physics(settings: Settings, plugins: Plugins) -> tuple[tuple[str, OrderCheck], ...]:
    """Return the names and order checks of a play without limits, which has no rule either.

    Raises:
        ConfigError: The file gives one of them an option that it does not have.
    """
    return _checks(settings, plugins, PHYSICS)


def _checks(settings: Settings, plugins: Plugins, names: Sequence[str]) -> tuple[tuple[str, OrderCheck], ...]:
    chosen = {name: choose(settings, plugins, "order-check", name, f"checks.{name}") for name in names}
    for name, one in chosen.items():
        for error in strangers(settings, f"checks.{name}.symbols", one.config):
            raise error
    return tuple((name, one.make(OrderCheck)) for name, one in chosen.items())


def _rule(settings: Settings, plugins: Plugins, name: str) -> Chosen:
    try:
        return choose(settings, plugins, "target-rule", name, f"risk.{name}")
    except ConfigError as error:
        option = (error.key or "").removeprefix(f"risk.{name}.")
        if name in MISSION and _loosens(plugins.find("target-rule", name), option, settings.risk.get(name, {})):
            error.fix = f"{error.fix}: a limit of the mission, which a file may only tighten"
        raise


def _loosens(spec: Spec, option: str, table: Mapping[str, Any]) -> bool:
    """Tell whether a mission's rule is given a number beyond the bound that is its default as well."""
    field, value = attrs.fields_dict(spec.config).get(option), table.get(option)
    span: Range | None = None if field is None else field.metadata.get("range")
    if field is None or span is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    default: Any = field.default
    return bool(span.at_most == default and value > default) or bool(span.at_least == default and value < default)


def contradictions(settings: Settings, options: dict[str, Any]) -> Iterator[ConfigError]:
    """Yield an error for each pair of limits that cannot both be meant."""
    risk, weight = options["risk-per-trade"].limit, options["position-limit"].limit
    if risk > weight:
        yield settings.error(
            "risk.risk-per-trade.limit",
            f"inconsistent limits: a trade cannot risk {risk:g} of equity in a position of at most {weight:g}",
            "lower risk-per-trade.limit or raise position-limit.limit",
        )
    day, drawdown = options["daily-loss"].limit, options["drawdown-halt"].limit
    if day > drawdown:
        yield settings.error(
            "risk.daily-loss.limit",
            f"inconsistent limits: a daily loss of {day:g} cannot come before a drawdown halt at {drawdown:g}",
            "lower daily-loss.limit or raise drawdown-halt.limit",
        )


def never_open(settings: Settings, options: dict[str, Any]) -> Iterator[ConfigError]:
    """Yield an error for each strategy that decides only where its trading window is closed."""
    window = options.get("trading-window")
    if window is None or not window.before_close > 0.0:
        return
    for name, strategy in settings.strategies.items():
        # Daily bars never fit a window, whenever the strategy decides; reading the window's minutes says so.
        within_day = any(not settings.data[feed].bar.endswith("d") for feed in strategy.data)
        if within_day and strategy.rebalance != "bar":
            yield settings.error(
                "risk.trading-window",
                f"{name} decides at closes of sessions only, inside the {window.before_close:g} minutes before the"
                " close in which nothing is added: it would never buy",
                f'set strategies.{name}.rebalance = "bar", or before_close = 0',
            )


def strangers(settings: Settings, key: str, options: object) -> Iterator[ConfigError]:
    """Yield an error for each restricted symbol that nothing trades: it is probably misspelled."""
    traded = [
        symbol
        for strategy in settings.strategies.values()
        for feed in strategy.data
        for symbol in settings.data[feed].symbols
    ]
    for symbol in options.symbols if isinstance(options, RestrictedList) else ():
        if symbol not in traded:
            known = ", ".join(dict.fromkeys(traded))
            yield settings.error(
                key,
                f"{symbol} is not among the symbols traded: {known}{did_you_mean(symbol, traded)}",
                "correct the symbol or remove it",
            )
