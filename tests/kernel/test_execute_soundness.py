"""What a venue counts of an order, and whether it can be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from order_harness import order
from tradewright.execute.soundness import doubt_count, has_other_sign


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("filled", "other"), [(0, False), (1, False), (-1, True), ("0.1", False), ("-0.1", True)])
def test_units_on_the_other_side_of_an_order_of_one_are_seen(filled: int | str, other: bool, side: int) -> None:
    assert other is has_other_sign(order(side), Decimal(filled) * side)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("filled", "sound"), [("0.9", True), ("1", True), ("1.1", False), ("-0.1", False)])
def test_count_of_an_order_is_doubted_beyond_its_quantity_and_on_the_other_side(
    filled: str, sound: bool, side: int
) -> None:
    assert sound is (doubt_count(order(side), Decimal(filled) * side) == "")


def test_count_that_is_not_told_is_not_doubted() -> None:
    assert "" == doubt_count(order(1), None)
