"""Other futures of the same past: what a causal signal must not notice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars

PRICES = ("open", "high", "low", "close")


def removed(bars: Bars, cut: int) -> Bars:
    """Return what was known before bar `cut`."""
    return bars.until(cut)


def scaled(bars: Bars, cut: int, factor: float, stop: int | None = None) -> Bars:
    """Return the bars with prices and volumes from `cut` on, up to `stop`, times `factor`.

    >>> from tradewright.values.bars import Bars
    >>> from tradewright.values.instrument import Instrument
    >>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
    >>> bars = Bars(instruments=(Instrument(symbol="SPY"),), opened_at=days, closed_at=days, session=days,
    ...             close=[[100.0], [101.0]], traded=[[True], [True]])
    >>> scaled(bars, 1, 3.0).close.ravel().tolist()
    [100.0, 303.0]
    """
    times = np.ones((bars.n_bars, 1))
    times[cut:stop] = factor
    return _with(bars, {name: grid * times for name, grid in _grids(bars, (*PRICES, "volume")).items()})


def mirrored(bars: Bars, cut: int) -> Bars:
    """Return the bars with every later rise a fall of the same size, and the other way round.

    A signal may look at the sign of a return alone, which no factor changes.
    """
    traded = bars.traded[:cut]
    last = np.where(traded.any(axis=0), cut - 1 - np.argmax(traded[::-1], axis=0), 0)
    known = bars.close[last, np.arange(bars.n_assets)]
    centre = np.where(np.isfinite(known), known, 1.0)
    grids = _grids(bars, PRICES)
    turned = {name: grid.copy() for name, grid in grids.items()}
    for name, grid in grids.items():
        source = {"high": "low", "low": "high"}.get(name, name)
        turned[source][cut:] = centre * centre / grid[cut:]
    return _with(bars, turned)


REMOVED = "removed"
FUTURES: dict[str, Callable[[Bars, int], Bars]] = {
    REMOVED: removed,
    "tripled": partial(scaled, factor=3.0),
    "cut to a third": partial(scaled, factor=1.0 / 3.0),
    "mirrored": mirrored,
}
"""What is done to the bars from a cut on, by name; the cut is the first bar that nobody could know."""


def _grids(bars: Bars, names: tuple[str, ...]) -> dict[str, FloatArray]:
    return {name: grid for name in names if (grid := getattr(bars, name)) is not None}


def _with(bars: Bars, grids: dict[str, FloatArray]) -> Bars:
    return attrs.evolve(bars, **grids)  # type: ignore[arg-type]  # every value is the array of a grid
