"""Return for each unit of harm, where only losses count as harm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.drawdowns import drawdowns
from tradewright.metrics.performance import DEVIATION_MIN, SESSIONS_MIN, annual_return, excess_returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


def downside_deviation(
    values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the annual downside deviation, `sqrt(mean(min(x, 0)**2)) x sqrt(Y)`, `x = r - risk_free / Y`.

    The mean is over all sessions, those above the target as zeros.  None for fewer than 20.  Source: Sortino & Price
    1994, Performance measurement in a downside risk framework, The Journal of Investing 3(3), 59-64.

    Args:
        values: `(n + 1,)`.
        risk_free: The target, an annual fraction.
        sessions_per_year: `Y`: 252, or 365 where every day is a session.

    >>> round(downside_deviation(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))), 6)
    0.11225
    """
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    if len(excess) < SESSIONS_MIN:
        return None
    return float(np.sqrt((np.minimum(excess, 0.0) ** 2).mean())) * math.sqrt(sessions_per_year)


def sortino(
    values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the Sortino ratio, `mean(x) x Y / downside deviation`; None without any loss.

    Source: Sortino & Price 1994, see `downside_deviation`.

    >>> round(sortino(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))), 6)
    11.224972
    """
    harm = downside_deviation(values, risk_free, sessions_per_year=sessions_per_year)
    if harm is None or harm <= DEVIATION_MIN * math.sqrt(sessions_per_year):
        return None
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    return float(excess.mean()) * sessions_per_year / harm


def calmar(values: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the annual return over the largest drawdown, both of the whole period.

    None for less than a year or without any drawdown.  Source: Young 1991, Calmar ratio: a smoother tool, Futures,
    October, who takes the last 36 months.  empyrical annualises less than a year as well.

    >>> round(calmar(np.append(np.geomspace(1.0, 1.25, 252), 1.0)), 6)
    0.0
    """
    earned = annual_return(values, sessions_per_year=sessions_per_year)
    depth = float(drawdowns(values).max())
    return None if earned is None or depth <= DEVIATION_MIN else earned / depth


def omega(values: FloatArray, risk_free: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the sum of the returns above the target over that of the shortfalls below it, `x = r - risk_free / Y`.

    `sum(max(x, 0)) / sum(max(-x, 0))`; None without any shortfall or for fewer than 20 sessions.  Source: Keating &
    Shadwick 2002, A universal performance measure, Journal of Performance Measurement 6(3), 59-84.  empyrical turns
    an annual target into a daily one by compounding, `(1 + rate) ** (1 / 252) - 1`.

    >>> round(omega(np.cumprod(np.append(1.0, np.tile([1.02, 0.99], 20)))), 6)
    2.0
    """
    excess = excess_returns(values, risk_free, sessions_per_year=sessions_per_year)
    missed = -float(np.minimum(excess, 0.0).sum())
    if len(excess) < SESSIONS_MIN or missed <= DEVIATION_MIN * len(excess):
        return None
    return float(np.maximum(excess, 0.0).sum()) / missed
