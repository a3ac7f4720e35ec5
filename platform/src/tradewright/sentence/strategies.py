"""A strategy's components, made from the settings: signals, and an optimizer that turns forecasts into weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config import structure
from tradewright.errors import PluginError
from tradewright.host.components import Optimizer, Signal
from tradewright.host.fence import made
from tradewright.host.isolation import Home

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.config import Settings, StrategySettings
    from tradewright.host.components import Spec
    from tradewright.host.isolation import Children
    from tradewright.host.plugins import Plugins
    from tradewright.optimize.solve import Rebalance


@attrs.frozen(kw_only=True)
class Strategy:
    """One book's components, ready to be called.

    Attributes:
        name: Its word in plugins.toml.
        symbols: What it trades.
        signals: By name; None for one whose plugin is not active.
        missing: Why, by name.
        weights: Weight of each signal; they sum to 1.
        optimizer: The optimizer's name and object.
        gross: Cap on the sum of absolute target weights.
        rebalance: `bar`, `session`, `week` or `month`.
        deadline: Longest wait for one answer, in seconds; what lives in its own process keeps that time itself.
    """

    name: str
    symbols: tuple[str, ...]
    signals: dict[str, Signal | None]
    missing: dict[str, PluginError]
    weights: dict[str, float]
    optimizer: tuple[str, Optimizer]
    gross: float
    rebalance: Rebalance
    deadline: float


def build(settings: Settings, plugins: Plugins, name: str, children: Children | None = None) -> Strategy:
    """Make the components of one strategy; a signal whose plugin is broken is left out and named.

    Args:
        settings: The configuration.
        plugins: What it may use.
        name: The strategy.
        children: Where components live whose strategy asks for processes of their own; None makes all here.

    Raises:
        ConfigError: A component or an option is unknown.
        PluginError: The optimizer's plugin is not active.
    """
    chosen = settings.strategies[name]
    signals: dict[str, Signal | None] = {}
    missing: dict[str, PluginError] = {}
    for signal in chosen.signals:
        try:
            signals[signal] = make_signal(settings, plugins, name, signal, children)
        except PluginError as error:
            signals[signal], missing[signal] = None, error
    key = f"strategies.{name}.optimizer"
    spec = plugins.named(settings, "optimizer", chosen.optimizer, key)
    optimizer = _make(settings, plugins, spec, key, Optimizer, _own(chosen, children))
    return Strategy(
        name=name,
        symbols=symbols(settings, name),
        signals=signals,
        missing=missing,
        weights={signal: part.weight for signal, part in chosen.signals.items()},
        optimizer=(chosen.optimizer, optimizer),
        gross=chosen.gross,
        rebalance=chosen.rebalance,
        deadline=chosen.deadline,
    )


def symbols(settings: Settings, strategy: str) -> tuple[str, ...]:
    """Return what a strategy trades, in the order of its feeds."""
    return tuple(symbol for feed in settings.strategies[strategy].data for symbol in settings.data[feed].symbols)


def make_signal(
    settings: Settings, plugins: Plugins, strategy: str, name: str, children: Children | None = None
) -> Signal:
    """Make one signal of a strategy, with its options.

    Raises:
        ConfigError: The signal or an option is unknown.
        PluginError: Its plugin is not active, or its factory broke.
    """
    key = f"strategies.{strategy}.signals.{name}"
    spec = plugins.named(settings, "signal", name, key)
    signal: Signal = _make(settings, plugins, spec, key, Signal, _own(settings.strategies[strategy], children))
    return signal


def _own(chosen: StrategySettings, children: Children | None) -> Callable[[Home], object] | None:
    """Return what starts a process for a component of this strategy, None when it wants none."""
    if children is None or chosen.isolation == "none":
        return None
    return partial(children.start, seconds=chosen.deadline)


def _make(
    settings: Settings,
    plugins: Plugins,
    spec: Spec,
    key: str,
    wanted: type[Any],
    start: Callable[[Home], object] | None,
) -> Any:
    config: object = structure(settings, key, spec.config)
    owner = plugins.owner(spec)
    if start is None or owner.builtin:  # The kernel's own components are the kernel.
        return made(spec, config, wanted)
    return start(Home(plugin=owner.name, kind=spec.kind, name=spec.name, config=config))
