"""Every order of a day: its id, what it binds, which of them stand, and which are let go of."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from desk_harness import fill_of
from order_harness import SECOND
from tradewright.execute.news import News, Report, Word
from tradewright.execute.orders import client_id
from tradewright.execute.working import Intent, Working
from tradewright.values.order import Order, Purpose, Status
from venue_harness import AT

PLACE = ("trend", "SPY")
GROWS, SHRINKS = Intent(binds=1_000.0), Intent(reduces=True, binds=-50.0)


def working() -> Working:
    return Working("desk", "simulated")


def intend(orders: Working, quantity: Any = 10, intent: Intent | None = None, **changes: Any) -> Order:
    stop = changes.pop("stop", None)
    return orders.intend(
        changes.get("place", PLACE),
        Decimal(str(quantity)),
        changes.get("purpose", Purpose.TARGET if stop is None else Purpose.STOP),
        changes.get("decided_at", AT),
        changes.get("now", AT),
        stop=None if stop is None else Decimal(stop),
        limit=changes.get("limit"),
        intent=intent,
    )


def hear(orders: Working, order: Order, word: str, now: datetime = AT, **more: Any) -> Any:
    return orders.hear(Report(order.id, News(word=word, **more)), now)  # type: ignore[arg-type]  # it converts


def fill(orders: Working, order: Order, quantity: Any, now: datetime = AT) -> Any:
    return hear(orders, order, "fill", now, fill=fill_of(order, 100, quantity))


def is_blocked(orders: Working, symbol: str) -> bool:
    return any(state.blocks for state in orders.states.values() if state.order.symbol == symbol)


# ---- intents ---------------------------------------------------------------------------------------------


def test_intent_is_an_order_that_nobody_has_sent() -> None:
    orders = working()
    order = intend(orders, "-2.5", GROWS, limit=Decimal(99))
    state = orders.states[order.id]

    assert (Status.INTENDED, AT, order) == (state.status, state.since, state.order)
    assert ("simulated", "SPY", Decimal("-2.5"), Decimal(99), None) == (
        order.venue,
        order.symbol,
        order.quantity,
        order.limit,
        order.stop,
    )
    assert ((("trend", Decimal("-2.5")),), Purpose.TARGET, AT) == (order.shares, order.purpose, order.decided_at)
    assert GROWS == orders.intent(order.id)


def test_intent_of_which_nothing_is_known_binds_nothing() -> None:
    orders = working()

    assert Intent(waits=False, reduces=False, binds=0.0) == orders.intent(intend(orders).id)


def test_id_is_that_of_the_order_protocol_and_counts_what_is_alike() -> None:
    orders = working()
    expected = [client_id("desk", "simulated", ["trend"], "SPY", AT, Purpose.TARGET, n) for n in range(3)]

    assert expected == [intend(orders, quantity).id for quantity in (10, 5, 10)]


@pytest.mark.parametrize(
    "changes", [{"place": ("other", "SPY")}, {"place": ("trend", "QQQ")}, {"decided_at": AT + SECOND}, {"stop": 90}]
)
def test_id_of_another_intent_begins_to_count_anew(changes: dict[str, Any]) -> None:
    orders = working()
    intend(orders)
    other = intend(orders, **changes)

    assert other.id == intend(working(), **changes).id
    assert 2 == len(orders.states)


# ---- which of them stand ---------------------------------------------------------------------------------


def test_open_leaves_out_what_has_ended_and_stops() -> None:
    orders = working()
    ended, stands, _ = intend(orders), intend(orders), intend(orders, -10, stop=90)
    hear(orders, ended, "cancelled")

    assert [stands.id] == [state.order.id for state in orders.open()]


def test_open_of_a_strategy_leaves_out_those_of_others() -> None:
    orders = working()
    mine, other = intend(orders), intend(orders, place=("other", "QQQ"))

    assert [mine.id] == [state.order.id for state in orders.open("trend")]
    assert [mine.id, other.id] == [state.order.id for state in orders.open()]
    assert [] == [*orders.open("third")]


def test_unsettled_leaves_out_what_nobody_knows_of() -> None:
    orders = working()
    lost, stands = intend(orders), intend(orders)
    hear(orders, lost, "unanswered")

    assert [stands.id] == [state.order.id for state in orders.unsettled()]
    assert [lost.id, stands.id] == [state.order.id for state in orders.open("trend")]


@pytest.mark.parametrize(("word", "expected"), [("accepted", True), ("cancelled", False), ("unanswered", False)])
def test_reduction_is_awaited_until_it_has_ended_or_nobody_knows(word: str, expected: bool) -> None:
    orders = working()
    intend(orders, 10, GROWS)
    reduction = intend(orders, -10, SHRINKS)
    hear(orders, reduction, word)

    assert (expected, False) == (orders.is_reducing("trend"), orders.is_reducing("other"))


def test_increase_that_is_awaited_is_no_reduction() -> None:
    orders = working()
    intend(orders, 10, GROWS)

    assert not orders.is_reducing("trend")


@pytest.mark.parametrize(
    ("word", "expected"), [("accepted", True), ("cancelled", False), ("unanswered", False), ("refused", False)]
)
@pytest.mark.parametrize("intent", [GROWS, SHRINKS])
def test_order_is_on_its_way_until_it_has_ended_or_nobody_knows(intent: Intent, word: str, expected: bool) -> None:
    orders = working()
    hear(orders, intend(orders, 10, intent), word)

    assert (expected, False) == (orders.is_on_its_way("trend"), orders.is_on_its_way("other"))


def test_order_that_rests_at_its_limit_is_not_on_its_way() -> None:
    orders = working()
    hear(orders, intend(orders, 10, Intent(waits=True, binds=1_000.0)), "accepted")

    assert not orders.is_on_its_way("trend")
    assert 1_000.0 == orders.bound("trend")


@pytest.mark.parametrize(("word", "expected"), [("accepted", False), ("unanswered", True), ("cancelled", False)])
@pytest.mark.parametrize("stop", [None, 90])
def test_symbol_is_blocked_while_nobody_knows_of_an_order_of_it(stop: Any, word: str, expected: bool) -> None:
    orders = working()
    hear(orders, intend(orders, -10, stop=stop), word)
    intend(orders)

    assert (expected, False) == (is_blocked(orders, "SPY"), is_blocked(orders, "QQQ"))


@pytest.mark.parametrize(("filled", "expected"), [(9, False), (10, False), (11, True)])
def test_symbol_is_blocked_when_more_has_filled_than_was_ordered(filled: int, expected: bool) -> None:
    orders = working()
    fill(orders, intend(orders, 10), filled)

    assert expected is is_blocked(orders, "SPY")


# ---- what they bind --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("filled", "bound"), [(0, 1_000.0), (4, 600.0), (9, 100.0), (10, 0.0)])
def test_bound_is_the_part_that_has_not_filled(filled: int, bound: float) -> None:
    orders = working()
    order = intend(orders, 10, GROWS)
    if filled:
        fill(orders, order, filled)

    assert (bound, 0.0) == (orders.bound("trend"), orders.bound("other"))


def test_bound_of_a_short_counts_likewise() -> None:
    orders = working()
    fill(orders, intend(orders, -10, GROWS), -4)

    assert 600.0 == orders.bound("trend")


def test_bound_counts_what_nobody_knows_of_at_its_worse_outcome() -> None:
    orders = working()
    hear(orders, intend(orders, 10, GROWS), "unanswered")

    assert 1_000.0 == orders.bound("trend")


def test_bound_is_not_lowered_by_what_an_order_may_bring_in() -> None:
    orders = working()
    intend(orders, -10, SHRINKS)

    assert 0.0 == orders.bound("trend")


def test_bound_forgets_an_order_that_has_ended() -> None:
    orders = working()
    hear(orders, intend(orders, 10, GROWS), "cancelled")

    assert 0.0 == orders.bound("trend")


# ---- stops -----------------------------------------------------------------------------------------------


def test_guard_is_the_newest_stop_that_stands() -> None:
    orders = working()
    first = intend(orders, -10, stop=90)
    second = intend(orders, -10, stop=91)
    guard = orders.guard(PLACE)
    hear(orders, first, "cancelled")

    assert guard is not None
    assert (second.id, [PLACE]) == (guard.order.id, [*orders.guarded()])
    assert guard == orders.guard(PLACE)


def test_guard_that_has_ended_is_none() -> None:
    orders = working()
    assert None is orders.guard(PLACE)

    hear(orders, intend(orders, -10, stop=90), "cancelled")

    assert (None, [PLACE]) == (orders.guard(PLACE), [*orders.guarded()])


def test_guard_of_which_nobody_knows_is_one() -> None:
    orders = working()
    hear(orders, intend(orders, -10, stop=90), "unanswered")

    assert None is not orders.guard(PLACE)


# ---- news ------------------------------------------------------------------------------------------------


def test_hear_leads_one_order_on_and_keeps_it() -> None:
    orders = working()
    order, other = intend(orders), intend(orders)
    step = hear(orders, order, "accepted", AT + SECOND)

    assert (Status.WORKING, AT + SECOND) == (step.state.status, orders.states[order.id].since)
    assert Status.INTENDED is orders.states[other.id].status


def test_hear_of_an_order_that_nobody_intended_is_an_error() -> None:
    orders, stranger = working(), intend(working())

    with pytest.raises(KeyError):
        orders.hear(Report(stranger.id, News(word=Word.ACCEPTED)), AT)


def test_hear_a_fill_twice_books_it_once() -> None:
    orders = working()
    order = intend(orders)
    booked = [fill(orders, order, 4).booked for _ in range(2)]

    assert [1, 0] == [len(one) for one in booked]
    assert Decimal(6) == orders.states[order.id].left


# ---- what is let go of -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "kept"), [(-SECOND, 1), (timedelta(0), 1), (timedelta(microseconds=1), 0)])
def test_forget_lets_go_of_what_ended_before_an_instant(later: timedelta, kept: int) -> None:
    orders = working()
    order = intend(orders)
    hear(orders, order, "cancelled", AT)
    orders.forget_final(AT + later)

    assert kept == len(orders.states)


@pytest.mark.parametrize("word", ["accepted", "unanswered"])
def test_forget_keeps_what_stands_however_old(word: str) -> None:
    orders = working()
    order = intend(orders, 10, GROWS)
    hear(orders, order, word)
    orders.forget_final(AT + timedelta(days=400))

    assert ([order.id], 1_000.0) == ([*orders.states], orders.bound("trend"))


def test_forget_lets_go_of_a_stop_with_its_place() -> None:
    orders = working()
    hear(orders, intend(orders, -10, stop=90), "cancelled")
    intend(orders, -10, stop=90, place=("trend", "QQQ"))
    orders.forget_final(AT + SECOND)

    assert [("trend", "QQQ")] == [*orders.guarded()]


@pytest.mark.parametrize(("later", "number"), [(timedelta(0), 1), (SECOND, 0)])
def test_forget_counts_on_for_rows_that_are_not_older(later: timedelta, number: int) -> None:
    orders = working()
    hear(orders, intend(orders), "cancelled")
    orders.forget_final(AT + later)
    expected = client_id("desk", "simulated", ["trend"], "SPY", AT, Purpose.TARGET, number)

    assert expected == intend(orders).id


def test_forget_keeps_what_is_doubted_however_old() -> None:
    """Who waits for the venue to settle it still asks for it by its id."""
    orders = working()
    order = intend(orders)
    hear(orders, order, "cancelled")
    hear(orders, order, "found", status=Status.WORKING)
    assert orders.states[order.id].doubted
    orders.forget_final(AT + timedelta(days=9))

    assert order.id in orders.states


def test_settle_ends_the_dispute_of_a_symbols_orders_alone() -> None:
    orders = working()
    mine, other = intend(orders), intend(orders, place=("trend", "QQQ"))
    for order in (mine, other):
        hear(orders, order, "fill", fill=fill_of(order, 100, 11, name=f"{order.id} over"))
    settled = orders.settle("SPY")

    assert [mine.id] == [state.order.id for state in settled]
    assert [False, True] == [orders.states[order.id].disputed for order in (mine, other)]
