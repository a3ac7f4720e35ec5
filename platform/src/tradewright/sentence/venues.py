"""Where orders go: the executors that the file's venues name, with their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.host.plugins import choose

if TYPE_CHECKING:
    from tradewright.config import Settings
    from tradewright.host.plugins import Chosen, Plugins

SIMULATED = "simulated"
"""The executor of backtests: the engine itself."""


def venue(settings: Settings, plugins: Plugins, name: str) -> Chosen:
    """Return the executor of the table `[venues.NAME]` with its options; it is not made.

    Raises:
        ConfigError: The executor or an option is unknown.
        PluginError: The executor's plugin is not active.
    """
    executor = settings.venues[name].executor
    return choose(settings, plugins, "executor", executor, f"venues.{name}", f"venues.{name}.executor")


def executor(settings: Settings, plugins: Plugins) -> Chosen | None:
    """Return what `[execution] executor` names, None for the simulation: a venue, else an executor with its defaults.

    Raises:
        ConfigError: It names neither, or an option is wrong.
        PluginError: The executor's plugin is not active.
    """
    name = settings.execution.executor
    if name in settings.venues:
        return venue(settings, plugins, name)
    if name == SIMULATED:
        return None
    return choose(settings, plugins, "executor", name, "execution.executor")
