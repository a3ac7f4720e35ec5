"""What safety cost: the same file played without its limits, beside the run."""

from __future__ import annotations

from datetime import date  # noqa: TC003  # cattrs reads the annotations at run time

import attrs

from tradewright.reports.tree.part import Part  # likewise

NOTICE = "COMPARISON: the column without limits breaks the mission's limits; nobody may trade it."
"""What every reader of a comparison is told first."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What the account came to from the first session to the last of the prices, whatever halted it on the way.

    Attributes:
        total_return: Of NAV, a fraction.
        max_drawdown: Largest fall of NAV from a peak, at session closes, a fraction >= 0.
        worst_day: Lowest return of a session, a fraction; above 0 when none lost.
        worst_on: That session.
        largest_weight: Largest absolute weight of any position at any close, a fraction of its book's equity.
    """

    total_return: float
    max_drawdown: float
    worst_day: float
    worst_on: date
    largest_weight: float


@attrs.frozen(kw_only=True)
class Outcomes:
    """Both plays over the same days."""

    with_limits: Outcome
    without_limits: Outcome


@attrs.frozen(kw_only=True)
class WithoutLimits(Part):
    """The figures of a play without rules, to the end of the prices; no rule, no halt.

    Attributes:
        notice: That nobody may trade it.
        left_out: Names of the rules and checks that the run had and this play had not.
        outcomes: Of this play and of the run over the same days, where the run's figures may end at a halt.
    """

    notice: str
    left_out: tuple[str, ...]
    outcomes: Outcomes
