"""The heads of a ledger, kept outside its database: what the database has lost, it cannot tell.

A damaged write-ahead log is dropped by SQLite in silence, and the entries before it verify.  So the head is also
appended to a file at every commit.  The database may know more than the file, never less.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError
from tradewright.ledger.entry import START, Head
from tradewright.workspace.writing import sync_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LINE = re.compile(rb"(0|[1-9][0-9]{0,17}) ([0-9a-f]{64})")
_LINE_BYTES_MAX = 18 + 1 + 64 + 1
_FIX = (
    "see what the ledger holds with tradewright ledger verify; if it verifies, and you accept its end, "
    "write the anchor anew with tradewright ledger rebuild --new-anchor"
)


class Anchor:
    """A file of heads, one a line: number, space, hash.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def begin(self, head: Head = START) -> None:
        """Write the file anew, with one head, so that it stays when the power fails.

        Raises:
            OSError: It cannot be written.
        """
        self.close()
        write_all({self.path: _line(head)})

    def last(self) -> Head | None:
        """Return the newest head, None where there is no file or nothing whole in it.

        The last line may be torn: its process died while writing it.

        Raises:
            LedgerError: The newest whole line holds no head.
            OSError: The file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 3 * _LINE_BYTES_MAX))
                lines = file.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return None
        return self._head(lines[-1], "its last line") if lines else None

    def heads(self) -> Iterator[Head]:
        """Yield every head, oldest first.

        Raises:
            LedgerError: A line holds none, or one that is not newer than the line before.
            OSError: The file cannot be read.
        """
        before = -1
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                head = self._head(line[:-1], f"line {number}")
                if head.seq <= before:
                    raise self._damaged(f"line {number} tells of entry {head.seq} after entry {before}")
                before = head.seq
                yield head

    def append(self, head: Head, *, sync: bool = False) -> None:
        """Write the newest head.

        Args:
            head: It.
            sync: Whether to wait until it, and all before it, are on the disk.

        Raises:
            OSError: It cannot be written.
        """
        if self._handle is None:
            self._handle = self._open()
        line, whole = _line(head), False
        try:
            whole = os.write(self._handle, line) == len(line)
            if whole and sync:
                os.fsync(self._handle)
        except OSError:
            self._drop()
            raise
        if not whole:
            self._drop()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def close(self) -> None:
        """Wait until everything is on the disk, and let go of the file."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def compare(self, anchored: Head | None, found: Head | None, last: Head) -> None:
        """Refuse a ledger that knows less than its anchor, or something else.

        Args:
            anchored: The newest head here, None where there is none.
            found: The ledger's entry of that number, None where it has none.
            last: The ledger's last entry.

        Raises:
            LedgerError: It does.
        """
        if anchored is None:
            if last != START:
                raise LedgerError(f"the ledger has {last.seq} entries and no anchor", file=self.path, fix=_FIX)
        elif found is None:
            lost = f"the ledger ends with entry {last.seq}, and its anchor knows entry {anchored.seq}"
            fix = (
                "its newest entries are lost: restore a copy that has them (tradewright ledger restore, or import "
                "what was followed), then reconcile with the venue"
            )
            raise LedgerError(lost, file=self.path, key=f"entry {last.seq + 1}", fix=fix)
        elif found != anchored:
            wrong = "the ledger and its anchor know different entries of this number"
            raise LedgerError(wrong, file=self.path, key=f"entry {anchored.seq}", fix=_FIX)

    def _drop(self) -> None:
        """Let go of a file in which a line may be torn: whoever opens it again cuts that off."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        """Open the file for appending, behind its last whole line."""
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        size = os.lseek(handle, 0, os.SEEK_END)
        start = os.lseek(handle, max(0, size - _LINE_BYTES_MAX), os.SEEK_SET)
        tail = os.read(handle, _LINE_BYTES_MAX)
        if tail and not tail.endswith(b"\n"):
            os.ftruncate(handle, start + tail.rfind(b"\n") + 1)
        sync_folder(self.path.parent)
        return handle

    def _head(self, line: bytes, which: str) -> Head:
        found = _LINE.fullmatch(line)
        if found is None:
            raise self._damaged(f"{which} must be a number and a hash, was {line[:40]!r}")
        return Head(int(found[1]), found[2].decode())

    def _damaged(self, wrong: str) -> LedgerError:
        return LedgerError(f"the ledger's anchor is damaged: {wrong}", file=self.path, fix=_FIX)


def _line(head: Head) -> bytes:
    return f"{head.seq} {head.hash}\n".encode()
