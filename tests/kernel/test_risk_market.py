"""Numbers about the market as a whole and about time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # ships no types
import pytest
from engine_market import NAN, market, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from tradewright.errors import DataError
from tradewright.risk.market import (
    correlation,
    correlations,
    daily_returns,
    market_move,
    market_returns,
    minutes_since_open,
    minutes_to_close,
    volatility_spike,
)
from tradewright.values.bars import Bars

# ---- correlations ----------------------------------------------------------------------------------------


def test_correlation_is_that_of_numpy_and_pandas() -> None:
    returns = np.random.default_rng(1).normal(size=(40, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])

    np.testing.assert_allclose(correlation(returns), np.corrcoef(returns.T), rtol=1e-12)


def test_correlation_with_missing_returns_is_pairwise_as_in_pandas() -> None:
    draw = np.random.default_rng(2)
    returns = draw.normal(0.001, 0.02, (60, 4))
    returns[draw.random((60, 4)) < 0.2] = NAN
    expected = pd.DataFrame(returns).corr(min_periods=20)

    np.testing.assert_allclose(correlation(returns), expected, rtol=1e-9)


@pytest.mark.parametrize(("rows", "known"), [(19, False), (20, True), (21, True)])
def test_correlation_needs_twenty_returns_in_common(rows: int, known: bool) -> None:
    returns = np.random.default_rng(3).normal(size=(40, 2))
    returns[rows:, 1] = NAN

    assert known == bool(np.isfinite(correlation(returns)[0, 1]))


def test_correlation_of_what_never_moves_is_unknown() -> None:
    returns = np.column_stack([np.zeros(30), np.random.default_rng(4).normal(size=30)])

    assert np.isnan(correlation(returns)[0, 1])
    assert np.isnan(correlation(returns)[0, 0])


@pytest.mark.parametrize(("deviation", "known"), [(1e-16, False), (0.99e-12, False), (1.01e-12, True)])
def test_correlation_of_what_moves_by_rounding_alone_is_unknown(deviation: float, known: bool) -> None:
    noise = deviation * np.tile([1.0, -1.0], 15)
    found = correlation(np.column_stack([noise, np.random.default_rng(4).normal(size=30)]))

    assert known == bool(np.isfinite(found[0, 1])) == bool(np.isfinite(found[1, 0]))


def test_correlation_of_what_rises_evenly_is_unknown() -> None:
    returns = np.column_stack([np.full(30, 0.1), np.random.default_rng(4).normal(size=30)])

    assert np.isnan(correlation(returns)[0, 1])


@pytest.mark.parametrize("first", ["random", "still", "rounding", "even", "opposite"])
def test_correlation_is_the_same_with_a_session_that_nobody_has(first: str) -> None:
    other = np.random.default_rng(4).normal(size=30)
    column = {
        "random": np.random.default_rng(6).normal(size=30),
        "still": np.zeros(30),
        "rounding": 0.99e-12 * np.tile([1.0, -1.0], 15),
        "even": np.full(30, 0.1),
        "opposite": -other,
    }[first]
    complete = np.column_stack([column, other])

    found = correlation(np.vstack([complete, [NAN, NAN]]))

    np.testing.assert_allclose(correlation(complete), found, rtol=1e-12, atol=1e-15)
    assert np.isnan(found[0, 1]) == (first in {"still", "rounding", "even"})


def test_correlation_never_exceeds_one() -> None:
    column = np.random.default_rng(5).normal(size=30)

    found = correlation(np.column_stack([column, column * 3, -column]))
    np.testing.assert_allclose(found[0], [1, 1, -1], rtol=1e-12)
    assert np.abs(found).max() <= 1.0


def test_correlations_come_every_refresh_th_session_at_its_last_bar() -> None:
    """Sessions of two bars, a matrix at sessions 0, 3, 6: known from bars 1, 7 and 13 on."""
    stack, known = correlations(walk(16, 2, per_session=2), 60, 3)

    assert np.shape(stack) == (3, 2, 2)
    assert known.tolist() == [-1] + [0] * 6 + [1] * 6 + [2] * 3


def test_correlations_are_of_the_last_sessions_up_to_the_refresh() -> None:
    bars = walk(100, 3)
    stack, known = correlations(bars, 30, 5)
    returns = pd.DataFrame(bars.close).pct_change()

    for bar in (25, 40, 63, 99):
        last = bar // 5 * 5
        expected = returns.iloc[max(0, last - 29) : last + 1].corr(min_periods=20)
        np.testing.assert_allclose(stack[known[bar]], expected, rtol=1e-9)
    assert np.isnan(stack[known[15]]).all()


def test_correlations_with_an_asset_that_never_traded_are_unknown() -> None:
    untraded = np.zeros((60, 3), bool)
    untraded[:, 1] = True
    stack, _ = correlations(walk(60, 3, untraded=untraded), 30, 5)

    assert np.isnan(stack[-1][1]).all()
    assert np.isnan(stack[-1][:, 1]).all()
    assert np.isfinite(stack[-1][0, 2])


def test_daily_returns_need_two_sessions_in_a_row() -> None:
    bars = market([[100, 50], [110, NAN], [121, 60], [133.1, 66]])

    np.testing.assert_allclose(daily_returns(bars), [[NAN, NAN], [0.1, NAN], [0.1, NAN], [0.1, 0.1]], rtol=1e-12)


def test_daily_returns_of_intraday_bars_are_close_to_close() -> None:
    bars = market([100, 105, 110, 100, 121, NAN], sessions=[0, 0, 0, 1, 1, 1])

    np.testing.assert_allclose(daily_returns(bars)[:, 0], [NAN, 0.1], rtol=1e-12)


# ---- the market as a whole -------------------------------------------------------------------------------


def test_market_returns_are_the_mean_of_the_assets() -> None:
    """+10 % and -20 %, then +10 % and 0 %."""
    bars = market([[100, 50], [110, 40], [121, 40]])

    np.testing.assert_allclose(market_returns(bars, 1), [0.0, -0.05, 0.05], atol=1e-15)
    np.testing.assert_allclose(market_returns(bars, 2), [0.0, 0.0, (0.21 - 0.2) / 2], atol=1e-15)


def test_market_returns_carry_a_close_over_missing_bars() -> None:
    bars = market([[100, NAN], [110, 50], [NAN, 55], [121, NAN]])

    np.testing.assert_allclose(market_returns(bars, 1), [0.0, 0.1, (0.0 + 0.1) / 2, (0.1 + 0.0) / 2], atol=1e-15)


def test_market_returns_without_any_asset_are_0() -> None:
    assert market_returns(market([[NAN], [NAN]]), 1).tolist() == [0.0, 0.0]


def test_market_returns_across_a_split_and_a_dividend_are_of_the_total() -> None:
    bars = market([100, 25, 24], split={1: 4.0}, dividend={2: 1.0})

    np.testing.assert_allclose(market_returns(bars, 1), [0, 0, 0], atol=1e-15)


@pytest.mark.parametrize("span", [1, 5, 30, 99])
def test_market_returns_of_one_asset_are_those_of_pandas(span: int) -> None:
    bars = walk(30)
    expected = pd.Series(bars.close[:, 0]).pct_change(span).fillna(0.0)

    np.testing.assert_allclose(market_move(bars, span)[:, 0], expected, atol=1e-12)


def test_volatility_spike_is_that_of_pandas() -> None:
    bars = walk(100, 2)
    squares = pd.Series(market_returns(bars, 1)).pow(2).where(lambda s: s.index > 0)
    expected = np.sqrt(squares.rolling(5).mean() / squares.rolling(60).mean()).fillna(0.0)

    np.testing.assert_allclose(volatility_spike(bars, 60)[:, 1], expected, rtol=1e-9)


@pytest.mark.parametrize(("n_bars", "known"), [(60, False), (61, True), (62, True), (3, False)])
def test_volatility_spike_needs_sixty_returns(n_bars: int, known: bool) -> None:
    assert known == bool(volatility_spike(walk(n_bars), 60)[-1, 0] > 0.0)


def test_volatility_spike_of_a_market_that_stands_still_is_0() -> None:
    still = market([100.0] * 80)
    stopped = market([*walk(80).close[:, 0], *[100.0] * 80])

    assert not volatility_spike(still, 60).any()
    assert volatility_spike(stopped, 60)[-1, 0] == 0.0


# ---- time ------------------------------------------------------------------------------------------------


def test_minutes_of_intraday_bars_count_from_open_and_to_close() -> None:
    """The second session has two bars only, and closes with the last of them."""
    bars = market([1, 2, 3, 4, 5], sessions=[0, 0, 0, 1, 1])

    assert minutes_since_open(bars, 0)[:, 0].tolist() == [60, 120, 180, 60, 120]
    assert minutes_to_close(bars, 0)[:, 0].tolist() == [120, 60, 0, 60, 0]


def test_minutes_stand_in_every_column() -> None:
    bars = walk(6, 3, per_session=3)

    assert minutes_to_close(bars, 0).shape == (6, 3)
    assert np.ptp(minutes_since_open(bars, 0), axis=1).tolist() == [0.0] * 6


def test_minutes_to_close_of_daily_bars_are_refused() -> None:
    with pytest.raises(DataError, match="these bars are as long as one"):
        minutes_to_close(walk(5), 0)


# ---- causality -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", [market_move, volatility_spike, minutes_since_open, minutes_to_close])
@settings(max_examples=25)
@given(stop=st.integers(1, 40), seed=st.integers(0, 5), gap=st.integers(0, 119), span=st.integers(1, 9))
def test_market_feature_changes_no_earlier_row_when_the_future_is_cut_off(
    feature: Callable[[Bars, int], Any], stop: int, seed: int, gap: int, span: int
) -> None:
    untraded = np.zeros((120, 2), bool)
    untraded[gap, 0] = True
    bars = walk(120, 2, seed=seed, per_session=3, untraded=untraded, dividend={(60, 1): 1.0})
    n_bars, window = 3 * stop, 60 if feature is volatility_spike else span

    np.testing.assert_array_equal(feature(bars.until(n_bars), window), feature(bars, window)[:n_bars])


@settings(max_examples=25)
@given(stop=st.integers(1, 40), refresh=st.integers(1, 7), seed=st.integers(0, 5))
def test_correlations_change_no_earlier_bar_when_the_future_is_cut_off(stop: int, refresh: int, seed: int) -> None:
    bars = walk(120, 2, seed=seed, per_session=3)
    early_stack, early = correlations(bars.until(3 * stop), 25, refresh)
    stack, known = correlations(bars, 25, refresh)

    np.testing.assert_array_equal(early, known[: 3 * stop])
    np.testing.assert_array_equal(early_stack, [stack[number] for number in range(len(early_stack))])
