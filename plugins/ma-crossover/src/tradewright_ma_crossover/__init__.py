"""Trend following by two moving averages of the close: long while the fast one is above the slow one.

Source: Brock, Lakonishok and LeBaron (1992), Simple Technical Trading Rules and the Stochastic Properties of
Stock Returns, Journal of Finance 47(5), 1731-1764.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
import tradewright as tw
from tradewright.config import OptionError, count, one_of, positive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

EXPONENTIAL_WINDOWS = 4
"""An exponential average ends after so many times its length; what it leaves out weighs exp(-8) = 0.03 %."""

EQUAL = 1e-12
"""Averages closer than this fraction of the price are equal: sums in another order differ by about 1e-15."""


@attrs.frozen(kw_only=True)
class MovingAverageCrossover:
    """Score each asset by the distance of its fast from its slow average, on its own traded bars only.

    d = (fast - slow) / (k x sigma x close),    k = scale x (slow - fast) / sqrt(3 x slow)

    k x sigma x close is `scale` standard deviations of fast - slow for a random walk without drift (simple
    averages), so that a score means the same for 20/60 and for 50/200 bars.  sigma is the root mean square of
    the last `volatility_lookback` close-to-close returns of one bar.
    """

    fast: int = count(50, doc="length of the fast average", unit="bars")
    slow: int = count(200, doc="length of the slow average, more than fast", unit="bars")
    average: Literal["simple", "exponential"] = one_of(
        "simple",
        "exponential",
        default="simple",
        doc="equal weights, or weights that fall by 1 - 2 / (length + 1) per bar",
    )
    direction: Literal["long-flat", "long-short"] = one_of(
        "long-flat",
        "long-short",
        default="long-flat",
        doc="whether a fast average below the slow one is no opinion or short",
    )
    score: Literal["distance", "sign"] = one_of(
        "distance", "sign", default="distance", doc="how far the averages are apart, or only which one is higher"
    )
    scale: float = positive(
        1.0, doc="distance at which the score reaches 1, with distance only", unit="standard deviations"
    )
    volatility_lookback: int = count(20, doc="returns in the volatility, with distance only", unit="bars")

    def __attrs_post_init__(self) -> None:
        if not self.slow > self.fast:
            message = f"slow must exceed fast={self.fast} bars, was {self.slow}"
            raise OptionError(message, f"write slow = {4 * self.fast}")

    @property
    def warmup_bars(self) -> int:
        """Bars an asset needs before the one with its first opinion."""
        average = self._window(self.slow) - 1
        return average if self.score == "sign" else max(average, self.volatility_lookback)

    def compute(self, view: tw.History) -> tw.Forecast:
        """Return the forecast of all bars; on a bar an asset misses, its last opinion stands."""
        scores = np.zeros(view.bars.close.shape)
        for asset, traded in enumerate(view.bars.traded.T):
            opinions = np.zeros(traded.sum() + 1)  # Entry n is the opinion after n bars of its own.
            if len(opinions) > self.warmup_bars + 1:
                opinions[self.warmup_bars + 1 :] = self._scores(view.bars.close[traded, asset])
            scores[:, asset] = opinions[np.cumsum(traded)]
        return tw.Forecast(scores, scores != 0.0)

    def _scores(self, close: FloatArray) -> FloatArray:
        """Return the scores of one asset from bar number `warmup_bars` on, given more closes than that."""
        n_scores = len(close) - self.warmup_bars
        last = close[-n_scores:]
        gap = (self._average(close, self.fast)[-n_scores:] - self._average(close, self.slow)[-n_scores:]) / last
        gap[np.abs(gap) <= EQUAL] = 0.0
        if self.direction == "long-flat":
            gap = np.maximum(gap, 0.0)
        if self.score == "sign":
            return np.sign(gap)
        squares = np.square(close[1:] / close[:-1] - 1.0)
        sigma = np.sqrt(np.correlate(squares, np.full(self.volatility_lookback, 1.0 / self.volatility_lookback)))
        unit = self.scale * (self.slow - self.fast) / math.sqrt(3.0 * self.slow) * sigma[-n_scores:]
        return np.clip(gap / np.maximum(unit, EQUAL), -1.0, 1.0)  # A price that stands still has no unit.

    def _average(self, close: FloatArray, length: int) -> FloatArray:
        """Return the weighted means of whole windows: no running sum, so no drift."""
        weights: FloatArray = np.ones(length)
        if self.average == "exponential":
            weights = np.power(1.0 - 2.0 / (length + 1.0), np.arange(self._window(length))[::-1])
        return np.correlate(close, weights / weights.sum())

    def _window(self, length: int) -> int:
        return length if self.average == "simple" else EXPONENTIAL_WINDOWS * length


@tw.hookimpl
def tradewright_signals() -> Iterable[tw.SignalSpec]:
    """Register the signal."""
    yield tw.SignalSpec(
        name="ma-crossover",
        factory=lambda options: options,
        config=MovingAverageCrossover,
        summary="long while the fast average of the close is above the slow one",
    )
