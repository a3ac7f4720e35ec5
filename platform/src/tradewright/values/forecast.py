"""What a signal says: a score, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.values.arrays import FloatArray

WANTED = "shape (n_bars, n_assets) of float64 wanted"
"""What an error asks for when a signal returns other arrays."""


def _within(low: float, high: float) -> Callable[..., None]:
    def check(_: object, attribute: attrs.Attribute[FloatArray], values: FloatArray) -> None:
        outside = ~((values >= low) & (values <= high))  # NaN is outside
        if outside.any():
            first = tuple(int(i) for i in np.argwhere(outside)[0])
            found = f"was {values[first]} at (bar, asset) = {first}"
            raise ValueError(f"{attribute.name} must be in [{low:g}, {high:g}], {found}")

    return check


@attrs.frozen
class Forecast:
    """Opinions on every bar and asset; no opinion is score 0 with confidence 0.

    Attributes:
        score: Direction and strength in [-1, 1], positive for long, `(n_bars, n_assets)`.
        confidence: How sure, in [0, 1], same shape.

    Raises:
        ValueError: A value is out of range, NaN or no number at all.

    >>> Forecast([[0.5]], [[1.0]]).score.tolist()
    [[0.5]]
    """

    score: FloatArray = array_field(wanted=WANTED, validator=_within(-1.0, 1.0))
    confidence: FloatArray = array_field(wanted=WANTED, validator=_within(0.0, 1.0))
