"""One file into bars: its times, and rows that cannot be true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tradewright.data import damage
from tradewright.data.columns import ColumnNames
from tradewright.data.declared import Declared, Reading
from tradewright.data.files import Files, FilesOptions
from tradewright.data.reading import read
from tradewright.errors import ConfigError, DataError
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
REAL = Path(__file__).parents[3] / "shared" / "data"


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


# ---- times of day ----------------------------------------------------------------------------------------


HOURS = ["2026-03-06 09:30", "2026-03-06 10:30", "2026-03-06 15:30"]


@pytest.mark.parametrize(
    ("stamps", "declared"),
    [
        (HOURS, {"time_zone": "America/New_York"}),
        ([stamp.replace(" ", "T") + ":00.000" for stamp in HOURS], {"time_zone": "America/New_York"}),
        ([stamp + "-05:00" for stamp in HOURS], {}),
        ([stamp + ":00-0500" for stamp in HOURS], {"time_zone": "Asia/Tokyo"}),  # the offset wins
        (["2026-03-06T14:30Z", "2026-03-06T15:30:00Z", "2026-03-06T20:30:00+00:00"], {}),
        (
            ["2026-03-06 10:30", "2026-03-06 11:30", "2026-03-06 16:30"],
            {"time_zone": "America/New_York", "stamp": "end"},
        ),
    ],
)
def test_hours_are_placed_in_their_session(workspace: Path, stamps: list[str], declared: dict[str, Any]) -> None:
    path = save(workspace, *(f"{stamp},10" for stamp in stamps), header="date,close")

    found = look(path, **declared)

    assert found.findings == ()
    assert found.bar == "1h"
    assert found.bars is not None
    opened = [str(at)[:16] for at in found.bars.opened_at]
    assert opened == ["2026-03-06T14:30", "2026-03-06T15:30", "2026-03-06T20:30"]
    # The last bar is cut at the close, 16:00 in New York.
    assert str(found.bars.closed_at[-1])[:16] == "2026-03-06T21:00"


def test_bar_that_starts_before_the_open_is_cut_to_it(workspace: Path) -> None:
    path = save(workspace, "2026-03-06 09:00,1", "2026-03-06 10:00,1", header="date,close")

    bars = look(path, time_zone="America/New_York").bars

    assert bars is not None
    assert [str(at)[11:16] for at in bars.opened_at] == ["14:30", "15:00"]


def test_session_of_a_night_market_is_the_one_it_belongs_to(workspace: Path) -> None:
    path = save(workspace, "2026-03-05T23:59Z,1", "2026-03-06T00:00Z,1", header="date,close")

    bars = look(path, calendar="24/7").bars

    assert bars is not None
    assert bars.session.astype(str).tolist() == ["2026-03-05", "2026-03-06"]


def test_hours_follow_the_clock_through_the_change_to_summer_time(workspace: Path) -> None:
    days = ["2026-03-06 09:30", "2026-03-06 10:30", "2026-03-09 09:30"]
    path = save(workspace, *(f"{stamp},1" for stamp in days), header="date,close")

    bars = look(path, time_zone="America/New_York").bars

    assert bars is not None
    assert [str(at)[11:16] for at in bars.opened_at] == ["14:30", "15:30", "13:30"]


@pytest.mark.parametrize(
    ("stamps", "declared", "line", "message"),
    [
        (["2026-03-06 09:30"], {}, 2, "time zone required: 2026-03-06 09:30:00 has no offset"),
        (["2026-03-06T14:30Z", "2026-03-06 15:30"], {}, 3, "mixed: a time without offset here, a time with"),
        (["2026-03-06", "2026-03-09 09:30"], {}, 3, "mixed: a time without offset here, a plain date before"),
        (["2026-03-06T14:30Z"], {}, 2, "one row does not tell how long a bar is"),
        (
            ["2026-03-06T14:30Z", "2026-03-06T14:35Z"],
            {"bar": "1h"},
            2,
            "bars are 5m apart, 1h declared",
        ),
        (["2026-03-06"], {"bar": "1h"}, 2, "a bar of 1h needs a time of day, was 2026-03-06"),
        (["2026-03-06T14:30Z"], {"bar": "1d"}, 2, "a bar of 1d has a plain date, was 2026-03-06 14:30:00"),
        (["1/2/2026"], {}, 2, 'not a date or timestamp, was "1/2/2026"'),
        (["2026-02-30"], {}, 2, 'not a date or timestamp, was "2026-02-30"'),
        (["2026-03-06 24:30Z"], {}, 2, 'not a date or timestamp, was "2026-03-06 24:30Z"'),
        (["17728002"], {}, 2, 'not a date or timestamp, was "17728002"'),
        ([""], {}, 2, 'not a date or timestamp, was ""'),
    ],
)
def test_times_that_cannot_be_understood_end_the_reading(
    workspace: Path, stamps: list[str], declared: dict[str, Any], line: int, message: str
) -> None:
    path = save(workspace, *(f"{stamp},1" for stamp in stamps), header="date,close")

    found = look(path, **declared)

    assert found.bars is None
    (finding,) = found.findings
    assert (finding.line, finding.column) == (line, "date")
    assert finding.message.startswith(message)
    assert finding.fix


@pytest.mark.parametrize(
    ("stamp", "calendar", "message"),
    [
        ("2026-03-08 02:30", "XNYS", "not a session time: 2026-03-08 02:30:00 never was in America/New_York"),
        ("2026-11-01 01:30", "24/7", "ambiguous: 2026-11-01 01:30:00 was twice in America/New_York"),
        ("2026-03-06 16:00", "XNYS", "not a session time of XNYS: 2026-03-06 16:00:00 (Friday)"),
        ("2026-03-06 08:30", "XNYS", "not a session time of XNYS: 2026-03-06 08:30:00 (Friday)"),
        ("2026-03-07 10:30", "XNYS", "not a session time of XNYS: 2026-03-07 10:30:00 (Saturday)"),
        ("2026-07-03 10:30", "XNYS", "not a session time of XNYS: 2026-07-03 10:30:00 (Friday)"),
        ("2026-11-27 13:00", "XNYS", "not a session time of XNYS: 2026-11-27 13:00:00 (Friday)"),
    ],
)
def test_time_outside_every_session_is_found(workspace: Path, stamp: str, calendar: str, message: str) -> None:
    day = stamp[:10]
    rows = sorted([f"{stamp},1", "2026-03-05 10:30,1", "2026-03-05 11:30,1"])
    path = save(workspace, *rows, header="date,close")

    found = look(path, time_zone="America/New_York", calendar=calendar)

    (finding,) = [finding for finding in found.findings if finding.kind != "gap"]
    assert finding.message.startswith(message)
    assert finding.line == rows.index(f"{stamp},1") + 2
    assert found.bars is not None
    assert day not in found.bars.session.astype(str).tolist()


@pytest.mark.parametrize("time_zone", ["America/New_Yrok", "EST5", "../../etc/passwd", "", "America"])
def test_unknown_time_zone_is_refused(workspace: Path, time_zone: str) -> None:
    with pytest.raises(ConfigError, match="unknown time zone") as caught:
        look(save(workspace, *ROWS), time_zone=time_zone)

    assert caught.value.fix


@pytest.mark.parametrize("bar", ["1w", "0m", "m", "1.5h", "-1h", "2d", ""])
def test_unknown_bar_length_is_refused(workspace: Path, bar: str) -> None:
    with pytest.raises(ConfigError, match="unknown bar length"):
        look(save(workspace, *ROWS), bar=bar)


# ---- rows that cannot be true ----------------------------------------------------------------------------


def replaced(row: int, text: str) -> list[str]:
    return [*ROWS[:row], text, *ROWS[row + 1 :]]


@pytest.mark.parametrize(
    ("rows", "line", "key", "message"),
    [
        (replaced(1, "2026-03-03,11,9.5,10,9.75,200"), 3, "high", "high 9.5 < low 10"),
        (replaced(1, "2026-03-03,11,12,10,12.5,200"), 3, "close", "must be within [low 10, high 12], was 12.5"),
        (replaced(1, "2026-03-03,11,12,10,9.5,200"), 3, "close", "must be within [low 10, high 12], was 9.5"),
        (replaced(1, "2026-03-03,13,12,10,11,200"), 3, "open", "must be within [low 10, high 12], was 13"),
        (replaced(2, "2026-03-04,11,12,10,NaN,0"), 4, "close", 'not a number, was "NaN"'),
        (replaced(2, "2026-03-04,11,12,10,,0"), 4, "close", 'not a number, was ""'),
        (replaced(2, "2026-03-04,11,12,10,N/A,0"), 4, "close", 'not a number, was "N/A"'),
        (replaced(2, '2026-03-04,11,12,10,"10,5",0'), 4, "close", 'not a number, was "10,5"'),
        (replaced(2, '2026-03-04,11,12,10,"1,010.5",0'), 4, "close", 'not a number, was "1,010.5"'),
        (replaced(2, "2026-03-04,11,12,10,1e309,0"), 4, "close", 'not a number, was "1e309"'),
        (replaced(2, "2026-03-04,11,12,10,inf,0"), 4, "close", 'not a number, was "inf"'),
        (replaced(2, "2026-03-04,11,12,10,1_1,0"), 4, "close", 'not a number, was "1_1"'),
        (replaced(2, "2026-03-04,11,12,10,\u0661\u0661,0"), 4, "close", 'not a number, was "\u0661\u0661"'),
        (replaced(2, "2026-03-04,11,12,10,=A1+1,0"), 4, "close", 'not a number, was "=A1+1"'),
        (replaced(2, "2026-03-04,11,12,10,\x1b[31m,0"), 4, "close", 'not a number, was "\\u001b[31m"'),
        (replaced(2, "2026-03-04,11,12,,11,0"), 4, "low", 'not a number, was ""'),
        (replaced(2, "2026-03-04,11,12,10,11,many"), 4, "volume", 'not a number, was "many"'),
        (replaced(3, "2026-03-05,11,12,0,11,300"), 5, "low", "must be > 0, was 0"),
        (replaced(3, "2026-03-05,11,12,-1,11,300"), 5, "low", "must be > 0, was -1"),
        (replaced(3, "2026-03-05,11,12,10,11,-300"), 5, "volume", "must be >= 0, was -300"),
        (replaced(1, ROWS[0]), 3, "date", "duplicate bar: 2026-03-02 is on line 2 too"),
        ([*ROWS[:3], *ROWS[1:]], 5, "date", "goes back from 2026-03-04 to 2026-03-03"),
        ([*ROWS, "2026-03-07,11,12,10,11,1"], 7, "date", "not a session time of XNYS: 2026-03-07 (Saturday)"),
        (["2026-01-01,1,1,1,1,1"], 2, "date", "not a session time of XNYS: 2026-01-01 (Thursday)"),
        ([*ROWS, "2199-01-02,11,12,10,11,1"], 7, "date", "calendar XNYS ends "),
        (["1962-01-02,1,1,1,1,1"], 2, "date", "calendar XNYS starts 1990-01-02, was 1962-01-02; 1 rows lie"),
        (["0001-01-02,1,1,1,1,1"], 2, "date", "calendar XNYS starts 1990-01-02, was 0001-01-02"),
        (["9999-01-02,1,1,1,1,1"], 2, "date", "calendar XNYS ends "),
        (replaced(1, "2026-03-03,1,1.2,1,1.1,200"), 3, "close", "suspected split: 11 to 1.1 (-90%)"),
        (replaced(1, "2026-03-03,110,120,100,110,2"), 3, "close", "suspected split: 11 to 110 (+900%)"),
        (replaced(1, "2026-03-03,11,12,10,11"), 3, "date", "must have 6 fields as the header has, was 5"),
        (replaced(1, "2026-03-03,11,12,10,11,5,1"), 3, "date", "must have 6 fields as the header has, was 7"),
    ],
)
def test_row_that_cannot_be_true_is_refused_with_file_line_column_and_fix(
    workspace: Path, rows: list[str], line: int, key: str, message: str
) -> None:
    path = save(workspace, *rows)

    with pytest.raises(DataError) as caught:
        ask(workspace)

    error = caught.value
    assert (error.file, error.line, error.key) == (str(path), line, key)
    assert error.message.startswith(message)
    assert error.fix


def test_hole_of_five_sessions_is_a_gap_at_the_row_after_it(workspace: Path) -> None:
    path = save(workspace, "2026-02-27,1", "2026-03-09,1", header="date,close")

    (finding,) = look(path).findings

    assert finding.message.startswith("gap 2026-03-02..06")
    assert (finding.kind, finding.line) == ("gap", 3)


def test_all_findings_come_in_the_order_of_the_file(workspace: Path) -> None:
    path = save(
        workspace,
        "2026-03-02,10,12,9,N/A,100",
        "2026-03-03,10,12,9,10,-5",
        "2026-03-03,10,12,9,10,5",
        "2026-03-07,10,12,9,10,5",
        "2026-03-06,10,8,9,10,5",
    )

    found = [(finding.line, finding.kind) for finding in look(path).findings]

    assert found == [
        (2, "number"),
        (3, "volume"),
        (4, "duplicate"),
        (5, "session"),
        (6, "order"),
        (6, "range"),
        (6, "gap"),
    ]


def test_newest_first_is_found_and_no_gap_is_invented(workspace: Path) -> None:
    kinds = {finding.kind for finding in look(save(workspace, *reversed(ROWS))).findings}

    assert kinds == {"order"}


def test_adjusted_prices_may_jump(workspace: Path) -> None:
    save(workspace, *replaced(1, "2026-03-03,1,1.2,1,1.1,200"))

    assert ask(workspace, adjustment="splits").n_bars == 5


# ---- real files ------------------------------------------------------------------------------------------


def real(name: str) -> Path:
    path = REAL / name
    if not path.exists():
        pytest.skip("the folder of real prices is not beside this repository")
    return path


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "TLT", "XLC"])
def test_real_daily_file_is_clean(calendars: Path, symbol: str) -> None:
    told = Declared(instrument=Instrument(symbol=symbol), adjustment="all")

    found = read(real(f"etf_daily_adj/{symbol}.csv.gz"), told, cache=calendars)

    assert found.findings == ()
    assert found.bar == "1d"
    assert found.bars is not None
    assert found.bars.n_bars == found.rows > 100


def test_real_file_that_tells_a_split_beside_prices_with_it_is_refused(calendars: Path) -> None:
    """What a common downloader wrote of a sector fund: its prices contain what it tells."""
    told, folded = (
        read(
            real("etf_daily_adj/XLF.csv.gz"),
            Declared(instrument=Instrument(symbol="XLF"), adjustment=how),
            cache=calendars,
        )
        for how in ("none", "all")
    )

    (finding,) = told.findings
    assert ("action", 4465, "split") == (finding.kind, finding.line, finding.column)
    assert finding.message.startswith("a split of 1.231 is in the prices already")
    assert () == folded.findings


def test_real_file_with_a_long_hole_and_a_split_shows_both(calendars: Path) -> None:
    told = Declared(instrument=Instrument(symbol="QQQ"))

    ratio, gap = read(real("raw_daily_lean/QQQ.csv.gz"), told, cache=calendars).findings

    assert ratio.message.startswith("looks like a 2:1 split on 2000-03-20")
    assert gap.message.startswith("gap 2004-12-01..2011-03-22")


def test_real_splits_of_a_share_are_found_and_nothing_else(calendars: Path) -> None:
    told = Declared(instrument=Instrument(symbol="AAPL"))

    found = read(real("raw_daily_lean/AAPL.csv.gz"), told, cache=calendars).findings

    assert [("2:1", "2000-06-21"), ("2:1", "2005-02-28"), ("7:1", "2014-06-09")] == [
        (words[3], words[6].rstrip(":")) for words in (finding.message.split() for finding in found)
    ]


def test_real_hours_lie_in_sessions_except_after_half_days(calendars: Path) -> None:
    told = Declared(instrument=Instrument(symbol="SPY"), columns=ColumnNames(date="ts"), time_zone="America/New_York")

    found = read(real("intraday/SPY_hour.csv.gz"), told, cache=calendars)

    assert found.bar == "1h"
    assert {finding.kind for finding in found.findings} == {"session"}
    assert found.findings[0].message == "not a session time of XNYS: 1998-11-27 13:00:00 (Friday)"
    assert found.bars is not None
    assert found.rows - found.bars.n_bars == 47
