"""Optimizers that look at what is held: asked at each rebalance in turn, since that depends on the fills before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.optimize.solve import BREACHES_MAX, FALLBACK, solve
from tradewright.values.allocation import Problem, Solved
from tradewright.values.weights import Breach

if TYPE_CHECKING:
    from tradewright.host.components import Optimizer
    from tradewright.values.arrays import BoolArray, FloatArray


@attrs.define(kw_only=True)
class Rebalances:
    """What one strategy's optimizer is asked, and the breaches it has collected.

    Attributes:
        name: The optimizer's word in plugins.toml.
        optimizer: Called once per rebalance, until it has had its breaches.
        symbols: Name of each asset.
        forecast: Combined opinion in [-1, 1], `(n_bars, n_assets)`; 0 is no opinion.
        volatility: Daily close-to-close standard deviation as a fraction, same shape, NaN when unknown.
        trading: Assets that have begun to trade and are not delisted, same shape.
        gross: Cap on the sum of absolute weights, a fraction > 0.
        seconds: How long one answer may take, None for ever.
        breaches: Answers that the fallback replaced, oldest first.
        answers: What the optimizer said each time, oldest first.
        given: Why its next answer is known to have been replaced: it is not asked for it; empty for not known.
    """

    name: str
    optimizer: Optimizer
    symbols: tuple[str, ...]
    forecast: FloatArray
    volatility: FloatArray
    trading: BoolArray
    gross: float
    seconds: float | None = None
    breaches: list[Breach] = attrs.field(factory=list)
    answers: list[Solved] = attrs.field(factory=list)
    given: str = ""

    def ask(self, bar: int, current: FloatArray) -> FloatArray:
        """Return the checked weights of the rebalance at the close of row `bar`, `(n_assets,)`.

        Args:
            bar: Row of the decision.
            current: Weights held at that close, signed fractions of equity, `(n_assets,)`.
        """
        problem = Problem(
            symbols=self.symbols,
            forecast=self.forecast[bar],
            volatility=self.volatility[bar],
            trading=self.trading[bar],
            current=current,
            gross=self.gross,
        )
        if len(self.breaches) >= BREACHES_MAX:
            return FALLBACK.solve(problem).weights
        if self.given:
            self.breaches.append(Breach(component=self.name, reason=self.given, bar=bar))
            self.given = ""
            return FALLBACK.solve(problem).weights
        answer = solve(self.name, self.optimizer, problem, self.seconds)
        if answer.own is not None:
            self.answers.append(Solved.of(answer.own, bar))
        if answer.breach is not None:
            self.breaches.append(attrs.evolve(answer.breach, bar=bar))
        return answer.allocation.weights
