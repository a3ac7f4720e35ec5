"""Values as text and back: what the ledger writes of them, one spelling for each value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import attrs

from tradewright.values.exact import EXACT
from tradewright.values.order import Order

_DECIMALS = frozenset({"quantity", "price", "fee", "reference", "limit", "stop", "cash", "units", "filled"})
_INSTANTS = frozenset({"at", "decided_at", "settle_by"})
_T = TypeVar("_T")


def to_plain(value: Any) -> Any:
    """Return `value` as JSON has it: amounts in plain decimals, instants in UTC, ids as text, records as objects.

    Equal values have equal text: amounts lose zeros at their end.

    Raises:
        TypeError: A value of a kind that has no text, such as a float.
        ValueError: A naive time.

    >>> to_plain([Decimal("1.50"), Decimal("1E+2"), datetime(2026, 3, 2, 21, tzinfo=UTC), None])
    ['1.5', '100', '2026-03-02T21:00:00.000000Z', None]
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | UUID):
        return str(value)  # A word of an enum is a text with a class of its own.
    if isinstance(value, Decimal | datetime):
        return _amount(value) if isinstance(value, Decimal) else _instant(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(one) for one in value]
    kind: Any = type(value)
    if names := _names(kind):
        return {name: to_plain(getattr(value, name)) for name in names}
    raise TypeError(f"a value must have one text, was {value!r} of {kind.__name__}")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """Return the fields of a record, none of what is no record; attrs looks for them anew each time."""
    return tuple(field.name for field in attrs.fields(kind)) if attrs.has(kind) else ()


def _amount(value: Decimal) -> str:
    return "0" if value == 0 else format(value.normalize(EXACT), "f")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"a time must be aware, was {value!r}")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_plain(kind: type[_T], plain: Mapping[str, Any]) -> _T:
    """Return the `Order`, `Fill` or `Activity` that `to_plain` made `plain` of.

    Raises:
        ValueError: A field holds what it must not.
        TypeError: A field is missing or unknown.
    """
    return kind(**{name: _read(kind, name, value) for name, value in plain.items()})


def _read(kind: type, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _DECIMALS:
        return Decimal(value)
    if name in _INSTANTS:
        return datetime.fromisoformat(value)
    if name == "shares":
        return tuple((strategy, Decimal(quantity)) for strategy, quantity in value)
    # The id of an order is ours; that of an activity is the venue's text.
    return UUID(value) if name == "order_id" or (name == "id" and kind is Order) else value
