"""Fields of a config class: numbers with bounds, choices, and the words a reference page prints.

The authors of plugins and rules use them as the kernel does.  Each field carries in its attrs metadata `doc`,
`unit` and `bounds`, from which error texts and the reference pages are made.
"""

from __future__ import annotations

import operator
import re
import sys
from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.config.wording import did_you_mean, show
from tradewright.values.instrument import LOT_MAX, LOT_MIN, TICK_MAX, TICK_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Validator = Callable[[Any, attrs.Attribute[Any], Any], None]

INTEGER_MAX = 2**63 - 1  # TOML promises 64 bits, and so do the arrays that a setting ends up in.
_NOUNS = {"number": "a number", "fraction": "a fraction", "count": "a whole number"}
_NUMERAL = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(%?)\s*")


class OptionError(ValueError):
    """A value that its key cannot hold.

    A validator may raise any ValueError; this one also says how to mend it.

    Attributes:
        fix: What to do about it, an imperative sentence, or None.
    """

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix


@attrs.frozen(kw_only=True)
class Range:
    """The finite numbers that a field accepts; as a validator it raises `OptionError` for any other value.

    Attributes:
        kind: `number`, `fraction` (never a percentage) or `count` (whole).
        above: Exclusive lower bound.
        at_least: Inclusive lower bound.
        at_most: Inclusive upper bound.

    >>> print(Range(kind="fraction", above=0.0, at_most=1.0).refusal(30))
    must be a fraction 0-1, was 30; did you mean 0.30?
    """

    kind: Literal["number", "fraction", "count"] = "number"
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    def __call__(self, _: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Raise `OptionError` unless `value` lies in the range, or is None where None is the default."""
        if value is None and attribute.default is None:
            return
        refused = self.refusal(value)
        if refused is not None:
            raise refused

    def __str__(self) -> str:
        """Write the bounds as a reference page shows them, such as `> 0, <= 1`."""
        return ", ".join(f"{sign} {bound:.10g}" for sign, _, bound in self._bounds())

    def refusal(self, value: object) -> OptionError | None:
        """Say what is wrong with `value` and what was probably meant, or return None."""
        broken = self._broken(value)
        if broken is None:
            return None
        meant = self._meant(value)
        if meant is None:
            return OptionError(f"{broken}, was {show(value)}", f"give {_NOUNS[self.kind]} {self}".rstrip())
        return OptionError(f"{broken}, was {show(value)}; did you mean {meant}?", f"write {meant}")

    def _broken(self, value: object) -> str | None:
        """Name the first bound that `value` breaks; written so that NaN breaks one."""
        numbers = int if self.kind == "count" else (int, float)
        if isinstance(value, bool) or not isinstance(value, numbers):
            return f"must be {self._wanted()}"
        if not abs(value) <= (INTEGER_MAX if self.kind == "count" else sys.float_info.max):
            return "must be finite" if self.kind != "count" else "must fit in 64 bits"
        for sign, holds, bound in self._bounds():
            if not holds(value, bound):
                whole_range = self.kind == "fraction" and sign == "<="
                return f"must be {self._wanted() if whole_range else f'{sign} {bound:.10g}'}"
        return None

    def _bounds(self) -> list[tuple[str, Callable[[Any, Any], bool], float]]:
        every = (
            (">", operator.gt, self.above),
            (">=", operator.ge, self.at_least),
            ("<=", operator.le, self.at_most),
        )
        return [(sign, holds, bound) for sign, holds, bound in every if bound is not None]

    def _wanted(self) -> str:
        if self.kind != "fraction":
            return _NOUNS[self.kind]
        low = self.above if self.at_least is None else self.at_least
        return f"a fraction {low:.10g}-{self.at_most:.10g}"

    def _meant(self, value: object) -> str | None:
        """Read a number in quotes, a whole number with a point, and a percentage where a fraction belongs."""
        match = _NUMERAL.fullmatch(value if isinstance(value, str) else str(value))
        if match is None or (match[2] and self.kind != "fraction"):
            return None
        meant = float(match[1])
        percentage = self.kind == "fraction" and bool(match[2] or meant >= 2.0)
        if percentage and self._broken(meant) is not None:
            meant /= 100
        candidate = int(meant) if self.kind == "count" and meant.is_integer() else meant
        if self._broken(candidate) is not None:
            return None
        return f"{meant:.2f}" if percentage and meant == round(meant, 2) else f"{candidate:.10g}"


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
