"""What a file says about time, and the sessions that its bars belong to."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import attrs
import numpy as np

from tradewright.data import writings
from tradewright.data.findings import FINDINGS_MAX
from tradewright.errors import ConfigError
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tradewright.sessions import Sessions
    from tradewright.values.arrays import BoolArray, TimeArray

DATE, LOCAL, INSTANT, BAD = writings.DATE, writings.LOCAL, writings.INSTANT, writings.BAD
"""How a stamp is written: a plain date, a time of day without offset, one with it, or unreadable."""

_BAR = re.compile(r"([1-9]\d{0,3})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_QUARTER = np.timedelta64(15, "m").astype("timedelta64[us]")


@attrs.frozen(kw_only=True)
class Stamps:
    """Time column of a file, row by row as written.

    Attributes:
        kind: `DATE`, `LOCAL`, `INSTANT` or `BAD`, `(n_rows,)`.
        local: Date and time of day as written, `(n_rows,)` datetime64[us]; NaT where unreadable.
        offset: What the stamp adds to UTC, `(n_rows,)` timedelta64[us]; 0 where it says nothing.
    """

    kind: NDArray[np.int8] = array_field("int8")
    local: TimeArray = array_field("datetime64[us]")
    offset: NDArray[np.timedelta64] = array_field("timedelta64[us]")

    @classmethod
    def joined(cls, chunks: Sequence[Stamps]) -> Stamps:
        """Return the stamps of all chunks, of which there is at least one, in a row."""
        return cls(
            kind=np.concatenate([chunk.kind for chunk in chunks]),
            local=np.concatenate([chunk.local for chunk in chunks]),
            offset=np.concatenate([chunk.offset for chunk in chunks]),
        )

    @property
    def at_midnight(self) -> bool:
        """Whether every stamp is a date, or a date written as midnight, as pandas and yfinance write it."""
        return bool(np.all(self.local == self.local.astype("datetime64[D]")))


def parse(texts: list[str], date_format: str | None = None) -> Stamps:
    """Read stamps in ISO 8601, `2024-01-02` or `2024-01-02 09:30[:00[.000]]`, with or without `Z` or `+01:00`.

    Seconds and milliseconds since 1970 are told by their size, and are instants.  With `date_format`, in the signs
    of `datetime.strptime`, only that is read.

    >>> stamps = parse(["2024-01-02", "2024-01-02 09:30-05:00", "1/2/2024", "2024-02-30"])
    >>> stamps.kind.tolist(), stamps.local[1].item().hour, stamps.offset[1].item().total_seconds()
    ([0, 2, 3, 3], 9, -18000.0)
    """
    kind, local, offset = writings.iso(texts) if date_format is None else writings.formatted(texts, date_format)
    return Stamps(kind=kind, local=local, offset=offset)


def check_date_format(date_format: str) -> None:
    """Refuse a format that cannot be read back, or that leaves the day open.

    Raises:
        ConfigError: It is such a one.
    """
    example = datetime(2001, 12, 30, 13, 14, 15, tzinfo=UTC)
    try:
        told = datetime.strptime(example.strftime(date_format), date_format).date() == example.date()  # noqa: DTZ007  # only the day counts
    except ValueError:
        told = False
    if not told:
        fix = 'write day, month and year in the signs of Python\'s strptime, such as "%d.%m.%Y" or "%m/%d/%Y %H:%M"'
        raise ConfigError(f"not a format of dates: {date_format[:40]!r}", key="date_format", fix=fix)


def unreadable(stamps: Stamps, texts: list[str]) -> dict[int, str]:
    """Return the texts that are no stamps, by row, the first 21."""
    return {int(row): texts[row] for row in np.flatnonzero(stamps.kind == BAD)[:FINDINGS_MAX]}


def bar_length(bar: str) -> np.timedelta64 | None:
    """Return how long a bar is; None for `1d`, which is as long as its session.

    Raises:
        ConfigError: The text is not a bar length.

    >>> bar_length("5m"), bar_length("1d")
    (np.timedelta64(300,'s'), None)
    """
    if bar == "1d":
        return None
    match = _BAR.fullmatch(bar)
    if match is None:
        fix = 'write seconds, minutes, hours or one day, such as "30s", "5m", "1h" or "1d"'
        raise ConfigError(f"unknown bar length {bar[:40]!r}", key="bar", fix=fix)
    return np.timedelta64(int(match[1]) * _UNITS[match[2]], "s")


def bar_name(length: np.timedelta64) -> str:
    """Return the shortest name of a bar length.

    >>> bar_name(np.timedelta64(3600, "s")), bar_name(np.timedelta64(90, "s"))
    ('1h', '90s')
    """
    seconds = int(length / np.timedelta64(1, "s"))
    unit = next(unit for unit in ("h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def zone(name: str) -> ZoneInfo:
    """Return the time zone called `name`.

    Raises:
        ConfigError: There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, available_timezones(), n=3)
        fix = f"did you mean {', '.join(close)}?" if close else 'write an IANA name such as "America/New_York"'
        raise ConfigError(f"unknown time zone {name[:40]!r}", key="time_zone", fix=fix) from error


def to_utc(local: TimeArray, place: ZoneInfo) -> tuple[TimeArray, BoolArray, BoolArray]:
    """Return the instants of local times, and which of these never were and which were twice.

    Clocks change on quarters of an hour, so one look-up serves all stamps within a quarter.

    >>> local = np.array(["2026-03-08T02:30", "2026-03-08T03:00", "2026-11-01T01:30"], dtype="datetime64[us]")
    >>> utc, never, twice = to_utc(local, ZoneInfo("America/New_York"))
    >>> str(utc[1])[:16], never.tolist(), twice.tolist()
    ('2026-03-08T07:00', [True, False, False], [False, False, True])
    """
    quarters, place_of = np.unique(local.astype("int64") // _QUARTER.astype("int64"), return_inverse=True)
    naive = (quarters * _QUARTER).astype("datetime64[us]").tolist()
    first = [moment.replace(tzinfo=place).utcoffset() or timedelta() for moment in naive]
    second = [moment.replace(tzinfo=place, fold=1).utcoffset() or timedelta() for moment in naive]
    early = np.array(first, dtype="timedelta64[us]")[place_of]
    late = np.array(second, dtype="timedelta64[us]")[place_of]
    return local - early, late > early, late < early


@attrs.frozen(kw_only=True)
class Placed:
    """Bars on sessions.

    Attributes:
        inside: Which rows lie in a session, `(n_rows,)`; only these are meaningful below.
        session: Session of each row, datetime64[D].
        opened_at: Start of each bar, UTC, not before the session's.
        closed_at: End of each bar, UTC, not after the session's.
    """

    inside: BoolArray = array_field("bool")
    session: TimeArray = array_field("datetime64[D]")
    opened_at: TimeArray = array_field("datetime64[ns]")
    closed_at: TimeArray = array_field("datetime64[ns]")


def place_days(days: TimeArray, sessions: Sessions) -> Placed:
    """Give each session's label its hours."""
    at = np.minimum(np.searchsorted(sessions.date, days), len(sessions) - 1)
    return Placed(
        inside=sessions.date[at] == days,
        session=days,
        opened_at=sessions.opened_at[at],
        closed_at=sessions.closed_at[at],
    )


def place_times(starts: TimeArray, length: np.timedelta64, sessions: Sessions) -> Placed:
    """Find the session that each bar overlaps, and cut the bar to its hours.

    A bar from 09:00 to 10:00 of an exchange that opens at 09:30 holds the trades from 09:30 on.
    """
    at = np.minimum(np.searchsorted(sessions.closed_at, starts, side="right"), len(sessions) - 1)
    opened_at, closed_at = sessions.opened_at[at], sessions.closed_at[at]
    ends = starts + length
    return Placed(
        inside=(ends > opened_at) & (starts < closed_at),
        session=sessions.date[at],
        opened_at=np.maximum(starts, opened_at),
        closed_at=np.minimum(ends, closed_at),
    )
