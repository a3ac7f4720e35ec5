"""What is known of one order, and what an execution or its reversal makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from tradewright.values.exact import EXACT
from tradewright.values.order import EXTERNAL, FINAL, Fill, Order, Purpose, Reason, Status

if TYPE_CHECKING:
    from tradewright.values.order import Activity

GRACE = timedelta(seconds=60)
"""How long an order may be on its way to a venue that says nothing else; `[live] grace` sets it."""
ABSENCES_APART = timedelta(seconds=5)  # Two words about one moment of a venue that is late are one word.
_NONE = Decimal(0)
_REASONS = {Purpose.TARGET: Reason.ORDER, Purpose.EXIT: Reason.EXIT, Purpose.STOP: Reason.STOP}


@attrs.frozen(kw_only=True)
class OrderState:
    """All that is known of one order.

    Attributes:
        order: As it was intended.
        since: When the status began.
        status: Where it stands.
        filled: Signed units of the executions that count as its own.
        executions: Ids of all executions heard of, so that each is applied once.
        busts: Those of them that were taken back.
        said: Signed units that the venue last said have filled; None before it said so.
        absences: When the venue did not know it, as far as it counts.
        disputed: Whether more filled than was ordered, or what cannot be its own; a person settles it.
        doubted: Whether the venue spoke of it as alive after it had ended; that it has ended, said again, clears it.
        reason: The venue's last words.
    """

    order: Order
    since: datetime
    status: Status = Status.INTENDED
    filled: Decimal = Decimal(0)
    executions: frozenset[str] = frozenset()
    busts: frozenset[str] = frozenset()
    said: Decimal | None = None
    absences: tuple[datetime, ...] = ()
    disputed: bool = False
    doubted: bool = False
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.status in FINAL

    @property
    def is_over(self) -> bool:
        """Whether the venue itself has said how it ended, and nothing of it is in doubt."""
        return self.is_final and self.status is not Status.DEAD and not self.blocks and not self.missing

    @property
    def blocks(self) -> bool:
        """Whether its asset takes no new order."""
        return self.disputed or self.doubted or self.status is Status.UNKNOWN

    @property
    def left(self) -> Decimal:
        """Signed units that may still fill, also where nothing more is expected; 0 once all has."""
        return _beyond(self.order.quantity, self.filled, self.order)

    @property
    def missing(self) -> Decimal:
        """Signed units that the venue says have filled and whose executions have not come, 0 for none."""
        if self.said is None or self.said == self.filled:
            return _NONE
        return _beyond(self.said, self.filled, self.order)

    def counts_from(self, grace: timedelta = GRACE) -> datetime:
        """Return the first instant at which the venue not knowing an UNKNOWN order counts."""
        first = self.since + grace
        return max(first, self.absences[-1] + ABSENCES_APART) if self.absences else first


def take(state: OrderState, fill: Fill) -> tuple[OrderState, tuple[Fill, ...]]:
    """Apply an execution once: what the order has room for is its own, the rest is nobody's and disputed.

    Returns:
        The order, its status unchanged, and the fill with whose it is; no fill where it was known.

    Raises:
        ValueError: The fill is of another order or venue.
    """
    _refuse_others(state, fill)
    if fill.execution_id in state.executions:
        return state, ()
    order, own = state.order, _own(state, fill)
    rest = EXACT.subtract(fill.quantity, own)
    shares = (*(order.share(own) if own else ()), *(((EXTERNAL, rest),) if rest else ()))
    after = attrs.evolve(
        state,
        filled=EXACT.add(state.filled, fill.quantity) if _is_like(order, fill) else state.filled,
        executions=state.executions | {fill.execution_id},
        absences=(),  # A venue that fills an order knows it.
        disputed=state.disputed or bool(rest) or state.status is Status.REJECTED,
    )
    return after, (attrs.evolve(fill, shares=shares, reason=_REASONS[order.purpose]),)


def take_back(
    state: OrderState, fill: Fill, reversal: tuple[Activity, ...]
) -> tuple[OrderState, tuple[Activity, ...]]:
    """Reverse an execution once; one that never came will not be booked any more, so nothing is reversed.

    Returns:
        The order, its status unchanged, and what of `reversal` is to be booked: all or nothing.

    Raises:
        ValueError: The fill is of another order or venue.
    """
    _refuse_others(state, fill)
    if fill.execution_id in state.busts:
        return state, ()
    was_known = fill.execution_id in state.executions
    after = attrs.evolve(
        state, busts=state.busts | {fill.execution_id}, executions=state.executions | {fill.execution_id}
    )
    if was_known and _is_like(state.order, fill):
        said = None if state.said is None else EXACT.subtract(state.said, fill.quantity)
        after = attrs.evolve(after, filled=EXACT.subtract(state.filled, fill.quantity), said=said)
    return after, reversal if was_known else ()


def has_all(state: OrderState) -> bool:
    """Say whether the fills reach the quantity."""
    filled, quantity = state.filled, state.order.quantity
    return filled >= quantity if quantity > 0 else filled <= quantity


def count_said(state: OrderState, filled: Decimal | None) -> Decimal | None:
    """Return the larger of what the venue has said and says now, signed: an old word may come late.

    Raises:
        ValueError: `filled` has the other sign than the order.
    """
    if filled is None:
        return state.said
    if filled != 0 and not _same_side(filled, state.order.quantity):
        raise ValueError(f"filled must have the sign of the order's quantity, {state.order.quantity}, was {filled}")
    if state.said is None:
        return filled
    return max(state.said, filled) if state.order.quantity > 0 else min(state.said, filled)


def _beyond(quantity: Decimal, start: Decimal, order: Order) -> Decimal:
    """Return how far `quantity` lies beyond `start` on the order's side, signed, 0 for not at all."""
    rest = EXACT.subtract(quantity, start)
    return rest if _same_side(rest, order.quantity) else Decimal(0)


def _same_side(quantity: Decimal, other: Decimal) -> bool:
    return quantity != 0 and (quantity > 0) == (other > 0)


def _is_like(order: Order, fill: Fill) -> bool:
    return fill.symbol == order.symbol and _same_side(fill.quantity, order.quantity)


def _own(state: OrderState, fill: Fill) -> Decimal:
    """Return how much of a fill the order has room for, signed."""
    if not _is_like(state.order, fill):
        return Decimal(0)
    return min(fill.quantity, state.left, key=Decimal.copy_abs)


def _refuse_others(state: OrderState, fill: Fill) -> None:
    order = state.order
    if (fill.venue, fill.order_id) != (order.venue, order.id):
        raise ValueError(f"fill must be of order {order.id} at {order.venue}, was of {fill.order_id} at {fill.venue}")
