"""Forecasts side by side: where they differ by more than rounding, and what a leak looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.signals.causality import TOLERANCE

if TYPE_CHECKING:
    from tradewright.signals.causality import Leak
    from tradewright.values.forecast import Forecast


def near(left: Any, right: Any) -> bool:
    """Say whether numbers are equal up to rounding; NaN is near nothing."""
    return bool((np.abs(np.asarray(left) - right) <= TOLERANCE).all())


def row(forecast: Forecast, bar: int) -> Forecast:
    """Return the forecast of one bar alone; -1 is the last one."""
    rows = slice(bar, bar + 1 or None)
    return type(forecast)(forecast.score[rows], forecast.confidence[rows])


def first_difference(
    one: Forecast, other: Forecast, rows: int | None = None, assets: int | None = None
) -> tuple[int, ...] | None:
    """Return the first (bar, asset), among the first `rows` and `assets`, that differs by more than rounding.

    >>> from tradewright.values.forecast import Forecast
    >>> first_difference(Forecast([[0.5, 0.5]], [[1.0, 1.0]]), Forecast([[0.5, 0.4]], [[1.0, 1.0]]))
    (0, 1)
    """
    cells = slice(rows), slice(assets)
    changed = np.abs(one.score[cells] - other.score[cells]) > TOLERANCE
    changed |= np.abs(one.confidence[cells] - other.confidence[cells]) > TOLERANCE
    return tuple(int(i) for i in np.argwhere(changed)[0]) if changed.any() else None


def described(leak: Leak) -> str:
    """Return which forecast changed, and with which other future."""
    cell = f"{leak.part} at (bar, asset) = {(leak.bar, leak.asset)}"
    return f"{cell} is {leak.before:g}, and {leak.after:g} with the bars from {leak.cut} on {leak.future}"
