"""One symbol's prices as one Parquet file: the numbers as columns, everything else as a label in the schema.

    opened_at, closed_at, session, close, traded [, open, high, low, volume, split, dividend]   + label (JSON)

Any reader of Parquet can open it.  The label names what was asked, of whom and when, and the fingerprint of the
numbers, so that a file which anything has changed since is noticed.
"""

from __future__ import annotations

import json
from datetime import date, datetime  # noqa: TC003  # cattrs reads the annotations at run time
from typing import TYPE_CHECKING, Any

import attrs
import cattrs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cattrs.preconf.json import make_converter

from tradewright.data.damage import LIMIT_BYTES, corrupt, readable, too_large
from tradewright.data.fingerprint import fingerprint
from tradewright.errors import DataError
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument  # noqa: TC001  # likewise

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
_KEY = b"tradewright"
_CELL_BYTES = 8
_INSTANT = pa.timestamp("ns", tz="UTC")
_AXES = {"opened_at": _INSTANT, "closed_at": _INSTANT, "session": pa.date32()}
_GRIDS = ("close", "traded", "open", "high", "low", "volume", "split", "dividend")
_CONVERTER = make_converter(forbid_extra_keys=True)


@attrs.frozen(kw_only=True)
class Label:
    """What a file of prices says of itself.

    Attributes:
        feed: The feed's name in plugins.toml.
        question: What was asked: `source`, `bar`, `calendar`, `adjustment` and the source's own keys.
        plugin_version: Version of what brought the source.
        asked_from: First session asked for, None for the earliest there is.
        asked_to: Last session asked for, None for the latest there is.
        fetched_at: When the source was last asked, UTC.
        first_on: Session of the first bar.
        last_on: Session of the last bar.
        n_bars: Number of bars.
        instrument: What the source said of the symbol.
        fingerprint: SHA-256 over every number, in hexadecimal.
    """

    feed: str
    question: dict[str, Any] = attrs.field()
    plugin_version: str | None
    asked_from: date | None
    asked_to: date | None
    fetched_at: datetime = attrs.field()
    first_on: date
    last_on: date
    n_bars: int
    instrument: Instrument
    fingerprint: str

    @question.validator
    def _complete(self, _: object, question: dict[str, Any]) -> None:
        if not all(isinstance(question.get(key), str) for key in ("source", "bar", "calendar", "adjustment")):
            raise ValueError("question must name source, bar, calendar and adjustment")

    @fetched_at.validator
    def _zoned(self, _: object, at: datetime) -> None:
        if at.utcoffset() is None:
            raise ValueError("fetched_at must have a time zone")

    @property
    def symbol(self) -> str:
        """What is priced."""
        return self.instrument.symbol


def pack(label: Label, bars: Bars) -> bytes:
    """Return the file."""
    columns = {name: pa.array(getattr(bars, name)).cast(kind) for name, kind in _AXES.items()}
    grids = {name: getattr(bars, name) for name in _GRIDS}
    columns |= {name: pa.array(grid[:, 0]) for name, grid in grids.items() if grid is not None}
    text = json.dumps({"schema": SCHEMA, **_CONVERTER.unstructure(label)}, allow_nan=False)
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table(columns).replace_schema_metadata({_KEY: text}), buffer, compression="zstd")
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def label_of(path: Path) -> Label:
    """Return what the file says of itself; the numbers are not looked at.

    Raises:
        DataError: The file is damaged, has no label, or was written by another version.
    """
    try:
        with readable(path), pq.ParquetFile(path) as file:
            return _label(path, file.schema_arrow)
    except pa.ArrowException as error:
        raise corrupt(path, error) from error


def unpack(path: Path, limit_bytes: int = LIMIT_BYTES) -> tuple[Label, Bars]:
    """Return the label and the prices, which have the fingerprint that the label names.

    Raises:
        DataError: The file is damaged, altered or larger than the limit, or was written by another version.
    """
    try:
        with readable(path), pq.ParquetFile(path) as file:
            label = _label(path, file.schema_arrow)
            # A run of equal values takes no room in the file.
            if file.metadata.num_rows * file.metadata.num_columns * _CELL_BYTES > limit_bytes:
                raise too_large(path, limit_bytes)
            bars = _bars(label, file.read())
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise corrupt(path, error) from error
    _refuse_altered(path, label, bars)
    return label, bars


def _refuse_altered(path: Path, label: Label, bars: Bars) -> None:
    ends = (str(day) for day in (*bars.session[:1], *bars.session[-1:]))
    found = (fingerprint(bars), bars.n_bars, *ends)
    told = (label.fingerprint, label.n_bars, str(label.first_on), str(label.last_on))
    for what, is_, was in zip(
        ("fingerprint", "count of bars", "first session", "last session"), found, told, strict=False
    ):
        if is_ != was:
            message = f"altered: its label names {what} {str(was)[:12]}, its numbers have {str(is_)[:12]}"
            raise DataError(message, file=path)


def _label(path: Path, schema: pa.Schema) -> Label:
    try:
        fields = json.loads((schema.metadata or {})[_KEY])
        found = fields.pop("schema")
        if found == SCHEMA:
            return _CONVERTER.structure(fields, Label)
    except KeyError as error:
        raise DataError("holds prices, but no label of this program", file=path) from error
    except (cattrs.BaseValidationError, AttributeError, TypeError, ValueError) as error:
        raise corrupt(path, error) from error
    raise DataError(f"cached prices of schema {found}, this version reads {SCHEMA}", file=path)


def _bars(label: Label, rows: pa.Table) -> Bars:
    columns: dict[str, Any] = {name: rows[name].to_numpy() for name in rows.column_names}
    grids = {name: columns[name][:, np.newaxis] for name in _GRIDS if name in columns}
    axes = {name: columns[name] for name in _AXES}
    return Bars(**axes, **grids, instruments=(label.instrument,), adjustment=label.question["adjustment"])
