"""Begin, reach and end the process of a paper venue."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError, SafetyError
from tradewright.execute.paper import journal
from tradewright.execute.paper.client import PaperExecutor
from tradewright.execute.paper.connection import Connection, open_connection
from tradewright.execute.paper.place import ANSWER_SECONDS, Place
from tradewright.execute.paper.terms import Terms
from tradewright.workspace.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_SECONDS = 60.0
"""How long a venue may take to play its journal again."""
_POLL_SECONDS = 0.02
_LOCK_SECONDS = 0.2


async def start(
    folder: Path, terms: Terms, *, clock: Callable[[], datetime] | None = None, wait_seconds: float = START_SECONDS
) -> PaperExecutor:
    """Return the venue of a folder, which is begun where there is none, and started where none runs.

    The process is in a session of its own: it stays when whoever started it is killed, its whole group included.
    Where it is lost, the executor starts it again.

    Args:
        folder: Its own; made for its owner alone.
        terms: What the venue is to be.
        clock: What time calls come, aware UTC; None for the venue's own clock.
        wait_seconds: How long it may take to answer.

    Raises:
        ConnectionError: It does not answer in time.
        LedgerError: Its journal is damaged, or the process has ended; the error has its last words.
        OSError: The folder cannot be written.
        SafetyError: Another venue lies there.
    """
    place = Place(folder)

    async def open_anew() -> Connection:
        now = datetime.now(UTC) if clock is None else clock()
        await asyncio.to_thread(_ensure, place, terms, now, wait_seconds)
        return await open_connection(place)

    executor = PaperExecutor(terms, open_anew, clock)
    await executor.open()
    return executor


async def connect(folder: Path, *, clock: Callable[[], datetime] | None = None) -> PaperExecutor:
    """Return the venue that runs on a folder.

    Args:
        folder: The venue's.
        clock: What time calls come, aware UTC; None for the venue's own clock.

    Raises:
        ConnectionError: None runs there, or it does not answer.
        LedgerError: It is of another version.
    """
    first = await open_connection(Place(folder))
    terms = first.terms
    await first.close()
    executor = PaperExecutor(terms, partial(open_connection, Place(folder)), clock)
    await executor.open()
    return executor


def is_running(folder: Path) -> bool:
    """Say whether a venue answers on a folder."""
    return pid_of(folder) is not None


def pid_of(folder: Path) -> int | None:
    """Return the number of the process that answers on a folder, by its own word; None where none does."""
    said = Place(folder).exchange()
    return None if said is None else int(said["hello"]["pid"])


def stop(folder: Path, *, wait_seconds: float = ANSWER_SECONDS) -> bool:
    """End the venue that runs on a folder, once it has played what it is playing; say whether there was one.

    One that was started beside it, and has waited for its end, is ended too.

    Args:
        folder: The venue's.
        wait_seconds: How long it may take to end.

    Raises:
        SafetyError: It runs and does not answer, or does not end.
    """
    place = Place(folder)
    if not place.lock.exists():
        return False
    was_running, until = False, time.monotonic() + wait_seconds
    while True:
        was_running |= place.exchange({"n": 1, "call": "stop", "body": {}}) is not None
        try:
            with locked(place.lock, "keeping this paper venue", wait_seconds=_LOCK_SECONDS):
                return was_running
        except SafetyError as error:
            if time.monotonic() >= until:
                fix = f"end it by hand: its process is {_pid(place)}; nothing is lost by that"
                why = f"the paper venue does not end: {error.message}"
                raise SafetyError(why, file=place.folder, fix=fix) from error


def _ensure(place: Place, terms: Terms, now: datetime, wait_seconds: float) -> None:
    """Return once a venue of these terms answers on the folder; one that has yet to begin does so at `now`."""
    place.make()
    first = journal.first_line(place.journal)
    if first is None:
        with locked(place.lock, "beginning this paper venue", wait_seconds=wait_seconds):
            if not place.journal.exists():
                journal.begin(place.journal, terms, now)
        first = journal.first_line(place.journal)
    assert first is not None  # noqa: S101  # it was written above
    Terms.read(first.body).refuse_others(terms, place.journal)
    if place.exchange() is None:
        _spawn(place, wait_seconds)


def _spawn(place: Place, wait_seconds: float) -> None:
    """Start a process, and return once a venue answers: that one, or one that somebody else has started meanwhile."""
    until = time.monotonic() + wait_seconds
    before = place.errors.stat().st_size if place.errors.exists() else 0
    process = _launch(place)
    while place.exchange() is None:
        if process.returncode == SafetyError.exit_code:
            process = _launch(
                place
            )  # The lock was taken: by one that starts, or by one that was killed and still ends.
        elif process.returncode is not None:
            said = place.errors.read_bytes()[before:].decode("utf-8", "replace").strip()
            message = f"the paper venue must start, and has ended with {process.returncode}: {said[-2000:]}"
            raise LedgerError(message, file=place.folder)
        if time.monotonic() >= until:
            message = f"the paper venue on {place.folder} must answer within {wait_seconds:g} s"
            raise ConnectionError(f"{message}; the last process that kept it is {_pid(place)}")
        time.sleep(_POLL_SECONDS)


def _launch(place: Place) -> subprocess.Popen[bytes]:
    """Return a process that was started and left alone; whoever outlives it takes notice of its end."""
    with place.errors.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603  # this interpreter, and no shell
            # -P: what lies in the current folder is nobody's module.
            [sys.executable, "-P", "-m", "tradewright.execute.paper", str(place.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="paper venue", daemon=True).start()
    return process


def _pid(place: Place) -> str:
    try:
        return place.pid.read_text("ascii").strip()
    except OSError:
        return "unknown"
