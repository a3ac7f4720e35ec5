"""Protective stops at the venue: those of the state, no more and no less."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradewright.live import entries
from tradewright.live.events import Cancel, Commit, Submit
from tradewright.values.exact import EXACT, amount
from tradewright.values.order import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tradewright.engine.walk import Walk
    from tradewright.execute.working import Place, Working
    from tradewright.live.account import Account
    from tradewright.live.events import Action

_NONE = Decimal(0)
Stop = tuple["Decimal", "Decimal"]
"""Signed units that close the position, and the price that triggers them."""


def keep(
    walk: Walk,
    account: Account,
    working: Working,
    decided_at: datetime,
    now: datetime,
    *,
    on_its_way: Mapping[Place, Decimal] | None = None,
    restore: bool = False,
) -> list[Action]:
    """Return what brings the stops at the venue to those of the state; where they are the same, nothing.

    Args:
        walk: The state.
        account: What is held.
        working: The orders.
        decided_at: Close of the row that was decided on.
        now: Aware UTC.
        on_its_way: Signed units that orders may still add, by place.
        restore: Whether to leave the stops that stand as they are, and place only those that are gone.
    """
    wanted = dict(_stops(walk, account, on_its_way or {}))
    cancels: list[Action] = []
    for place in () if restore else [*working.guarded()]:
        state = working.guard(place)
        if state is not None and wanted.get(place) != (state.left, state.order.stop):
            cancels.append(Cancel(state.order.id))
    orders = [
        working.intend(place, quantity, Purpose.STOP, decided_at, now, stop=price)
        for place, (quantity, price) in wanted.items()
        if working.guard(place) is None  # What still stands would fire beside it: first it has to be gone.
    ]
    if not orders:
        return cancels
    return [*cancels, Commit(tuple(entries.intent(order, now) for order in orders)), *map(Submit, orders)]


def _stops(walk: Walk, account: Account, on_its_way: Mapping[Place, Decimal]) -> Iterator[tuple[Place, Stop]]:
    """Yield a stop for each position that has one, the units of an entry that is planned among them."""
    positions = walk.state.positions
    for book, asset in np.argwhere(np.isfinite(positions.stop)):
        cell, place = positions[book, asset], account.place(book, asset)
        held = account.holdings.quantity(*place)
        grows = cell.order != 0.0 and not cell.order * cell.quantity < 0.0
        guarded = EXACT.add(held, amount(cell.order)) if grows else held
        guarded = EXACT.add(guarded, on_its_way.get(place, _NONE))  # What an exit sells, no stop may sell again.
        if guarded != 0 and not math.isclose(float(guarded), 0.0, abs_tol=1e-9):
            yield place, (guarded.copy_negate(), amount(cell.stop))
