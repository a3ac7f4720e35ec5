"""The interval of a Sharpe ratio when neighbouring days resemble each other: the stationary bootstrap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.metrics.performance import DEVIATION_MIN, deviation, excess_returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.values.arrays import FloatArray, IntArray

LEVEL = 0.95
RESAMPLES = 1_000

_SPREAD_MIN = 1e-9  # Of the variance of the whole: less is what differences of running sums leave.
_CELLS = 1 << 15  # Blocks drawn at once: arrays of 0.3 MB, which the processor's cache holds.


class Interval(NamedTuple):
    """Where a measure would lie in other histories of the same kind.

    Attributes:
        low: Lower end.
        high: Upper end.
        level: Fraction of the resampled histories between them.
        block: Mean length of a block, in sessions.
        resamples: How many histories were drawn.
    """

    low: float
    high: float
    level: float
    block: float
    resamples: int


def block_length(changes: FloatArray) -> float:
    """Return the mean block length of the stationary bootstrap, in sessions, that suits a series; at least 1.

    `(2 g**2 n / d) ** (1 / 3)` with `g = sum l(k / M) |k| R(k)` and `d = 2 (sum l(k / M) R(k)) ** 2` over
    `-M <= k <= M`, autocovariances R and the flat-top window `l(t) = min(1, 2 (1 - |t|))`.  M is twice the first lag
    from which `K = max(5, log10 n)` autocorrelations in a row are below `2 sqrt(log10(n) / n)`, as the programs of
    the authors read it, at most `ceil(sqrt n) + K`.  The result is at most `ceil(min(3 sqrt n, n / 3))`.

    Sources: Politis & White 2004, Automatic block-length selection for the dependent bootstrap, Econometric Reviews
    23(1), 53-70, section 3; Patton, Politis & White 2009, Correction, Econometric Reviews 28(4), 372-375, for d.

    Args:
        changes: `(n,)`.

    >>> noise = np.random.default_rng(7).normal(size=1_000)
    >>> block_length(np.zeros(100)), round(block_length(noise + np.roll(noise, 1)), 2)
    (1.0, 6.69)
    """
    n = len(changes)
    longest = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    centred = changes - changes.mean() if n else changes
    if longest < 2 or float(centred @ centred) / n <= DEVIATION_MIN**2:
        return 1.0
    in_a_row = max(5, int(math.log10(n)))
    lags = min(math.ceil(math.sqrt(n)) + in_a_row, n - 1)
    covariance = np.array([centred[k:] @ centred[: n - k] for k in range(lags + 1)]) / n
    small = np.abs(covariance[1:]) < 2.0 * math.sqrt(math.log10(n) / n) * covariance[0]
    runs = np.flatnonzero(np.convolve(small, np.ones(in_a_row), "valid") == in_a_row)
    m = min(2 * (int(runs[0]) + 1), lags) if runs.size else lags
    k = np.arange(1, m + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - k / m))
    g = 2.0 * float(window * k @ covariance[1 : m + 1])
    d = 2.0 * float(covariance[0] + 2.0 * window @ covariance[1 : m + 1]) ** 2
    # Multiplied out, so that a d of 0 asks for the longest block.
    return max(1.0, float(longest) if 2.0 * g**2 * n >= d * longest**3 else float(np.cbrt(2.0 * g**2 * n / d)))


def sharpe_interval(
    values: FloatArray,
    risk_free: float = 0.0,
    *,
    seed: int,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> Interval | None:
    """Return the percentile interval of the annual Sharpe ratio over stationary bootstrap resamples.

    Each resample strings blocks together that begin anywhere and have geometric lengths with the mean of
    `block_length`; the series is closed to a circle.  None where the Sharpe ratio, or that of any resample, cannot be
    known.

    Sources: Politis & Romano 1994, The stationary bootstrap, Journal of the American Statistical Association 89(428),
    1303-1313, section 2; Efron & Tibshirani 1993, An introduction to the bootstrap, chapter 13, for the percentiles.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        seed: Start of the random draws; equal ones give equal results.
        level: Fraction of the resamples between both ends.
        resamples: How many to draw.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> curve = np.cumprod(np.append(1.0, np.tile([1.004, 0.998, 1.001], 60)))
    >>> found = sharpe_interval(curve, seed=7)
    >>> found.low < 6.4 < found.high, round(found.block, 9)
    (True, 7.656011978)
    """
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    s = deviation(excess)
    if s is None or s <= DEVIATION_MIN:
        return None
    block = block_length(excess)
    mean, scaled = float(excess.mean()), (excess - excess.mean()) / s
    first, second = _means(scaled, block, resamples, np.random.default_rng(seed))
    n = len(excess)
    spread = (second - first**2) * n / (n - 1)
    if not spread.min() > _SPREAD_MIN:
        return None
    ratios = (mean + s * first) / (s * np.sqrt(spread)) * math.sqrt(sessions_per_year)
    low, high = np.quantile(ratios, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(low), float(high), level, block, resamples)


def stationary_blocks(
    n: int, block: float, resamples: int, draw: np.random.Generator
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield starts and lengths of the blocks of resamples, `(rows, k)` each; the lengths of a row sum to n.

    A block that reaches beyond the end goes on at the beginning; the last ones of a row may have no length.  Source:
    Politis & Romano 1994, see `sharpe_interval`.

    Args:
        n: Length of the series.
        block: Mean length of a block, at least 1.
        resamples: How many rows in all.
        draw: Where the randomness comes from.

    >>> (starts, lengths), *_ = stationary_blocks(100, 5.0, 2, np.random.default_rng(7))
    >>> starts.shape == lengths.shape, lengths.sum(axis=1).tolist()
    (True, [100, 100])
    """
    chance = 1.0 / block
    # The number of blocks is binomial: eight deviations above the mean are never reached.
    k = math.ceil(n * chance + 8.0 * math.sqrt(n * chance * (1.0 - chance))) + 1
    for first in range(0, resamples, max(1, _CELLS // k)):
        shape = (min(max(1, _CELLS // k), resamples - first), k)
        starts = draw.integers(n, size=shape)
        if chance == 1.0:
            # Blocks of one session are the ordinary bootstrap; the row has one block more than sessions.
            lengths = np.ones(shape, np.int64)
            lengths[:, -1] = 0
        else:
            # An exponential number rounded up is geometric, and drawn three times as fast as numpy's geometric one.
            geometric = np.ceil(draw.standard_exponential(shape) / -math.log1p(-chance))
            ends = np.minimum(np.cumsum(np.maximum(geometric, 1.0), axis=1), n).astype(np.int64)
            ends[:, -1] = n
            lengths = np.diff(ends, axis=1, prepend=0)
        yield starts, lengths


def _means(
    scaled: FloatArray, block: float, resamples: int, draw: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the mean square of each resample; a block's sums are differences of running sums."""
    n = len(scaled)
    twice = np.concatenate([scaled, scaled])
    sums, squares = (np.append(0.0, np.cumsum(twice**power)) for power in (1, 2))
    first, second = [], []
    for starts, lengths in stationary_blocks(n, block, resamples, draw):
        ends = starts + lengths
        first.append((sums[ends] - sums[starts]).sum(axis=1) / n)
        second.append((squares[ends] - squares[starts]).sum(axis=1) / n)
    return np.concatenate(first), np.concatenate(second)
