"""The sentence up to the target weights: history -> forecasts -> target weights.

The rest of it, checked targets -> orders -> fills, is the engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.components import Optimizer, RowOptimizer, Signal
from tradewright.config import structure
from tradewright.errors import PluginError
from tradewright.fence import made
from tradewright.optimize.rebalances import Rebalances
from tradewright.optimize.solve import has_begun, rebalance_rows, target_weights
from tradewright.risk.features import volatility
from tradewright.signals.combine import combine
from tradewright.signals.evaluate import evaluate, opinion
from tradewright.values.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.config import Settings
    from tradewright.optimize.solve import Rebalance
    from tradewright.plugins import Plugins
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.weights import Strike

VOLATILITY_WINDOW = 20
"""Sessions behind the volatility that optimizers see."""


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
    """

    name: str
    symbols: tuple[str, ...]
    signals: dict[str, Signal | None]
    missing: dict[str, PluginError]
    weights: dict[str, float]
    optimizer: tuple[str, Optimizer]
    gross: float
    rebalance: Rebalance


@attrs.frozen(kw_only=True)
class Targets:
    """What a strategy wants.

    Attributes:
        weights: Signed fractions of the book's equity, `(n_bars, n_assets)`, NaN between decisions, and throughout
            when the optimizer is asked in turn.
        decided: Bars on which it decides, `(n_bars,)`.
        missing: Signals that gave no opinion, with the reason.
        strikes: Optimizer answers that were replaced, oldest first; those of an optimizer asked in turn come in
            while the bars are played.
        in_turn: Whom to ask at the close of each decision's bar, None when `weights` holds all answers.
        votes: weight x confidence x score of each signal that spoke, on the bars of decision alone; their sum is
            the combined forecast, `(n_decisions, n_assets)` by name.
    """

    weights: FloatArray
    decided: BoolArray
    missing: dict[str, PluginError]
    strikes: Sequence[Strike]
    in_turn: Rebalances | None = None
    votes: dict[str, FloatArray] = attrs.field(factory=dict)


def build(settings: Settings, plugins: Plugins, name: str) -> Strategy:
    """Make the components of one strategy; a signal whose plugin is broken is left out and named.

    Raises:
        ConfigError: A component or an option is unknown.
        PluginError: The optimizer's plugin is not active.
    """
    chosen = settings.strategies[name]
    signals: dict[str, Signal | None] = {}
    missing: dict[str, PluginError] = {}
    for signal in chosen.signals:
        try:
            key = f"strategies.{name}.signals.{signal}"
            spec = plugins.named(settings, "signal", signal, key)
            signals[signal] = made(spec, structure(settings, key, spec.config), Signal)
        except PluginError as error:
            signals[signal], missing[signal] = None, error
    key = f"strategies.{name}.optimizer"
    spec = plugins.named(settings, "optimizer", chosen.optimizer, key)
    optimizer = made(spec, structure(settings, key, spec.config), Optimizer)
    return Strategy(
        name=name,
        symbols=tuple(symbol for feed in chosen.data for symbol in settings.data[feed].symbols),
        signals=signals,
        missing=missing,
        weights={signal: part.weight for signal, part in chosen.signals.items()},
        optimizer=(chosen.optimizer, optimizer),
        gross=chosen.gross,
        rebalance=chosen.rebalance,
    )


def targets(strategy: Strategy, bars: Bars) -> Targets:
    """Turn prices into one strategy's target weights, each row from what was known at its close.

    Raises:
        PluginError: No signal is left.
    """
    forecasts, missing = forecast(strategy, History(bars.adjusted()))
    combined = combine(forecasts, strategy.weights)
    decided = rebalance_rows(bars.session, strategy.rebalance)
    said = {name: one for name, one in forecasts.items() if one is not None}
    votes = {name: strategy.weights[name] * opinion(one)[decided] for name, one in said.items()}
    name, optimizer = strategy.optimizer
    asked: dict[str, Any] = {
        "symbols": bars.symbols,
        "forecast": combined.forecast,
        "volatility": volatility(bars, VOLATILITY_WINDOW),
        "trading": has_begun(bars.traded),
        "gross": strategy.gross,
    }
    if isinstance(optimizer, RowOptimizer):
        chosen = target_weights(name, optimizer, decide=decided, **asked)
        return Targets(weights=chosen.weights, decided=decided, missing=missing, strikes=chosen.strikes, votes=votes)
    in_turn = Rebalances(name=name, optimizer=optimizer, **asked)
    unknown = np.full(combined.forecast.shape, np.nan)
    return Targets(
        weights=unknown, decided=decided, missing=missing, strikes=in_turn.strikes, in_turn=in_turn, votes=votes
    )


def forecast(strategy: Strategy, view: History) -> tuple[dict[str, Forecast | None], dict[str, PluginError]]:
    """Ask every signal; one that fails loses its vote, and the others go on.

    Raises:
        PluginError: All have failed; the first one's reason and place.
    """
    forecasts: dict[str, Forecast | None] = {}
    missing = dict(strategy.missing)
    for name, signal in strategy.signals.items():
        forecasts[name] = None
        if signal is None:
            continue
        try:
            forecasts[name] = evaluate(name, signal, view)
        except PluginError as error:
            missing[name] = error
    if len(missing) == len(forecasts):
        name, first = next(iter(missing.items()))
        fix = first.fix or f"mend or update the plugin of {name}, or give its weight to another signal"
        message = f"no active signal is left of {strategy.name}: {first.message}"
        raise PluginError(message, file=first.file, line=first.line, key=first.key, fix=fix) from first
    return forecasts, missing
