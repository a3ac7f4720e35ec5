"""Two charts for a terminal: what one unit was worth, and how far it stood below its peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.drawdowns import drawdowns

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.reports.figures import Figures
    from tradewright.values.arrays import FloatArray, IntArray, TimeArray

VALUE_ROWS, DRAWDOWN_ROWS = 14, 9
_LABEL_COLUMNS = 12  # A date and some air.
_LEVELS = 5  # Labels on the vertical axis.

_Curve = tuple["FloatArray", str, str]  # Values, marker, colour.


def charts(figures: Figures, width: int, *, colour: bool) -> tuple[tuple[str, str], ...]:
    """Return the title and the text of each chart.

    Args:
        figures: The period.
        width: Columns that a line may take.
        colour: Whether the text may hold colour codes.
    """
    value: list[_Curve] = [(figures.held, "dot", "blue+"), (figures.nav, "braille", "green+")]
    fall: list[_Curve] = [(-drawdowns(figures.nav), "braille", "red+")]
    title = "Value of one unit after costs; dotted: buy and hold at the average exposure"
    upper = _draw(figures.on, value, (width, VALUE_ROWS), "{:.2f}".format, colour=colour)
    lower = _draw(figures.on, fall, (width, DRAWDOWN_ROWS), lambda level: f"{100.0 * level:.1f} %", colour=colour)
    return (title, upper), ("Fall from the highest close", lower)


def _draw(
    on: TimeArray, curves: list[_Curve], size: tuple[int, int], label: Callable[[float], str], *, colour: bool
) -> str:
    # 0.1 s that only a printed report pays.
    import plotext  # noqa: PLC0415  # see above

    plotext.clear_figure()
    plotext.theme("clear")
    # Otherwise no chart could be wider than plotext believes the terminal to be.
    plotext.limit_size(width=False, height=False)
    plotext.plot_size(*size)
    for values, marker, tint in curves:
        rows = _thinned(values, size[0])
        plotext.plot(rows.tolist(), values[rows].tolist(), marker=marker, color=tint)
    plotext.xticks(*_days(on, size[0] // _LABEL_COLUMNS))
    levels = _levels([values for values, *_ in curves])
    plotext.yticks(levels, [label(level) for level in levels])
    drawn = str(plotext.build())
    return drawn if colour else str(plotext.uncolorize(drawn))


def _days(on: TimeArray, labels_max: int) -> tuple[list[int], list[str]]:
    """Return the rows of the time axis that get a label, and the labels: beginnings of years, else of months.

    >>> _days(np.arange("2019-12-20", "2023-02-01", dtype="datetime64[D]"), 3)
    ([12, 743], ['2020', '2022'])
    >>> _days(np.arange("2020-01-20", "2020-01-24", dtype="datetime64[D]"), 6)
    ([0, 3], ['2020-01-20', '2020-01-23'])
    """
    for unit in ("Y", "M"):
        period = on.astype(f"datetime64[{unit}]")
        starts = 1 + np.flatnonzero(period[1:] != period[:-1])
        if len(starts) > 1:
            kept = starts[:: -(-len(starts) // labels_max)]
            return kept.tolist(), [str(day) for day in period[kept]]
    ends = [0, len(on) - 1]
    return ends, [str(day) for day in on[ends]]


def _levels(curves: list[FloatArray]) -> list[float]:
    """Return the heights that get a label, from the lowest value to the highest."""
    low, high = min(values.min() for values in curves), max(values.max() for values in curves)
    # Adding 0 turns -0 into 0.
    return [float(level) + 0.0 for level in np.linspace(low, high, _LEVELS if high > low else 1)]


def _thinned(values: FloatArray, buckets: int) -> IntArray:
    """Return the rows to draw: the lowest and the highest of each bucket, so that no peak or trough is lost.

    >>> _thinned(np.array([1.0, 5.0, 2.0, 3.0, 0.0, 4.0]), 2).tolist()
    [0, 1, 4, 5]
    """
    if len(values) <= 2 * buckets:
        return np.arange(len(values))
    parts = np.array_split(np.arange(len(values)), buckets)
    ends = [[part[np.argmin(values[part])], part[np.argmax(values[part])]] for part in parts]
    return np.unique(np.concatenate([[0], np.ravel(ends), [len(values) - 1]]))
