"""The paper venue in its process, called as the one in memory is: one call after the other, words in their order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.news import News, Report, Word
from tradewright.execute.paper import process
from tradewright.execute.paper.terms import Terms
from tradewright.values.bars import utc
from tradewright.values.venue import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from decimal import Decimal
    from pathlib import Path
    from typing import Self
    from uuid import UUID

    from tradewright.engine.state import Table
    from tradewright.values.bars import Bars
    from tradewright.values.order import Order
    from tradewright.values.snapshot import Snapshot

BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
"""What time it is for a venue that has heard of none: a recording's first row comes later."""
_ASKED = frozenset({Word.FOUND, Word.ABSENT, Word.DUPLICATE})
"""Words that answer a call; all others are told to everybody."""


class PaperLine:
    """A paper venue that lies in a folder, begun or started where it is not there.

    Args:
        folder: The venue's own.
        terms: What `SimulatedVenue` takes.

    Raises:
        ConnectionError: It does not answer.
        LedgerError: Its journal is damaged.
        SafetyError: Another venue lies there.
    """

    def __init__(self, folder: Path, *terms: Any) -> None:
        self._runner = asyncio.Runner()
        self._now = BEFORE
        self._closed_at: datetime | None = None
        self._said: list[Any] = []
        starts = process.start(folder, Terms.of(*terms), clock=self._clock)
        self._venue = self._runner.run(starts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Let go of the venue, which goes on."""
        self._runner.run(self._venue.close())
        self._runner.close()

    # ---- orders --------------------------------------------------------------------------------------------

    def submit(self, order: Order, now: datetime) -> None:
        """Send an order; without an answer nobody knows whether it has arrived."""
        self._now = now
        try:
            self._answer(self._runner.run(self._venue.submit(order)))
        except Refused as refused:
            self._said.append(Report(order.id, News(word=Word.REFUSED, reason=refused.reason)))
        except ConnectionError as error:
            self._cut(Report(order.id, News(word=Word.UNANSWERED, reason=str(error)[:200])))

    def cancel(self, order_id: UUID, now: datetime) -> None:
        """Cancel an order."""
        self._now = now
        try:
            self._answer(self._runner.run(self._venue.cancel(order_id)))
        except ConnectionError as error:
            self._cut(Report(order_id, News(word=Word.CANCEL_UNANSWERED, reason=str(error)[:200])))

    def query(self, order_id: UUID) -> None:
        """Ask where an order stands."""
        try:
            self._answer(self._runner.run(self._venue.query(order_id)))
        except ConnectionError:
            self._cut()

    def snapshot(self, since: datetime, now: datetime) -> Snapshot | None:
        """Return the account as it stands; None where the venue was lost."""
        self._now = now
        try:
            return self._runner.run(self._venue.snapshot(since))
        except ConnectionError:
            self._cut()
            return None

    def due(self) -> list[Any]:
        """Return what is to be heard: what was told, then what was answered."""
        self._said += self._venue.heard()
        said, self._said = self._said, []
        return said

    # ---- money and the market ------------------------------------------------------------------------------

    def fund(self, strategy: str, cash: Decimal | float, name: str) -> None:
        """Pay money of a strategy in, once for each name."""
        self._play(lambda: self._venue.market.fund(name, strategy, cash))

    def begin(self, opening: Table, row: Bars) -> None:
        """Begin a row."""
        self._now, self._closed_at = utc(row.opened_at[0]), utc(row.closed_at[0])
        self._play(lambda: self._venue.market.begin(opening, row))

    def price(self, now: datetime) -> None:
        """Show the row's first prices, or its last where orders fill at the close."""
        self._stage(self._venue.market.price, now)

    def match(self, now: datetime) -> None:
        """Fill what the row has touched."""
        self._stage(self._venue.market.match, now)

    def close(self, now: datetime) -> None:
        """End the row."""
        self._stage(self._venue.market.close, now)

    # ---- how -----------------------------------------------------------------------------------------------

    def _clock(self) -> datetime:
        return self._now

    def _stage(self, call: Callable[[datetime], Awaitable[bool]], now: datetime) -> None:
        self._now, closed_at = now, self._closed_at
        if closed_at is None:
            raise RuntimeError("no row has begun")
        self._play(lambda: call(closed_at))

    def _play(self, call: Callable[[], Awaitable[bool]]) -> None:
        """Make a call of the market, again where the venue was lost: it is played once."""
        try:
            self._runner.run(_awaited(call))
        except ConnectionError:
            self._cut()
            self._runner.run(_awaited(call))

    def _answer(self, report: Report) -> None:
        self._said += self._venue.heard()
        if report.news.word in _ASKED:
            self._said.append(report)

    def _cut(self, *said: Report) -> None:
        """Say that the venue was lost, and what becomes of a call by that."""
        self._said += [*self._venue.heard(), Contact(outcome=Outcome.CUT), *said]


async def _awaited(call: Callable[[], Awaitable[bool]]) -> bool:
    return await call()
