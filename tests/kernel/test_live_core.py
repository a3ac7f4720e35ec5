"""The agent, one event after the other: what it wants done, in which order, and what it never does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from desk_harness import (
    FLAT,
    STOPPED,
    TWO,
    WILD,
    Desk,
    desk,
    drafts,
    invested,
    orders,
    quote,
    switching,
    words,
)
from engine_harness import limits, prices
from tradewright.engine.state import as_bytes
from tradewright.execute.working import Working
from tradewright.ledger.entry import Kind
from tradewright.live.events import (
    Answered,
    Ask,
    BarOpened,
    Commit,
    Fund,
    Prepare,
    Quoted,
    Submit,
)
from tradewright.values.bars import Bars
from tradewright.values.order import Activity, ActivityKind, Purpose

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
        {
            "strategy": "trend",
            "symbol": "A1",
            "reason": "checks",
            "by": "buying-power",
            "cuts": [["buying-power", 40.0, 0.0]],
        },
    ] == body["refused"]


def test_order_that_a_check_cut_says_by_whom(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(1.0)
    one.open()
    actions = one.quote(A0=125)

    assert ["commit intent", "submit A0 80"] == words(actions)
    assert [["buying-power", 100.0, 80.0]] == drafts(actions)[0].body["cuts"]


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
    assert [] == one.fill(order, 100, 20), "it belongs to the next row"
    held = one.held()
    said = words(one.tell(Answered(0, np.array([0.5]))))
    assert ("commit decision", "commit fill") == (said[0], said[said.index("decided") + 1])
    assert (0.0, 20.0) == (held, one.held())


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


@pytest.mark.parametrize(("days", "kept"), [(5, 1), (6, 0)])
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
