"""Orders and a bar in, fills out (docs/reference/engine.md, 3 to 5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tradewright.engine.jit import compiled
from tradewright.engine.log import BY_ORDER, BY_STOP, Log, log_fill
from tradewright.engine.transitions import DUST, apply_fill, short_value

if TYPE_CHECKING:
    from tradewright.engine.state import State
    from tradewright.engine.tape import Settings, Tape

_TICK_SLACK = 1e-9  # A price this close to a tick (in ticks) counts as on it.


@compiled
def fill_price(base: float, side: float, tick: float, settings: Settings) -> float:
    """Return the price paid: worse than `base` by half the spread and the slippage, on the tick."""
    price = base * (1.0 + side * settings.half_spread_and_slippage)
    if tick > 0.0:
        if side > 0.0:
            return math.ceil(price / tick - _TICK_SLACK) * tick
        return max(math.floor(price / tick + _TICK_SLACK) * tick, tick)
    return price


@compiled
def fee_of(quantity: float, notional: float, settings: Settings) -> float:
    """Return the commission of one fill, in currency."""
    fee = settings.commission_per_share * abs(quantity) + settings.commission_rate * abs(notional)
    return max(settings.commission_min, fee)


@compiled
def floor_lot(quantity: float, lot: float, settings: Settings) -> float:
    """Round a size down to the lot, never below 0; fractional units stay as they are, but dust is nothing."""
    if not quantity >= DUST:
        return 0.0
    if not settings.whole:
        return quantity
    lots = float(math.floor(quantity / lot))
    return lots * lot


@compiled
def limit_to_volume(state: State, tape: Tape, settings: Settings, bar: int, asset: int, size: float) -> float:
    """Return the part of `size` that the bar's volume allows."""
    if not settings.has_volume:
        return size
    lot = tape.assets[asset].lot
    most: float = floor_lot(settings.participation * tape.volume[bar, asset], lot, settings)
    most -= state.market[asset].used
    if size <= most:
        return size
    state.run[0].participation_cuts += 1
    return most if most >= DUST else 0.0


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
    reason: int,
) -> float:
    """Fill a signed `quantity` and return the fee."""
    price = fill_price(base, math.copysign(1.0, quantity), tape.assets[asset].tick, settings)
    multiplier = tape.assets[asset].multiplier
    fee = fee_of(quantity, quantity * price * multiplier, settings)
    slippage = abs(quantity) * multiplier * abs(price - base)
    apply_fill(state, tape, book, asset, quantity, price, fee)
    state.rows[book].slippage += slippage
    log_fill(log, bar, book, asset, reason, quantity, price, fee, slippage)
    return fee


@compiled
def fill_orders(state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int) -> None:
    """Fill one book's pending orders at the open, or at the close when orders fill there."""
    reduce_positions(state, tape, settings, log, bar, book)
    increase_positions(state, tape, settings, log, bar, book)


@compiled
def expire_orders(state: State, book: int) -> None:
    """Drop the orders whose asset did not trade; the rest of a filled order was dropped with its fill."""
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        if position.order != 0.0:
            position.order = 0.0
            state.run[0].expired += 1


@compiled
def reduce_positions(state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int) -> None:
    """Fill the orders that bring positions closer to zero."""
    prices = tape.close if settings.at_close else tape.open
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        order, held = position.order, position.quantity
        if order * held >= 0.0 or not tape.traded[bar, asset]:
            continue
        wanted = min(abs(order), abs(held))
        size = limit_to_volume(state, tape, settings, bar, asset, wanted)
        position.order = 0.0
        if size > 0.0:
            state.market[asset].used += size
            quantity = math.copysign(size, order)
            execute(state, tape, settings, log, bar, book, asset, quantity, prices[bar, asset], BY_ORDER)


@compiled
def increase_positions(state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int) -> None:
    """Fill the orders that open or add, as far as free cash goes."""
    prices = tape.close if settings.at_close else tape.open
    free = state.rows[book].cash - 2.0 * short_value(state, tape, book)
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        order = position.order
        if order == 0.0 or not tape.traded[bar, asset]:
            continue
        position.order = 0.0
        size = limit_to_volume(state, tape, settings, bar, asset, abs(order))
        side, base = math.copysign(1.0, order), prices[bar, asset]
        price = fill_price(base, side, tape.assets[asset].tick, settings)
        unit = price if side > 0.0 else 2.0 * state.market[asset].mark - price
        unit *= tape.assets[asset].multiplier
        if size > 0.0:
            size = limit_to_cash(state, tape, settings, asset, size, price, unit, free)
        if size > 0.0:
            state.market[asset].used += size
            fee = execute(state, tape, settings, log, bar, book, asset, side * size, base, BY_ORDER)
            free -= size * unit + fee


@compiled
def limit_to_cash(
    state: State,
    tape: Tape,
    settings: Settings,
    asset: int,
    size: float,
    price: float,
    unit: float,
    free: float,
) -> float:
    """Return the part of `size` that `free` cash pays for, fee included; `unit` is what one unit binds."""
    if unit <= 0.0:
        return size
    variable = settings.commission_rate * price * tape.assets[asset].multiplier + settings.commission_per_share
    most = min(free / (unit + variable), (free - settings.commission_min) / unit)
    if size <= most:
        return size
    state.run[0].cash_cuts += 1
    return floor_lot(most, tape.assets[asset].lot, settings)


@compiled
def fire_stops(state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int) -> None:
    """Close the positions whose stop the bar has touched; a gap through the stop fills at the open.

    Close-only prices need no case of their own: on their tape open, high and low are the close.
    """
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        held, stop = position.quantity, position.stop
        if held == 0.0 or math.isnan(stop) or not tape.traded[bar, asset]:
            continue
        if held > 0.0:
            fired, base = tape.low[bar, asset] <= stop, min(tape.open[bar, asset], stop)
        else:
            fired, base = tape.high[bar, asset] >= stop, max(tape.open[bar, asset], stop)
        if not fired:
            continue
        position.order = 0.0
        size = limit_to_volume(state, tape, settings, bar, asset, abs(held))
        if size > 0.0:
            state.market[asset].used += size
            quantity = -math.copysign(size, held)
            execute(state, tape, settings, log, bar, book, asset, quantity, base, BY_STOP)
