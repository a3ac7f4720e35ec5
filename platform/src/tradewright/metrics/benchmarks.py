"""What buying the same instruments and holding them would have been worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.performance import SESSIONS_PER_YEAR, returns

if TYPE_CHECKING:
    from tradewright.values.arrays import BoolArray, FloatArray


def buy_and_hold(close: FloatArray, traded: BoolArray, cash_rate: float = 0.0) -> FloatArray:
    """Return the value of equal parts bought once and held, `(n + 1,)`, 1 at the beginning, without any cost.

    Each asset's part waits in cash until the asset's first close, is exchanged for it there, and is never touched
    again.  An asset that misses a session keeps its last close.

    Args:
        close: At each session's close, `(n, n_assets)`.
        traded: Where that close exists, `(n, n_assets)`.
        cash_rate: Annual fraction earned by what waits, accrued once per session.

    >>> buy_and_hold(np.array([[2.0, np.nan], [3.0, 5.0], [4.0, 10.0]]), np.array([[1, 0], [1, 1], [1, 1]], bool)).tolist()
    [1.0, 1.0, 1.25, 2.0]
    """
    n, n_assets = close.shape
    cash = (1.0 + cash_rate / SESSIONS_PER_YEAR) ** np.arange(1, n + 1)
    value = np.ones((n + 1, n_assets))
    for asset in range(n_assets):
        value[1:, asset] = cash
        rows = np.flatnonzero(traded[:, asset])
        if rows.size:
            last = np.maximum.accumulate(np.where(traded[:, asset], np.arange(n), 0))
            first = rows[0]
            value[first + 1 :, asset] = cash[first] * close[last[first:], asset] / close[first, asset]
    whole: FloatArray = value.mean(axis=1)
    return whole


def held_at(values: FloatArray, exposure: float, cash_rate: float = 0.0) -> FloatArray:
    """Return the value of holding a constant fraction, set anew each session without cost, `(n + 1,)`.

    `v_i = v_(i-1) x (1 + e x r_i + (1 - e) x cash_rate / 252)`.

    Args:
        values: What is held, `(n + 1,)`.
        exposure: The fraction `e`, signed; the rest is in cash.
        cash_rate: Annual fraction earned by cash.

    >>> held_at(np.array([1.0, 1.5, 1.5]), 0.5).tolist()
    [1.0, 1.25, 1.25]
    """
    growth = 1.0 + exposure * returns(values) + (1.0 - exposure) * cash_rate / SESSIONS_PER_YEAR
    value: FloatArray = np.cumprod(np.append(1.0, growth))
    return value
