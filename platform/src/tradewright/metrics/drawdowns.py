"""Falls from a peak: how deep, from when to when, how often, how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


FALL_MIN = 1e-12
"""A smaller fall is the rounding of a value that stands still."""


class Drawdown(NamedTuple):
    """A fall from a peak.

    Attributes:
        depth: Fraction of the peak that was lost, >= 0.
        peak: Row of the peak.
        trough: Row of the lowest value after it.
        recovered: First row at which the peak was reached again, None when it never was.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


def drawdowns(values: FloatArray) -> FloatArray:
    """Return the loss from the highest value so far, `1 - v_i / max(v_0 .. v_i)`, `(n + 1,)`.

    empyrical's is negative, and without v_0.

    >>> drawdowns(np.array([1.0, 2.0, 1.5])).tolist()
    [0.0, 0.0, 0.25]
    """
    falls: FloatArray = 1.0 - values / np.maximum.accumulate(values)
    return falls


def max_drawdown(values: FloatArray) -> Drawdown:
    """Return the largest fall from a peak, the first one if there are several.

    Without any fall its depth is 0, and all of its rows are the first.

    >>> max_drawdown(np.array([1.0, 2.0, 1.0, 1.5, 2.0, 3.0]))
    Drawdown(depth=0.5, peak=1, trough=2, recovered=4)
    """
    worst = worst_drawdowns(values, 1)
    return worst[0] if worst else Drawdown(0.0, 0, 0, 0)


def worst_drawdowns(values: FloatArray, count: int = 5) -> tuple[Drawdown, ...]:
    """Return the deepest falls, deepest first; each lasts from its peak until the peak is reached again.

    A smaller fall on the way is part of the larger one, so no two overlap.

    Args:
        values: `(n + 1,)`.
        count: How many at most.

    >>> for fall in worst_drawdowns(np.array([4.0, 3.0, 4.0, 5.0, 2.5, 3.0])):
    ...     print(fall)
    Drawdown(depth=0.5, peak=3, trough=4, recovered=None)
    Drawdown(depth=0.25, peak=0, trough=1, recovered=2)
    """
    falls = drawdowns(values)
    # A run of falls begins where the row before it has none; the first row never has one.
    edges = np.diff((falls > FALL_MIN).astype(np.int8))
    begins = 1 + np.flatnonzero(edges == 1)
    ends = 1 + np.flatnonzero(edges == -1)
    spans = np.append(ends, len(values))[: len(begins)]
    deepest = np.array([falls[begin:end].max() for begin, end in zip(begins, spans, strict=True)])
    worst = np.argsort(-deepest, kind="stable")[:count]
    return tuple(
        Drawdown(
            depth=float(deepest[i]),
            peak=int(begins[i]) - 1,
            trough=int(begins[i] + np.argmax(falls[begins[i] : spans[i]])),
            recovered=int(ends[i]) if i < len(ends) else None,
        )
        for i in worst
    )


def time_under_water(values: FloatArray) -> float | None:
    """Return the fraction of sessions that close below an earlier close.

    >>> time_under_water(np.array([1.0, 2.0, 1.0, 1.5, 2.0]))
    0.5
    """
    return float((drawdowns(values)[1:] > FALL_MIN).mean()) if len(values) > 1 else None


def longest_under_water(values: FloatArray) -> int:
    """Return the most sessions from a peak until it was reached again, or until the end if it was not.

    >>> longest_under_water(np.array([1.0, 2.0, 1.0, 1.5, 2.0, 1.9]))
    3
    """
    falls = worst_drawdowns(values, len(values))
    last = len(values) - 1
    return max((last if fall.recovered is None else fall.recovered) - fall.peak for fall in falls) if falls else 0
