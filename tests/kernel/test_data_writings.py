"""How files are written elsewhere: separators, headings, formats of dates, and counts since 1970."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tradewright.data.declared import Declared, Reading
from tradewright.data.files import Files, FilesOptions
from tradewright.data.reading import read
from tradewright.errors import ConfigError, DataError
from tradewright.values.instrument import Instrument
from tradewright.values.request import DataRequest

DAYS = ["2026-03-02", "2026-03-03", "2026-03-04"]


@pytest.fixture
def look(tmp_path: Path, calendars: Path) -> Any:
    """Return what writes lines to a file and reads it."""

    def call(*lines: str, **declared: Any) -> Reading:
        path = tmp_path / "SPY.csv"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return read(path, Declared(instrument=Instrument(symbol="SPY"), **declared), cache=calendars)

    return call


def days(reading: Reading) -> list[str]:
    assert () == reading.findings
    assert reading.bars is not None
    return [str(day) for day in reading.bars.session]


def instants(reading: Reading) -> list[str]:
    assert () == reading.findings
    assert reading.bars is not None
    return [str(at)[:19] for at in reading.bars.opened_at]


# ---- separators ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_separated_by_what_the_first_line_has(look: Any, mark: str) -> None:
    rows = [mark.join(cells) for cells in (("date", "close"), *((day, "10.5") for day in DAYS))]
    reading = look(*rows)

    assert DAYS == days(reading)
    assert [10.5] * 3 == reading.bars.close[:, 0].tolist()


def test_separator_is_looked_for_below_empty_lines_and_the_lines_are_counted(look: Any) -> None:
    reading = look("", "date;close", f"{DAYS[0]};10", f"{DAYS[1]};-1")

    assert [4] == [finding.line for finding in reading.findings]


def test_decimal_comma_between_semicolons_says_what_to_do(look: Any) -> None:
    (finding,) = look("date;close", f"{DAYS[0]};10,5").findings

    assert 'not a number, was "10,5"' == finding.message
    assert "no decimal comma" in finding.fix


# ---- headings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ["Date", "Datetime"])
def test_three_headings_of_a_downloader_are_read(look: Any, date: str) -> None:
    reading = look(
        "Price,Close,High,Low,Open,Volume",
        "Ticker,SPY,SPY,SPY,SPY,SPY",
        f"{date},,,,,",
        *(f"{day},11,12,9,10,100" for day in DAYS),
    )

    assert DAYS == days(reading)
    assert [10.0] * 3 == reading.bars.open[:, 0].tolist()
    assert (3, date) == (reading.rows, reading.names["date"])


def test_line_below_three_headings_is_the_one_in_the_file(look: Any) -> None:
    reading = look("Price,Close", "Ticker,SPY", "Date,", f"{DAYS[0]},10", f"{DAYS[1]},0")

    assert [5] == [finding.line for finding in reading.findings]


def test_three_headings_of_several_symbols_are_refused(look: Any) -> None:
    with pytest.raises(DataError, match='holds several symbols: "SPY", "QQQ"') as caught:
        look("Price,Close,Close", "Ticker,SPY,QQQ", "Date,,", f"{DAYS[0]},10,20")

    assert (2, "save one file per symbol") == (caught.value.line, caught.value.fix)


def test_column_called_price_is_no_heading(look: Any) -> None:
    from tradewright.data.columns import ColumnNames

    reading = look("Price,Date", *(f"10,{day}" for day in DAYS), columns=ColumnNames(close="Price"))

    assert DAYS == days(reading)


# ---- formats of dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date_format", "texts"),
    [
        ("%d.%m.%Y", ["02.03.2026", "03.03.2026", "04.03.2026"]),
        ("%m/%d/%Y", ["03/02/2026", "3/3/2026", "03/4/2026"]),
        ("%Y%m%d", ["20260302", "20260303", "20260304"]),
        ("%d-%b-%y", ["02-Mar-26", "03-Mar-26", "04-Mar-26"]),
    ],
)
def test_dates_are_read_as_their_format_says(look: Any, date_format: str, texts: list[str]) -> None:
    assert DAYS == days(look("date,close", *(f"{text},10" for text in texts), date_format=date_format))


def test_times_without_an_offset_need_a_time_zone_in_any_format(look: Any) -> None:
    rows = ["date,close", "02.03.2026 10:30,10", "02.03.2026 11:30,10"]
    said = {"date_format": "%d.%m.%Y %H:%M"}

    assert ["time-zone"] == [finding.kind for finding in look(*rows, **said).findings]
    assert ["2026-03-02T15:30:00", "2026-03-02T16:30:00"] == instants(
        look(*rows, **said, time_zone="America/New_York")
    )


def test_times_with_an_offset_are_instants_in_any_format(look: Any) -> None:
    rows = ["date,close", "02.03.2026 10:30 -0500,10", "02.03.2026 11:30 -0500,10"]

    assert ["2026-03-02T15:30:00", "2026-03-02T16:30:00"] == instants(look(*rows, date_format="%d.%m.%Y %H:%M %z"))


def test_date_in_another_format_is_a_finding_that_names_it(look: Any) -> None:
    (finding,) = look("date,close", "2026-03-02,10", date_format="%d.%m.%Y").findings

    assert ("date", 'not a date or timestamp, was "2026-03-02"') == (finding.kind, finding.message)
    assert 'write it as date_format = "%d.%m.%Y" says' == finding.fix


@pytest.mark.parametrize("date_format", ["", "%H:%M", "%d.%m.", "day %Q", "%Y-%m"])
def test_format_that_leaves_the_day_open_is_refused(look: Any, date_format: str) -> None:
    with pytest.raises(ConfigError, match="not a format of dates") as caught:
        look("date,close", "2026-03-02,10", date_format=date_format)

    assert "date_format" == caught.value.key


def test_format_of_the_sources_options_is_used(tmp_path: Path, calendars: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "SPY.csv").write_text("date;close\n02.03.2026;10\n03.03.2026;11\n")
    request = DataRequest(symbols=("SPY",), workspace=tmp_path)

    bars = Files(FilesOptions(date_format="%d.%m.%Y")).history(request)

    assert DAYS[:2] == [str(day) for day in bars.session]


# ---- counts since 1970 -----------------------------------------------------------------------------------

HOURS = [1772465400, 1772469000]
"""10:30 and 11:30 in New York on 2026-03-02."""


@pytest.mark.parametrize("written", ["{0}", "{0}.0", "{0}000", "{0}000.0"])
def test_seconds_and_milliseconds_since_1970_are_told_by_their_size(look: Any, written: str) -> None:
    reading = look("timestamp,close", *(f"{written.format(at)},10" for at in HOURS))

    assert ["2026-03-02T15:30:00", "2026-03-02T16:30:00"] == instants(reading)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ("99999999999", "5138-11-16"),  # the largest that is seconds
        ("100000000000", "1973-03-03"),  # the smallest that is milliseconds
    ],
)
def test_size_that_parts_seconds_from_milliseconds(count: str, expected: str) -> None:
    from tradewright.data.stamps import INSTANT, parse

    stamps = parse([count])

    assert (INSTANT, expected) == (int(stamps.kind[0]), str(stamps.local[0])[:10])


def test_days_counted_since_1970_are_dates(look: Any) -> None:
    midnights = [1772409600 + 86_400 * n for n in range(3)]

    assert DAYS == days(look("date,close", *(f"{at},10" for at in midnights)))


@pytest.mark.parametrize("scale", [1, 1000])
def test_counts_in_parquet_are_read(tmp_path: Path, calendars: Path, scale: int) -> None:
    path = tmp_path / "SPY.parquet"
    pq.write_table(pa.table({"timestamp": [at * scale for at in HOURS], "close": [10.0, 11.0]}), path)

    reading = read(path, Declared(instrument=Instrument(symbol="SPY")), cache=calendars)

    assert ["2026-03-02T15:30:00", "2026-03-02T16:30:00"] == instants(reading)
