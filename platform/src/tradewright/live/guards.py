"""Protective stops at the venue: those of the state, no more and no less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.live import entries
from tradewright.live.events import Cancel, Commit, Submit
from tradewright.values.exact import EXACT, amount
from tradewright.values.order import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from tradewright.engine.walk import Walk
    from tradewright.execute.working import Place, Working
    from tradewright.live.account import Account
    from tradewright.live.events import Action

Stop = tuple["Decimal", "Decimal"]
"""Signed units that close the position, and the price that triggers them."""


def keep(walk: Walk, account: Account, working: Working, decided_at: datetime, now: datetime) -> list[Action]:
    """Return what brings the stops at the venue to those of the state; where they are the same, nothing."""
    wanted = dict(_stops(walk, account))
    standing = {place: state for place in working.guarded() if (state := working.guard(place)) is not None}
    held = {place: (state.left, state.order.stop) for place, state in standing.items()}
    cancels: list[Action] = [
        Cancel(state.order.id) for place, state in standing.items() if wanted.get(place) != held[place]
    ]
    orders = [
        working.intend(place, quantity, Purpose.STOP, decided_at, now, stop=price)
        for place, (quantity, price) in wanted.items()
        if held.get(place) != (quantity, price)
    ]
    if not orders:
        return cancels
    return [*cancels, Commit(tuple(entries.intent(order, now) for order in orders)), *map(Submit, orders)]


def _stops(walk: Walk, account: Account) -> Iterator[tuple[Place, Stop]]:
    """Yield a stop for each position that has one, the units of an entry that is planned among them."""
    stops, orders, units = (walk.positions[column] for column in ("stop", "order", "quantity"))
    for book, asset in zip(*np.isfinite(stops).nonzero(), strict=True):
        place, order = account.place(book, asset), float(orders[book, asset])
        held = account.holdings.quantity(*place)
        grows = order != 0.0 and not order * units[book, asset] < 0.0
        guarded = EXACT.add(held, amount(order)) if grows else held
        if guarded != 0 and not math.isclose(float(guarded), 0.0, abs_tol=1e-9):
            yield place, (guarded.copy_negate(), amount(stops[book, asset]))
