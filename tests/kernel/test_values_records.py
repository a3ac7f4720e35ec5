"""Records are told without their defaults, and read by the types of their fields."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from order_harness import AT, order
from tradewright.execute.positions import Money
from tradewright.execute.state import OrderState
from tradewright.values.order import Status
from tradewright.values.records import read, spell


@attrs.frozen(kw_only=True)
class Before:
    name: str
    n: int = 3


@attrs.frozen(kw_only=True)
class After(Before):
    names: dict[str, Decimal] = attrs.field(factory=dict)
    at: datetime | None = None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (OrderState, OrderState(order=order(), since=AT)),
        (
            OrderState,
            OrderState(
                order=order(limit=Decimal("9.5")),
                since=AT,
                status=Status.UNKNOWN,
                filled=Decimal(2),
                executions=frozenset({"e2", "e1"}),
                said=Decimal(3),
                absences=(AT, AT),
                doubted=True,
                reason="504",
            ),
        ),
        (dict[tuple[str, str], Money], {("trend", "USD"): Money(cash=Decimal("1.25")), ("a", "b"): Money()}),
        (tuple[int, frozenset[str]], (3, frozenset({"SPY"}))),
        (tuple[tuple[str, UUID], ...], (("SPY", UUID(int=5)),)),
        (list[float], [0.1, -0.0, float("inf")]),
        (datetime | None, None),
        (datetime | None, AT),
        (bool, True),
    ],
)
def test_value_when_told_and_read_is_itself(kind: Any, value: Any) -> None:
    assert value == read(kind, json.loads(json.dumps(spell(value))))


def test_mapping_keeps_its_order() -> None:
    assert ["b", "a"] == [*read(dict[str, int], spell({"b": 1, "a": 2}))]


def test_record_is_told_without_its_defaults() -> None:
    assert {"name": "x"} == spell(After(name="x"))
    assert {"name": "x", "n": 4, "names": [["SPY", "1"]]} == spell(After(name="x", n=4, names={"SPY": Decimal(1)}))


def test_record_of_an_older_version_has_the_defaults_of_what_is_new() -> None:
    assert After(name="x", n=5) == read(After, spell(Before(name="x", n=5)))


@pytest.mark.parametrize("told", [{"name": "x", "luck": 1}, {"n": 1}])
def test_record_with_another_field_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError), match=r"luck|name"):
        read(After, told)
