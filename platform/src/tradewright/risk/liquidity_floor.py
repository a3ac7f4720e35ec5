"""Nothing is added where too little trades; docs/reference/rules/liquidity-floor.md."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from tradewright.config.fields import count, positive
from tradewright.risk.contract import REDUCE_ONLY, AssetView, BookView, Feature, Proposal, TargetRule
from tradewright.risk.features import average_notional


@attrs.frozen(kw_only=True)
class LiquidityFloor:
    """Options of `liquidity-floor`."""

    limit: float = positive(default=1_000_000.0, unit="currency per bar", doc="smallest average notional")
    lookback: int = count(default=20, unit="bars", doc="window of the average")


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float


def require_liquidity(
    proposal: Proposal,
    asset: AssetView,  # noqa: ARG001  # every asset rule has the same arguments
    book: BookView,  # noqa: ARG001  # likewise
    p: Parameters,
    notional: float,
) -> Proposal:
    """Return the proposal, reduce-only when `notional`, the average traded per bar, is below the floor.

    >>> asset, book = AssetView(10.0, 0.0, 0.0, 0.0), BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> [require_liquidity(Proposal(0.1, 9.0, 0), asset, book, Parameters(5.0), n).mode for n in (4.9, 5.0)]
    [1, 0]
    """
    if notional >= p.limit:
        return proposal
    return Proposal(proposal.target, proposal.stop, REDUCE_ONLY)


def make(config: LiquidityFloor) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="asset",
        function=require_liquidity,
        parameters=Parameters(config.limit),
        features=(Feature("average-notional", config.lookback, average_notional),),
    )
