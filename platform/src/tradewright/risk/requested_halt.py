"""A halt that somebody or something outside the book asks for (docs/reference/engine.md, 8).

It is fused only where somebody can ask: an agent's walk has it, a backtest not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tradewright.risk.contract import FREEZE, RUNNING, BookView, Halt, TargetRule

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray

NAME = "requested-halt"


class Parameters(NamedTuple):
    """No options; numba wants one field."""

    unused: float = 0.0


def halt_on_request(book: BookView, p: Parameters, memory: FloatArray) -> Halt:  # noqa: ARG001  # every book rule sees the book
    """Return the level that stands in the memory; before the first request it is NaN, which asks for nothing.

    >>> import numpy as np
    >>> book = BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> [halt_on_request(book, Parameters(), np.array([asked])).level for asked in (np.nan, 0.0, 2.0)]
    [0, 0, 2]
    """
    asked = memory[0]
    if not asked >= 1.0:
        return Halt(RUNNING, 1.0, 0.0, 1.0)
    return Halt(min(int(asked), FREEZE), 1.0, 1.0, 1.0)


RULE = TargetRule(phase="book", function=halt_on_request, parameters=Parameters(), memory=1, latched=True)
"""The rule, which has no options."""
