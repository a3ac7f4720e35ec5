"""A curve beside a benchmark's, session by session.

Both curves have the same length, `(n + 1,)`.  Every measure needs 20 sessions and is None with fewer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.performance import DEVIATION_MIN, deviation, excess_returns, returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


def beta(values: FloatArray, benchmark: FloatArray) -> float | None:
    """Return `cov(r, b) / var(b)`: how much the curve moves when the benchmark moves by 1.

    Source: Jensen 1968, see `alpha`, whose equation 8 it is the slope of; a constant rate does not move it.

    >>> market = np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))
    >>> round(beta(np.cumprod(np.append(1.0, np.tile([1.01, 0.995], 20))), market), 6)
    0.5
    """
    changes, market = returns(values), returns(benchmark)
    s = deviation(market)
    if s is None or s <= DEVIATION_MIN:
        return None
    centred = market - market.mean()
    return float(np.dot(centred, changes) / np.dot(centred, centred))


def alpha(
    values: FloatArray,
    benchmark: FloatArray,
    risk_free: float = 0.0,
    *,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> float | None:
    """Return Jensen's alpha per year, `(mean(x) - beta mean(y)) x Y`, from the excess returns of both over cash.

    Source: Jensen 1968, The performance of mutual funds in the period 1945-1964, The Journal of Finance 23(2),
    389-416, equation 8.  empyrical compounds the daily alpha over 252 days.

    Args:
        values: `(n + 1,)`.
        benchmark: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        sessions_per_year: `Y`: 252, or 365 where every day is a session.

    >>> market = np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))
    >>> round(alpha(np.cumprod(np.append(1.0, np.tile([1.011, 0.996], 20))), market), 6)
    0.252
    """
    slope = beta(values, benchmark)
    if slope is None:
        return None
    ours, theirs = (
        float(excess_returns(one, risk_free, sessions_per_year=sessions_per_year).mean())
        for one in (values, benchmark)
    )
    return (ours - slope * theirs) * sessions_per_year


def correlation(values: FloatArray, benchmark: FloatArray) -> float | None:
    """Return Pearson's correlation of the daily returns; None when either does not move.

    >>> market = np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))
    >>> round(correlation(market, market), 6)
    1.0
    """
    slope, ours, theirs = beta(values, benchmark), deviation(returns(values)), deviation(returns(benchmark))
    if slope is None or ours is None or theirs is None or ours <= DEVIATION_MIN:
        return None
    return slope * theirs / ours


def tracking_error(
    values: FloatArray, benchmark: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the annual sample standard deviation of the difference, `s(r - b) x sqrt(Y)`, with Y sessions per year.

    Source: Grinold & Kahn 2000, Active portfolio management, 2nd edition, chapter 3.

    >>> flat = np.ones(41)
    >>> round(tracking_error(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20))), flat), 6)
    0.241151
    """
    s = deviation(returns(values) - returns(benchmark))
    return None if s is None else s * math.sqrt(sessions_per_year)


def information_ratio(
    values: FloatArray, benchmark: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the mean difference per year over the tracking error; None when the two do not differ.

    `mean(r - b) x Y / tracking error`, with Y sessions per year.  Source: Goodwin 1998, The information ratio,
    Financial Analysts Journal 54(4), 34-43.  empyrical's `excess_sharpe` is the same
    without the year, less by `sqrt(Y)`.

    >>> round(information_ratio(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20))), np.ones(41)), 6)
    5.22494
    """
    difference = returns(values) - returns(benchmark)
    s = deviation(difference)
    if s is None or s <= DEVIATION_MIN:
        return None
    return float(difference.mean()) / s * math.sqrt(sessions_per_year)
