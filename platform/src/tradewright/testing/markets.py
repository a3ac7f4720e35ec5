"""Made-up prices with what real ones have: gaps, late starts, ranges and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tradewright.values.arrays import BoolArray, FloatArray

FIRST_ON = np.datetime64("2001-01-01")  # A Monday.


def market(n_bars: int = 400, n_assets: int = 3, *, seed: int = 0, gaps: bool = False, drift: float = 0.0) -> Bars:
    """Return daily bars of random walks with ranges and volumes.

    Args:
        n_bars: Weekdays from 2001-01-01 on.
        n_assets: Columns, named A0, A1, ...
        seed: Of the random draws.
        gaps: Whether bars are missing here and there, and the second asset starts after a quarter of the time.
        drift: Added to the logarithm of the price at each bar; shocks are 0.01.

    >>> market(3, 1).closed_at[0]
    np.datetime64('2001-01-01T21:00:00.000000000')
    """
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(drift + 0.01 * random.standard_normal((n_bars, n_assets)), axis=0))
    traded = np.ones(close.shape, dtype=bool)
    if gaps:
        traded = random.random(close.shape) > 0.02
        traded[: n_bars // 4, 1:2] = False
    return bars_of(np.where(traded, close, np.nan), seed=seed)


def bars_of(close: ArrayLike, *, seed: int = 0) -> Bars:
    """Return daily bars of these closes, `(n_bars, n_assets)`, NaN for a missing bar, with ranges and volumes."""
    closes: FloatArray = np.array(close, dtype=float)
    random = np.random.default_rng(seed)
    opening = closes * np.exp(0.003 * random.standard_normal(closes.shape))
    reach = 1.0 + 0.005 * random.random(closes.shape)
    volume = np.floor(1e6 * np.exp(0.5 * random.standard_normal(closes.shape)))
    traded: BoolArray = np.isfinite(closes)
    weekdays = np.busday_offset(FIRST_ON, np.arange(len(closes)))
    return Bars(
        instruments=tuple(Instrument(symbol=f"A{asset}") for asset in range(closes.shape[1])),
        opened_at=weekdays + np.timedelta64(14 * 60 + 30, "m"),
        closed_at=weekdays + np.timedelta64(21, "h"),
        session=weekdays,
        close=closes,
        traded=traded,
        open=opening,
        high=np.maximum(opening, closes) * reach,
        low=np.minimum(opening, closes) / reach,
        volume=np.where(traded, volume, np.nan),
    )


def extreme_closes(n_bars: int) -> FloatArray:
    """Return prices that stand still, crash and recover, are tiny, and are huge, `(n_bars, 4)`."""
    shocks = np.random.default_rng(1).standard_normal((n_bars, 4))
    paths: FloatArray = np.exp(np.cumsum(0.05 * shocks, axis=0)) * np.array([1.0, 100.0, 1e-6, 1e9])
    paths[:, 0] = 10.0
    paths[n_bars // 2 : n_bars // 2 + 5, 1] *= 0.1
    return paths
