"""Where a history is cut in two: the places where a look at the future would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.sessions import periods
from tradewright.signals.evaluate import opinion

if TYPE_CHECKING:
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast


def changes(forecast: Forecast) -> FloatArray:
    """Return how much a forecast changes from each bar to the next, in any asset, `(n_bars - 1,)`."""
    said: FloatArray = np.abs(np.diff(np.hstack([opinion(forecast), forecast.score]), axis=0)).max(axis=1)
    return said


def choose(bars: Bars, said: FloatArray, first: int, each: int, random: np.random.Generator) -> list[int]:
    """Return the cuts, in order: each is the first bar that is hidden, from `first` to the last bar.

    A fifth of them lies anywhere; just after the answer changed; just before the largest moves and volumes; just
    before a month or a week begins; and just before an asset trades again, or for the first time.  The first kind
    finds what leaks everywhere, the others what leaks in rare places.

    Args:
        bars: The history.
        said: How much the answer changes from each bar to the next, `(n_bars - 1,)`; zeros where it is not known.
        first: First bar that may be hidden.
        each: Cuts of each kind, at most; kinds overlap, and a kind may not occur.
        random: Chooses among more than that.
    """
    anywhere = np.arange(bars.n_bars)
    changed = 2 + np.argsort(-said, kind="stable")[: np.count_nonzero(said)]
    weeks, months = periods(bars.session, "week"), periods(bars.session, "month")
    begun = [1 + np.flatnonzero(period[1:] != period[:-1]) for period in (weeks, months)]
    resumed = 1 + np.flatnonzero((bars.traded[1:] & ~bars.traded[:-1]).any(axis=1))
    kinds = (
        _some(anywhere, first, bars.n_bars, each, random),
        *_largest(changed, first, bars.n_bars, each, random),
        *(_extremes(size, first, bars.n_bars, each) for size in _sizes(bars)),
        *(_some(rows, first, bars.n_bars, (each + 1) // 2, random) for rows in begun),
        _some(resumed, first, bars.n_bars, each, random),
    )
    return sorted({int(row) for rows in kinds for row in rows})


def _within(rows: IntArray, first: int, stop: int) -> IntArray:
    return rows[(rows >= first) & (rows < stop)]


def _some(rows: IntArray, first: int, stop: int, most: int, random: np.random.Generator) -> IntArray:
    rows = _within(rows, first, stop)
    return random.choice(rows, min(most, len(rows)), replace=False)


def _largest(
    ordered: IntArray, first: int, stop: int, most: int, random: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return half of the cuts from the front of `ordered`, and half from anywhere in the rest."""
    rows, half = _within(ordered, first, stop), (most + 1) // 2
    return rows[:half], _some(rows[half:], first, stop, most - half, random)


def _extremes(size: FloatArray, first: int, stop: int, most: int) -> IntArray:
    rows = np.argsort(-size, kind="stable")[: np.count_nonzero(size > 0.0)]
    return _within(rows, first, stop)[: (most + 1) // 2]


def _sizes(bars: Bars) -> list[FloatArray]:
    """Return how far each bar lies from the one before it, by price and by volume, `(n_bars,)` each."""
    grids = [bars.close] if bars.volume is None else [bars.close, bars.volume]
    sizes = []
    for grid in grids:
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.abs(np.diff(np.log(grid), axis=0, prepend=np.nan))
        usable: BoolArray = np.isfinite(steps)
        sizes.append(np.where(usable, steps, 0.0).max(axis=1))
    return sizes
