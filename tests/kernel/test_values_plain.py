"""Values are written as one text each, and read back as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_harness import AT, SECOND, fill, order
from tradewright.values.order import Activity, Fill, Order, Purpose
from tradewright.values.plain import from_plain, to_plain

SPLIT = Activity(
    venue="simulated", id="a1", kind="split", symbol="SPY", units=Decimal("0.5"), currency="USD", at=AT, note="2:1"
)


@pytest.mark.parametrize(
    "value",
    [
        order(),
        order(purpose=Purpose.STOP, limit=Decimal("89.50"), settle_by=AT + SECOND),
        order(shares=[("a", Decimal(4)), ("b", Decimal(6))]),
        fill(Decimal("0.00000001")),
        fill(-3, reference=Decimal("100.2"), order_id=None, reason="stop"),
        SPLIT,
    ],
)
def test_record_when_written_and_read_is_itself(value: Order | Fill | Activity) -> None:
    text = json.dumps(to_plain(value))

    assert value == from_plain(type(value), json.loads(text))


@given(st.decimals(-(10**17), 10**17, places=30), st.integers(0, 9))
def test_amount_when_equal_has_the_same_text(amount: Decimal, zeros: int) -> None:
    text = to_plain(amount)

    assert amount == Decimal(text)
    assert text == to_plain(Decimal(text + ("" if "." in text else ".") + "0" * zeros))
    assert "E" not in text


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("0", Decimal("-0.00")),
        ("1000", Decimal("1E3")),
        ("2026-03-02T20:59:59.000001Z", datetime(2026, 3, 2, 22, 59, 59, 1, tzinfo=timezone(timedelta(hours=2)))),
        (True, True),
        (3, 3),
        (None, None),
        ("stop", Purpose.STOP),
        ({"a": ["1"]}, {"a": (Decimal(1),)}),
    ],
)
def test_plain_when_written_has_one_spelling(expected: Any, value: Any) -> None:
    plain = to_plain(value)

    assert expected == plain
    assert type(expected) is type(plain)


@pytest.mark.parametrize("value", [1.5, {1, 2}, object()])
def test_plain_when_a_value_has_no_one_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="a value must have one text, was"):
        to_plain(value)


def test_plain_when_a_time_is_naive_is_refused() -> None:
    with pytest.raises(ValueError, match="a time must be aware, was"):
        to_plain(datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize("changes", [{"price": "0"}, {"quantity": "NaN"}, {"at": "2026-03-02T00:00:00"}])
def test_record_when_read_with_a_wrong_field_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        from_plain(Fill, to_plain(fill(1)) | changes)


def test_record_when_a_field_is_not_written_has_its_default() -> None:
    plain = {name: value for name, value in to_plain(fill(1)).items() if name != "reference"}

    assert attrs.evolve(fill(1), reference=None) == from_plain(Fill, plain)
