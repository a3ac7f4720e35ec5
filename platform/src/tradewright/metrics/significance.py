"""How much a Sharpe ratio proves: against zero, against luck in many tries, and after how long.

All of it takes returns as independent of each other; the interval of `bootstrap` does not.
"""

from __future__ import annotations

import math
from statistics import NormalDist, variance
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.metrics.sharpe import daily_sharpe, squared_error
from tradewright.metrics.tails import kurtosis, skew
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.values.arrays import FloatArray

TRACK_RECORD_LEVEL = 0.95

_NORMAL = NormalDist()
_EULER = float(np.euler_gamma)


class DeflatedSharpe(NamedTuple):
    """A Sharpe ratio judged as the best of many.

    Attributes:
        probability: That the true Sharpe ratio is above `expected_best`.
        expected_best: Annual Sharpe ratio that the best of so many trials without any skill would show.
        trials: How many were tried.
    """

    probability: float
    expected_best: float
    trials: int


def probabilistic_sharpe(
    values: FloatArray,
    risk_free: float = 0.0,
    benchmark: float = 0.0,
    *,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> float | None:
    """Return the probability that the true Sharpe ratio is above a benchmark, `Phi((p - p*) / standard error)`.

    Source: Bailey & Lopez de Prado 2012, The Sharpe ratio efficient frontier, Journal of Risk 15(2), 3-44, section 3,
    the probabilistic Sharpe ratio.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        benchmark: Annual Sharpe ratio to exceed.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> round(probabilistic_sharpe(np.cumprod(np.append(1.0, np.tile([1.004, 0.998], 60)))), 4)
    0.9999
    """
    ratio = daily_sharpe(values, risk_free, sessions_per_year=sessions_per_year)
    error = _error(values, ratio)
    if ratio is None or error is None:
        return None
    return _NORMAL.cdf((ratio - benchmark / math.sqrt(sessions_per_year)) / error)


def expected_best_sharpe(trials: int, spread: float) -> float:
    """Return the Sharpe ratio that the best of many trials without skill is expected to show; 0 for a single one.

    `sqrt(V) ((1 - g) Z(1 - 1 / N) + g Z(1 - 1 / (N e)))`; Z is the normal quantile, g the Euler-Mascheroni constant.
    Source: Bailey & Lopez de Prado 2014, The deflated Sharpe ratio, Journal of Portfolio Management 40(5), 94-107,
    equation 1.

    Args:
        trials: How many independent ones, `N`.
        spread: Variance `V` of their Sharpe ratios; the result is in the unit of its root.

    Raises:
        ValueError: There is no trial, or the variance is negative.

    >>> round(expected_best_sharpe(100, 0.5 / 250), 4)  # The example of the paper.
    0.1132
    """
    if trials < 1 or not spread >= 0.0:
        raise ValueError(f"trials must be at least 1 and spread at least 0, were {trials} and {spread}")
    if trials == 1:
        return 0.0
    quantiles = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(spread) * ((1.0 - _EULER) * quantiles[0] + _EULER * quantiles[1])


def deflated_sharpe(
    values: FloatArray,
    trials: int,
    sharpes: Sequence[float],
    risk_free: float = 0.0,
    *,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> DeflatedSharpe | None:
    """Return the probabilistic Sharpe ratio against the best that luck alone would show in so many trials.

    Trials that resemble each other count as much as others, which makes it the stricter.  None when the variance of
    the trials cannot be known, from fewer than two, although there were several.

    Source: Bailey & Lopez de Prado 2014, see `expected_best_sharpe`, equation 2.

    Args:
        values: `(n + 1,)`.
        trials: Distinct configurations tried, this one included.
        sharpes: Annual Sharpe ratios of those trials that have one, this one included.
        risk_free: Annual fraction earned without risk.
        sessions_per_year: Of `values`; the others are annual, whatever their year had.

    >>> curve = np.cumprod(np.append(1.0, np.tile([1.004, 0.998], 60)))
    >>> found = deflated_sharpe(curve, 12, [5.3, 4.1, 2.0, 3.2])
    >>> round(found.probability, 4), round(found.expected_best, 4)
    (0.9785, 2.3248)
    """
    if trials > 1 and len(sharpes) < 2:
        return None
    best = expected_best_sharpe(trials, variance(sharpes) if trials > 1 else 0.0)
    probability = probabilistic_sharpe(values, risk_free, best, sessions_per_year=sessions_per_year)
    return None if probability is None else DeflatedSharpe(probability, best, trials)


def min_track_record(
    values: FloatArray,
    risk_free: float = 0.0,
    benchmark: float = 0.0,
    level: float = TRACK_RECORD_LEVEL,
    *,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> int | None:
    """Return the sessions after which such a Sharpe ratio would be above the benchmark with the given probability.

    `1 + (1 - S p + (K - 1) / 4 p**2) (Z(level) / (p - p*))**2`, rounded up.  None when the ratio is not above it.
    Source: Bailey & Lopez de Prado 2012, see `probabilistic_sharpe`, section 4, the minimum track record length.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        benchmark: Annual Sharpe ratio to exceed.
        level: Probability to reach.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> min_track_record(np.cumprod(np.append(1.0, np.tile([1.004, 0.998], 60))))
    26
    """
    ratio = daily_sharpe(values, risk_free, sessions_per_year=sessions_per_year)
    error, exceeded = _error(values, ratio), benchmark / math.sqrt(sessions_per_year)
    if ratio is None or error is None or ratio <= exceeded:
        return None
    n = len(values) - 1
    z = _NORMAL.inv_cdf(level) / (ratio - exceeded)
    return math.ceil(1.0 + error**2 * (n - 1) * z**2)


def _error(values: FloatArray, ratio: float | None) -> float | None:
    """Return the standard error of a daily Sharpe ratio."""
    lean, heavy = skew(values), kurtosis(values)
    if ratio is None or lean is None or heavy is None:
        return None
    squared = float(squared_error(np.array(ratio), np.array(lean), np.array(heavy), len(values) - 1))
    return math.sqrt(squared) if squared > 0.0 else None
