"""Every row of the table of orders, by name, and what holds for any news in any order."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_harness import AT, ID, SECOND, fill, filled, found, order, play, said, standing
from tradewright.execute.news import Demand, News, Word
from tradewright.execute.orders import NEXT, Draft, Step, advance, read_news
from tradewright.execute.positions import reverse
from tradewright.execute.state import GRACE, OrderState
from tradewright.values.order import EXTERNAL, FINAL, SAID, Fill, Purpose, Reason, Status
from tradewright.values.plain import from_plain

SETTLED = FINAL - {Status.DEAD}
OPEN = set(Status) - FINAL


def hear(status: Status, news: News) -> Step:
    """Return what one piece of news makes of an order that stands somewhere."""
    state, now = standing(status)
    return advance(state, news, now + SECOND)


# ---- the rows --------------------------------------------------------------------------------------------


def test_intended_when_handed_over_is_sent() -> None:
    step = hear(Status.INTENDED, said(Word.HANDED_OVER))

    assert (Status.SENT, frozenset()) == (step.state.status, step.demands)


@pytest.mark.parametrize("status", [Status.INTENDED, Status.SENT])
def test_on_its_way_when_found_so_at_start_is_unknown_and_queried(status: Status) -> None:
    step = hear(status, said(Word.FOUND_AT_START))

    assert (Status.UNKNOWN, {Demand.QUERY, Demand.BLOCK}) == (step.state.status, step.demands)


@pytest.mark.parametrize("word", [Word.ACCEPTED, Word.DUPLICATE])
@pytest.mark.parametrize("status", [Status.INTENDED, Status.SENT, Status.UNKNOWN])
def test_sent_when_accepted_or_its_id_is_taken_is_working(status: Status, word: Word) -> None:
    step = hear(status, said(word))

    assert (Status.WORKING, frozenset()) == (step.state.status, step.demands)


def test_sent_when_refused_is_rejected_with_the_reason() -> None:
    step = hear(Status.SENT, News(word=Word.REFUSED, reason="insufficient buying power"))

    assert (Status.REJECTED, "insufficient buying power") == (step.state.status, step.state.reason)
    assert frozenset() == step.demands


@pytest.mark.parametrize("reason", ["timeout", "429", "503", "malformed", "cut"])
def test_sent_when_unanswered_is_unknown_and_queried(reason: str) -> None:
    step = hear(Status.SENT, News(word=Word.UNANSWERED, reason=reason))

    assert (Status.UNKNOWN, reason) == (step.state.status, step.state.reason)
    assert {Demand.QUERY, Demand.BLOCK} == step.demands
    assert step.state.blocks


@pytest.mark.parametrize("status", sorted(SAID))
def test_unknown_when_found_stands_where_the_venue_says(status: Status) -> None:
    assert status is hear(Status.UNKNOWN, found(status, 0)).state.status


def test_unknown_when_a_second_attempt_is_refused_stays_unknown() -> None:
    step = hear(Status.UNKNOWN, News(word=Word.REFUSED, reason="attempt 2"))

    assert (Status.UNKNOWN, {Demand.QUERY}) == (step.state.status, step.demands)


@pytest.mark.parametrize(
    ("expected", "first", "apart"),
    [
        (Status.DEAD, GRACE, 5 * SECOND),
        (Status.DEAD, GRACE + SECOND, 3600 * SECOND),
        (Status.UNKNOWN, GRACE, timedelta(seconds=4.999999)),
        (Status.UNKNOWN, GRACE - timedelta(microseconds=1), 5 * SECOND),
    ],
)
def test_unknown_when_absent_twice_after_grace_and_apart_is_dead(
    expected: Status, first: timedelta, apart: timedelta
) -> None:
    state, now = standing(Status.UNKNOWN)
    once = advance(state, said(Word.ABSENT), now + first)
    twice = advance(once.state, said(Word.ABSENT), now + first + apart)

    assert (Status.UNKNOWN, {Demand.QUERY}) == (once.state.status, once.demands)
    assert expected is twice.state.status
    assert (expected is Status.UNKNOWN) == (Demand.QUERY in twice.demands)


@pytest.mark.parametrize(("seconds", "absences"), [(59.999, 0), (60.0, 1)])
def test_unknown_when_absent_counts_from_a_minute_unless_told_otherwise(seconds: float, absences: int) -> None:
    state, now = standing(Status.UNKNOWN)

    assert absences == len(advance(state, said(Word.ABSENT), now + seconds * SECOND).state.absences)


def test_unknown_when_absent_a_third_time_in_time_is_dead() -> None:
    """What comes too soon after another does not count, and does not push the next one away either."""
    state, now = standing(Status.UNKNOWN)
    for later in (GRACE, GRACE + 4 * SECOND, GRACE + 5 * SECOND):
        state = advance(state, said(Word.ABSENT), now + later).state

    assert Status.DEAD is state.status


def test_unknown_when_the_grace_is_longer_waits_for_it() -> None:
    state, now = standing(Status.UNKNOWN)
    for later in (GRACE, 2 * GRACE):
        state = advance(state, said(Word.ABSENT), now + later, grace=3 * GRACE).state

    assert Status.UNKNOWN is state.status
    assert now + 3 * GRACE == state.counts_from(3 * GRACE)


def test_unknown_when_it_fills_in_part_is_asked_for_and_forgets_absences() -> None:
    state, now = standing(Status.UNKNOWN)
    absent = advance(state, said(Word.ABSENT), now + GRACE).state
    step = advance(absent, filled(4), now + GRACE + SECOND)

    assert (1, 0) == (len(absent.absences), len(step.state.absences))
    assert (Status.UNKNOWN, {Demand.QUERY}) == (step.state.status, step.demands)


@pytest.mark.parametrize("status", [Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.WORKING])
def test_open_when_its_fills_reach_the_quantity_is_filled(status: Status) -> None:
    state, now = standing(status)
    part = advance(state, filled(Decimal("9.999"), "a"), now).state
    whole = advance(part, filled(Decimal("0.001"), "b"), now).state

    assert part.status in OPEN
    assert (Status.FILLED, Decimal(10), Decimal(0)) == (whole.status, whole.filled, whole.left)


@pytest.mark.parametrize("status", [Status.INTENDED, Status.SENT])
def test_on_its_way_when_it_fills_in_part_is_working(status: Status) -> None:
    assert Status.WORKING is hear(status, filled(4)).state.status


def test_working_when_a_cancel_is_unanswered_stays_and_is_queried() -> None:
    step = hear(Status.WORKING, said(Word.CANCEL_UNANSWERED))

    assert (Status.WORKING, {Demand.QUERY}) == (step.state.status, step.demands)
    assert ["cancel-unanswered"] == [draft.body["word"] for draft in step.drafts]


@pytest.mark.parametrize(("word", "expected"), [(Word.CANCELLED, "CANCELLED"), (Word.EXPIRED, "EXPIRED")])
@pytest.mark.parametrize("status", sorted(OPEN))
def test_open_when_it_ends_keeps_what_filled(status: Status, word: Word, expected: str) -> None:
    state, now = standing(status)
    step = play(filled(4), News(word=word, filled=Decimal(4)), start=state, at=now)

    assert (Status[expected], Decimal(4), Decimal(6)) == (step.state.status, step.state.filled, step.state.left)
    assert frozenset() == step.demands


@pytest.mark.parametrize("word", [Word.MISSING, Word.ABSENT])
def test_working_when_absent_from_what_the_venue_says_is_unknown_never_cancelled(word: Word) -> None:
    step = hear(Status.WORKING, said(word))

    assert (Status.UNKNOWN, {Demand.QUERY, Demand.BLOCK}) == (step.state.status, step.demands)
    assert () == step.state.absences


@pytest.mark.parametrize("word", [Word.MISSING, Word.ABSENT])
@pytest.mark.parametrize("status", sorted({Status.INTENDED, Status.SENT} | FINAL))
def test_others_when_absent_from_what_the_venue_says_stay(status: Status, word: Word) -> None:
    step = hear(status, said(word))

    assert (standing(status)[0], []) == (step.state, step.drafts)


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_final_when_it_fills_is_booked_and_stays(status: Status) -> None:
    state, now = standing(status)
    step = advance(state, filled(2, "late"), now + SECOND)

    assert (status, state.filled + 2) == (step.state.status, step.state.filled)
    assert ["fill"] == [draft.kind for draft in step.drafts]
    assert (status in {Status.FILLED, Status.REJECTED}) == (Demand.BLOCK in step.demands)


def test_fills_when_more_than_ordered_are_booked_and_block() -> None:
    step = play(said(Word.ACCEPTED), filled(6, "a"), filled(7, "b"))

    assert (Status.FILLED, Decimal(13)) == (step.state.status, step.state.filled)
    assert (Demand.BLOCK in step.demands, step.state.blocks) == (True, True)
    assert (("trend", Decimal(4)), (EXTERNAL, Decimal(3))) == step.booked[0].shares  # type: ignore[union-attr]  # a fill


def test_fills_when_exactly_as_ordered_do_not_block() -> None:
    assert not play(filled(6, "a"), filled(4, "b")).state.blocks


@pytest.mark.parametrize("changes", [{"quantity": Decimal(-1)}, {"symbol": "QQQ"}])
def test_fill_when_it_cannot_be_the_orders_own_is_nobodys_and_blocks(changes: dict[str, object]) -> None:
    one = attrs.evolve(fill(1), shares=[(EXTERNAL, changes.get("quantity", Decimal(1)))], **changes)
    step = play(said(Word.ACCEPTED), News(word=Word.FILL, fill=one))

    assert (Status.WORKING, Decimal(0), True) == (step.state.status, step.state.filled, step.state.disputed)
    assert ((EXTERNAL, one.quantity),) == step.booked[0].shares  # type: ignore[union-attr]  # a fill


PROOFS = [Word.ACCEPTED, Word.DUPLICATE, Word.FOUND, Word.FILL, Word.CANCELLED, Word.EXPIRED]


@pytest.mark.parametrize("word", PROOFS)
def test_dead_when_the_venue_knows_it_is_adopted_and_freezes(word: Word) -> None:
    step = hear(Status.DEAD, said(word))

    expected = {Word.CANCELLED: Status.CANCELLED, Word.EXPIRED: Status.EXPIRED}.get(word, Status.WORKING)
    assert expected is step.state.status
    assert {Demand.FREEZE, Demand.QUERY} <= step.demands


@pytest.mark.parametrize("status", sorted(SAID))
def test_dead_when_found_stands_where_the_venue_says(status: Status) -> None:
    step = hear(Status.DEAD, found(status))

    assert (status, True) == (step.state.status, Demand.FREEZE in step.demands)


@pytest.mark.parametrize("word", sorted(set(Word) - set(PROOFS) - {Word.BUST}))
def test_dead_when_nobody_knows_it_stays_dead(word: Word) -> None:
    step = hear(Status.DEAD, said(word))

    assert (Status.DEAD, frozenset()) == (step.state.status, step.demands)


def test_dead_when_a_fill_from_before_comes_again_stays_dead() -> None:
    state, now = standing(Status.WORKING)
    state = play(filled(4), said(Word.MISSING), start=state, at=now).state
    for later in (GRACE, GRACE + 5 * SECOND):
        state = advance(state, said(Word.ABSENT), now + later).state
    step = advance(state, filled(4), now + 2 * GRACE)

    assert Status.DEAD is state.status
    assert (state, [], frozenset()) == step[:3]


@pytest.mark.parametrize("status", sorted(Status))
def test_any_when_a_fill_is_taken_back_reverses_it_once(status: Status) -> None:
    state, now = standing(status)
    booked = advance(state, filled(2, "wrong"), now)
    undone = reverse(booked.booked[0], now, {})  # type: ignore[arg-type]  # a fill
    news = News(word=Word.BUST, fill=booked.booked[0], reversal=undone, reason="erroneous")  # type: ignore[arg-type]  # as above
    step = advance(booked.state, news, now + SECOND)

    assert (state.filled, booked.state.status) == (step.state.filled, step.state.status)
    assert undone == step.booked
    assert ["order", "activity", "activity"] == [draft.kind for draft in step.drafts]
    assert ((), []) == ((again := advance(step.state, news, now)).booked, again.drafts)


def test_bust_when_its_fill_never_came_keeps_it_from_being_booked() -> None:
    one = fill(2)
    step = play(said(Word.ACCEPTED), News(word=Word.BUST, fill=one, reversal=reverse(one, AT, {})), filled(2))

    assert ((), Decimal(0)) == (step.booked, step.state.filled)


# ---- what the table leaves open --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED, Status.REJECTED])
def test_final_when_the_venue_speaks_of_it_as_alive_stays_blocks_and_is_queried(status: Status) -> None:
    step = hear(status, found(Status.WORKING))
    settled = advance(step.state, found(status), AT + GRACE)

    assert (status, {Demand.BLOCK, Demand.QUERY}) == (step.state.status, step.demands)
    assert (True, False) == (step.state.blocks, settled.state.blocks)


@pytest.mark.parametrize("word", [Word.ACCEPTED, Word.DUPLICATE])
@pytest.mark.parametrize("status", sorted(SETTLED))
def test_final_when_an_acknowledgement_is_late_asks_only_after_a_refusal(status: Status, word: Word) -> None:
    step = hear(status, said(word))

    assert (status, status is Status.REJECTED) == (step.state.status, Demand.QUERY in step.demands)


def test_found_when_the_venue_counts_more_than_came_asks_for_fills() -> None:
    step = play(said(Word.ACCEPTED), filled(2), found(Status.CANCELLED, 5))
    after = play(filled(3, "e2"), start=step.state)

    assert (Status.CANCELLED, Decimal(3), {Demand.FILLS}) == (step.state.status, step.state.missing, step.demands)
    assert Decimal(0) == after.state.missing


def test_found_when_filled_without_a_count_misses_all_that_has_not_come() -> None:
    step = play(said(Word.ACCEPTED), filled(2), found(Status.FILLED))

    assert (Status.FILLED, Decimal(8), {Demand.FILLS}) == (step.state.status, step.state.missing, step.demands)


def test_found_when_an_older_count_comes_late_keeps_the_larger() -> None:
    sold = OrderState(order=order(-10), since=AT)

    assert Decimal(-6) == play(found(Status.WORKING, -6), found(Status.WORKING, -2), start=sold).state.said


def test_state_when_final_or_unknown_says_so() -> None:
    states = [standing(status)[0] for status in Status]

    assert set(FINAL) == {state.status for state in states if state.is_final}
    assert {Status.UNKNOWN} == {state.status for state in states if state.blocks}


def test_handed_over_when_it_is_not_intended_any_more_changes_nothing() -> None:
    for status in set(Status) - {Status.INTENDED}:
        assert (standing(status)[0], []) == hear(status, said(Word.HANDED_OVER))[:2]


def test_found_when_the_count_has_the_other_sign_is_refused() -> None:
    with pytest.raises(ValueError, match="filled must have the sign of the order's quantity, 10, was -1"):
        play(found(Status.WORKING, -1))


@pytest.mark.parametrize("changes", [{"order_id": None}, {"order_id": order(id=ID).id, "venue": "other"}])
def test_fill_when_of_another_order_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fill must be of order .*, was of"):
        play(filled(1, **changes))


@pytest.mark.parametrize(
    ("purpose", "reason"), [(Purpose.TARGET, Reason.ORDER), (Purpose.EXIT, Reason.EXIT), (Purpose.STOP, Reason.STOP)]
)
def test_fill_when_booked_says_what_it_came_from_and_whose_it_is(purpose: Purpose, reason: Reason) -> None:
    shared = order(purpose=purpose, shares=[("a", Decimal(4)), ("b", Decimal(6))])
    (booked,) = play(filled(5), start=OrderState(order=shared, since=AT)).booked

    assert isinstance(booked, Fill)
    assert (reason, (("a", Decimal(2)), ("b", Decimal(3)))) == (booked.reason, booked.shares)


@pytest.mark.parametrize(
    "fields",
    [
        {"word": "found"},
        {"word": "found", "status": Status.DEAD},
        {"word": "accepted", "status": Status.WORKING},
        {"word": "fill"},
        {"word": "accepted", "fill": fill(1)},
        {"word": "fill", "fill": fill(1), "filled": Decimal(1)},
        {"word": "accepted", "filled": Decimal("NaN")},
    ],
)
def test_news_when_it_lacks_what_its_word_needs_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        News(**fields)  # type: ignore[arg-type]  # what is refused


def test_drafts_when_written_are_plain_and_say_what_was_heard() -> None:
    step = play(found(Status.WORKING, 3))

    assert [
        Draft(
            "order",
            {
                "id": str(ID),
                "word": "found",
                "found": "working",
                "filled": "3",
                "at": "2026-03-02T21:00:00.000000Z",
                "reason": "",
                "status": "working",
            },
        )
    ] == step.drafts
    assert json.dumps([draft.body for draft in play(filled(Decimal("2.50"))).drafts])


def test_news_when_nothing_is_new_writes_nothing() -> None:
    step = play(filled(3), found(Status.WORKING, 3), found(Status.WORKING, 3))

    assert ([], frozenset()) == (step.drafts, step.demands)


# ---- any news in any order -------------------------------------------------------------------------------

EXECUTIONS = [fill(quantity, f"x{i}") for i, quantity in enumerate((1, 2, 3, 4, 5))]
NEWS = st.one_of(
    st.sampled_from(sorted(set(Word) - {Word.FOUND, Word.FILL, Word.BUST})).map(said),
    st.builds(found, st.sampled_from(sorted(SAID)), st.none() | st.integers(0, 10)),
    st.sampled_from(EXECUTIONS).map(lambda one: News(word=Word.FILL, fill=one)),
    st.sampled_from(EXECUTIONS).map(lambda one: News(word=Word.BUST, fill=one, reversal=reverse(one, AT, {}))),
)
HEARD = st.lists(st.tuples(NEWS, st.sampled_from([0, 1, 5, 60, 3600])), max_size=25)


@given(HEARD)
def test_order_when_it_hears_anything_keeps_its_promises(heard: list[tuple[News, int]]) -> None:
    state, now = OrderState(order=order(), since=AT), AT
    reported: dict[str, Decimal] = {}
    for news, later in heard:
        now += later * SECOND
        step = advance(state, news, now)
        after = step.state
        if news.word is Word.FILL and news.fill is not None:
            reported[news.fill.execution_id] = news.fill.quantity

        assert 0 <= after.filled <= sum(reported.values())
        assert after.status in {state.status} or state.status not in SETTLED
        assert after.status is not Status.INTENDED or state.status is Status.INTENDED
        assert (after == state and not step.booked) or step.drafts
        assert state.status is not Status.DEAD or after.status is Status.DEAD or Demand.FREEZE in step.demands
        assert after.status is not Status.UNKNOWN or after.blocks
        assert after.filled <= 10 or after.disputed
        assert all(isinstance(one, Fill) == (news.word is Word.FILL) for one in step.booked)
        assert {"order", "fill", "activity"} >= {draft.kind for draft in step.drafts}
        state = after


@given(HEARD)
def test_drafts_when_played_again_lead_to_the_same_order(heard: list[tuple[News, int]]) -> None:
    """What the ledger keeps is enough: news that is not written changed nothing."""
    start = state = again = OrderState(order=order(), since=AT)
    now = AT
    for news, later in heard:
        now += later * SECOND
        step = advance(state, news, now)
        state = step.state
        for draft in step.drafts:
            if draft.kind == "fill":
                again = advance(again, News(word=Word.FILL, fill=from_plain(Fill, draft.body)), now).state
            elif draft.kind == "order":
                again = advance(again, read_news(draft.body, news.fill, step.booked), now).state  # type: ignore[arg-type]  # activities

    assert state == again
    assert start == OrderState(order=order(), since=AT)


@given(st.permutations(EXECUTIONS[:4]), st.lists(st.sampled_from(EXECUTIONS[:4])))
def test_fills_when_in_any_order_and_repeated_lead_to_one_state(first: list[Fill], again: list[Fill]) -> None:
    state = play(*(News(word=Word.FILL, fill=one) for one in (*first, *again))).state

    assert play(*(News(word=Word.FILL, fill=one) for one in EXECUTIONS[:4])).state == state
    assert (Status.FILLED, Decimal(10)) == (state.status, state.filled)


def test_table_when_read_names_every_word_and_leads_back_to_no_intent() -> None:
    leads = set(itertools.chain.from_iterable(row.values() for row in NEXT.values()))

    assert set(Word) == set(NEXT)
    assert Status.INTENDED not in leads
    assert [Word.HANDED_OVER] == [word for word, row in NEXT.items() if Status.SENT in row.values()]
    assert not any(status in row for row in NEXT.values() for status in SETTLED)
    assert {"query", "fills", "block", "freeze"} == set(Demand)
