"""How single values reach a report: money to the cent, instants in UTC, and None for what is not known."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def money(amount: float) -> Decimal:
    """Return an amount with two decimals.

    >>> money(1234.5), money(-0.001)
    (Decimal('1234.50'), Decimal('0.00'))
    """
    text = f"{amount:.2f}"
    return Decimal("0.00" if text == "-0.00" else text)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts as they are written, so that parts and whole agree to the last digit.

    >>> total([money(7.084), money(7.804)]), total([])
    (Decimal('14.88'), Decimal('0.00'))
    """
    return sum(amounts, Decimal("0.00"))


def shares(amounts: Sequence[float], whole: Decimal) -> list[Decimal]:
    """Return the parts of an amount so that they add up to the whole as it is written.

    Each part is the difference of two rounded running sums, and so at most a cent from its own rounding.

    >>> [str(part) for part in shares([0.333, 0.333, 0.334], money(1.0))]
    ['0.33', '0.34', '0.33']
    """
    sums = [*(money(sum(amounts[: i + 1])) for i in range(len(amounts) - 1)), whole]
    return [upper - lower for lower, upper in zip([Decimal("0.00"), *sums], sums, strict=False)]


def cash(amount: float | None) -> Decimal | None:
    """Return an amount that may be unknown.

    >>> cash(1.5), cash(None), cash(float("nan"))
    (Decimal('1.50'), None, None)
    """
    return None if amount is None or not math.isfinite(amount) else money(amount)


def instant(at: np.datetime64) -> datetime:
    """Return an instant in UTC, to the second.

    >>> instant(np.datetime64("2024-01-02T21:00:00.5")).isoformat()
    '2024-01-02T21:00:00+00:00'
    """
    return datetime.fromtimestamp(int(at.astype("datetime64[s]").astype(np.int64)), UTC)


def number(value: float | None) -> float | None:
    """Return a number that JSON can hold.

    >>> number(0.5), number(float("inf"))
    (0.5, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def fields(node: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the fields of a node, for one that says the same and more."""
    return attrs.asdict(node, recurse=False)
