"""Positions are cut after a day's loss, and nothing is added; docs/reference/rules/daily-loss.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from tradewright.config.fields import fraction
from tradewright.risk.contract import REDUCING, RUNNING, BookView, Halt, TargetRule

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


@attrs.frozen(kw_only=True)
class DailyLoss:
    """Options of `daily-loss`."""

    # 5 %: mission's limit on the loss of one day.
    limit: float = fraction(
        default=0.05, at_most=0.05, unit="fraction of nav at the previous session's close", doc="loss that fires"
    )
    cut: float = fraction(
        default=0.5,
        at_least=0.5,
        unit="fraction of each position",
        doc="how much of every position is sold, once a session",
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float
    keep: float


def cut_on_daily_loss(book: BookView, p: Parameters, memory: FloatArray) -> Halt:
    """Return REDUCING from the limit on, and the part to keep the first time in a session.

    `memory[0]` is the session of the last cut.

    >>> import numpy as np
    >>> book, memory = BookView(1.0, 0.9375, 1.0, 1.0, 1.0, 0.0, 4), np.array([np.nan])
    >>> [cut_on_daily_loss(book, Parameters(0.05, 0.5), memory).keep for _ in range(2)]
    [0.5, 1.0]
    """
    loss = 1.0 - book.nav / book.day_base
    if loss < p.limit:
        return Halt(RUNNING, 1.0, loss, p.limit)
    keep = 1.0 if memory[0] == book.session else p.keep
    memory[0] = book.session
    return Halt(REDUCING, keep, loss, p.limit)


def make(config: DailyLoss) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="book",
        function=cut_on_daily_loss,
        parameters=Parameters(config.limit, 1.0 - config.cut),
        memory=1,
    )
