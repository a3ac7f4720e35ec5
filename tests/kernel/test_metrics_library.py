"""The measures beside an independent library's, empyrical-reloaded's, to 1e-10; where they differ, by how much."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import empyrical
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from arch.bootstrap import optimal_block_length
from metrics_curves import CURVES, Curve, random, real
from tradewright.metrics import downside, performance, periods, relative, tails
from tradewright.metrics.bootstrap import block_length
from tradewright.metrics.drawdowns import drawdowns, max_drawdown
from tradewright.metrics.sharpe import rolling_sharpe, sharpe

RATE = 0.03
DAILY = RATE / 252

Measure = Callable[[Curve], Any]

SAME: dict[str, tuple[Measure, Measure]] = {
    "total_return": (performance.total_return, empyrical.cum_returns_final),
    "annual_return": (performance.annual_return, empyrical.annual_return),
    "volatility": (performance.volatility, empyrical.annual_volatility),
    "sharpe": (lambda v: sharpe(v, RATE), lambda r: empyrical.sharpe_ratio(r, DAILY)),
    "downside_deviation": (
        lambda v: downside.downside_deviation(v, RATE),
        lambda r: empyrical.downside_risk(r, DAILY),
    ),
    "sortino": (lambda v: downside.sortino(v, RATE), lambda r: empyrical.sortino_ratio(r, DAILY)),
    "calmar": (downside.calmar, empyrical.calmar_ratio),
    "omega": (lambda v: downside.omega(v, RATE), lambda r: empyrical.omega_ratio(r, DAILY)),
    "max_drawdown": (lambda v: -max_drawdown(v).depth, empyrical.max_drawdown),
    "drawdowns": (lambda v: -drawdowns(v)[1:], empyrical.stats.drawdown_series),
    "value_at_risk": (lambda v: -_known(tails.value_at_risk(v)), empyrical.value_at_risk),
    "tail_ratio": (tails.tail_ratio, empyrical.tail_ratio),
    "skew": (tails.skew, scipy.stats.skew),
    "kurtosis": (lambda v: _known(tails.kurtosis(v)) - 3.0, scipy.stats.kurtosis),
    "block_length": (
        lambda v: block_length(performance.returns(v)),
        lambda r: max(1.0, optimal_block_length(r).iloc[0, 0]),
    ),
    "rolling_sharpe": (
        lambda v: rolling_sharpe(v, RATE, window=60).value,
        lambda r: empyrical.roll_sharpe_ratio(r, 60, risk_free=DAILY),
    ),
}
BESIDE: dict[str, tuple[Callable[[Curve, Curve], Any], Callable[[Curve, Curve], Any]]] = {
    "beta": (relative.beta, empyrical.beta),
    "alpha": (
        # empyrical compounds the daily alpha.
        lambda v, m: (1.0 + _known(relative.alpha(v, m, RATE)) / 252) ** 252 - 1.0,
        lambda r, b: empyrical.alpha(r, b, DAILY),
    ),
    "information_ratio": (
        lambda v, m: _known(relative.information_ratio(v, m)) / math.sqrt(252),
        empyrical.excess_sharpe,
    ),
    "tracking_error": (relative.tracking_error, lambda r, b: empyrical.annual_volatility(r - b)),
    "correlation": (relative.correlation, lambda r, b: np.corrcoef(r, b)[0, 1]),
}


def _known(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.parametrize("measure", SAME)
@pytest.mark.parametrize("name", CURVES)
def test_measure_agrees_with_the_library(name: str, measure: str) -> None:
    values = CURVES[name]()
    ours, theirs = SAME[measure]

    expected = np.asarray(theirs(performance.returns(values)))

    assert expected == pytest.approx(np.asarray(ours(values)), rel=1e-10, abs=1e-10)
    assert np.isfinite(expected).all()


@pytest.mark.parametrize("measure", BESIDE)
@pytest.mark.parametrize(
    "pair", [lambda: (random(2_000, 1), random(2_000, 2, tail=4.0)), lambda: (real("nasdaq"), real("sp500"))]
)
def test_measure_beside_a_benchmark_agrees_with_the_library(
    pair: Callable[[], tuple[Curve, Curve]], measure: str
) -> None:
    values, market = pair()
    ours, theirs = BESIDE[measure]

    expected = theirs(performance.returns(values), performance.returns(market))

    assert expected == pytest.approx(ours(values, market), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize(
    ("measure", "unit"), [(periods.monthly_returns, "monthly"), (periods.yearly_returns, "yearly")]
)
def test_calendar_returns_agree_with_the_library(measure: Any, unit: str) -> None:
    on = pd.bdate_range("2003-01-15", "2012-05-20")
    values = random(len(on))
    series = pd.Series(performance.returns(values), on)

    expected = empyrical.aggregate_returns(series, unit)

    assert expected.to_numpy() == pytest.approx(measure(values, on.to_numpy("datetime64[D]"))[1], rel=1e-10)


# ---- where they differ -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "same"), [(2_000, True), (2_010, False)])
def test_expected_shortfall_agrees_when_the_tail_is_a_whole_number_of_days(n: int, same: bool) -> None:
    values = random(n)
    theirs = -empyrical.conditional_value_at_risk(performance.returns(values))
    ours = tails.expected_shortfall(values)

    assert same is bool(theirs == pytest.approx(ours, abs=1e-10))
    assert theirs == pytest.approx(ours, rel=0.01)


def test_annual_return_of_less_than_a_year_is_only_the_librarys() -> None:
    values = random(251)

    assert np.isfinite(empyrical.annual_return(performance.returns(values)))
    assert (None, None) == (performance.annual_return(values), downside.calmar(values))


def test_omega_of_an_annual_target_differs_by_compounding() -> None:
    values = random(2_000)
    theirs = empyrical.omega_ratio(performance.returns(values), required_return=RATE)

    assert theirs != pytest.approx(downside.omega(values, RATE), rel=1e-10)
    assert theirs == pytest.approx(downside.omega(values, 252 * ((1.0 + RATE) ** (1 / 252) - 1.0)), rel=1e-10)
