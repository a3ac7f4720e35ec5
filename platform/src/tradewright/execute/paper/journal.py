"""A journal of calls: one line each, chained by hashes, on the disk before the call is played.

A line is the hash of all lines up to it, a space, and JSON in the canonical form of the ledger:

    4f9c... {"at":"2026-03-02T14:30:00.000000Z","body":{...},"call":"submit","n":7,"told":"09ab..."}

`told` is a digest of everything that the venue had told before, so that a version which fills otherwise is found.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import LedgerError
from tradewright.ledger.canonical import canonical, instant_of
from tradewright.workspace.writing import sync_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from tradewright.execute.paper.terms import Terms

BEGIN = "begin-venue"
"""The first line of a journal: what the venue is."""

_START, _HASH = "0" * 64, 64
_FIX = (
    "nothing is cut off or skipped: restore the folder from a copy, or move it away and begin another account; "
    "positions are the agent's ledger's word then"
)


@attrs.frozen
class Line:
    """One call.

    Attributes:
        n: Its number, from 1 on.
        at: When it came, by the venue's clock.
        call: What was called.
        body: With what.
        told: Digest of everything that the venue had told before.
    """

    n: int
    at: datetime
    call: str
    body: Mapping[str, Any]
    told: str


def begin(path: Path, terms: Terms, at: datetime) -> None:
    """Write a new journal with its first line: all of it, or nothing.

    Raises:
        OSError: It cannot be written.
    """
    text, _ = _written(_START, Line(1, at, BEGIN, terms.plain(), ""))
    write_all({path: text})


def first_line(path: Path) -> Line | None:
    """Return what a venue began with, None where no journal is.

    Raises:
        LedgerError: The line is damaged.
        OSError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file.readline(), 1, _START, path)[0]
    except FileNotFoundError:
        return None


class Journal:
    """The file, open for appending; only who holds the venue's lock may have one.

    Args:
        path: The file, which must be there.

    Attributes:
        path: The file.
        n: Lines that it has.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.n = path, 0
        self._hash, self._is_torn = _START, False
        self._handle = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def lines(self) -> Iterator[Line]:
        """Yield every line, oldest first, and be ready to append once the last one is out.

        A last line that is torn is cut off: it was not whole on the disk, so nobody was answered.

        Raises:
            LedgerError: Names the first line that is damaged.
            OSError: The file cannot be read.
        """
        size = 0
        with self.path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    self._cut(raw, size)
                    break
                line, self._hash = _read(raw, self.n + 1, self._hash, self.path)
                self.n, size = line.n, size + len(raw)
                yield line
        sync_folder(self.path.parent)

    def append(self, call: str, body: Mapping[str, Any], at: datetime, told: str) -> None:
        """Write a call down; on return it is on the disk.

        Raises:
            LedgerError: It has no text, or is too large.
            OSError: It cannot be written, and may or may not be there: only who opens the journal again can tell.
        """
        if self._is_torn:
            raise OSError(errno.EIO, "a call before could not be written", str(self.path))
        text, digest = _written(self._hash, Line(self.n + 1, at, call, body, told))
        # Whatever ends this early, nothing may follow what may be half a line.
        self._is_torn, left = True, memoryview(text)
        while left:
            left = left[os.write(self._handle, left) :]
        os.fsync(self._handle)
        self.n, self._hash, self._is_torn = self.n + 1, digest, False

    def is_there(self) -> bool:
        """Say whether the file still has its name: its folder may be gone, or be another one."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._handle))
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def _cut(self, torn: bytes, size: int) -> None:
        """Cut off a line without an end, unless all but its end is there: that was written, and is damaged."""
        try:
            _read(torn[:-1] + b"\n", self.n + 1, self._hash, self.path)
        except LedgerError:
            os.ftruncate(self._handle, size)
            os.fsync(self._handle)
        else:
            raise _damaged(self.path, self.n + 1, "it is whole, but its end is none")


def _written(before: str, line: Line) -> tuple[bytes, str]:
    """Return a line as it is written, and its hash."""
    body = {"n": line.n, "at": line.at, "call": line.call, "body": line.body, "told": line.told}
    text = canonical(body)
    digest = _digest(before, text)
    return f"{digest} {text}\n".encode(), digest


def _read(raw: bytes, n: int, before: str, path: Path) -> tuple[Line, str]:
    """Return the line that was written, and its hash."""
    try:
        text = raw.decode()
        digest, rest = text[:_HASH], text[_HASH:]
        if digest != _digest(before, rest[1:-1]) or rest[:1] != " " or rest[-1:] != "\n":
            raise _damaged(path, n, "what it holds and its hash do not belong together")
        found = json.loads(rest)
        line = Line(found["n"], instant_of(found["at"]), found["call"], found["body"], found["told"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, n, "it holds no call") from error
    if line.n != n or (line.call == BEGIN) != (n == 1):
        raise _damaged(path, n, f"it is call {line.n}, {line.call}")
    return line, digest


def _digest(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def _damaged(path: Path, n: int, wrong: str) -> LedgerError:
    return LedgerError(f"the paper venue's journal is damaged: {wrong}", file=path, line=n, fix=_FIX)
