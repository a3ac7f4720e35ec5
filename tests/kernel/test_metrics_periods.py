"""Returns of calendar months and years."""

from __future__ import annotations

import math

import numpy as np
import pytest
from metrics_curves import random
from tradewright.metrics.periods import YearRow, calendar, monthly_returns, yearly_returns


def days(*names: str) -> np.ndarray:
    return np.array(names, "datetime64[D]")


def test_calendar_has_none_for_months_without_a_session() -> None:
    on = days("2019-11-29", "2019-12-02", "2019-12-31", "2021-03-01")
    first, second = calendar(np.array([1.0, 2.0, 1.0, 3.0, 6.0]), on)

    assert YearRow(2019, 2.0, (*[None] * 10, 1.0, 0.5)) == first
    assert YearRow(2021, 1.0, (None, None, 1.0, *[None] * 9)) == second


def test_periods_before_1970_are_numbered_right() -> None:
    on = days("1969-12-31", "1970-01-02")

    assert [1969, 1970] == [row.year for row in calendar(np.array([1.0, 2.0, 3.0]), on)]


def test_periods_of_a_curve_without_sessions_are_none() -> None:
    assert () == calendar(np.ones(1), days())


def test_periods_compound_to_the_whole() -> None:
    on = np.arange("2001-01-15", "2004-06-20", dtype="datetime64[D]")
    values = random(len(on))

    for measure, count in ((yearly_returns, 4), (monthly_returns, 42)):
        starts, earned = measure(values, on)
        assert count == len(starts)
        assert math.prod(1.0 + earned) == pytest.approx(values[-1])


def test_periods_after_everything_is_lost_stand_still() -> None:
    on = days("2001-12-31", "2002-12-31", "2003-12-31")

    assert [-1.0, 0.0, 0.0] == yearly_returns(np.array([1.0, 0.0, 0.0, 0.0]), on)[1].tolist()
