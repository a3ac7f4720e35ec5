"""Files into tables: CSV, compressed CSV and Parquet, never more than a limit of bytes."""

from __future__ import annotations

import csv
import gzip
import io
import stat
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from tradewright.config.wording import show
from tradewright.data.columns import ACTIONS, NATURAL, ColumnNames, Table, floats, resolve
from tradewright.data.damage import LIMIT_BYTES, readable, too_large
from tradewright.data.findings import FINDINGS_MAX
from tradewright.data.stamps import parse, unreadable
from tradewright.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator
    from pathlib import Path


_CHUNK_ROWS = 50_000  # Texts are turned into numbers in chunks: as Python objects they need ten times the room.
_BUFFER_BYTES = 1 << 18
SEPARATORS = ",;\t"
"""What may separate the columns of a CSV, the most usual first."""


def read_table(
    path: Path, columns: ColumnNames, *, date_format: str | None = None, limit_bytes: int = LIMIT_BYTES
) -> Table:
    """Return what `path` holds.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file.
        columns: Names of its columns.
        date_format: How its dates are written, for `datetime.strptime`; None for ISO 8601 or counts since 1970.
        limit_bytes: Largest size, decompressed.

    Raises:
        DataError: It cannot be read, is damaged, larger than the limit, of another kind, empty, or lacks a
            column.
    """
    with readable(path):
        mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # Opening a pipe would wait for a writer; a folder says so.
        raise DataError("cannot be read: not a regular file", file=path, fix="name a file")
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        table = _read_csv(path, columns, date_format, limit_bytes)
    elif name.endswith(".parquet"):
        from tradewright.data.parquet import read_parquet  # noqa: PLC0415  # 0.1 s that a CSV need not pay

        table = read_parquet(path, columns, date_format, limit_bytes)
    else:
        fix = "save it as .csv, .csv.gz or .parquet"
        raise DataError(f"unknown kind of file {show(path.suffix)}", file=path, fix=fix)
    if not len(table.line) and not table.ragged:
        raise DataError("no rows", file=path, line=1, fix="the file needs one row per bar below its header")
    return table


class _Bounded(io.RawIOBase):
    """A stream that refuses to yield more than a limit of bytes."""

    def __init__(self, stream: BinaryIO, path: Path, limit_bytes: int) -> None:
        self._stream, self._path, self._limit_bytes, self._left = stream, path, limit_bytes, limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes one
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._path, self._limit_bytes)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _opened(path: Path, limit_bytes: int) -> Iterator[io.TextIOWrapper]:
    with ExitStack() as stack:
        raw: BinaryIO = stack.enter_context(path.open("rb"))
        if path.name.lower().endswith(".gz"):
            raw = cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=raw)))
        buffered = io.BufferedReader(_Bounded(raw, path, limit_bytes), _BUFFER_BYTES)
        # utf-8-sig: spreadsheets write a byte order mark; newline="": csv handles line ends within quotes.
        yield stack.enter_context(io.TextIOWrapper(buffered, encoding="utf-8-sig", newline=""))


def _measure(path: Path, limit_bytes: int) -> None:
    """Refuse a file that is too large before its first rows are read: they would fill the memory until then."""
    if not path.name.lower().endswith(".gz"):
        if path.stat().st_size > limit_bytes:
            raise too_large(path, limit_bytes)
        return
    left = limit_bytes
    with gzip.open(path) as stream:
        while block := stream.read(_BUFFER_BYTES):
            left -= len(block)
            if left < 0:
                raise too_large(path, limit_bytes)


def _read_csv(path: Path, columns: ColumnNames, date_format: str | None, limit_bytes: int) -> Table:
    with readable(path), _opened(path, limit_bytes) as text:
        _measure(path, limit_bytes)
        first = list(_up_to_names(text))
        reader = csv.reader(chain(first, text), strict=True, delimiter=_separator(first[-1] if first else ""))
        try:
            header = [name.strip() for name in next((row for row in reader if row), [])]
            if not header:
                raise DataError("empty file", file=path, fix="name the columns in its first line")
            header = _below_tickers(path, reader, header, columns)
            names = resolve(header, columns, path, reader.line_num)
            where = {part: header.index(name) for part, name in names.items()}
            chunks = chain(_rows(reader), [[]])
            return Table.joined([_chunk(rows, names, where, len(header), date_format) for rows in chunks])
        except csv.Error as error:
            fix = "close the quote, or quote the text that holds it"
            raise DataError(f"not CSV: {error}", file=path, line=reader.line_num, fix=fix) from error


def _up_to_names(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines up to the first one that is not empty."""
    for line in text:
        yield line
        if line.strip():
            return


def _separator(line: str) -> str:
    r"""Return what separates the names of the columns: the first mark that makes several of them.

    >>> _separator("date;close"), _separator("date\tclose"), _separator('date,"a;b;c;d"'), _separator("date")
    (';', '\t', ',', ',')
    """
    several = (mark for mark in SEPARATORS if len(next(csv.reader([line], delimiter=mark), [])) > 1)
    return next(several, ",")


def _below_tickers(path: Path, reader: Reader, header: list[str], columns: ColumnNames) -> list[str]:
    """Return the names where a common downloader writes three headings: `Price` and names, `Ticker`, `Date`.

    Raises:
        DataError: The file holds the prices of several symbols.
    """
    named = columns.date is not None or any(name.lower() in NATURAL["date"] for name in header)
    if named or header[0].lower() != "price":
        return header
    tickers, date = next(reader, []), next(reader, [])
    several = list(dict.fromkeys(name.strip() for name in tickers[1:]))
    if tickers[:1] != ["Ticker"] or not date:
        return header
    if len(several) > 1:
        message = f"holds several symbols: {', '.join(map(show, several[:FINDINGS_MAX]))}"
        raise DataError(message, file=path, line=reader.line_num - 1, fix="save one file per symbol")
    return [date[0].strip(), *header[1:]]


def _rows(reader: Reader) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield chunks of rows, each row with the line it starts on; a quoted text may span several lines."""
    before = reader.line_num
    while rows := [(reader.line_num, row) for row in islice(reader, _CHUNK_ROWS)]:
        starts = [before + 1, *(end + 1 for end, _ in rows[:-1])]
        before = rows[-1][0]
        yield [(start, row) for start, (_, row) in zip(starts, rows, strict=True) if row]


def _chunk(
    rows: list[tuple[int, list[str]]],
    names: dict[str, str],
    where: dict[str, int],
    width: int,
    date_format: str | None,
) -> Table:
    whole = [(line, row) for line, row in rows if len(row) == width]
    ragged = ((line, len(row)) for line, row in rows if len(row) != width)
    dates = [row[where["date"]].strip() for _, row in whole]
    stamps = parse(dates, date_format)
    wrong = {"date": unreadable(stamps, dates)}
    numbers = {}
    for part in set(where) - {"date"}:
        texts = [row[where[part]] for _, row in whole]
        numbers[part], wrong[part] = floats([text.strip() or "0" for text in texts] if part in ACTIONS else texts)
    return Table(
        names=names,
        line=np.array([line for line, _ in whole], dtype="int64"),
        stamps=stamps,
        numbers=numbers,
        texts=wrong,
        ragged=dict(islice(ragged, FINDINGS_MAX)),
        width=width,
    )
