"""What happened once in a while: halts and who lifted them, capital steps, cuts by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.log import GRANTED, HALTED, LIFTED
from tradewright.risk.contract import FLATTEN, FREEZE, LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tradewright.engine.state import Table
    from tradewright.sentence.record import Record

ACCOUNT = "account"
"""What the row of all books together is called."""


@attrs.frozen(kw_only=True)
class HaltRow:
    """One halt.

    Attributes:
        kind: Name of the rule.
        level: `reduce_only`, `flatten` or `freeze`.
        book: Name of the book, or `account`.
        row: Row of the trace.
        bar: Bar whose close it was decided on.
        at: That close, UTC.
        on: The bar's session; a bar of a session may close on another day.
        observed: What was compared: a fraction, or beyond a limit of 1 a ratio; see `risk.contract.Halt`.
        limit: What it was compared with.
        latched: Whether only a person lifts it.
        lifted_at: When it ended, UTC; None when it stands.
        lifted_on: That session.
    """

    kind: str
    level: str
    book: str
    row: int
    bar: int
    at: np.datetime64
    on: date
    observed: float
    limit: float
    latched: bool
    lifted_at: np.datetime64 | None
    lifted_on: date | None

    @property
    def stands(self) -> bool:
        """Whether a person would still have to lift it."""
        return self.latched and self.lifted_at is None

    @property
    def ends_trading(self) -> bool:
        """Whether nothing is at risk by the rules any more: all was sold, or nothing may be ordered."""
        return self.stands and self.level in (LEVELS[FLATTEN], LEVELS[FREEZE])


@attrs.frozen(kw_only=True)
class StepRow:
    """One step of capital.

    Attributes:
        on: Session at whose close it was granted.
        amount: In currency.
        gain: Growth of NAV since the step before, a fraction.
    """

    on: date
    amount: float
    gain: float


@attrs.frozen(kw_only=True)
class RuleRow:
    """What one rule did.

    Attributes:
        name: The rule.
        cuts: How often it lowered a target.
        bars_bound: On how many bars.
        notional_cut: Sum over all cuts, in currency; a target cut on ten bars counts ten times.
        held_back: Mean over those bars of what was cut, a fraction of the account's equity; None without a cut.
        first_at: Close of the first such bar, UTC, None when there is none.
        last_at: Close of the last.
        first_on: Session of the first.
        last_on: Session of the last.
    """

    name: str
    cuts: int
    bars_bound: int
    notional_cut: float
    held_back: float | None
    first_at: np.datetime64 | None
    last_at: np.datetime64 | None
    first_on: date | None
    last_on: date | None


def halts(ran: Record) -> tuple[HaltRow, ...]:
    """Return every halt in its order."""
    events = ran.trace.events
    names = (*ran.books, ACCOUNT)
    return tuple(
        HaltRow(
            kind=ran.rules[event.rule][0],
            level=LEVELS[event.level],
            book=names[event.row],
            row=int(event.row),
            bar=int(event.bar),
            at=ran.bars.closed_at[event.bar],
            on=session_of(ran, int(event.bar)),
            observed=float(event.observed),
            limit=float(event.limit),
            latched=ran.rules[event.rule][1].latched,
            lifted_at=None if lifted is None else ran.bars.opened_at[lifted],
            lifted_on=None if lifted is None else session_of(ran, lifted),
        )
        for i, event in enumerate(events)
        if event.kind == HALTED
        for lifted in [_lifted(ran, i)]
    )


def session_of(ran: Record, bar: int) -> date:
    """Return the session of a bar: the day that a reader knows it by."""
    on: date = ran.bars.session[bar].astype(object)
    return on


def _lifted(ran: Record, i: int) -> int | None:
    """Return the first bar on which event `i`, a halt, had ended: by a person, or by itself."""
    events, halt = ran.trace.events, ran.trace.events[i]
    if ran.rules[halt.rule][1].latched:
        same = (events.kind == LIFTED) & (events.row == halt.row) & (events.rule == halt.rule)
        same[: i + 1] = False
        bars = events.bar[same]
    else:
        bars = np.flatnonzero(ran.bars.session > ran.bars.session[halt.bar])
    return int(bars[0]) if len(bars) else None


def is_halted(ran: Record, found: tuple[HaltRow, ...]) -> bool:
    """Say whether halts of any level stand over everything: over the account, or in every book."""
    return _covered(ran, [halt for halt in found if halt.stands]) is not None


def end_of_trading(ran: Record, found: tuple[HaltRow, ...]) -> int | None:
    """Return the bar after the session in which standing halts ended all trading, None when they did not.

    A halt of the account ends it, or one halt in every book; one that only forbids to add leaves positions at risk,
    and ends nothing.
    """
    bar = _covered(ran, [halt for halt in found if halt.ends_trading])
    return None if bar is None else session_end(ran, bar)


def _covered(ran: Record, found: list[HaltRow]) -> int | None:
    """Return the first bar from which these halts stand over the account or in every book, None without any."""
    first = {halt.row: halt.bar for halt in reversed(found)}
    account = ran.trace.equity.shape[1] - 1
    ends = [first[account]] if account in first else []
    if all(book in first for book in range(len(ran.books))):
        ends.append(max(first[book] for book in range(len(ran.books))))
    return min(ends) if ends else None


def session_end(ran: Record, bar: int) -> int:
    """Return the bar after the last bar of the session of `bar`."""
    return int(np.searchsorted(ran.bars.session, ran.bars.session[bar], side="right"))


def steps(ran: Record) -> tuple[StepRow, ...]:
    """Return every step of capital."""
    return tuple(
        StepRow(
            on=session_of(ran, int(event.bar)),
            amount=float(event.money),
            gain=float(event.observed),
        )
        for event in ran.trace.events
        if event.kind == GRANTED
    )


def rules(ran: Record) -> Iterator[RuleRow]:
    """Yield what each rule did, in the order in which they are asked."""
    closed_at = ran.bars.closed_at
    names = [name for name, _ in ran.rules] + [name for name, _ in ran.checks]
    for name, counter in zip(names, ran.trace.state.counters, strict=True):
        acted = counter.first >= 0
        yield RuleRow(
            name=name,
            cuts=int(counter.cuts),
            bars_bound=int(counter.bars),
            notional_cut=float(counter.notional),
            held_back=_held_back(ran, counter) if acted else None,
            first_at=closed_at[counter.first] if acted else None,
            last_at=closed_at[counter.last] if acted else None,
            first_on=session_of(ran, int(counter.first)) if acted else None,
            last_on=session_of(ran, int(counter.last)) if acted else None,
        )


def _held_back(ran: Record, counter: Table) -> float | None:
    """Return the mean notional of a bound bar over the mean equity of the bars from the first to the last."""
    equity = float(ran.trace.equity[counter.first : counter.last + 1, -1].mean())
    return float(counter.notional) / int(counter.bars) / equity if equity > 0.0 else None
