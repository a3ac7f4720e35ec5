"""What the agent sends when, and what it makes of the venue's news of orders; `test_live_core_stops.py` has stops."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from desk_harness import (
    TWO,
    Desk,
    desk,
    drafts,
    fill_of,
    invested,
    orders,
    quote,
    switching,
    words,
)
from tradewright.engine.state import as_bytes
from tradewright.execute.news import News, Report, Word
from tradewright.execute.positions import reverse
from tradewright.live.events import (
    Cancel,
    Decided,
    Query,
    Quoted,
)
from tradewright.values.order import Status

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

    assert ["commit order", "query", "commit alert"] == words(actions)
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
    said = words(one.say(order, "unanswered"))
    assert ["commit order", "query", "commit alert", "commit decision", "decided"] == said


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
    assert [0.0, 40.0] == [one.order("A0"), one.order("A1")], "what is not known is frozen"
    return one, order


def test_asset_of_an_order_that_nobody_knows_of_takes_no_other(rule_cache: Path) -> None:
    """It may have filled: the next one would double what was wanted."""
    one, _ = silent(rule_cache)

    assert ["commit intent", "submit A1 40"] == words(one.quote(A0=100, A1=50))
    one.fill(one.agent.working.states[[*one.agent.working.states][-1]].order, 50)
    one.arrive()
    one.prepare()
    assert 0.0 == one.order("A0"), "nor is one planned"


@pytest.mark.parametrize("filled", [0, 20])
def test_asset_is_free_again_when_the_venue_has_said_how_its_order_ended(filled: int, rule_cache: Path) -> None:
    one, order = silent(rule_cache)
    if filled:
        one.fill(order, 100, filled)
    one.say(order, "found", status=Status.FILLED if filled else Status.CANCELLED)
    one.arrive()
    one.prepare()

    assert 20.0 - filled == one.order("A0"), "what was wanted still is"


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

    assert ["commit fill"] == words(one.fill(order, 100, 20)), "it was asked for a moment ago"
    assert (20.0, 1, 0) == (one.held(), one.bar, sum(len(news.fills) for news in decided(before).news))
    one.open()
    one.arrive()
    after = one.prepare()[-1]
    assert [20.0] == [quantity for news in decided(after).news for quantity in news.fills.quantity]
    assert 0.0 == one.order(), "what has become of the rest is not known"


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

    assert ["commit order", "query", "commit alert"] == words(one.say(sale, "unanswered"))
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
