"""Splits and dividends in files: which are read, what they explain, and how parts with and without them join."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tradewright.data.align import join, select
from tradewright.data.declared import Declared, Reading
from tradewright.data.reading import read
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
    told = BOTH if adjustment == "none" else rows("25,1,0", "25,4,0", "24.5,1,0.5")
    bars = bars_of(look(*told, adjustment=adjustment))

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
    reading = look(*rows("100,,", "5,2,"))

    assert [("jump", "close", 3)] == found(reading)
    assert reading.findings[0].message == "suspected split: 100 to 5 (-90% after its split)"


def test_jump_after_an_earlier_split_names_the_prices_in_the_file(look: Any) -> None:
    """After 4:1 the file says 25 and 2, whatever the adjusted prices are."""
    reading = look(*rows("100,,", "25,4,", "2,,"))

    assert [("jump", "close", 4)] == found(reading)
    assert reading.findings[0].message == "suspected split: 25 to 2 (-92%)"


@pytest.mark.parametrize(("close", "kinds"), [(10.0, ["jump"]), (10.01, ["ratio"]), (9.99, ["jump"])])
def test_jump_at_just_below_and_just_above_the_limit(look: Any, close: float, kinds: list[str]) -> None:
    assert kinds == [kind for kind, _, _ in found(look(*rows("100,,", f"{close},,")))]


@pytest.mark.parametrize("adjustment", ["splits", "all"])
def test_jump_in_adjusted_prices_is_a_warning(look: Any, adjustment: str) -> None:
    """The file's own column says that this is a split, which prices so declared contain."""
    assert [("ratio", "close", 3)] == found(look(*rows("100,,", "5,20,"), adjustment=adjustment))


def test_jump_by_a_dividend_is_not_excused(look: Any) -> None:
    """A special dividend of 95 on 100 is a payment to look at, not a split."""
    assert [("action", "dividend", 3), ("jump", "close", 3)] == found(look(*rows("100,,", "5,,95")))


# ---- are the actions told those of the prices? -----------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        pytest.param(("100,,", "100,2,"), "action", id="2:1 contained"),
        pytest.param(("100,,", "71,2,"), "action", id="2:1, just nearer to contained"),
        pytest.param(("100,,", "70,2,"), None, id="2:1, just nearer to traded"),
        pytest.param(("100,,", "50,2,"), None, id="2:1 as traded"),
        pytest.param(("10,,", "10,0.1,"), "action", id="1:10 contained"),
        pytest.param(("10,,", "98,0.1,"), None, id="1:10 as traded"),
        pytest.param(("100,,", "200,2,"), "action", id="1:2 told as 2:1"),
        pytest.param(("100,,", "100,1.22,"), "action", id="the smallest ratio that a night does not hide"),
        pytest.param(("100,,", "100,1.21,"), "ratio", id="the largest that it does"),
        pytest.param(("100,,", "100,1.05,"), "ratio", id="a stock dividend of 5 %"),
        pytest.param(("100,,", "95,1.05,"), None, id="a stock dividend of 5 % as traded"),
    ],
)
def test_split_told_of_prices_that_contain_it_is_found(look: Any, cells: tuple[str, ...], kind: str | None) -> None:
    reading = look(*rows(*cells))

    assert ([] if kind is None else [(kind, "split", 3)]) == found(reading)


def test_split_that_is_in_the_prices_says_so_and_how_to_mend_it(look: Any) -> None:
    (finding,) = look(*rows("100,,", "101,4,")).findings

    assert "a split of 4 is in the prices already: 100 to 101 overnight, 25 expected" == finding.message
    assert 'declare adjustment = "splits"' in finding.fix
    assert "remove the column" in finding.fix


def test_split_told_upside_down_says_so(look: Any) -> None:
    (finding,) = look(*rows("100,,", "25,0.25,")).findings

    assert finding.message.startswith("a split of 0.25 is told upside down")
    assert "write new units per old one" == finding.fix


def test_split_is_judged_by_the_open(look: Any) -> None:
    """The day itself may fall by half; the night before it did not."""
    reading = look(
        *(f"{day},{cells}" for day, cells in zip(DAYS, ("100,100,100,100,", "100,100,40,50,2"), strict=False)),
        header="date,open,high,low,close,split",
    )

    assert [("action", "split", 3)] == found(reading)


@pytest.mark.parametrize(
    ("cells", "kinds"),
    [
        pytest.param(("100,,", "50,,50"), [], id="half of the last price"),
        pytest.param(("100,,", "60,,50.01"), ["action"], id="just above half"),
        pytest.param(("100,,", "25,4,12.5"), [], id="half, in units after a split"),
        pytest.param(("100,,", "25,4,12.51"), ["action"], id="just above half of the units after a split"),
        pytest.param(("100,,1e300", "100,,"), ["action"], id="no such number, on the first bar"),
        pytest.param(("100,,", "100,,1e300"), ["action"], id="no such number"),
    ],
)
def test_dividend_above_half_of_the_last_price_is_refused(
    look: Any, cells: tuple[str, ...], kinds: list[str]
) -> None:
    assert kinds == [kind for kind, _, _ in found(look(*rows(*cells)))]


def test_dividend_too_large_says_what_of_and_how_to_mend_it(look: Any) -> None:
    (finding,) = look(*rows("100,,", "99,,75")).findings

    assert "must be at most 50% of the last price, 100, was 75" == finding.message
    assert finding.fix.startswith("correct the amount")


@pytest.mark.parametrize(
    ("ratio", "kinds"), [("1e6", []), ("1.01e6", ["action"]), ("1e-6", []), ("9e-7", ["action"])]
)
def test_split_on_the_first_bar_is_bounded(look: Any, ratio: str, kinds: list[str]) -> None:
    assert kinds == [kind for kind, _, _ in found(look(*rows(f"100,{ratio},", "100,,")))]


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
