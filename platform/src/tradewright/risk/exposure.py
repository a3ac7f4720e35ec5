"""Caps on gross and net exposure; docs/reference/rules/exposure.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from tradewright.config.fields import fraction
from tradewright.risk.contract import BookView, Sides, TargetRule

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


@attrs.frozen(kw_only=True)
class Exposure:
    """Options of `exposure`."""

    gross: float = fraction(default=1.0, unit="fraction of equity", doc="cap on the sum of absolute weights")
    net: float = fraction(default=1.0, unit="fraction of equity", doc="cap on the absolute sum of weights")
    trim_band: float = fraction(
        default=0.02,
        at_least=0.0,
        at_most=0.02,
        unit="fraction of equity",
        doc="how far the market alone may carry either beyond its cap before it is trimmed back",
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    gross: float
    net: float
    trim_band: float


def limit_exposure(target: FloatArray, held: FloatArray, book: BookView, p: Parameters) -> Sides:  # noqa: ARG001  # every two-sided rule has the same arguments
    """Return the factors that bring gross, then net exposure within their caps.

    >>> import numpy as np
    >>> book = BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> sides = limit_exposure(np.array([0.75, -0.25]), np.zeros(2), book, Parameters(1.0, 0.25, 0.0))
    >>> round(float(sides.long), 6), float(sides.short)
    (0.666667, 1.0)
    """
    longs = shorts = held_longs = held_shorts = 0.0
    for asset in range(len(target)):
        longs += max(target[asset], 0.0)
        shorts += max(-target[asset], 0.0)
        held_longs += max(held[asset], 0.0)
        held_shorts += max(-held[asset], 0.0)
    if longs + shorts <= p.gross and abs(longs - shorts) <= p.net:
        return Sides(1.0, 1.0)  # As on most bars, and without the 15 ns of the divisions below.

    held_gross = held_longs + held_shorts
    gross = held_gross if p.gross < held_gross <= p.gross + p.trim_band else p.gross
    factor = 1.0 if longs + shorts <= gross else gross / (longs + shorts)
    longs, shorts = longs * factor, shorts * factor

    held_net = abs(held_longs - held_shorts)
    net = held_net if p.net < held_net <= p.net + p.trim_band else p.net
    long, short = factor, factor
    if longs - shorts > net:
        long *= (net + shorts) / longs
    if shorts - longs > net:
        short *= (net + longs) / shorts
    return Sides(long, short)


def make(config: Exposure) -> TargetRule:
    """Return the rule for these options."""
    parameters = Parameters(config.gross, config.net, config.trim_band)
    return TargetRule(phase="sides", function=limit_exposure, parameters=parameters)
