"""When each rule and each check cut, and when trading was halted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.reports.events import rules, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.reports.tree.halts import Halt
    from tradewright.sentence.record import Record


@attrs.frozen(kw_only=True)
class Cut:
    """What one rule cut within one segment of the run.

    Attributes:
        rule: Its name.
        first_on: First session of the segment.
        last_on: Last session of it.
        cuts: How often a target, or an order, was lowered.
        notional: By how much altogether, in currency; a target cut on ten bars counts ten times.
    """

    rule: str
    first_on: np.datetime64
    last_on: np.datetime64
    cuts: int
    notional: float


@attrs.frozen(kw_only=True)
class Mark:
    """One moment on the time line: a halt, its end by a person, or a step of capital."""

    rule: str
    on: np.datetime64
    what: str


@attrs.frozen(kw_only=True)
class Interventions:
    """The time line of the rules, over the whole run.

    Attributes:
        names: Rules and checks that ever did anything, in the order in which they are asked.
        idle: Those that never did.
        cuts: Oldest first.
        marks: Oldest first.
    """

    names: tuple[str, ...]
    idle: tuple[str, ...]
    cuts: tuple[Cut, ...]
    marks: tuple[Mark, ...]


CAPITAL = "capital"
"""The row of the time line that shows the steps of capital."""


def interventions(ran: Record, halts: Sequence[Halt]) -> Interventions:
    """Return what the rules did, and when, as finely as the trace has noted it."""
    names = [row.name for row in rules(ran)]
    cuts, marks = _cuts(ran, names), _marks(ran, halts)
    acted = {cut.rule for cut in cuts} | {mark.rule for mark in marks}
    shown = (*(name for name in names if name in acted), *((CAPITAL,) if CAPITAL in acted else ()))
    return Interventions(names=shown, idle=tuple(name for name in names if name not in acted), cuts=cuts, marks=marks)


def _cuts(ran: Record, names: Sequence[str]) -> tuple[Cut, ...]:
    session, ends = ran.bars.session, ran.trace.counted
    begins = np.append(ran.start, ends[:-1] + 1)
    cuts = np.diff(ran.trace.counters.cuts, axis=0, prepend=0)
    notional = np.diff(ran.trace.counters.notional, axis=0, prepend=0.0)
    return tuple(
        Cut(
            rule=names[rule],
            first_on=session[begins[i]],
            last_on=session[ends[i]],
            cuts=int(cuts[i, rule]),
            notional=float(notional[i, rule]),
        )
        for i, rule in np.argwhere(cuts > 0)
    )


def _marks(ran: Record, halts: Sequence[Halt]) -> tuple[Mark, ...]:
    found = []
    for halt in halts:
        found.append(Mark(rule=halt.kind, on=np.datetime64(halt.on), what=f"halt of {halt.book}, {halt.level}"))
        if halt.latched and halt.lifted_on is not None:
            found.append(Mark(rule=halt.kind, on=np.datetime64(halt.lifted_on), what=f"halt of {halt.book} lifted"))
    currency = ran.settings.currency
    found += [
        Mark(rule=CAPITAL, on=np.datetime64(step.on), what=f"{step.amount:,.2f} {currency} granted")
        for step in steps(ran)
    ]
    return tuple(sorted(found, key=lambda mark: mark.on))
