"""The sentence up to the target weights: history -> forecasts -> target weights.

The rest of it, checked targets -> orders -> fills, is the engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.errors import PluginError
from tradewright.host.components import RowOptimizer
from tradewright.host.isolation import Child
from tradewright.optimize.rebalances import Rebalances
from tradewright.optimize.solve import has_begun, rebalance_rows, target_weights
from tradewright.risk.features import volatility
from tradewright.signals.combine import combine
from tradewright.signals.evaluate import evaluate, fitted_until, opinion
from tradewright.values.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tradewright.host.components import Optimizer
    from tradewright.sentence.strategies import Strategy
    from tradewright.values.allocation import Solved
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.weights import Breach

VOLATILITY_WINDOW = 20
"""Sessions behind the volatility that optimizers see."""


@attrs.frozen(kw_only=True)
class Said:
    """What a strategy's signals say, and what follows from it.

    Attributes:
        forecasts: Of each signal that spoke, `(n_bars, n_assets)` by name.
        combined: Their sum, weighted, `(n_bars, n_assets)` in [-1, 1].
    """

    forecasts: dict[str, Forecast]
    combined: FloatArray


@attrs.frozen(kw_only=True)
class Targets:
    """What a strategy wants.

    Attributes:
        weights: Signed fractions of the book's equity, `(n_bars, n_assets)`, NaN between decisions, and throughout
            when the optimizer is asked in turn.
        decided: Bars on which it decides, `(n_bars,)`.
        missing: Signals that gave no opinion, with the reason.
        breaches: Optimizer answers that were replaced, oldest first; those of an optimizer asked in turn come in
            while the bars are played.
        answers: What an optimizer asked in turn said of each rebalance, oldest first; likewise.
        in_turn: Whom to ask at the close of each decision's bar, None when `weights` holds all answers.
        votes: weight x confidence x score of each signal that spoke, on the bars of decision alone; their sum is
            the combined forecast, `(n_decisions, n_assets)` by name.
        fitted: Last day that the model of a signal which spoke has seen, by name; only of signals with a model.
        said: What led to the votes, None where nobody has asked to keep it: it is three times as large.
        lost: Signals among the missing that were asked, and gave no opinion this time.
    """

    weights: FloatArray
    decided: BoolArray
    missing: dict[str, PluginError]
    breaches: Sequence[Breach]
    answers: Sequence[Solved] = ()
    in_turn: Rebalances | None = None
    votes: dict[str, FloatArray] = attrs.field(factory=dict)
    fitted: dict[str, date] = attrs.field(factory=dict)
    said: Said | None = None
    lost: tuple[str, ...] = ()

    def replaced(self, bar: int) -> str:
        """Return why the answer of an optimizer that answers rows at once was replaced on one; empty if not."""
        if self.in_turn is not None or not self.decided[bar]:
            return ""
        return next((one.reason for one in self.breaches if one.bar in {None, bar}), "")

    def afresh(self, optimizer: Optimizer) -> Targets:
        """Return the same for another play of the bars, in which this optimizer has not been asked yet."""
        if self.in_turn is None:
            return self
        in_turn = attrs.evolve(self.in_turn, optimizer=optimizer, breaches=[], answers=[])
        return attrs.evolve(self, in_turn=in_turn, breaches=in_turn.breaches, answers=in_turn.answers)


def targets(strategy: Strategy, bars: Bars, *, keep_said: bool = False) -> Targets:
    """Turn prices into one strategy's target weights, each row from what was known at its close.

    Args:
        strategy: Whose.
        bars: Prices of its assets.
        keep_said: Whether to keep what the signals said, of every row.

    Raises:
        PluginError: No signal is left.
    """
    forecasts, missing, fitted = forecast(strategy, History(bars.adjusted()))
    combined = combine(forecasts, strategy.weights)
    decided = rebalance_rows(bars.session, bars.session_ends, strategy.rebalance)
    said = {name: one for name, one in forecasts.items() if one is not None}
    votes = {name: strategy.weights[name] * opinion(one)[decided] for name, one in said.items()}
    name, optimizer = strategy.optimizer
    asked: dict[str, Any] = {
        "symbols": bars.symbols,
        "forecast": combined.forecast,
        "volatility": volatility(bars, VOLATILITY_WINDOW),
        "trading": has_begun(bars.traded) & (np.arange(bars.n_bars)[:, None] < bars.exit_bar),
        "gross": strategy.gross,
        "seconds": patience_for(optimizer, strategy.deadline),
    }
    known: dict[str, Any] = {
        "decided": decided,
        "missing": missing,
        "votes": votes,
        "fitted": fitted,
        "said": Said(forecasts=said, combined=combined.forecast) if keep_said else None,
        "lost": tuple(name for name in missing if name not in strategy.missing),
    }
    if isinstance(optimizer, RowOptimizer):
        chosen = target_weights(name, optimizer, decide=decided, **asked)
        return Targets(weights=chosen.weights, breaches=chosen.breaches, **known)
    in_turn = Rebalances(name=name, optimizer=optimizer, **asked)
    unknown = np.full(combined.forecast.shape, np.nan)
    return Targets(weights=unknown, breaches=in_turn.breaches, answers=in_turn.answers, in_turn=in_turn, **known)


def patience_for(component: object, deadline: float) -> float | None:
    """Return how long to wait here: without end for a component whose own process is killed in time."""
    return None if isinstance(component, Child) else deadline


def forecast(
    strategy: Strategy, view: History
) -> tuple[dict[str, Forecast | None], dict[str, PluginError], dict[str, date]]:
    """Ask every signal; one that fails loses its vote, and the others go on.

    Returns:
        The forecasts, the reasons of those that failed, and what the models of the others have seen, by name.

    Raises:
        PluginError: All have failed; the first one's reason and place.
    """
    forecasts: dict[str, Forecast | None] = {}
    missing = dict(strategy.missing)
    fitted: dict[str, date] = {}
    for name, signal in strategy.signals.items():
        forecasts[name] = None
        if signal is None:
            continue
        patience = patience_for(signal, strategy.deadline)
        try:
            said, until = evaluate(name, signal, view, patience), fitted_until(name, signal, patience)
        except PluginError as error:
            missing[name] = error
            continue
        forecasts[name] = said
        if until is not None:
            fitted[name] = until
    if len(missing) == len(forecasts):
        name, first = next(iter(missing.items()))
        fix = first.fix or f"mend or update the plugin of {name}, or give its weight to another signal"
        message = f"no active signal is left of {strategy.name}: {first.message}"
        raise PluginError(message, file=first.file, line=first.line, key=first.key, fix=fix) from first
    return forecasts, missing, fitted
