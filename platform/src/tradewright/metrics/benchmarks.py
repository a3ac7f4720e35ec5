"""What buying the same instruments and holding them would have been worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.performance import returns
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.values.arrays import BoolArray, FloatArray


def marks(close: FloatArray, traded: BoolArray) -> FloatArray:
    """Return the last close of each asset, NaN before its first, `(n_bars, n_assets)`.

    >>> marks(np.array([[np.nan], [2.0], [np.nan]]), np.array([[False], [True], [False]])).ravel().tolist()
    [nan, 2.0, 2.0]
    """
    rows = np.arange(len(close))[:, None]
    last = np.maximum.accumulate(np.where(traded, rows, 0), axis=0)
    begun = np.maximum.accumulate(traded, axis=0)
    return np.where(begun, np.take_along_axis(close, last, axis=0), np.nan)


def buy_and_hold(
    mark: FloatArray, cash_rate: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> FloatArray:
    """Return the value of equal parts bought once and held, `(n + 1,)`, 1 at the beginning, without any cost.

    Each asset's part waits in cash until the asset's first close, is exchanged for it there, and is never touched
    again.  What is bought at the first close of all has waited for one session, and earns that session's interest,
    as the idle cash of a strategy does.

    Args:
        mark: Last close of each asset at each session's close, `(n, n_assets)`, NaN before its first.
        cash_rate: Annual fraction earned by what waits, accrued once per session.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> buy_and_hold(np.array([[2.0, np.nan], [3.0, 5.0], [4.0, 10.0]])).tolist()
    [1.0, 1.0, 1.25, 2.0]
    """
    n, n_assets = mark.shape
    cash = _cash(n, cash_rate, sessions_per_year)
    value = np.tile(np.append(1.0, cash)[:, None], n_assets)
    for asset in range(n_assets):
        known = np.flatnonzero(~np.isnan(mark[:, asset]))
        if known.size:
            first = known[0]
            value[first + 1 :, asset] = cash[first] * mark[first:, asset] / mark[first, asset]
    whole: FloatArray = value.mean(axis=1)
    return whole


def waiting(mark: FloatArray, cash_rate: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR) -> FloatArray:
    """Return the fraction of what `buy_and_hold` is worth that still waits in cash, at each close, `(n,)`.

    Args:
        mark: As for `buy_and_hold`.
        cash_rate: Annual fraction earned by what waits.
        sessions_per_year: 252, or 365 where every day is a session.

    >>> waiting(np.array([[2.0, np.nan], [6.0, np.nan], [6.0, 5.0]])).tolist()
    [0.5, 0.25, 0.0]
    """
    whole = buy_and_hold(mark, cash_rate, sessions_per_year=sessions_per_year)[1:]
    idle = _cash(len(mark), cash_rate, sessions_per_year) * np.isnan(mark).mean(axis=1)
    found = np.zeros(len(mark))
    np.divide(idle, whole, out=found, where=whole > 0.0)
    return found


def _cash(n: int, cash_rate: float, sessions_per_year: int) -> FloatArray:
    value: FloatArray = np.power(1.0 + cash_rate / sessions_per_year, np.arange(1.0, n + 1.0))
    return value


def held_at(
    values: FloatArray, exposure: float, cash_rate: float = 0.0, *, sessions_per_year: int = SESSIONS_PER_YEAR
) -> FloatArray:
    """Return the value of holding a constant fraction, set anew each session without cost, `(n + 1,)`.

    `v_i = v_(i-1) x (1 + e x r_i + (1 - e) x cash_rate / Y)`, with Y sessions per year.

    Args:
        values: What is held, `(n + 1,)`.
        exposure: The fraction `e`, signed; the rest is in cash.
        cash_rate: Annual fraction earned by cash.
        sessions_per_year: `Y`: 252, or 365 where every day is a session.

    >>> held_at(np.array([1.0, 1.5, 1.5]), 0.5).tolist()
    [1.0, 1.25, 1.25]
    """
    growth = 1.0 + exposure * returns(values) + (1.0 - exposure) * cash_rate / sessions_per_year
    value: FloatArray = np.cumprod(np.append(1.0, growth))
    return value
