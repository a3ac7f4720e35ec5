"""From checked targets to the orders of the next bar (docs/reference/engine.md, 9)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tradewright.engine.fills import floor_lot
from tradewright.engine.jit import compiled
from tradewright.engine.transitions import DUST, whole_lots
from tradewright.risk.contract import FROZEN

if TYPE_CHECKING:
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Settings, Tape


@compiled
def plan_book(state: State, tape: Tape, settings: Settings, work: Table, bar: int, book: int) -> None:
    """Write one book's orders; quantities are fixed here, on prices known now."""
    for asset in range(len(state.market)):
        position, order = state.positions[book, asset], 0.0
        if worth_an_order(settings, work, book, asset):
            wanted = wanted_quantity(state, tape, settings, work, book, asset)
            order = wanted - position.quantity
            average = tape.average_volume[bar, asset] if settings.has_volume else math.nan
            if not math.isnan(average):
                most = floor_lot(settings.participation * average, tape.assets[asset].lot, settings)
                order = math.copysign(min(abs(order), most), order)
            order = order if abs(order) >= DUST else 0.0
        position.order = order
        position.limit = limit_price(state, settings, book, asset)


@compiled
def worth_an_order(settings: Settings, work: Table, book: int, asset: int) -> bool:
    """Say whether the change is more than nothing, and more than the no-trade band unless a rule asked for it."""
    target, held = work[asset].target, work[asset].held
    if work[asset].mode == FROZEN or target == held:
        return False
    forced = abs(target) < abs(held) and target != work[asset].raw
    if target == 0.0 or held == 0.0 or forced:
        return True
    return not abs(target - held) < settings.books[book].no_trade_band


@compiled
def wanted_quantity(state: State, tape: Tape, settings: Settings, work: Table, book: int, asset: int) -> float:
    """Return the signed quantity that the target weight stands for, whole lots towards zero."""
    target, wanted = work[asset].target, state.positions[book, asset].wanted
    if settings.in_units and not math.isnan(wanted) and target == work[asset].raw and target != 0.0:
        quantity: float = wanted
        return quantity
    if not state.rows[book].equity > 0.0:
        return 0.0
    size = abs(target) * state.rows[book].equity / (state.market[asset].mark * tape.assets[asset].multiplier)
    if settings.whole:
        size = whole_lots(size, tape.assets[asset].lot)
    return math.copysign(size, target)


@compiled
def limit_price(state: State, settings: Settings, book: int, asset: int) -> float:
    """Return the limit of an increase, NaN for an order at the market; reductions never wait for a price."""
    position = state.positions[book, asset]
    if position.order == 0.0 or position.order * position.quantity < 0.0:
        return math.nan
    side = math.copysign(1.0, position.order)
    limit: float = state.market[asset].mark * (1.0 + side * settings.limit_offset)
    return limit
