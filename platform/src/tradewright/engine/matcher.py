"""Orders and a bar in, fills out (docs/reference/engine.md, 3 to 5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tradewright.engine.fills import (
    fee_of,
    fill_price,
    floor_lot,
    part_within,
    price_at_stop,
    price_with_limit,
    room,
    touches_stop,
    unit_cost,
    waits_before_stop,
    within_limit,
)
from tradewright.engine.jit import compiled
from tradewright.engine.log import BY_ORDER, BY_STOP, Log, log_fill, tell_change
from tradewright.engine.transitions import apply_fill, short_value
from tradewright.risk.checks import always
from tradewright.risk.contract import OrderView

if TYPE_CHECKING:
    from tradewright.engine.state import State
    from tradewright.engine.tape import Settings, Tape

require_cash = compiled(always.require_cash)
NOTHING = always.Parameters()
REDUCTIONS, INCREASES, WAITING = 0, 1, 2  # The stages of a bar's orders; the last is limits within the bar.


@compiled
def limit_to_volume(state: State, tape: Tape, settings: Settings, bar: int, asset: int, size: float) -> float:
    """Return the part of `size` that the bar's volume allows."""
    if not settings.has_volume:
        return size
    most = room(tape.volume[bar, asset], state.market[asset].used, tape.assets[asset].lot, settings)
    state.run[0].participation_cuts += 0 if size <= most else 1
    return part_within(size, most)


@compiled
def execute(
    state: State,
    tape: Tape,
    settings: Settings,
    log: Log,
    bar: int,
    book: int,
    asset: int,
    quantity: float,
    base: float,
    price: float,
    reason: int,
) -> float:
    """Fill a signed `quantity` at `price` and return the fee; `base` is the price without spread and slippage."""
    multiplier = tape.assets[asset].multiplier
    state.market[asset].used += abs(quantity)
    fee = fee_of(quantity, quantity * price * multiplier, settings)
    slippage = abs(quantity) * multiplier * abs(price - base)
    apply_fill(state, tape, book, asset, quantity, price, fee)
    state.rows[book].slippage += slippage
    log_fill(log, bar, book, asset, reason, quantity, price, fee, slippage)
    return fee


@compiled
def expire_orders(state: State, tape: Tape, bar: int, book: int) -> None:
    """Drop the orders that nothing released; one whose asset did not trade is no loss, since its decision stands."""
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        if position.order != 0.0:
            position.order = 0.0
            state.run[0].expired += 1 if tape.traded[bar, asset] else 0


@compiled
def has_orders(state: State, book: int) -> bool:
    """Say whether the book has any order, which on most bars it has not."""
    for asset in range(len(state.market)):  # noqa: SIM110  # numba compiles no generator without its runtime
        if state.positions[book, asset].order != 0.0:
            return True
    return False


@compiled
def is_due(state: State, tape: Tape, settings: Settings, bar: int, book: int, asset: int, stage: int) -> bool:
    """Say whether the asset has an order of that stage, and a bar to fill it."""
    position = state.positions[book, asset]
    if position.order == 0.0 or not tape.traded[bar, asset]:
        return False
    reduces = position.order * position.quantity < 0.0
    if stage == REDUCTIONS or reduces:
        return bool(reduces and stage == REDUCTIONS)
    if stage == INCREASES:
        return within_limit(position.order, first_price(tape, settings, bar, asset), position.limit)
    if settings.at_close or math.isnan(position.limit):
        return False
    best = tape.low[bar, asset] if position.order > 0.0 else tape.high[bar, asset]
    reached = within_limit(position.order, best, position.limit)
    return bool(reached and waits_before_stop(position.order, position.limit, position.stop))


@compiled
def first_price(tape: Tape, settings: Settings, bar: int, asset: int) -> float:
    """Return the price at which the bar's orders are released."""
    price: float = tape.close[bar, asset] if settings.at_close else tape.open[bar, asset]
    return price


@compiled
def price_paid(
    tape: Tape, settings: Settings, asset: int, stage: int, order: float, base: float, limit: float
) -> float:
    """Return the price of a fill: at its limit exactly when it waited for it, and never worse than it."""
    if stage == WAITING:
        return limit
    return price_with_limit(order, base, limit, tape.assets[asset].tick, settings)


@compiled
def free_cash(state: State, tape: Tape, book: int) -> float:
    """Return the book's equity that neither longs nor shorts, at full margin, have bound."""
    cash: float = state.rows[book].cash
    return cash - 2.0 * short_value(state, tape, book)


@compiled
def release(
    state: State, tape: Tape, settings: Settings, bar: int, book: int, asset: int, stage: int, free: float
) -> OrderView:
    """Take the asset's order, never more than brings the position to zero, as checks and the venue see it."""
    position = state.positions[book, asset]
    quantity = position.order
    if stage == REDUCTIONS and abs(quantity) > abs(position.quantity):
        quantity = -position.quantity
    position.order = 0.0
    base = position.limit if stage == WAITING else first_price(tape, settings, bar, asset)
    price = price_paid(tape, settings, asset, stage, quantity, base, position.limit)
    return order_view(state, tape, settings, book, asset, quantity, base, price, free)


@compiled
def order_view(
    state: State,
    tape: Tape,
    settings: Settings,
    book: int,
    asset: int,
    quantity: float,
    base: float,
    price: float,
    free: float,
) -> OrderView:
    """Return a signed order as checks see it that would fill at `price`, found at `base`, with so much free cash."""
    mark, multiplier = state.market[asset].mark, tape.assets[asset].multiplier
    unit = unit_cost(quantity, price, mark, multiplier)
    variable = settings.commission_rate * price * multiplier + settings.commission_per_share
    level = level_of(state, book)
    held = state.positions[book, asset].quantity
    return OrderView(quantity, held, base, mark, multiplier, level, free, unit, variable, settings.commission_min)


@compiled
def level_of(state: State, book: int) -> int:
    """Return the highest halt level that stands for the book or the account."""
    account, level = len(state.rows) - 1, 0
    for rule in range(state.halts.shape[1]):
        level = max(level, state.halts[book, rule].level, state.halts[account, rule].level)
    return level


@compiled
def permit(
    state: State,
    tape: Tape,
    settings: Settings,
    log: Log,
    order: OrderView,
    size: float,
    allowed: float,
    check: int,
    bar: int,
    book: int,
    asset: int,
) -> float:
    """Return what a check leaves of `size`, and tell what it took; an answer that is not a number allows nothing."""
    if allowed >= size:
        return size
    left = floor_lot(allowed, tape.assets[asset].lot, settings)
    tell_change(state, log, bar, book, asset, check, size, left, order.price * order.multiplier)
    return left


@compiled
def fill_order(
    state: State,
    tape: Tape,
    settings: Settings,
    log: Log,
    bar: int,
    book: int,
    asset: int,
    stage: int,
    order: OrderView,
    size: float,
) -> float:
    """Fill what the bar's volume and the book's cash give of `size`; return the free cash it took."""
    size = limit_to_volume(state, tape, settings, bar, asset, size)
    affordable = require_cash(order, NOTHING)
    if size > 0.0 and affordable < size:
        state.run[0].cash_cuts += 1
        size = floor_lot(affordable, tape.assets[asset].lot, settings)
    if not size > 0.0:
        return 0.0
    limit = state.positions[book, asset].limit
    price = price_paid(tape, settings, asset, stage, order.quantity, order.price, limit)
    quantity = math.copysign(size, order.quantity)
    fee = execute(state, tape, settings, log, bar, book, asset, quantity, order.price, price, BY_ORDER)
    return size * order.unit + fee


@compiled
def fire_stops(state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int) -> None:
    """Close the positions whose stop the bar has touched."""
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        held, stop = position.quantity, position.stop
        if held == 0.0 or math.isnan(stop) or not tape.traded[bar, asset]:
            continue
        if not touches_stop(held, stop, tape.low[bar, asset], tape.high[bar, asset]):
            continue  # On nearly every bar; told by a NaN price it took the loop 4 % longer.
        base = price_at_stop(held, stop, tape.open[bar, asset])
        position.order = 0.0
        size = limit_to_volume(state, tape, settings, bar, asset, abs(held))
        if size > 0.0:
            quantity = -math.copysign(size, held)
            price = fill_price(base, math.copysign(1.0, quantity), tape.assets[asset].tick, settings)
            execute(state, tape, settings, log, bar, book, asset, quantity, base, price, BY_STOP)
