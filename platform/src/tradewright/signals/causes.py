"""What a leak looks like, judged from where it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import attrs
import numpy as np

from tradewright.sessions import periods

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradewright.values.arrays import BoolArray, TimeArray
    from tradewright.values.bars import Bars

FAR = 0.5
"""A leak that reaches back over this part of the rows before its cut comes from the whole sample."""


UNITS: tuple[Literal["week", "month"], ...] = ("week", "month")
"""Periods to which prices are usually resampled, the shorter one first."""


class Shown(Protocol):
    """As much of a leak as its cause is judged from."""

    @property
    def cut(self) -> int:
        """First bar of the future."""

    @property
    def bar(self) -> int:
        """Earliest forecast that differs."""

    @property
    def changed(self) -> BoolArray:
        """Forecasts before the cut that differ, `(cut, n_assets)`."""


@attrs.frozen
class Cause:
    """A likely cause, in words.

    Attributes:
        kind: `back-fill`, `full-sample`, `resample`, `shift` or `window`.
        text: What happens.
        fix: What to do about it.
    """

    kind: str
    text: str
    fix: str


def likely(leaks: Sequence[Shown], bars: Bars, warmup: int, touched: Callable[[int], BoolArray]) -> Cause:
    """Name what most likely leaks.

    Args:
        leaks: At least one.
        bars: The history.
        warmup: Rows at its start that carry no opinion.
        touched: Says which forecasts before a bar change when that bar alone does, `(bar, n_assets)`.
    """
    if all(not bars.traded[: leak.cut][leak.changed].any() for leak in leaks):
        return BACK_FILL
    if np.median([(leak.cut - leak.bar) / (leak.cut - warmup) for leak in leaks]) > FAR:
        return FULL_SAMPLE
    for unit in UNITS:
        if _ends_with_period(leaks, periods(bars.session, unit)):
            return _resample(unit)
    reach = [distance for leak in leaks[:: max(1, len(leaks) // 8)] for distance in _distances(touched(leak.cut))]
    if not reach:
        return _window(max(leak.cut - leak.bar for leak in leaks))
    return _shift(reach[0]) if len(set(reach)) == 1 else _window(max(reach))


def _ends_with_period(leaks: Sequence[Shown], period: TimeArray) -> bool:
    """Say whether every leak stays in the period of its cut, and reaches back by different numbers of bars."""
    inside = all(period[leak.bar] == period[leak.cut] for leak in leaks)
    return inside and len({leak.cut - leak.bar for leak in leaks}) > 1


def _distances(touched: BoolArray) -> list[int]:
    """Return how many bars ahead of each changed row the changed bar lies."""
    rows = np.flatnonzero(touched.any(axis=1))
    return [int(len(touched) - row) for row in rows]


BACK_FILL = Cause(
    "back-fill",
    "a missing bar is filled from a later one, as bfill or interpolate does",
    "fill forward, from the last bar known, or give no opinion",
)
FULL_SAMPLE = Cause(
    "full-sample",
    "a statistic of the whole sample is used at every bar: a mean, deviation, extreme, quantile, rank or fit",
    "compute it over a rolling or expanding window that ends at the bar",
)


def _resample(name: str) -> Cause:
    return Cause(
        "resample",
        f"bars know how their {name} ends: a resampled value is labelled with the start of its {name}",
        f"use the {name} before, until this one has ended",
    )


def _shift(bars: int) -> Cause:
    return Cause(
        "shift",
        f"looks exactly {bars} bar{'s' if bars > 1 else ''} ahead, as shift(-{bars}) does",
        "shift the other way, or not at all",
    )


def _window(bars: int) -> Cause:
    return Cause(
        "window",
        f"looks up to {bars} bars ahead, as a centred or forward window does",
        "end the window at the bar: no center=True",
    )
