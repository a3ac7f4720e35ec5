"""Which rules and checks apply: those the file names, and always the mission's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.config import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.config import Settings
    from tradewright.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule

MISSION = ("drawdown-halt", "daily-loss", "risk-per-trade", "position-limit", "exposure")
"""On even when the file does not name them; their options' bounds let a file only tighten them."""

ALWAYS = ("finite", "session", "halt", "buying-power")
"""Order checks that are on even when the file does not name them."""


def rules(settings: Settings, plugins: Plugins) -> tuple[tuple[str, TargetRule], ...]:
    """Return the names and rules in the order of the file, the mission's others after them.

    Raises:
        ConfigError: A rule or an option is unknown, or two limits contradict each other.
        PluginError: The plugin of a rule is not active, or its factory returned something else.
    """
    names = [*settings.risk, *(name for name in MISSION if name not in settings.risk)]
    options: dict[str, Any] = {
        name: structure(settings, f"risk.{name}", plugins.find("target-rule", name).config) for name in names
    }
    for error in contradictions(settings, options):
        raise error
    return tuple((name, plugins.find("target-rule", name).factory(options[name])) for name in names)


def checks(settings: Settings, plugins: Plugins) -> tuple[tuple[str, OrderCheck], ...]:
    """Return the names and order checks: those that are always on, then the others in the order of the file.

    Raises:
        ConfigError: A check or an option is unknown.
        PluginError: The plugin of a check is not active.
    """
    names = [*ALWAYS, *(name for name in settings.checks if name not in ALWAYS)]
    specs = {name: plugins.find("order-check", name) for name in names}
    return tuple(
        (name, spec.factory(structure(settings, f"checks.{name}", spec.config))) for name, spec in specs.items()
    )


def contradictions(settings: Settings, options: dict[str, Any]) -> Iterator[Exception]:
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
