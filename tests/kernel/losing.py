"""Components that lose a vote or an answer now and then: the same row, the same way, by their seed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
from tradewright.optimize.simple import EqualWeight
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

WAYS = ("raises", "nan", "late", "shape", "prints")
"""How a vote is lost."""
DEADLINE = 0.25
"""Of a strategy whose signals are late now and then, in seconds."""


class Losing:
    """A signal that answers as another does, but for some rows.

    Args:
        signal: Who answers.
        seed: Decides which rows are lost, and how; None loses none but those that are named.
        named: Ways by number of rows that are known.

    Attributes:
        lost: How many votes were, by way.
    """

    def __init__(self, signal: Any, seed: str | None = None, named: Mapping[int, str] | None = None) -> None:
        self.signal, self.seed, self.named = signal, seed, dict(named or {})
        self.warmup_bars = signal.warmup_bars
        self.lost: Counter[str] = Counter()

    def compute(self, view: History) -> Forecast:
        said: Forecast = self.signal.compute(view)
        way = self.way(view)
        if way is None:
            return said
        self.lost[way] += 1
        if way == "raises":
            raise RuntimeError("lost this time")
        if way == "late":
            time.sleep(2.0 * DEADLINE)
        if way == "prints":
            print("not mine to say")  # noqa: T201  # that is what it does wrong
        if way == "shape":
            return Forecast(score=said.score[1:], confidence=said.confidence[1:])
        if way == "nan":
            return Forecast(score=np.full_like(said.score, np.nan), confidence=said.confidence)
        return said

    def way(self, view: History) -> str | None:
        """Return how the vote on the last row is lost, None for not at all."""
        if self.seed is None:
            return self.named.get(view.bars.n_bars)
        chance = Random(f"{self.seed} {view.bars.closed_at[-1]}")
        return chance.choices(WAYS, (4, 4, 1, 4, 4))[0] if chance.random() < 0.08 else None


class Overreaches:
    """An optimizer that is asked with the row: equal weight, and more than it may have on some rows."""

    def __init__(self, named: Mapping[int, str] | None = None) -> None:
        self.named, self.asked = dict(named or {}), 0

    def solve(self, problem: Problem) -> Allocation:
        raise NotImplementedError

    def solve_rows(self, forecast: Any, volatility: Any, trading: Any, gross: float) -> Any:
        self.asked += 1
        weights = EqualWeight().solve_rows(forecast, volatility, trading, gross)
        way = self.named.get(len(forecast))
        if way == "raises":
            raise RuntimeError("no answer this time")
        if way == "exceeds":
            weights = weights.copy()
            weights[-1] = 2.0 * gross
        return weights


class Learns:
    """An optimizer that is asked in turn: it moves towards equal weight, and breaks its bounds now and then.

    Attributes:
        asked: How often.
    """

    def __init__(self, breaks: frozenset[int] = frozenset(), seed: str | None = None) -> None:
        self.breaks, self.seed, self.asked = breaks, seed, 0

    def breaks_on(self, problem: Problem) -> bool:
        if self.seed is None:
            return self.asked in self.breaks
        return Random(f"{self.seed} {problem.forecast.tobytes().hex()}").random() < 0.06

    def solve(self, problem: Problem) -> Allocation:
        self.asked += 1
        wanted = EqualWeight().solve(problem).weights
        weights = 0.5 * np.asarray(problem.current) * problem.trading + 0.5 * wanted
        total = float(np.abs(weights).sum())
        weights = weights * min(1.0, problem.gross / total) if total > 0.0 else weights
        weights = np.where(np.sign(weights) * np.sign(problem.forecast) < 0.0, 0.0, weights)
        return Allocation(weights=weights + 2.0 * problem.gross if self.breaks_on(problem) else weights)
