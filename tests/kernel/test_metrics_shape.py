"""Tails and downside, against values worked by hand, against integrals, and at the edges of what can be known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from metrics_curves import Curve, curve, random
from tradewright.metrics import relative, tails
from tradewright.metrics.downside import calmar, downside_deviation, omega, sortino
from tradewright.metrics.performance import SESSIONS_MIN
from tradewright.metrics.sharpe import sharpe

MEASURES: dict[str, Callable[[Curve], float | None]] = {
    **{
        name: getattr(tails, name)
        for name in (
            *("skew", "kurtosis", "value_at_risk", "expected_shortfall", "tail_ratio"),
            *("cornish_fisher_value_at_risk", "cornish_fisher_expected_shortfall"),
        )
    },
    "downside_deviation": downside_deviation,
    "sortino": sortino,
    "omega": omega,
    **{
        name: lambda values, name=name: getattr(relative, name)(values, random(len(values) - 1, 9))  # type: ignore[misc]  # a default binds the name
        for name in ("beta", "alpha", "correlation", "tracking_error", "information_ratio")
    },
}
short_curves = st.lists(st.floats(-0.2, 0.25), max_size=60).map(lambda daily: curve(*daily))


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(("n", "known"), [(0, False), (SESSIONS_MIN - 1, False), (SESSIONS_MIN, True)])
def test_measure_needs_some_sessions(name: str, n: int, known: bool) -> None:
    assert known is (MEASURES[name](random(n)) is not None)


@given(values=short_curves, name=st.sampled_from(sorted(MEASURES)))
def test_measure_is_none_or_finite(values: Curve, name: str) -> None:
    found = MEASURES[name](values)

    assert found is None or math.isfinite(found)


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"beta", "alpha", "tracking_error", "information_ratio"}))
def test_measure_of_a_curve_that_stands_still_is_unknown_or_zero(name: str) -> None:
    assert MEASURES[name](np.ones(100)) in (None, 0.0)


# ---- tails -----------------------------------------------------------------------------------------------


def test_value_at_risk_and_shortfall_take_the_worst_days() -> None:
    """By hand: of 100 days the five worst lose 5, 4, 3, 2 and 1 %, the others gain 1 %."""
    values = curve(-0.01, -0.05, -0.02, -0.04, -0.03, *[0.01] * 95)

    assert tails.expected_shortfall(values) == pytest.approx(0.03)
    assert tails.expected_shortfall(values, 0.98) == pytest.approx(0.045)
    assert tails.expected_shortfall(values, 0.985) == pytest.approx((0.05 + 0.5 * 0.04) / 1.5)
    assert tails.expected_shortfall(values, 0.999) == pytest.approx(0.05)
    assert tails.value_at_risk(values) == pytest.approx(0.01 - 0.95 * 0.02)
    assert tails.value_at_risk(values, 0.99) == pytest.approx(0.04 + 0.01 * 0.01)


@given(st.lists(st.floats(-0.2, 0.25), min_size=20, max_size=60))
def test_shortfall_is_at_least_the_value_at_risk_and_at_most_the_worst_day(daily: list[float]) -> None:
    values = curve(*daily)
    risk, shortfall = tails.value_at_risk(values), tails.expected_shortfall(values)

    assert risk is not None
    assert shortfall is not None
    assert risk - 1e-12 <= shortfall <= -min(daily) + 1e-12


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_cornish_fisher_of_a_normal_sample_is_the_normal_quantile(level: float) -> None:
    normal = scipy.stats.norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    values = curve(*(0.001 + 0.01 * normal))
    tail = scipy.stats.norm.pdf(scipy.stats.norm.ppf(level)) / (1.0 - level)

    assert tails.cornish_fisher_value_at_risk(values, level) == pytest.approx(
        -0.001 + 0.01 * scipy.stats.norm.ppf(level), abs=5e-5
    )
    assert tails.cornish_fisher_expected_shortfall(values, level) == pytest.approx(-0.001 + 0.01 * tail, abs=5e-5)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_cornish_fisher_shortfall_is_the_mean_of_its_value_at_risk_beyond_the_level(level: float) -> None:
    values = random(3_000, tail=8.0)

    def loss(p: float) -> float:
        found = tails.cornish_fisher_value_at_risk(values, p)
        assert found is not None
        return found

    expected, _ = scipy.integrate.quad(loss, level, 1.0 - 1e-9, limit=200)

    assert tails.cornish_fisher_expected_shortfall(values, level) == pytest.approx(expected / (1.0 - level), rel=1e-4)


def test_cornish_fisher_is_unknown_where_the_expansion_falls() -> None:
    """Two values only: the tails are as thin as can be, and the expansion turns back on the way to z = -4."""
    values = curve(*[0.01, -0.01] * 50)

    assert (None, None) == (
        tails.cornish_fisher_value_at_risk(values),
        tails.cornish_fisher_expected_shortfall(values),
    )


def test_cornish_fisher_of_heavy_tails_is_known_although_the_middle_is_bent() -> None:
    """An excess kurtosis above 8 bends the middle of the expansion; the tail up to the level still rises."""
    values = random(3_000, 4, tail=4.0)

    assert (tails.kurtosis(values) or 0.0) > 8.0 + 2.0
    assert tails.cornish_fisher_value_at_risk(values) is not None


def test_tail_ratio_of_a_strategy_that_hardly_loses_is_unknown() -> None:
    assert tails.tail_ratio(curve(*[0.01, *[0.0] * 30])) is None


# ---- downside --------------------------------------------------------------------------------------------


def test_downside_measures_by_hand() -> None:
    """Thirty days of +2 % and ten of -1 % with a target of 0."""
    values = curve(*[0.02, 0.02, 0.02, -0.01] * 10)

    assert downside_deviation(values) == pytest.approx(math.sqrt(0.25 * 0.0001 * 252))
    assert sortino(values) == pytest.approx(0.0125 * 252 / math.sqrt(0.25 * 0.0001 * 252))
    assert omega(values) == pytest.approx(6.0)


def test_downside_counts_from_the_cash_rate() -> None:
    values = curve(*[0.02, 0.02, 0.02, -0.01] * 10)

    assert downside_deviation(values, 0.0252) == pytest.approx(math.sqrt(0.25 * 0.0101**2 * 252))
    assert omega(values, 0.0252) == pytest.approx(3 * 0.0199 / 0.0101)


def test_downside_ratios_without_a_loss_are_unknown() -> None:
    values = curve(*[0.01, 0.0] * 20)

    assert (0.0, None, None) == (downside_deviation(values), sortino(values), omega(values))


@pytest.mark.parametrize(("depth", "known"), [(0.0, False), (0.25, True)])
def test_calmar_needs_a_drawdown(depth: float, known: bool) -> None:
    values = np.append(np.geomspace(1.0, 2.0, 252), 2.0 * (1.0 - depth))

    assert calmar(values) == (pytest.approx(0.5 / 0.25) if known else None)


# ---- beside a benchmark ----------------------------------------------------------------------------------


def test_beta_and_alpha_by_hand() -> None:
    market = [0.02, -0.01, 0.0, 0.03] * 10
    values = curve(*(0.001 + 0.5 * one for one in market))

    assert relative.beta(values, curve(*market)) == pytest.approx(0.5)
    assert relative.alpha(values, curve(*market)) == pytest.approx(0.252)
    assert relative.alpha(values, curve(*market), 0.0252) == pytest.approx(0.252 - 0.5 * 0.0252)
    assert relative.correlation(values, curve(*market)) == pytest.approx(1.0)


def test_information_ratio_over_cash_alone_is_sharpe() -> None:
    values = random(500)
    cash: Any = curve(*[0.03 / 252] * 500)

    assert relative.information_ratio(values, cash) == pytest.approx(sharpe(values, 0.03))


def test_measures_beside_itself_are_one_and_zero() -> None:
    values = random(100)

    assert relative.beta(values, values) == pytest.approx(1.0)
    assert (0.0, None) == (relative.tracking_error(values, values), relative.information_ratio(values, values))
