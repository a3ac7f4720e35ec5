"""No position above a fraction of its book's equity; docs/reference/rules/position-limit.md."""

from __future__ import annotations

import math
from typing import NamedTuple

import attrs

from tradewright.config.fields import fraction
from tradewright.risk.contract import AssetView, BookView, Proposal, TargetRule


@attrs.frozen(kw_only=True)
class PositionLimit:
    """Options of `position-limit`."""

    # 30 %: mission's limit on one position.
    limit: float = fraction(
        default=0.30,
        at_most=0.30,
        unit="fraction of equity",
        doc="largest weight that a decision may aim at, long or short",
    )
    trim_band: float = fraction(
        default=0.02,
        at_least=0.0,
        at_most=0.02,
        unit="fraction of equity",
        doc="how far the market alone may carry a position beyond the limit before it is trimmed back",
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float
    trim_band: float


def limit_position(proposal: Proposal, asset: AssetView, book: BookView, p: Parameters) -> Proposal:  # noqa: ARG001  # every asset rule has the same arguments
    """Return the proposal with |target| at most the cap.

    >>> asset, book = AssetView(10.0, 0.31, 1.0, 0.0), BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> limit_position(Proposal(0.5, math.nan, 0), asset, book, Parameters(0.30, 0.02)).target
    0.31
    """
    held = abs(asset.held)
    cap = held if p.limit < held <= p.limit + p.trim_band else p.limit
    if abs(proposal.target) <= cap:
        return proposal
    return Proposal(math.copysign(cap, proposal.target), proposal.stop, proposal.mode)


def make(config: PositionLimit) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(phase="asset", function=limit_position, parameters=Parameters(config.limit, config.trim_band))
