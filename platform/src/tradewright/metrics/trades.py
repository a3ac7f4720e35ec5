"""Round trips, flat to flat, and what they say: how often they gained, and how much.

Fills are arrays of one length `m`, in the order in which they happened.  `key` numbers what is held apart, such as
one symbol in one book.  Quantities are signed, in the units of the last bar: whoever has splits multiplies earlier
quantities and divides earlier prices by them.  A row without a quantity moves money alone, such as a dividend, which
is a negative fee.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.values.arrays import FloatArray, IntArray

DUST = 1e-9
"""Units: what rounding leaves of a position that is closed."""


class RoundTrips(NamedTuple):
    """Positions that were opened and closed again, in the order in which they were closed; arrays of one length.

    Attributes:
        key: What was held.
        side: 1 for long, -1 for short.
        opened: Bar of the first fill.
        closed: Bar of the last one.
        invested: Value of everything that increased the position, in currency.
        profit: What came of it after fees, income included, in currency.
        open: How many positions were not closed by the end; a number, not an array.
    """

    key: IntArray
    side: IntArray
    opened: IntArray
    closed: IntArray
    invested: FloatArray
    profit: FloatArray
    open: int


class _Trip:
    """A round trip in the making."""

    def __init__(self, bar: int, quantity: float) -> None:
        self.opened, self.side = bar, 1 if quantity > 0.0 else -1
        self.held = self.invested = self.profit = 0.0

    def add(self, quantity: float, price: float, fee: float) -> bool:
        """Book a fill and say whether nothing is held any more."""
        if quantity * self.side > 0.0:
            self.invested += abs(quantity) * price
        self.held += quantity
        self.profit -= quantity * price + fee
        return abs(self.held) < DUST


def round_trips(bar: IntArray, key: IntArray, quantity: FloatArray, price: FloatArray, fee: FloatArray) -> RoundTrips:
    """Return the round trips of some fills; a fill that crosses zero ends one and begins the next.

    Args:
        bar: When, as the number of a bar, `(m,)`.
        key: What, `(m,)`.
        quantity: Signed, `(m,)`.
        price: Currency per unit, `(m,)`.
        fee: Paid, in currency, `(m,)`.

    >>> fills = [[0, 1, 2], [7, 7, 7], [10.0, -4.0, -6.0], [5.0, 6.0, 7.0], [1.0, 1.0, 1.0]]
    >>> trips = round_trips(*map(np.array, fills))
    >>> trips.opened.tolist(), trips.closed.tolist(), trips.invested.tolist(), trips.profit.tolist(), trips.open
    ([0], [2], [50.0], [13.0], 0)
    """
    begun: dict[int, _Trip] = {}
    done: list[tuple[int, int, int, int, float, float]] = []
    columns = (bar.tolist(), key.tolist(), quantity.tolist(), price.tolist(), fee.tolist())
    for at, where, units, paid, cost in zip(*columns, strict=True):
        held = begun[where].held if where in begun else 0.0
        for part, share in parts(held, units, cost):
            if where not in begun:
                if part == 0.0:
                    continue  # Money for a position that is closed already belongs to none.
                begun[where] = _Trip(at, part)
            if begun[where].add(part, paid, share):
                trip = begun.pop(where)
                done.append((where, trip.side, trip.opened, at, trip.invested, trip.profit))
    what, side, opened, closed = np.array([row[:4] for row in done], np.int64).reshape(-1, 4).T
    invested, profit = np.array([row[4:] for row in done], np.float64).reshape(-1, 2).T
    return RoundTrips(what, side, opened, closed, invested, profit, open=len(begun))


def parts(held: float, quantity: float, fee: float) -> Iterator[tuple[float, float]]:
    """Yield the parts of a fill with their fees: two when it closes a position and opens the opposite one.

    >>> list(parts(4.0, -10.0, 5.0)), list(parts(4.0, -4.0, 5.0))
    ([(-4.0, 2.0), (-6.0, 3.0)], [(-4.0, 5.0)])
    """
    if held * quantity < 0.0 and abs(quantity) - abs(held) >= DUST:
        closing = fee * abs(held / quantity)
        yield -held, closing
        yield quantity + held, fee - closing
    else:
        yield quantity, fee


def hit_rate(profit: FloatArray) -> float | None:
    """Return the fraction of round trips that gained; None without any.

    >>> hit_rate(np.array([5.0, -1.0, 0.0, 2.0]))
    0.5
    """
    return float((profit > 0.0).mean()) if len(profit) else None


def profit_factor(profit: FloatArray) -> float | None:
    """Return the sum of the gains over the sum of the losses; None without any loss.

    >>> profit_factor(np.array([5.0, -1.0, -1.0]))
    2.5
    """
    lost = -float(profit[profit < 0.0].sum())
    return float(profit[profit > 0.0].sum()) / lost if lost > 0.0 else None


def payoff(profit: FloatArray) -> float | None:
    """Return the mean gain over the mean loss; None without any gain or any loss.

    >>> payoff(np.array([5.0, -1.0, -1.0]))
    5.0
    """
    gained, lost = profit[profit > 0.0], profit[profit < 0.0]
    return -float(gained.mean() / lost.mean()) if len(gained) and len(lost) else None


def expectancy(profit: FloatArray) -> float | None:
    """Return the mean profit of a round trip, in currency; None without any.

    >>> expectancy(np.array([5.0, -1.0, -1.0]))
    1.0
    """
    return float(profit.mean()) if len(profit) else None
