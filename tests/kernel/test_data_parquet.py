"""Parquet files: the same bars as from CSV, and what cannot be read."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tradewright.data import damage
from tradewright.data.declared import Declared, Reading
from tradewright.data.reading import read
from tradewright.errors import DataError
from tradewright.sessions import cache_folder
from tradewright.values.instrument import Instrument

HEADER = "date,open,high,low,close,volume"
ROWS = [  # a Monday to Friday of March 2026
    "2026-03-02,10,12,9,11,100",
    "2026-03-03,11,12,10,11.5,200",
    "2026-03-04,11,12,10,10.5,0",
    "2026-03-05,11,12,10,11,300",
    "2026-03-06,11,12,10,11,1e3",
]


@pytest.fixture
def workspace(tmp_path: Path, calendars: Path) -> Path:
    """Return a folder with warm calendars and an empty `data`."""
    (tmp_path / "data").mkdir()
    (tmp_path / ".tradewright").mkdir()
    (tmp_path / ".tradewright" / "cache").symlink_to(calendars)
    return tmp_path


def save(workspace: Path, *rows: str, header: str = HEADER, name: str = "SPY.csv") -> Path:
    path = workspace / "data" / name
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def look(path: Path, limit_bytes: int = damage.LIMIT_BYTES, **declared: Any) -> Reading:
    """Read a file as `data check` does."""
    workspace = path.parents[1]
    told = Declared(instrument=Instrument(symbol="SPY"), **declared)
    return read(path, told, cache=cache_folder(workspace), limit_bytes=limit_bytes)


def save_parquet(workspace: Path, **columns: Any) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = workspace / "data" / "SPY.parquet"
    pq.write_table(pa.table(columns), path)
    return path


DATES = [date(2026, 3, 2), date(2026, 3, 3)]


def test_parquet_reads_as_the_same_csv(workspace: Path) -> None:
    fields = [row.split(",") for row in ROWS]
    numbers = {name: [float(row[place]) for row in fields] for place, name in enumerate(HEADER.split(",")) if place}
    path = save_parquet(workspace, date=[date.fromisoformat(row[0]) for row in fields], **numbers)

    assert look(path).bars == look(save(workspace, *ROWS)).bars


def test_parquet_dates_may_be_written_in_several_ways(workspace: Path) -> None:
    import pyarrow as pa

    midnight = [datetime(2026, 3, day) for day in (2, 3)]  # noqa: DTZ001  # Parquet has naive stamps
    expected = look(save_parquet(workspace, date=DATES, close=[1.0, 1.5])).bars
    spellings = [
        pa.array(["2026-03-02", "2026-03-03"]),
        pa.array(["2026-03-02", "2026-03-03"], pa.large_string()),
        pa.array(DATES, pa.date64()),
        pa.array(midnight, pa.timestamp("ns")),
        pa.array(midnight, pa.timestamp("s")),
        pa.compute.assume_timezone(pa.array(midnight, pa.timestamp("us")), "America/New_York"),
    ]

    for dates in spellings:
        found = look(save_parquet(workspace, date=dates, close=[1.0, 1.5]))
        assert (found.findings, found.bars) == ((), expected)


def test_parquet_instants_are_instants(workspace: Path) -> None:
    import pyarrow as pa

    hours = [datetime.fromisoformat(f"2026-03-02T{hour}:30+00:00") for hour in (14, 15)]
    path = save_parquet(workspace, date=pa.array(hours, pa.timestamp("ms", "UTC")), close=[1.0, 1.5])

    found = look(path)

    assert found.findings == ()
    assert found.bars is not None
    assert str(found.bars.opened_at[0]) == "2026-03-02T14:30:00.000000000"


def test_parquet_numbers_may_be_of_several_types(workspace: Path) -> None:
    import pyarrow as pa

    types = [pa.int64(), pa.float32(), pa.decimal128(22, 2), pa.string()]

    for kind in types:
        close = pa.array([1, 2], pa.int64()).cast(kind)
        bars = look(save_parquet(workspace, date=DATES, close=close)).bars
        assert bars is not None
        assert bars.close[:, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("columns", "line", "message"),
    [
        ({"date": DATES, "close": [1.0, None]}, 2, 'not a number, was "null"'),
        ({"date": DATES, "close": [1.0, np.nan]}, 2, 'not a number, was "nan"'),
        ({"date": DATES, "close": [1.0, np.inf]}, 2, 'not a number, was "inf"'),
        ({"date": DATES, "close": ["1", "N/A"]}, 2, 'not a number, was "N/A"'),
        ({"date": [DATES[0], None], "close": [1.0, 2.0]}, 2, 'not a date or timestamp, was "None"'),
        ({"date": [20260302, 20260303], "close": [1.0, 2.0]}, 1, 'not a date or timestamp, was "20260302"'),
        ({"date": DATES[::-1], "close": [1.0, 1.1]}, 2, "goes back"),
    ],
)
def test_parquet_findings_name_the_row(
    workspace: Path, columns: dict[str, list[Any]], line: int, message: str
) -> None:
    first = look(save_parquet(workspace, **columns)).findings[0]

    assert first.line == line
    assert first.message.startswith(message)


def test_parquet_lacking_a_column_or_rows_is_refused(workspace: Path) -> None:
    import pyarrow as pa

    with pytest.raises(DataError, match="missing 'close'"):
        look(save_parquet(workspace, date=DATES))
    with pytest.raises(DataError, match="no rows"):
        look(save_parquet(workspace, date=pa.array([], pa.date32()), close=pa.array([], pa.float64())))


@pytest.mark.parametrize(
    ("close", "kind"),
    [
        ([[1.0], [2.0]], "list<element: double>"),
        ([True, True], "bool"),
        ([b"1", b"2"], "binary"),
        (DATES, "date32[day]"),
    ],
)
def test_parquet_whose_prices_are_no_numbers_at_all_is_refused(workspace: Path, close: list[Any], kind: str) -> None:
    with pytest.raises(DataError) as caught:
        look(save_parquet(workspace, date=DATES, close=close))

    assert ("close", f"must hold numbers, holds {kind}") == (caught.value.key, caught.value.message)


def test_parquet_volume_beyond_what_a_float_counts_exactly_is_read(workspace: Path) -> None:
    import pyarrow as pa

    volume = pa.array([2**64 - 1, 0], pa.uint64())
    bars = look(save_parquet(workspace, date=DATES, close=[1.0, 1.5], volume=volume)).bars

    assert bars is not None
    assert bars.volume is not None
    assert [2.0**64, 0.0] == bars.volume[:, 0].tolist()


def test_parquet_that_unpacks_beyond_the_limit_is_refused(workspace: Path) -> None:
    """A million equal rows are a few kilobytes of Parquet and sixteen megabytes of numbers."""
    path = save_parquet(workspace, date=[DATES[0]] * 100_000, close=[1.0] * 100_000)

    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match="exceeds 1000000 bytes limit"):
        look(path, limit_bytes=1_000_000)


def test_parquet_cut_short_is_corrupt(workspace: Path) -> None:
    path = save_parquet(workspace, date=DATES * 500, close=list(np.linspace(1, 2, 1000)))
    whole = path.read_bytes()

    for damaged in (whole[:-4], whole[: len(whole) // 2], whole[:4] + b"\xff" * 200 + whole[204:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="corrupt file"):
            look(path)
