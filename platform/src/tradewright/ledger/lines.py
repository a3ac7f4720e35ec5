"""A ledger as lines of text: exported, imported, and followed into a second place.

A line is an entry in the canonical form, so that two copies of a ledger are the same bytes.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Self

from tradewright.errors import LedgerError, UsageError
from tradewright.ledger.entry import MEND, START, Entry, Head, check, verify
from tradewright.workspace.locks import locked
from tradewright.workspace.writing import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tradewright.ledger.sql import SqlStore
    from tradewright.ledger.store import Store

BATCH = 500
"""Entries imported with one commit."""
FOLLOWED = "entries.jsonl"
"""The file that a followed ledger has in its second place."""


def lines(store: Store) -> Iterator[str]:
    """Yield every entry as a line, with its end, for as long as they verify.

    Raises:
        LedgerError: Names the first entry that does not.
    """
    for entry in check(store.read()):
        yield f"{entry.line}\n"


def export_lines(store: Store, target: Path) -> int:
    """Write every entry into a file, which gets its name when it is whole.

    Returns:
        How many.

    Raises:
        LedgerError: An entry does not verify.
        OSError: The file cannot be written.
        UsageError: It is there already.
    """
    if target.exists():
        raise UsageError("there is a file already; no export is replaced", file=target, fix="name another one")
    part = target.with_name(f".{target.name}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            for line in lines(store):
                file.write(line)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)
    return count


def read_lines(source: Path) -> Iterator[Entry]:
    """Yield the entries of an exported file, for as long as they verify.

    Raises:
        LedgerError: Names the first line that is no entry, or that does not continue the one before.
        OSError: The file cannot be read.
    """
    head = START
    with source.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = _entry(line)
                head = verify([entry], head)
            except LedgerError as error:
                raise LedgerError(error.message, file=source, line=number, key=error.key, fix=MEND) from error
            yield entry


def import_lines(source: Path, store: SqlStore) -> int:
    """Bring a ledger up to an exported file: what it has already must be the same.

    A crash leaves whole commits; the same call goes on behind them.

    Returns:
        How many entries were new.

    Raises:
        LedgerError: A line does not verify, or the ledger is another one.
        OSError: The file cannot be read.
    """
    begun, head = store.head, START
    entries = read_lines(source)
    while head.seq < begun.seq:
        entry = next(entries, None)
        if entry is None:
            break
        head = entry.head
    if not _same(head, store):
        raise _other(source, head)
    while batch := list(islice(entries, BATCH)):
        store.adopt(batch)
    return store.head.seq - begun.seq


class Follower:
    """A second place for a ledger: a folder that gets every commit, soon after it was made.

    Attributes:
        path: The file of lines in it.
        head: The last entry that is there.
    """

    def __init__(self, folder: Path) -> None:
        """Go on where the last one stopped; a line that was cut off by a crash is written anew.

        Raises:
            LedgerError: What is there does not verify.
            OSError: The folder cannot be written.
            SafetyError: Another process follows into it.
        """
        self.path = folder / FOLLOWED
        folder.mkdir(parents=True, exist_ok=True)
        self._open = ExitStack()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._open.enter_context(locked(folder / "follow.lock", "following a ledger into this folder"))
            self._file = self._open.enter_context(self.path.open("ab"))
            self._file.truncate(_whole(self.path))
            self.head = verify(read_lines(self.path))
            sync_folder(folder)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ship(self, store: Store) -> int:
        """Bring the second place up to date; what was shipped is on its disk when this returns.

        Returns:
            How many entries were new there.

        Raises:
            LedgerError: The ledger does not continue what is there: it knows less, or something else.
            OSError: The file cannot be written.
        """
        if not _same(self.head, store):
            raise _other(self.path, self.head)
        begun = self.head.seq
        try:
            for entry in check(store.read(after=begun), self.head):
                self._file.write(f"{entry.line}\n".encode())
                self.head = entry.head
            if self.head.seq > begun:
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError:  # Nobody knows which lines are there; the next one to open the folder does.
            self.close()
            raise
        return self.head.seq - begun

    def close(self) -> None:
        """Let go of the folder."""
        self._open.close()


def _entry(line: bytes) -> Entry:
    if not line.endswith(b"\n"):
        raise LedgerError("a line must have an end; this one was cut off")
    try:
        return Entry.parse(line[:-1].decode("utf-8"))
    except UnicodeDecodeError as error:
        raise LedgerError(f"a line must be UTF-8, was {line[error.start : error.start + 1]!r}") from error


def _whole(path: Path) -> int:
    """Return the size of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65_536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _same(head: Head, store: Store) -> bool:
    """Whether a ledger has the entry that another copy ends with."""
    if head == START:
        return True
    return any(entry.head == head for entry in islice(store.read(after=head.seq - 1), 1))


def _other(path: Path, head: Head) -> LedgerError:
    wrong = "the two copies know different entries of this number, or one of them lacks it: they are two ledgers"
    fix = "keep both; verify each, and go on with the one that agrees with the venue"
    return LedgerError(wrong, file=path, key=f"entry {head.seq}", fix=fix)
