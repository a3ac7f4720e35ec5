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
    from collections.abc import Container, Iterator, Mapping
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
    blocked: Container[str] = (),
) -> list[Action]:
    """Return what brings the stops at the venue to those of the state; where they are the same, nothing.

    A stop that is to change is cancelled, and placed anew once it is gone: two would sell the same units twice.

    Args:
        walk: The state.
        account: What is held.
        working: The orders.
        decided_at: Close of the row that was decided on.
        now: Aware UTC.
        on_its_way: Signed units that orders may still add, by place.
        restore: Whether to leave the stops that stand as they are, and place only those that are gone.
        blocked: Symbols of which nobody knows what is held: their stops are left as they are.
    """
    guarded = (place for place in working.guarded() if place[1] not in blocked)
    standing = {place: state for place in guarded if (state := working.guard(place)) is not None}
    stops = _stops(walk, account, on_its_way or {}, without=standing if restore else ())
    wanted = {place: stop for place, stop in stops if place[1] not in blocked}
    cancels: list[Action] = [
        Cancel(state.order.id)
        for place, state in standing.items()
        if not restore and wanted.get(place) != (state.left, state.order.stop)
    ]
    orders = [
        working.intend(place, quantity, Purpose.STOP, decided_at, now, stop=price)
        for place, (quantity, price) in wanted.items()
        if place not in standing
    ]
    if not orders:
        return cancels
    return [*cancels, Commit(tuple(entries.intent(order, now) for order in orders)), *map(Submit, orders)]


def _stops(
    walk: Walk, account: Account, on_its_way: Mapping[Place, Decimal], without: Container[Place]
) -> Iterator[tuple[Place, Stop]]:
    """Yield a stop for each position that has one, the units of an entry that is planned among them."""
    stops, orders, units = (walk.positions[column] for column in ("stop", "order", "quantity"))
    for book, asset in zip(*np.isfinite(stops).nonzero(), strict=True):
        place, order = account.place(book, asset), float(orders[book, asset])
        if place in without:
            continue
        held = account.holdings.quantity(*place)
        grows = order != 0.0 and not order * units[book, asset] < 0.0
        guarded = EXACT.add(held, amount(order)) if grows else held
        guarded = EXACT.add(guarded, on_its_way.get(place, _NONE))  # What an exit sells, no stop may sell again.
        if guarded != 0 and not math.isclose(float(guarded), 0.0, abs_tol=1e-9):
            yield place, (guarded.copy_negate(), amount(stops[book, asset]))
