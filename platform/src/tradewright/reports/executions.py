"""What moved positions, in today's units: fills, what splits paid out, and dividends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tradewright.engine.log import BY_STOP, DIVIDEND
from tradewright.engine.transitions import DUST

if TYPE_CHECKING:
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
    fills, actions = (rows[rows.bar < stop] for rows in (ran.trace.fills, ran.trace.actions))
    multiplier = np.array([one.multiplier for one in ran.bars.instruments])
    # A split moves the units that it pays out, a dividend none; both act before anything fills in their bar.
    actions = actions[(actions.kind == DIVIDEND) | (np.abs(actions.units) >= DUST)]
    paid = actions.kind == DIVIDEND
    in_order = np.argsort(np.concatenate([actions.bar, fills.bar]), kind="stable")

    def joined(action: Any, fill: Any) -> Any:
        return np.concatenate([action, fill])[in_order]

    bar, asset = joined(actions.bar, fills.bar), joined(actions.asset, fills.asset)
    since = units_since(ran.bars, bar, asset, stop)
    return Executions(
        bar=bar,
        key=joined(actions.book, fills.book) * ran.bars.n_assets + asset,
        quantity=joined(np.where(paid, 0.0, -actions.units), fills.quantity) * since,
        price=joined(np.where(paid, 0.0, actions.price), fills.price) * multiplier[asset] / since,
        fee=joined(np.where(paid, -actions.cash, 0.0), fills.fee),
        stopped=joined(np.zeros(len(actions), bool), fills.reason == BY_STOP),
        mark=np.tile(marks(ran.bars, stop) * multiplier, len(ran.books)),
    )


def units_since(bars: Bars, bar: IntArray, asset: IntArray, stop: int) -> FloatArray:
    """Return how many units of bar `stop - 1` one unit of an asset on a bar has become, `(m,)`."""
    if bars.split is None:
        return np.ones(len(bar))
    splits = np.cumprod(bars.split[:stop], axis=0)
    since: FloatArray = splits[-1, asset] / splits[bar, asset]
    return since


def marks(bars: Bars, stop: int) -> FloatArray:
    """Return the last close of each asset before bar `stop`, divided by the splits since; NaN before its first."""
    close = np.full(bars.n_assets, np.nan)
    for asset in range(bars.n_assets):
        traded = np.flatnonzero(bars.traded[:stop, asset])
        if traded.size:
            later = 1.0 if bars.split is None else bars.split[traded[-1] + 1 : stop, asset].prod()
            close[asset] = bars.close[traded[-1], asset] / later
    return close
