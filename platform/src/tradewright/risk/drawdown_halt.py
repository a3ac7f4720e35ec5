"""Everything is sold at a drawdown, until a person lifts it; docs/reference/rules/drawdown-halt.md."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from tradewright.config.fields import fraction
from tradewright.risk.contract import FLATTEN, RUNNING, BookView, Halt, TargetRule


@attrs.frozen(kw_only=True)
class DrawdownHalt:
    """Options of `drawdown-halt`."""

    # 12 %: mission's drawdown halt.
    limit: float = fraction(default=0.12, at_most=0.12, unit="fraction of peak nav", doc="drawdown that halts")


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float


def halt_on_drawdown(book: BookView, p: Parameters) -> Halt:
    """Return FLATTEN once the loss from the peak has reached the limit.

    >>> halt_on_drawdown(BookView(1.0, 0.875, 1.0, 1.0, 1.0, 0.0, 0), Parameters(0.125))
    Halt(level=2, keep=1.0, observed=0.125, limit=0.125)
    """
    drawdown = 1.0 - book.nav / book.peak
    level = RUNNING if drawdown < p.limit else FLATTEN
    return Halt(level, 1.0, drawdown, p.limit)


def make(config: DrawdownHalt) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(phase="book", function=halt_on_drawdown, parameters=Parameters(config.limit), latched=True)
