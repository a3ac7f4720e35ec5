"""What a walk over a recording leaves behind, in the form that a backtest leaves: so that one report serves both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.log import ACTION, CURVE, EVENT, FILL
from tradewright.engine.run import Trace
from tradewright.engine.state import table

if TYPE_CHECKING:
    from tradewright.engine.known import Plan
    from tradewright.engine.state import State
    from tradewright.live.events import Decided
    from tradewright.values.arrays import FloatArray


class Chronicle:
    """The news of every bar, in bars of the recording.

    Args:
        n_bars: Of the recording.
        start: First that is traded.
        state: Before that bar; it is only looked at.
        segments: Parts at whose ends it is noted what the rules had cut, as in a backtest.

    Attributes:
        plans: Orders and stops after each bar that was decided on.
    """

    def __init__(self, n_bars: int, start: int, state: State, segments: int = 1) -> None:
        self.plans: list[Plan] = []
        self.n_fills = 0
        self._bar, self._state = start, state
        step = max(1, -(-n_bars // max(segments, 1)))
        self._ends = {min(stop, n_bars) - 1 for stop in range(start + step, n_bars + step, step)}
        self._equity = np.zeros((n_bars, len(state.rows)))
        self._fills, self._actions, self._events = ([table((0,), one)] for one in (FILL, ACTION, EVENT))
        self._curve = [table((0, len(state.rows)), CURVE)]
        self._counted: list[int] = []
        self._counters = [state.counters[None][:0]]

    def add(self, decided: Decided) -> None:
        """Add the next bar."""
        for news in decided.news:
            for told, kept in zip(news, (self._fills, self._actions, self._events, self._curve), strict=True):
                if len(told):
                    kept.append(told)
                    if told is not news.curve:
                        told.bar[:] = self._bar  # A walk counts from its anchor.
            self.n_fills += len(news.fills)
        self._equity[self._bar] = decided.equity
        self.plans.append(decided.plan)
        if self._bar in self._ends:
            self._counted.append(self._bar)
            self._counters.append(self._state.counters[None].copy())
        self._bar += 1

    def equity_of(self, bar: int) -> FloatArray:
        """Return the equity of each book and the account at the close of a bar, in currency, `(n_rows,)`."""
        equity: FloatArray = self._equity[bar]
        return equity

    def trace(self) -> Trace:
        """Return everything so far."""
        return Trace(
            equity=self._equity[: self._bar],
            curve=np.concatenate(self._curve).view(np.recarray),
            fills=np.concatenate(self._fills).view(np.recarray),
            actions=np.concatenate(self._actions).view(np.recarray),
            events=np.concatenate(self._events).view(np.recarray),
            state=self._state,
            counted=np.array(self._counted, np.int64),
            counters=np.concatenate(self._counters).view(np.recarray),
        )
