"""What moved positions, in today's units: fills, what splits paid out, and dividends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.engine.log import BY_ORDER, BY_STOP
from tradewright.engine.transitions import DUST, LOT_SLACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.engine.state import Table
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray
    from tradewright.values.bars import Bars


class Executions(NamedTuple):
    """Rows for `tradewright.metrics.trades` and `.lots`, with splits folded into units and prices.

    Attributes:
        bar: When, `(m,)`.
        key: Book and symbol, `book * n_assets + asset`, `(m,)`.
        quantity: Signed, in the units of the last bar; 0 for a dividend, `(m,)`.
        price: Currency per unit, the multiplier included, `(m,)`.
        fee: Paid, in currency; a dividend is a negative one, `(m,)`.
        stopped: Whether a stop sold it, `(m,)`.
        mark: Last price by key, in currency per unit, NaN for what was never traded.
    """

    bar: IntArray
    key: IntArray
    quantity: FloatArray
    price: FloatArray
    fee: FloatArray
    stopped: BoolArray
    mark: FloatArray

    @property
    def income(self) -> float:
        """Dividends received less those paid on shorts, in currency."""
        return -float(self.fee[self.quantity == 0.0].sum())

    def of(self, book: int, n_assets: int) -> Executions:
        """Return those of one book."""
        mine = self.key // n_assets == book
        rows = {name: getattr(self, name)[mine] for name in self._fields if name != "mark"}
        return self._replace(**rows)


def executions(ran: Record, stop: int) -> Executions:
    """Return what moved positions from `ran.start` to bar `stop - 1`."""
    fills = ran.trace.fills[ran.trace.fills.bar < stop]
    multiplier = np.array([one.multiplier for one in ran.bars.instruments])
    mark = np.tile(marks(ran.bars, stop) * multiplier, len(ran.books))
    key = fills.book * ran.bars.n_assets + fills.asset
    price = fills.price * multiplier[fills.asset]
    if ran.bars.split is None:
        return Executions(fills.bar, key, fills.quantity, price, fills.fee, fills.reason == BY_STOP, mark)
    rows = np.array(list(_with_actions(ran, fills, stop)), np.float64).reshape(-1, 6)
    bar, key = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    splits = np.cumprod(ran.bars.split[:stop], axis=0)
    asset = key % ran.bars.n_assets
    since = splits[-1, asset] / splits[bar, asset]
    price = rows[:, 3] * multiplier[asset] / since
    return Executions(bar, key, rows[:, 2] * since, price, rows[:, 4], rows[:, 5] == BY_STOP, mark)


def marks(bars: Bars, stop: int) -> FloatArray:
    """Return the last close of each asset before bar `stop`, divided by the splits since; NaN before its first."""
    close = np.full(bars.n_assets, np.nan)
    for asset in range(bars.n_assets):
        traded = np.flatnonzero(bars.traded[:stop, asset])
        if traded.size:
            later = 1.0 if bars.split is None else bars.split[traded[-1] + 1 : stop, asset].prod()
            close[asset] = bars.close[traded[-1], asset] / later
    return close


def _with_actions(ran: Record, fills: Table, stop: int) -> Iterator[tuple[float, ...]]:
    """Yield bar, key, quantity, price, fee and reason of fills, after the splits and dividends of their bar."""
    held = np.zeros((len(ran.books), ran.bars.n_assets))
    bars, ends = _action_bars(ran.bars, ran.start, stop), 0
    for bar in [*bars, stop]:
        while ends < len(fills) and fills.bar[ends] < bar:
            fill = fills[ends]
            at = fill.book, fill.asset
            held[at] = 0.0 if abs(held[at] + fill.quantity) < DUST else held[at] + fill.quantity
            key = fill.book * ran.bars.n_assets + fill.asset
            yield fill.bar, key, fill.quantity, fill.price, fill.fee, fill.reason
            ends += 1
        if bar < stop:
            yield from _actions(ran, held, bar)


def _action_bars(bars: Bars, start: int, stop: int) -> list[int]:
    """Return the bars before which a split or a dividend takes effect."""
    assert bars.split is not None  # noqa: S101  # the caller has looked
    assert bars.dividend is not None  # noqa: S101  # they come together
    acts = (bars.split[start:stop] != 1.0) | (bars.dividend[start:stop] != 0.0)
    found: list[int] = (start + np.flatnonzero(acts.any(axis=1))).tolist()
    return found


def _actions(ran: Record, held: FloatArray, bar: int) -> Iterator[tuple[float, ...]]:
    """Restate what is held as the engine does, and yield what that pays; see docs/reference/engine.md."""
    bars = ran.bars
    ratio, dividend = bars.split[bar], bars.dividend[bar]  # type: ignore[index]  # the caller has looked
    mark = marks(bars, bar) / ratio
    for book, asset in zip(*np.nonzero(held), strict=True):
        key, one = book * bars.n_assets + asset, bars.instruments[asset]
        held[book, asset] *= ratio[asset]
        if ratio[asset] != 1.0 and ran.settings.execution.units == "whole":
            lots = math.floor(abs(held[book, asset]) / one.lot + LOT_SLACK)
            whole = math.copysign(lots * one.lot, held[book, asset]) if lots else 0.0
            if abs(held[book, asset] - whole) >= DUST:
                yield bar, key, whole - held[book, asset], mark[asset], 0.0, BY_ORDER
            held[book, asset] = whole
        if dividend[asset] != 0.0 and held[book, asset] != 0.0:
            yield bar, key, 0.0, 0.0, -held[book, asset] * dividend[asset] * one.multiplier, BY_ORDER
