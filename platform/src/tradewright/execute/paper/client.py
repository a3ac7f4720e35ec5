"""The agent's side of a paper venue: an executor, and the market that the venue fills from."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tradewright.execute.paper import spelling
from tradewright.execute.paper.desk import PLAYED
from tradewright.ledger.canonical import instant_text
from tradewright.values.exact import exact
from tradewright.values.plain import to_plain
from tradewright.values.venue import Gap, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime
    from uuid import UUID

    from tradewright.engine.state import Table
    from tradewright.execute.news import Report
    from tradewright.execute.paper.connection import Connection
    from tradewright.execute.paper.spelling import Told
    from tradewright.execute.paper.terms import Terms
    from tradewright.values.bars import Bars
    from tradewright.values.order import Order
    from tradewright.values.snapshot import Snapshot


class PaperExecutor:
    """A paper venue as an agent calls it; `process.start` and `process.connect` make it.

    Calls may be made side by side.  Whoever awaits an answer has been told before what the call has brought about.
    A call is made once: one whose connection was lost raises, and the next one, or the next `reports`, opens another.

    Args:
        terms: What the venue is.
        open_anew: Returns a connection to the venue.
        clock: What time calls come, aware UTC; None for the venue's own clock.

    Attributes:
        capabilities: What can be asked of it.
        market: What the venue fills from, and who pays in.
    """

    def __init__(
        self,
        terms: Terms,
        open_anew: Callable[[], Awaitable[Connection]],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.capabilities = terms.capabilities
        self._open_anew, self._clock = open_anew, clock
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self.market = PaperMarket(self._ask)

    async def open(self) -> Connection:
        """Return the connection, a new one where there is none that stands.

        Raises:
            ConnectionError: The venue does not answer.
            LedgerError: It cannot be started.
        """
        async with self._opening:
            if self._connection is None or self._connection.lost is not None:
                self._connection = await self._open_anew()
            return self._connection

    async def submit(self, order: Order) -> Report:
        """Send an order, and return the venue's first word on it: `accepted`, or `duplicate` for an id that it has.

        Raises:
            ConnectionError: The venue was lost: whether it has the order is unknown.
            Refused: The venue does not take it.
        """
        return spelling.report_from_plain(await self._ask("submit", to_plain(order)))

    async def cancel(self, order_id: UUID) -> Report:
        """Cancel an order, and return how it stands: `cancelled`, `found` for one that had ended, or `absent`.

        Raises:
            ConnectionError: The venue was lost: whether it has heard is unknown.
        """
        return spelling.report_from_plain(await self._ask("cancel", {"id": str(order_id)}))

    async def cancel_all(self, *, stops: bool = False) -> list[Report]:
        """Cancel every order that stands, protective stops only where it is said, and return the reports.

        Raises:
            ConnectionError: The venue was lost: whether it has heard is unknown.
        """
        return [spelling.report_from_plain(one) for one in await self._ask("cancel_all", {"stops": stops})]

    async def query(self, order_id: UUID) -> Report:
        """Return where an order stands, and how much of it has filled: `found`, or `absent`.

        Raises:
            ConnectionError: The venue was lost.
        """
        return spelling.report_from_plain(await self._ask("query", {"id": str(order_id)}))

    async def snapshot(self, since: datetime) -> Snapshot:
        """Return the account as it stands, and what has been told since an instant, aware UTC.

        Raises:
            ConnectionError: The venue was lost.
        """
        return spelling.snapshot_from_plain(await self._ask("snapshot", {"since": instant_text(since)}))

    async def reports(self) -> AsyncIterator[Told | Gap]:
        """Yield that the connection stands, then what the venue tells in its order, for as long as it lasts.

        What was told while nobody was connected is not among it: a snapshot has it.

        Raises:
            ConnectionError: The connection was lost, and all that had come of it is out.
        """
        connection = await self.open()
        yield Gap()
        async for one in connection.told():
            yield one

    def heard(self) -> list[Told]:
        """Return what has been told by now and not been taken: for whoever makes one call after the other."""
        return [] if self._connection is None else self._connection.heard()

    async def close(self) -> None:
        """Let go of the venue, which goes on."""
        if self._connection is not None:
            await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, call: str, body: Mapping[str, Any]) -> Any:
        connection = await self.open()
        return await connection.ask(call, body, None if self._clock is None else self._clock())


class PaperMarket:
    """Prices and money of a paper venue: each call has a key, and is played once however often it is made.

    A call returns whether it was played now; one that was played before changes nothing.

    Args:
        ask: Calls the venue.
    """

    def __init__(self, ask: Callable[[str, Mapping[str, Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def fund(self, key: str, strategy: str, cash: Decimal | float) -> bool:
        """Pay money of a strategy in, or out.

        Args:
            key: Names the payment for good.
            strategy: Whose it is.
            cash: In the venue's currency; what is paid out is negative.

        Raises:
            ConnectionError: The venue was lost; the same call may be made again.
            Refused: The strategy is unknown, or the key names another payment.
        """
        try:
            money = cash if isinstance(cash, Decimal) else exact(cash)
        except ValueError as error:
            raise Refused(f"cash must be an amount: {error}") from error
        return await self._play("fund", {"key": key, "strategy": strategy, "cash": to_plain(money)})

    async def begin(self, opening: Table, row: Bars) -> bool:
        """Begin a row; one that closes no later than the last that has begun is known.

        Args:
            opening: Splits, dividends and exits, `(n_assets,)` of OPENING.
            row: Its prices, one row, of symbols that the venue knows.

        Raises:
            ConnectionError: The venue was lost; the same call may be made again.
            Refused: A price cannot be.
        """
        body = {"opening": spelling.opening_to_plain(opening, row.symbols), "row": spelling.row_to_plain(row)}
        return await self._play("begin", body)

    async def price(self, closed_at: datetime) -> bool:
        """Show the first prices of the row that closes then, or its last where orders fill at the close.

        Raises:
            ConnectionError: The venue was lost; the same call may be made again.
            Refused: The row has not begun.
        """
        return await self._play("price", {"closed_at": instant_text(closed_at)})

    async def match(self, closed_at: datetime) -> bool:
        """Fill what the row that closes then has touched; errors are those of `price`."""
        return await self._play("match", {"closed_at": instant_text(closed_at)})

    async def close(self, closed_at: datetime) -> bool:
        """End the row that closes then; errors are those of `price`."""
        return await self._play("close", {"closed_at": instant_text(closed_at)})

    async def _play(self, call: str, body: Mapping[str, Any]) -> bool:
        return bool(await self._ask(call, body) == PLAYED)
