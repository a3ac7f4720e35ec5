"""Exact amounts: what money and units may be, how they are added and divided, and the border to float64.

An amount is finite, below 1e18 and has at most 30 decimals, so that sums and products of three are exact in `EXACT`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any

from tradewright.values.instrument import is_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import attrs

DECIMALS_MAX, AMOUNT_MAX = 30, Decimal("1e18")
# A quantity x price x multiplier of the widest amounts has 144 digits, and a billion of them 153: nothing is rounded.
_DIGITS = 160
EXACT = Context(prec=_DIGITS, traps=[Inexact, InvalidOperation])
"""Where amounts are added and multiplied: `+`, `abs` and even `-x` round to the 28 digits of the thread's context.

What it cannot hold exactly raises `decimal.Inexact`.
"""
_CUT = Context(prec=_DIGITS, traps=[InvalidOperation])
_LAST = Decimal(1).scaleb(-DECIMALS_MAX)
_COARSE = 1e-13  # From here on 17 digits end before the 30th decimal.
_ZERO = Decimal("0e-8")  # A part of a fee is this fine at least; what is finer itself is divided as finely.


def exact(number: float) -> Decimal:
    """Return the shortest decimal that reads back as `number`: the border from research arrays to money.

    Raises:
        ValueError: `number` is not finite.

    >>> exact(0.1)
    Decimal('0.1')
    """
    if not math.isfinite(number):
        raise ValueError(f"an amount must be finite, was {number!r}")
    return Decimal(repr(float(number)))  # A numpy float has a text of its own.


def amount(number: float) -> Decimal:
    """Return `exact(number)` as amounts have it: rounded to 30 decimals, which only numbers below 1e-13 have more of.

    Raises:
        ValueError: `number` is not finite.

    >>> amount(0.1), amount(1.2345678901234567e-20)
    (Decimal('0.1'), Decimal('1.2345678901E-20'))
    """
    whole = exact(number)
    # A float64 has 17 digits at most, so that a glance tells of nearly all of them.
    return whole if abs(number) >= _COARSE else rounded(whole)


def rounded(whole: Decimal) -> Decimal:
    """Return a finite number as amounts have it: to 30 decimals; one that has no more of them is left as it is.

    >>> rounded(Decimal("2.50")), rounded(Decimal("1.23456789E-29"))
    (Decimal('2.50'), Decimal('1.2E-29'))
    """
    if int(whole.as_tuple().exponent) >= -DECIMALS_MAX:
        return whole
    return whole.quantize(_LAST, context=_CUT)


def to_float(exact: Decimal) -> float:
    """Return the nearest float64, and exactly the one that `exact` was made from: the border back.

    Raises:
        ValueError: The amount is not finite, or beyond what a float64 holds.

    >>> to_float(Decimal("0.1"))
    0.1
    """
    number = float(exact) if exact.is_finite() else math.nan
    if not math.isfinite(number):
        raise ValueError(f"an amount must be finite as a float64, was {exact}")
    return number


def is_amount(value: object) -> bool:
    """Say whether `value` is a Decimal that is finite, below 1e18 and has at most 30 decimals.

    >>> is_amount(Decimal("0.01")), is_amount(Decimal("NaN")), is_amount(0.01)
    (True, False, False)
    """
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    return -AMOUNT_MAX < value < AMOUNT_MAX and int(value.as_tuple().exponent) >= -DECIMALS_MAX


def add(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum, 0 of nothing.

    >>> add([Decimal("0.1"), Decimal("0.2")])
    Decimal('0.3')
    """
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def divide(amount: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Divide `amount` in proportion to signed `weights`, which must not sum to 0; the parts sum to it exactly.

    Each part but the last is cut towards zero to the amount's own last decimal, so whole units stay whole.

    >>> divide(Decimal(7), (Decimal(5), Decimal(5)))
    (Decimal('3'), Decimal('4'))
    """
    if len(weights) == 1:
        return (amount,)
    step = Decimal(1).scaleb(min(int(amount.as_tuple().exponent), 0))
    unit = EXACT.multiply(add(weights), step)
    parts = [EXACT.multiply(_CUT.divide_int(EXACT.multiply(amount, weight), unit), step) for weight in weights[:-1]]
    return (*parts, EXACT.subtract(amount, add(parts)))


def divide_fee(fee: Decimal, quantities: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Divide a fee by the size of each quantity, to 8 decimals or its own last one; the parts sum to it exactly.

    >>> divide_fee(Decimal(1), (Decimal(2), Decimal(-1)))
    (Decimal('0.66666666'), Decimal('0.33333334'))
    """
    if len(quantities) == 1:
        return (fee,)
    return divide(EXACT.add(fee, _ZERO), [quantity.copy_abs() for quantity in quantities])


# ---- what a field takes ----------------------------------------------------------------------------------


def refused(field: attrs.Attribute[Any], wanted: str, value: object) -> ValueError:
    """Return the error of a field: what it must be, and what it was."""
    return ValueError(f"{field.name} must {wanted}, was {value!r}"[:300])


def check_amount(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no amount."""
    if not is_amount(value):
        raise refused(field, f"be a finite Decimal below 1e18 with at most {DECIMALS_MAX} decimals", value)


def check_units(one: object, field: attrs.Attribute[Any], value: Decimal) -> None:
    """Refuse what is no signed quantity, 0 among it."""
    check_amount(one, field, value)
    if value == 0:
        raise refused(field, "be signed units other than 0", value)


def check_price(one: object, field: attrs.Attribute[Any], value: Decimal) -> None:
    """Refuse what is no amount above 0."""
    check_amount(one, field, value)
    if not value > 0:
        raise refused(field, "be above 0", value)


def check_text(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no text, or empty."""
    if not (isinstance(value, str) and value.strip()):
        raise refused(field, "be a text that is not empty", value)


def check_symbol(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no symbol."""
    if not (isinstance(value, str) and is_symbol(value)):
        raise refused(field, "be capitals, digits or . _ / : ^ = -", value)


def check_instant(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """Refuse a time that is naive or not in UTC."""
    if not isinstance(value, datetime) or value.utcoffset() != timedelta(0):
        raise refused(field, "be an aware time in UTC", value)
