"""Orders, fills and news for the tests of execution."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewright.execute.news import News, Word
from tradewright.execute.orders import Step, advance
from tradewright.execute.state import GRACE, OrderState
from tradewright.values.order import Fill, Order, Purpose, Status

AT = datetime(2026, 3, 2, 21, tzinfo=UTC)
ID = UUID(int=7)
SECOND = timedelta(seconds=1)


def order(quantity: int | Decimal = 10, purpose: Purpose = Purpose.TARGET, **changes: Any) -> Order:
    signed = Decimal(quantity)
    fields: dict[str, Any] = {
        "id": ID,
        "venue": "simulated",
        "symbol": "SPY",
        "quantity": signed,
        "purpose": purpose,
        "stop": Decimal(90) if purpose is Purpose.STOP else None,
        "shares": [("trend", signed)],
        "decided_at": AT,
    }
    return Order(**(fields | changes))


def fill(quantity: int | Decimal, name: str = "e1", **changes: Any) -> Fill:
    fields: dict[str, Any] = {
        "venue": "simulated",
        "execution_id": name,
        "order_id": ID,
        "symbol": "SPY",
        "quantity": Decimal(quantity),
        "price": Decimal("100.25"),
        "fee": Decimal("0.5"),
        "currency": "USD",
        "at": AT,
    }
    return Fill(**(fields | changes))


def filled(quantity: int | Decimal, name: str = "e1", **changes: Any) -> News:
    return News(word=Word.FILL, fill=fill(quantity, name, **changes))


def found(status: Status, so_far: int | None = None) -> News:
    return News(word=Word.FOUND, status=status, filled=None if so_far is None else Decimal(so_far))


def play(*news: News, start: OrderState | None = None, at: datetime = AT) -> Step:
    """Return the last step of several news heard at one instant."""
    state = start or OrderState(order=order(), since=AT)
    step = Step(state, [], frozenset(), ())
    for one in news:
        step = advance(step.state, one, at)
    return step


def said(word: Word) -> News:
    """Return the plainest news of a word."""
    if word is Word.FOUND:
        return found(Status.WORKING)
    if word in {Word.FILL, Word.BUST}:
        return News(word=word, fill=fill(1, "said"))
    return News(word=word)


WAYS: dict[Status, Sequence[tuple[News, timedelta]]] = {
    Status.INTENDED: [],
    Status.SENT: [(said(Word.HANDED_OVER), SECOND)],
    Status.UNKNOWN: [(said(Word.HANDED_OVER), SECOND), (said(Word.UNANSWERED), SECOND)],
    Status.WORKING: [(said(Word.HANDED_OVER), SECOND), (said(Word.ACCEPTED), SECOND)],
    Status.FILLED: [(said(Word.HANDED_OVER), SECOND), (filled(10, "all"), SECOND)],
    Status.CANCELLED: [(said(Word.HANDED_OVER), SECOND), (said(Word.CANCELLED), SECOND)],
    Status.EXPIRED: [(said(Word.HANDED_OVER), SECOND), (said(Word.EXPIRED), SECOND)],
    Status.REJECTED: [(said(Word.HANDED_OVER), SECOND), (said(Word.REFUSED), SECOND)],
    Status.DEAD: [
        (said(Word.HANDED_OVER), SECOND),
        (said(Word.UNANSWERED), SECOND),
        (said(Word.ABSENT), GRACE),
        (said(Word.ABSENT), 5 * SECOND),
    ],
}
"""How an order of 10 units comes to stand where it does."""


def standing(status: Status) -> tuple[OrderState, datetime]:
    """Return an order of 10 units in `status`, and the instant of the news that brought it there."""
    state, now = OrderState(order=order(), since=AT), AT
    for news, later in WAYS[status]:
        now += later
        state = advance(state, news, now).state
    assert status is state.status
    return state, now
