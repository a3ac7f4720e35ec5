"""The way to a simulated venue: how every call ends, with no fault and with one that always strikes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from engine_harness import prices
from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.faults import FAULTS, Dice, swarm
from tradewright.execute.news import News, Report, Word
from tradewright.execute.wire import TIMEOUT, Heard, Wire
from tradewright.values.order import Activity, Fill, Status
from tradewright.values.snapshot import Snapshot
from venue_harness import AT, Stall, asked

SECOND = timedelta(seconds=1)
PROMPT = SECOND
"""Longer than an answer takes on a good day."""
ANSWERED = Contact(outcome=Outcome.ANSWERED)
ONE = UUID(int=1)
BARS = prices([100.0] * 3, open=[100.0] * 3)


def wire(*faults: str) -> Wire:
    """Return a way to a venue whose row has its prices, on which these faults always strike."""
    return Wire(Stall(BARS, cash=10_000.0).begin().venue, Dice(dict.fromkeys(faults, 1.0), Random(1)))


def heard(way: Wire, until: datetime = AT + PROMPT) -> list[Heard]:
    """Return what comes out of it by an instant."""
    found: list[Heard] = []
    while way.next_at is not None and way.next_at <= until:
        found += way.play(way.next_at)
    return found


def words(found: list[Heard]) -> list[Word]:
    return [one.news.word for one in found if isinstance(one, Report)]


def contacts(found: list[Heard]) -> list[Contact]:
    return [one for one in found if isinstance(one, Contact)]


# ---- without a fault -------------------------------------------------------------------------------------


def test_submit_is_answered_and_the_order_fills_at_the_venue() -> None:
    way = wire()
    way.submit(asked(1, 10), AT)
    found = heard(way)

    assert [ANSWERED] == contacts(found)
    assert {Word.ACCEPTED, Word.FILL} == set(words(found))
    assert Decimal(10) == way.venue.positions()["A0"]


def test_query_is_answered_with_where_the_order_stands() -> None:
    way = wire()
    way.query(ONE, AT)
    found = heard(way)

    assert [ANSWERED] == contacts(found)
    assert [Report(ONE, News(word=Word.ABSENT))] == [one for one in found if isinstance(one, Report)]


def test_look_is_answered_with_the_account_as_of_when_it_was_asked_for() -> None:
    way = wire()
    way.look(AT, AT)
    found = heard(way)

    assert [ANSWERED] == contacts(found)
    assert [AT] == [one.at for one in found if isinstance(one, Snapshot)]


def test_cancel_ends_the_order() -> None:
    way = wire()
    way.submit(asked(1, 10, limit=90.0), AT)
    way.cancel(ONE, AT + PROMPT)

    assert [Word.ACCEPTED, Word.CANCELLED] == words(heard(way, AT + 2 * PROMPT))
    assert [] == way.venue.standing()


# ---- a venue that is away --------------------------------------------------------------------------------


def away() -> Wire:
    """Return the way to a venue that has just gone, of which no other fault makes anything."""
    way = wire("F22")
    way.submit(asked(1, 10, limit=90.0), AT - PROMPT)
    heard(way, AT)
    way.happen(AT)
    assert [] == heard(way)
    return way


def test_venue_that_goes_away_forgets_what_rests_and_tells_nobody() -> None:
    way = away()

    assert [] == way.venue.standing()
    assert Status.CANCELLED is way.venue.snapshot(AT, AT).orders[ONE][0]


def test_venue_that_is_away_answers_nothing() -> None:
    way = away()
    way.submit(asked(2, 10), AT)
    way.cancel(ONE, AT)
    way.query(ONE, AT)
    way.look(AT, AT)
    found = heard(way, AT + TIMEOUT)

    assert [Outcome.FAILED] * 4 == [one.outcome for one in contacts(found)]
    assert {Word.UNANSWERED, Word.CANCEL_UNANSWERED} == set(words(found))
    assert (1, False) == (found.count(None), way.venue.knows(UUID(int=2)))


def test_venue_that_was_away_answers_after_five_minutes_or_once_faults_rest() -> None:
    late, healed = away(), away()
    healed.dice.is_healed = True
    late.query(ONE, AT + 301 * SECOND)
    healed.query(ONE, AT)

    assert [ANSWERED] == contacts(heard(late, AT + 302 * SECOND)) == contacts(heard(healed))


# ---- other faults, each alone ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [("F14", Outcome.LIMITED, "429"), ("F15", Outcome.FORBIDDEN, "403"), ("F17", Outcome.FAILED, "504")],
)
def test_submit_that_is_not_taken_is_said_to_be_at_once(fault: str, outcome: Outcome, reason: str) -> None:
    way = wire(fault)
    way.submit(asked(1, 10), AT)
    found = heard(way)

    assert [outcome] == [one.outcome for one in contacts(found)]
    assert News(word=Word.UNANSWERED, reason=reason) in [one.news for one in found if isinstance(one, Report)]


def test_answer_that_is_lost_is_a_timeout_though_the_order_has_arrived() -> None:
    way = wire("F5")
    way.submit(asked(1, 10, limit=90.0), AT)

    assert [] == heard(way, AT + TIMEOUT - SECOND)
    assert way.venue.knows(ONE)
    assert [Word.UNANSWERED] == words(heard(way, AT + TIMEOUT))


def test_report_that_is_lost_is_one_of_the_stream_and_no_answer() -> None:
    way = wire("F10")
    way.submit(asked(1, 10), AT)
    way.query(ONE, AT + PROMPT)

    assert [Word.FOUND] == words(heard(way, AT + 2 * PROMPT))


def test_stream_that_is_cut_is_told_some_times_within_seconds() -> None:
    way = wire("F19")
    way.happen(AT)
    found = heard(way, AT + 16 * SECOND)

    assert {Contact(outcome=Outcome.CUT)} == set(contacts(found))
    assert 2 <= len(found) <= 8


def test_stream_that_is_silent_tells_nothing_for_a_while() -> None:
    way = wire("F18")
    way.happen(AT)
    way.submit(asked(1, 10), AT)
    way.submit(asked(2, 10), AT + 180 * SECOND)

    assert [ANSWERED] == heard(way)
    assert {Word.ACCEPTED, Word.FILL} == set(words(heard(way, AT + 181 * SECOND)))


@pytest.mark.parametrize(("fault", "cash"), [("F30", {Decimal(-3)}), ("F50", {Decimal(50), Decimal(-50)})])
def test_money_that_somebody_moves_is_what_is_told(fault: str, cash: set[Decimal]) -> None:
    way, moved = wire(fault), set()
    for hour in range(20):
        before, now = way.venue.money(), AT + timedelta(hours=2 * hour)
        way.happen(now)
        if change := way.venue.money() - before:
            way.venue.tell_owed(now + timedelta(hours=1))
            way.collect(now + timedelta(hours=1))
            told = heard(way, now + timedelta(hours=1, seconds=1))
            assert [change] == [one.cash for one in told if isinstance(one, Activity)]
            moved.add(change)

    assert cash == moved


def test_somebody_trades_by_hand_what_the_agent_has_traded_and_moves_money_all_the_same() -> None:
    way, told = wire("F50"), list[Heard]()
    way.dice.is_healed = True
    way.submit(asked(1, 10), AT)
    heard(way)
    way.venue.close(AT)
    way.dice.is_healed = False
    for hour in range(1, 21):
        way.happen(AT + timedelta(hours=hour))
        way.collect(AT + timedelta(hours=hour))
        told += heard(way, AT + timedelta(hours=hour, seconds=1))

    assert {Decimal(1)} == {one.quantity for one in told if isinstance(one, Fill)}
    assert {Decimal(50), Decimal(-50)} == {one.cash for one in told if isinstance(one, Activity)}


def test_faults_strike_in_a_part_of_their_occasions_and_each_seed_scales_it() -> None:
    rates = [swarm(Random(seed)) for seed in range(100)]

    assert all(0.0 < fault.rate <= 1.0 for fault in FAULTS.values())
    for name, fault in FAULTS.items():
        scales = {min(1.0, fault.rate * scale) for scale in (0.5, 1.0, 2.0)}
        assert scales == {chosen[name] for chosen in rates if name in chosen}
