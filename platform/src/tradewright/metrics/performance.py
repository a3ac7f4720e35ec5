"""What a curve of net asset values says: how much was earned, and how evenly.

Every measure of a curve takes the values `v_0, v_1 .. v_n` of one unit: `v_0` before the first session, `v_i` at the
close of session i.  Fractions, never percents.  What cannot be known is None, never NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray

SESSIONS_MIN = 20
"""Fewer returns tell no volatility: its own standard error, 1 / sqrt(2 n) of it, would be above 16 %."""

DEVIATION_MIN = 1e-12
"""A daily deviation up to here is the rounding of equal returns, and nothing is divided by it."""


def returns(values: FloatArray) -> FloatArray:
    """Return `r_i = v_i / v_(i-1) - 1`, `(n,)`; 0 once everything is lost.

    >>> returns(np.array([1.0, 1.5, 0.75, 0.0, 0.0])).tolist()
    [0.5, -0.5, -1.0, 0.0]
    """
    before = values[:-1]
    change: FloatArray = np.divide(values[1:] - before, before, out=np.zeros(len(before)), where=before > 0.0)
    return change


def excess_returns(
    values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> FloatArray:
    """Return `x_i = r_i - risk_free / Y`, `(n,)`.

    Args:
        values: `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        sessions_per_year: `Y`: 252, or 365 where every day is a session.

    >>> excess_returns(np.array([1.0, 1.5]), 0.252).tolist()
    [0.499]
    """
    return returns(values) - risk_free / sessions_per_year


def total_return(values: FloatArray) -> float:
    """Return `v_n / v_0 - 1`.

    >>> total_return(np.array([1.0, 1.5, 0.75]))
    -0.25
    """
    return float(values[-1] / values[0] - 1.0)


def annual_return(values: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the geometric annual return, `(v_n / v_0) ** (Y / n) - 1`, with Y sessions per year.

    Less than a year is not annualised: the result would be a forecast (CFA Institute 2020, Global Investment
    Performance Standards for Firms).  empyrical annualises any length.

    >>> annual_return(np.full(253, 1.0)), annual_return(np.full(252, 1.0))
    (0.0, None)
    >>> round(annual_return(np.geomspace(1.0, 23.77, 1_195), sessions_per_year=365), 2)  # 3.27 years.
    1.63
    """
    n = len(values) - 1
    if n < sessions_per_year or not values[-1] > 0.0:
        return None
    return math.exp(math.log(values[-1] / values[0]) * sessions_per_year / n) - 1.0


def volatility(values: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the annual volatility, `s x sqrt(Y)`; `s` is the sample standard deviation of the returns.

    >>> volatility(np.array([1.0, 1.01]))
    """
    daily = deviation(returns(values))
    return None if daily is None else daily * math.sqrt(sessions_per_year)


def deviation(changes: FloatArray) -> float | None:
    """Return the sample standard deviation of daily changes, `sqrt(sum (c - mean(c))**2 / (n - 1))`.

    None for fewer than 20.

    >>> deviation(np.tile([1.0, -1.0], 10)), deviation(np.ones(19))
    (1.025978352085154, None)
    """
    return float(changes.std(ddof=1)) if len(changes) >= SESSIONS_MIN else None
