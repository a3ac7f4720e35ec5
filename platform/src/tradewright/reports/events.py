"""What happened once in a while: halts and who lifted them, capital steps, cuts by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.log import GRANTED, HALTED, LIFTED
from tradewright.risk.contract import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tradewright.backtest import Backtest

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
        observed: The fraction that was compared.
        limit: What it was compared with.
        latched: Whether only a person lifts it.
        lifted_at: When it ended, UTC; None when it stands.
    """

    kind: str
    level: str
    book: str
    row: int
    bar: int
    at: np.datetime64
    observed: float
    limit: float
    latched: bool
    lifted_at: np.datetime64 | None

    @property
    def stands(self) -> bool:
        """Whether a person would still have to lift it."""
        return self.latched and self.lifted_at is None


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
        first_at: Close of the first such bar, UTC, None when there is none.
        last_at: Close of the last.
    """

    name: str
    cuts: int
    bars_bound: int
    notional_cut: float
    first_at: np.datetime64 | None
    last_at: np.datetime64 | None


def halts(ran: Backtest) -> tuple[HaltRow, ...]:
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
            observed=float(event.observed),
            limit=float(event.limit),
            latched=ran.rules[event.rule][1].latched,
            lifted_at=_lifted_at(ran, i),
        )
        for i, event in enumerate(events)
        if event.kind == HALTED
    )


def _lifted_at(ran: Backtest, i: int) -> np.datetime64 | None:
    """Return the start of the session in which event `i`, a halt, had ended: by a person, or by itself."""
    events, halt = ran.trace.events, ran.trace.events[i]
    if ran.rules[halt.rule][1].latched:
        same = (events.kind == LIFTED) & (events.row == halt.row) & (events.rule == halt.rule)
        same[: i + 1] = False
        bars = events.bar[same]
    else:
        bars = np.flatnonzero(ran.bars.session > ran.bars.session[halt.bar])
    return ran.bars.opened_at[bars[0]] if len(bars) else None


def end_of_trading(ran: Backtest, found: tuple[HaltRow, ...]) -> int | None:
    """Return the bar after the session in which standing halts ended all trading, None when they did not.

    A halt of the account ends it, or one halt in every book.
    """
    first = {halt.row: halt.bar for halt in reversed(found) if halt.stands}
    account = ran.trace.curve.shape[1] - 1
    books = [first[book] for book in range(len(ran.books)) if book in first]
    ends = [first[account]] if account in first else []
    if len(books) == len(ran.books):
        ends.append(max(books))
    return session_end(ran, min(ends)) if ends else None


def session_end(ran: Backtest, bar: int) -> int:
    """Return the bar after the last bar of the session of `bar`."""
    return int(np.searchsorted(ran.bars.session, ran.bars.session[bar], side="right"))


def steps(ran: Backtest) -> tuple[StepRow, ...]:
    """Return every step of capital."""
    return tuple(
        StepRow(
            on=ran.bars.session[event.bar].astype(object),
            amount=float(event.money),
            gain=float(event.observed),
        )
        for event in ran.trace.events
        if event.kind == GRANTED
    )


def rules(ran: Backtest) -> Iterator[RuleRow]:
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
            first_at=closed_at[counter.first] if acted else None,
            last_at=closed_at[counter.last] if acted else None,
        )
