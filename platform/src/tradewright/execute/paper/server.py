"""The process of a paper venue: it answers at a Unix socket, line by line, and tells everybody what happens.

A line is one JSON object.  A client asks `{"n": 7, "call": "submit", "at": null, "body": {...}}` and is answered
`{"n": 7, "answer": ...}` or `{"n": 7, "refused": "why"}`.  What a call brings about is told to every client as
`{"told": {...}}`, before that call is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewright.errors import LedgerError, SafetyError
from tradewright.execute.paper.keeper import Keeper
from tradewright.execute.paper.place import SOCKET
from tradewright.execute.paper.spelling import told_to_plain
from tradewright.execute.paper.terms import FORMAT
from tradewright.ledger.canonical import instant_of
from tradewright.values.venue import Refused
from tradewright.workspace.locks import locked

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Iterator

    from tradewright.execute.paper.place import Place
    from tradewright.execute.paper.spelling import Told

_CALL_BYTES_MAX = 1 << 21  # The journal takes 1 MiB.
_UNREAD_BYTES_MAX = 1 << 24
_LOCK_SECONDS = 1.0  # One that was killed just now may still be ending.
_POLL_SECONDS = 0.05
_LOOK_SECONDS = 1.0  # How often it is asked whether the folder is still there.


def serve(place: Place) -> None:
    """Keep a venue until somebody ends it, or its folder is gone.

    Raises:
        LedgerError: Its journal is damaged, or is not there.
        OSError: Its files cannot be read or written.
        SafetyError: Another process keeps it.
    """
    os.umask(0o077)
    with _kept(place):
        # From inside the folder its name is short enough for a socket's.
        os.chdir(place.folder)
        place.pid.write_text(f"{os.getpid()}\n", "ascii")
        try:
            if not place.journal.exists():
                fix = "begin it with tradewright.execute.paper.process.start"
                raise LedgerError("no paper venue has begun here", file=place.journal, fix=fix)
            keeper = Keeper(place.journal, lambda: datetime.now(UTC))
            asyncio.run(Server(keeper).run())
        finally:
            place.pid.unlink(missing_ok=True)


@contextlib.contextmanager
def _kept(place: Place) -> Iterator[None]:
    """Hold the venue's lock while the block runs; who finds that another answers does not wait for its end."""
    until = time.monotonic() + _LOCK_SECONDS
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(place.lock, "keeping this paper venue"))
                break
            except SafetyError:
                if time.monotonic() >= until or place.exchange() is not None:
                    raise
                time.sleep(_POLL_SECONDS)
        yield


class Server:
    """The socket of a keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._clients: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Answer until it is ended; what has begun to be answered is."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        with _listening() as listener:
            server = await asyncio.start_unix_server(self._welcome, sock=listener, limit=_CALL_BYTES_MAX)
            watch = asyncio.create_task(self._watch())
            await self._ended.wait()
            watch.cancel()
            server.close()
            for client in [*self._clients]:
                client.close()
            Path(SOCKET).unlink(missing_ok=True)
        if self._failure is not None:
            raise self._failure

    async def _watch(self) -> None:
        """End with the folder: a venue that nobody can reach is of no use."""
        while self._keeper.journal.is_there():
            await asyncio.sleep(_LOOK_SECONDS)
        self._ended.set()

    def _welcome(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._part)

    def _part(self, task: asyncio.Task[None]) -> None:
        """End at what nobody has foreseen: whether a call is in the journal is known when it is opened again."""
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._ended.set()

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        terms = self._keeper.desk.terms
        hello = {"format": FORMAT, "pid": os.getpid(), "terms": terms.plain(), "calls": self._keeper.journal.n}
        _write(writer, {"hello": hello})
        self._clients.add(writer)
        try:
            while (line := await _next_line(reader)) and not self._ended.is_set():
                self._answer(line, writer)
                with contextlib.suppress(OSError):  # It has gone.
                    await writer.drain()
        finally:
            self._clients.discard(writer)
            writer.close()

    def _answer(self, line: bytes, writer: StreamWriter) -> None:
        """Play one call to its end, tell everybody, and answer; nothing comes between."""
        told: list[Told] = []
        try:
            number, call, body, at = _read(line)
        except (AttributeError, KeyError, LedgerError, RecursionError, TypeError, ValueError) as error:
            why = f"a line must be a call, JSON with n, call and body: {error!r}"[:300]
            return _write(writer, {"n": None, "refused": why})
        if call == "stop":
            self._ended.set()
            return _write(writer, {"n": number, "answer": os.getpid()})
        try:
            found, told = self._keeper.call(call, body, at)
            answer = {"n": number, "answer": found}
        except Refused as refused:
            answer = {"n": number, "refused": refused.reason}
        for one in told:
            for client in [*self._clients]:
                _write(client, {"told": told_to_plain(one)})
        return _write(writer, answer)


def _read(line: bytes) -> tuple[Any, str, Any, datetime | None]:
    """Return number, name, body and instant of a call."""
    asked = json.loads(line)
    at = asked.get("at")
    return asked["n"], str(asked["call"]), asked["body"], None if at is None else instant_of(at)


async def _next_line(reader: StreamReader) -> bytes:
    """Return what a client says next; nothing where it has gone, or says more than a call may hold."""
    try:
        return await reader.readline()
    except (OSError, ValueError):
        return b""


def _listening() -> socket.socket:
    """Return a socket in this folder that its owner alone can reach."""
    Path(SOCKET).unlink(missing_ok=True)  # One that was killed has left it.
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(SOCKET)
    Path(SOCKET).chmod(0o600)
    return listener


def _write(writer: StreamWriter, what: dict[str, Any]) -> None:
    """Send a line; a client that does not read is let go of, since it has to ask for the truth anyhow."""
    if writer.is_closing():
        return
    writer.write(json.dumps(what, separators=(",", ":")).encode() + b"\n")
    if writer.transport.get_write_buffer_size() > _UNREAD_BYTES_MAX:
        writer.transport.abort()
