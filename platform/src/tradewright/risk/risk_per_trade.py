"""At most a fraction of equity at risk down to the stop; docs/reference/rules/risk-per-trade.md."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import attrs

from tradewright.config.fields import count, fraction, one_of, positive
from tradewright.risk.contract import AssetView, BookView, Feature, Proposal, TargetRule
from tradewright.risk.features import true_range, volatility

DISTANCE_MIN = 1e-12  # Below it lies only the rounding of adjusted prices, and a stop there would protect nothing.


@attrs.frozen(kw_only=True)
class RiskPerTrade:
    """Options of `risk-per-trade`."""

    # 2 %: mission's limit on the risk of one trade.
    limit: float = fraction(
        default=0.02,
        at_most=0.02,
        unit="fraction of equity",
        doc="the most that the whole position may lose down to its stop, slippage and fees included",
    )
    stop: Literal["volatility", "atr"] = one_of(
        "volatility",
        "atr",
        default="volatility",
        doc="what the distance of a new stop is measured in; atr needs open, high and low",
    )
    multiple: float = positive(default=3.0, unit="number", doc="distance of a new stop, in those units")
    lookback: int = count(
        default=20, at_least=2, unit="sessions (volatility), bars (atr)", doc="window of the estimate"
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float
    multiple: float


def limit_risk(proposal: Proposal, asset: AssetView, book: BookView, p: Parameters, distance: float) -> Proposal:
    """Return the proposal with a stop, and with its increase limited by the loss down to that stop.

    `distance` is the volatility or the average true range, a fraction of the mark.

    >>> asset, book = AssetView(100.0, 0.0, 0.0, 0.0), BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> limit_risk(Proposal(0.5, math.nan, 0), asset, book, Parameters(0.02, 3.0), 0.03125)
    Proposal(target=0.21333333333333335, stop=90.625, mode=0)
    """
    if proposal.target == 0.0:
        return proposal
    side = math.copysign(1.0, proposal.target)
    stop = proposal.stop
    if math.isnan(stop) and DISTANCE_MIN < distance < math.inf:
        stop = asset.mark * (1.0 - side * p.multiple * distance)
    held = abs(asset.held)
    if abs(proposal.target) <= held:
        return Proposal(proposal.target, stop, proposal.mode)
    valid = 0.0 < stop < asset.mark if side > 0.0 else asset.mark < stop < math.inf
    if not valid:
        return Proposal(side * held, stop, proposal.mode)
    loss = abs(asset.mark - stop) / asset.mark
    budget = p.limit - 2.0 * book.smallest_fee + held * asset.cost
    most = budget / (loss + 2.0 * asset.cost)
    if abs(proposal.target) <= most:
        return Proposal(proposal.target, stop, proposal.mode)
    return Proposal(side * max(held, most), stop, proposal.mode)


def make(config: RiskPerTrade) -> TargetRule:
    """Return the rule for these options."""
    name, compute = {"volatility": ("volatility", volatility), "atr": ("true-range", true_range)}[config.stop]
    return TargetRule(
        phase="asset",
        function=limit_risk,
        parameters=Parameters(config.limit, config.multiple),
        features=(Feature(name, config.lookback, compute),),
    )
