"""An executor under test in talk with the double of its venue: calls in time, what they raised, and its stream."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from tradewright.execute.news import Report, Word
from tradewright.host.awaiting import Raised, outcome
from tradewright.testing.dictated_account import NAME, OPENED, STRATEGY
from tradewright.testing.wording import broken
from tradewright.values.order import Activity, Fill, Order, Purpose
from tradewright.values.snapshot import Snapshot
from tradewright.values.venue import Gap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from decimal import Decimal

    from tradewright.host.components import Executor
    from tradewright.testing.planned_venue import PlannedVenue

T = TypeVar("T")
CALLS = ("submit", "cancel", "query", "snapshot")


class Ended:
    """A stream that has ended."""

    def __str__(self) -> str:
        """Return what an author reads."""
        return "the end of the stream"


class Talk:
    """One executor, connected.

    Args:
        executor: Under test.
        venue: What the double stands on.
        symbols: That are traded.
        seconds: That each answer may take.
    """

    def __init__(self, executor: Executor, venue: PlannedVenue, symbols: tuple[str, ...], seconds: float) -> None:
        self.executor, self.venue, self._symbols, self._seconds = executor, venue, symbols, seconds
        self._sent = 0

    def order(
        self, quantity: Decimal, *, limit: Decimal | None = None, stop: Decimal | None = None, symbol: int = 0
    ) -> Order:
        """Return a new order for signed units, in the symbol of that number."""
        self._sent += 1
        return Order(
            id=UUID(int=0xACE0 << 96 | self._sent),
            venue=NAME,
            symbol=self._symbols[symbol],
            quantity=quantity,
            purpose=Purpose.TARGET if stop is None else Purpose.STOP,
            limit=limit,
            stop=stop,
            shares=[(STRATEGY, quantity)],
            decided_at=OPENED,
        )

    async def submit(self, order: Order) -> Report:
        """Send an order, and return its answer."""
        return await self._answer(self.executor.submit(order), Report, "submit")

    async def cancel(self, order: Order) -> Report:
        """Cancel an order, and return the answer."""
        return await self._answer(self.executor.cancel(order.id), Report, "cancel")

    async def query(self, order: Order) -> Report:
        """Ask where an order stands."""
        return await self._answer(self.executor.query(order.id), Report, "query")

    async def snapshot(self) -> Snapshot:
        """Ask how the account stands, since the beginning."""
        return await self._answer(self.executor.snapshot(OPENED), Snapshot, "snapshot")

    async def outcome(self, call: str, order: Order) -> object:
        """Return what any call returned, or `Raised`."""
        argument = {"submit": order, "snapshot": OPENED}.get(call, order.id)
        return await self._outcome(getattr(self.executor, call)(argument))

    async def _answer(self, call: Awaitable[object], wanted: type[T], name: str) -> T:
        said = await self._outcome(call)
        if isinstance(said, wanted):
            return said
        found = shown(said) if isinstance(said, Raised) else type(said).__name__
        raise broken(
            expected=f"{name} to return a {wanted.__name__} from a venue that is well",
            found=found,
            fix="mend the call",
        )

    async def _outcome(self, call: Awaitable[object]) -> object:
        return await outcome(lambda: _in_time(call, self._seconds))

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Reports]:
        """Open the executor's stream, which has to say first that it stands."""
        async with aclosing(self.executor.reports()) as reports:  # type: ignore[type-var]  # all of them are generators
            stream = Reports(reports, self._seconds)
            first = await stream.next()
            if not isinstance(first, Gap):
                fix = "yield tradewright.Gap() when the venue has answered the subscription, before anything else"
                raise broken(expected="Gap first, once the stream stands", found=shown(first), fix=fix)
            yield stream


class Reports:
    """A stream that stands."""

    def __init__(self, reports: AsyncIterator[object], seconds: float) -> None:
        self._reports, self._seconds = reports, seconds

    async def next(self) -> object:
        """Return what is said next, `Raised` or `Ended`; nothing in time is a TimeoutError that was raised."""
        said = await outcome(lambda: _in_time(anext(self._reports), self._seconds))
        return Ended() if isinstance(said, Raised) and isinstance(said.error, StopAsyncIteration) else said

    async def until(self, n_fills: int) -> list[Report | Activity | Fill]:
        """Return what is said until so many executions were told, each counted by its id."""
        said: list[Report | Activity | Fill] = []
        while len(fills := {fill.execution_id for fill in fills_in(said)}) < n_fills:
            one = await self.next()
            if not isinstance(one, Report | Activity | Fill):
                found = f"{shown(one)}, after {len(fills)} of them"
                fix = "yield each execution that the venue reports"
                raise broken(expected=f"{n_fills} executions on the stream", found=found, fix=fix)
            said.append(one)
        return said


async def _in_time(call: Awaitable[T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await call


def fills_in(said: list[Report | Activity | Fill]) -> list[Fill]:
    """Return the executions among what was said."""
    found = [one if isinstance(one, Fill) else one.news.fill for one in said if not isinstance(one, Activity)]
    return [fill for fill in found if fill is not None]


def shown(said: object) -> str:
    """Return what an author reads of something said."""
    if isinstance(said, Report):
        news = said.news
        of = f" {news.status}, {news.filled} filled" if news.word is Word.FOUND else ""
        return f"{news.word}{of}"
    if isinstance(said, Raised):
        return f"{type(said.error).__name__}: {said.error}".rstrip(": ")
    return f"{said}" if isinstance(said, Ended) else f"{said!r}"[:200]
