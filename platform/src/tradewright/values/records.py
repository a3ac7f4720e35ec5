"""Records as text and back, by the types of their fields: a field that is not told has its default.

So what an older version has written is read by one whose records have more fields.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from tradewright.values.plain import to_plain

_NAMES = {one.__name__: one for one in (Decimal, UUID, datetime)}
"""What records name in their fields and import only to be checked."""
_READERS: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    UUID: UUID,
    float: float,
}


def spell(value: Any) -> Any:
    """Return `value` as JSON has it: records without the fields that have their default, mappings as pairs in order.

    Raises:
        TypeError: A value of a kind that has no text.

    >>> spell({("trend", "SPY"): Decimal("1.50")}), spell(frozenset({"e2", "e1"}))
    ([[['trend', 'SPY'], '1.5']], ['e1', 'e2'])
    """
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return [[spell(key), spell(one)] for key, one in value.items()]
    if isinstance(value, frozenset | set):
        return sorted(spell(one) for one in value)
    if isinstance(value, tuple | list):
        return [spell(one) for one in value]
    if attrs.has(type(value)):
        told = [(field, getattr(value, field.name)) for field in attrs.fields(type(value))]
        return {field.name: spell(one) for field, one in told if one != _default(field)}
    return to_plain(value)


def _default(field: Any) -> Any:
    made = field.default
    return made.factory() if hasattr(made, "factory") and not made.takes_self else made


def read(kind: Any, told: Any) -> Any:
    """Return the value of a type that `spell` has told.

    Args:
        kind: A record, `dict[str, int]`, `tuple[Decimal, ...]`, `datetime | None` and the like.
        told: As JSON has it.

    Raises:
        KeyError: A field is unknown.
        TypeError: A field is missing.
        ValueError: A field holds what it must not.

    >>> read(dict[tuple[str, str], Decimal], [[["trend", "SPY"], "1.5"]])
    {('trend', 'SPY'): Decimal('1.5')}
    """
    if get_args(kind):
        return _read_several(get_origin(kind), get_args(kind), told)
    if attrs.has(kind):
        hints = get_type_hints(kind, localns=_NAMES)
        return kind(**{name: read(hints[name], one) for name, one in told.items()})
    reader: Callable[[Any], Any] | None = kind if issubclass(kind, Enum) else _READERS.get(kind)
    return told if reader is None else reader(told)


def _read_several(kind: Any, inner: tuple[Any, ...], told: Any) -> Any:
    """Return a value of a type that is made of others."""
    if kind in {Union, types.UnionType}:
        return None if told is None else read(next(one for one in inner if one is not type(None)), told)
    if kind is dict:
        return {read(inner[0], key): read(inner[1], one) for key, one in told}
    if kind is tuple and inner[-1] is not Ellipsis:
        return tuple(read(one, part) for one, part in zip(inner, told, strict=True))
    return kind(read(inner[0], one) for one in told)
