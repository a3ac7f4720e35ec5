"""What a venue can do, and how a call to it ends that has no answer."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
from attrs.validators import deep_iterable, instance_of

if TYPE_CHECKING:
    from collections.abc import Iterable

CALLS_MIN = 4
"""Fewer leave no order a call beside the two that cancels and questions keep for themselves."""


class OrderType(StrEnum):
    """How an order may be sent."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    """A protective stop: at the market, once its price is met."""


class ClientIds(StrEnum):
    """What a venue makes of the id that we give an order."""

    NATIVE = "native"
    """It keeps the id, finds an order by it, and refuses one that it has."""
    TAGGED = "tagged"
    """It keeps it as a note; the executor looks for it among the orders."""
    NONE = "none"
    """It keeps its own alone: what became of a submit without an answer cannot be found out."""


class StopsRest(StrEnum):
    """How long a protective stop rests at a venue."""

    GTC = "gtc"
    """Until it is cancelled."""
    DAY = "day"
    """Until the session ends; it is placed anew before the next one."""
    NONE = "none"
    """It has no stops."""


class Dividends(StrEnum):
    """When a venue pays a dividend."""

    LATER = "later"
    """Days or weeks after the ex-date, and it tells an activity then."""
    AT_ONCE = "at-once"
    """When the ex-date opens, and it tells nothing."""


def _types(value: Iterable[str]) -> frozenset[OrderType]:
    return frozenset(OrderType(one) for one in value)


def _check_calls(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not value >= CALLS_MIN:
        raise ValueError(f"{field.name} must be {CALLS_MIN} or more, was {value!r}: name them for a longer time")


def _check_seconds(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not (0.0 < value < math.inf):
        raise ValueError(f"{field.name} must be a finite number of seconds above 0, was {value!r}")


@attrs.frozen(kw_only=True)
class Capabilities:
    """What can be asked of a venue; the agent asks for nothing else.

    Attributes:
        paper: Whether its money is play money.
        order_types: How an order may be sent.
        fractional: Whether quantities may have decimals.
        shorting: Whether more may be sold than is held.
        client_ids: What it makes of the ids that we give.
        stops_rest: How long a protective stop rests.
        dividends: When it pays them; until then they are owed, and cannot be spent.
        calls: How many calls it takes within `per_seconds`; infinite where it has no limit.
        per_seconds: See `calls`.
        latency_seconds_max: How long a call may be on its way: none is waited for longer, and an order that the
            venue does not know is not given up earlier.

    Raises:
        ValueError: A field holds what it must not, or two do not fit.

    >>> known = Capabilities(paper=True, order_types=["market"], fractional=False, shorting=False,
    ...                      client_ids="native", stops_rest="none")
    >>> known.calls, known.latency_seconds_max
    (inf, 10.0)
    """

    paper: bool = attrs.field(validator=instance_of(bool))
    order_types: frozenset[OrderType] = attrs.field(converter=_types, validator=deep_iterable(instance_of(OrderType)))
    fractional: bool = attrs.field(validator=instance_of(bool))
    shorting: bool = attrs.field(validator=instance_of(bool))
    client_ids: ClientIds = attrs.field(converter=ClientIds)
    stops_rest: StopsRest = attrs.field(converter=StopsRest)
    dividends: Dividends = attrs.field(default=Dividends.LATER, converter=Dividends)
    calls: float = attrs.field(default=math.inf, validator=_check_calls)
    per_seconds: float = attrs.field(default=60.0, validator=_check_seconds)
    latency_seconds_max: float = attrs.field(default=10.0, validator=_check_seconds)

    def __attrs_post_init__(self) -> None:
        if OrderType.MARKET not in self.order_types:
            raise ValueError("order_types must have market: what has to be sold cannot wait for a price")
        if (OrderType.STOP in self.order_types) != (self.stops_rest is not StopsRest.NONE):
            raise ValueError(f"stops_rest must be none exactly where there are no stops, was {self.stops_rest}")


@attrs.frozen
class Gap:
    """The stream of reports stands; what was said before may be lost, so that the account is to be compared.

    Attributes:
        reason: Why it did not stand; empty for the first time.
    """

    reason: str = ""


class Refused(Exception):  # noqa: N818  # the venue's word, and no error of ours
    """The venue has refused, and said so: the one thing that means that an order is dead.

    Args:
        reason: The venue's words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Limited(Exception):  # noqa: N818  # see above
    """The venue asks to be called less often, as with 429.

    Args:
        retry_after: Seconds for which it wants to be left alone; None where it does not say.
        reason: The venue's words.
    """

    def __init__(self, retry_after: float | None = None, reason: str = "") -> None:
        super().__init__(retry_after, reason)  # Both, so that a copy of it holds both.
        self.retry_after, self.reason = retry_after, reason

    def __str__(self) -> str:
        """Return the venue's words, or what they come to."""
        return self.reason or "called too often"


class Forbidden(Exception):  # noqa: N818  # see above
    """The venue does not let us in, as with 401, 403 and 418.

    Args:
        reason: The venue's words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
