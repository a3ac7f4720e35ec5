"""What a Sharpe ratio proves: the examples of the papers, an independent bootstrap, and the edges."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap
from metrics_curves import Curve, curve, random
from tradewright.metrics.bootstrap import Interval, block_length, sharpe_interval, stationary_blocks
from tradewright.metrics.performance import returns
from tradewright.metrics.sharpe import daily_sharpe, rolling_sharpe, sharpe, squared_error
from tradewright.metrics.significance import (
    deflated_sharpe,
    expected_best_sharpe,
    min_track_record,
    probabilistic_sharpe,
)
from tradewright.metrics.tails import kurtosis, skew

NORMAL = NormalDist()


def shaped(n: int, ratio: float) -> Curve:
    """Return n nearly normal returns with exactly this daily Sharpe ratio."""
    noise = np.array([NORMAL.inv_cdf((i + 0.5) / n) for i in range(n)])
    noise /= noise.std(ddof=1)
    return curve(*(0.01 * (noise + ratio)))


# ---- the papers ------------------------------------------------------------------------------------------


def test_expected_best_sharpe_of_the_example_of_the_paper() -> None:
    """Bailey & Lopez de Prado 2014: 100 trials, variance 1/2 per year, 250 days: 0.1132 per day."""
    assert 0.1132 == round(expected_best_sharpe(100, 0.5 / 250), 4)


@pytest.mark.parametrize(("trials", "expected"), [(100, 0.9004), (46, 0.9505)])
def test_deflated_sharpe_of_the_example_of_the_paper(trials: int, expected: float) -> None:
    """A Sharpe ratio of 2.5 over 1250 days with skew -3 and kurtosis 10."""
    ratio = 2.5 / math.sqrt(250)
    error = math.sqrt(float(squared_error(np.array(ratio), np.array(-3.0), np.array(10.0), 1250)))

    assert expected == round(NORMAL.cdf((ratio - expected_best_sharpe(trials, 0.5 / 250)) / error), 4)


def test_deflated_sharpe_of_normal_returns_takes_88_trials_to_the_same_confidence() -> None:
    ratio = 2.5 / math.sqrt(250)
    error = math.sqrt(float(squared_error(np.array(ratio), np.array(0.0), np.array(3.0), 1250)))

    assert 0.9505 == round(NORMAL.cdf((ratio - expected_best_sharpe(88, 0.5 / 250)) / error), 4)


def test_min_track_record_of_the_example_of_the_paper() -> None:
    """Bailey & Lopez de Prado 2012: daily normal returns, 2 a year against 1, at 95 %: 2.73 years of 250 days."""
    found = min_track_record(shaped(5_000, 2.0 / math.sqrt(250)), benchmark=1.0, sessions_per_year=250)

    assert 2.73 == pytest.approx((found or 0) / 250, abs=0.01)


# ---- probabilities ---------------------------------------------------------------------------------------


def test_probabilistic_sharpe_is_written_out() -> None:
    values = random(600, tail=5.0)
    p, s, k = daily_sharpe(values, 0.02) or 0.0, skew(values) or 0.0, kurtosis(values) or 0.0
    error = math.sqrt((1.0 - s * p + (k - 1.0) / 4.0 * p * p) / 599)

    assert probabilistic_sharpe(values, 0.02, 0.5) == pytest.approx(NORMAL.cdf((p - 0.5 / math.sqrt(252)) / error))


def test_probabilistic_sharpe_against_itself_is_even() -> None:
    values = random(600)

    assert probabilistic_sharpe(values, benchmark=sharpe(values) or 0.0) == pytest.approx(0.5)


def test_deflated_sharpe_of_a_single_trial_is_the_probabilistic_one() -> None:
    values = random(600)
    found = deflated_sharpe(values, 1, [sharpe(values) or 0.0])

    assert found is not None
    assert (probabilistic_sharpe(values), 0.0, 1) == found


def test_deflated_sharpe_falls_with_more_trials() -> None:
    values = random(600)
    found = [deflated_sharpe(values, trials, [0.5, 1.0, 1.5]) for trials in (1, 2, 10, 100)]
    chances = [one.probability for one in found if one is not None]

    assert 4 == len(chances)
    assert sorted(chances, reverse=True) == chances


@pytest.mark.parametrize(
    ("trials", "sharpes", "known"),
    [(1, [], True), (2, [], False), (2, [1.0], False), (2, [1.0, 0.5], True), (9, [1.0, 1.0], True)],
)
def test_deflated_sharpe_needs_the_variance_of_the_trials(trials: int, sharpes: list[float], known: bool) -> None:
    assert known is (deflated_sharpe(random(600), trials, sharpes) is not None)


@pytest.mark.parametrize(("trials", "spread"), [(0, 0.1), (-1, 0.1), (2, -0.1), (2, math.nan)])
def test_expected_best_sharpe_refuses_what_cannot_be(trials: int, spread: float) -> None:
    with pytest.raises(ValueError, match="trials must be at least 1 and spread at least 0, were"):
        expected_best_sharpe(trials, spread)


def test_min_track_record_is_where_the_probability_reaches_the_level() -> None:
    """With as many sessions of the same shape, the probabilistic ratio is just at the level."""
    values = shaped(2_000, 0.1)
    n = min_track_record(values) or 0

    assert (probabilistic_sharpe(shaped(n, 0.1)) or 0.0) == pytest.approx(0.95, abs=0.002)


def test_min_track_record_of_what_is_not_above_the_benchmark_is_unknown() -> None:
    values = random(600)
    mine = sharpe(values) or 0.0

    assert min_track_record(values, benchmark=mine) is None
    assert min_track_record(values, benchmark=mine + 0.1) is None
    assert min_track_record(values, benchmark=mine - 0.1) is not None


@pytest.mark.parametrize("values", [np.ones(1), np.ones(300), random(19)])
def test_significance_of_what_has_no_sharpe_ratio_is_unknown(values: Curve) -> None:
    found = (probabilistic_sharpe(values), min_track_record(values), sharpe_interval(values, seed=7))

    assert (None, None, None) == found
    assert deflated_sharpe(values, 3, [0.1, 0.2]) is None


# ---- the bootstrap ---------------------------------------------------------------------------------------


def test_interval_agrees_with_an_independent_stationary_bootstrap() -> None:
    """Both ends within 0.03 of arch's with as many draws: four times the error of drawing, 0.007."""
    draw = np.random.default_rng(3).normal(size=2_001)
    values = curve(*(0.0004 + 0.01 * (draw[1:] + 0.5 * draw[:-1])))
    found = sharpe_interval(values, seed=7, resamples=4_000)
    assert found is not None
    theirs = StationaryBootstrap(found.block, returns(values), seed=1)
    expected = theirs.conf_int(lambda x: x.mean() / x.std(ddof=1) * math.sqrt(252), 4_000, method="percentile")

    assert expected.ravel().tolist() == pytest.approx([found.low, found.high], abs=0.03)
    assert found.low < (sharpe(values) or 0.0) < found.high


def test_interval_of_independent_returns_is_as_wide_as_theory_says() -> None:
    values = shaped(4_000, 0.05)[::-1]
    values = curve(*np.random.default_rng(5).permutation(returns(values)))
    found = sharpe_interval(values, seed=7, resamples=4_000)

    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(252 / 4_000), rel=0.1)


def test_interval_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    values = random(500)
    first, again, other = (sharpe_interval(values, seed=seed) for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_interval_subtracts_the_cash_rate() -> None:
    values = random(500)
    plain, less = (sharpe_interval(values, rate, seed=7) for rate in (0.0, 0.05))

    assert plain is not None
    assert less is not None
    assert less.low < plain.low
    assert less.high < plain.high


def test_interval_says_what_it_was_made_of() -> None:
    values = random(500)
    found = sharpe_interval(values, seed=7, level=0.9, resamples=300)

    assert isinstance(found, Interval)
    assert (0.9, block_length(returns(values)), 300) == found[2:]


def test_interval_of_a_single_day_in_the_market_is_unknown() -> None:
    """A third of the resamples would hold no day that moves."""
    assert sharpe_interval(curve(*[0.0] * 50, 0.01, *[0.0] * 50), seed=7) is None


@pytest.mark.parametrize("block", [1.0, 1.5, 7.0, 30.0])
def test_blocks_have_the_wanted_mean_and_fill_the_series(block: float) -> None:
    n, rows = 400, 3_000
    blocks = list(stationary_blocks(n, block, rows, np.random.default_rng(7)))
    starts = np.concatenate([one.ravel() for one, _ in blocks])
    lengths = np.concatenate([one.ravel() for _, one in blocks])

    assert rows == sum(len(one) for one, _ in blocks)
    assert {n} == {int(total) for _, one in blocks for total in one.sum(axis=1)}
    assert (0, n - 1, 0) == (starts.min(), starts.max(), min(0, lengths.min()))
    # One block, and for each session after the first the chance that another begins.
    assert 1 + (n - 1) / block == pytest.approx((lengths > 0).sum() / rows, rel=0.02)


@pytest.mark.parametrize("n", [0, 1, 3, 4, 12])
def test_block_length_of_a_short_series_is_possible(n: int) -> None:
    assert 1.0 <= block_length(np.random.default_rng(7).normal(size=n)) <= max(1.0, math.ceil(n / 3))


def test_block_length_grows_with_dependence_up_to_its_bound() -> None:
    draw = np.random.default_rng(7).normal(size=900)
    smooth = np.convolve(draw, np.ones(30), "same")

    assert block_length(draw) < block_length(draw + np.roll(draw, 1)) < block_length(smooth) <= 90.0
    assert 90.0 == block_length(np.sin(np.arange(900.0) / 5.0))


# ---- windows ---------------------------------------------------------------------------------------------


def test_rolling_sharpe_is_that_of_each_window() -> None:
    values = random(300, tail=4.0)
    found = rolling_sharpe(values, 0.02, window=100, level=0.9)

    assert list(range(100, 301)) == found.rows.tolist()
    for i in (0, 57, 200):
        window = values[i : i + 101]
        p, s, k = daily_sharpe(window, 0.02) or 0.0, skew(window) or 0.0, kurtosis(window) or 0.0
        reach = NORMAL.inv_cdf(0.95) * math.sqrt((1.0 - s * p + (k - 1.0) / 4.0 * p * p) / 99)
        expected = [(p + sign * reach) * math.sqrt(252) for sign in (0, -1, 1)]
        assert [found.value[i], found.low[i], found.high[i]] == pytest.approx(expected)


def test_rolling_sharpe_leaves_out_windows_that_stand_still() -> None:
    values = curve(*[0.0] * 40, *[0.01, -0.005] * 20)
    found = rolling_sharpe(values, window=20)

    assert list(range(41, 81)) == found.rows.tolist()
    assert np.isfinite(found.value).all()


@pytest.mark.parametrize(("n", "expected"), [(19, 0), (20, 1), (21, 2)])
def test_rolling_sharpe_needs_a_whole_window(n: int, expected: int) -> None:
    assert expected == len(rolling_sharpe(random(n), window=20).value)


def test_rolling_sharpe_refuses_a_window_that_tells_nothing() -> None:
    with pytest.raises(ValueError, match="window must be at least 20 sessions, was 19"):
        rolling_sharpe(random(300), window=19)
