"""Fields of a config class: numbers with bounds, choices, and the words a reference page prints.

The authors of plugins and rules use them as the kernel does.  Each field carries in its attrs metadata `doc`,
`unit` and `bounds`, from which error texts and the reference pages are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.ranges import OptionError, Range
from tradewright.config.wording import did_you_mean, show
from tradewright.values.instrument import LOT_MAX, LOT_MIN, TICK_MAX, TICK_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Validator = Callable[[Any, attrs.Attribute[Any], Any], None]


def fraction(
    default: float | Any | None = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "fraction",
    at_least: float | None = None,
    at_most: float = 1.0,
) -> Any:
    """Return a field for a fraction above 0, or from `at_least` on when it is given, up to `at_most`.

    >>> @attrs.frozen
    ... class Options:
    ...     limit: float = fraction(0.30, doc="largest weight of one position")
    >>> attrs.fields(Options).limit.metadata["bounds"]
    '> 0, <= 1'
    """
    above = 0.0 if at_least is None else None
    bounds = Range(kind="fraction", above=above, at_least=at_least, at_most=at_most)
    return option(default, doc=doc, unit=unit, validator=bounds)


def positive(
    default: float | Any | None = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "",
    at_most: float | None = None,
) -> Any:
    """Return a field for a finite number > 0."""
    return option(default, doc=doc, unit=unit, validator=Range(above=0.0, at_most=at_most))


def non_negative(
    default: float | Any | None = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "",
    at_most: float | None = None,
) -> Any:
    """Return a field for a finite number >= 0."""
    return option(default, doc=doc, unit=unit, validator=Range(at_least=0.0, at_most=at_most))


def number(
    default: float | Any | None = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Any:
    """Return a field for a finite number of either sign."""
    return option(default, doc=doc, unit=unit, validator=Range(at_least=at_least, at_most=at_most))


def count(
    default: int | Any | None = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "",
    at_least: int = 1,
    at_most: int | None = None,
) -> Any:
    """Return a field for a whole number such as bars or sessions, >= 1 unless `at_least` says otherwise."""
    bounds = Range(kind="count", at_least=at_least, at_most=at_most)
    return option(default, doc=doc, unit=unit, validator=bounds)


def lot_size(default: float | None, *, doc: str) -> Any:
    """Return a field for the smallest step of a quantity, in units: beyond these bounds arithmetic loses steps."""
    return number(default, doc=doc, unit="units", at_least=LOT_MIN, at_most=LOT_MAX)


def tick_size(default: float | None, *, doc: str) -> Any:
    """Return a field for the smallest step of a price, in currency: 0 for none, else as bounded as a lot."""

    def check(_: object, __: attrs.Attribute[Any], tick: float | None) -> None:
        if tick is not None and 0.0 < tick < TICK_MIN:
            raise OptionError(f"must be 0 or >= {TICK_MIN:g}, was {tick:g}", "write 0 for no tick")

    return option(default, doc=doc, unit="currency", validator=[Range(at_least=0.0, at_most=TICK_MAX), check])


def one_of(*words: str, default: str | Any = attrs.NOTHING, doc: str = "", unit: str = "") -> Any:
    """Return a field for one of `words`; for a type checker's sake annotate it with the same Literal."""

    def check(_: object, __: attrs.Attribute[str], value: object) -> None:
        refused = not_among(value, words)
        if refused is not None:
            raise refused

    return option(default, doc=doc, unit=unit, validator=check, bounds=" | ".join(words))


def option(
    default: Any = attrs.NOTHING,
    *,
    doc: str = "",
    unit: str = "",
    validator: Validator | Sequence[Validator] = (),
    bounds: str | None = None,
) -> Any:
    """Return a field of any type with the words of its reference page."""
    validators = [validator] if callable(validator) else list(validator)
    spans = [check for check in validators if isinstance(check, Range)]
    text = bounds if bounds is not None else ", ".join(map(str, spans))
    metadata = {"doc": doc, "unit": unit, "bounds": text, "range": spans[0] if spans else None}
    return attrs.field(default=default, validator=validators or None, metadata=metadata)


def late(field: Any) -> Any:
    """Mark a key that older files could not have: while it has its default, `Settings.as_table` leaves it out.

    So a run that was saved before there was such a key stays the same trial.
    """
    field.metadata["late"] = True
    return field


def not_among(value: object, words: Iterable[object]) -> OptionError | None:
    """Say that `value` is none of `words`, and which one was probably meant, or return None.

    >>> print(not_among("wek", ("week", "month")))
    must be one of week, month, was "wek"; did you mean week?
    """
    known = list(words)
    if any(value == word and type(value) is type(word) for word in known):
        return None
    listed = ", ".join(map(str, known))
    near = did_you_mean(value, map(str, known)) if isinstance(value, str) else ""
    return OptionError(f"must be one of {listed}, was {show(value)}{near}", f"write one of {listed}")


def describe(field: attrs.Attribute[Any]) -> str:
    """Return what a field means in one line: doc, unit, bounds and default, as far as it states them.

    >>> @attrs.frozen
    ... class Options:
    ...     fast: int = count(50, doc="short average", unit="bars")
    >>> describe(attrs.fields(Options).fast)
    'fast: short average [bars], >= 1, default 50'
    """
    about = field.metadata
    unit = f" [{about['unit']}]" if about.get("unit") else ""
    plain = field.default is not attrs.NOTHING and not isinstance(field.default, attrs.Factory)  # type: ignore[arg-type]  # Factory is a class at run time
    default = f"default {show(field.default)}" if plain else ""
    parts = [part for part in (about.get("doc", "") + unit, about.get("bounds"), default) if part]
    return f"{field.name}: {', '.join(parts)}" if parts else field.name
