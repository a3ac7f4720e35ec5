"""The words and the table of what the limits cost and saved: a run beside the same file without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.reports.lines import Line
from tradewright.reports.tables import FIGURES
from tradewright.reports.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.reports.tree.comparison import WithoutLimits
    from tradewright.reports.tree.report import Report

COLUMNS = ("", "with limits\nnet", "without limits\nnet")

OUTCOMES = (
    Line("Largest weight", "percent", "largest_weight"),
    Line("Worst day", "percent, fine", "worst_day"),
    Line("  on", "day", "worst_on"),
)
"""Of all days, whatever halted the run; the figures above are of the period that each play has."""

_UNTIL = Line("Last session", "day", "last_on")


def rows(report: Report, other: WithoutLimits) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of the table: the figures of the run and of the play without limits."""
    if report.period != other.period:
        yield (_UNTIL.head, _UNTIL.cell(report.period), _UNTIL.cell(other.period))
    for line in FIGURES:
        yield (line.head, line.cell(report.net), line.cell(other.net))
    for line in OUTCOMES:
        yield (line.head, line.cell(other.outcomes.with_limits), line.cell(other.outcomes.without_limits))


def verdict(report: Report, other: WithoutLimits) -> str:
    """Say what the limits cost or saved over the same days, in points that a reader can subtract."""
    ours, theirs = other.outcomes.with_limits, other.outcomes.without_limits
    returned = _points(ours.total_return) - _points(theirs.total_return)
    spared = _points(theirs.max_drawdown) - _points(ours.max_drawdown)
    waited = ""
    if report.period != other.period:
        waited = f" With limits it waited for a person after {report.period.last_on}, where a halt ended its trading."
    return (
        f"Over the same days, {other.period.first_on} to {other.period.last_on}, the account returned"
        f" {percent(ours.total_return)} with limits and {percent(theirs.total_return)} without them, and fell by at"
        f" most {percent(ours.max_drawdown)} and {percent(theirs.max_drawdown)}: the limits {_said(returned)} of"
        f" return and {_said(spared)} of drawdown.{waited}"
    )


def left_out(other: WithoutLimits) -> str:
    """Name what the play without limits had not."""
    return f"Left out: {', '.join(other.left_out)}."


def _points(value: float) -> float:
    return round(100.0 * value, 1)


def _said(points: float) -> str:
    """Write a difference as what it cost or saved.

    >>> _said(2.5), _said(-0.1), _said(0.0)
    ('saved 2.5 points', 'cost 0.1 points', 'changed 0.0 points')
    """
    verb = "saved" if points > 0.0 else "cost" if points < 0.0 else "changed"
    return f"{verb} {abs(points):,.1f} points"
