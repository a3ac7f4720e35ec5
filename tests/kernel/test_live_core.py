"""The agent, one event after the other: what it wants done, in which order, and what it never does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from desk_harness import Desk, drafts, fill_of, orders, quote, stops, words
from engine_harness import limits, mission, prices
from tradewright.engine.state import as_bytes
from tradewright.execute.news import News, Report, Word
from tradewright.execute.positions import reverse
from tradewright.execute.working import Working
from tradewright.ledger.entry import Kind
from tradewright.live.core import KEPT_DAYS
from tradewright.live.events import (
    Answered,
    Ask,
    BarOpened,
    Cancel,
    Commit,
    Decided,
    Fund,
    Prepare,
    Query,
    Quoted,
    Submit,
)
from tradewright.values.bars import Bars
from tradewright.values.order import Activity, ActivityKind, Purpose, Status

FLAT = prices([100.0] * 8, open=[100.0] * 8)
TWO = prices([[100.0, 50.0]] * 8, open=[[100.0, 50.0]] * 8)
WILD = prices([[100.0, 51.0], [101.0, 50.0]] * 30, open=[[100.0, 50.0]] * 60)
STOPPED = mission()
"""With the rule that gives each position a stop."""


def desk(folder: Path, bars: Bars = FLAT, **more: Any) -> Desk:
    return Desk(bars, folder, **more)


def invested(folder: Path, *weights: float, bars: Bars = FLAT, **more: Any) -> Desk:
    """Return a desk that holds what these weights buy, and has decided nothing else."""
    one = desk(folder, bars, **more)
    one.play(*weights)
    one.play(*weights)
    return one


def switching(folder: Path) -> Desk:
    """Return a desk that holds 100 of A0 and is about to hold 200 of A1 instead."""
    one = invested(folder, 1.0, 0.0, bars=TWO)
    assert [100.0, 0.0] == [one.held("A0"), one.held("A1")]
    one.play(0.0, 1.0)
    assert [-100.0, 200.0] == [one.order("A0"), one.order("A1")]
    one.open()
    return one


# ---- the start -------------------------------------------------------------------------------------------


def test_start_begins_the_ledger_and_funds_each_strategy(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO, capital=(7_500.0, 2_500.0))

    assert ["commit genesis session activity activity", "fund trend 7500", "fund other 2500"] == words(one.done)
    assert [Decimal(7_500), Decimal(2_500)] == [one.account.holdings.cash(name, "USD") for name in ("trend", "other")]
    assert {"ledger": "desk", "mode": "paper"}.items() <= drafts(one.done)[0].body.items()


def test_bar_without_a_decision_before_it_asks_for_nothing(rule_cache: Path) -> None:
    one = desk(rule_cache)

    assert ["commit action"] == words(one.open())
    assert [] == one.tell(Quoted({"A0": quote("A0", 100)})), "nobody wants a quote, and none is written"


# ---- a row from the opening to the decision --------------------------------------------------------------


def test_row_is_committed_then_prepared_then_decided(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.target[0, 0] = 0.5
    one.open()

    assert ["commit row", "prepare"] == words(one.arrive())
    assert ["commit decision", "decided"] == words(one.prepare())
    assert 50.0 == one.order()


def test_order_is_written_before_it_is_sent(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    actions = one.quote(A0=100)

    assert ["commit intent", "submit A0 50"] == words(actions)
    (draft,), (order,) = drafts(actions), orders(actions)
    assert (str(order.id), "50", "trend") == tuple(draft.body[key] for key in ("client_id", "quantity", "strategy"))
    assert (Purpose.TARGET, one.bars.closed_at[0]) == (
        order.purpose,
        np.datetime64(order.decided_at.replace(tzinfo=None), "ns"),
    )


def test_intent_precedes_the_submit_of_every_order_ever_sent(rule_cache: Path) -> None:
    one = desk(rule_cache, WILD, rules=STOPPED)
    for weights in 10 * [(0.3, 0.0), (0.1, 0.2), (0.0, 0.3), (0.0, 0.0), (0.2, 0.2)]:
        one.play(*weights)
    intended: set[str] = set()
    sent = 0
    for action in one.done:
        if isinstance(action, Commit):
            intended |= {str(draft.body["client_id"]) for draft in action.drafts if draft.kind is Kind.INTENT}
        if isinstance(action, Submit):
            assert str(action.order.id) in intended
            sent += 1

    assert sent >= 40


def test_order_without_a_quote_waits_for_one(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.2, 0.2)
    one.open()

    assert ["commit intent", "submit A1 40"] == words(one.quote(A1=50))
    assert ["commit intent", "submit A0 20"] == words(one.quote(A0=100))
    assert [] == one.quote(A0=100, A1=50), "each is asked once"


def test_order_that_the_gate_refuses_is_told_with_the_decision_and_not_sent(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.2, 0.2)
    one.open()
    actions = one.tell(Quoted({"A0": quote("A0", None), "A1": quote("A1", 1_000_000)}))
    one.arrive()
    body = drafts(one.prepare())[0].body

    assert ["commit quote"] == words(actions)
    assert [
        {"strategy": "trend", "symbol": "A0", "reason": "quote", "by": ""},
        {"strategy": "trend", "symbol": "A1", "reason": "checks", "by": "buying-power"},
    ] == body["refused"]


def test_order_that_a_check_cut_says_by_whom(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(1.0)
    one.open()
    actions = one.quote(A0=125)

    assert ["commit intent", "submit A0 80"] == words(actions)
    assert ["buying-power"] == drafts(actions)[0].body["cut_by"]


# ---- reductions and increases ----------------------------------------------------------------------------


def test_increase_waits_until_the_reduction_is_final(rule_cache: Path) -> None:
    one = switching(rule_cache)
    actions = one.quote(A0=100, A1=50)
    (sale,) = orders(actions)
    assert ["commit intent", "submit A0 -100"] == words(actions)

    assert ["commit order"] == words(one.say(sale, "accepted"))
    assert ["commit fill"] == words(one.fill(sale, 100, -99))
    assert ["commit fill", "commit intent", "submit A1 200"] == words(one.fill(sale, 100, -1))


def test_increase_waits_for_the_reduction_whether_it_needs_its_cash_or_not(rule_cache: Path) -> None:
    one = invested(rule_cache, 0.2, 0.0, bars=TWO)
    one.play(0.0, 0.2)
    one.open()
    (sale,) = orders(one.quote(A0=100, A1=50))

    assert Decimal(-20) == sale.quantity
    assert ["commit fill", "commit intent", "submit A1 40"] == words(one.fill(sale, 100))


def test_increase_gets_the_cash_that_the_reduction_has_brought(rule_cache: Path) -> None:
    one = switching(rule_cache)
    (sale,) = orders(one.quote(A0=100, A1=50))
    one.fill(sale, 100, -40)
    (increase,) = orders(one.say(sale, "cancelled"))

    assert Decimal(80) == increase.quantity


@pytest.mark.parametrize("word", ["cancelled", "expired", "refused"])
def test_increase_goes_when_the_reduction_has_ended_however(word: str, rule_cache: Path) -> None:
    one = switching(rule_cache)
    (sale,) = orders(one.quote(A0=100, A1=50))
    actions = one.say(sale, word)

    assert "commit order" == words(actions)[0]
    assert [] == orders(actions), "nothing was sold, so there is no cash"
    assert 0.0 == one.order("A1"), "it was asked, and refused"


def test_increase_of_one_strategy_does_not_wait_for_the_reduction_of_another(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO, capital=(5_000.0, 5_000.0))
    one.target[:, 0, 0] = 1.0
    one.play()
    one.play()
    one.target[2:] = [[0.0, 0.0], [0.0, 1.0]]
    one.play()
    one.open()

    assert ["commit intent intent", "submit A0 -50", "submit A1 100"] == words(one.quote(A0=100, A1=50))


def test_second_increase_gets_what_the_first_has_not_bound(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.75, 0.25)
    one.open()

    (first,) = orders(one.quote(A0=112, A1=50))

    assert Decimal(75) == first.quantity
    assert ["commit order"] == words(one.say(first, "accepted"))
    assert ["commit fill", "commit intent", "submit A1 32"] == words(one.fill(first, 112))


def test_second_increase_that_cash_pays_for_does_not_wait_for_the_first(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.75, 0.25)
    one.open()

    assert ["commit intent intent", "submit A0 75", "submit A1 50"] == words(one.quote(A0=100, A1=50))


def test_second_increase_whose_turn_never_came_is_void_with_its_row(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.75, 0.25)
    one.open()
    (first,) = orders(one.quote(A0=112, A1=50))
    one.arrive()
    one.prepare()
    actions = one.fill(first, 112)
    late = {"strategy": "trend", "symbol": "A1", "reason": "late", "by": ""}

    assert ["commit fill", "commit decision", "decided"] == words(actions)
    assert [late] == drafts(actions)[-1].body["refused"]
    assert 1 == int(one.walk.state.run[0].expired)


def test_quote_is_written_before_the_order_that_follows_it(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.2, 0.0)
    one.open()
    actions = one.tell(Quoted({"A0": quote("A0", 99, 101), "A1": quote("A1", 50)}))

    assert ["commit quote", "commit intent", "submit A0 20"] == words(actions)
    assert {"A0": [Decimal(99), Decimal(101)]} == drafts(actions)[0].body, "of what nobody wants, nothing is written"


def test_reduction_is_asked_before_increases_whatever_their_columns(rule_cache: Path) -> None:
    one = invested(rule_cache, 0.0, 1.0, bars=TWO)
    one.play(1.0, 0.0)
    one.open()

    assert ["submit A1 -200"] == words(one.quote(A0=100, A1=50))[1:]


# ---- news of orders --------------------------------------------------------------------------------------


def test_fill_is_written_before_anything_that_depends_on_it(rule_cache: Path) -> None:
    one = switching(rule_cache)
    (sale,) = orders(one.quote(A0=100, A1=50))
    one.arrive()
    one.prepare()
    actions = one.fill(sale, 100)
    kinds = [str(draft.kind) for draft in drafts(actions)]

    assert "commit fill" == words(actions)[0]
    assert kinds.index("fill") < kinds.index("decision")


def test_fill_that_is_reported_twice_changes_nothing(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.fill(order, 100, 20, "e1")
    before, cash = as_bytes(one.walk.state), one.account.holdings.cash("trend", "USD")

    assert [] == one.fill(order, 100, 20, "e1")
    assert (before, cash) == (as_bytes(one.walk.state), one.account.holdings.cash("trend", "USD"))
    assert (20.0, Decimal(30)) == (one.held(), one.state(order).left)


def test_fills_of_one_order_add_up(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    held = []
    for number in (20, 29, 1):
        one.fill(order, 100, number)
        held.append(one.held())

    assert [20.0, 49.0, 50.0] == held
    assert Status.FILLED is one.state(order).status


def test_venue_that_is_silent_is_asked_and_does_not_hold_the_bar_up(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    actions = one.say(order, "unanswered", reason="504")

    assert ["commit order", "query"] == words(actions)
    assert [order.id] == [action.id for action in actions if isinstance(action, Query)]
    assert ["commit row", "prepare"] == words(one.arrive()), "nobody cancels what may not be there"
    assert ["commit decision", "decided"] == words(one.prepare())
    assert Status.UNKNOWN is one.state(order).status


def test_venue_that_is_silent_of_the_last_order_lets_the_bar_close(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.arrive()

    assert [] == one.prepare()
    assert ["commit order", "query", "commit decision", "decided"] == words(one.say(order, "unanswered"))


def test_order_that_nobody_knows_of_goes_on_binding_its_cash(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.75, 0.0)
    one.open()
    (order,) = orders(one.quote(A0=100, A1=50))
    one.say(order, "unanswered")
    one.target[1, 0] = [0.75, 0.75]
    one.arrive()
    one.prepare()
    one.open()

    assert 2_500 == sum(float(one.quantity) * 50 for one in orders(one.quote(A1=50)))


def silent(folder: Path) -> tuple[Desk, Any]:
    """Return a desk that plans orders of A0 and A1, after a first one of A0 of which nobody knows."""
    one = desk(folder, TWO)
    one.play(0.2, 0.0)
    one.open()
    (order,) = orders(one.quote(A0=100, A1=50))
    one.say(order, "unanswered")
    one.target[1:, 0] = [0.2, 0.2]
    one.arrive()
    one.prepare()
    one.open()
    assert [20.0, 40.0] == [one.order("A0"), one.order("A1")]
    return one, order


def test_asset_of_an_order_that_nobody_knows_of_takes_no_other(rule_cache: Path) -> None:
    """It may have filled: the next one would double what was wanted."""
    one, _ = silent(rule_cache)

    assert ["commit intent", "submit A1 40"] == words(one.quote(A0=100, A1=50))
    one.fill(one.agent.working.states[[*one.agent.working.states][-1]].order, 50)
    one.arrive()
    (refused,) = drafts(one.prepare())[-1].body["refused"]
    assert {"strategy": "trend", "symbol": "A0", "reason": "blocked", "by": ""} == refused


@pytest.mark.parametrize("filled", [0, 20])
def test_asset_is_free_again_when_the_venue_has_said_how_its_order_ended(filled: int, rule_cache: Path) -> None:
    one, order = silent(rule_cache)
    if filled:
        one.fill(order, 100, filled)
    one.say(order, "found", status=Status.FILLED if filled else Status.CANCELLED)
    (sent,) = orders(one.quote(A0=100))

    assert Decimal(20) == sent.quantity


def test_asset_of_an_order_that_filled_too_much_takes_no_other(rule_cache: Path) -> None:
    """What it is that is held, a person has to say."""
    one = desk(rule_cache)
    one.play(0.2)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.fill(order, 100, 25)
    one.target[1:] = 0.5
    one.arrive()
    one.prepare()
    one.open()

    assert [] == orders(one.quote(A0=100))


def test_bar_that_waits_for_an_order_closes_with_its_last_news(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.say(order, "accepted")
    actions = one.arrive()

    assert ["commit row", "cancel", "prepare"] == words(actions)
    assert [order.id] == [action.id for action in actions if isinstance(action, Cancel)]
    assert [] == one.prepare()
    assert ["commit order", "commit decision", "decided"] == words(one.say(order, "cancelled"))


def test_bar_whose_row_is_not_prepared_waits_for_it_whatever_the_orders_do(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.arrive()

    assert ["commit fill"] == words(one.fill(order, 100))
    assert ["commit decision", "decided"] == words(one.prepare())


def test_late_fill_belongs_to_the_next_row(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.say(order, "unanswered")
    one.target[1:, 0] = 0.5
    one.arrive()
    before = one.prepare()[-1]

    assert ["commit fill", "query"] == words(one.fill(order, 100, 20))
    assert (20.0, 1, 0) == (one.held(), one.bar, sum(len(news.fills) for news in decided(before).news))
    one.open()
    one.arrive()
    after = one.prepare()[-1]
    assert [20.0] == [quantity for news in decided(after).news for quantity in news.fills.quantity]
    assert 30.0 == one.order()


def decided(action: Any) -> Decided:
    assert isinstance(action, Decided)
    return action


def test_reduction_that_ends_after_the_row_lets_no_increase_go(rule_cache: Path) -> None:
    """The quotes are those of a bar that is over: what was planned for it is void."""
    one = switching(rule_cache)
    (sale,) = orders(one.quote(A0=100, A1=50))
    one.arrive()
    actions = one.fill(sale, 100)

    assert ["commit fill"] == words(actions)
    decision = one.prepare()
    assert ["commit decision", "decided"] == words(decision)
    late = {"strategy": "trend", "symbol": "A1", "reason": "late", "by": ""}
    assert [late] == drafts(decision)[0].body["refused"]


def test_order_that_had_no_quote_is_void_with_its_row_and_no_refusal(rule_cache: Path) -> None:
    one = desk(rule_cache, TWO)
    one.play(0.2, 0.2)
    one.open()
    (order,) = orders(one.quote(A1=50))
    one.fill(order, 50)
    one.arrive()

    assert [] == one.quote(A0=100)
    assert "refused" not in drafts(one.prepare())[-1].body


def test_reduction_of_which_nobody_knows_lets_increases_go(rule_cache: Path) -> None:
    """It may never end, and what it brings is not counted on."""
    one = switching(rule_cache)
    (sale,) = orders(one.quote(A0=100, A1=50))

    assert ["commit order", "query"] == words(one.say(sale, "unanswered"))
    assert [] == orders(one.quote(A0=100, A1=50))


def test_fill_that_is_taken_back_is_reversed_with_the_row(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    booked = fill_of(order, 100, 20, "e1", one.now)
    one.tell(Report(order.id, News(word=Word.FILL, fill=booked)))
    booked = attrs.evolve(booked, shares=[("trend", booked.quantity)])
    undone = reverse(booked, one.now, {})
    actions = one.tell(Report(order.id, News(word=Word.BUST, fill=booked, reversal=undone, reason="erroneous")))

    assert ["commit order activity"] == words(actions)
    assert (Decimal(0), Decimal(10_000)) == (
        one.account.holdings.quantity("trend", "A0"),
        one.account.holdings.cash("trend", "USD"),
    )
    one.say(order, "cancelled")
    one.arrive()
    one.prepare()
    assert (0.0, 10_000.0) == (one.held(), one.walk.state.rows[0].cash)


# ---- counters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit_offset", "filled", "expected"),
    [(0.0, 49, (1, 0)), (0.0, 0, (1, 0)), (-0.01, 0, (0, 1)), (-0.01, 1, (1, 0))],
)
def test_order_that_ends_before_all_filled_is_counted_for_what_it_lacked(
    limit_offset: float, filled: int, expected: tuple[int, int], rule_cache: Path
) -> None:
    one = desk(rule_cache, limit_offset=limit_offset)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    if filled:
        one.fill(order, 99, filled)
    one.say(order, "cancelled")
    run = one.walk.state.run[0]

    assert expected == (int(run.participation_cuts), int(run.expired))


def test_order_that_has_filled_whole_is_not_counted(rule_cache: Path) -> None:
    one = invested(rule_cache, 0.5)
    run = one.walk.state.run[0]

    assert (0, 0) == (int(run.participation_cuts), int(run.expired))


def test_order_at_the_close_whose_limit_is_not_met_expires_with_the_bar(rule_cache: Path) -> None:
    one = desk(rule_cache, at_close=True, limit_offset=-0.01)
    one.play(0.5)
    one.open()
    refused = one.quote(A0=100)
    one.arrive()
    one.prepare()

    assert ([], 1) == (refused, int(one.walk.state.run[0].expired))


def test_order_at_the_close_whose_limit_is_met_goes(rule_cache: Path) -> None:
    one = desk(rule_cache, at_close=True, limit_offset=-0.01)
    one.play(0.5)
    one.open()

    assert [Decimal(99)] == [order.limit for order in orders(one.quote(A0=99))]


# ---- stops -----------------------------------------------------------------------------------------------


def test_stop_of_an_entry_is_sent_with_the_decision_for_the_whole_position(rule_cache: Path) -> None:
    one = desk(rule_cache, prices([100.0, 101.0] * 30, open=[100.0] * 60), rules=STOPPED)
    actions = one.play(0.3)
    while not stops(actions):
        actions = one.play(0.3)
    (stop,) = stops(actions)

    assert ["commit intent", f"submit stop A0 {float(stop.quantity):g}", "decided"] == words(actions)[-3:]
    assert -one.order() == float(stop.quantity)


def stopping(folder: Path) -> tuple[Desk, Any]:
    """Return a desk that holds A0 behind a stop, with an order planned, in a bar that has opened."""
    one = desk(folder, prices([100.0, 101.0] * 30, open=[100.0] * 60), rules=STOPPED)
    sent: list[Any] = []
    while one.held() == 0.0 or not sent:
        sent = stops(one.play(0.3)) or sent
    one.play(0.1)
    one.open()
    guard = one.agent.working.guard(("trend", "A0"))
    assert guard is not None
    return one, guard.order


def test_stop_that_has_fired_voids_the_order_that_was_planned(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    assert one.order() < 0.0
    one.fill(stop, stop.stop)

    assert (0.0, 0.0) == (one.held(), one.order())
    assert [] == one.quote(A0=100)
    assert 0 == int(one.walk.state.run[0].participation_cuts)


def test_stop_that_has_filled_in_part_voids_the_order_and_is_counted(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    one.fill(stop, stop.stop, -1)

    assert [] == one.quote(A0=100)
    assert (1, 0.0) == (int(one.walk.state.run[0].participation_cuts), one.order())


def test_stop_that_has_not_fired_voids_nothing(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    one.say(stop, "accepted")

    assert 1 == len(orders(one.quote(A0=100)))


def test_stop_does_not_hold_the_bar_up_and_is_not_cancelled_with_leftovers(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    actions = one.arrive()

    assert stop.id not in [action.id for action in actions if isinstance(action, Cancel)]
    assert "decided" == words(one.prepare())[-1]


# ---- optimizers that are asked in turn -------------------------------------------------------------------


def test_optimizer_is_asked_between_close_and_decision(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.asked[:] = True
    one.open()
    one.arrive()
    (ask,) = one.prepare()

    assert isinstance(ask, Ask)
    assert (0, [0.0]) == (ask.book, ask.held.tolist())
    assert ["commit decision", "decided"] == words(one.tell(Answered(0, np.array([0.5]))))
    assert 50.0 == one.order()


def test_optimizer_is_told_what_its_book_holds_at_the_close(rule_cache: Path) -> None:
    one = invested(rule_cache, 0.5)
    one.asked[2] = True
    one.open()
    one.arrive()
    (ask,) = one.prepare()

    assert isinstance(ask, Ask)
    assert [0.5] == ask.held.tolist()


@pytest.mark.parametrize("first", [0, 1])
def test_decision_waits_for_the_last_answer_in_whatever_order(first: int, rule_cache: Path) -> None:
    one = desk(rule_cache, TWO, capital=(5_000.0, 5_000.0))
    one.asked[:] = True
    one.open()
    one.arrive()

    assert ["ask 0", "ask 1"] == words(one.prepare())
    assert [] == one.tell(Answered(first, np.array([0.2, 0.0])))
    assert "decided" == words(one.tell(Answered(1 - first, np.array([0.0, 0.2]))))[-1]


def test_bar_that_waits_for_an_answer_is_closed_once(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.asked[1] = True
    one.open()
    (order,) = orders(one.quote(A0=100))
    one.say(order, "unanswered")
    one.arrive()

    assert ["ask 0"] == words(one.prepare())
    assert ["commit fill", "query"] == words(one.fill(order, 100, 20))


# ---- capital ---------------------------------------------------------------------------------------------


def test_grant_is_booked_written_and_funded_by_share(rule_cache: Path) -> None:
    bars = prices([[100.0, 50.0], [100.0, 50.0], [150.0, 50.0]], open=[[100.0, 50.0]] * 3)
    steps = {"capital_total": 12_000.0, "capital_step": 2_000.0, "capital_step_return": 0.125}
    one = desk(rule_cache, bars, capital=(7_500.0, 2_500.0), **steps)
    for _ in range(2):
        one.play(1.0, 0.0)
    actions = one.play(1.0, 0.0)

    assert ["commit activity activity", "fund trend 1500", "fund other 500"] == words(actions)[2:5]
    kinds = [draft.kind for draft in drafts(actions)]
    assert (1, Kind.DECISION) == (kinds.count(Kind.CAPITAL), kinds[-1])
    assert [1_500.0, 500.0] == [action.cash for action in actions if isinstance(action, Fund)]
    assert [1_500.0, 3_000.0] == one.walk.state.rows.cash[:2].tolist()
    assert [Decimal(1_500), Decimal(3_000)] == [one.account.holdings.cash(name, "USD") for name in ("trend", "other")]


def test_grant_of_one_session_is_booked_once(rule_cache: Path) -> None:
    bars = prices([100.0, 100.0, 150.0, 150.0], open=[100.0] * 4)
    one = desk(rule_cache, bars, capital_total=20_000.0, capital_step=2_000.0)
    granted = [sum(isinstance(action, Fund) for action in one.play(1.0)) for _ in range(4)]

    assert [0, 0, 1, 0] == granted


# ---- corporate actions and activities --------------------------------------------------------------------


def test_dividend_of_the_opening_is_booked_and_written_before_orders_go(rule_cache: Path) -> None:
    bars = prices([100.0] * 4, open=[100.0] * 4)
    fields = {name: getattr(bars, name) for name in ("opened_at", "closed_at", "session", "close", "traded")}
    paid = Bars(
        instruments=bars.instruments,
        split=np.ones((4, 1)),
        dividend=[[0.0], [0.0], [2.0], [0.0]],
        open=bars.open,
        high=bars.high,
        low=bars.low,
        **fields,
    )
    one = desk(rule_cache, paid, has_actions=True)
    one.play(0.5)
    one.play(0.5)

    assert ["commit action activity"] == words(one.open())
    assert Decimal(5_100) == one.account.holdings.cash("trend", "USD")
    assert 5_100.0 == one.walk.state.rows[0].cash


def test_activity_of_the_venue_is_booked_once_and_part_of_the_close(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.open()
    posted = Activity(
        venue="simulated",
        id="interest 1",
        kind=ActivityKind.INTEREST,
        strategy="trend",
        cash=Decimal("2.5"),
        currency="USD",
        at=one.now,
    )

    assert ["commit activity"] == words(one.tell(posted))
    assert [] == one.tell(posted)
    one.arrive()
    one.prepare()
    assert (10_002.5, 2.5) == (one.walk.state.rows[0].cash, one.walk.state.rows[0].interest)


# ---- what must hold for any day --------------------------------------------------------------------------


def day(folder: Path) -> Desk:
    """Return a desk after a day in which much goes wrong."""
    one = switching(folder)
    (sale,) = orders(one.quote(A0=100, A1=50))
    one.say(sale, "accepted")
    one.fill(sale, 100, -60, "e1")
    one.fill(sale, 100, -60, "e1")
    (increase,) = orders(one.say(sale, "cancelled"))
    one.say(increase, "unanswered")
    one.arrive()
    one.prepare()
    one.fill(increase, 50, 10)
    one.say(increase, "cancelled")
    one.play(0.0, 0.5)
    return one


def test_agent_that_is_told_the_same_wants_the_same(rule_cache: Path) -> None:
    first, second = day(rule_cache), day(rule_cache)

    assert words(first.done) == words(second.done)
    assert drafts(first.done) == drafts(second.done)
    assert as_bytes(first.walk.state) == as_bytes(second.walk.state)


def test_account_and_state_agree_after_a_day_in_which_much_goes_wrong(rule_cache: Path) -> None:
    one = day(rule_cache)
    exactly = [float(one.account.holdings.cash("trend", "USD")), one.held("A0"), one.held("A1")]

    assert exactly == [one.walk.state.rows[0].cash, *one.walk.state.positions.quantity[0]]


def test_rows_that_were_let_go_of_are_counted_from_the_next(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(1.0)
    one.open()
    (order,) = orders(one.quote(A0=125))
    one.fill(order, 125)
    one.arrive()
    one.prepare()
    one.open()
    one.arrive()
    cut = one.walk.state.counters[one.walk.state.counters.bars > 0]
    assert [1] == cut.first.tolist()
    one.bars, one.target, one.made, one.asked = (
        one.bars.between(2, 8),
        *(array[2:] for array in (one.target, one.made, one.asked)),
    )
    one.walk.bar -= 2  # Which bar it is: the harness reads it.
    actions = one.prepare(dropped=2)

    assert "decided" == words(actions)[-1]
    assert (0, 0) == (one.bar, int(one.walk.state.run[0].closed))
    assert [-1] == one.walk.state.counters[one.walk.state.counters.bars > 0].first.tolist()


@pytest.mark.parametrize(("days", "kept"), [(KEPT_DAYS, 1), (KEPT_DAYS + 1, 0)])
def test_orders_that_have_ended_are_kept_for_some_days(days: int, kept: int, rule_cache: Path) -> None:
    one = invested(rule_cache, 0.5)
    (state,) = one.agent.working.states.values()
    one.open()
    one.arrive()
    one.now = state.since + timedelta(days=days, seconds=-1)  # The next event comes a second later.
    one.prepare()

    assert kept == len(one.agent.working.states)


def test_event_of_no_kind_is_an_error(rule_cache: Path) -> None:
    with pytest.raises(KeyError):
        desk(rule_cache).tell(Prepare(FLAT))  # type: ignore[arg-type]  # that is the point


def test_halt_is_written_before_the_decision_that_it_shaped(rule_cache: Path) -> None:
    bars = prices([100.0, 100.0, 60.0, 60.0], open=[100.0, 100.0, 100.0, 60.0])
    one = desk(rule_cache, bars, rules=limits(drawdown=0.25))
    one.play(1.0)
    one.play(1.0)
    actions = one.play(1.0)

    assert [Kind.ROW, Kind.HALT, Kind.DECISION] == [one.kind for one in drafts(actions) if one.kind is not Kind.FILL]
    assert -100.0 == one.order()


def test_agent_begins_with_no_order_and_a_row_of_its_own(rule_cache: Path) -> None:
    one = desk(rule_cache)

    assert isinstance(one.agent.working, Working)
    assert {} == one.agent.working.states
    assert [] == [action for action in one.done if isinstance(action, Submit | BarOpened)]
