"""An executor that answers as a test says: with a value, with what it raises, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewright import Capabilities, Fill, News, Order, Purpose, Report, Snapshot, Status

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
NAME = UUID(int=1)
ABLE = Capabilities(
    paper=True,
    order_types=["market", "limit"],
    fractional=True,
    shorting=True,
    client_ids="native",
    stops_rest="none",
    latency_seconds_max=0.01,
)
WORKING = News(word="found", status=Status.WORKING, filled=Decimal(0))


def order(name: UUID = NAME) -> Order:
    return Order(
        id=name,
        venue="home",
        symbol="SPY",
        quantity=Decimal(10),
        purpose=Purpose.TARGET,
        shares=[("trend", Decimal(10))],
        decided_at=NOW,
    )


def fill(number: int = 1, order_id: UUID | None = NAME) -> Fill:
    return Fill(
        venue="theirs",
        execution_id=f"{number}",
        order_id=order_id,
        symbol="SPY",
        quantity=Decimal(10),
        price=Decimal("100.25"),
        currency="USD",
        at=NOW,
    )


def snapshot(**changes: Any) -> Snapshot:
    return Snapshot(**{"at": datetime(2020, 1, 1, tzinfo=UTC), "fills": (fill(),), **changes})


class Scripted:
    """An executor.

    Args:
        answer: Returned by every call; an error is raised, and a function is awaited.
        streams: What each stream yields in turn; an error is raised there. A stream ends with its items, and the
            last one is the last that is opened.
    """

    def __init__(self, answer: object = None, streams: tuple[tuple[object, ...], ...] = ()) -> None:
        self.capabilities: Any = ABLE
        self.asked: list[tuple[str, object]] = []
        self.standing = self.most_standing = self.opened = 0
        self._answer, self._streams = answer, streams

    async def submit(self, order: Order, /) -> Any:
        return await self._said("submit", order)

    async def cancel(self, order_id: UUID, /) -> Any:
        return await self._said("cancel", order_id)

    async def query(self, order_id: UUID, /) -> Any:
        return await self._said("query", order_id)

    async def snapshot(self, since: datetime, /) -> Any:
        return await self._said("snapshot", since)

    async def reports(self) -> AsyncIterator[Any]:
        items = self._streams[self.opened] if self.opened < len(self._streams) else ()
        self.opened += 1
        self.standing += 1
        self.most_standing = max(self.standing, self.most_standing)
        try:
            for item in items:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.standing -= 1

    async def _said(self, name: str, asked: object) -> Any:
        self.asked.append((name, asked))
        if isinstance(self._answer, BaseException):
            raise self._answer
        return await self._answer() if isinstance(self._answer, Callable) else self._answer


def accepted(name: UUID = NAME, word: str = "accepted") -> Report:
    return Report(name, News(word=word))
