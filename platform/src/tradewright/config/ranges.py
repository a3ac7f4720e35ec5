"""A value that its key cannot hold, and the range of numbers that a field accepts."""

from __future__ import annotations

import operator
import re
import sys
from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.config.wording import show

if TYPE_CHECKING:
    from collections.abc import Callable

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
