"""The loop over fills behind `trades.round_trips`, compiled: an intraday strategy has a hundred thousand of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray, IntArray

F = TypeVar("F")

_njit: Any = numba.njit

TRIP = np.dtype([
    ("key", "i8"),
    ("side", "i8"),  # 1 for long, -1 for short, 0 while nothing is held.
    ("opened", "i8"),
    ("closed", "i8"),
    ("held", "f8"),
    ("invested", "f8"),
    ("profit", "f8"),
])  # fmt: skip


def compiled(function: F) -> F:
    """Compile a function, to be called from compiled code."""
    result: F = _njit(function)
    return result


def kept(function: F) -> F:
    """Compile a function and keep the machine code, unless there is no folder at all that numba may write to."""
    try:
        result: F = _njit(cache=True)(function)
    except RuntimeError:
        result = _njit(function)
    return result


@compiled
def crosses(held: float, quantity: float, dust: float) -> bool:
    """Say whether a fill closes a position and opens the opposite one."""
    return held * quantity < 0.0 and abs(quantity) - abs(held) >= dust


@compiled
def book(trip: Any, bar: int, quantity: float, price: float, fee: float, dust: float) -> bool:
    """Book a fill, or its part on one side of zero, and say whether it closed the position."""
    if trip.side == 0:
        if quantity == 0.0:
            return False  # Money for a position that is closed already belongs to none.
        trip.side = 1 if quantity > 0.0 else -1
        trip.opened, trip.held, trip.invested, trip.profit = bar, 0.0, 0.0, 0.0
    if quantity * trip.side > 0.0:
        trip.invested += abs(quantity) * price
    trip.held += quantity
    trip.profit -= quantity * price + fee
    trip.closed = bar
    return bool(abs(trip.held) < dust)


@kept
def walk(
    bar: IntArray,
    key: IntArray,
    quantity: FloatArray,
    price: FloatArray,
    fee: FloatArray,
    dust: float,
    begun: Any,
    done: Any,
) -> int:
    """Write the round trips to `done` and return how many; leave what is still held in `begun`, an entry per key."""
    count = 0
    for i in range(len(bar)):
        trip = begun[key[i]]
        units, cost = quantity[i], fee[i]
        if trip.side != 0 and crosses(trip.held, units, dust):
            closing, share = -trip.held, cost * abs(trip.held / units)
            book(trip, bar[i], closing, price[i], share, dust)
            units, cost = units - closing, cost - share
            done[count] = trip
            count += 1
            trip.side = 0
        if book(trip, bar[i], units, price[i], cost, dust):
            done[count] = trip
            count += 1
            trip.side = 0
    return count
