"""What a curve of net asset values says: return, risk, and what was paid for both.

Every function takes the values `v_0, v_1 .. v_n` of one unit: `v_0` before the first session, `v_i` at the close of
session i.  Fractions, never percents.  What cannot be known is None, never NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray

SESSIONS_PER_YEAR = 252
"""Equities' convention."""

SESSIONS_MIN = 20
"""Fewer returns tell no volatility: its own standard error, 1 / sqrt(2 n) of it, would be above 16 %."""

_VOLATILITY_MIN = 1e-12  # Below this a daily volatility is the rounding of equal returns.


class Drawdown(NamedTuple):
    """The largest fall from a peak.

    Attributes:
        depth: Fraction of the peak that was lost, >= 0.
        peak: Row of the peak.
        trough: Row of the lowest value after it.
        recovered: First row at which the peak was reached again, None when it never was.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


def returns(values: FloatArray) -> FloatArray:
    """Return `r_i = v_i / v_(i-1) - 1`, `(n,)`; 0 once everything is lost.

    >>> returns(np.array([1.0, 1.5, 0.75, 0.0, 0.0])).tolist()
    [0.5, -0.5, -1.0, 0.0]
    """
    before = values[:-1]
    change: FloatArray = np.divide(values[1:] - before, before, out=np.zeros(len(before)), where=before > 0.0)
    return change


def total_return(values: FloatArray) -> float:
    """Return `v_n / v_0 - 1`.

    >>> total_return(np.array([1.0, 1.5, 0.75]))
    -0.25
    """
    return float(values[-1] / values[0] - 1.0)


def annual_return(values: FloatArray) -> float | None:
    """Return the geometric annual return, `(v_n / v_0) ** (252 / n) - 1`.

    Less than a year is not annualised: the result would be a forecast (CFA Institute 2020, Global Investment
    Performance Standards for Firms).

    >>> annual_return(np.full(253, 1.0)), annual_return(np.full(252, 1.0))
    (0.0, None)
    """
    n = len(values) - 1
    if n < SESSIONS_PER_YEAR or not values[-1] > 0.0:
        return None
    return math.exp(math.log(values[-1] / values[0]) * SESSIONS_PER_YEAR / n) - 1.0


def volatility(values: FloatArray) -> float | None:
    """Return the annual volatility, `s x sqrt(252)`; `s` is the sample standard deviation of the returns.

    >>> volatility(np.array([1.0, 1.01]))
    """
    daily = _deviation(returns(values))
    return None if daily is None else daily * math.sqrt(SESSIONS_PER_YEAR)


def sharpe(values: FloatArray, cash_rate: float = 0.0) -> float | None:
    """Return the annual Sharpe ratio, `mean(x) / s(x) x sqrt(252)` with the excess returns `x = r - cash_rate / 252`.

    Source: Sharpe 1994, The Sharpe Ratio, Journal of Portfolio Management 21(1), 49-58, equations 1 to 7.

    Args:
        values: `(n + 1,)`.
        cash_rate: Annual fraction earned without risk.

    >>> up_and_down = np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))
    >>> round(sharpe(up_and_down), 6), sharpe(np.ones(41))
    (5.22494, None)
    """
    excess = returns(values) - cash_rate / SESSIONS_PER_YEAR
    daily = _deviation(excess)
    if daily is None or daily <= _VOLATILITY_MIN:
        return None
    return float(excess.mean()) / daily * math.sqrt(SESSIONS_PER_YEAR)


def drawdowns(values: FloatArray) -> FloatArray:
    """Return the loss from the highest value so far, `1 - v_i / max(v_0 .. v_i)`, `(n + 1,)`.

    >>> drawdowns(np.array([1.0, 2.0, 1.5])).tolist()
    [0.0, 0.0, 0.25]
    """
    falls: FloatArray = 1.0 - values / np.maximum.accumulate(values)
    return falls


def max_drawdown(values: FloatArray) -> Drawdown:
    """Return the largest fall from a peak, the first one if there are several.

    >>> max_drawdown(np.array([1.0, 2.0, 1.0, 1.5, 2.0, 3.0]))
    Drawdown(depth=0.5, peak=1, trough=2, recovered=4)
    """
    falls = drawdowns(values)
    trough = int(np.argmax(falls))
    until = values[: trough + 1]
    peak = trough - int(np.argmax(until[::-1]))  # The last row at which the peak stood.
    if falls[trough] <= 0.0:
        return Drawdown(0.0, trough, trough, trough)
    later = np.flatnonzero(values[trough:] >= values[peak])
    return Drawdown(float(falls[trough]), peak, trough, trough + int(later[0]) if later.size else None)


def turnover(traded: float, equity: FloatArray) -> float | None:
    """Return `traded / 2 / mean(equity)` per year: 1 is the whole account bought and sold once a year.

    Args:
        traded: Sum of the absolute values of all fills, in currency.
        equity: At each session's close, `(n,)`, in the same currency.

    >>> turnover(2_000.0, np.full(252, 1_000.0))
    1.0
    """
    rate = per_year(traded, equity)
    return None if rate is None else rate / 2.0


def per_year(amount: float, equity: FloatArray) -> float | None:
    """Return an amount of money as a fraction of mean equity per year, `amount / mean(equity) x 252 / n`.

    >>> per_year(10.0, np.full(126, 1_000.0))
    0.02
    """
    mean = float(equity.mean()) if len(equity) else 0.0
    return amount / mean * SESSIONS_PER_YEAR / len(equity) if mean > 0.0 else None


def _deviation(changes: FloatArray) -> float | None:
    return float(changes.std(ddof=1)) if len(changes) >= SESSIONS_MIN else None
