"""Small components, and a sentence that is made of them without a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from tradewright.optimize.simple import EqualWeight
from tradewright.sentence.parts import Sentence
from tradewright.sentence.strategies import Strategy
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.forecast import Forecast
from tradewright.values.history import History


class Momentum:
    """Long where the close is above that of some bars ago, and short where it is below."""

    def __init__(self, lookback: int = 3) -> None:
        self.lookback = self.warmup_bars = lookback

    def compute(self, view: History) -> Forecast:
        close, score = view.bars.close, np.zeros(view.bars.close.shape)
        if len(close) > self.lookback:
            change = close[self.lookback :] / close[: -self.lookback] - 1.0
            score[self.lookback :] = np.clip(np.nan_to_num(20.0 * change), -1.0, 1.0)
        return Forecast(score=score, confidence=np.where(score == 0.0, 0.0, 0.75))


class Always:
    """Long, all the time."""

    warmup_bars = 0

    def compute(self, view: History) -> Forecast:
        score = np.ones(view.bars.close.shape)
        return Forecast(score=score, confidence=score)


class Broken:
    """A signal that says nothing, not even how far it looks back."""

    @property
    def warmup_bars(self) -> int:
        raise RuntimeError("lost")

    def compute(self, view: History) -> Forecast:
        raise RuntimeError("lost")


class Keeps:
    """An optimizer that is asked in turn: half of what is held, and half of equal weight; it may tire."""

    def __init__(self, patience: int = 1_000_000) -> None:
        self.patience, self.asked = patience, 0

    def solve(self, problem: Problem) -> Allocation:
        self.asked += 1
        if self.asked > self.patience:
            raise RuntimeError("no more")
        wanted = EqualWeight().solve(problem).weights
        return Allocation(weights=0.5 * np.asarray(problem.current) + 0.5 * wanted)


def strategy(name: str = "trend", symbols: tuple[str, ...] = ("A0",), **changes: Any) -> Strategy:
    """Return a strategy of a signal that looks back over three bars, with some of it changed."""
    signals = changes.pop("signals", None) or {"momentum": Momentum()}
    fields: dict[str, Any] = {
        "missing": {},
        "weights": dict.fromkeys(signals, 1.0 / len(signals)),
        "optimizer": ("equal-weight", EqualWeight()),
        "gross": 1.0,
        "rebalance": "bar",
        "deadline": 60.0,
    }
    return Strategy(name=name, symbols=symbols, signals=signals, **(fields | changes))


def sentence(*books: Strategy, rules: Any = (), checks: Any = (), **more: Any) -> Sentence:
    """Return a sentence of these strategies, with no file behind it."""
    fields: dict[str, Any] = {"settings": None, "plugins": None, "children": None, **more}
    return Sentence(books=books or (strategy(),), rules=tuple(rules), checks=tuple(checks), **fields)
