"""Prices at which positions are valued, in the units of one bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.benchmarks import marks

if TYPE_CHECKING:
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray


def folded_marks(ran: Record, stop: int) -> FloatArray:
    """Return the last close of each asset in the units of bar `stop - 1`, `(stop, n_assets)`, 0 before its first."""
    bars = ran.bars
    close = bars.close[:stop] * np.array([one.multiplier for one in bars.instruments])
    if bars.split is not None:
        splits = np.cumprod(bars.split[:stop], axis=0)
        close = close * splits / splits[-1]
    return np.nan_to_num(marks(close, bars.traded[:stop]))
