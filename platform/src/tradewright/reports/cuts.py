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
from tradewright.reports.executions import executions
from tradewright.reports.marks import folded_marks
from tradewright.reports.plain import money
from tradewright.reports.tree.halts import Cut, Saved

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    for asset in range(bars.n_assets):
        before = (moves.key == book * bars.n_assets + asset) & (moves.bar <= halt.bar)
        held = float(moves.quantity[before].sum())
        later = halt.bar + 1 + np.flatnonzero(bars.traded[halt.bar + 1 :, asset])
        if held == 0.0 or not len(later):
            continue
        mine = (fills.bar == later[0]) & (fills.book == book) & (fills.asset == asset) & (fills.reason == BY_ORDER)
        sold = fills[mine & (fills.quantity * held < 0.0)]
        size = float(np.abs(sold.quantity).sum())
        if not size:
            continue
        since = 1.0 if bars.split is None else float(bars.split[later[0] + 1 :, asset].prod())
        units = min(size * since, part * abs(held))
        paid = float(sold.fee.sum() + sold.slippage.sum())
        worth = float((np.abs(sold.quantity) * sold.price).sum()) * bars.instruments[asset].multiplier
        base = worth + np.sign(held) * float(sold.slippage.sum())
        yield _Sale(asset, np.sign(held) * units, base / (size * since), paid * units / (size * since))


def _last_bar(ran: Record, session: int) -> int:
    return int(np.searchsorted(ran.bars.session_number, session, side="right")) - 1
