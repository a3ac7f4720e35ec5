"""A connection to SQLite or PostgreSQL that keeps what it has committed, and errors that say how to mend."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tradewright.errors import LedgerError
from tradewright.ledger.entry import MEND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

DURABLE = ("FULL", "EXTRA")
"""Settings of SQLite's `synchronous` under which a commit outlives a power failure."""
_FULL = 2  # How SQLite numbers the first of them.
_WRITERS_KEY = 7_365_716  # PostgreSQL's lock for writers of this program; any number does.

_FIXES = {
    "locked": "another program holds the database: end it, or wait until it has ended",
    "full": "free space on the disk",
    "malformed": MEND,
    "not a database": MEND,
    "decode": MEND,
    "no such": MEND,
    "": "see that its folder can be written, or that its server runs and lets you in",
}
"""By a word of what the driver says."""


class Database:
    """Where a ledger is.  Threads may share it.

    Attributes:
        place: What it was opened with, without a password.
        path: Its file, None where it is not SQLite's.
        write: Whether anything may be changed.
    """

    def __init__(self, target: Path | str, *, write: bool, busy_seconds: float, synchronous: str) -> None:
        """Say where it is; nothing is opened before it is used.

        Raises:
            LedgerError: It is no database that is tested, or it would lose commits in a power failure.
        """
        if synchronous.upper() not in DURABLE:
            fix = f"use {DURABLE[0]}: anything less loses commits in a power failure"
            raise LedgerError(f"must be {' or '.join(DURABLE)}, was {synchronous[:20]!r}", key="synchronous", fix=fix)
        url = _url(target)
        shown = url.difference_update_query(
            ["password", "sslpassword"]
        )  # SQLAlchemy hides only what is before the @.
        self.place = shown.render_as_string(hide_password=True)
        self.path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        if self.path is not None:
            self.place = str(self.path)
        self.write, self._synchronous, self._closed = write, synchronous.upper(), False
        self._engine = self._make_engine(url, busy_seconds)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state; errors of the driver come through.

        Raises:
            LedgerError: It was closed.
        """
        self._refuse_closed()
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept, or none; only one at a time has one.

        Raises:
            LedgerError: Nothing may be changed, or it was closed.
        """
        self._refuse_closed()
        if not self.write:
            raise LedgerError("the ledger was opened for reading only", file=self.place)
        with self._engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                if self.path is None:
                    connection.execute(select(func.pg_advisory_xact_lock(_WRITERS_KEY)))
                yield connection

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Turn what the driver or the disk says into an error with a fix, and name the ledger where nothing is named.

        Raises:
            LedgerError: Something was said.
        """
        try:
            yield
        except LedgerError as error:
            error.file = error.file or self.place
            raise
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            reason = reason_of(error)
            fix = next(fix for word, fix in _FIXES.items() if word in reason)
            raise LedgerError(reason, file=self.place, fix=fix) from error

    def complaint(self) -> str | None:
        """Return the first thing that SQLite's own check finds wrong, in tables or indices; a server has its own."""
        if self.path is None:
            return None
        with self.reading() as connection:
            found = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
        return None if found == "ok" else " ".join(found.split())[:200]

    def close(self) -> None:
        """Let go of every connection, for good: SQLAlchemy would make new ones."""
        self._closed = True
        self._engine.dispose()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise LedgerError("the ledger was closed", file=self.place)

    def _make_engine(self, url: URL, busy_seconds: float) -> Engine:
        if self.path is not None:
            query = {"uri": "true", "mode": "rwc" if self.write else "ro"}
            own = URL.create("sqlite", database=self.path.absolute().as_uri(), query=query)
            engine = create_engine(own, connect_args={"timeout": busy_seconds})
            event.listen(engine, "connect", self._prepare)
            event.listen(engine, "begin", _begin)
            return engine
        try:
            engine = create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            fix = "pip install 'tradewright[postgres]'"
            raise LedgerError(f"needs {error.name}, which is not installed", file=self.place, fix=fix) from error
        event.listen(engine, "connect", _require_durable)
        return engine

    def _prepare(self, connection: sqlite3.Connection, _: object) -> None:
        """Let commits outlive a power failure, and see that SQLite has understood."""
        connection.isolation_level = None  # Python would begin transactions when it likes.
        if not self.write:
            return
        connection.execute("PRAGMA fullfsync = ON")  # What macOS calls a sync does not reach the disk.
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        (level,) = connection.execute("PRAGMA synchronous").fetchone()
        if mode != "wal" or level < _FULL:
            wrong = f"must be kept with journal_mode wal and synchronous {_FULL}, was {mode} and {level}"
            raise LedgerError(wrong, file=self.path, fix="keep the ledger on a local disk of this machine")


def reason_of(error: Exception) -> str:
    """Return what the driver said, without the statement, whose values are nobody's business on a screen."""
    said = getattr(error, "orig", None) or error
    return (str(said).strip().splitlines() or [type(said).__name__])[0][:200]


def _url(target: Path | str) -> URL:
    """Return where a ledger is; only databases that are tested are let in."""
    if isinstance(target, Path) or "://" not in target:
        return URL.create("sqlite", database=str(target))
    fix = "name a file, or write postgresql://user@host/database"
    try:
        url = make_url(target)
    except ArgumentError as error:
        raise LedgerError("the URL of the ledger cannot be read", fix=fix) from error
    name = url.get_backend_name()
    if name not in {"sqlite", "postgresql"}:
        raise LedgerError(f"a ledger is kept by SQLite or PostgreSQL, was {name[:20]!r}", fix=fix)
    if name == "sqlite" and url.database in {None, "", ":memory:"}:
        raise LedgerError("a ledger in memory would keep nothing", fix=fix)
    if url.drivername == "postgresql":  # SQLAlchemy's own default is another driver than the extra brings.
        url = url.set(drivername="postgresql+psycopg")
    return url


def _begin(connection: Connection) -> None:
    """Begin a transaction of SQLite; who writes says so at once, instead of finding out halfway."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _require_durable(connection: DBAPIConnection, _: object) -> None:
    """Refuse a PostgreSQL that answers before a commit is on its disk."""
    cursor = connection.cursor()
    for name in ("fsync", "synchronous_commit"):
        cursor.execute(f"SHOW {name}")
        (found,) = cursor.fetchone() or ("off",)
        if found == "off":
            fix = "switch it on: anything less loses commits in a power failure"
            raise LedgerError(f"PostgreSQL's {name} must be on, was {found}", key=name, fix=fix)
    cursor.close()
    connection.rollback()
