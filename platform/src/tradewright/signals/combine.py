"""Several forecasts become one: f = sum of weight x confidence x score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.errors import PluginError
from tradewright.signals.evaluate import opinion
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.values.arrays import FloatArray
    from tradewright.values.forecast import Forecast


@attrs.frozen
class Combined:
    """The strategy's one opinion.

    Attributes:
        forecast: f in [-1, 1], positive for long, 0 for no opinion, `(n_bars, n_assets)`.
        missing: Configured signals that said nothing at all, in the order of their names.
    """

    forecast: FloatArray = array_field()
    missing: tuple[str, ...] = ()


def combine(forecasts: Mapping[str, Forecast | None], weights: Mapping[str, float]) -> Combined:
    """Return f = sum of weight x confidence x score over the configured signals.

    Weights are used as they are: a missing signal contributes 0 and the others do not grow to fill its place.
    The sum runs in the order of the names, so the order of sections in plugins.toml changes no bit of it.

    Args:
        forecasts: By signal, equal shapes; None, or no entry, for a signal that is quarantined or failed.
        weights: By signal, each >= 0, together at most 1.

    Raises:
        PluginError: Every configured signal is missing.
        ValueError: A forecast has no weight.

    >>> from tradewright.values.forecast import Forecast
    >>> up, unsure = Forecast([[1.0]], [[1.0]]), Forecast([[-0.5]], [[0.4]])
    >>> combine({"trend": up, "news": unsure}, {"trend": 0.5, "news": 0.5}).forecast.tolist()
    [[0.4]]
    >>> combine({"trend": up, "news": None}, {"trend": 0.5, "news": 0.5})
    Combined(forecast=array([[0.5]]), missing=('news',))
    """
    strangers = sorted(set(forecasts) - set(weights))
    if strangers:
        raise ValueError(f"every forecast needs a weight, missing for {', '.join(strangers)}")
    names = sorted(weights)
    present = {name: found for name in names if (found := forecasts.get(name)) is not None}
    if not present:
        raise PluginError(f"no active signal is left of {', '.join(names) or 'none'}")
    total = sum(weights[name] * opinion(forecast) for name, forecast in present.items())
    # Weights such as 0.7, 0.2 and 0.1 add up to 1 only within rounding.
    return Combined(np.clip(total, -1.0, 1.0), tuple(name for name in names if name not in present))
