"""The Sharpe ratio: of the whole, and of every window on the way."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.metrics.performance import DEVIATION_MIN, SESSIONS_MIN, deviation, excess_returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray, IntArray


_WINDOWS = 128  # Taken at once, so that what is computed from them stays in the processor's cache.


class RollingSharpe(NamedTuple):
    """Annual Sharpe ratios of windows, with a band; windows without any volatility are left out.

    Attributes:
        rows: Row of the value at whose close each window ends, `(k,)`.
        value: `(k,)`.
        low: Lower end of the band, `(k,)`.
        high: Upper end.
    """

    rows: IntArray
    value: FloatArray
    low: FloatArray
    high: FloatArray


def sharpe(values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the annual Sharpe ratio, `mean(x) / s(x) x sqrt(Y)` with the excess returns `x = r - risk_free / Y`.

    Source: Sharpe 1994, The Sharpe Ratio, Journal of Portfolio Management 21(1), 49-58, equations 1 to 7.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        sessions_per_year: `Y`: 252, or 365 where every day is a session.

    >>> up_and_down = np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))
    >>> round(sharpe(up_and_down), 6), sharpe(np.ones(41))
    (5.22494, None)
    """
    daily = daily_sharpe(values, risk_free, sessions_per_year=sessions_per_year)
    return None if daily is None else daily * math.sqrt(sessions_per_year)


def daily_sharpe(
    values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the Sharpe ratio of one session, `mean(x) / s(x)`: what the tests of significance are made of.

    >>> round(daily_sharpe(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))), 6)
    0.32914
    """
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    s = deviation(excess)
    return None if s is None or s <= DEVIATION_MIN else float(excess.mean()) / s


def squared_error(ratio: FloatArray, skew: FloatArray, kurtosis: FloatArray, n: int) -> FloatArray:
    """Return the squared standard error of daily Sharpe ratios, `(1 - S p + (K - 1) / 4 p**2) / (n - 1)`.

    Source: Mertens 2002, Comments on variance of the IID estimator in Lo, working paper, University of Basel, as in
    Bailey & Lopez de Prado 2012, The Sharpe ratio efficient frontier, Journal of Risk 15(2), 3-44, section 3.

    Args:
        ratio: Daily Sharpe ratios `p`.
        skew: `S` of the same returns.
        kurtosis: `K` of the same returns, 3 for a normal distribution.
        n: Number of returns.

    >>> float(squared_error(np.array(0.0), np.array(0.0), np.array(3.0), 101))
    0.01
    """
    squared: FloatArray = (1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2) / (n - 1)
    return squared


def rolling_sharpe(
    values: FloatArray,
    risk_free: float = 0.0,
    window: int = SESSIONS_PER_YEAR,
    level: float = 0.95,
    *,
    sessions_per_year: int = SESSIONS_PER_YEAR,
) -> RollingSharpe:
    """Return the annual Sharpe ratio of each window of sessions, with `ratio -+ z x standard error`.

    The error is that of `squared_error`: of independent returns of any shape.  The windows overlap, so that
    neighbours say nearly the same.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        window: Sessions in each, at least 20.
        level: Probability of the band.
        sessions_per_year: 252, or 365 where every day is a session.

    Raises:
        ValueError: The window is shorter than 20 sessions.

    >>> found = rolling_sharpe(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20))), window=38)
    >>> found.rows.tolist(), found.value.round(3).tolist(), found.low.round(3).tolist()
    ([38, 39, 40], [5.221, 5.221, 5.221], [0.106, 0.106, 0.106])
    """
    if window < SESSIONS_MIN:
        raise ValueError(f"window must be at least {SESSIONS_MIN} sessions, was {window}")
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    if len(excess) < window:
        return RollingSharpe(np.zeros(0, np.int64), *np.zeros((3, 0)))
    views = np.lib.stride_tricks.sliding_window_view(excess, window)
    pieces = [_moments(views[first : first + _WINDOWS]) for first in range(0, len(views), _WINDOWS)]
    mean, second, third, fourth = np.concatenate(pieces, axis=1)
    known = np.sqrt(second * window / (window - 1)) > DEVIATION_MIN
    mean, second, third, fourth = mean[known], second[known], third[known], fourth[known]
    ratio = mean / np.sqrt(second * window / (window - 1))
    squared = squared_error(ratio, third / second**1.5, fourth / second**2, window)
    # Rounding may leave a little less than nothing of it.
    reach = NormalDist().inv_cdf(0.5 + level / 2.0) * np.sqrt(np.maximum(squared, 0.0))
    year = math.sqrt(sessions_per_year)
    rows = window + np.flatnonzero(known)
    return RollingSharpe(rows, ratio * year, (ratio - reach) * year, (ratio + reach) * year)


def _moments(views: FloatArray) -> FloatArray:
    """Return the mean and the second to fourth central moment of each window, `(4, n_windows)`."""
    mean = views.mean(axis=1)
    centred = views - mean[:, None]
    squares = centred * centred
    powers = (np.einsum("ij,ij->i", squares, other) for other in (centred, squares))
    return np.stack([mean, squares.mean(axis=1), *(power / views.shape[1] for power in powers)])
