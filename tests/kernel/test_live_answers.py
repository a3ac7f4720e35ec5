"""What an executor says or raises, as the agent is told of it: each outcome of each call."""

from __future__ import annotations

import asyncio
import ssl
from decimal import Decimal
from json import JSONDecodeError
from uuid import UUID

import attrs
import pytest
from executor_script import NAME, NOW, WORKING, accepted, fill, snapshot
from tradewright import Activity, ActivityKind, Forbidden, Gap, Limited, News, Refused, Report, Status, Word
from tradewright.execute.budget import Contact, Outcome
from tradewright.host.awaiting import Raised
from tradewright.live.answers import (
    REASON_MAX,
    STREAM,
    WORDS,
    Call,
    NotAnAnswerError,
    of_call,
    of_look,
    of_order,
    of_stream,
    whole,
)
from tradewright.live.events import SnapshotTaken


def words(events: list[object]) -> list[str]:
    return [str(one.news.word if isinstance(one, Report) else one.outcome) for one in events]


UNKNOWN = [
    TimeoutError("slow"),
    ConnectionResetError("reset by peer"),
    JSONDecodeError("not json", "<html>", 0),
    ssl.SSLError("handshake"),
    KeyError("id"),
    ValueError("503"),
    RuntimeError(),
    MemoryError(),
    SystemExit(1),
    GeneratorExit(),
    asyncio.CancelledError(),
    BaseExceptionGroup("several", [SystemExit()]),
]


@pytest.mark.parametrize("error", UNKNOWN, ids=lambda error: type(error).__name__)
def test_whatever_else_is_raised_leaves_an_order_unknown(error: BaseException) -> None:
    """A timeout is no refusal, and nothing that a library raises is one."""
    assert ["failed", "unanswered"] == words(of_call(Call.SUBMIT, NAME, Raised(error)))
    assert ["failed", "cancel-unanswered"] == words(of_call(Call.CANCEL, NAME, Raised(error)))
    assert ["failed"] == words(of_call(Call.QUERY, NAME, Raised(error)))
    contact, taken = of_look(Raised(error))
    assert (Outcome.FAILED, None) == (contact.outcome, taken.seen)


def test_refusal_alone_kills_an_order() -> None:
    contact, report = of_call(Call.SUBMIT, NAME, Raised(Refused("insufficient funds")))

    assert Contact(outcome=Outcome.ANSWERED) == contact
    assert Report(NAME, News(word=Word.REFUSED, reason="insufficient funds")) == report


def test_refusal_of_a_cancel_says_nothing_of_its_order() -> None:
    assert ["answered", "cancel-unanswered"] == words(of_call(Call.CANCEL, NAME, Raised(Refused("too late"))))


@pytest.mark.parametrize("call", [Call.QUERY, None])
def test_refusal_of_a_question_is_a_failure(call: Call | None) -> None:
    said = Raised(Refused("no such page"))
    events = of_look(said) if call is None else of_call(call, NAME, said)

    assert Contact(outcome=Outcome.FAILED, reason="no such page") == events[0]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (None, None),
        (0, 0.0),
        (2.5, 2.5),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        ("60", None),
        (True, None),
    ],
)
def test_limit_is_told_with_its_time_where_it_is_one(said: object, heard: float | None) -> None:
    contact, report = of_call(Call.SUBMIT, NAME, Raised(Limited(said, "429")))

    assert Contact(outcome=Outcome.LIMITED, retry_after=heard, reason="429") == contact
    assert Report(NAME, News(word=Word.UNANSWERED, reason="429")) == report


@pytest.mark.parametrize("call", Call)
def test_who_is_not_let_in_is_told_so_by_every_call(call: Call) -> None:
    assert Outcome.FORBIDDEN is of_call(call, NAME, Raised(Forbidden("401")))[0].outcome
    assert Outcome.FORBIDDEN is of_look(Raised(Forbidden("401")))[0].outcome


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("word", Word)
def test_answer_is_believed_where_a_venue_can_give_it(call: Call, word: Word) -> None:
    news = WORKING if word is Word.FOUND else News(word=word, fill=fill() if word in {Word.FILL, Word.BUST} else None)

    if word in WORDS[call]:
        report = of_order(call, NAME, Report(NAME, news))
        assert [Contact(outcome=Outcome.ANSWERED), Report(NAME, news)] == of_call(call, NAME, report)
    else:
        with pytest.raises(NotAnAnswerError, match=f"returned {word} to {call}"):
            of_order(call, NAME, Report(NAME, news))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (None, "NoneType"),
        ("accepted", "str"),
        ({"status": "accepted"}, "dict"),
        (accepted(UUID(int=2)), "accepted"),
        (Report(NAME, None), "Report"),
        (Report("1", News(word="accepted")), "accepted"),
    ],
)
def test_what_is_no_answer_to_a_submit_is_refused(said: object, found: str) -> None:
    with pytest.raises(NotAnAnswerError, match=f"returned {found} to submit"):
        of_order(Call.SUBMIT, NAME, said)


def test_reason_is_one_short_line_whatever_the_text_is() -> None:
    class Silent(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise SystemExit

    loud = of_call(Call.SUBMIT, NAME, Raised(ValueError("x\n\x1b[2J" * 200)))[0].reason

    assert loud.isprintable()
    assert REASON_MAX == len(loud)
    assert "Silent" == of_call(Call.SUBMIT, NAME, Raised(Silent()))[0].reason


# ---- snapshots -----------------------------------------------------------------------------------------------


def test_snapshot_has_our_name_of_the_venue_and_our_clock() -> None:
    fee = Activity(venue="theirs", id="1", kind=ActivityKind.FEE, cash=Decimal(-1), currency="USD", at=NOW)

    seen = whole(snapshot(activities=(fee,), busts=(fill(2),)), "home", NOW)

    assert NOW == seen.at
    assert {"home"} == {one.venue for one in (*seen.fills, *seen.activities, *seen.busts)}
    assert [Contact(outcome=Outcome.ANSWERED), SnapshotTaken(seen)] == of_look(seen)


@pytest.mark.parametrize(
    "said", [None, {}, snapshot(fills=("fill",)), snapshot(activities=(fill(),)), snapshot(busts=(1,))]
)
def test_snapshot_that_is_not_whole_is_refused(said: object) -> None:
    with pytest.raises(NotAnAnswerError):
        whole(said, "home", NOW)


# ---- the stream ----------------------------------------------------------------------------------------------


def test_fill_of_an_order_of_ours_is_news_of_it_and_a_strangers_stands_alone() -> None:
    named = attrs.evolve(fill(), venue="home")
    stranger = attrs.evolve(fill(order_id=None), venue="home")

    assert Report(NAME, News(word=Word.FILL, fill=named)) == of_stream(fill(), "home")
    assert Report(NAME, News(word=Word.FILL, fill=named)) == of_stream(
        Report(NAME, News(word=Word.FILL, fill=fill())), "home"
    )
    assert stranger == of_stream(fill(order_id=None), "home")


def test_gap_asks_for_the_account() -> None:
    assert Contact(outcome=Outcome.CUT, reason="restart") == of_stream(Gap("restart"), "home")


@pytest.mark.parametrize("word", sorted(set(Word) - STREAM))
def test_stream_says_nothing_that_only_an_answer_or_the_clock_can_say(word: Word) -> None:
    with pytest.raises(NotAnAnswerError):
        of_stream(Report(NAME, News(word=word)), "home")


def test_word_on_an_order_is_handed_on_as_it_is() -> None:
    done = Report(NAME, News(word=Word.FOUND, status=Status.FILLED, filled=Decimal(10)))

    assert done is of_stream(done, "home")
