"""One connection to a paper venue: calls and answers, line by line, and what the venue tells beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from tradewright.errors import LedgerError
from tradewright.execute.paper.spelling import told_from_plain
from tradewright.execute.paper.terms import Terms
from tradewright.ledger.canonical import canonical
from tradewright.values.venue import Refused

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from tradewright.execute.paper.place import Place
    from tradewright.execute.paper.spelling import Told

_HELLO_SECONDS = 5.0
_LINE_BYTES_MAX = 1 << 26  # A snapshot since long ago is longer than any call.
_TOLD_MAX = 100_000  # Nobody reads them, so the connection is given up, and the account has to be asked.


async def open_connection(place: Place) -> Connection:
    """Return a connection to the venue that runs in a place.

    Raises:
        ConnectionError: None does, or it does not answer.
        LedgerError: It is of another version.
    """
    try:
        with place.address() as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=_LINE_BYTES_MAX)
    except OSError as error:
        raise ConnectionError(f"no paper venue runs on {place.folder}: {error}") from error
    try:
        hello = json.loads(await asyncio.wait_for(reader.readline(), _HELLO_SECONDS))["hello"]
    except (KeyError, OSError, TypeError, ValueError) as error:
        writer.close()
        raise ConnectionError(f"the paper venue on {place.folder} must answer: {error!r}") from error
    return Connection(reader, writer, hello)


class Connection:
    """A venue that has greeted.

    Args:
        reader: Of the socket.
        writer: Of the socket.
        hello: The greeting.

    Attributes:
        terms: What the venue is.
        pid: The number of its process.
        lost: Why nothing more can be asked; None while it stands.
    """

    def __init__(self, reader: StreamReader, writer: StreamWriter, hello: Mapping[str, Any]) -> None:
        self.terms, self.pid = Terms.read(hello["terms"]), int(hello["pid"])
        self.lost: ConnectionError | None = None
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._n = 0
        self._told: deque[Told] = deque()
        self._news = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(reader))

    async def ask(self, call: str, body: Mapping[str, Any], at: datetime | None) -> Any:
        """Return the answer to a call, as JSON has it; calls may be made side by side.

        Args:
            call: Its name.
            body: What it is called with, as the canonical form takes it.
            at: When, by the caller's clock; None for the venue's.

        Raises:
            ConnectionError: The venue was lost: whether it has played the call is unknown.
            Refused: It has not, and says why.
        """
        if self.lost is not None:
            raise self.lost
        self._n += 1
        try:
            line = canonical({"n": self._n, "call": call, "at": at, "body": body})
        except LedgerError as error:
            raise Refused(f"{call} cannot be written: {error}") from error
        number, answer = self._n, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(f"{line}\n".encode())
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def told(self) -> AsyncIterator[Told]:
        """Yield what the venue tells, in its order.

        Raises:
            ConnectionError: The venue was lost, and all that had come of it is out.
        """
        while True:
            while self._told:
                yield self._told.popleft()
            if self.lost is not None:
                raise self.lost
            self._news.clear()
            await self._news.wait()

    def heard(self) -> list[Told]:
        """Return what the venue has told by now and nobody has taken; whoever awaited an answer has all before it."""
        told = [*self._told]
        self._told.clear()
        return told

    async def close(self) -> None:
        """Let go of the venue, which goes on."""
        self._listener.cancel()
        self._lose("the connection to the paper venue was closed here")
        await asyncio.wait([self._listener])
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _listen(self, reader: StreamReader) -> None:
        why = "the paper venue has ended, or has let go of this connection"
        try:
            while line := await reader.readline():
                self._hear(json.loads(line))
        except OSError as error:
            why = f"the connection to the paper venue was lost: {error}"
        except (KeyError, TypeError, ValueError) as error:
            why = f"the paper venue has said what cannot be read: {error!r}"
        self._lose(why)

    def _hear(self, said: dict[str, Any]) -> None:
        if "told" in said:
            if len(self._told) >= _TOLD_MAX:
                raise ValueError(f"more than {_TOLD_MAX:,} reports, and nobody has read them")
            self._told.append(told_from_plain(said["told"]))
            self._news.set()
            return
        answer = self._waiting.get(said["n"])
        if answer is None or answer.done():
            return  # Nobody waits for it any more.
        if "refused" in said:
            answer.set_exception(Refused(said["refused"]))
        else:
            answer.set_result(said["answer"])

    def _lose(self, why: str) -> None:
        """Tell everybody who waits that nothing will come."""
        self.lost = self.lost or ConnectionError(why)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self.lost)
        self._news.set()
        self._writer.close()
