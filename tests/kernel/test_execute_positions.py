"""What is held is a sum: no order of arrival and no repetition changes it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_harness import AT, fill
from tradewright.execute.positions import Holdings, Money, holdings, reverse
from tradewright.values.exact import EXACT, is_amount
from tradewright.values.order import EXTERNAL, Activity, ActivityKind, Fill

NAMES = st.sampled_from(["trend", "carry", EXTERNAL])
SYMBOLS = st.sampled_from(["SPY", "ES", "BTC/USD"])
CURRENCIES = st.sampled_from(["USD", "EUR"])
UNITS = st.decimals(-(10**6), 10**6, places=8).filter(bool)
MULTIPLIERS = {"ES": Decimal(50), "BTC/USD": Decimal("0.001")}


@st.composite
def fills(draw: st.DrawFn, name: str) -> Fill:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    shares = [(one, draw(UNITS)) for one in names]
    quantity = sum((part for _, part in shares), Decimal(0)) or Decimal(1)
    return fill(
        quantity,
        name,
        shares=shares if sum(part for _, part in shares) else [(names[0], Decimal(1))],
        symbol=draw(SYMBOLS),
        currency=draw(CURRENCIES),
        price=draw(st.decimals(Decimal("0.000001"), 10**6, places=6)),
        fee=draw(st.decimals(-10, 1000, places=4)),
    )


@st.composite
def activities(draw: st.DrawFn, name: str) -> Activity:
    return Activity(
        venue="simulated",
        id=name,
        kind=draw(st.sampled_from(ActivityKind)),
        strategy=draw(NAMES),
        symbol=draw(SYMBOLS),
        cash=draw(st.decimals(-(10**6), 10**6, places=6)),
        units=draw(UNITS | st.just(Decimal(0))),
        currency=draw(CURRENCIES),
        at=AT,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Fill | Activity]:
    some = [draw(fills(f"e{i}")) for i in range(draw(st.integers(0, 6)))]
    return [*some, *(draw(activities(f"a{i}")) for i in range(draw(st.integers(0, 6))))]


def book(*ones: Fill | Activity) -> Holdings:
    held = Holdings(multipliers=MULTIPLIERS)
    for one in ones:
        held.book(one)
    return held


@given(st.data())
def test_holdings_when_in_any_order_and_repeated_are_the_same(data: st.DataObject) -> None:
    history = data.draw(histories())
    again = data.draw(st.lists(st.sampled_from(history), max_size=6)) if history else []
    shuffled = data.draw(st.permutations([*history, *again]))

    assert book(*history) == book(*shuffled)


@given(histories())
def test_holdings_when_made_at_once_are_those_booked_one_by_one(history: list[Fill | Activity]) -> None:
    some = [one for one in history if isinstance(one, Fill)]
    rest = [one for one in history if isinstance(one, Activity)]

    assert book(*history) == holdings(some, rest, MULTIPLIERS)


@given(histories())
def test_totals_when_summed_over_strategies_are_the_venues(history: list[Fill | Activity]) -> None:
    held, cash, units = book(*history), Decimal(0), Decimal(0)
    with localcontext(EXACT):
        for one in history:
            if isinstance(one, Activity):
                paid, moved = one.cash, one.units
            else:
                paid = -(one.quantity * one.price * MULTIPLIERS.get(one.symbol, 1) + one.fee)
                moved = one.quantity
            cash += paid if one.currency == "USD" else 0
            units += moved if one.symbol == "ES" else 0

    assert (cash, units) == (held.total_cash("USD"), held.total_quantity("ES"))


@given(histories(), fills("wrong"))
def test_reversal_when_booked_leaves_what_was_before(history: list[Fill | Activity], wrong: Fill) -> None:
    before, after = book(*history), book(*history, *reverse(wrong, AT, MULTIPLIERS, "erroneous"), wrong)

    assert before.quantities == after.quantities
    assert all(money == before.money.get(key, Money()) for key, money in after.money.items())


def test_fill_when_bought_costs_price_times_multiplier_and_fee() -> None:
    held = book(fill(2, symbol="ES", shares=[("trend", Decimal(2))], price=Decimal("5000.25"), fee=Decimal("4.1")))

    assert Money(cash=Decimal("-500029.1"), fees=Decimal("4.1")) == held.money["trend", "USD"]
    assert Decimal(2) == held.quantity("trend", "ES")


def test_fill_when_sold_brings_cash_less_the_fee() -> None:
    held = book(fill(-2, shares=[("trend", Decimal(-2))], price=Decimal(100), fee=Decimal(1)))

    assert (Decimal(199), Decimal(-2)) == (held.cash("trend", "USD"), held.quantity("trend", "SPY"))


def test_fill_when_shared_is_divided_to_the_last_decimal() -> None:
    shares = [("a", Decimal(1)), ("b", Decimal(2))]
    held = book(fill(3, shares=shares, price=Decimal("0.1"), fee=Decimal("0.01")))

    assert Decimal("-0.10333333") == held.cash("a", "USD")
    assert Decimal("-0.20666667") == held.cash("b", "USD")
    assert Decimal("-0.31") == held.total_cash("USD")


def test_fill_when_known_under_another_venue_is_another_fill() -> None:
    one = fill(1)

    assert Decimal(2) == book(one, attrs.evolve(one, venue="other")).total_quantity("SPY")


def test_position_when_it_closes_is_not_named() -> None:
    assert {} == book(fill(3, "buy"), fill(-3, "sell")).quantities


@pytest.mark.parametrize(
    ("kind", "cash", "expected"),
    [
        ("interest", "1.5", {"interest": "1.5"}),
        ("interest", "-1.5", {"interest": "-1.5"}),
        ("borrow", "-0.25", {"borrow": "0.25"}),
        ("fee", "-3", {"fees": "3"}),
        ("dividend", "2", {}),
        ("deposit", "100", {}),
        ("capital", "100", {}),
    ],
)
def test_activity_when_it_moves_cash_is_counted_by_its_kind(kind: str, cash: str, expected: dict[str, str]) -> None:
    one = activity(kind=kind, cash=Decimal(cash))
    sums = {name: Decimal(text) for name, text in expected.items()}

    assert Money(cash=Decimal(cash), **sums) == book(one).money["trend", "USD"]


def activity(**changes: Any) -> Activity:
    fields: dict[str, Any] = {
        "venue": "simulated",
        "id": "a1",
        "kind": "fee",
        "strategy": "trend",
        "currency": "USD",
        "at": AT,
    }
    return Activity(**(fields | changes))


def test_activity_when_it_moves_units_changes_the_quantity() -> None:
    split = activity(kind="split", symbol="SPY", units=Decimal("3.5"), cash=Decimal(12))

    assert Decimal("6.5") == book(fill(3, shares=[("trend", Decimal(3))]), split).quantity("trend", "SPY")


def test_activity_when_its_id_is_an_executions_is_booked_too() -> None:
    assert Decimal(1) == book(fill(1, "same"), activity(id="same", cash=Decimal(1))).cash("trend", "USD")


def test_copy_when_the_original_goes_on_stays() -> None:
    held = book(fill(1, "e1"))
    kept = held.copy()
    held.book(fill(1, "e2"))

    assert (book(fill(1, "e1")), Decimal(2)) == (kept, held.total_quantity("SPY"))


def test_reversal_when_there_is_no_fee_is_one_activity_for_each_share() -> None:
    one = fill(3, fee=Decimal(0), shares=[("a", Decimal(1)), ("b", Decimal(2))])
    later = AT + timedelta(days=1)

    assert [("a", Decimal(-1), later), ("b", Decimal(-2), later)] == [
        (undone.strategy, undone.units, undone.at) for undone in reverse(one, later, {})
    ]


@pytest.mark.parametrize("multiplier", [Decimal(0), Decimal(-1), Decimal("NaN"), 50.0])
def test_holdings_when_a_multiplier_is_no_amount_above_0_are_refused(multiplier: Any) -> None:
    with pytest.raises(ValueError, match=r"multipliers must be .*, was"):
        Holdings(multipliers={"ES": multiplier})


def test_reversal_of_a_part_of_a_unit_has_no_more_decimals_than_an_amount() -> None:
    """What a float64 has as quantity and as price has up to 34 of them together."""
    units = Decimal("0.12345678901234567")
    taken = fill(units, price=Decimal("98.765432109876543"), fee=Decimal(0), shares=[("a", units)])
    (undone,) = reverse(taken, AT, {})
    held = holdings([taken], [undone])

    assert is_amount(undone.cash)
    assert {} == held.quantities
    assert 0 < abs(held.cash("a", "USD")) < Decimal("1e-29")
