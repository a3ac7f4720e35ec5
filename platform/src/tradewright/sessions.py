"""Exchange sessions in UTC: which days trade, and when each opens and closes.

The sessions come from exchange_calendars.  Importing it costs more than a second because it brings pandas, so
each calendar is kept as one small file; a later process reads that file and imports neither.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import warnings
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import attrs
import numpy as np

from tradewright.errors import ConfigError, UsageError
from tradewright.values.arrays import array_field
from tradewright.workspace.paths import Workspace
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from exchange_calendars import ExchangeCalendar

    from tradewright.values.arrays import TimeArray

FIRST_ON = "1990-01-01"
"""Sessions are kept from here on, or from where the calendar itself begins."""

SESSIONS_PER_YEAR = 252
"""Convention of exchanges that close at weekends."""

DAYS_PER_YEAR = 365
"""Sessions where every day is one."""

_COLUMNS = ("date", "opened_at", "closed_at")
_CLOSURE_MAX = np.timedelta64(10, "D")  # Exchanges close for New Year; a calendar may begin within that.


@attrs.frozen(kw_only=True)
class Sessions:
    """Consecutive sessions of one exchange, oldest first.

    Attributes:
        calendar: Name of the calendar, such as `XNYS`; `24/7` never closes.
        date: Label of each session, `(n_sessions,)` datetime64[D], strictly increasing.
        opened_at: Start of trading, UTC, `(n_sessions,)` datetime64[ns]; it may lie on the day before.
        closed_at: End of trading, UTC, `(n_sessions,)`, later than `opened_at`.

    >>> days = np.arange("2024-01-01", "2024-01-08", dtype="datetime64[D]")
    >>> week = Sessions(calendar="24/7", date=days, opened_at=days, closed_at=days + np.timedelta64(1, "D"))
    >>> len(week), len(week.between(days[2], days[3]))
    (7, 2)
    """

    calendar: str
    date: TimeArray = array_field("datetime64[D]")
    opened_at: TimeArray = array_field("datetime64[ns]")
    closed_at: TimeArray = array_field("datetime64[ns]")

    def __attrs_post_init__(self) -> None:
        """Refuse columns that cannot be sessions: a cache file may hold anything."""
        if not self.date.shape == self.opened_at.shape == self.closed_at.shape != (0,):
            raise ValueError("date, opened_at and closed_at must have one common length > 0")
        if np.any(np.diff(self.date) <= np.timedelta64(0)) or not np.all(self.opened_at < self.closed_at):
            raise ValueError("sessions must be in order, each closing after it opens")

    def __len__(self) -> int:
        return len(self.date)

    def between(self, first_on: np.datetime64, last_on: np.datetime64) -> Sessions:
        """Return the sessions labelled `first_on` to `last_on`, both included.

        Raises:
            ValueError: No session lies there.
        """
        start = np.searchsorted(self.date, first_on, side="left")
        stop = np.searchsorted(self.date, last_on, side="right")
        columns = {name: getattr(self, name)[start:stop] for name in _COLUMNS}
        return Sessions(calendar=self.calendar, **columns)


def periods(days: TimeArray, unit: Literal["week", "month"]) -> TimeArray:
    """Return the calendar week, which begins on Monday, or the month of each day.

    >>> days = np.array(["2024-01-05", "2024-01-08"], dtype="datetime64[D]")
    >>> np.diff(periods(days, "week")).astype(int).tolist(), np.diff(periods(days, "month")).astype(int).tolist()
    ([1], [0])
    """
    if unit == "week":
        # Weeks of numpy start on Thursday, the day of 1970-01-01; three days later they start on Monday.
        return (days + np.timedelta64(3, "D")).astype("datetime64[W]")
    return days.astype("datetime64[M]")


def cache_folder(workspace: Path | None) -> Path | None:
    """Return where a workspace keeps its calendars; None, which caches nothing, without a workspace."""
    return None if workspace is None else Workspace(workspace).cache


def sessions(
    calendar: str, first_on: date | None = None, last_on: date | None = None, *, cache: Path | None = None
) -> Sessions:
    """Return the sessions of `calendar` from `first_on` to `last_on`, both included.

    Args:
        calendar: A name known to exchange_calendars, such as `XNYS`, `XETR` or `24/7`.
        first_on: First day wanted, or None for the first session kept (1990).
        last_on: Last day wanted, or None for the last session known, about one year ahead.
        cache: Folder for the calendar's file; a damaged or unwritable one only costs time.

    Raises:
        ConfigError: The calendar is unknown, or the installed exchange_calendars cannot compute it.
        UsageError: A day lies outside the calendar, or no session lies between the two.
    """
    known = all_sessions(calendar, reach=last_on, cache=cache)
    wanted_from = known.date[0] if first_on is None else np.datetime64(first_on)
    return _cut(known, wanted_from, known.date[-1] if last_on is None else np.datetime64(last_on))


def all_sessions(calendar: str, *, reach: date | None = None, cache: Path | None = None) -> Sessions:
    """Return every session known of `calendar`: from 1990 to about one year ahead.

    Args:
        calendar: A name known to exchange_calendars.
        reach: A day that the caller needs; a cache that ends before it is made anew.  The exchange may still
            not have published that day.
        cache: Folder for the calendar's file; a damaged or unwritable one only costs time.

    Raises:
        ConfigError: The calendar is unknown, or the installed exchange_calendars cannot compute it.
    """
    known = None if cache is None else _read(cache, calendar)
    if known is None or (reach is not None and np.datetime64(reach) > known.date[-1]):
        known = _compute(calendar)
        if cache is not None:
            _write(cache, known)
    return known


def sessions_per_year(calendar: str, *, cache: Path | None = None) -> int:
    """Return how many sessions a year has by convention: 365 where every day of the week has one, else 252.

    Raises:
        ConfigError: The calendar is unknown, or the installed exchange_calendars cannot compute it.
    """
    days = all_sessions(calendar, cache=cache).date.astype(np.int64)
    return DAYS_PER_YEAR if len(np.unique(days % 7)) == 7 else SESSIONS_PER_YEAR


def _cut(known: Sessions, first_on: np.datetime64, last_on: np.datetime64) -> Sessions:
    for day, key in ((first_on, "first_on"), (last_on, "last_on")):
        if day > known.date[-1]:
            fix = "ask for an earlier day; exchanges publish their holidays about one year ahead"
            raise UsageError(f"calendar {known.calendar} ends {known.date[-1]}, asked for {day}", key=key, fix=fix)
    for day, key in ((first_on, "first_on"), (last_on, "last_on")):
        if day < known.date[0] - _CLOSURE_MAX:
            fix = f"ask for {known.date[0]} or later"
            raise UsageError(f"calendar {known.calendar} starts {known.date[0]}, asked for {day}", key=key, fix=fix)
    try:
        return known.between(first_on, last_on)
    except ValueError as error:
        fix = "ask for a range that holds at least one trading day"
        raise UsageError(
            f"empty range: {known.calendar} has no session from {first_on} to {last_on}", fix=fix
        ) from error


def _compute(calendar: str) -> Sessions:
    # 1.1 s with pandas: only a process without a cached calendar pays it.
    import exchange_calendars  # noqa: PLC0415  # see above
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415  # see above

    try:
        with warnings.catch_warnings():
            # What pandas says about the way exchange_calendars calls it is no news to our caller.
            warnings.simplefilter("ignore", DeprecationWarning)
            exchange = _from_first_on(calendar)
    except InvalidCalendarName as error:
        known = exchange_calendars.get_calendar_names()
        close = difflib.get_close_matches(calendar.upper(), known, n=3, cutoff=0.4)
        fix = f"did you mean {', '.join(close)}? " if close else ""
        fix += f"known: {', '.join(known)}"
        raise ConfigError(f"unknown calendar {calendar[:40]!r}", key="calendar", fix=fix) from error
    except (NotImplementedError, ValueError) as error:
        found = ", ".join(f"{name} {version(name)}" for name in ("exchange_calendars", "pandas"))
        fix = "choose another calendar, or install other versions of these two packages"
        raise ConfigError(f"{found} cannot compute calendar {calendar}", key="calendar", fix=fix) from error
    schedule = exchange.schedule
    return Sessions(
        calendar=calendar,
        date=_naive(schedule.index),
        opened_at=_naive(schedule["open"].dt),
        closed_at=_naive(schedule["close"].dt),
    )


def _from_first_on(calendar: str) -> ExchangeCalendar:
    from exchange_calendars import get_calendar  # noqa: PLC0415  # as in _compute

    try:
        return get_calendar(calendar, start=FIRST_ON)
    except ValueError:
        # Some exchanges' holidays are recorded from a later year on.
        recent = get_calendar(calendar)
        bound = recent.bound_min()
        return recent if bound is None else get_calendar(calendar, start=bound)


def _naive(moments: Any) -> TimeArray:
    naive: TimeArray = np.asarray(moments.tz_localize(None), dtype="datetime64[ns]")
    return naive


def _file(cache: Path, calendar: str) -> Path:
    release = version("exchange_calendars")
    return cache / f"sessions-{quote(calendar, safe='')}-{release}.npz"


def _read(cache: Path, calendar: str) -> Sessions | None:
    try:
        # Opened here because numpy leaves a damaged file open.
        with _file(cache, calendar).open("rb") as raw, np.load(raw, allow_pickle=False) as stored:
            return Sessions(calendar=calendar, **{name: stored[name] for name in _COLUMNS})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # Absent or damaged: the caller computes the calendar instead.


def _write(cache: Path, computed: Sessions) -> None:
    content = io.BytesIO()
    np.savez(content, **{column: getattr(computed, column) for column in _COLUMNS})
    # Two processes may start at once: each replaces the whole file, so no reader sees half of one.
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        write_all({_file(cache, computed.calendar): content.getvalue()})
