"""Orders, fills and what else a venue says, exact to the last decimal.

Every amount is what `values.exact` allows, and every instant is aware and in UTC.  Quantities are signed: above 0 is
bought, below 0 sold.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
from attrs.validators import instance_of, optional

from tradewright.values.exact import (
    add,
    check_amount,
    check_instant,
    check_price,
    check_symbol,
    check_text,
    check_units,
    divide,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Shares = tuple[tuple[str, Decimal], ...]
"""(strategy, signed quantity) pairs: whose an order or a fill is."""

EXTERNAL = "(external)"
"""In place of a strategy: nobody's here, such as a manual trade; no strategy can be called so."""


def _check_shares(one: Order | Fill, field: attrs.Attribute[Any], value: Shares) -> None:
    for strategy, quantity in value:
        check_text(one, field, strategy)
        check_units(one, field, quantity)
    if len({strategy for strategy, _ in value}) != len(value):
        raise refused(field, "name each strategy once", value)
    if add(quantity for _, quantity in value) != one.quantity:
        raise refused(field, f"sum to the quantity, {one.quantity}", value)


def _pairs(value: Iterable[tuple[str, Decimal]]) -> Shares:
    return tuple((strategy, quantity) for strategy, quantity in value)


# ---- what we ask for -------------------------------------------------------------------------------------


class Purpose(StrEnum):
    """Why an order is sent."""

    TARGET = "target"
    """What a decision planned."""
    EXIT = "exit"
    """A sale demanded now."""
    STOP = "stop"
    """The protective stop that guards a whole position."""


class Status(StrEnum):
    """Where an order stands; `docs/reference/orders.md` has the table."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    DEAD = "dead"


FINAL = frozenset({Status.FILLED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED, Status.DEAD})
"""Nothing more is expected of such an order."""
SAID = frozenset({Status.WORKING, Status.FILLED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED})
"""What a venue can say of an order that it knows."""


@attrs.frozen(kw_only=True)
class Order:
    """One order as it is intended, committed and sent, once.

    Attributes:
        id: Client id, from `execute.orders.client_id`.
        venue: Name of the venue.
        symbol: Name at the venue.
        quantity: Signed units, never 0.
        purpose: Why.
        limit: Worst price in the instrument's currency, > 0; None for at the market.
        stop: Price that triggers it, > 0; for purpose `stop`, and for no other.
        shares: Whose it is; the signed quantities sum to `quantity`.
        decided_at: Close of the row that it was decided on.
        settle_by: When it must have come to an end; None where nothing is due.

    Raises:
        ValueError: A field holds what it must not.

    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> order = Order(id=UUID(int=1), venue="simulated", symbol="SPY", quantity=Decimal(10), purpose=Purpose.TARGET,
    ...               shares=[("trend", Decimal(10))], decided_at=datetime(2026, 3, 2, 21, tzinfo=UTC))
    >>> order.strategy
    'trend'
    """

    id: UUID = attrs.field(validator=instance_of(UUID))
    venue: str = attrs.field(validator=check_text)
    symbol: str = attrs.field(validator=check_symbol)
    quantity: Decimal = attrs.field(validator=check_units)
    purpose: Purpose = attrs.field(converter=Purpose)
    limit: Decimal | None = attrs.field(default=None, validator=optional(check_price))
    stop: Decimal | None = attrs.field(default=None, validator=optional(check_price))
    shares: Shares = attrs.field(converter=_pairs, validator=_check_shares)
    decided_at: datetime = attrs.field(validator=check_instant)
    settle_by: datetime | None = attrs.field(default=None, validator=optional(check_instant))

    def __attrs_post_init__(self) -> None:
        if any(strategy == EXTERNAL for strategy, _ in self.shares):
            raise ValueError(f"shares must be of strategies, was {self.shares}")
        if (self.purpose is Purpose.STOP) != (self.stop is not None):
            raise ValueError(f"stop must be a price for purpose stop alone, was {self.stop} for {self.purpose}")
        if self.settle_by is not None and self.settle_by <= self.decided_at:
            raise ValueError(f"settle_by must be after decided_at, {self.decided_at}, was {self.settle_by}")

    @property
    def strategy(self) -> str:
        """The strategy, where there is one.

        Raises:
            ValueError: Several share the order.
        """
        if len(self.shares) != 1:
            raise ValueError(f"strategy must be asked of an order with one share, was {self.shares}")
        return self.shares[0][0]

    def share(self, quantity: Decimal) -> Shares:
        """Return whose a `quantity` of this order is: in proportion, cut to its last decimal, the rest is the last's.

        >>> from datetime import UTC, datetime
        >>> from uuid import UUID
        >>> order = Order(id=UUID(int=1), venue="simulated", symbol="SPY", quantity=Decimal(8), purpose=Purpose.EXIT,
        ...               shares=[("a", Decimal(2)), ("b", Decimal(6))], decided_at=datetime(2026, 3, 2, tzinfo=UTC))
        >>> order.share(Decimal(5))
        (('a', Decimal('1')), ('b', Decimal('4')))
        """
        parts = divide(quantity, [part for _, part in self.shares])
        return tuple((strategy, part) for (strategy, _), part in zip(self.shares, parts, strict=True) if part != 0)


# ---- what came of it -------------------------------------------------------------------------------------


class Reason(StrEnum):
    """What a fill came from."""

    ORDER = "order"
    STOP = "stop"
    EXIT = "exit"


@attrs.frozen(kw_only=True)
class Fill:
    """One execution; a venue and its execution id name it for good.

    Attributes:
        venue: Name of the venue.
        execution_id: The venue's name for it.
        order_id: Client id of the order, None for a stranger's.
        symbol: Name at the venue.
        quantity: Signed units, never 0.
        price: Per unit in `currency`, > 0.
        fee: In `currency`; a rebate is negative.
        currency: Code of price and fee.
        at: When it happened, by the venue's word.
        reference: The price without spread and slippage, > 0; None where nobody knows it.
        shares: Whose it is, sums to `quantity`; `EXTERNAL` unless it is said, until the order's own are known.
        reason: What it came from.

    Raises:
        ValueError: A field holds what it must not.
    """

    venue: str = attrs.field(validator=check_text)
    execution_id: str = attrs.field(validator=check_text)
    order_id: UUID | None = attrs.field(default=None, validator=optional(instance_of(UUID)))
    symbol: str = attrs.field(validator=check_symbol)
    quantity: Decimal = attrs.field(validator=check_units)
    price: Decimal = attrs.field(validator=check_price)
    fee: Decimal = attrs.field(default=Decimal(0), validator=check_amount)
    currency: str = attrs.field(validator=check_text)
    at: datetime = attrs.field(validator=check_instant)
    reference: Decimal | None = attrs.field(default=None, validator=optional(check_price))
    shares: Shares = attrs.field(converter=_pairs, validator=_check_shares)
    reason: Reason = attrs.field(default=Reason.ORDER, converter=Reason)

    @shares.default
    def _nobodys(self) -> Shares:
        return ((EXTERNAL, self.quantity),)

    @property
    def key(self) -> tuple[str, str]:
        """What is unique: venue and execution id."""
        return self.venue, self.execution_id


class ActivityKind(StrEnum):
    """What moves cash or units beside fills."""

    CAPITAL = "capital"
    DIVIDEND = "dividend"
    SPLIT = "split"
    INTEREST = "interest"
    BORROW = "borrow"
    FEE = "fee"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DELISTING = "delisting"
    ADOPTION = "adoption"
    BUST = "bust"
    """The venue took an execution back: the reversed units and cash, fee included."""


@attrs.frozen(kw_only=True)
class Activity:
    """What moved cash or units and was no fill.

    Attributes:
        venue: Name of the venue.
        id: The venue's name for it, unique there.
        kind: What it is.
        strategy: Whose it is, or `EXTERNAL`.
        symbol: What it is about; None for cash alone.
        cash: Signed change of cash, in `currency`.
        units: Signed change of the quantity held.
        currency: Code of `cash`.
        at: When it counts.
        note: What a reader should know.

    Raises:
        ValueError: A field holds what it must not, or units move without a symbol.
    """

    venue: str = attrs.field(validator=check_text)
    id: str = attrs.field(validator=check_text)
    kind: ActivityKind = attrs.field(converter=ActivityKind)
    strategy: str = attrs.field(default=EXTERNAL, validator=check_text)
    symbol: str | None = attrs.field(default=None, validator=optional(check_symbol))
    cash: Decimal = attrs.field(default=Decimal(0), validator=check_amount)
    units: Decimal = attrs.field(default=Decimal(0), validator=check_amount)
    currency: str = attrs.field(validator=check_text)
    at: datetime = attrs.field(validator=check_instant)
    note: str = ""

    def __attrs_post_init__(self) -> None:
        if self.units != 0 and self.symbol is None:
            raise ValueError(f"symbol must be named where units move, was None for {self.units} units")

    @property
    def key(self) -> tuple[str, str]:
        """What is unique: venue and id."""
        return self.venue, self.id
