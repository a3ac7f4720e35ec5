"""How a file may write a time: ISO 8601, counts since 1970, or a format of its own; row by row, as written."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tradewright.values.arrays import TimeArray

    Written = tuple[NDArray[np.int8], TimeArray, NDArray[np.timedelta64]]
    """Kind, local time and offset of each row, as `stamps.Stamps` has them."""

DATE, LOCAL, INSTANT, BAD = 0, 1, 2, 3
"""How a stamp is written: a plain date, a time of day without offset, one with it, or unreadable."""

_STAMP = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\d{0,3} ?(?P<offset>Z|[+-]\d\d:?\d\d)?)?"
)
_EPOCH = re.compile(r"(\d{9,14})(?:\.0*)?")
_TIME_OF_DAY = re.compile(r"%[HIMSfpXc]")
_MILLISECONDS_FROM = 10**11
"""Counts since 1970 from here on are milliseconds: as seconds they would lie beyond the year 5000, and below here
milliseconds would be of 1973 and earlier."""


def iso(texts: list[str]) -> Written:
    """Read ISO 8601, and counts since 1970 where any text is one."""
    matches = [_STAMP.fullmatch(text) for text in texts]
    if None in matches and any(_EPOCH.fullmatch(text) for text in texts):
        return iso([_since_1970(text) for text in texts])
    written = [None if match is None else _iso(match) for match in matches]
    local = _moments(written)
    offsets = {text: _offset(text) for text in {match["offset"] for match in matches if match}}
    offset = np.array([offsets[match["offset"]] if match else 0 for match in matches], dtype="timedelta64[s]")
    kind = np.array([BAD if match is None else _kind(match) for match in matches], dtype="int8")
    return np.where(np.isnat(local), BAD, kind), local, offset


def formatted(texts: list[str], date_format: str) -> Written:
    """Read what is written in the signs of `datetime.strptime`, and nothing else."""
    plain = LOCAL if _TIME_OF_DAY.search(date_format) else DATE
    kind = np.full(len(texts), BAD, dtype="int8")
    local = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    offset = np.zeros(len(texts), dtype="timedelta64[us]")
    for row, text in enumerate(texts):
        try:
            read = datetime.strptime(text, date_format)  # noqa: DTZ007  # the format says whether there is an offset
        except ValueError:
            continue
        kind[row], local[row] = plain, read.replace(tzinfo=None)
        if (utc := read.utcoffset()) is not None:
            kind[row], offset[row] = INSTANT, utc
    return kind, local, offset


def _since_1970(text: str) -> str:
    """Write a count since 1970 as the instant that it is, and leave any other text alone.

    >>> _since_1970("1704205800"), _since_1970("1704205800000.0"), _since_1970("20240102")
    ('2024-01-02T14:30:00.000Z', '2024-01-02T14:30:00.000Z', '20240102')
    """
    match = _EPOCH.fullmatch(text)
    if match is None:
        return text
    count = int(match[1])
    milliseconds = count if count >= _MILLISECONDS_FROM else 1000 * count
    return f"{np.datetime64(milliseconds, 'ms')}Z"


def _iso(match: re.Match[str]) -> str:
    return match["date"] if match["time"] is None else f"{match['date']}T{match['time']}"


def _kind(match: re.Match[str]) -> int:
    if match["time"] is None:
        return DATE
    return LOCAL if match["offset"] is None else INSTANT


def _offset(text: str | None) -> int:
    """Return seconds added to UTC."""
    if text in {None, "Z"}:
        return 0
    digits = str(text)[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if str(text)[0] == "-" else seconds


def _moments(written: list[str | None]) -> TimeArray:
    try:
        return np.array(written, dtype="datetime64[us]")
    except ValueError:  # Some text has the shape of a date and is none: 2024-02-30.
        return np.array([_moment(text) for text in written], dtype="datetime64[us]")


def _moment(text: str | None) -> np.datetime64:
    try:
        return np.datetime64("NaT") if text is None else np.datetime64(text, "us")
    except ValueError:
        return np.datetime64("NaT")
