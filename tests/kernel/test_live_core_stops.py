"""What the agent does about stops that stand at its venue: when they are sent, fire, vanish, are placed again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk_harness import STOPPED, Desk, desk, orders, stops, words
from engine_harness import prices
from tradewright.execute.budget import Budget, Contact, Outcome
from tradewright.execute.news import News, Report, Word
from tradewright.live.events import Cancel, Tick


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

    assert ["cancel"] == words(one.quote(A0=100)), "the stop has to be gone before its units are sold"
    (sale,) = orders(one.say(stop, "cancelled"))
    assert sale.quantity < 0


def test_stop_does_not_hold_the_bar_up_and_is_not_cancelled_with_leftovers(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    actions = one.arrive()

    assert stop.id not in [action.id for action in actions if isinstance(action, Cancel)]
    assert "decided" == words(one.prepare())[-1]


@pytest.mark.parametrize("closes", [False, True])
def test_stop_that_is_gone_while_nothing_may_be_sent_is_placed_again_by_the_next_tick(
    closes: bool, rule_cache: Path
) -> None:
    one, stop = stopping(rule_cache)
    one.agent.watch.budget = Budget(closed_until=one.now + timedelta(days=1))
    assert [] == stops(one.say(stop, "cancelled"))
    if closes:
        one.arrive()
        one.prepare()
    assert [] == stops(one.tell(Tick()))
    one.agent.watch.budget = Budget()

    assert [(stop.symbol, Decimal(-1))] == [
        (again.symbol, again.quantity.compare(0)) for again in stops(one.tell(Tick()))
    ]


@pytest.mark.parametrize(("word", "again"), [("cancelled", True), ("expired", True), ("refused", False)])
def test_stop_that_ends_without_firing_is_placed_again_at_once_unless_it_was_refused(
    word: str, again: bool, rule_cache: Path
) -> None:
    one, stop = stopping(rule_cache)

    assert again is bool(stops(one.tell(Report(stop.id, News(word=Word(word))))))


def test_stop_takes_a_token_while_the_breaker_lets_no_new_risk_go(rule_cache: Path) -> None:
    one, stop = stopping(rule_cache)
    one.agent.watch.budget = Budget(size=100.0, per_second=1e-9)
    for _ in range(3):
        one.tell(Contact(outcome=Outcome.FAILED))
    before = one.agent.watch.budget.orders.tokens

    assert 1 == len(stops(one.say(stop, "cancelled")))
    assert before - 1.0 == pytest.approx(one.agent.watch.budget.orders.tokens)
