"""The source `files`: what it reads, and files that cannot be read."""

from __future__ import annotations

import gzip
import math
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tradewright import config
from tradewright.data import damage, tables
from tradewright.data.columns import ColumnNames
from tradewright.data.declared import Declared, Reading
from tradewright.data.files import Files, FilesOptions
from tradewright.data.reading import read
from tradewright.errors import ConfigError, DataError, UsageError
from tradewright.sessions import cache_folder
from tradewright.values.instrument import Instrument
from tradewright.values.request import DataRequest

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


def ask(workspace: Path, *symbols: str, options: FilesOptions | None = None, **request: Any) -> Any:
    """Ask the source, as a backtest does."""
    question = DataRequest(symbols=symbols or ("SPY",), workspace=workspace, **request)
    return Files(options or FilesOptions()).history(question)


# ---- what is read ----------------------------------------------------------------------------------------


def test_daily_file_becomes_bars_on_sessions(workspace: Path) -> None:
    save(workspace, *ROWS)

    bars = ask(workspace)

    assert bars.symbols == ("SPY",)
    assert bars.session.astype(str).tolist() == [row[:10] for row in ROWS]
    assert str(bars.opened_at[0]) == "2026-03-02T14:30:00.000000000"
    assert str(bars.closed_at[0]) == "2026-03-02T21:00:00.000000000"
    assert bars.close[:, 0].tolist() == [11, 11.5, 10.5, 11, 11]
    assert bars.volume[:, 0].tolist() == [100, 200, 0, 300, 1000]
    assert bars.traded.all()
    assert bars.adjustment == "none"


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Volume",
        "TIMESTAMP,open,HIGH,low,close,volume",
        "time,open,high,low,close,volume",
        "Datetime,open,high,low,close,volume",
        " date , open,high,low,close,volume",
        '"date","open","high","low","close","volume"',
    ],
)
def test_columns_are_found_by_their_natural_names_in_any_case(workspace: Path, header: str) -> None:
    assert look(save(workspace, *ROWS, header=header)).findings == ()


def test_columns_in_another_order_and_strange_ones_are_no_matter(workspace: Path) -> None:
    save(workspace, "x,11,10,2026-03-02,10,12", header="comment,close,open,date,low,high")

    bars = ask(workspace)

    assert (bars.open[0, 0], bars.high[0, 0], bars.low[0, 0], bars.close[0, 0]) == (10, 12, 10, 11)
    assert bars.volume is None


def test_named_column_wins_over_the_natural_one(workspace: Path) -> None:
    save(workspace, "2026-03-02,10,5", header="date,close,Adj Close")
    options = FilesOptions(columns=ColumnNames(close="Adj Close"))

    assert ask(workspace, options=options).close[0, 0] == 5


def test_exact_name_wins_over_another_case(workspace: Path) -> None:
    save(workspace, "2026-03-02,10,5", header="date,CLOSE,close")

    assert ask(workspace).close[0, 0] == 5


def test_file_without_ranges_gives_closes_only(workspace: Path) -> None:
    save(workspace, "2026-03-02,10", header="date,close")

    bars = ask(workspace)

    assert (bars.open, bars.high, bars.low, bars.volume) == (None, None, None, None)


def test_instrument_carries_lot_tick_and_currency(workspace: Path) -> None:
    save(workspace, *ROWS)
    options = FilesOptions(lot=100.0, tick=0.05, currency="EUR")

    assert ask(workspace, options=options).instruments == (
        Instrument(symbol="SPY", lot=100.0, tick=0.05, currency="EUR"),
    )


@pytest.mark.parametrize("given", [{"lot": 1e-12}, {"lot": 1e9}, {"tick": 0}, {"tick": 1e-12}, {"tick": 1e6}])
def test_lot_and_tick_when_at_their_bounds_are_accepted(given: dict[str, float]) -> None:
    options = FilesOptions(**given)

    assert given == {name: getattr(options, name) for name in given}


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"lot": 0.0}, ">= 1e-12"),
        ({"lot": math.nextafter(1e-12, 0.0)}, ">= 1e-12"),
        ({"lot": math.nextafter(1e9, 2e9)}, "<= 1000000000"),
        ({"tick": -0.01}, ">= 0"),
        ({"tick": 1e-16}, "0 or >= 1e-12"),
        ({"tick": math.nextafter(1e-12, 0.0)}, "0 or >= 1e-12"),
        ({"tick": math.nextafter(1e6, 2e6)}, "<= 1000000"),
    ],
)
def test_lot_and_tick_when_beyond_their_bounds_are_refused(given: dict[str, float], bound: str) -> None:
    with pytest.raises(ValueError, match=f"must be {bound}, was"):
        FilesOptions(**given)


@pytest.mark.parametrize("currency", ["usd", "US", "DOLLAR", "ÜSD"])
def test_currency_must_be_three_capitals(currency: str) -> None:
    with pytest.raises(ValueError, match="three capitals"):
        FilesOptions(currency=currency)


def test_adjustment_is_what_the_feed_declares(workspace: Path) -> None:
    save(workspace, *ROWS)

    assert ask(workspace, adjustment="all").adjustment == "all"


def test_several_symbols_come_in_the_order_asked_for_on_one_grid(workspace: Path) -> None:
    save(workspace, *ROWS[2:], name="NEW.csv")
    save(workspace, *ROWS, name="OLD.csv")

    bars = ask(workspace, "NEW", "OLD")

    assert bars.symbols == ("NEW", "OLD")
    assert bars.traded[:, 0].tolist() == [False, False, True, True, True]


def test_range_of_the_request_is_kept(workspace: Path) -> None:
    save(workspace, *ROWS)

    assert ask(workspace, first_on=date(2026, 3, 3), last_on=date(2026, 3, 5)).n_bars == 3
    with pytest.raises(UsageError, match="empty range"):
        ask(workspace, first_on=date(2026, 6, 1))


def test_gap_is_left_to_the_caller(workspace: Path) -> None:
    save(workspace, ROWS[0], ROWS[4])

    assert ask(workspace).n_bars == 2


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("SPY.csv", "\r\n".join([HEADER, *ROWS, ""]).encode()),
        ("SPY.csv", ("\ufeff" + "\n".join([HEADER, *ROWS])).encode()),  # byte order mark, no last line end
        ("SPY.csv", "\n\n".join(["", HEADER, *ROWS, "", ""]).encode()),  # blank lines
        ("SPY.csv", "\n".join([HEADER, *(row.replace(",", " , ") for row in ROWS)]).encode()),
        ("SPY.csv.gz", gzip.compress("\n".join([HEADER, *ROWS]).encode())),
        ("SPY.CSV.GZ", gzip.compress("\n".join([HEADER, *ROWS]).encode())),
        ("SPY.csv.gz", b"".join(gzip.compress((row + "\n").encode()) for row in [HEADER, *ROWS])),
        ("SPY.csv", "\n".join([HEADER, *(row[:10] + " 00:00:00-05:00" + row[10:] for row in ROWS)]).encode()),
        ("SPY.csv", "\n".join([HEADER, *(row[:10] + "T00:00" + row[10:] for row in ROWS)]).encode()),
    ],
)
def test_spellings_of_the_same_file_read_the_same(workspace: Path, name: str, contents: bytes) -> None:
    expected = look(save(workspace, *ROWS)).bars
    path = workspace / "data" / name
    path.write_bytes(contents)

    found = look(path)

    assert found.findings == ()
    assert found.bars == expected
    assert found.bar == "1d"


def test_lines_are_counted_across_quoted_line_ends_and_blank_lines(workspace: Path) -> None:
    path = save(
        workspace, '"two\nlines",2026-03-02,1', "", "x,2026-03-03,1", "x,2026-03-04,-1", header="note,date,close"
    )

    (finding,) = look(path).findings

    assert finding.line == 6


def test_lines_are_counted_across_chunks(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_CHUNK_ROWS", 2)
    rows = [*ROWS[:3], "2026-03-05,11,12,10,N/A,300", "", "2026-03-06,11,12,10"]
    whole = look(save(workspace, *ROWS))
    path = save(workspace, *rows)

    assert [finding.line for finding in look(path).findings] == [7]
    assert [(finding.line, finding.message) for finding in look(save(workspace, *rows[:4])).findings] == [
        (5, 'not a number, was "N/A"')
    ]
    assert whole.bars is not None
    assert whole.bars.n_bars == 5


def test_options_are_read_from_plugins_toml(workspace: Path) -> None:
    text = """
format = 1
currency = "USD"
[plugins]
enabled = ["trend"]
[capital]
start = 50_000
total = 200_000
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.trend]
weight = 1.0
[data.mine]
source = "files"
symbols = ["SPY"]
path = "data/{symbol}.csv.gz"
columns = { date = "Day", close = "Adj Close" }
time_zone = "America/New_York"
stamp = "end"
"""
    (workspace / "plugins.toml").write_text(text)
    settings = config.read(workspace / "plugins.toml")

    assert config.structure(settings, "data.mine", FilesOptions) == FilesOptions(
        path="data/{symbol}.csv.gz",
        columns=ColumnNames(date="Day", close="Adj Close"),
        time_zone="America/New_York",
        stamp="end",
    )


# ---- files that cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "key", "message"),
    [
        ("date,open,high,low,volume", "close", 'missing \'close\'; found "date", "open"'),
        ("day,close", "date", "missing 'date'"),
        ("date|open|high|low|close", "date", "missing 'date'"),
        ("date,close,close", '"close"', "comes 2 times"),
        ("date,open,close", "high", "missing 'high', 'low' beside open"),
        ("date,open,high,close", "low", "missing 'low' beside high, open"),
    ],
)
def test_header_that_lacks_a_column_is_refused(workspace: Path, header: str, key: str, message: str) -> None:
    path = save(workspace, "x", header=header)

    with pytest.raises(DataError) as caught:
        ask(workspace)

    error = caught.value
    assert (error.file, error.line, error.key) == (str(path), 1, key)
    assert error.message.startswith(message)
    assert error.fix


def test_header_of_one_column_asks_for_commas(workspace: Path) -> None:
    save(workspace, "x", header="date|close")

    with pytest.raises(DataError) as caught:
        ask(workspace)

    assert str(caught.value.fix).startswith("separate the columns with commas")


def test_named_column_that_is_missing_suggests_the_nearest(workspace: Path) -> None:
    save(workspace, *ROWS)

    with pytest.raises(DataError, match="missing 'Vol'") as caught:
        ask(workspace, options=FilesOptions(columns=ColumnNames(volume="Vol")))

    assert caught.value.fix == 'name the column, such as columns = { volume = "volume" }'


GZIPPED = gzip.compress("\n".join([HEADER, *ROWS * 200]).encode())


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("SPY.csv", b"", "empty file"),
        ("SPY.csv", b"\n\n", "empty file"),
        ("SPY.csv", HEADER.encode(), "no rows"),
        ("SPY.csv", GZIPPED, "corrupt file, or not UTF-8 text"),
        ("SPY.csv", "date,close\n2026-03-02,1\n".encode("utf-16"), "corrupt file, or not UTF-8 text: byte 0xff"),
        ("SPY.csv", b"date,close\n2026-03-02,\xe9\n", "corrupt file, or not UTF-8 text: byte 0xe9"),
        ("SPY.csv", b'date,close\n"2026-03-02,1\n', "not CSV: unexpected end of data"),
        ("SPY.csv", b"date,close\n" + b"1" * 200_000, "not CSV: field larger than field limit"),
        ("SPY.csv.gz", GZIPPED[: len(GZIPPED) // 2], "corrupt file: "),
        ("SPY.csv.gz", GZIPPED[:-9] + b"\0" * 9, "corrupt file: "),
        ("SPY.csv.gz", GZIPPED[:20] + b"\xff" * 20 + GZIPPED[40:], "corrupt file: "),
        ("SPY.csv.gz", b"date,close\n2026-03-02,1\n", "corrupt file: Not a gzipped file"),
        ("SPY.csv.gz", b"", "empty file"),
        ("SPY.parquet", b"", "corrupt file: "),
        ("SPY.parquet", b"date,close\n2026-03-02,1\n", "corrupt file: "),
        ("SPY.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", "corrupt file: "),
        ("SPY.xlsx", b"PK", 'unknown kind of file ".xlsx"'),
        ("SPY", b"date,close", 'unknown kind of file ""'),
    ],
)
def test_file_that_is_not_what_its_name_says_is_refused(
    workspace: Path, name: str, contents: bytes, message: str
) -> None:
    path = workspace / "data" / name
    path.write_bytes(contents)

    with pytest.raises(DataError) as caught:
        ask(workspace, options=FilesOptions(path=f"data/{name}"))

    assert caught.value.message.startswith(message)
    assert caught.value.file == str(path)
    assert caught.value.fix


def test_absent_file_is_refused(workspace: Path) -> None:
    with pytest.raises(DataError, match="file not found") as caught:
        ask(workspace)

    assert caught.value.file == str(workspace / "data" / "SPY.csv")


def test_folder_in_place_of_a_file_is_refused(workspace: Path) -> None:
    (workspace / "data" / "SPY.csv").mkdir()

    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        ask(workspace)


@pytest.mark.parametrize("name", ["SPY.csv", "SPY.csv.gz", "SPY.parquet"])
def test_pipe_in_place_of_a_file_is_refused_and_not_waited_for(workspace: Path, name: str) -> None:
    path = workspace / "data" / name
    os.mkfifo(path)

    with pytest.raises(DataError, match="cannot be read: not a regular file"):
        look(path)


@pytest.mark.parametrize("packed", [False, True])
def test_file_beyond_the_limit_is_refused_before_a_row_of_it_is_parsed(
    workspace: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join([HEADER, *ROWS]).encode()
    path = workspace / "data" / ("SPY.csv.gz" if packed else "SPY.csv")
    path.write_bytes(gzip.compress(text) if packed else text)
    monkeypatch.setattr(tables.csv, "reader", None)

    with pytest.raises(DataError, match=f"exceeds {len(text) - 1} bytes limit"):
        look(path, limit_bytes=len(text) - 1)


@pytest.mark.parametrize("packed", [False, True])
def test_file_is_read_up_to_the_limit_and_no_further(workspace: Path, packed: bool) -> None:
    text = "\n".join([HEADER, *ROWS]).encode()
    path = workspace / "data" / ("SPY.csv.gz" if packed else "SPY.csv")
    path.write_bytes(gzip.compress(text) if packed else text)

    assert look(path, limit_bytes=len(text)).rows == 5
    with pytest.raises(DataError, match=f"exceeds {len(text) - 1} bytes limit"):
        look(path, limit_bytes=len(text) - 1)


def test_bomb_is_not_unpacked_beyond_the_limit(workspace: Path) -> None:
    """Ten megabytes of one line in ten kilobytes: neither the line nor the file may be held whole."""
    path = workspace / "data" / "SPY.csv.gz"
    path.write_bytes(gzip.compress(b"date,close\n" + b"2026-03-02,1\n" * 800_000, 1))

    with pytest.raises(DataError, match="exceeds 1000000 bytes limit"):
        look(path, limit_bytes=1_000_000)


def test_limit_of_a_gibibyte_is_called_so() -> None:
    assert damage.LIMIT_BYTES == 1024**3
    assert damage.too_large(Path("x.csv"), damage.LIMIT_BYTES).message == "exceeds 1 GiB limit"


@pytest.mark.parametrize("path", ["../{symbol}.csv", "/etc/passwd", "data/../../{symbol}.csv", "~/{symbol}.csv"])
def test_path_outside_the_workspace_is_refused(workspace: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="must stay inside the workspace") as caught:
        ask(workspace, options=FilesOptions(path=path))

    assert caught.value.key == "path"


def test_link_out_of_the_workspace_is_refused(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "SPY.csv"
    outside.write_text("date,close\n2026-03-02,1\n")
    (workspace / "data" / "SPY.csv").symlink_to(outside)

    with pytest.raises(ConfigError, match="must stay inside the workspace"):
        ask(workspace)


def test_one_file_for_several_symbols_is_refused(workspace: Path) -> None:
    with pytest.raises(ConfigError, match="one file cannot hold several symbols"):
        ask(workspace, "SPY", "QQQ", options=FilesOptions(path="data/prices.csv"))
