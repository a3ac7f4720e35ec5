"""A ledger in SQLite or PostgreSQL: entries and what follows from them, written together or not at all."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tradewright.errors import LedgerError
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.canonical import instant_text
from tradewright.ledger.database import Database, reason_of
from tradewright.ledger.entry import MEND, START, Entry, Head, Kind, chain, check
from tradewright.ledger.migrations import SCHEMA, migrate, schema_of
from tradewright.ledger.projection import change_of
from tradewright.ledger.tables import ENTRY, PROJECTED
from tradewright.workspace.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from tradewright.ledger.entry import Draft
    from tradewright.ledger.projection import Change

BUSY_SECONDS = 5.0
"""How long to wait for another connection that is writing, before an intent is given up."""
PAGE = 500
"""Entries read at once: no reading holds the database for long."""


class SqlStore:
    """A ledger in a database.  Threads may share it; one process at a time may write.

    Attributes:
        database: Where it is.
        anchor: The file of its heads.
    """

    def __init__(
        self,
        target: Path | str,
        *,
        anchor: Path | None = None,
        write: bool = True,
        believe: bool = False,
        busy_seconds: float = BUSY_SECONDS,
        synchronous: str = "FULL",
    ) -> None:
        """Open a ledger, and begin it where neither it nor its anchor is there and it may be written.

        Args:
            target: A file of SQLite, or a URL, such as `postgresql://user@host/name`.
            anchor: The file of its heads; beside SQLite's file unless given, and needed for every other database.
            write: Whether to append to it; else nothing is changed, and another process may be writing.
            believe: Leaves out the comparison with the anchor, for whoever is about to verify or mend it.
            busy_seconds: How long to wait for another connection that is writing.
            synchronous: SQLite's setting of that name.

        Raises:
            LedgerError: It is damaged or newer than this version, disagrees with its anchor, would lose commits in a
                power failure, or cannot be opened.
            SafetyError: Another process writes it.
        """
        self.database = Database(target, write=write, busy_seconds=busy_seconds, synchronous=synchronous)
        self.anchor = Anchor(anchor or self._anchor_path())
        self._lock, self._open = threading.RLock(), ExitStack()
        self._head = START
        with ExitStack() as undo:  # Whatever is refused below leaves nothing open.
            undo.callback(self.close)
            with self.database.refusing():
                self._begin(believe=believe)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> Head:
        """The last entry; `START` while there is none."""
        if self.database.write:
            return self._head
        with self.database.refusing(), self.database.reading() as connection:
            return _last(connection)

    def append(self, entries: Sequence[Draft]) -> Head:
        """Write all of `entries`, or none; they are on the disk when this returns.

        The anchor is told after the commit, and synced with a checkpoint.

        Raises:
            LedgerError: They cannot be written, or what may be there once is there already.  Where only the anchor
                could not be told, `head` has moved on and the message says so.
        """
        with self._lock:
            return self.adopt(chain(self._head, entries))

    def adopt(self, entries: Sequence[Entry]) -> Head:
        """Write entries as they are, which another copy of this ledger has: see `append`.

        Raises:
            LedgerError: They do not continue this ledger, or cannot be written.
        """
        with self._lock, self.database.refusing():
            written = list(check(entries, self._head))
            if written:
                self._commit(written)
                self._head = written[-1].head
                self._tell_anchor(sync=any(entry.kind is Kind.CHECKPOINT for entry in written))
            return self._head

    def read(self, after: int = 0, kinds: frozenset[Kind] | None = None) -> Iterator[Entry]:
        """Yield the entries that are there now, in order: see `Store.read`."""
        end, page = self.head.seq, PAGE
        wanted = select(ENTRY).order_by(ENTRY.c.seq).where(ENTRY.c.seq <= end)
        if kinds is not None:
            wanted = wanted.where(ENTRY.c.kind.in_(sorted(kinds)))
        while after < end:
            try:
                with self.database.reading() as connection:
                    rows = connection.execute(wanted.where(ENTRY.c.seq > after).limit(page)).all()
            except SQLAlchemyError as error:
                if page == 1:
                    wrong = f"it cannot be read: {reason_of(error)}"
                    place, key = self.database.place, f"entry {after + 1}"
                    raise LedgerError(wrong, file=place, key=key, fix=MEND) from error
                page = 1  # One by one, so that the first one that cannot be read is named.
                continue
            if not rows:
                return
            for row in rows:
                yield Entry.load(*row)
            after = rows[-1].seq

    def projected(self, name: str) -> Iterator[dict[str, str | int]]:
        """Yield the rows of a table that follows from entries, in no order.

        Raises:
            LedgerError: It cannot be read.
        """
        with self.database.refusing(), self.database.reading() as connection:
            yield from (dict(row) for row in connection.execute(select(PROJECTED[name])).mappings())

    def rebuild(self) -> None:
        """Make every table that follows from entries anew, in one transaction.

        Raises:
            LedgerError: The entries do not verify, or nothing can be written.
        """
        with self._lock, self.database.refusing(), self.database.writing() as connection:
            for table in PROJECTED.values():
                connection.execute(delete(table))
            for entry in check(self.read()):
                if change := change_of(entry):
                    _apply(connection, change)

    def close(self) -> None:
        """Wait until the anchor is on the disk, and let go of everything; a second time does nothing."""
        with self._lock:
            self._open.close()

    def _anchor_path(self) -> Path:
        if self.database.path is None:
            wrong, fix = "needs an anchor, a file outside the database", "name it with --anchor FILE"
            raise LedgerError(wrong, file=self.database.place, fix=fix)
        return self.database.path.with_suffix(".anchor")

    def _begin(self, *, believe: bool) -> None:
        """Compare what there is with the anchor, which is read first: another process may be writing."""
        self._open.callback(self.database.close)
        path = self.database.path
        there = path is None or path.is_file()
        if not there and (believe or not self.database.write):
            fix = "name the account, or the file with --ledger; an agent begins its own ledger"
            raise LedgerError("there is no ledger", file=path, fix=fix)
        if self.database.write:
            self._open.enter_context(locked(self.anchor.path.with_suffix(".lock"), "writing this ledger"))
            self._open.callback(self.anchor.close)
        anchored = None if believe else self.anchor.last()
        if not there and anchored not in {None, START}:
            self.anchor.compare(anchored, None, START)  # It is not begun anew.
        at = anchored or START
        found = self._look(at)
        if believe:
            return
        if anchored is None and self._head == START and self.database.write:
            self.anchor.begin()
            return
        self.anchor.compare(anchored, found, self._head)
        for entry in check(self.read(after=at.seq), at):
            at = entry.head
        if self.database.write and at != anchored:
            self.anchor.append(at, sync=True)

    def _look(self, at: Head) -> Head | None:
        """Bring the tables up to date, see what the last entry is, and return the one of an anchored number."""
        if self.database.write:
            with self.database.writing() as connection:
                if schema_of(connection) < SCHEMA:
                    migrate(connection)
        with self.database.reading() as connection:
            if (seen := schema_of(connection)) < SCHEMA:
                wrong = f"the ledger has schema {seen}, this version needs {SCHEMA}"
                raise LedgerError(wrong, file=self.database.place, fix="open it once for writing, as its agent does")
            self._head = _last(connection)
            return START if at == START else _head_at(connection, at.seq)

    def _tell_anchor(self, *, sync: bool) -> None:
        try:
            self.anchor.append(self._head, sync=sync)
        except OSError as error:
            wrong = f"entry {self._head.seq} is written, but not its anchor: {error.strerror or error}"
            fix = "free the place, and open the ledger anew: its anchor is then brought up to date"
            raise LedgerError(wrong, file=self.anchor.path, fix=fix) from error

    def _commit(self, written: Sequence[Entry]) -> None:
        with self.database.writing() as connection:
            if (found := _last(connection)) != self._head:
                wrong = f"entry {found.seq} was written by another process; entry {self._head.seq} was the last here"
                fix = "let one process write, and start this one anew"
                raise LedgerError(wrong, file=self.database.place, fix=fix)
            connection.execute(insert(ENTRY), [_row(entry) for entry in written])
            for entry in written:
                if change := change_of(entry):
                    _apply(connection, change)


def _last(connection: Connection) -> Head:
    row = connection.execute(select(ENTRY.c.seq, ENTRY.c.hash).order_by(ENTRY.c.seq.desc()).limit(1)).first()
    return START if row is None else Head(row.seq, row.hash)


def _head_at(connection: Connection, seq: int) -> Head | None:
    found = connection.execute(select(ENTRY.c.hash).where(ENTRY.c.seq == seq)).scalar()
    return None if found is None else Head(seq, found)


def _row(entry: Entry) -> dict[str, str | int]:
    at = instant_text(entry.at)
    return {"seq": entry.seq, "at": at, "kind": entry.kind.value, "body": entry.text, "hash": entry.hash}


def _apply(connection: Connection, change: Change) -> None:
    table = PROJECTED[change.table.name]
    if change.news:
        changed = update(table).where(*(table.c[name] == value for name, value in change.where.items()))
        if connection.execute(changed.values(change.news)).rowcount:
            return
    try:
        connection.execute(insert(table), change.row)
    except IntegrityError as error:
        raise change.repeated() from error
