"""How single values are written in JSON: money as text, instants in UTC, and null for what is not known."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date


def money(amount: float) -> str:
    """Write an amount with two decimals and no exponent.

    >>> money(1234.5), money(-0.001)
    ('1234.50', '0.00')
    """
    text = f"{amount:.2f}"
    return "0.00" if text == "-0.00" else text


def total(amounts: Iterable[str]) -> str:
    """Add amounts as they are written, so that parts and whole agree to the last digit.

    >>> total(["7.08", "7.80"]), total([])
    ('14.88', '0.00')
    """
    return str(sum(map(Decimal, amounts), Decimal("0.00")))


def shares(amounts: Sequence[float], whole: str) -> list[str]:
    """Write the parts of an amount so that they add up to the whole as it is written.

    Each part is the difference of two rounded running sums, and so at most a cent from its own rounding.

    >>> shares([0.333, 0.333, 0.334], "1.00"), shares([7.084, 7.804], "14.89")
    (['0.33', '0.34', '0.33'], ['7.08', '7.81'])
    """
    sums = [*(Decimal(money(sum(amounts[: i + 1]))) for i in range(len(amounts) - 1)), Decimal(whole)]
    return [str(upper - lower) for lower, upper in zip([Decimal("0.00"), *sums], sums, strict=False)]


def cash(amount: float | None) -> str | None:
    """Write an amount that may be unknown.

    >>> cash(1.5), cash(None), cash(float("nan"))
    ('1.50', None, None)
    """
    return None if amount is None or not math.isfinite(amount) else money(amount)


def instant(at: np.datetime64 | None) -> str | None:
    """Write an instant in UTC, to the second.

    >>> instant(np.datetime64("2024-01-02T21:00:00"))
    '2024-01-02T21:00:00Z'
    """
    return None if at is None else f"{np.datetime_as_string(at, unit='s')}Z"


def number(value: float | None) -> float | None:
    """Return a number that JSON can hold.

    >>> number(0.5), number(float("inf"))
    (0.5, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def day(on: date | None) -> str | None:
    """Write a date as `YYYY-MM-DD`."""
    return None if on is None else on.isoformat()
