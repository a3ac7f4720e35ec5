"""Can it be true what a venue says?  What cannot is named here; whoever hears it holds back and tells a person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import attrs

from tradewright.execute.clock import HOLDS, WARNS, is_absurd, offset_of
from tradewright.values.order import Activity, Fill

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from tradewright.values.order import Order
    from tradewright.values.snapshot import Quote

QUOTE_MAX_AGE = timedelta(minutes=1)
"""An order that had to wait for longer needs a new price."""
Dated = TypeVar("Dated", Fill, Activity)


def has_other_sign(order: Order, filled: Decimal) -> bool:
    """Say whether a venue counts units of a sale as bought, or the other way round."""
    return filled != 0 and (filled > 0) != (order.quantity > 0)


def doubt_count(order: Order, filled: Decimal | None) -> str:
    """Return why so many units of an order cannot have filled, empty where they can or where none are counted.

    >>> from decimal import Decimal
    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> from tradewright.values.order import Order
    >>> order = Order(id=UUID(int=1), venue="simulated", symbol="SPY", quantity=Decimal(10), purpose="target",
    ...               shares=[("trend", Decimal(10))], decided_at=datetime(2026, 3, 2, 21, tzinfo=UTC))
    >>> doubt_count(order, Decimal(10)), doubt_count(order, Decimal(11))
    ('', 'the venue counts 11 units filled of an order for 10')
    """
    if filled is None:
        return ""
    if has_other_sign(order, filled) or filled.copy_abs() > order.quantity.copy_abs():
        return f"the venue counts {filled} units filled of an order for {order.quantity}"
    return ""


def doubt_execution(booked: Fill | None, said: Fill) -> str:
    """Return how an execution differs from what was booked under its id; fees and instants may be told anew.

    Args:
        booked: What was booked, None where nothing was.
        said: What is said now.
    """
    if booked is None:
        return ""
    before, now = ((one.order_id, one.symbol, one.quantity, one.price) for one in (booked, said))
    if before == now:
        return ""
    return (
        f"execution {said.execution_id} was {booked.quantity} {booked.symbol} at {booked.price},"
        f" and comes again as {said.quantity} {said.symbol} at {said.price}"
    )


def date(one: Dated, now: datetime) -> tuple[Dated, timedelta | None]:
    """Return what happened with an instant that can be, and how far the venue's word lay ahead of ours.

    What was told late lies in the past, and says nothing of a clock; what has not happened yet does.  An instant of
    another age is replaced by ours: what happened is kept.

    Returns:
        The fill or activity, and the offset that was measured, None where nothing was.
    """
    offset = offset_of(one.at, now)
    if is_absurd(offset):
        return attrs.evolve(one, at=now), offset
    return one, offset if offset > WARNS else None


def is_fresh(quote: Quote, now: datetime) -> bool:
    """Say whether a quote can be traded on: not old, at its source or here, nor of a time that has yet to come."""
    age, waited = now - quote.event_at, now - quote.available_at
    return max(age, waited) <= QUOTE_MAX_AGE and min(age, waited) >= -HOLDS
