"""The moving-average crossover: by hand, causally, bar by bar, and on twenty years of the S&P 500."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import math
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import tradewright as tw
from tradewright.signals.evaluate import evaluate
from tradewright.testing import SignalContract
from tradewright_ma_crossover import MovingAverageCrossover

CLOSE = [10.0, 12.0, 11.0, 13.0, 15.0, 9.0, 6.0]
SMALL = {"fast": 2, "slow": 4, "volatility_lookback": 2}
CROSSINGS = """
    10/18/1999 11/4/1999 11/11/1999 10/30/2000 5/14/2003 8/18/2004 11/5/2004 7/19/2006 9/12/2006 12/21/2007
    6/23/2009 7/2/2010 10/22/2010 8/12/2011 1/31/2012 8/28/2015 12/21/2015 1/11/2016 4/25/2016 12/7/2018
"""  # The first is the first opinion; the others are the golden and death crosses that newspapers reported.
ARCH = importlib.util.find_spec("arch")
EVERY_KIND = [
    {"average": average, "direction": direction, "score": score}
    for average in ("simple", "exponential")
    for direction in ("long-flat", "long-short")
    for score in ("distance", "sign")
]


class TestDefaults(SignalContract):
    pass


class TestExponential(SignalContract):
    options: ClassVar = {**SMALL, "average": "exponential", "direction": "long-short"}


class TestSign(SignalContract):
    options: ClassVar = {**SMALL, "score": "sign"}


class TestExponentialSign(SignalContract):
    options: ClassVar = {**SMALL, "average": "exponential", "direction": "long-short", "score": "sign"}


def history(close) -> tw.History:
    """Return bars of `close`, one asset per column; NaN is a missing bar."""
    close = np.array(close, dtype=float)
    close = close[:, np.newaxis] if close.ndim == 1 else close
    hours = np.datetime64("2000-01-03", "h") + np.arange(
        len(close)
    )  # A million days would end beyond datetime64[ns].
    instruments = [tw.Instrument(symbol=f"A{asset}") for asset in range(close.shape[1])]
    traded = np.isfinite(close)
    times = {"opened_at": hours, "closed_at": hours + 1, "session": hours.astype("datetime64[D]")}
    return tw.History(tw.Bars(instruments=instruments, **times, close=close, traded=traded))


def forecast(close, **options) -> tw.Forecast:
    """Ask the signal as the kernel does, through its checks."""
    return evaluate("ma-crossover", MovingAverageCrossover(**options), history(close))


def random_prices(seed, n_bars=120, n_assets=3, missing=0.1):
    """Return random walks; the second asset starts late and every asset misses bars."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(0.02 * random.standard_normal((n_bars, n_assets)), axis=0))
    close[random.random((n_bars, n_assets)) < missing] = np.nan
    close[: n_bars // 3, 1] = np.nan
    return close


# ---- by hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        # Fast 12, 14, 12, 7.5 against slow 11.5, 12.75, 12, 10.75; equal averages are no opinion.
        ("long-short", [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, -1.0]),
        ("long-flat", [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
    ],
)
def test_sign_when_worked_by_hand_agrees(direction, expected):
    found = forecast(CLOSE, **SMALL, score="sign", direction=direction)

    assert expected == found.score.ravel().tolist()
    assert [abs(score) for score in expected] == found.confidence.ravel().tolist()


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_distance_when_worked_by_hand_agrees(scale):
    sigma_3 = math.sqrt(((11 / 12 - 1) ** 2 + (13 / 11 - 1) ** 2) / 2)
    sigma_4 = math.sqrt(((13 / 11 - 1) ** 2 + (15 / 13 - 1) ** 2) / 2)
    k = scale * (4 - 2) / math.sqrt(3 * 4)
    expected = [0.0, 0.0, 0.0, (12 - 11.5) / (k * sigma_3 * 13), (14 - 12.75) / (k * sigma_4 * 15), 0.0, 0.0]

    found = forecast(CLOSE, **SMALL, scale=scale)

    np.testing.assert_allclose(found.score.ravel(), expected, rtol=1e-12, atol=0.0)
    assert [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0] == found.confidence.ravel().tolist()


def test_distance_when_far_is_clipped_to_one():
    found = forecast(CLOSE, **SMALL, scale=0.01, direction="long-short")

    assert [1.0, 1.0, 0.0, -1.0] == found.score.ravel()[3:].tolist()


@pytest.mark.parametrize("average", ["simple", "exponential"])
@pytest.mark.parametrize("price", [0.1, 1e-8, 123456.7])
def test_score_when_the_price_never_moves_is_no_opinion(average, price):
    found = forecast([price] * 40, fast=3, slow=7, average=average, volatility_lookback=5)

    assert not found.score.any()
    assert not found.confidence.any()


def test_distance_when_the_price_stood_still_after_a_rise_is_full():
    found = forecast([10.0, 10.0, 10.0, 11.0, 11.0, 11.0], **SMALL)

    assert 1.0 == found.score[-1, 0]


def test_exponential_when_compared_with_the_recursion_differs_by_what_was_cut_off():
    close = random_prices(1, n_bars=400, missing=0.0)[:, 0]
    fast = slow = close[0]
    gaps = []
    for price in close:
        fast += 2 / (5 + 1) * (price - fast)
        slow += 2 / (20 + 1) * (price - slow)
        gaps.append(fast - slow)

    found = forecast(close, fast=5, slow=20, average="exponential", score="sign", direction="long-short")

    far = np.abs(gaps) > 1e-3 * close
    far[:80] = False
    assert far.sum() > 250
    assert np.array_equal(np.sign(gaps)[far], found.score[far, 0])


def test_distance_when_the_market_is_a_random_walk_has_one_standard_deviation_at_scale():
    """The unit in the README: fast - slow of a random walk has a standard deviation of k x sigma x close."""
    shocks = np.random.default_rng(3).standard_normal((4000, 200))
    walks = np.cumsum(shocks, axis=1)

    gaps = walks[:, -50:].mean(axis=1) - walks.mean(axis=1)

    assert (200 - 50) / math.sqrt(3 * 200) == pytest.approx(gaps.std(), rel=0.05)


# ---- warm-up and missing bars --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "warmup_bars"),
    [
        ({"score": "sign"}, 199),
        ({}, 199),
        ({"fast": 5, "slow": 10, "volatility_lookback": 30}, 30),
        ({"fast": 5, "slow": 10, "volatility_lookback": 30, "score": "sign"}, 9),
        ({"fast": 1, "slow": 2, "volatility_lookback": 1}, 1),
        ({"average": "exponential"}, 799),
    ],
)
def test_warm_up_when_it_ends_the_first_opinion_comes(options, warmup_bars):
    rising = np.exp(0.01 * np.arange(warmup_bars + 2))

    found = forecast(rising, **options)

    assert warmup_bars == MovingAverageCrossover(**options).warmup_bars
    assert [0.0] * warmup_bars + [1.0, 1.0] == found.confidence.ravel().tolist()


@pytest.mark.parametrize("n_bars", [0, 1, 3])
def test_compute_when_history_is_shorter_than_the_warm_up_has_no_opinion(n_bars):
    found = forecast(np.array(CLOSE[:n_bars]).reshape(-1, 1), **SMALL)

    assert np.array_equal(np.zeros((n_bars, 1)), found.score)


def test_compute_when_bars_are_missing_holds_the_last_opinion():
    nan = math.nan
    close = [10.0, nan, 12.0, 11.0, 13.0, nan, nan, 15.0, 9.0, nan, 6.0, nan]

    found = forecast(close, **SMALL, score="sign", direction="long-short")

    assert [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, -1, -1] == found.score.ravel().tolist()


@pytest.mark.parametrize("options", EVERY_KIND)
def test_compute_when_assets_start_late_treats_each_as_if_alone(options):
    close = random_prices(2)

    found = forecast(close, **SMALL, **options)

    for asset in range(close.shape[1]):
        own = np.isfinite(close[:, asset])
        alone = forecast(close[own, asset], **SMALL, **options)
        assert np.array_equal(alone.score.ravel(), found.score[own, asset])


def test_compute_when_a_million_bars_have_passed_has_not_drifted():
    """Prices fall from 1e9 to 1: a running sum would keep the rounding of the large ones for ever."""
    random = np.random.default_rng(5)
    close = np.exp(np.cumsum(0.01 * random.standard_normal(1_000_000)))
    close[:1000] *= 1e9
    options = {"direction": "long-short"}

    found = forecast(close, **options)

    tail = forecast(close[-1000:], **options)
    assert np.array_equal(tail.score[199:], found.score[-801:])


# ---- options --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fast": 200}, "slow must exceed fast=200 bars, was 200"),
        ({"fast": 50, "slow": 20}, "slow must exceed fast=50 bars, was 20"),
        ({"fast": 0}, "must be >= 1, was 0"),
        ({"slow": 200.5}, "must be a whole number, was 200.5"),
        ({"average": "weighted"}, "must be one of simple, exponential"),
        ({"direction": "short"}, "must be one of long-flat, long-short"),
        ({"score": "signs"}, "did you mean sign"),
        ({"scale": 0.0}, "must be > 0, was 0"),
        ({"scale": math.nan}, "must be finite, was nan"),
        ({"volatility_lookback": 0}, "must be >= 1, was 0"),
    ],
)
def test_options_when_wrong_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MovingAverageCrossover(**options)


# ---- real prices ---------------------------------------------------------------------------------------


@pytest.mark.skipif(ARCH is None, reason="arch, which ships the prices, is not installed")
def test_compute_when_run_on_the_sp500_finds_the_known_crossings():
    folder = Path(ARCH.submodule_search_locations[0]) / "data" / "sp500"
    with gzip.open(folder / "sp500.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    close = [float(row["Close"]) for row in rows]

    found = forecast(close, score="sign", direction="long-short").score.ravel()

    changed = [rows[bar]["Date"] for bar in np.flatnonzero(np.diff(found)) + 1]
    assert CROSSINGS.split() == changed
    assert 1.0 == found[199]
