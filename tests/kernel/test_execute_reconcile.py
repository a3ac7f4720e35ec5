"""A snapshot against the ledger: what is booked, what blocks, what freezes, and that nothing is ever traded away."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_harness import AT, ID, SECOND, fill, order, play, said, standing
from tradewright.execute.news import News, Report, Word
from tradewright.execute.positions import Holdings, reverse
from tradewright.execute.reconcile import RECENT, Doubt, Reconciled, reconcile
from tradewright.execute.state import OrderState
from tradewright.values.order import Activity, ActivityKind, Fill, Purpose, Status
from tradewright.values.snapshot import Snapshot

NAV = Decimal(100_000)
LATER = AT + timedelta(hours=1)


def held(**units: int) -> Holdings:
    """Return holdings of a strategy: 100,000 in cash, and units of each symbol that cost nothing."""
    known = Holdings()
    known.book(activity("start", cash=NAV, strategy="trend", kind=ActivityKind.CAPITAL))
    for symbol, quantity in units.items():
        known.book(activity(symbol, units=Decimal(quantity), symbol=symbol, kind=ActivityKind.ADOPTION))
    return known


def activity(name: str, **fields: Any) -> Activity:
    return Activity(**({"venue": "simulated", "id": name, "kind": "deposit", "currency": "USD", "at": AT} | fields))


def seen(at: Any = LATER, cash: Decimal | int | None = NAV, **changes: Any) -> Snapshot:
    return Snapshot(at=at, cash={} if cash is None else {"USD": Decimal(cash)}, **changes)


def asked(known: Holdings, snapshot: Snapshot | None, *states: OrderState, **options: Any) -> Reconciled:
    return reconcile(known, {state.order.id: state for state in states}, snapshot, "USD", NAV, **options)


def words(found: Reconciled) -> list[Word]:
    return [one.news.word for one in found.told if isinstance(one, Report)]


def state(status: Status) -> OrderState:
    return standing(status)[0]


# ---- fills, orders, strangers ----------------------------------------------------------------------------


def test_snapshot_that_agrees_is_clean_and_tells_nothing() -> None:
    found = asked(held(SPY=10), seen(positions={"SPY": Decimal(10)}))

    assert Reconciled(cash=Decimal(0), stops_increases=False, is_clean=True) == found


def test_snapshot_that_is_missing_changes_nothing() -> None:
    doubts = {"SPY": Doubt(difference=Decimal(1), seen=2, at=AT)}

    assert Reconciled(doubts=doubts) == asked(held(), None, doubts=doubts)


def test_fills_that_were_missed_are_news_and_explain_units_and_cash() -> None:
    first, second = fill(4, "e1"), fill(6, "e2")
    cash = NAV - Decimal("1003.5")
    found = asked(
        held(),
        seen(
            cash=cash,
            positions={"SPY": Decimal(10)},
            fills=(first, second),
            orders={ID: (Status.FILLED, Decimal(10))},
        ),
        state(Status.WORKING),
    )

    assert [Word.FILL, Word.FILL] == words(found)
    assert (Decimal(0), True, {}) == (found.cash, found.is_clean, found.doubts)


def test_fills_that_are_booked_or_were_taken_back_before_are_no_news() -> None:
    known = held()
    known.book(fill(4, "e1"))
    before = play(News(word=Word.FILL, fill=fill(4, "e1")), News(word=Word.BUST, fill=fill(6, "e2"))).state
    orders = {ID: (Status.WORKING, Decimal(4))}
    found = asked(known, seen(cash=None, fills=(fill(4, "e1"), fill(6, "e2")), orders=orders), before)

    assert [] == words(found)


@pytest.mark.parametrize(
    ("status", "said_now", "expected"),
    [
        (Status.SENT, Status.WORKING, [Word.FOUND]),
        (Status.UNKNOWN, Status.CANCELLED, [Word.FOUND]),
        (Status.WORKING, Status.EXPIRED, [Word.FOUND]),
        (Status.CANCELLED, Status.WORKING, [Word.FOUND]),
        (Status.CANCELLED, Status.CANCELLED, []),
        (Status.DEAD, Status.WORKING, [Word.FOUND]),
    ],
)
def test_known_orders_advance_by_what_is_said(status: Status, said_now: Status, expected: list[Word]) -> None:
    found = asked(held(), seen(orders={ID: (said_now, Decimal(0))}), state(status))

    assert expected == words(found)


def test_known_order_that_is_said_to_be_as_it_is_is_no_news() -> None:
    part = play(News(word=Word.FILL, fill=fill(4, "e1")), start=state(Status.WORKING)).state

    assert [] == words(asked(held(), seen(orders={ID: (Status.WORKING, Decimal(4))}), part))
    assert [Word.FOUND] == words(asked(held(), seen(orders={ID: (Status.WORKING, Decimal(5))}), part))


def test_order_that_has_ended_since_the_snapshot_was_asked_for_stood_in_it_rightly() -> None:
    ended, at = standing(Status.CANCELLED)

    assert [] == words(asked(held(), seen(at, orders={ID: (Status.WORKING, Decimal(0))}), ended))
    assert [Word.FOUND] == words(asked(held(), seen(at + SECOND, orders={ID: (Status.WORKING, Decimal(0))}), ended))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.WORKING, [Word.MISSING]),
        (Status.INTENDED, []),
        (Status.SENT, []),
        (Status.UNKNOWN, []),
        (Status.FILLED, []),
        (Status.DEAD, []),
    ],
)
def test_absence_from_a_snapshot_is_told_of_working_orders_alone(status: Status, expected: list[Word]) -> None:
    assert expected == words(asked(held(), seen(), state(status)))


def test_absence_of_an_order_that_works_since_the_snapshot_was_asked_for_says_nothing() -> None:
    working, at = standing(Status.WORKING)

    assert [] == words(asked(held(), seen(at), working))


def test_absence_is_never_a_cancel() -> None:
    working, _ = standing(Status.WORKING)
    after = play(*(one.news for one in asked(held(), seen(), working).told if isinstance(one, Report)), start=working)

    assert Status.UNKNOWN is after.state.status


def test_fill_of_nobody_is_told_as_it_is_and_blocks_its_symbol() -> None:
    strange = fill(3, "e9", order_id=None)
    found = asked(held(), seen(cash=NAV - Decimal("301.25"), positions={"SPY": Decimal(3)}, fills=(strange,)))

    assert ((strange,), {"SPY"}, "") == (found.told, set(found.blocked), found.freeze)
    assert found.is_clean


def test_fill_of_an_order_that_an_older_ledger_does_not_know_freezes() -> None:
    found = asked(held(), seen(fills=(fill(3, "e9", order_id=UUID(int=99)),)))

    assert f"the venue filled order {UUID(int=99)}, which this ledger does not know" == found.freeze


@pytest.mark.parametrize("name", ["their-order", UUID(int=99)])
def test_order_of_a_stranger_blocks_its_symbol_alone(name: str | UUID) -> None:
    found = asked(held(), seen(orders={name: (Status.WORKING, Decimal(0))}, symbols={name: "QQQ"}))

    assert ({"QQQ": f"order {name} is nobody's here"}, "") == (found.blocked, found.freeze)


def test_order_of_a_stranger_that_has_ended_does_nothing() -> None:
    assert {} == asked(held(), seen(orders={"theirs": (Status.CANCELLED, Decimal(0))})).blocked


def test_order_of_a_stranger_in_an_unknown_symbol_freezes() -> None:
    assert "the venue does not say in what" in asked(held(), seen(orders={"x": (Status.WORKING, Decimal(0))})).freeze


def test_count_on_the_other_side_freezes_and_is_not_heard() -> None:
    found = asked(held(), seen(orders={ID: (Status.WORKING, Decimal(-3))}), state(Status.WORKING))

    assert ([], "the venue counts -3 units filled of an order for 10") == (words(found), found.freeze)


def test_bust_of_an_own_fill_is_news_once_and_explains_what_differs() -> None:
    known, taken = held(), fill(10, "e1", shares=[("trend", Decimal(10))])
    known.book(taken)
    filled_up = play(News(word=Word.FILL, fill=fill(10, "e1"))).state
    snapshot = seen(busts=(fill(10, "e1"),), orders={ID: (Status.FILLED, Decimal(0))})
    found = asked(known, snapshot, filled_up)

    assert [Word.BUST] == words(found)
    assert (Decimal(0), {}) == (found.cash, found.doubts)
    busted = play(News(word=Word.BUST, fill=taken), start=filled_up).state
    assert [] == words(asked(known, snapshot, busted))


def test_bust_of_a_strangers_fill_is_reversed_once() -> None:
    known, strange = held(), fill(3, "e9", order_id=None)
    known.book(strange)
    found = asked(known, seen(busts=(strange,)))
    for one in found.told:
        known.book(one)  # type: ignore[arg-type]  # activities

    assert {"bust e9 (external)", "bust e9 (external) fee"} == {
        one.id for one in found.told if isinstance(one, Activity)
    }
    assert (True, ()) == (found.is_clean, asked(known, seen(busts=(strange,))).told)


@pytest.mark.parametrize(("execution", "told"), [("e1", 0), ("e11", 1)])
def test_bust_that_was_reversed_before_its_order_was_let_go_of_is_not_reversed_again(
    execution: str, told: int
) -> None:
    """A restart reads all busts again, and the venue does not know whose the fill was."""
    known, taken = held(), attrs.evolve(fill(3, "e1"), shares=(("trend", Decimal(3)),))
    for one in (taken, fill(3, "e11"), *reverse(taken, taken.at, {}, "error trade")):
        known.book(one)
    found = asked(known, seen(busts=(fill(3, execution, order_id=UUID(int=99)),)))

    assert told == len([one for one in found.told if isinstance(one, Activity) and one.symbol and one.units])


@pytest.mark.parametrize(
    ("kind", "is_booked"),
    [("deposit", True), ("fee", True), ("interest", True), ("dividend", False), ("split", False), ("capital", False)],
)
def test_activities_are_booked_unless_the_platform_books_them_itself(kind: str, is_booked: bool) -> None:
    one = activity("a1", kind=kind, cash=Decimal(5))
    found = asked(held(), seen(cash=NAV + 5, activities=(one,)))

    assert ((one,) if is_booked else (), Decimal(0 if is_booked else 5)) == (found.told, found.cash)


def owing(cash: str) -> Holdings:
    """Return holdings of a strategy to which a venue that pays later owes a dividend."""
    known = Holdings(pays_later=True)
    known.book(activity("start", cash=NAV, strategy="trend", kind=ActivityKind.CAPITAL))
    known.book(activity("own", cash=Decimal(cash), strategy="trend", kind=ActivityKind.DIVIDEND, symbol="SPY"))
    return known


@pytest.mark.parametrize("owed", ["500", "-500"])
def test_dividend_that_is_owed_is_no_difference_of_cash(owed: str) -> None:
    found = asked(owing(owed), seen(cash=NAV))

    assert (Decimal(0), False, True) == (found.cash, found.stops_increases, found.is_clean)


@pytest.mark.parametrize(
    ("paid", "difference"), [("500", "0"), ("499.991", "0"), ("499.99", "-0.01"), ("500.01", "0.01")]
)
def test_dividend_that_a_snapshot_tells_is_heard_and_explains_its_cash_to_the_cent(
    paid: str, difference: str
) -> None:
    one = activity("b1", kind="dividend", cash=Decimal(500), symbol="SPY")
    found = asked(owing("500"), seen(cash=NAV + Decimal(paid), activities=(one,)))

    assert ((one,), Decimal(difference)) == (found.told, found.cash)


def test_dividend_that_was_heard_is_not_told_again() -> None:
    one, known = activity("b1", kind="dividend", cash=Decimal(500), symbol="SPY"), owing("500")
    known.book(one)

    assert ((), Decimal(0)) == (
        asked(known, seen(cash=NAV + 500, activities=(one,))).told,
        asked(known, seen(cash=NAV + 500, activities=(one,))).cash,
    )


# ---- units and cash --------------------------------------------------------------------------------------


def looked(times: int, apart: float, positions: dict[str, int], *states: OrderState, **units: int) -> Reconciled:
    """Return what so many snapshots, so many seconds apart, lead to."""
    found, at = Reconciled(), LATER
    for _ in range(times):
        exactly = {symbol: Decimal(quantity) for symbol, quantity in positions.items()}
        found = asked(held(**units), seen(at, positions=exactly), *states, doubts=found.doubts)
        at += apart * SECOND
    return found


@pytest.mark.parametrize(
    ("times", "apart", "blocks"), [(2, 2.0, False), (3, 2.0, True), (9, 0.2, False), (3, 1.9, False)]
)
def test_units_that_differ_block_after_three_snapshots_two_seconds_apart(
    times: int, apart: float, blocks: bool
) -> None:
    found = looked(times, apart, {"SPY": 7}, state(Status.CANCELLED))

    assert ({"SPY"} if blocks else set(), "") == (set(found.blocked), found.freeze)
    assert (found.again_at is None) is blocks
    assert not found.is_clean


def test_units_that_nothing_explains_freeze() -> None:
    assert "nothing explains why the venue holds 7 more SPY than are booked" == looked(3, 2.0, {"SPY": 7}).freeze


@pytest.mark.parametrize(("units", "freezes"), [(10, False), (11, True), (-1, True)])
def test_units_within_what_an_order_had_left_are_explained(units: int, freezes: bool) -> None:
    assert freezes is bool(looked(3, 2.0, {"SPY": units}, state(Status.CANCELLED)).freeze)


THIRD = LATER + 4 * SECOND
"""When `looked` takes the third snapshot."""


@pytest.mark.parametrize(
    ("since", "freezes"), [(THIRD - RECENT, True), (THIRD - RECENT + timedelta(microseconds=1), False)]
)
def test_units_of_an_order_that_ended_a_day_ago_are_not_explained_by_it(since: datetime, freezes: bool) -> None:
    ended = attrs.evolve(state(Status.CANCELLED), since=since)

    assert freezes is bool(looked(3, 2.0, {"SPY": 10}, ended).freeze)


def test_units_of_a_stop_that_has_stood_for_days_are_explained_by_it() -> None:
    stop = OrderState(order=order(-10, Purpose.STOP), since=LATER - 9 * RECENT, status=Status.WORKING)
    doubts = {"SPY": Doubt(difference=Decimal(-10), seen=2, at=AT)}
    found = asked(held(SPY=10), seen(orders={ID: (Status.WORKING, Decimal(0))}), stop, doubts=doubts)

    assert ({"SPY"}, "") == (set(found.blocked), found.freeze)


@pytest.mark.parametrize("difference", [Decimal("0.5"), Decimal("-0.5")])
def test_units_of_less_than_one_are_explained_like_others(difference: Decimal) -> None:
    ended = OrderState(order=order(difference), since=AT, status=Status.CANCELLED)
    doubts = {"SPY": Doubt(difference=difference, seen=2, at=AT)}
    found = asked(held(SPY=10), seen(positions={"SPY": 10 + difference}), ended, doubts=doubts)

    assert ({"SPY"}, "") == (set(found.blocked), found.freeze)


@pytest.mark.parametrize("doubt", ["disputed", "doubted"])
def test_units_of_an_order_that_nobody_is_sure_of_are_explained_by_it_however_many(doubt: str) -> None:
    assert "" == looked(3, 2.0, {"SPY": 11}, attrs.evolve(state(Status.CANCELLED), **{doubt: True})).freeze


def test_units_of_two_symbols_freeze() -> None:
    other = OrderState(order=order(5, symbol="QQQ", id=UUID(int=8)), since=AT, status=Status.CANCELLED)
    found = looked(3, 2.0, {"SPY": 7, "QQQ": 5}, state(Status.CANCELLED), other)

    assert "the venue holds other units of QQQ, SPY than are booked" == found.freeze


def test_units_that_are_flat_at_the_venue_differ_too() -> None:
    assert {"SPY": Decimal(-7)} == {name: one.difference for name, one in looked(1, 2.0, {}, SPY=7).doubts.items()}


def test_difference_that_changes_is_counted_anew_and_one_that_goes_is_forgotten() -> None:
    doubts = {"SPY": Doubt(difference=Decimal(3), seen=2, at=AT), "QQQ": Doubt(difference=Decimal(1), seen=2, at=AT)}
    found = asked(held(), seen(positions={"SPY": Decimal(4)}), doubts=doubts)

    assert {"SPY": Doubt(difference=Decimal(4), seen=1, at=LATER)} == found.doubts


@pytest.mark.parametrize("status", [Status.SENT, Status.UNKNOWN, Status.WORKING])
def test_symbol_in_flight_is_not_compared_and_keeps_its_doubt(status: Status) -> None:
    doubts = {"SPY": Doubt(difference=Decimal(3), seen=2, at=AT)}
    orders = {ID: (Status.WORKING, Decimal(0))} if status is Status.WORKING else {}
    found = asked(
        held(), seen(positions={"SPY": Decimal(3), "QQQ": Decimal(1)}, orders=orders), state(status), doubts=doubts
    )

    assert (doubts["SPY"], 1) == (found.doubts["SPY"], found.doubts["QQQ"].seen)
    assert (None, None) == (found.cash, found.stops_increases)


def test_stop_that_rests_is_not_in_flight() -> None:
    stop = OrderState(order=order(-10, Purpose.STOP), since=AT, status=Status.WORKING)
    found = asked(held(SPY=10), seen(positions={"SPY": Decimal(10)}, orders={ID: (Status.WORKING, Decimal(0))}), stop)

    assert found.is_clean


def test_nothing_is_compared_when_something_was_booked_since_it_was_asked_for() -> None:
    found = asked(held(), seen(positions={"SPY": Decimal(7)}, cash=0), is_settled=False)

    assert ({}, None, False) == (found.doubts, found.cash, found.is_clean)
    assert LATER + 2 * SECOND == found.again_at


@pytest.mark.parametrize(
    ("cents", "difference", "stops"),
    [
        ("0.009", "0", False),
        ("0.01", "0.01", False),
        ("-0.01", "-0.01", False),
        ("100", "100", False),
        ("100.01", "100.01", True),
        ("-100.01", "-100.01", True),
    ],
)
def test_cash_alone_never_freezes_and_stops_increases_beyond_ten_basis_points(
    cents: str, difference: str, stops: bool
) -> None:
    found = asked(held(), seen(cash=NAV + Decimal(cents)))

    assert (Decimal(difference), stops, "", {}) == (found.cash, found.stops_increases, found.freeze, found.blocked)


def test_cash_that_is_missing_is_not_nothing() -> None:
    found = asked(held(), seen(cash=None))

    assert (None, None, False) == (found.cash, found.stops_increases, found.is_clean)


@given(st.lists(st.integers(1, 4), max_size=6), st.integers(0, 6))
def test_whatever_was_missed_one_snapshot_brings_the_ledger_level(parts: list[int], heard: int) -> None:
    """Fills in parts, some of which came: what the snapshot tells makes the next one clean."""
    fills = [fill(part, f"e{number}") for number, part in enumerate(parts)]
    known = held()
    now = OrderState(order=order(sum(parts) or 1), since=AT)
    now = play(said(Word.HANDED_OVER), start=now).state
    for one in fills[:heard]:
        step = play(News(word=Word.FILL, fill=one), start=now)
        now = step.state
        for booked in step.booked:
            known.book(booked)
    paid = sum((one.quantity * one.price + one.fee for one in fills), Decimal(0))
    snapshot = seen(
        cash=NAV - paid,
        positions={"SPY": Decimal(sum(parts))},
        fills=tuple(fills),
        orders={ID: (Status.FILLED if parts else Status.CANCELLED, Decimal(sum(parts)))},
    )
    found = asked(known, snapshot, now)
    for told in found.told:
        assert isinstance(told, Report)
        step = play(told.news, start=now)
        now = step.state
        for booked in step.booked:
            known.book(booked)

    assert found.is_clean
    assert ((), True) == (asked(known, snapshot, now).told, asked(known, snapshot, now).is_clean)
    assert all(not isinstance(one, Fill) for one in found.told)
