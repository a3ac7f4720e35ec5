"""What a fill costs and how much of an order fills (docs/reference/engine.md, 3 to 5): numbers in, a number out.

The matcher of a backtest inlines these functions; the simulated venue of paper trading, which keeps orders by id,
calls the same ones interpreted (`engine.plain.interpreted`).  Here is the arithmetic, there the book-keeping.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tradewright.engine.jit import compiled
from tradewright.engine.transitions import DUST, whole

if TYPE_CHECKING:
    from tradewright.engine.tape import Settings

_TICK_SLACK = 1e-9  # A price this close to a tick (in ticks) counts as on it.


@compiled
def fill_price(base: float, side: float, tick: float, settings: Settings) -> float:
    """Return the price paid: worse than `base` by half the spread and the slippage, on the tick."""
    price = base * (1.0 + side * settings.half_spread_and_slippage)
    if tick > 0.0:
        ticks = -side * whole(-side * price / tick, _TICK_SLACK)  # Up is down with the sign turned.
        return max(ticks, 1.0) * tick
    return price


@compiled
def price_with_limit(order: float, base: float, limit: float, tick: float, settings: Settings) -> float:
    """Return the price at which a signed order fills that found `base`: never worse than its limit, NaN for none."""
    price = fill_price(base, math.copysign(1.0, order), tick, settings)
    if math.isnan(limit):
        return price
    return min(price, limit) if order > 0.0 else max(price, limit)


@compiled
def fee_of(quantity: float, notional: float, settings: Settings) -> float:
    """Return the commission of one fill, in currency."""
    fee = settings.commission_per_share * abs(quantity) + settings.commission_rate * abs(notional)
    return max(settings.commission_min, fee)


@compiled
def unit_cost(order: float, price: float, mark: float, multiplier: float) -> float:
    """Return the free cash that each unit of a signed order binds: a short one binds its margin beside its loss."""
    return price * multiplier if order > 0.0 else (2.0 * mark - price) * multiplier


@compiled
def floor_lot(quantity: float, lot: float, settings: Settings) -> float:
    """Round a size down to the lot, never above itself nor below 0; fractional units stay, but dust is nothing."""
    if not quantity >= DUST:
        return 0.0
    if not settings.whole:
        return quantity
    return min(whole(quantity / lot, 0.0) * lot, quantity)


@compiled
def room(volume: float, used: float, lot: float, settings: Settings) -> float:
    """Return how many units a bar's volume leaves after those `used`; negative when there are none."""
    most: float = floor_lot(settings.participation * volume, lot, settings)
    return most - used


@compiled
def part_within(size: float, most: float) -> float:
    """Return the part of a size, > 0, that room for `most` units takes."""
    if size <= most:
        return size
    return most if most >= DUST else 0.0


@compiled
def within_limit(order: float, price: float, limit: float) -> bool:
    """Say whether a price is as good as the limit, which NaN makes any price."""
    return math.isnan(limit) or (price <= limit if order > 0.0 else price >= limit)


@compiled
def waits_before_stop(order: float, limit: float, stop: float) -> bool:
    """Say whether a bar that comes from its open meets the limit before the position's stop, which NaN leaves out."""
    return math.isnan(stop) or (limit > stop if order > 0.0 else limit < stop)


@compiled
def touches_stop(held: float, stop: float, low: float, high: float) -> bool:
    """Say whether a bar meets a position's stop.

    Close-only prices need no case of their own: on their tape open, high and low are the close.
    """
    return low <= stop if held > 0.0 else high >= stop


@compiled
def price_at_stop(held: float, stop: float, first: float) -> float:
    """Return the price at which a bar meets the stop that it touches; a gap through it is the open."""
    return min(first, stop) if held > 0.0 else max(first, stop)
