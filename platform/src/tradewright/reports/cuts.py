"""What the cuts of the daily-loss rule saved or cost: how the price of the units that it sold moved afterwards.

For a position with `Q` units held when the rule fired, of which it sells the part `c`, at the base price `p` (before
spread and slippage), its mark `P_k` at the close `k` sessions later, and the multiplier `m`:

    saved_k = sign(Q) x min(sold, c x |Q|) x (p - P_k) x m

Positive is money that was saved.  What the strategy would have sold on that bar on its own accord is in it, and what
was paid for the sale is named apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from tradewright.engine.log import BY_ORDER
from tradewright.engine.transitions import DUST
from tradewright.reports.executions import executions
from tradewright.reports.marks import folded_marks
from tradewright.reports.plain import money
from tradewright.reports.tree.halts import Cut, Saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.engine.state import Table
    from tradewright.reports.events import HaltRow
    from tradewright.reports.executions import Executions
    from tradewright.reports.tree.halts import Halt
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray

RULE = "daily-loss"
SESSIONS_LATER = (1, 5, 20)


class _Sale(NamedTuple):
    """What one firing sold of one position: signed units of the last bar, base price per unit, what it cost."""

    asset: int
    units: float
    price: float
    costs: float


def with_cuts(ran: Record, halts: tuple[HaltRow, ...]) -> tuple[Halt, ...]:
    """Return the halts, those of the daily-loss rule with what their cuts came to."""
    if not any(halt.said.kind == RULE for halt in halts):
        return tuple(halt.said for halt in halts)
    moves, marks = executions(ran, ran.bars.n_bars), folded_marks(ran, ran.bars.n_bars)
    return tuple(
        attrs.evolve(halt.said, cut=_cut(ran, halt, moves, marks)) if halt.said.kind == RULE else halt.said
        for halt in halts
    )


def _cut(ran: Record, halt: HaltRow, moves: Executions, marks: FloatArray) -> Cut | None:
    """Return what one firing sold, None when it sold nothing."""
    books = [halt.row] if halt.row < len(ran.books) else range(len(ran.books))
    sales = [sale for book in books for sale in _sales(ran, halt, book, moves)]
    if not sales:
        return None
    session = ran.bars.session_number
    last = {later: session[halt.bar] + later for later in SESSIONS_LATER}
    saved = {
        later: sum(sale.units * (sale.price - marks[_last_bar(ran, number), sale.asset]) for sale in sales)
        for later, number in last.items()
        if number <= session[-1]
    }
    return Cut(
        notional=money(sum(abs(sale.units) * sale.price for sale in sales)),
        costs=money(sum(sale.costs for sale in sales)),
        saved=tuple(
            Saved(sessions=later, amount=money(saved[later]) if later in saved else None) for later in SESSIONS_LATER
        ),
    )


def _sales(ran: Record, halt: HaltRow, book: int, moves: Executions) -> Iterator[_Sale]:
    """Yield what the next bar on which each held asset trades has sold of it."""
    bars, fills = ran.bars, ran.trace.fills
    part = 1.0 - dict(ran.rules)[RULE].parameters.keep  # type: ignore[attr-defined]  # a rule's own NamedTuple
    held = _held(moves, halt.bar, book, bars.n_assets)
    for asset in np.flatnonzero(np.abs(held) >= DUST).tolist():
        ahead = bars.traded[halt.bar + 1 :, asset]
        if not ahead.any():
            continue
        bar = halt.bar + 1 + int(np.argmax(ahead))
        first, last = np.searchsorted(fills.bar, (bar, bar + 1))
        those: Table = fills[first:last].view(np.recarray)
        mine = (those.book == book) & (those.asset == asset) & (those.reason == BY_ORDER)
        sold: Table = those[mine & (those.quantity * held[asset] < 0.0)]
        if len(sold):
            yield _sale(ran, sold, part * float(held[asset]))


def _sale(ran: Record, sold: Table, most: float) -> _Sale:
    """Return what one asset's fills on one bar sold, up to `most`: signed, in units of the last bar."""
    bars, asset, bar = ran.bars, int(sold.asset[0]), int(sold.bar[0])
    since = 1.0 if bars.split is None else float(bars.split[bar + 1 :, asset].prod())
    size, side = float(np.abs(sold.quantity).sum()) * since, float(np.sign(most))
    slippage, fees = float(sold.slippage.sum()), float(sold.fee.sum())
    worth = float((np.abs(sold.quantity) * sold.price).sum()) * bars.instruments[asset].multiplier
    units = min(size, abs(most))
    return _Sale(asset, side * units, (worth + side * slippage) / size, (fees + slippage) * units / size)


def _held(moves: Executions, bar: int, book: int, n_assets: int) -> FloatArray:
    """Return the units that a book holds at the close of a bar, in those of the last one, `(n_assets,)`."""
    end = int(np.searchsorted(moves.bar, bar, side="right"))
    mine = np.flatnonzero(moves.key[:end] // n_assets == book)
    held = np.zeros(n_assets)
    np.add.at(held, moves.key[mine] % n_assets, moves.quantity[mine])
    return held


def _last_bar(ran: Record, session: int) -> int:
    return int(np.searchsorted(ran.bars.session_number, session, side="right")) - 1
