"""Paper beside the backtest of the same file: every order, every fill, and the money, bar by bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.known import Plan
from tradewright.engine.state import bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tradewright.engine.run import Simulation
    from tradewright.engine.state import Table
    from tradewright.live.playback import Playback
    from tradewright.values.arrays import BoolArray, FloatArray

TOLERANCE = 1e-9
"""Relative to max(1, |x|), what sums in another order may differ by."""
NAMED_MAX = 20
"""Differences that are kept; the rest is counted."""


@attrs.frozen(kw_only=True)
class Difference:
    """One number that the two do not agree on.

    Attributes:
        what: `order`, `limit`, `stop`, `fill` or `equity`.
        at: Close of the bar, UTC.
        strategy: Whose; `account` for that of all.
        symbol: Of what; empty for money.
        backtest: Its number, NaN for none.
        paper: Likewise.
    """

    what: str
    at: datetime
    strategy: str
    symbol: str
    backtest: float
    paper: float


@attrs.frozen(kw_only=True)
class Parity:
    """What came of the comparison.

    Attributes:
        bars: How many were played.
        orders: Orders that the backtest decided on, stops aside.
        fills: Its fills, those of stops among them.
        differing: How many numbers differ.
        differences: The first of them, oldest first.
        money: Largest difference of equity on any bar, relative to max(1, equity).
    """

    bars: int
    orders: int
    fills: int
    differing: int
    differences: tuple[Difference, ...]
    money: float

    @property
    def holds(self) -> bool:
        """Whether every number agrees."""
        return self.differing == 0


class Comparison:
    """A backtest that is played beside a playback, one bar after the other.

    Args:
        playback: Before its first bar.
        backtest: The loop over the same rows, before the same bar.
    """

    def __init__(self, playback: Playback, backtest: Simulation) -> None:
        self._playback, self._backtest = playback, backtest
        self._positions, self._rows = bare(backtest.state.positions), bare(backtest.state.rows)
        self._orders = self._bars = self._differing = 0
        self._money = 0.0
        self._differences: list[Difference] = []

    def step(self) -> None:
        """Play the next bar in both."""
        bar = self._playback.bar
        self._backtest.advance(bar + 1)
        self._playback.step()
        backtest = Plan(*(self._positions[column] for column in Plan._fields))
        self._bars += 1
        self._orders += int(np.count_nonzero(backtest.order))
        for difference in (*self._plans(bar, backtest), *self._equities(bar)):
            self._note(difference)

    def result(self) -> Parity:
        """Compare the fills, and return everything."""
        backtest, paper = self._backtest.trace().fills, self._playback.chronicle.trace().fills
        fills = list(self._fills_of(_sorted(backtest), _sorted(paper)))
        first = sorted([*fills, *self._differences], key=lambda one: one.at)  # A fill before what came of it.
        return Parity(
            bars=self._bars,
            orders=self._orders,
            fills=len(backtest),
            differing=self._differing + len(fills),
            differences=tuple(first[:NAMED_MAX]),
            money=self._money,
        )

    def _note(self, difference: Difference) -> None:
        self._differing += 1
        if len(self._differences) < NAMED_MAX:
            self._differences.append(difference)

    def _plans(self, bar: int, backtest: Plan) -> Iterator[Difference]:
        paper, account = self._playback.chronicle.plans[-1], self._playback.agent.account
        for what, left, right in zip(("order", "limit", "stop"), backtest, paper, strict=True):
            if left.tobytes() == right.tobytes():
                continue  # It is so on nearly every bar, and asked in a twentieth of the time.
            for book, asset in np.argwhere(differ(left, right)):
                strategy, symbol = account.place(book, asset)
                yield self._difference(what, bar, strategy, symbol, left[book, asset], right[book, asset])

    def _equities(self, bar: int) -> Iterator[Difference]:
        left, right = self._rows["equity"], self._playback.chronicle.equity_of(bar)
        if left.tobytes() == right.tobytes():
            return
        self._money = max(self._money, float(_distance(left, right).max()))
        names = (*self._playback.agent.account.strategies, "account")
        for row in np.flatnonzero(differ(left, right)):
            yield self._difference("equity", bar, names[row], "", left[row], right[row])

    def _fills_of(self, backtest: Table, paper: Table) -> Iterator[Difference]:
        """Yield the fills that differ in quantity, price or fee; the first that one of the two lacks ends it."""
        account = self._playback.agent.account
        for one, other in zip(backtest, paper, strict=False):
            strategy, symbol = account.place(one.book, one.asset)
            if (one.bar, one.book, one.asset, one.reason) != (other.bar, other.book, other.asset, other.reason):
                yield self._difference("fill", one.bar, strategy, symbol, one.quantity, math.nan)
                return
            for name in ("quantity", "price", "fee"):
                if differ(one[name], other[name]):
                    yield self._difference("fill", one.bar, strategy, symbol, one[name], other[name])
        for fill in backtest[len(paper) : len(paper) + 1]:
            yield self._difference("fill", fill.bar, *account.place(fill.book, fill.asset), fill.quantity, math.nan)
        for fill in paper[len(backtest) : len(backtest) + 1]:
            yield self._difference("fill", fill.bar, *account.place(fill.book, fill.asset), math.nan, fill.quantity)

    def _difference(
        self, what: str, bar: int, strategy: str, symbol: str, backtest: float, paper: float
    ) -> Difference:
        return Difference(
            what=what,
            at=self._playback.closed_at(bar),
            strategy=strategy,
            symbol=symbol,
            backtest=float(backtest),
            paper=float(paper),
        )


def differ(left: FloatArray, right: FloatArray) -> BoolArray:
    """Say where two arrays differ by more than the tolerance; NaN equals NaN."""
    result: BoolArray = ~(np.isnan(left) & np.isnan(right)) & ~(_distance(left, right) <= TOLERANCE)
    return result


def _distance(left: FloatArray, right: FloatArray) -> FloatArray:
    result: FloatArray = np.abs(left - right) / np.maximum(1.0, np.maximum(np.abs(left), np.abs(right)))
    return result


def _sorted(fills: Table) -> Table:
    """Return fills book by book, as a loop makes them within a bar; an agent's come as they are reported."""
    return fills[np.lexsort((fills.asset, fills.reason, fills.book, fills.bar))].view(np.recarray)
