"""The money of one row of a trace, a book or the account: what it was granted and what it paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.log import GRANTED
from tradewright.sentence.wiring import divide_capital

if TYPE_CHECKING:
    from tradewright.engine.state import Table
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, IntArray

ALL = -1
"""The row of the account: the last one, and with a single book the only one."""


@attrs.frozen(kw_only=True)
class Costs:
    """What trading cost, in currency, >= 0; interest is what cash earned."""

    fees: float
    slippage: float
    borrow: float
    interest: float

    @property
    def total(self) -> float:
        """Fees, slippage and borrow together."""
        return self.fees + self.slippage + self.borrow


def session_closes(ran: Record, stop: int) -> IntArray:
    """Return the last bar of each session from `ran.start` on, before `stop`."""
    ends = ran.bars.session_ends[ran.start : stop - 1]
    return ran.start + np.flatnonzero(np.append(ends, True))  # The last one may be cut short.


def curve_of(ran: Record, stop: int, row: int = ALL) -> Table:
    """Return a row's entries of the curve before bar `stop`, which ends a session."""
    return ran.trace.curve[: len(session_closes(ran, stop)), row].view(np.recarray)


def fills_of(ran: Record, stop: int, row: int = ALL) -> Table:
    """Return the fills before bar `stop`, of one book or of all."""
    fills = ran.trace.fills[ran.trace.fills.bar < stop]
    mine: Table = fills if row == ALL else fills[fills.book == row]
    return mine


def paid(point: Table) -> Costs:
    """Return what was paid up to an entry of the curve."""
    return Costs(**{name: float(point[name]) for name in ("fees", "slippage", "borrow", "interest")})


def costs_of(curve: Table) -> FloatArray:
    """Return fees, slippage and borrow together, so far, at each entry of a curve, in currency."""
    costs: FloatArray = curve.fees + curve.slippage + curve.borrow
    return costs


def capital_at(ran: Record, stop: int, row: int = ALL) -> float:
    """Return the money granted before bar `stop`, in currency; a book has its share of every step."""
    events = ran.trace.events
    steps = float(events.money[(events.kind == GRANTED) & (events.bar < stop)].sum())
    first = divide_capital(ran.settings)
    if row == ALL:
        return float(first.sum()) + steps
    return float(first[row]) + steps * float(first[row] / first.sum())
