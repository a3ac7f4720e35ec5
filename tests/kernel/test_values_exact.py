"""Amounts are exact, and the border to float64 loses nothing."""

from __future__ import annotations

import math
from decimal import Decimal, Inexact

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.values.exact import AMOUNT_MAX, EXACT, add, amount, divide, divide_fee, exact, is_amount, to_float

AMOUNTS = st.decimals(-(10**17), 10**17, places=12)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_border_when_crossed_both_ways_gives_the_same_float(number: float) -> None:
    back = to_float(exact(number))

    assert (number, math.copysign(1.0, number)) == (back, math.copysign(1.0, back))


def test_exact_when_given_a_numpy_float_reads_its_number() -> None:
    assert Decimal("0.1") == exact(np.float64(0.1))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_exact_when_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="must be finite, was"):
        exact(number)


@pytest.mark.parametrize(
    ("expected", "number"),
    [
        ("0.1", 0.1),
        ("-2.5", -2.5),
        ("0", 0.0),
        ("1e-13", 1e-13),
        ("1.2345678901234567e-14", 1.2345678901234567e-14),
        ("1.23456789012346e-16", 1.2345678901234567e-16),
        ("1e-30", 1e-30),
        ("1e-30", 1.4e-30),
        ("1e-30", 6e-31),
        ("0", 4e-31),
        ("-1e-30", -6e-31),
        ("0", 5e-324),
    ],
)
def test_amount_is_rounded_where_amounts_have_no_more_decimals(expected: str, number: float) -> None:
    found = amount(number)

    assert Decimal(expected) == found
    assert is_amount(found)


@given(st.floats(-1e17, 1e17).filter(lambda number: number == 0.0 or abs(number) > 1e-13))
def test_amount_of_what_amounts_can_hold_is_exact(number: float) -> None:
    assert (exact(number), number) == (amount(number), to_float(amount(number)))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_amount_when_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="must be finite, was"):
        amount(number)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "1e309", "-1e309"])
def test_to_float_when_no_float_can_hold_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be finite as a float64, was"):
        to_float(Decimal(text))


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (True, Decimal("999999999999999999.999999999999999999999999999999")),
        (False, AMOUNT_MAX),
        (True, Decimal("1e-30")),
        (False, Decimal("1e-31")),
        (False, Decimal("NaN")),
        (False, Decimal("-Infinity")),
        (False, 1.0),
        (False, 1),
    ],
)
def test_is_amount_when_at_its_bounds_tells_inside_from_outside(expected: bool, value: object) -> None:
    assert expected == is_amount(value)


def test_exact_sums_when_of_the_widest_products_round_nothing() -> None:
    """An amount of 48 digits thrice multiplied, a billion times."""
    widest = Decimal("999999999999999999.999999999999999999999999999999")
    product = EXACT.multiply(EXACT.multiply(widest, widest), widest)

    assert 144 == len(product.as_tuple().digits)
    many = EXACT.multiply(product, Decimal(10**9))
    assert product == EXACT.subtract(EXACT.add(many, product), many)


def test_exact_sums_when_a_digit_would_be_lost_raise() -> None:
    with pytest.raises(Inexact):
        add([Decimal("1e100"), Decimal("1e-100")])


@given(AMOUNTS, st.lists(st.decimals(1, 10**9, places=6), min_size=1, max_size=5))
def test_divide_when_the_weights_are_of_one_sign_gives_parts_that_sum(
    amount: Decimal, weights: list[Decimal]
) -> None:
    parts = divide(amount, weights)

    assert amount == add(parts)
    assert all(part == 0 or (part > 0) == (amount > 0) for part in parts)


def test_divide_when_the_weights_differ_in_sign_keeps_their_signs() -> None:
    assert (Decimal(10), Decimal(-4)) == divide(Decimal(6), (Decimal(10), Decimal(-4)))


@given(AMOUNTS, st.lists(st.decimals(-(10**9), 10**9, places=6).filter(bool), min_size=1, max_size=5))
def test_divide_fee_when_quantities_have_any_sign_gives_parts_of_the_fees_own(
    fee: Decimal, sizes: list[Decimal]
) -> None:
    parts = divide_fee(fee, sizes)

    assert fee == add(parts)
    assert all(part == 0 or (part > 0) == (fee > 0) for part in parts)
