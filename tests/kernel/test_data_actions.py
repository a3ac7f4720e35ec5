"""Splits and dividends in files: which are read, what they explain, and how parts with and without them join."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tradewright.data.align import join, select
from tradewright.data.reading import Declared, Reading, read
from tradewright.errors import DataError
from tradewright.sessions import sessions
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

HEADER = "date,close,split,dividend"
DAYS = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]


@pytest.fixture
def look(tmp_path: Path, calendars: Path) -> Any:
    """Return what writes rows to a file and reads it."""

    def call(*rows: str, header: str = HEADER, symbol: str = "AAPL", **declared: Any) -> Reading:
        path = tmp_path / f"{symbol}.csv"
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return read(path, Declared(instrument=Instrument(symbol=symbol), **declared), cache=calendars)

    return call


def rows(*cells: str) -> list[str]:
    """Put the days before the cells."""
    return [f"{day},{cell}" for day, cell in zip(DAYS, cells, strict=False)]


def found(reading: Reading) -> list[tuple[str, str, int | None]]:
    return [(finding.kind, finding.column, finding.line) for finding in reading.findings]


def bars_of(reading: Reading) -> Bars:
    assert reading.findings == ()
    assert reading.bars is not None
    return reading.bars


BOTH = rows("100,1,0", "25,4,0", "24.5,1,0.5")


@pytest.mark.parametrize(
    ("adjustment", "split", "dividend"),
    [
        pytest.param("none", [1, 4, 1], [0, 0, 0.5], id="none: both apply"),
        pytest.param("splits", [1, 1, 1], [0, 0, 0.5], id="splits: dividends only"),
        pytest.param("all", None, None, id="all: neither"),
    ],
)
def test_actions_that_prices_contain_already_are_left_out(
    look: Any, adjustment: str, split: list[float] | None, dividend: list[float] | None
) -> None:
    bars = bars_of(look(*BOTH, adjustment=adjustment))

    assert split == (None if bars.split is None else bars.split[:, 0].tolist())
    assert dividend == (None if bars.dividend is None else bars.dividend[:, 0].tolist())
    assert bars.adjustment == adjustment


@pytest.mark.parametrize(
    "header",
    [
        "date,close,split,dividend",
        "date,close,splits,dividends",
        "date,close,stock_splits,dividends",
        "Date,Close,Stock Splits,Dividends",
    ],
)
def test_actions_are_found_under_their_usual_names(look: Any, header: str) -> None:
    bars = bars_of(look(*BOTH, header=header))

    assert bars.split is not None
    assert bars.split[:, 0].tolist() == [1, 4, 1]


@pytest.mark.parametrize("header", ["date,close,split", "date,close,dividend"])
def test_actions_of_one_kind_are_enough(look: Any, header: str) -> None:
    bars = bars_of(look(*rows("100,", "60,2", "61,"), header=header))
    split = "split" in header

    assert bars.split is not None
    assert bars.dividend is not None
    assert bars.split[:, 0].tolist() == ([1, 2, 1] if split else [1, 1, 1])
    assert bars.dividend[:, 0].tolist() == ([0, 0, 0] if split else [0, 2, 0])


@pytest.mark.parametrize("none", [",", "0,0", "0.0,0.0", " , ", "1,0", "1.0,"])
def test_actions_that_are_none_leave_the_bars_without(look: Any, none: str) -> None:
    bars = bars_of(look(*rows(f"100,{none}", f"101,{none}")))

    assert (bars.split, bars.dividend) == (None, None)


def test_actions_in_a_long_file_of_empty_cells_are_read(look: Any, calendars: Path) -> None:
    """As files have them: hundreds of empty cells, and an action here and there."""
    days = sessions("XNYS", cache=calendars).date[-400:].astype(str).tolist()
    cells = {100: "4,", 300: ",0.25"}
    bars = bars_of(look(*[f"{day},{25 if i >= 100 else 100},{cells.get(i, ',')}" for i, day in enumerate(days)]))

    assert bars.split is not None
    assert bars.dividend is not None
    assert np.flatnonzero(bars.split[:, 0] != 1.0).tolist() == [100]
    assert np.flatnonzero(bars.dividend[:, 0]).tolist() == [300]


def test_actions_from_parquet_may_be_null(tmp_path: Path, calendars: Path) -> None:
    path = tmp_path / "AAPL.parquet"
    columns = {
        "date": DAYS[:3],
        "close": [100.0, 25.0, 24.5],
        "split": [None, 4.0, None],
        "dividend": ["", None, "0.5"],
    }
    pq.write_table(pa.table(columns), path)
    bars = bars_of(read(path, Declared(instrument=Instrument(symbol="AAPL")), cache=calendars))

    assert bars.split is not None
    assert bars.dividend is not None
    assert bars.split[:, 0].tolist() == [1, 4, 1]
    assert bars.dividend[:, 0].tolist() == [0, 0, 0.5]


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ("25,-4,0", "split", "must be > 0, was -4"),
        ("25,four,0", "split", 'not a number, was "four"'),
        ("25,inf,0", "split", 'not a number, was "inf"'),
        ("25,nan,0", "split", 'not a number, was "nan"'),
        ("25,4,-0.5", "dividend", "must be >= 0, was -0.5"),
        ("25,4,1e309", "dividend", 'not a number, was "1e309"'),
    ],
)
def test_action_that_cannot_be_is_found_at_its_line(look: Any, cells: str, column: str, message: str) -> None:
    reading = look(*rows("100,,", cells, "25,,"))
    action = next(finding for finding in reading.findings if finding.kind == "action")

    assert (action.column, action.line, action.message) == (column, 3, message)
    assert action.fix == "correct the action, or leave the cell empty"


# ---- jumps -----------------------------------------------------------------------------------------------


def test_jump_without_an_action_is_an_error_and_with_it_is_not(look: Any) -> None:
    """1:20 and 20:1: beyond the fall of 90 % that no market explains."""
    assert [("jump", "close", 3)] == found(look(*rows("100,,", "5,,", "5.1,,")))
    assert [] == found(look(*rows("100,,", "5,20,", "5.1,,")))
    assert [("jump", "close", 3)] == found(look(*rows("5,,", "100,,", "101,,")))
    assert [] == found(look(*rows("5,,", "100,0.05,", "101,,")))


def test_jump_that_its_split_does_not_explain_stays_an_error(look: Any) -> None:
    reading = look(*rows("100,,", "5,0.05,"))

    assert [("jump", "close", 3)] == found(reading)
    assert reading.findings[0].message == "suspected split: 100 to 5 (-100% after its split)"


def test_jump_after_an_earlier_split_names_the_prices_in_the_file(look: Any) -> None:
    """After 4:1 the file says 25 and 2, whatever the adjusted prices are."""
    reading = look(*rows("100,,", "25,4,", "2,,"))

    assert [("jump", "close", 4)] == found(reading)
    assert reading.findings[0].message == "suspected split: 25 to 2 (-92%)"


@pytest.mark.parametrize(("close", "kinds"), [(10.0, ["jump"]), (10.01, []), (9.99, ["jump"])])
def test_jump_at_just_below_and_just_above_the_limit(look: Any, close: float, kinds: list[str]) -> None:
    assert kinds == [kind for kind, _, _ in found(look(*rows("100,,", f"{close},,")))]


@pytest.mark.parametrize("adjustment", ["splits", "all"])
def test_jump_in_adjusted_prices_is_the_markets(look: Any, adjustment: str) -> None:
    assert [] == found(look(*rows("100,,", "5,20,"), adjustment=adjustment))


def test_jump_by_a_dividend_is_not_excused(look: Any) -> None:
    """A special dividend of 95 on 100 is a payment to look at, not a split."""
    assert [("jump", "close", 3)] == found(look(*rows("100,,", "5,,95")))


# ---- parts on one grid -----------------------------------------------------------------------------------


def test_join_of_parts_with_and_without_actions_fills_in_none(look: Any) -> None:
    apple = bars_of(look(*BOTH))
    index = bars_of(look(*rows("10,,", "11,,", "12,,", "13,,"), symbol="SPX"))
    joined = join([index, apple])

    assert index.split is None
    assert joined.split is not None
    assert joined.dividend is not None
    assert joined.split.tolist() == [[1, 1], [1, 4], [1, 1], [1, 1]]
    assert joined.dividend.tolist() == [[0, 0], [0, 0], [0, 0.5], [0, 0]]
    assert np.isnan(joined.close[3, 1])
    assert joined.only(["AAPL"]).split is not None


def test_join_of_parts_without_actions_has_none(look: Any) -> None:
    parts = [bars_of(look(*rows("10,,", "11,,"), symbol=symbol)) for symbol in ("SPX", "COMP")]
    joined = join(parts)

    assert (joined.split, joined.dividend) == (None, None)


def test_join_of_parts_adjusted_differently_is_refused(look: Any) -> None:
    raw = bars_of(look(*BOTH))
    adjusted = bars_of(look(*rows("25,,", "25,,", "25,,"), symbol="MSFT", adjustment="all"))

    with pytest.raises(DataError, match="adjustments differ"):
        join([raw, adjusted])


def test_join_does_not_change_what_adjusted_makes_of_each_part(look: Any) -> None:
    apple = bars_of(look(*BOTH))
    index = bars_of(look(*rows("10,,", "11,,", "12,,", "13,,"), symbol="SPX"))
    joined = join([index, apple]).adjusted()

    np.testing.assert_array_equal(joined.close[:3, 1], apple.adjusted().close[:, 0])
    np.testing.assert_array_equal(joined.close[:, 0], index.close[:, 0])


def test_select_keeps_the_actions_of_the_days_asked_for(look: Any) -> None:
    bars = bars_of(look(*BOTH))
    later = select(bars, first_on=bars.session[1].item())

    assert later.split is not None
    assert later.split[:, 0].tolist() == [4, 1]
