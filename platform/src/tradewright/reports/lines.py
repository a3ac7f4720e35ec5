"""How a value reaches a table: a line names its head, its unit and where it comes from, and writes its cells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from tradewright.reports.plain import money as cents
from tradewright.reports.tree.halts import Halt
from tradewright.reports.wording import compared, money, percent, ratio, span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Line(NamedTuple):
    """A column of a table whose rows are things, or a row of one whose columns are things.

    Attributes:
        head: What it is called.
        unit: A key of `UNITS`.
        path: Where a thing has the value: names of attributes, joined by dots.
    """

    head: str
    unit: str
    path: str

    def value(self, thing: Any) -> Any:
        """Return what a thing has there, None when it has not even the way to it."""
        for name in self.path.split("."):
            if thing is not None:
                thing = thing[int(name)] if name.isdigit() else getattr(thing, name)
        return thing

    def cell(self, thing: Any) -> str:
        """Write what a thing has there."""
        value = self.value(thing)
        # What was compared beyond a limit of 1 is told in times usual: only the halt itself knows.
        if self.unit == "compared" and isinstance(thing, Halt):
            return compared(value, thing.limit)
        return "-" if value is None else UNITS[self.unit](value)


def _cash(amount: Decimal | float) -> str:
    return money(amount if isinstance(amount, Decimal) else cents(amount))


UNITS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "texts": ", ".join,
    "day": date.isoformat,
    "digits": lambda text: text[:16],
    "year": str,
    "count": "{:,}".format,
    "percent": percent,
    "percent, fine": lambda value: percent(value, 2),
    "ratio": ratio,
    "span": span,
    "compared": percent,
    "money": _cash,
    "paid": lambda amount: _cash(-amount),
}
"""How a value of each unit is written; `paid` is money that is shown as what it took."""

TEXTUAL = ("text", "texts", "day", "digits")
"""Units that are read from the left; all others are numbers."""


def heads(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the heads of columns."""
    return tuple(line.head for line in lines)


def texts(lines: Sequence[Line]) -> int:
    """Return how many of the first columns are text."""
    return next((i for i, line in enumerate(lines) if line.unit not in TEXTUAL), len(lines))


def cells(lines: Sequence[Line], thing: Any) -> tuple[str, ...]:
    """Return a row."""
    return tuple(line.cell(thing) for line in lines)
