"""Every backtest that was run in a workspace: kept in one SQLite file, and counted as a trial.

A result chosen from many tries is worth less than the only one, so a report says how many distinct pairs of
configuration and data the workspace has seen.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import DataError, UsageError
from tradewright.workspace.kept import Run, Saved, Stored, Ticket, utc
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = 2
LATEST = "latest"
"""The word for the newest run."""
LISTED_MAX = 5
"""Runs that an error names: enough to recognise the one that was meant."""

WAIT_SECONDS = 10.0
"""How long to wait for another process that is writing."""

_TABLE = """\
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    at TEXT NOT NULL,        -- UTC, ISO 8601
    trial TEXT NOT NULL,     -- hash of config and data
    config TEXT NOT NULL,    -- this and the rest: JSON
    data TEXT NOT NULL,
    versions TEXT NOT NULL,
    request TEXT NOT NULL,
    result TEXT NOT NULL,
    trace TEXT               -- null for runs that were saved before schema 2
)"""

_MIGRATIONS = {0: _TABLE, 1: "ALTER TABLE runs ADD COLUMN trace TEXT"}
"""What leads from each older schema to this one; 0 is an empty file."""

_INSERT = """\
INSERT INTO runs (run_id, at, trial, config, data, versions, request, result, trace)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

_FIND = """\
SELECT run_id, at, config, data, versions, request, result, {trace} FROM runs
WHERE substr(run_id, 1, length(?1)) = ?1 ORDER BY at DESC, rowid DESC"""

_SHARPES = """\
SELECT sharpe FROM (
    SELECT CASE WHEN json_valid(result) THEN json_extract(result, '$.net.sharpe') END AS sharpe, max(rowid)
    FROM runs WHERE trial <> ? GROUP BY trial
) WHERE sharpe IS NOT NULL"""

_SELECT = """\
SELECT run_id, at, result FROM runs WHERE ?1 IS NULL OR run_id = ?1 ORDER BY at DESC, rowid DESC"""


@attrs.frozen
class RunStore:
    """The saved runs of one workspace; safe for several processes at once.

    Attributes:
        path: The SQLite file; it is made by the first `save`.
    """

    path: Path

    @classmethod
    def of(cls, workspace: Path) -> RunStore:
        """Return the store of the workspace."""
        return cls(Workspace(workspace).runs)

    def save(self, run: Run, report: Callable[[Ticket], dict[str, Any]]) -> dict[str, Any]:
        """Keep a run and return its report.

        Args:
            run: What was run.
            report: Makes the report, given the name and the count of trials.

        Raises:
            DataError: The file cannot be written, is damaged, or belongs to a newer version.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        with self._open("rwc") as db, db:  # The second keeps everything or nothing.
            db.execute("BEGIN IMMEDIATE")  # No other process may take the same name or count in between.
            _make(db)
            trials, sharpes = _trials(db, run)
            ticket = Ticket(run_id=_free(db, run.run_id), trials=trials, sharpes=sharpes, saved_to=self.path)
            result = report(ticket)
            columns = (run.config, run.data, run.versions, run.request, result, run.trace)
            texts = [None if column is None else json.dumps(column, allow_nan=False) for column in columns]
            db.execute(_INSERT, (ticket.run_id, f"{utc(run.at):%Y-%m-%dT%H:%M:%SZ}", run.trial, *texts))
        return result

    def trials(self, run: Run) -> tuple[int, tuple[float, ...]]:
        """Return how many trials there would be with `run`, which is not kept, and the others' Sharpe ratios.

        Raises:
            DataError: The file cannot be read.
        """
        if not self.path.exists():
            return 1, ()
        with self._open("ro") as db:
            return _trials(db, run)

    def stored(self, run_id: str | None = None) -> tuple[Stored, ...]:
        """Return the saved runs, newest first; only one when `run_id` is given.

        Raises:
            DataError: The file cannot be read.
            UsageError: There is no such run.
        """
        rows: list[tuple[str, str, str]] = []
        if self.path.exists():
            with self._open("ro") as db:
                rows = db.execute(_SELECT, (run_id,)).fetchall()
        if run_id is not None and not rows:
            raise UsageError(f"no run {run_id[:60]!r} in {self.path}", fix="tradewright runs lists them")
        try:
            return tuple(Stored(run_id=name, at=at, report=json.loads(result)) for name, at, result in rows)
        except ValueError as error:
            raise self._refused(f"damaged: {error}") from error

    def find(self, name: str) -> Saved:
        """Return everything that is kept of a run: the one with this name, or with the only name that begins so.

        `latest` is the name of the newest.

        Raises:
            DataError: The file cannot be read.
            UsageError: There is no such run, or several.
        """
        prefix = self._latest() if name == LATEST else name
        rows: list[tuple[str, ...]] = []
        if self.path.exists():
            with self._open("ro") as db:
                (schema,) = db.execute("PRAGMA user_version").fetchone()
                rows = db.execute(_FIND.format(trace="trace" if schema == SCHEMA else "NULL"), (prefix,)).fetchall()
        exact = [row for row in rows if row[0] == prefix]
        (found,) = exact or self._only(prefix, rows if prefix else [])
        try:
            config, data, versions, request, report = map(json.loads, found[2:7])
            trace = None if found[7] is None else json.loads(found[7])
            at = datetime.fromisoformat(found[1])
            run = Run(at=at, config=config, data=data, versions=versions, request=request, trace=trace)
        except ValueError as error:
            raise self._refused(f"damaged: {error}") from error
        return Saved(run_id=found[0], run=run, report=report)

    def _latest(self) -> str:
        """Return the name of the newest run."""
        stored = self.stored()
        if not stored:
            raise UsageError(f"no run is saved in {self.path}", fix="run a backtest first; each is saved")
        return stored[0].run_id

    def _only(self, prefix: str, rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return the one row; without it, or with several, name what was meant."""
        if len(rows) > 1:
            names = ", ".join(row[0] for row in rows[:LISTED_MAX])
            raise UsageError(f"{len(rows)} runs begin with {prefix[:60]!r}", fix=f"name one of them: {names}")
        if not rows:
            latest = ", ".join(one.run_id for one in self.stored()[:LISTED_MAX])
            fix = f"name one of the latest: {latest}" if latest else "run a backtest first; each is saved"
            raise UsageError(f"no run {prefix[:60]!r} in {self.path}", fix=fix)
        return rows

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Open the file, and turn whatever SQLite says into an error with a fix."""
        try:
            uri = f"{self.path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)) as db:
                self._check_schema(db)
                yield db
        except sqlite3.Error as error:
            raise self._refused(str(error)) from error

    def _check_schema(self, db: sqlite3.Connection) -> None:
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA:
            raise DataError(
                f"saved runs of schema {found}, this version reads {SCHEMA}",
                file=self.path,
                fix="upgrade tradewright",
            )

    def _refused(self, why: str) -> DataError:
        fix = "make its folder writable; if the file is damaged, move it away and the next run begins a new one"
        return DataError(f"saved runs cannot be used: {why}", file=self.path, fix=fix)


def _make(db: sqlite3.Connection) -> None:
    """Make the table, or bring an older one to this schema; what is saved in it stays."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found in _MIGRATIONS:
        db.execute(_MIGRATIONS[found])
        db.execute(f"PRAGMA user_version = {SCHEMA}")


def _trials(db: sqlite3.Connection, run: Run) -> tuple[int, tuple[float, ...]]:
    count: int
    (count,) = db.execute("SELECT count(DISTINCT trial) FROM runs WHERE trial <> ?", (run.trial,)).fetchone()
    return count + 1, tuple(float(sharpe) for (sharpe,) in db.execute(_SHARPES, (run.trial,)))


def _free(db: sqlite3.Connection, wanted: str) -> str:
    """Return a name that no run has yet: the same trial may run twice within a second."""
    name, number = wanted, 2
    while db.execute("SELECT 1 FROM runs WHERE run_id = ?", (name,)).fetchone():
        name, number = f"{wanted}-{number}", number + 1
    return name
