"""What becomes of an order: the one table that leads from state to state, and the id under which it is sent.

`docs/reference/orders.md` explains it.  An order is sent once: no news leads back to INTENDED, and nothing here asks
for a submit.  What is not known stays UNKNOWN until the venue has said it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import attrs

from tradewright.execute.news import Demand, News, Word
from tradewright.execute.state import GRACE, OrderState, count_said, has_all, take, take_back
from tradewright.values.order import FINAL, Activity, Fill, Purpose, Status
from tradewright.values.plain import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_ABSENCES = 2  # One may be a venue that has not caught up with itself.


class Draft(NamedTuple):
    """An entry of the ledger, before it is chained.

    Attributes:
        kind: `order` (what was said of one), `fill` or `activity`.
        body: Text, whole numbers, booleans, None, lists and objects alone.
    """

    kind: str
    body: dict[str, Any]


class Step(NamedTuple):
    """What one piece of news leads to.

    Attributes:
        state: The order as it is now known.
        drafts: What to commit; none where nothing was new.
        demands: What to do next.
        booked: What to book into the holdings once `drafts` are committed, with whose it is.
    """

    state: OrderState
    drafts: list[Draft]
    demands: frozenset[Demand]
    booked: tuple[Fill | Activity, ...]


# ---- the table -------------------------------------------------------------------------------------------

_ON_ITS_WAY = (Status.INTENDED, Status.SENT)
_OPEN = (*_ON_ITS_WAY, Status.UNKNOWN, Status.WORKING)
_SETTLED = FINAL - {Status.DEAD}  # The venue itself has said how it ended.


def _lead(*before: Status, to: Status) -> dict[Status, Status]:
    return dict.fromkeys(before, to)


NEXT: Mapping[Word, Mapping[Status, Status]] = {
    Word.HANDED_OVER: _lead(Status.INTENDED, to=Status.SENT),
    Word.FOUND_AT_START: _lead(*_ON_ITS_WAY, to=Status.UNKNOWN),
    Word.ACCEPTED: _lead(*_ON_ITS_WAY, Status.UNKNOWN, Status.DEAD, to=Status.WORKING),
    Word.DUPLICATE: _lead(*_ON_ITS_WAY, Status.UNKNOWN, Status.DEAD, to=Status.WORKING),
    Word.REFUSED: _lead(*_ON_ITS_WAY, to=Status.REJECTED),
    Word.UNANSWERED: _lead(*_ON_ITS_WAY, to=Status.UNKNOWN),
    Word.FOUND: {},  # From any open state, and from DEAD, to the venue's.
    Word.ABSENT: _lead(Status.WORKING, to=Status.UNKNOWN),  # And from UNKNOWN to DEAD, counted in `_hear`.
    Word.MISSING: _lead(Status.WORKING, to=Status.UNKNOWN),
    Word.FILL: _lead(*_ON_ITS_WAY, Status.DEAD, to=Status.WORKING),  # And any open one to FILLED with the last unit.
    Word.CANCELLED: _lead(*_OPEN, Status.DEAD, to=Status.CANCELLED),
    Word.CANCEL_UNANSWERED: {},
    Word.EXPIRED: _lead(*_OPEN, Status.DEAD, to=Status.EXPIRED),
    Word.BUST: {},
}
"""The status that a word leads to; a pair that is not there keeps its status."""

_PROOFS = frozenset({Word.ACCEPTED, Word.DUPLICATE, Word.FOUND, Word.FILL, Word.CANCELLED, Word.EXPIRED})
"""Words of a venue that knows the order."""
_DOUBTS = frozenset(Word) - _PROOFS - {Word.HANDED_OVER, Word.BUST}
"""Words after which a venue has to be asked, unless the order is on its way or final."""


def advance(state: OrderState, news: News, now: datetime, *, grace: timedelta = GRACE) -> Step:
    """Return what `news` makes of an order, heard at `now`: a pure function, whatever the order of arrival.

    Args:
        state: The order as it was known.
        news: What is said of it; an execution that was heard before is no news.
        now: Aware UTC; the clock is the caller's.
        grace: How long an UNKNOWN order may be on its way before its absence counts.

    Raises:
        ValueError: The news is of another order, or counts units of the other sign.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from tradewright.values.order import Order
    >>> at = datetime(2026, 3, 2, 21, tzinfo=UTC)
    >>> order = Order(id=UUID(int=1), venue="simulated", symbol="SPY", quantity=Decimal(10), purpose=Purpose.TARGET,
    ...               shares=[("trend", Decimal(10))], decided_at=at)
    >>> sent = advance(OrderState(order=order, since=at), News(word="handed-over"), at).state
    >>> step = advance(sent, News(word="unanswered", reason="504"), at)
    >>> step.state.status.name, sorted(step.demands)
    ('UNKNOWN', [<Demand.BLOCK: 'block'>, <Demand.QUERY: 'query'>])
    """
    after, booked = _book(state, news)
    if news.word is Word.FILL and not booked:
        return Step(state, [], frozenset(), ())
    after = _hear(after, news, now, grace)
    if after.status is not state.status:
        after = attrs.evolve(after, since=now, absences=())
    demands = _demands(state, news, after)
    drafts = [Draft("fill" if isinstance(one, Fill) else "activity", to_plain(one)) for one in booked]
    if news.word is not Word.FILL and (after != state or demands):
        drafts.insert(0, _draft(news, after, now))
    return Step(after, drafts, demands, booked)


def _book(state: OrderState, news: News) -> tuple[OrderState, tuple[Fill | Activity, ...]]:
    if news.fill is None:
        return state, ()
    return take(state, news.fill) if news.word is Word.FILL else take_back(state, news.fill, news.reversal)


def _hear(state: OrderState, news: News, now: datetime, grace: timedelta) -> OrderState:
    """Return the order with what the news says of it, its fills already taken."""
    status, absences = NEXT[news.word].get(state.status, state.status), state.absences
    filled = news.filled
    if state.status not in _SETTLED:
        status = news.status or status
        status = Status.FILLED if news.word is Word.FILL and has_all(state) else status
    if news.status is Status.FILLED and filled is None:
        filled = state.order.quantity
    if news.word is Word.ABSENT and state.status is Status.UNKNOWN and now >= state.counts_from(grace):
        absences = (*absences, now)
        status = Status.DEAD if len(absences) >= _ABSENCES else status
    return attrs.evolve(
        state,
        status=status,
        absences=absences,
        said=count_said(state, filled),
        doubted=_contradicts(state, news) or (state.doubted and news.status not in FINAL),
        reason=news.reason or state.reason,
    )


def _contradicts(state: OrderState, news: News) -> bool:
    """Say whether the venue speaks of an order as alive that by its own word has ended before all filled."""
    if state.status not in _SETTLED or has_all(state):
        return False  # An answer that a fill has overtaken contradicts nothing.
    is_acknowledged = news.word in {Word.ACCEPTED, Word.DUPLICATE}
    return news.status is Status.WORKING or (is_acknowledged and state.status is Status.REJECTED)


def _draft(news: News, after: OrderState, now: datetime) -> Draft:
    said = {"id": after.order.id, "word": news.word, "found": news.status, "filled": news.filled, "at": now}
    taken_back = {"execution_id": news.fill.execution_id} if news.fill is not None else {}
    return Draft("order", to_plain({**said, **taken_back, "reason": news.reason, "status": after.status}))


def read_news(body: Mapping[str, Any], taken_back: Fill | None = None, reversal: tuple[Activity, ...] = ()) -> News:
    """Return the news that a draft of kind `order` was written of, so that a ledger leads to the same states again.

    Args:
        body: Of the draft.
        taken_back: For a bust the fill as it was booked, which `execution_id` names.
        reversal: For a bust the activities that were written after it.

    >>> read_news({"word": "found", "found": "working", "filled": "3", "reason": ""}).filled
    Decimal('3')
    """
    return News(
        word=Word(body["word"]),
        status=None if body["found"] is None else Status(body["found"]),
        filled=None if body["filled"] is None else Decimal(body["filled"]),
        fill=taken_back,
        reversal=reversal,
        reason=body["reason"],
    )


def _demands(before: OrderState, news: News, after: OrderState) -> frozenset[Demand]:
    demands = set()
    if news.word in _DOUBTS and after.status in {Status.UNKNOWN, Status.WORKING}:
        demands.add(Demand.QUERY)
    if news.word is Word.FILL and after.status is Status.UNKNOWN:
        demands.add(Demand.QUERY)  # It has lived; whether it still does, the venue has to say.
    if _contradicts(before, news):
        demands.add(Demand.QUERY)
    if (news.filled is not None or news.status is Status.FILLED) and after.missing:
        demands.add(Demand.FILLS)
    if after.blocks and not before.blocks:
        demands.add(Demand.BLOCK)
    if before.status is Status.DEAD and news.word in _PROOFS:
        demands |= {Demand.FREEZE, Demand.QUERY}
    return frozenset(demands)


def client_id(
    ledger: str, venue: str, strategies: Iterable[str], symbol: str, closed_at: datetime, purpose: Purpose, n: int
) -> UUID:
    """Return the id under which an order is intended and sent: the same for the same intent, whoever computes it.

    It is the first 128 bits of SHA-256 over the arguments as a JSON list, so no two lists of arguments share a text.

    Args:
        ledger: Id of the ledger, from its first entry.
        venue: Name of the venue.
        strategies: Whose order it is, in any order.
        symbol: Name at the venue.
        closed_at: Close of the row that it was decided on, aware UTC.
        purpose: Why.
        n: How many earlier intents have all else in common, >= 0.

    Raises:
        ValueError: A time that is not in UTC, a negative `n`, or no strategy.
        TypeError: One text in place of several.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, 21, tzinfo=UTC)
    >>> str(client_id("5c1f", "simulated", ["trend"], "SPY", at, Purpose.TARGET, 0))
    '30a07136-3113-50e0-5e92-3fada26ea237'
    """
    if isinstance(strategies, str):
        raise TypeError(f"strategies must be several texts, was the text {strategies!r}")
    names = sorted(set(strategies))
    if closed_at.utcoffset() != timedelta(0):
        raise ValueError(f"closed_at must be an aware time in UTC, was {closed_at!r}")
    if n < 0 or not names:
        raise ValueError(f"n must be at least 0 and strategies at least one, was {n} and {names}")
    text = json.dumps([ledger, venue, names, symbol, to_plain(closed_at), str(purpose), n], separators=(",", ":"))
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
