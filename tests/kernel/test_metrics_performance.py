"""Measures of performance, against values worked by hand and against plain twins."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.metrics.activity import exposure, gross_curve, per_year, time_in_market, turnover
from tradewright.metrics.benchmarks import buy_and_hold, held_at, marks
from tradewright.metrics.performance import SESSIONS_MIN, annual_return, returns, total_return, volatility
from tradewright.metrics.sharpe import sharpe

NAN = math.nan


def curve(*daily: float) -> np.ndarray:
    return np.cumprod(np.append(1.0, 1.0 + np.array(daily)))


positive_curves = st.lists(st.floats(0.5, 2.0), min_size=2, max_size=60).map(np.array)

# ---- return ----------------------------------------------------------------------------------------------


def test_returns_after_everything_is_lost_are_zero() -> None:
    assert [-1.0, 0.0, 0.0] == returns(np.array([2.0, 0.0, 0.0, -1.0])).tolist()


@given(positive_curves)
def test_total_return_is_what_the_daily_returns_compound_to(values: np.ndarray) -> None:
    assert total_return(values) == pytest.approx(math.prod(1.0 + r for r in returns(values)) - 1.0)


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [(251, None), (252, 0.21), (504, 0.1)],
)
def test_annual_return_needs_a_year(sessions: int, expected: float | None) -> None:
    values = np.geomspace(1.0, 1.21, sessions + 1)

    assert annual_return(values) == (None if expected is None else pytest.approx(expected))


def test_annual_return_when_everything_is_lost_is_unknown() -> None:
    assert annual_return(np.append(np.ones(300), 0.0)) is None


# ---- risk ------------------------------------------------------------------------------------------------


def test_volatility_is_the_sample_deviation_times_the_root_of_a_year() -> None:
    daily = [0.01, -0.02, 0.03, 0.0] * 6

    assert volatility(curve(*daily)) == pytest.approx(statistics.stdev(daily) * math.sqrt(252))


@pytest.mark.parametrize("measure", [volatility, sharpe])
@pytest.mark.parametrize(("n", "known"), [(SESSIONS_MIN - 1, False), (SESSIONS_MIN, True)])
def test_volatility_and_sharpe_need_some_sessions(measure: object, n: int, known: bool) -> None:
    values = curve(*([0.01, -0.01] * n)[:n])

    assert callable(measure)
    assert known is (measure(values) is not None)


def test_volatility_of_a_flat_curve_is_zero_and_its_sharpe_unknown() -> None:
    assert (0.0, None) == (volatility(np.ones(100)), sharpe(np.ones(100)))


def test_sharpe_of_cash_alone_is_unknown_whatever_rounding_leaves() -> None:
    values = curve(*[0.03 / 252] * 500)

    assert sharpe(values) is None
    assert sharpe(values, risk_free=0.03) is None


def test_sharpe_subtracts_the_rate_without_risk() -> None:
    daily = [0.01, -0.02, 0.03, 0.0] * 6
    excess = [one - 0.0504 / 252 for one in daily]

    expected = statistics.mean(excess) / statistics.stdev(excess) * math.sqrt(252)

    assert sharpe(curve(*daily), risk_free=0.0504) == pytest.approx(expected)


# ---- activity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traded", "equity", "expected"),
    [
        (2000.0, [1000.0] * 252, 1.0),
        (2000.0, [1000.0] * 126, 2.0),
        (3000.0, [500.0, 1500.0] * 126, 1.5),
        (0.0, [1000.0], 0.0),
        (1.0, [0.0], None),
        (1.0, [], None),
    ],
)
def test_turnover_is_half_of_what_was_traded_per_mean_equity_and_year(
    traded: float, equity: list[float], expected: float | None
) -> None:
    assert expected == turnover(traded, np.array(equity))


def test_per_year_keeps_the_sign() -> None:
    assert -0.02 == per_year(-10.0, np.full(126, 1000.0))


@pytest.mark.parametrize(
    ("notional", "equity", "expected"),
    [([50.0, -50.0], [100.0, 200.0], 0.125), ([5.0], [0.0], 0.0), ([5.0, 1.0], [-1.0, 2.0], 0.5), ([], [], 0.0)],
)
def test_exposure_is_over_the_closes_with_equity(notional: list[float], equity: list[float], expected: float) -> None:
    assert expected == exposure(np.array(notional), np.array(equity))


def test_time_in_market_of_no_close_is_unknown() -> None:
    assert time_in_market(np.zeros(0)) is None


def test_gross_curve_adds_costs_back_where_there_is_equity() -> None:
    found = gross_curve(np.array([1.0, 1.1, 1.1]), np.array([10.0, 5.0]), np.array([100.0, 0.0]))

    assert found.tolist() == pytest.approx([1.0, 1.2, 1.2])


# ---- benchmarks ------------------------------------------------------------------------------------------


def test_marks_keep_the_last_close_and_know_nothing_before_the_first() -> None:
    close = np.array([[NAN, 5.0], [2.0, NAN], [NAN, 6.0]])

    assert np.array_equal([[NAN, 5.0], [2.0, 5.0], [2.0, 6.0]], marks(close, ~np.isnan(close)), equal_nan=True)


def test_marks_ignore_a_price_that_was_not_traded() -> None:
    close = np.array([[1.0], [9.0]])

    assert [[1.0], [1.0]] == marks(close, np.array([[True], [False]])).tolist()


def test_buy_and_hold_waits_in_cash_for_an_asset_that_is_not_there_yet() -> None:
    """By hand: A doubles from the first close; B is bought at 5 with a part that earned 1 % twice."""
    mark = np.array([[2.0, NAN], [3.0, 5.0], [4.0, 10.0]])
    part_b = [1.01, 1.01**2, 1.01**2 * 2.0]
    part_a = [1.01, 1.01 * 1.5, 1.01 * 2.0]

    expected = [1.0, *((a + b) / 2.0 for a, b in zip(part_a, part_b, strict=True))]

    assert buy_and_hold(mark, cash_rate=2.52).tolist() == pytest.approx(expected)


def test_buy_and_hold_of_an_asset_that_never_trades_stays_in_cash() -> None:
    assert [1.0, 1.0, 1.0] == buy_and_hold(np.full((2, 1), NAN)).tolist()


@given(positive_curves, st.sampled_from([0.0, 0.05]))
def test_held_at_full_exposure_is_the_thing_itself_and_at_none_is_cash(values: np.ndarray, rate: float) -> None:
    cash = (1.0 + rate / 252) ** np.arange(len(values))

    assert held_at(values, 1.0, rate) == pytest.approx(values / values[0])
    assert held_at(values, 0.0, rate) == pytest.approx(cash)


def test_held_at_a_negative_exposure_gains_when_it_falls() -> None:
    assert [1.0, 1.25] == held_at(np.array([1.0, 0.5]), -0.5).tolist()
