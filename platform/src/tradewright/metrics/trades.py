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
    from tradewright.metrics._kernels import TRIP, walk  # noqa: PLC0415  # numba, 0.5 s that other measures need not pay

    held, number = np.unique(key, return_inverse=True)
    begun, done = (np.zeros(n, TRIP).view(np.recarray) for n in (len(held), 2 * len(key)))
    begun["key"] = held
    whole = np.ascontiguousarray  # Columns of a table would be compiled once more.
    count = walk(whole(bar), number, whole(quantity), whole(price), whole(fee), DUST, begun, done)
    fields = {name: done[name][:count] for name in ("key", "side", "opened", "closed", "invested", "profit")}
    return RoundTrips(**fields, open=int(np.count_nonzero(begun["side"])))


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
