"""Nothing is added near a session's open and close; docs/reference/rules/trading-window.md."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from tradewright.config.fields import non_negative
from tradewright.risk.contract import REDUCE_ONLY, AssetView, BookView, Feature, Proposal, TargetRule
from tradewright.risk.market import minutes_since_open, minutes_to_close


@attrs.frozen(kw_only=True)
class TradingWindow:
    """Options of `trading-window`."""

    after_open: float = non_negative(
        default=5.0,
        unit="minutes",
        doc="nothing is added on decisions made earlier than this after the session opened",
    )
    before_close: float = non_negative(
        default=5.0,
        unit="minutes",
        doc="nothing is added on decisions made later than this before the session closes",
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    after_open: float
    before_close: float


def keep_to_window(
    proposal: Proposal,
    asset: AssetView,  # noqa: ARG001  # every asset rule has the same arguments
    book: BookView,  # noqa: ARG001  # likewise
    p: Parameters,
    since_open: float,
    to_close: float,
) -> Proposal:
    """Return the proposal, reduce-only outside the window; both times are minutes at the bar's close.

    >>> asset, book = AssetView(10.0, 0.0, 0.0, 0.0), BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> [keep_to_window(Proposal(0.1, 9.0, 0), asset, book, Parameters(5.0, 5.0), m, 60.0).mode for m in (4.0, 5.0)]
    [1, 0]
    """
    if since_open >= p.after_open and to_close >= p.before_close:
        return proposal
    return Proposal(proposal.target, proposal.stop, REDUCE_ONLY)


def make(config: TradingWindow) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="asset",
        function=keep_to_window,
        parameters=Parameters(config.after_open, config.before_close),
        features=(Feature("since-open", 0, minutes_since_open), Feature("to-close", 0, minutes_to_close)),
    )
