"""How single values are written in JSON: money as text, instants in UTC, and null for what is not known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date


def money(amount: float) -> str:
    """Write an amount with two decimals and no exponent.

    >>> money(1234.5), money(-0.001)
    ('1234.50', '0.00')
    """
    text = f"{amount:.2f}"
    return "0.00" if text == "-0.00" else text


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
