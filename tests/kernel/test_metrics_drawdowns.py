"""Falls from a peak, against values worked by hand and against every pair of days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.metrics.drawdowns import (
    FALL_MIN,
    Drawdown,
    drawdowns,
    longest_under_water,
    max_drawdown,
    time_under_water,
    worst_drawdowns,
)

positive_curves = st.lists(st.floats(0.5, 2.0), min_size=2, max_size=60).map(np.array)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0], Drawdown(0.0, 0, 0, 0)),
        ([1.0, 2.0, 3.0], Drawdown(0.0, 0, 0, 0)),
        ([2.0, 1.0], Drawdown(0.5, 0, 1, None)),
        ([2.0, 1.0, 2.0], Drawdown(0.5, 0, 1, 2)),
        ([1.0, 4.0, 4.0, 2.0, 3.9], Drawdown(0.5, 2, 3, None)),
        ([4.0, 3.0, 4.0, 2.0, 5.0], Drawdown(0.5, 2, 3, 4)),
        ([4.0, 2.0, 4.0, 2.0, 5.0], Drawdown(0.5, 0, 1, 2)),
    ],
)
def test_max_drawdown_names_peak_trough_and_recovery(values: list[float], expected: Drawdown) -> None:
    assert expected == max_drawdown(np.array(values))


@given(positive_curves)
def test_max_drawdown_agrees_with_every_pair_of_days(values: np.ndarray) -> None:
    n = len(values)
    worst = max(1.0 - values[j] / values[i] for i in range(n) for j in range(i, n))
    found = max_drawdown(values)

    assert found.depth == pytest.approx(max(worst, 0.0))
    assert found.depth == pytest.approx(drawdowns(values).max(), abs=FALL_MIN)
    assert found.peak <= found.trough
    assert found.recovered is None or values[found.recovered] >= values[found.peak] * (1.0 - FALL_MIN)


def test_max_drawdown_of_a_ruined_account_is_more_than_everything() -> None:
    assert Drawdown(1.5, 1, 3, None) == max_drawdown(np.array([1.0, 2.0, 0.0, -1.0, -1.0]))


def test_worst_drawdowns_are_sorted_by_depth_and_the_first_comes_first_among_equals() -> None:
    curve = np.array([4.0, 3.0, 4.0, 2.0, 4.0, 3.0, 8.0, 4.0])

    assert (
        Drawdown(0.5, 2, 3, 4),
        Drawdown(0.5, 6, 7, None),
        Drawdown(0.25, 0, 1, 2),
        Drawdown(0.25, 4, 5, 6),
    ) == worst_drawdowns(curve, 9)


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (3, 3), (4, 4), (5, 4)])
def test_worst_drawdowns_are_at_most_so_many(count: int, expected: int) -> None:
    assert expected == len(worst_drawdowns(np.array([4.0, 3.0, 4.0, 2.0, 4.0, 3.0, 8.0, 4.0]), count))


@pytest.mark.parametrize("curve", [[1.0], [1.0, 1.0, 2.0]])
def test_worst_drawdowns_of_a_curve_that_never_falls_are_none(curve: list[float]) -> None:
    assert () == worst_drawdowns(np.array(curve))
    assert 0 == longest_under_water(np.array(curve))


@pytest.mark.parametrize(("fall", "count"), [(FALL_MIN / 2, 0), (FALL_MIN * 2, 1)])
def test_worst_drawdowns_leave_out_what_is_rounding(fall: float, count: int) -> None:
    values = np.array([1.0, 1.0 - fall, 1.0 - fall, 1.1])

    assert count == len(worst_drawdowns(values))
    assert 2 * count / 3 == time_under_water(values)


@given(positive_curves)
def test_worst_drawdowns_cover_every_day_under_water_once(values: np.ndarray) -> None:
    falls = worst_drawdowns(values, len(values))
    ends = [len(values) if fall.recovered is None else fall.recovered for fall in falls]
    days = sorted(day for fall, end in zip(falls, ends, strict=True) for day in range(fall.peak + 1, end))

    assert np.flatnonzero(drawdowns(values) > FALL_MIN).tolist() == days
    assert falls[:1] == (() if not days else (max_drawdown(values),))
    assert time_under_water(values) == pytest.approx(len(days) / (len(values) - 1))


@pytest.mark.parametrize(
    ("curve", "expected"),
    [([2.0, 1.0], 1), ([2.0, 1.0, 2.0], 2), ([2.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.9], 3)],
)
def test_longest_under_water_counts_from_the_peak_to_its_recovery_or_the_end(
    curve: list[float], expected: int
) -> None:
    assert expected == longest_under_water(np.array(curve))


def test_time_under_water_of_no_session_is_unknown() -> None:
    assert time_under_water(np.ones(1)) is None
