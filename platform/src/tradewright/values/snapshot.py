"""What a venue says of prices and of an account at one instant, exact to the last decimal."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
from attrs.validators import optional

from tradewright.values.exact import EXACT, check_instant, check_symbol, check_text, is_amount
from tradewright.values.order import SAID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from tradewright.values.order import Activity, Fill, Status


def _frozen(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class Quote:
    """Best bid and ask of one instant; a wrong one can be made, and `is_sound` says so: no order follows it.

    Attributes:
        venue: Name of the venue.
        symbol: Name at the venue.
        event_at: When it stood there.
        available_at: When we could first have read it.
        bid: Best price to sell at, None for no such side; never 0 in its place.
        ask: Best price to buy at, likewise.
        bid_size: Units asked for at `bid`, None where unknown.
        ask_size: Units offered at `ask`, likewise.
    """

    venue: str = attrs.field(validator=check_text)
    symbol: str = attrs.field(validator=check_symbol)
    event_at: datetime = attrs.field(validator=check_instant)
    available_at: datetime = attrs.field(validator=check_instant)
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None

    @property
    def is_sound(self) -> bool:
        """Whether both sides are finite, above 0, and the bid is at most the ask."""
        if self.bid is None or self.ask is None or not (is_amount(self.bid) and is_amount(self.ask)):
            return False
        return 0 < self.bid <= self.ask

    @property
    def mid(self) -> Decimal:
        """Half of bid and ask.

        Raises:
            ValueError: The quote is not sound.
        """
        if self.bid is None or self.ask is None or not self.is_sound:
            raise ValueError(f"bid and ask must be finite, above 0 and not crossed, was {self.bid} and {self.ask}")
        return EXACT.multiply(EXACT.add(self.bid, self.ask), Decimal("0.5"))


@attrs.frozen(kw_only=True)
class Snapshot:
    """What a venue says of the account at one instant.

    Attributes:
        at: When it was asked.
        cash: By currency, signed.
        positions: Signed units by symbol; what is not named is 0.
        orders: Status and signed units filled so far, by client id; a stranger's id is the venue's own text.
        symbols: What an order is in, by the same ids, where the venue says so.
        fills: From the asked instant on, without those that were taken back.
        activities: Likewise.
        busts: Executions that were taken back since.
        said_at: What the venue's clock showed when it answered, None where it does not say.
    """

    at: datetime = attrs.field(validator=check_instant)
    cash: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_frozen)
    positions: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_frozen)
    orders: Mapping[UUID | str, tuple[Status, Decimal]] = attrs.field(factory=dict, converter=_frozen)
    symbols: Mapping[UUID | str, str] = attrs.field(factory=dict, converter=_frozen)
    fills: tuple[Fill, ...] = ()
    activities: tuple[Activity, ...] = ()
    busts: tuple[Fill, ...] = ()
    said_at: datetime | None = attrs.field(default=None, validator=optional(check_instant))

    def __attrs_post_init__(self) -> None:
        for name, amounts in (("cash", self.cash), ("positions", self.positions)):
            for key, amount in amounts.items():
                if not is_amount(amount):
                    raise ValueError(f"{name} of {key} must be a finite Decimal, was {amount!r}")
        for order, (status, filled) in self.orders.items():
            if status not in SAID or not is_amount(filled):
                raise ValueError(f"orders must have a venue's status and units, was {status}, {filled} of {order}")
