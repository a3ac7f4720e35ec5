"""A strategy's components, made from the settings: signals, and an optimizer that turns forecasts into weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config import Pin
from tradewright.config.secrets import named_variables
from tradewright.errors import PluginError
from tradewright.host.components import OptimizerSpec, SignalSpec
from tradewright.host.isolation import Home
from tradewright.host.plugins import choose
from tradewright.optimize.solve import FALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.config import Settings, StrategySettings
    from tradewright.host.components import Optimizer, Signal
    from tradewright.host.isolation import Children
    from tradewright.host.plugins import Chosen, Plugins
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

    def without(self, votes: Mapping[str, str], *, optimizer: bool = False) -> Strategy:
        """Return the same with signals that are not asked, and without its optimizer where that is said.

        Args:
            votes: Why, by name of the signal.
            optimizer: Whether the fallback answers in the optimizer's place.
        """
        name, own = self.optimizer
        return attrs.evolve(
            self,
            signals={**self.signals, **dict.fromkeys(votes)},
            missing={**self.missing, **{signal: PluginError(why) for signal, why in votes.items()}},
            optimizer=(name, FALLBACK if optimizer else own),
        )


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
    return Strategy(
        name=name,
        symbols=symbols(settings, name),
        signals=signals,
        missing=missing,
        weights={signal: part.weight for signal, part in chosen.signals.items()},
        optimizer=(chosen.optimizer.name, make_optimizer(settings, plugins, name, children)),
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
    chosen = choose(settings, plugins, "signal", name, f"strategies.{strategy}.signals.{name}")
    signal: Signal = _make(chosen, settings.strategies[strategy], plugins, children)
    return signal


def make_optimizer(
    settings: Settings, plugins: Plugins, strategy: str, children: Children | None = None
) -> Optimizer:
    """Make the optimizer of a strategy, with its options.

    Raises:
        ConfigError: The optimizer or an option is unknown.
        PluginError: Its plugin is not active, or its factory broke.
    """
    chosen = settings.strategies[strategy]
    one = choose(settings, plugins, "optimizer", chosen.optimizer.name, f"strategies.{strategy}.optimizer")
    optimizer: Optimizer = _make(one, chosen, plugins, children)
    return optimizer


def _make(one: Chosen, strategy: StrategySettings, plugins: Plugins, children: Children | None) -> Any:
    """Make a component of a strategy, here or in a process of its own."""
    if children is None or not _lives_apart(one, strategy):
        return one.make(seconds=strategy.deadline)
    return children.start(home_of(one, plugins), strategy.deadline)


def home_of(one: Chosen, plugins: Plugins) -> Home:
    """Return where another process finds the same component, of the same version and as locked."""
    pin = Pin(one.owner.name, one.owner.version)
    return Home(
        plugin=pin,
        kind=one.spec.kind,
        name=one.spec.name,
        config=one.with_secrets(),
        lock=plugins.lock,
        # A process inherits every variable; what the spec declares it reads by itself.
        hidden=named_variables(one.settings).difference(name.removeprefix("env:") for name in one.spec.secrets),
    )


def _lives_apart(one: Chosen, strategy: StrategySettings) -> bool:
    if one.owner.builtin:  # The kernel's own components are the kernel.
        return False
    if strategy.isolation == "auto":
        return isinstance(one.spec, SignalSpec | OptimizerSpec) and one.spec.native
    return strategy.isolation == "process"
