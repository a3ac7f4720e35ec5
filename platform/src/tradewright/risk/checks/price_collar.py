"""Nothing is added at a price far from the last good one."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from tradewright.config.fields import fraction
from tradewright.risk.contract import OrderCheck, OrderView


@attrs.frozen(kw_only=True)
class PriceCollar:
    """Options of `price-collar`."""

    limit: float = fraction(default=0.05, at_most=0.2, doc="furthest a price may be from the mark")


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float


def require_price_near_mark(order: OrderView, p: Parameters) -> float:
    """Allow an increase within the collar; a reduction passes, because staying in is the greater risk.

    >>> order = OrderView(10.0, 0.0, 104.0, 100.0, 1.0, 0, 1e6, 100.0, 0.0, 1.0)
    >>> require_price_near_mark(order, Parameters(0.04)), require_price_near_mark(order, Parameters(0.03))
    (10.0, 0.0)
    """
    reduces = order.quantity * order.held < 0.0
    if reduces or abs(order.price - order.mark) <= p.limit * order.mark:
        return abs(order.quantity)
    return 0.0


def make(config: PriceCollar) -> OrderCheck:
    """Return the check for these options."""
    return OrderCheck(function=require_price_near_mark, parameters=Parameters(config.limit))
