"""Numbers that rules look at, computed once from prices alone before the loop; all causal."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tradewright.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tradewright.values.arrays import BoolArray, FloatArray, IntArray
    from tradewright.values.bars import Bars

    Compute = Callable[[Bars, int], FloatArray]

COLUMNS = 16  # Assets whose windows are computed at once: more do not fit into a core's own cache.


def remembered(compute: Compute) -> Compute:
    """Keep the last answer: at every row optimizer, rules and checks ask the same of the same bars.

    Bars never change and are told apart by identity; the answer refuses writes, for several have it.
    """
    last: tuple[Callable[[], Bars | None], int, FloatArray] | None = None

    @wraps(compute)
    def answer(bars: Bars, window: int) -> FloatArray:
        nonlocal last
        kept = last  # Another thread may replace it meanwhile, but only as a whole.
        if kept is None or kept[0]() is not bars or kept[1] != window:
            found = compute(bars, window)
            found.setflags(write=False)
            last = kept = ref(bars), window, found
        return kept[2]

    return answer


@remembered
def volatility(bars: Bars, window: int) -> FloatArray:
    """Return the daily close-to-close volatility, `(n_bars, n_assets)`, a fraction.

    The sample standard deviation (divisor window - 1) of the last `window` returns from one session in which the
    asset traded to the next; a gap between the two makes one return, of several days.  A session counts from its
    last bar on; NaN until the window is full.
    """
    closes, ends = daily_closes(bars.adjusted()), np.flatnonzero(bars.session_ends)
    daily = np.full(closes.shape, np.nan)
    for some, sessions in _together(np.isfinite(closes)):
        traded = np.asfortranarray(closes[sessions, some])  # One asset after the other, as windows run.
        _carry(daily[:, some], sessions, _deviations(traded[1:] / traded[:-1] - 1.0, window))
    result = np.full((bars.n_bars, bars.n_assets), np.nan)
    _carry(result, ends, daily)
    return result


def _together(known: BoolArray) -> Iterator[tuple[slice, IntArray]]:
    """Yield a few neighbouring columns at a time, and the rows in which they are known, the same for all of them."""
    for first in range(0, known.shape[1], COLUMNS):
        stop = min(first + COLUMNS, known.shape[1])
        alike = (known[:, first:stop] == known[:, first : first + 1]).all()
        for column in (first,) if alike else range(first, stop):
            yield slice(column, stop if alike else column + 1), np.flatnonzero(known[:, column])


def daily_closes(bars: Bars) -> FloatArray:
    """Return the last close of each session, `(n_sessions, n_assets)`, NaN where it had none."""
    ends = np.flatnonzero(bars.session_ends)
    if bars.traded.all() or bars.traded[ends].all():
        return bars.close if len(ends) == bars.n_bars else bars.close[ends]
    over = ends[-1] + 1  # A session that goes on has no close yet.
    rows = np.where(bars.traded, np.arange(bars.n_bars)[:, None], -1)[:over]
    last = np.maximum.reduceat(rows, np.append(0, ends[:-1] + 1), axis=0)
    closes: FloatArray = np.take_along_axis(bars.close, last, axis=0)
    return np.where(last >= 0, closes, np.nan)


def true_range(bars: Bars, window: int) -> FloatArray:
    """Return the average true range of the last `window` traded bars divided by the close, `(n_bars, n_assets)`.

    Wilder 1978, New Concepts in Technical Trading Systems, with a simple mean.

    Raises:
        DataError: The bars have no open, high and low.
    """
    bars = bars.adjusted()
    if bars.high is None or bars.low is None:
        raise DataError(
            "the average true range needs open, high and low; these prices are closes only",
            key="risk.risk-per-trade.stop",
            fix='write stop = "volatility"',
        )
    high, low = bars.high, bars.low

    def column(asset: int, rows: IntArray) -> tuple[IntArray, FloatArray]:
        close = bars.close[rows, asset]
        top = np.maximum(high[rows[1:], asset], close[:-1])
        bottom = np.minimum(low[rows[1:], asset], close[:-1])
        return rows, _rolling(top - bottom, window, _mean, lead=1) / close

    return _columns(bars, column)


@remembered
def average_volume(bars: Bars, window: int) -> FloatArray:
    """Return the mean volume of the last `window` traded bars in units, `(n_bars, n_assets)`.

    Raises:
        DataError: The bars have no volume.
    """
    if bars.volume is None:
        raise DataError("average volume needs a volume column", fix="take the prices from a source that has one")
    volume = bars.volume
    if bars.split is None:
        return _columns(bars, lambda asset, rows: (rows, _rolling(volume[rows, asset], window, _mean, lead=0)))
    splits = np.cumprod(bars.split, axis=0)

    def column(asset: int, rows: IntArray) -> tuple[IntArray, FloatArray]:
        traded = np.column_stack([volume[rows, asset], splits[rows, asset]])
        return rows, _rolling(traded, window, _mean_in_last_units, lead=0)

    units = _columns(bars, lambda asset, rows: (rows, splits[rows, asset]))
    return _columns(bars, column) * (splits / units)  # A split may fall on a bar without a trade.


def known_average_volume(bars: Bars, window: int) -> FloatArray:
    """Return `average_volume`, or NaN throughout where the bars have no volume."""
    if bars.volume is None:
        return np.full((bars.n_bars, bars.n_assets), np.nan)
    return average_volume(bars, window)


def average_notional(bars: Bars, window: int) -> FloatArray:
    """Return the mean notional traded in the last `window` traded bars, in currency, `(n_bars, n_assets)`.

    Infinite where the bars have no volume: nothing can be said, so nothing is limited.
    """
    if bars.volume is None:
        return np.full((bars.n_bars, bars.n_assets), np.inf)
    multipliers = np.array([instrument.multiplier for instrument in bars.instruments])
    notional = bars.volume * bars.close * multipliers

    def column(asset: int, rows: IntArray) -> tuple[IntArray, FloatArray]:
        return rows, _rolling(notional[rows, asset], window, _mean, lead=0)

    return _columns(bars, column)


def _columns(bars: Bars, column: Callable[[int, IntArray], tuple[IntArray, FloatArray]]) -> FloatArray:
    """Place each asset's values on the rows where they become known, and carry them forward."""
    result = np.full((bars.n_bars, bars.n_assets), np.nan)
    for asset in range(bars.n_assets):
        traded = np.flatnonzero(bars.traded[:, asset])
        if len(traded):
            _carry(result[:, asset], *column(asset, traded))
    return result


def _carry(result: FloatArray, rows: IntArray, values: FloatArray) -> None:
    """Fill `result` with values from the rows on where they become known, each until the next."""
    if len(rows) and len(rows) == len(result) - rows[0]:
        result[rows[0] :] = values
    elif len(rows):
        result[rows[0] :] = np.repeat(values, np.diff(rows, append=len(result)), axis=0)


def _rolling(values: FloatArray, window: int, reduce: Callable[[FloatArray], FloatArray], *, lead: int) -> FloatArray:
    """Reduce each full window; `lead` more values stand before the first, as a return has one close before it."""
    result = np.full(len(values) + lead, np.nan)
    if len(values) >= window:
        result[lead + window - 1 :] = reduce(sliding_window_view(values, window, axis=0))
    return result[: len(values) + lead]


def _deviations(returns: FloatArray, window: int) -> FloatArray:
    """Return the sample deviation of each full window of columns, `(n + 1, k)`: a return has one close before it.

    Summed over all windows at once, which takes half the time of one window after the other.
    """
    result = np.full((len(returns) + 1, returns.shape[1]), np.nan)
    if len(returns) >= window:
        windows = np.moveaxis(sliding_window_view(returns, window, axis=0), -1, 0)
        mean = windows.mean(axis=0)
        squares, apart = np.zeros_like(mean), np.empty_like(mean)
        for values in windows:
            np.subtract(values, mean, out=apart)
            squares += np.multiply(apart, apart, out=apart)
        result[window:] = np.sqrt(squares / (window - 1))
    return result


def _mean_in_last_units(windows: FloatArray) -> FloatArray:
    """Return the mean volume of windows `(n, 2, window)` of volumes and splits so far; whole numbers stay whole."""
    volumes, splits = windows[:, 0], windows[:, 1]
    return _mean(volumes * (splits[:, -1:] / splits))


def _mean(windows: FloatArray) -> FloatArray:
    result: FloatArray = windows.T.mean(axis=0)
    return result
