"""Bars outside of sessions, and sessions without bars: in between, and at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from march_bars import DAYS, HOUR, OPENED_AT, WEEKS, bars, instruments, kinds
from tradewright.data.quality import check, endings
from tradewright.sessions import Sessions
from tradewright.values.bars import Bars


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([0, 1, 2, 3], []),
        ([3, 4, 5], []),  # listed later: nothing is missing before
        ([0, 6], ["gap 2026-03-03..09: no bar in 5 of XNYS's sessions"]),
        ([0, 2], ["gap 2026-03-03: no bar in 1 of XNYS's sessions"]),
        (
            [0, 2, 4],
            [
                "gap 2026-03-03: no bar in 1 of XNYS's sessions",
                "gap 2026-03-05: no bar in 1 of XNYS's sessions",
            ],
        ),
    ],
)
def test_gap_is_a_run_of_sessions_without_a_bar(rows: list[int], expected: list[str]) -> None:
    found = check(bars([10.0] * len(rows), rows=rows), WEEKS)

    assert [finding.message for finding in found] == expected
    assert {finding.kind for finding in found} <= {"gap"}


def test_gap_points_at_the_bar_after_it() -> None:
    (finding,) = check(bars([10.0] * 3, rows=[0, 1, 7]), WEEKS)

    assert finding.row == 2


# ---- ends ------------------------------------------------------------------------------------------------


def pair(closes: list[tuple[float, float]]) -> Bars:
    """Return daily bars of two instruments, without one where the close is not a number."""
    n = len(closes)
    return Bars(
        instruments=instruments("SPY", "VFINX"),
        opened_at=OPENED_AT[:n],
        closed_at=OPENED_AT[:n] + 6 * HOUR,
        session=DAYS[:n],
        close=np.array(closes),
        traded=np.isfinite(np.array(closes)),
    )


def test_check_when_one_ends_before_the_others_finds_a_gap_at_its_last_bar() -> None:
    (finding,) = check(pair([(10, 20), (10, 20), (10, np.nan), (10, np.nan)]), WEEKS)

    assert ("gap", "VFINX", 1, False) == (finding.kind, finding.symbol, finding.row, finding.fatal)
    assert "gap 2026-03-04..05: its last bar is of 2026-03-03, 2 sessions before the others end" == finding.message


def test_check_when_the_last_bar_of_all_is_there_finds_no_end() -> None:
    assert () == check(pair([(10, 20), (10, np.nan), (10, 20)]), WEEKS)[1:]


@pytest.mark.parametrize(
    ("later", "missing"),
    [
        pytest.param(0 * HOUR, 0, id="at its own last close"),
        pytest.param(24 * HOUR - np.timedelta64(1, "m"), 0, id="just before the next session closes"),
        pytest.param(24 * HOUR, 1, id="as it closes"),
        pytest.param(3 * 24 * HOUR, 1, id="over a weekend"),
        pytest.param(4 * 24 * HOUR, 2, id="on the Monday after it"),
    ],
)
def test_endings_when_other_prices_go_on_count_the_sessions_closed_since(later: Any, missing: int) -> None:
    """The prices end on Thursday; those of another calendar may go on over the weekend."""
    bars_to_thursday = bars([10.0] * 4)

    found = endings(bars_to_thursday, WEEKS, bars_to_thursday.closed_at[-1] + later)

    assert [3] * bool(missing) == [finding.row for finding in found]
    assert [f"{missing:,} sessions before"] * bool(missing) == [
        finding.message.split(", ")[1].removesuffix(" the others end") for finding in found
    ]


def test_endings_of_no_bars_are_none() -> None:
    assert () == endings(bars([10.0]).until(0), WEEKS)


def test_gap_across_months_is_written_in_full() -> None:
    days: Any = np.array(["2026-02-26", "2026-02-27", "2026-03-02", "2026-03-03"], dtype="datetime64[D]")
    opened: Any = days.astype("datetime64[ns]") + 14 * HOUR
    month = Sessions(calendar="XNYS", date=days, opened_at=opened, closed_at=opened + HOUR)
    ends = np.array([0, 3])
    hole = Bars(
        instruments=instruments("SPY"),
        opened_at=opened[ends],
        closed_at=opened[ends] + HOUR,
        session=days[ends],
        close=np.ones((2, 1)),
        traded=np.ones((2, 1), dtype=bool),
    )

    assert [finding.message[:26] for finding in check(hole, month)] == ["gap 2026-02-27..2026-03-02"]


@pytest.mark.parametrize(
    ("opened", "closed", "expected"),
    [
        (0, 6, 0),
        (1, 5, 0),  # part of the session
        (-1, 6, 1),  # starts before the session
        (0, 7, 1),  # ends after it
    ],
)
def test_bar_outside_the_hours_of_its_session_is_found(opened: int, closed: int, expected: int) -> None:
    shifted = bars([10.0], opened_at=OPENED_AT[:1] + opened * HOUR, closed_at=OPENED_AT[:1] + closed * HOUR)

    assert kinds(check(shifted, WEEKS)) == [("session", "date", 0)] * expected


def test_bar_on_a_day_without_session_is_found() -> None:
    saturday = np.array(["2026-03-07"], dtype="datetime64[D]")

    (finding,) = check(bars([10.0], session=saturday), WEEKS)

    assert finding.message == "not a session time of XNYS: 2026-03-07"
