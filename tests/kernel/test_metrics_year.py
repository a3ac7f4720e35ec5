"""A year of 365 sessions: whatever is annual is made so by the sessions that the run's year has."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from metrics_curves import random
from tradewright.metrics import activity, benchmarks, downside, performance, relative, significance
from tradewright.metrics.bootstrap import sharpe_interval
from tradewright.metrics.sharpe import rolling_sharpe, sharpe

CURVE, MARKET = random(500), random(500, seed=8)


def test_annual_return_of_a_daily_coin_by_hand() -> None:
    """+2,277 % in 1,194 days, 3.27 years: 23.77 ** (1 / 3.27) - 1."""
    found = performance.annual_return(np.geomspace(1.0, 23.77, 1_195), sessions_per_year=365)

    assert 1.63 == pytest.approx(found, abs=0.005)


@pytest.mark.parametrize(("sessions", "known"), [(364, False), (365, True)])
def test_annual_return_needs_a_whole_year_of_that_many_sessions(sessions: int, known: bool) -> None:
    assert known is (performance.annual_return(np.ones(sessions + 1), sessions_per_year=365) is not None)


@pytest.mark.parametrize(
    ("measure", "power"),
    [
        (performance.volatility, 0.5),
        (sharpe, 0.5),
        (downside.downside_deviation, 0.5),
        (downside.sortino, 0.5),
        (lambda values, **year: relative.alpha(values, MARKET, **year), 1.0),
        (lambda values, **year: relative.tracking_error(values, MARKET, **year), 0.5),
        (lambda values, **year: relative.information_ratio(values, MARKET, **year), 0.5),
        (lambda values, **year: sharpe_interval(values, seed=7, **year).low, 0.5),
        (lambda values, **year: rolling_sharpe(values, window=100, **year).high[-1], 0.5),
        (lambda values, **year: activity.turnover(5.0, values, **year), 1.0),
        (lambda values, **year: activity.per_year(5.0, values, **year), 1.0),
    ],
)
def test_annual_measure_grows_with_the_sessions_of_a_year(measure: Callable[..., float], power: float) -> None:
    scaled = measure(CURVE) * (365 / 252) ** power

    assert scaled == pytest.approx(measure(CURVE, sessions_per_year=365))


def test_cash_rate_is_spread_over_the_sessions_of_a_year() -> None:
    excess = performance.excess_returns(np.array([1.0, 1.0]), 0.365, sessions_per_year=365)

    assert [-0.001] == excess.tolist()
    assert 1.001 == benchmarks.held_at(np.ones(2), 0.0, 0.365, sessions_per_year=365)[-1]
    assert 1.001 == benchmarks.buy_and_hold(np.full((1, 1), 2.0), 0.365, sessions_per_year=365)[-1]


def test_omega_and_calmar_take_the_year_of_the_run() -> None:
    year = {"sessions_per_year": 365}
    excess = performance.excess_returns(CURVE, 0.02, **year)
    annual = performance.annual_return(CURVE, **year) or 0.0
    depth = 1.0 - (CURVE / np.maximum.accumulate(CURVE)).min()

    assert downside.omega(CURVE, 0.02, **year) == pytest.approx(excess[excess > 0].sum() / -excess[excess < 0].sum())
    assert downside.calmar(CURVE, **year) == pytest.approx(annual / depth)


def test_benchmark_of_a_probability_is_an_annual_ratio() -> None:
    daily = 1.0 / math.sqrt(365)
    same = daily * math.sqrt(252)

    assert significance.probabilistic_sharpe(CURVE, 0.0, 1.0, sessions_per_year=365) == pytest.approx(
        significance.probabilistic_sharpe(CURVE, 0.0, same)
    )
    assert significance.min_track_record(CURVE, 0.0, -1.0, sessions_per_year=365) == significance.min_track_record(
        CURVE, 0.0, -same
    )
    deflated = significance.deflated_sharpe(CURVE, 2, [0.0, 1.0], sessions_per_year=365)
    assert deflated is not None
    assert deflated.probability == significance.probabilistic_sharpe(
        CURVE, 0.0, deflated.expected_best, sessions_per_year=365
    )
