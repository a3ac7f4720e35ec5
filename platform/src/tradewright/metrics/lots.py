"""Tax lots: which purchase each sale has sold, first in, first out, and what is still held at which cost.

Fees are part of the cost of what is bought and taken off the proceeds of what is sold; a short position is a lot
that was sold first.  Income, such as dividends, is no part of a lot.  Source of the method: Internal Revenue Service,
Publication 550, Investment income and expenses, chapter 4, on the identification of shares sold.  What a certain
country taxes, and from which holding period on, is for its rules to say.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.metrics.trades import DUST

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray, IntArray


class Disposals(NamedTuple):
    """Lots, or parts of lots, that were closed, in the order of closing; arrays of one length.

    Attributes:
        key: What was held.
        opened: Bar of the fill that opened the lot.
        closed: Bar of the fill that closed it.
        quantity: Positive for a long lot, negative for a short one.
        cost: What buying took, fees included, in currency.
        proceeds: What selling brought, fees deducted, in currency.
    """

    key: IntArray
    opened: IntArray
    closed: IntArray
    quantity: FloatArray
    cost: FloatArray
    proceeds: FloatArray

    @property
    def gain(self) -> FloatArray:
        """Realised gain of each, in currency."""
        gain: FloatArray = self.proceeds - self.cost
        return gain


class OpenLots(NamedTuple):
    """Lots that are still held, in the order of opening within each key; arrays of one length.

    Attributes:
        key: What is held.
        opened: Bar of the fill that opened the lot.
        quantity: Positive for a long lot, negative for a short one.
        basis: Paid for it, fees included; negative for what a short sale brought; in currency.
    """

    key: IntArray
    opened: IntArray
    quantity: FloatArray
    basis: FloatArray

    def unrealised(self, mark: FloatArray) -> FloatArray:
        """Return what closing each at `mark` would gain before fees, in currency.

        Args:
            mark: Currency per unit, by key.
        """
        gain: FloatArray = self.quantity * mark[self.key] - self.basis
        return gain


class _Lot(NamedTuple):
    opened: int
    quantity: float
    basis: float


def tax_lots(
    bar: IntArray, key: IntArray, quantity: FloatArray, price: FloatArray, fee: FloatArray
) -> tuple[Disposals, OpenLots]:
    """Match what closes a position with what opened it, oldest first.

    Args:
        bar: When, as the number of a bar, `(m,)`.
        key: What, `(m,)`.
        quantity: Signed, in units of the last bar, `(m,)`; rows without any are left out.
        price: Currency per unit, `(m,)`.
        fee: Paid, in currency, `(m,)`.

    >>> fills = [[0, 1, 2], [0, 0, 0], [10.0, 10.0, -15.0], [5.0, 6.0, 8.0], [0.0, 0.0, 0.0]]
    >>> sold, left = tax_lots(*map(np.array, fills))
    >>> sold.opened.tolist(), sold.quantity.tolist(), sold.gain.tolist()
    ([0, 1], [10.0, 5.0], [30.0, 10.0])
    >>> left.quantity.tolist(), left.basis.tolist(), left.unrealised(np.array([7.0])).tolist()
    ([5.0], [30.0], [5.0])
    """
    held: dict[int, deque[_Lot]] = {}
    done: list[tuple[int, int, int, float, float, float]] = []
    columns = (bar.tolist(), key.tolist(), quantity.tolist(), price.tolist(), fee.tolist())
    for at, what, units, paid, cost in zip(*columns, strict=True):
        if units == 0.0:
            continue
        lots = held.setdefault(what, deque())
        for part, share in _parts(sum(lot.quantity for lot in lots), units, cost):
            if lots and lots[0].quantity * part < 0.0:
                done += [(what, lot.opened, at, *money) for lot, money in _close(lots, part, paid, share)]
            else:
                lots.append(_Lot(at, part, part * paid + share))
    return _disposals(done), _open_lots([(what, *lot) for what, lots in held.items() for lot in lots])


def _parts(held: float, quantity: float, fee: float) -> tuple[tuple[float, float], ...]:
    """Return the parts of a fill with their fees: two when it closes a position and opens the opposite one.

    >>> _parts(4.0, -10.0, 5.0), _parts(4.0, -4.0, 5.0)
    (((-4.0, 2.0), (-6.0, 3.0)), ((-4.0, 5.0),))
    """
    if held * quantity < 0.0 and abs(quantity) - abs(held) >= DUST:
        closing = fee * abs(held / quantity)
        return (-held, closing), (quantity + held, fee - closing)
    return ((quantity, fee),)


def _close(
    lots: deque[_Lot], quantity: float, price: float, fee: float
) -> list[tuple[_Lot, tuple[float, float, float]]]:
    """Take `quantity` off the oldest lots; return each with the quantity, cost and proceeds of the part taken."""
    wanted, taken = abs(quantity), []
    while lots and wanted >= DUST:
        lot = lots.popleft()
        size = min(wanted, abs(lot.quantity))
        fraction = size / abs(lot.quantity)
        left = abs(lot.quantity) - size
        if left >= DUST:
            rest = lot.quantity * left / abs(lot.quantity)
            lots.appendleft(_Lot(lot.opened, rest, lot.basis * (1.0 - fraction)))
        else:
            fraction = 1.0
        closed = lot.quantity * fraction
        basis, brought = lot.basis * fraction, closed * price - fee * size / abs(quantity)
        money = (closed, basis, brought) if closed > 0.0 else (closed, -brought, -basis)
        taken.append((lot, money))
        wanted -= size
    return taken


def _disposals(rows: list[tuple[int, int, int, float, float, float]]) -> Disposals:
    key, opened, closed = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3).T
    quantity, cost, proceeds = np.array([row[3:] for row in rows], np.float64).reshape(-1, 3).T
    return Disposals(key, opened, closed, quantity, cost, proceeds)


def _open_lots(rows: list[tuple[int, int, float, float]]) -> OpenLots:
    key, opened = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2).T
    quantity, basis = np.array([row[2:] for row in rows], np.float64).reshape(-1, 2).T
    return OpenLots(key, opened, quantity, basis)
