"""One file into bars, with every finding at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.config.wording import show
from tradewright.data.damage import LIMIT_BYTES
from tradewright.data.declared import Reading
from tradewright.data.findings import FINDINGS_MAX, FIX_SESSION, Finding
from tradewright.data.quality import check, marked, rounded
from tradewright.data.rows import bars_of
from tradewright.data.stamps import (
    DATE,
    INSTANT,
    LOCAL,
    bar_length,
    bar_name,
    check_date_format,
    place_days,
    place_times,
    to_utc,
    zone,
)
from tradewright.data.tables import read_table
from tradewright.sessions import all_sessions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tradewright.data.columns import Table
    from tradewright.data.declared import Declared
    from tradewright.data.stamps import Placed
    from tradewright.sessions import Sessions
    from tradewright.values.arrays import BoolArray, TimeArray
    from tradewright.values.bars import Bars

_KINDS = {DATE: "a plain date", LOCAL: "a time without offset", INSTANT: "a time with offset"}


def read(path: Path, declared: Declared, *, cache: Path | None = None, limit_bytes: int = LIMIT_BYTES) -> Reading:
    """Read a CSV or Parquet file; what is wrong with single rows is a finding, not an exception.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file.
        declared: What the file itself does not say.
        cache: Folder for calendars.
        limit_bytes: Largest size, decompressed.

    Raises:
        DataError: The file cannot be read, is damaged or too large, or lacks a column.
        ConfigError: The calendar, time zone, bar length or format of dates is unknown.
    """
    length = None if declared.bar is None else bar_length(declared.bar)
    if declared.time_zone is not None:
        zone(declared.time_zone)
    if declared.date_format is not None:
        check_date_format(declared.date_format)
    table = read_table(path, declared.columns, date_format=declared.date_format, limit_bytes=limit_bytes)
    return _Steps(str(path), table, declared).reading(length, cache)


def _fix_stamp(declared: Declared) -> str:
    if declared.date_format is not None:
        return f"write it as date_format = {show(declared.date_format)} says"
    return "write 2024-01-31, or 2024-01-31 09:30:00 with Z, +01:00 or time_zone; else say date_format"


@attrs.define
class _Steps:
    """The steps from a table to bars.

    Each appends its findings.  Those about rows that cannot be read, or times that cannot be understood,
    end the reading, because every later finding would only repeat them.
    """

    file: str
    table: Table
    declared: Declared
    findings: list[Finding] = attrs.field(factory=list)

    def reading(self, length: np.timedelta64 | None, cache: Path | None) -> Reading:
        """Return bars and findings."""
        self._rows()
        daily = self._is_daily()
        if not self.findings:
            self._kinds(daily=daily)
        if self.findings:
            return self._result()
        at, rows = self._ordered(*self._moments(daily=daily))
        if not daily:
            length = self._length(at, rows, length)
            if length is None:
                return self._result()
            at = at - length if self.declared.stamp == "end" else at
        sessions, inside = self._sessions(at, rows, cache)
        at, rows = at[inside], rows[inside]
        placed = place_days(at, sessions) if length is None else place_times(at, length, sessions)
        self._outside(placed, rows)
        bars = bars_of(self.table, self.declared, placed, rows)
        self._check(bars, rows[placed.inside], sessions)
        return self._result("1d" if length is None else bar_name(length), bars)

    def _result(self, bar: str = "", bars: Bars | None = None) -> Reading:
        found = sorted(self.findings, key=lambda finding: finding.line or 0)
        rows = len(self.table.line) + len(self.table.ragged)
        return Reading(
            rows=rows,
            names=self.table.names,
            bar=bar,
            bars=bars,
            findings=tuple(found),
            rounded=0 if bars is None else rounded(bars),
        )

    def _find(self, row: int, kind: str, message: str, fix: str) -> None:
        self._find_at(int(self.table.line[row]), kind, message, fix)

    def _find_at(self, line: int, kind: str, message: str, fix: str) -> None:
        symbol = self.declared.instrument.symbol
        finding = Finding(
            kind=kind, message=message, fix=fix, symbol=symbol, column="date", file=self.file, line=line
        )
        self.findings.append(finding)

    def _written(self, row: int) -> str:
        unit = "D" if self.table.stamps.kind[row] == DATE else "s"
        return str(self.table.stamps.local[row].astype(f"datetime64[{unit}]")).replace("T", " ")

    # ---- can each row be read? ---------------------------------------------------------------------------

    def _rows(self) -> None:
        for line, found in self.table.ragged.items():
            message = f"must have {self.table.width} fields as the header has, was {found}"
            self._find_at(line, "row", message, "write one field per column, and quote a text that holds a comma")
        for row, text in self.table.texts["date"].items():
            message = f"not a date or timestamp, was {show(text)}"
            self._find(row, "date", message, _fix_stamp(self.declared))

    def _is_daily(self) -> bool:
        stamps, bar = self.table.stamps, self.declared.bar
        if bar is not None:
            return bar == "1d"
        return bool(np.all(stamps.kind == DATE)) or (
            stamps.at_midnight and len(np.unique(stamps.local)) == len(stamps.local)
        )

    def _kinds(self, *, daily: bool) -> None:
        """Refuse stamps that do not all say the same kind of thing, or not enough."""
        kind = self.table.stamps.kind
        other = int(np.argmax(kind != kind[0]))
        if other:
            message = f"mixed: {_KINDS[int(kind[other])]} here, {_KINDS[int(kind[0])]} before"
            self._find(other, "time-zone", message, "write every stamp in the same way")
        elif daily and not self.table.stamps.at_midnight:
            row = int(np.argmax(self.table.stamps.local != self.table.stamps.local.astype("datetime64[D]")))
            message = f"a bar of 1d has a plain date, was {self._written(row)}"
            self._find(row, "bar", message, 'write the date alone, or declare a shorter bar such as "1h"')
        elif not daily and kind[0] == DATE:
            message = f"a bar of {self.declared.bar} needs a time of day, was {self._written(0)}"
            self._find(0, "bar", message, 'declare bar = "1d"')
        elif not daily and kind[0] == LOCAL and self.declared.time_zone is None:
            message = f"time zone required: {self._written(0)} has no offset"
            self._find(0, "time-zone", message, 'declare it, such as time_zone = "America/New_York"')

    # ---- when was each bar? ------------------------------------------------------------------------------

    def _moments(self, *, daily: bool) -> tuple[TimeArray, NDArray[np.intp]]:
        """Return the label or the instant of each row, and the rows that have one."""
        stamps, rows = self.table.stamps, np.arange(len(self.table.line))
        if daily:
            return stamps.local.astype("datetime64[D]"), rows
        if stamps.kind[0] == INSTANT:
            return stamps.local - stamps.offset, rows
        name = str(self.declared.time_zone)
        utc, never, twice = to_utc(stamps.local, zone(name))
        for row in np.flatnonzero(never)[:FINDINGS_MAX].tolist():
            message = f"not a session time: {self._written(row)} never was in {name}, where clocks went forward"
            self._find(row, "session", message, FIX_SESSION)
        for row in np.flatnonzero(twice)[:FINDINGS_MAX].tolist():
            message = f"ambiguous: {self._written(row)} was twice in {name}, where clocks went back"
            self._find(row, "time-zone", message, "write stamps with their offset, or in UTC")
        rows = rows[~(never | twice)]
        return utc[rows], rows

    def _ordered(self, at: TimeArray, rows: NDArray[np.intp]) -> tuple[TimeArray, NDArray[np.intp]]:
        """Report rows that repeat or go back; return all in order, each moment once."""
        step = np.diff(at.astype("int64"))
        for place in np.flatnonzero(step == 0)[:FINDINGS_MAX].tolist():
            row, before = int(rows[place + 1]), int(self.table.line[rows[place]])
            message = f"duplicate bar: {self._written(row)} is on line {before} too"
            self._find(row, "duplicate", message, "keep one of the two rows")
        for place in np.flatnonzero(step < 0)[:FINDINGS_MAX].tolist():
            row, before = int(rows[place + 1]), int(rows[place])
            message = f"goes back from {self._written(before)} to {self._written(row)}"
            self._find(row, "order", message, "sort the rows, oldest first")
        at, first = np.unique(at, return_index=True)
        return at, rows[first]

    def _length(
        self, at: TimeArray, rows: NDArray[np.intp], declared: np.timedelta64 | None
    ) -> np.timedelta64 | None:
        """Return how long a bar is, from the file unless declared; None after a finding."""
        apart = np.diff(at).min() if len(at) > 1 else None
        row = int(rows[0]) if len(rows) else 0
        if declared is None and apart is None:
            self._find(row, "bar", "one row does not tell how long a bar is", "supply at least two rows")
        elif declared is not None and apart is not None and apart < declared:
            message = f"bars are {bar_name(apart)} apart, {self.declared.bar} declared"
            self._find(row, "bar", message, f'declare bar = "{bar_name(apart)}"')
            return None
        return apart if declared is None else declared

    # ---- which session does it belong to? ----------------------------------------------------------------

    def _sessions(self, at: TimeArray, rows: NDArray[np.intp], cache: Path | None) -> tuple[Sessions, BoolArray]:
        """Return the calendar, and which bars lie between its ends."""
        days, name = at.astype("datetime64[D]"), self.declared.calendar
        reach = days[-1].item() if len(days) else None
        sessions = all_sessions(name, reach=reach, cache=cache)
        first, last = sessions.date[0], sessions.date[-1]
        for outside, end in ((days < first, f"starts {first}"), (days > last, f"ends {last}")):
            if outside.any():
                place = int(np.argmax(outside))
                message = f"calendar {name} {end}, was {days[place]}; {outside.sum():,} rows lie outside"
                self._find(int(rows[place]), "calendar", message, "leave out rows that no calendar covers")
        return sessions, (days >= first) & (days <= last)

    def _outside(self, placed: Placed, rows: NDArray[np.intp]) -> None:
        for row in rows[~placed.inside][:FINDINGS_MAX].tolist():
            weekday = f"{self.table.stamps.local[row].item():%A}"
            message = f"not a session time of {self.declared.calendar}: {self._written(row)} ({weekday})"
            self._find(row, "session", message, FIX_SESSION)

    # ---- prices ------------------------------------------------------------------------------------------

    def _check(self, bars: Bars, rows: NDArray[np.intp], sessions: Sessions) -> None:
        """Check the prices, and give each finding its line and the text that stands there."""
        for finding in check(marked(bars)[0] if self.declared.bad_bars == "mark" else bars, sessions):
            row = int(rows[finding.row or 0])
            text = self.table.texts.get(finding.column, {}).get(row)
            message = finding.message
            if finding.kind in {"number", "action"} and text is not None:
                message = f"not a number, was {show(text)}"
            self.findings.append(
                attrs.evolve(finding, message=message, file=self.file, line=int(self.table.line[row]))
            )
