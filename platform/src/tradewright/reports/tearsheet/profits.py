"""What each position earned: prices, costs, dividends and borrow, by book and asset, adding up to the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.transitions import DUST
from tradewright.reports.accounts import session_closes
from tradewright.reports.executions import executions
from tradewright.reports.marks import folded_marks
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from tradewright.reports.executions import Executions
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, IntArray


@attrs.frozen(kw_only=True)
class Parts:
    """What the profit of some positions is made of, in currency; costs are >= 0.

    `total = prices + dividends - slippage - fees - borrow + interest`.

    Attributes:
        prices: From prices, had every fill been at its base price.
        dividends: Received less paid on shorts.
        slippage: Slippage and half the spread.
        fees: Commissions.
        borrow: Paid for holding short.
        interest: Earned on idle cash; positions have none.
    """

    prices: float = 0.0
    dividends: float = 0.0
    slippage: float = 0.0
    fees: float = 0.0
    borrow: float = 0.0
    interest: float = 0.0

    @property
    def total(self) -> float:
        """What is left of it, net."""
        return self.prices + self.dividends - self.slippage - self.fees - self.borrow + self.interest

    def __add__(self, other: Parts) -> Parts:
        """Add part by part."""
        return Parts(**{name: value + getattr(other, name) for name, value in attrs.asdict(self).items()})


@attrs.frozen(kw_only=True)
class Position:
    """One asset in one book, from the first bar traded on.

    Attributes:
        bar: Of each execution, `(m,)`.
        held: Units after it, in those of the last bar, with 0 before the first, `(m + 1,)`.
        paid: Money that went into the position until then, fees included, less what came out, `(m + 1,)`.
        closes: Last bar of each session, `(n,)`.
        borrow: Fees for holding short until the end of each session, `(n,)`.
        mark: Currency per unit at each bar, `(n_bars,)`, 0 before the first price.
        parts: Of the whole profit.
    """

    bar: IntArray = array_field("int64")
    held: FloatArray = array_field()
    paid: FloatArray = array_field()
    closes: IntArray = array_field("int64")
    borrow: FloatArray = array_field()
    mark: FloatArray = array_field()
    parts: Parts

    def value(self, bars: IntArray) -> FloatArray:
        """Return what is held at the close of each bar, signed, in currency."""
        value: FloatArray = self.held[np.searchsorted(self.bar, bars, side="right")] * self.mark[bars]
        return value

    def profit(self, bars: IntArray) -> FloatArray:
        """Return the net profit up to the close of each bar, in currency."""
        paid = self.paid[np.searchsorted(self.bar, bars, side="right")]
        lent = np.append(0.0, self.borrow)[np.searchsorted(self.closes, bars, side="right")]
        profit: FloatArray = self.value(bars) - paid - lent
        return profit


def positions(ran: Record, stop: int) -> dict[tuple[int, int], Position]:
    """Return every position that was ever held from `ran.start` to bar `stop - 1`, by book and asset."""
    moves, closes, mark = executions(ran, stop), session_closes(ran, stop), folded_marks(ran, stop)
    fills = ran.trace.fills[ran.trace.fills.bar < stop]
    key = fills.book * ran.bars.n_assets + fills.asset
    slippage = np.bincount(key, fills.slippage, minlength=len(moves.mark))
    fees = np.bincount(key, fills.fee, minlength=len(moves.mark))
    rate = ran.settings.costs.borrow_rate / ran.sessions_per_year
    return {
        divmod(int(one), ran.bars.n_assets): _position(
            moves, int(one), mark[:, one % ran.bars.n_assets], closes, rate, slippage[one], fees[one]
        )
        for one in np.unique(moves.key)
    }


def _position(
    moves: Executions, key: int, mark: FloatArray, closes: IntArray, rate: float, slippage: float, fees: float
) -> Position:
    """Return one key's position; `rate` is the borrow fee per session."""
    mine = moves.key == key
    bar, quantity, price, fee = moves.bar[mine], moves.quantity[mine], moves.price[mine], moves.fee[mine]
    held = np.append(0.0, np.cumsum(quantity))
    held[np.abs(held) < DUST] = 0.0
    paid = np.append(0.0, np.cumsum(quantity * price + fee))
    short = np.maximum(-held[np.searchsorted(bar, closes, side="right")] * mark[closes], 0.0)
    borrow = np.cumsum(short * rate)
    dividends = -float(fee[quantity == 0.0].sum())
    total = held[-1] * mark[-1] - paid[-1] - borrow[-1]
    gained = total - dividends + slippage + fees + borrow[-1]
    parts = Parts(
        prices=float(gained),
        dividends=dividends,
        slippage=float(slippage),
        fees=float(fees),
        borrow=float(borrow[-1]),
    )
    return Position(bar=bar, held=held, paid=paid, closes=closes, borrow=borrow, mark=mark, parts=parts)
