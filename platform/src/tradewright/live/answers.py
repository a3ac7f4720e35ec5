"""What a call to a venue ended with, as events: the border between an executor's code and the agent.

Everything that comes from an executor is looked at here before anything believes it.  Only `Refused` means that an
order is dead; whatever else is raised, or cannot be what was asked for, leaves open what became of the call.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs

from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.news import News, Report, Word
from tradewright.host.awaiting import Raised
from tradewright.host.fence import text_of
from tradewright.live.events import SnapshotTaken
from tradewright.values.order import Activity, Fill
from tradewright.values.snapshot import Snapshot
from tradewright.values.venue import Forbidden, Gap, Limited, Refused

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tradewright.live.events import Event

REASON_MAX = 200


class Call(StrEnum):
    """A call that is about one order."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    QUERY = "query"


WORDS = {
    Call.SUBMIT: frozenset({Word.ACCEPTED, Word.DUPLICATE, Word.FOUND}),
    Call.CANCEL: frozenset({Word.CANCELLED, Word.EXPIRED, Word.FOUND, Word.ABSENT}),
    Call.QUERY: frozenset({Word.FOUND, Word.ABSENT}),
}
"""What a venue can answer to each call."""
STREAM = WORDS[Call.SUBMIT] | {Word.REFUSED, Word.FILL, Word.CANCELLED, Word.EXPIRED, Word.BUST}
"""What it can say by itself; that an order is absent is an answer alone."""
_REFUSED = {Call.SUBMIT: Word.REFUSED, Call.CANCEL: Word.CANCEL_UNANSWERED}
_UNANSWERED = {Call.SUBMIT: Word.UNANSWERED, Call.CANCEL: Word.CANCEL_UNANSWERED}


class NotAnAnswerError(Exception):
    """An executor has returned what nobody asked for."""


def of_order(call: Call, order_id: UUID, said: object) -> Report:
    """Return what an executor has returned to a call about an order, if it is an answer to it.

    Raises:
        NotAnAnswerError: It is not.
    """
    if _says(said, WORDS[call]) and said.id == order_id:
        return said
    found = f"{said.news.word}" if _says(said, frozenset(Word)) else type(said).__name__
    wanted = f"a Report of the order wanted, {' or '.join(sorted(WORDS[call]))}"
    raise NotAnAnswerError(f"returned {found} to {call}; {wanted}")


def of_call(call: Call, order_id: UUID, said: Report | Raised) -> list[Event]:
    """Return what the agent is told of a call about an order.

    >>> from uuid import UUID
    >>> [event.news.word if isinstance(event, Report) else event.outcome
    ...  for event in of_call(Call.SUBMIT, UUID(int=1), Raised(TimeoutError()))]
    [<Outcome.FAILED: 'failed'>, <Word.UNANSWERED: 'unanswered'>]
    """
    if isinstance(said, Report):
        return [Contact(outcome=Outcome.ANSWERED), said]
    if isinstance(said.error, Refused) and call in _REFUSED:
        news = News(word=_REFUSED[call], reason=_reason(said.error))
        return [Contact(outcome=Outcome.ANSWERED), Report(order_id, news)]
    contact = _contact(said.error)
    if call not in _UNANSWERED:
        return [contact]
    return [contact, Report(order_id, News(word=_UNANSWERED[call], reason=contact.reason))]


def whole(said: object, venue: str, asked_at: datetime) -> Snapshot:
    """Return a snapshot by our names and our clock, if it is one.

    Args:
        said: What an executor has returned.
        venue: What the kernel calls the venue.
        asked_at: When it was asked for, aware UTC by our clock.

    Raises:
        NotAnAnswerError: It is none, or holds what it must not.
    """
    if not isinstance(said, Snapshot):
        raise NotAnAnswerError(f"returned {type(said).__name__}; a Snapshot wanted")
    return attrs.evolve(
        said,
        at=asked_at,
        fills=tuple(_fill(one, venue) for one in said.fills),
        busts=tuple(_fill(one, venue) for one in said.busts),
        activities=tuple(_activity(one, venue) for one in said.activities),
    )


def of_look(said: Snapshot | Raised) -> list[Event]:
    """Return what the agent is told of a snapshot: none where it did not come, or is not whole."""
    if isinstance(said, Raised):
        return [_contact(said.error), SnapshotTaken(None)]
    return [Contact(outcome=Outcome.ANSWERED), SnapshotTaken(said)]


def of_stream(said: object, venue: str) -> Event:
    """Return what the agent is told of one thing that a venue says by itself.

    Raises:
        NotAnAnswerError: It is nothing that a venue can say.
    """
    if isinstance(said, Gap):
        return Contact(outcome=Outcome.CUT, reason=f"{said.reason}"[:REASON_MAX])
    if isinstance(said, Activity):
        return _activity(said, venue)
    if isinstance(said, Fill):
        fill = _fill(said, venue)
        return fill if fill.order_id is None else Report(fill.order_id, News(word=Word.FILL, fill=fill))
    if _says(said, STREAM):
        fill_of = said.news.fill
        return said if fill_of is None else Report(said.id, attrs.evolve(said.news, fill=_fill(fill_of, venue)))
    raise NotAnAnswerError(
        f"reports yielded {type(said).__name__}; a Report, Activity, Fill or Gap of a venue wanted"
    )


def cut(error: BaseException) -> Contact:
    """Return what the agent is told when a stream has raised, or ended with StopAsyncIteration."""
    reason = "the stream has ended" if isinstance(error, StopAsyncIteration) else _reason(error)
    return Contact(outcome=Outcome.CUT, reason=reason)


# ---- how -------------------------------------------------------------------------------------------------


def _contact(error: BaseException) -> Contact:
    if isinstance(error, Limited):
        return Contact(outcome=Outcome.LIMITED, retry_after=_seconds(error), reason=_reason(error))
    outcome = Outcome.FORBIDDEN if isinstance(error, Forbidden) else Outcome.FAILED
    return Contact(outcome=outcome, reason=_reason(error))


def _seconds(error: Limited) -> float | None:
    """Return for how long the venue wants to be left alone, None for what is no time."""
    waits: Any = getattr(error, "retry_after", None)
    if isinstance(waits, bool) or not isinstance(waits, int | float) or not (0.0 <= waits < math.inf):
        return None
    return float(waits)


def _reason(error: BaseException) -> str:
    """Return the venue's words, or what was raised and its text: one line that can be printed and stored."""
    text = text_of(error)
    named = isinstance(error, Refused | Limited | Forbidden | NotAnAnswerError)
    return (text if named else f"{type(error).__name__}: {text}".rstrip(": "))[:REASON_MAX]


def _says(said: object, words: frozenset[Word]) -> TypeGuard[Report]:
    return isinstance(said, Report) and isinstance(said.news, News) and said.news.word in words


def _fill(fill: object, venue: str) -> Fill:
    if not isinstance(fill, Fill):
        raise NotAnAnswerError(f"{type(fill).__name__} stands for a Fill")
    return fill if fill.venue == venue else attrs.evolve(fill, venue=venue)


def _activity(activity: object, venue: str) -> Activity:
    if not isinstance(activity, Activity):
        raise NotAnAnswerError(f"{type(activity).__name__} stands for an Activity")
    return activity if activity.venue == venue else attrs.evolve(activity, venue=venue)
