"""Parquet files into tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tradewright.data.columns import ACTIONS, ColumnNames, Table, floats, resolve
from tradewright.data.damage import corrupt, readable, too_large
from tradewright.data.findings import FINDINGS_MAX
from tradewright.data.stamps import BAD, DATE, INSTANT, LOCAL, Stamps, parse, unreadable
from tradewright.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.values.arrays import FloatArray

_CELL_BYTES = 8
_NUMERIC = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_null,
)
"""Tests of the types that a column of numbers may have; a truth value is none."""


def read_parquet(path: Path, columns: ColumnNames, date_format: str | None, limit_bytes: int) -> Table:
    """Return what `path` holds; its `line` counts rows from 1.

    Raises:
        DataError: The file is damaged, larger than the limit once unpacked, or lacks a column.
    """
    try:
        with readable(path), pq.ParquetFile(path) as file:
            names = resolve(file.schema_arrow.names, columns, path)
            _check_types(path, file.schema_arrow, names)
            packed = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
            # A run of equal values takes no room in the file: what it grows to counts too.
            if max(packed, file.metadata.num_rows * len(names) * _CELL_BYTES) > limit_bytes:
                raise too_large(path, limit_bytes)
            return _table(file.read(columns=list(names.values())), names, date_format)
    except pa.ArrowException as error:
        raise corrupt(path, error) from error


def _check_types(path: Path, schema: pa.Schema, names: dict[str, str]) -> None:
    for part, name in names.items():
        kind = schema.field(name).type
        held = kind.value_type if pa.types.is_dictionary(kind) else kind
        if part != "date" and not any(holds(held) for holds in _NUMERIC):
            raise DataError(f"must hold numbers, holds {kind}", file=path, key=part, fix="write it as float64")


def _table(rows: pa.Table, names: dict[str, str], date_format: str | None) -> Table:
    dates = rows[names["date"]]
    stamps = _stamps(dates, date_format)
    wrong = {"date": unreadable(stamps, [str(text) for text in dates.to_pylist()])}
    numbers = {}
    for part in set(names) - {"date"}:
        numbers[part], wrong[part] = _floats(rows[names[part]], empty=0.0 if part in ACTIONS else None)
    line = np.arange(1, rows.num_rows + 1)
    return Table(names=names, line=line, stamps=stamps, numbers=numbers, texts=wrong, ragged={}, width=len(names))


def _floats(column: pa.ChunkedArray, *, empty: float | None) -> tuple[FloatArray, dict[int, str]]:
    """Return the numbers of a column, with `empty` where nothing stands; None leaves that not a number."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        stands_for = "" if empty is None else str(empty)
        return floats([(text or "").strip() or stands_for for text in column.to_pylist()])
    column = column.cast(pa.float64(), safe=False)  # An integer beyond 2**53 loses its last digits.
    column = column if empty is None else column.fill_null(empty)
    values = column.to_numpy()
    wrong = np.flatnonzero(~np.isfinite(values))[:FINDINGS_MAX]
    texts = {int(row): "null" if column[row].as_py() is None else str(values[row]) for row in wrong.tolist()}
    return np.where(np.isfinite(values), values, np.nan), texts


def _stamps(column: pa.ChunkedArray, date_format: str | None) -> Stamps:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return parse([text or "" for text in column.to_pylist()], date_format)
    if pa.types.is_date(kind):
        return _written(column, column, DATE)
    if pa.types.is_timestamp(kind):
        return _written(column, column, LOCAL) if kind.tz is None else _zoned(column)
    # Counts of seconds and milliseconds since 1970 are told by their size; other numbers are no stamps.
    return parse(["" if number is None else str(number) for number in column.to_pylist()], date_format)


def _zoned(column: pa.ChunkedArray) -> Stamps:
    utc = column.cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.timestamp("us"))
    return _written(pc.local_timestamp(column), utc, INSTANT)


def _written(local: pa.ChunkedArray, utc: pa.ChunkedArray, kind: int) -> Stamps:
    written = local.cast(pa.timestamp("us"), safe=False).to_numpy()
    offset = np.where(
        np.isnat(written), np.timedelta64(0), written - utc.cast(pa.timestamp("us"), safe=False).to_numpy()
    )
    return Stamps(kind=np.where(np.isnat(written), BAD, kind), local=written, offset=offset)
