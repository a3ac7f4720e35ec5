"""What is said of an order, by the venue or the clock, and what has to be done about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
from attrs.validators import optional

from tradewright.values.exact import check_amount
from tradewright.values.order import SAID, Status

if TYPE_CHECKING:
    from decimal import Decimal
    from uuid import UUID

    from tradewright.values.order import Activity, Fill


class Word(StrEnum):
    """What the venue or the clock says of an order."""

    HANDED_OVER = "handed-over"
    """The submit has begun."""
    FOUND_AT_START = "found-at-start"
    """It was in the ledger when the agent started."""
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The id is taken: an earlier submit of it has arrived."""
    REFUSED = "refused"
    """The submit was refused for a reason that the venue names."""
    UNANSWERED = "unanswered"
    """The submit ended in a timeout, 429, 5xx, a malformed or a cut answer."""
    FOUND = "found"
    """Asked by its id, or in a snapshot, the venue says where it stands."""
    ABSENT = "absent"
    """Asked by its id, the venue does not know it."""
    MISSING = "missing"
    """It is not in a full snapshot, and was WORKING before that was asked for."""
    FILL = "fill"
    CANCELLED = "cancelled"
    CANCEL_UNANSWERED = "cancel-unanswered"
    """A cancel was refused, or had no answer."""
    EXPIRED = "expired"
    BUST = "bust"
    """The venue takes an execution back."""


class Demand(StrEnum):
    """What the caller must do next."""

    QUERY = "query"
    """Ask the venue by the order's id."""
    FILLS = "fills"
    """Read fills again: the venue counts more than have come."""
    BLOCK = "block"
    """No new order in this asset until it is settled."""
    FREEZE = "freeze"
    """No new risk at all until a person lifts it."""


@attrs.frozen(kw_only=True)
class News:
    """One thing said of one order.

    Attributes:
        word: What is said.
        status: Where the venue says that it stands; for FOUND, and for nothing else.
        filled: What the venue says has filled so far, signed units; None where it does not say.
            A venue that counts along with each execution says so as FOUND.
        fill: For FILL the execution, for BUST the one taken back as it was booked.
        reversal: For BUST what `positions.reverse` makes of the fill.
        reason: The venue's words.

    Raises:
        ValueError: The word needs what is not there, or cannot have what is.
    """

    word: Word = attrs.field(converter=Word)
    status: Status | None = None
    filled: Decimal | None = attrs.field(default=None, validator=optional(check_amount))
    fill: Fill | None = None
    reversal: tuple[Activity, ...] = ()
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.word is Word.FOUND) != (self.status in SAID):
            raise ValueError(f"status must be a venue's for found alone, was {self.status} for {self.word}")
        if self.filled is not None and self.word in {Word.FILL, Word.BUST}:
            raise ValueError(f"filled must be said with found, not with {self.word}, was {self.filled}")
        if (self.word in {Word.FILL, Word.BUST}) != (self.fill is not None):
            raise ValueError(f"fill must be there for fill and bust alone, was {self.fill} for {self.word}")


@attrs.frozen
class Report:
    """News of one of our orders, as an executor hands it on.

    Attributes:
        id: Client id of the order.
        news: What is said of it.
    """

    id: UUID
    news: News
