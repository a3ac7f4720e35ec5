"""What a strategy did to earn its curve: how much it traded, how much it held, what it paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.performance import returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


def turnover(traded: float, equity: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return `traded / 2 / mean(equity)` per year: 1 is the whole account bought and sold once a year.

    Args:
        traded: Sum of the absolute values of all fills, in currency.
        equity: At each session's close, `(n,)`, in the same currency.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> turnover(2_000.0, np.full(252, 1_000.0))
    1.0
    """
    rate = per_year(traded, equity, sessions_per_year=sessions_per_year)
    return None if rate is None else rate / 2.0


def per_year(amount: float, equity: FloatArray, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> float | None:
    """Return an amount of money as a fraction of mean equity per year, `amount / mean(equity) x Y / n`.

    >>> per_year(10.0, np.full(126, 1_000.0))
    0.02
    """
    mean = float(equity.mean()) if len(equity) else 0.0
    return amount / mean * sessions_per_year / len(equity) if mean > 0.0 else None


def exposure(notional: FloatArray, equity: FloatArray) -> float:
    """Return the mean of `notional / equity` over the closes at which there is equity, 0 without any.

    Args:
        notional: Sum of absolute positions for gross exposure, of signed ones for net, `(n,)`, in currency.
        equity: `(n,)`, in the same currency.

    >>> exposure(np.array([50.0, 0.0, 9.0]), np.array([100.0, 100.0, 0.0]))
    0.25
    """
    known = equity > 0.0
    return float((notional[known] / equity[known]).mean()) if known.any() else 0.0


def time_in_market(notional: FloatArray) -> float | None:
    """Return the fraction of closes with any position.

    Args:
        notional: Sum of absolute positions, `(n,)`.

    >>> time_in_market(np.array([0.0, 5.0, 5.0, 0.0]))
    0.5
    """
    return float((notional > 0.0).mean()) if len(notional) else None


def gross_curve(values: FloatArray, costs: FloatArray, equity_before: FloatArray) -> FloatArray:
    """Return the curve with each day's costs added back to its return, `(n + 1,)`, 1 at the beginning.

    `g_i = g_(i-1) x (1 + r_i + c_i / e_(i-1))`.

    Args:
        values: Net curve, `(n + 1,)`.
        costs: Paid in each session, `(n,)`, in currency.
        equity_before: At the previous close, `(n,)`, in the same currency.

    >>> gross_curve(np.array([1.0, 1.25, 1.25]), np.array([25.0, 0.0]), np.array([100.0, 125.0])).tolist()
    [1.0, 1.5, 1.5]
    """
    added = np.divide(costs, equity_before, out=np.zeros(len(costs)), where=equity_before > 0.0)
    curve: FloatArray = np.cumprod(np.append(1.0, 1.0 + returns(values) + added))
    return curve
