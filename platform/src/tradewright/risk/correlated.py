"""Two caps on what a book risks as a whole: docs/reference/rules/volatility-target.md and correlation-limit.md."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from tradewright.config.fields import count, fraction
from tradewright.risk.contract import BookView, Feature, MatrixFeature, Sides, TargetRule
from tradewright.risk.features import volatility
from tradewright.risk.market import correlations

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class VolatilityTarget:
    """Options of `volatility-target`."""

    limit: float = fraction(default=0.10, unit="fraction per year", doc="expected volatility of the book")
    lookback: int = count(default=60, at_least=20, unit="sessions", doc="window of volatilities and correlations")
    refresh: int = count(default=5, unit="sessions", doc="how often correlations are computed anew")
    trim_band: float = fraction(
        default=0.01,
        at_least=0.0,
        at_most=0.05,
        unit="fraction per year",
        doc="how far the market alone may carry it beyond the limit before it is trimmed back",
    )


@attrs.frozen(kw_only=True)
class CorrelationLimit:
    """Options of `correlation-limit`."""

    limit: float = fraction(default=0.50, unit="fraction of equity", doc="cap on the correlated exposure")
    lookback: int = count(default=60, at_least=20, unit="sessions", doc="window of the correlations")
    refresh: int = count(default=5, unit="sessions", doc="how often they are computed anew")
    trim_band: float = fraction(
        default=0.02,
        at_least=0.0,
        at_most=0.05,
        unit="fraction of equity",
        doc="how far the market alone may carry it beyond the limit before it is trimmed back",
    )


class Parameters(NamedTuple):
    """The options as numbers; `annual` says whether the limit is a volatility per year."""

    limit: float
    trim_band: float
    annual: bool


def limit_together(
    target: FloatArray, held: FloatArray, book: BookView, p: Parameters, scale: FloatArray, correlation: FloatArray
) -> Sides:
    """Return the factor that brings `sqrt(Y x sum_ij w_i s_i R_ij s_j w_j)` within its limit.

    Both uses share it: with `s` the volatilities and `Y` the sessions of a year it is the book's volatility, with
    `s = 1` and `Y = 1` its correlated exposure.
    What is unknown counts at its worst: a correlation as if both moved together, a scale as the book's largest.

    >>> book = BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> numbers = (np.array([0.3, 0.4]), np.zeros(2), book, Parameters(0.25, 0.0, False), np.ones(2), np.eye(2))
    >>> limit_together(*numbers).long
    0.5
    """
    unknown, wanted_gross = math.nan, 0.0
    for i in range(len(scale)):
        wanted_gross += abs(target[i])
        taken = target[i] != 0.0 or held[i] != 0.0
        if taken and math.isfinite(scale[i]) and not unknown >= scale[i]:
            unknown = scale[i]
    if wanted_gross == 0.0:
        return Sides(1.0, 1.0)
    if math.isnan(unknown):
        return Sides(0.0, 0.0)

    wanted = now = 0.0
    for i in range(len(scale)):
        if target[i] == 0.0 and held[i] == 0.0:
            continue  # Every product below is 0: with 20 positions among 500 assets 1 in 600 is not.
        left = scale[i] if math.isfinite(scale[i]) else unknown
        for j in range(len(scale)):
            if target[j] == 0.0 and held[j] == 0.0:
                continue
            right = scale[j] if math.isfinite(scale[j]) else unknown
            known = math.isfinite(correlation[i, j]) and math.isfinite(scale[i]) and math.isfinite(scale[j])
            aimed, owned = target[i] * left * right * target[j], held[i] * left * right * held[j]
            if i == j:
                wanted, now = wanted + aimed, now + owned
            elif known:
                wanted, now = wanted + aimed * correlation[i, j], now + owned * correlation[i, j]
            else:
                wanted, now = wanted + abs(aimed), now + abs(owned)
    periods = book.sessions_per_year if p.annual else 1.0
    wanted = math.sqrt(periods * max(wanted, 0.0))
    now = math.sqrt(periods * max(now, 0.0))
    cap = now if p.limit < now <= p.limit + p.trim_band else p.limit
    factor = 1.0 if wanted <= cap else cap / wanted
    return Sides(factor, factor)


def ones(bars: Bars, _: int) -> FloatArray:
    """Return 1 for every bar and asset: the scale of the correlated exposure."""
    return np.broadcast_to(1.0, (bars.n_bars, bars.n_assets))


def make_volatility_target(config: VolatilityTarget) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="sides",
        function=limit_together,
        parameters=Parameters(config.limit, config.trim_band, annual=True),
        features=(Feature("volatility", config.lookback, volatility),),
        matrices=(MatrixFeature("correlation", config.lookback, config.refresh, correlations),),
    )


def make_correlation_limit(config: CorrelationLimit) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="sides",
        function=limit_together,
        parameters=Parameters(config.limit, config.trim_band, annual=False),
        features=(Feature("ones", 1, ones),),
        matrices=(MatrixFeature("correlation", config.lookback, config.refresh, correlations),),
    )
