"""A dividend is owed from its ex-date until the venue pays it, oldest first, to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from order_harness import AT
from tradewright.execute.positions import Holdings
from tradewright.execute.receivables import LATE, Owed, Receivable, grown_late, pay, to_come
from tradewright.values.order import EXTERNAL, Activity, ActivityKind

DAY = timedelta(days=1)


def owed(*amounts: str, **fields: Any) -> Owed:
    """Return what is owed of one symbol, a day apart."""
    usual = {"strategy": "trend", "symbol": "SPY", "currency": "USD"}
    return tuple(
        Receivable(**({**usual, **fields} | {"at": AT + day * DAY, "cash": Decimal(cash)}))
        for day, cash in enumerate(amounts)
    )


def cash_of(left: Owed) -> list[Decimal]:
    return [one.cash for one in left]


def dividend(name: str, cash: str, strategy: str = EXTERNAL, **fields: Any) -> Activity:
    usual: dict[str, Any] = {"venue": "broker", "kind": "dividend", "symbol": "SPY", "currency": "USD", "at": AT}
    return Activity(**(usual | {"id": name, "cash": Decimal(cash), "strategy": strategy} | fields))


def later(**fields: Any) -> Holdings:
    return Holdings(pays_later=True, **fields)


# ---- what a payment settles ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "left", "beyond"),
    [
        ("85.00", [], "0"),
        ("84.991", [], "-0.009"),
        ("84.99", ["0.01"], "0"),
        ("84.98", ["0.02"], "0"),
        ("85.01", [], "0.01"),
        ("90", [], "5"),
        ("0", ["85"], "0"),
        ("-85", ["85"], "-85"),
    ],
)
def test_payment_settles_what_is_owed_to_the_cent(paid: str, left: list[str], beyond: str) -> None:
    rest, others = pay(owed("85"), "SPY", "USD", Decimal(paid))

    assert ([Decimal(cash) for cash in left], Decimal(beyond)) == (cash_of(rest), others)


@pytest.mark.parametrize(
    ("paid", "left"),
    [("9", ["1", "20", "-5"]), ("10", ["20", "-5"]), ("11", ["19", "-5"]), ("30", ["-5"]), ("-5", ["10", "20"])],
)
def test_payment_settles_the_oldest_of_its_own_sign_first(paid: str, left: list[str]) -> None:
    rest, beyond = pay(owed("10", "20", "-5"), "SPY", "USD", Decimal(paid))

    assert ([Decimal(cash) for cash in left], 0) == (cash_of(rest), beyond)


@pytest.mark.parametrize("other", [{"symbol": "QQQ"}, {"currency": "EUR"}])
def test_payment_settles_nothing_of_other_symbols_and_currencies(other: dict[str, str]) -> None:
    known = owed("10", **other)

    assert (known, Decimal(10)) == pay(known, "SPY", "USD", Decimal(10))


def test_what_is_to_come_to_a_strategy_is_what_it_is_owed_and_not_what_it_owes() -> None:
    known = (*owed("10", "-5", "2"), *owed("7", strategy="carry"), *owed("8", currency="EUR"))

    assert [Decimal(12), Decimal(7), Decimal(0)] == [to_come(known, name, "USD") for name in ("trend", "carry", "x")]


@pytest.mark.parametrize(("after", "n"), [(LATE - DAY, 0), (LATE, 0), (LATE + timedelta(seconds=1), 1)])
def test_what_is_owed_for_more_than_60_days_is_late_once(after: timedelta, n: int) -> None:
    marked, fresh = grown_late(owed("10", "5"), AT + after)

    assert (n, [n == 1, False]) == (len(fresh), [one.is_late for one in marked])
    assert (marked, ()) == grown_late(marked, AT + after)
    assert 60 * DAY == LATE


# ---- what is held ----------------------------------------------------------------------------------------


def test_dividend_of_a_strategy_is_its_cash_at_once_and_paid_later() -> None:
    held = later()
    held.book(dividend("own", "85", "trend"))
    assert (Decimal(85), Decimal(85), Decimal(0)) == (
        held.cash("trend", "USD"),
        held.total_cash("USD"),
        held.paid_cash("USD"),
    )

    assert [True, False] == [held.book(dividend("b1", "85")), held.book(dividend("b1", "85"))]
    assert (Decimal(85), Decimal(0), Decimal(85)) == (
        held.cash("trend", "USD"),
        held.cash(EXTERNAL, "USD"),
        held.paid_cash("USD"),
    )
    assert () == held.owed


@pytest.mark.parametrize("paid", ["84.98", "84.99", "84.995", "85", "85.01", "120", "-3"])
def test_cash_that_is_paid_grows_by_the_payment_and_no_strategys_moves(paid: str) -> None:
    held = later()
    held.book(dividend("own", "85", "trend"))
    held.book(dividend("b1", paid))

    assert (Decimal(paid), Decimal(85)) == (held.paid_cash("USD"), held.cash("trend", "USD"))


def test_dividend_of_a_short_is_owed_by_it() -> None:
    held = later()
    held.book(dividend("own", "-85", "trend"))
    assert (Decimal(-85), Decimal(0)) == (held.total_cash("USD"), held.paid_cash("USD"))

    held.book(dividend("b1", "-85"))
    assert (Decimal(-85), ()) == (held.paid_cash("USD"), held.owed)


def test_dividend_of_a_venue_that_pays_at_once_is_owed_by_nobody() -> None:
    held = Holdings()
    held.book(dividend("own", "85", "trend"))

    assert ((), Decimal(85)) == (held.owed, held.paid_cash("USD"))


def test_dividend_of_nothing_is_not_owed() -> None:
    held = later()
    held.book(dividend("own", "0", "trend"))

    assert () == held.owed


def test_copy_keeps_what_was_owed() -> None:
    held = later()
    held.book(dividend("own", "85", "trend"))
    before = held.copy()
    held.book(dividend("b1", "85"))

    assert (1, 0, True) == (len(before.owed), len(held.owed), before.pays_later)


def test_what_is_written_off_is_owed_no_more_and_taken_from_its_strategy_once() -> None:
    held = later()
    held.book(dividend("own", "85", "trend"))
    held.book(dividend("b1", "70"))
    (late,) = held.owed
    for _ in range(2):
        held.write_off(late, dividend("a1", "-15", "trend", kind=ActivityKind.ADOPTION))

    assert ((), Decimal(70), Decimal(70)) == (held.owed, held.cash("trend", "USD"), held.paid_cash("USD"))
