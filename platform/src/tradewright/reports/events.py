"""What happened once in a while: halts and who lifted them, capital steps, cuts by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.engine.log import GRANTED, HALTED, LIFTED
from tradewright.reports.accounts import session_closes
from tradewright.reports.plain import instant, money, number
from tradewright.reports.tree.halts import Halt
from tradewright.reports.tree.report import Rule, Step
from tradewright.risk.contract import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tradewright.engine.state import Table
    from tradewright.sentence.record import Record

ACCOUNT = "account"
"""What the row of all books together is called."""


class HaltRow(NamedTuple):
    """A halt, with the row of the trace that it is of and the bar whose close it was decided on."""

    row: int
    bar: int
    said: Halt

    @property
    def ends_trading(self) -> bool:
        """Whether nothing is at risk by the rules any more: all was sold, or nothing may be ordered."""
        return self.said.stands and self.said.level in (Level.FLATTEN.word, Level.FREEZE.word)


def halts(ran: Record) -> tuple[HaltRow, ...]:
    """Return every halt in its order."""
    events = ran.trace.events
    names = (*ran.books, ACCOUNT)
    return tuple(
        HaltRow(
            int(event.row),
            int(event.bar),
            Halt(
                kind=ran.rules[event.rule][0],
                level=Level(event.level).word,
                book=names[event.row],
                at=instant(ran.bars.closed_at[event.bar]),
                on=session_of(ran, int(event.bar)),
                observed=number(event.observed),
                limit=number(event.limit),
                latched=ran.rules[event.rule][1].latched,
                lifted_at=None if lifted is None else instant(ran.bars.opened_at[lifted]),
                lifted_on=None if lifted is None else session_of(ran, lifted),
                cut=None,
            ),
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
    return _covered(ran, [halt for halt in found if halt.said.stands]) is not None


def end_of_trading(ran: Record, found: tuple[HaltRow, ...]) -> tuple[int, int] | None:
    """Return the bars after the session in which standing halts ended all trading, and after the first flat one.

    A halt of the account ends it, or one halt in every book; one that only forbids to add leaves positions at risk,
    and ends nothing.  What a halt sells is still to be sold then; what it freezes is never.

    Returns:
        Both bars, None when no halt ended all trading.
    """
    ending = [halt for halt in found if halt.ends_trading]
    bar = _covered(ran, ending)
    if bar is None:
        return None
    account = ran.trace.equity.shape[1] - 1
    frozen = {halt.row for halt in ending if halt.said.level == Level.FREEZE.word}
    sold = [book for book in range(len(ran.books)) if not {book, account} & frozen]
    return session_end(ran, bar), flat_end(ran, bar, sold)


def flat_end(ran: Record, bar: int, books: list[int]) -> int:
    """Return the bar after the first session, from that of `bar` on, at whose close these books hold nothing.

    Without such a session it is the bar after the last one: what could not be sold is at risk to the end.
    """
    closes = session_closes(ran, ran.bars.n_bars)
    first = int(np.searchsorted(closes, bar))
    flat = np.flatnonzero((ran.trace.curve.gross[first : len(closes), books] == 0.0).all(axis=1))
    return int(closes[first + flat[0]]) + 1 if len(flat) else ran.bars.n_bars


def first_lifted(ran: Record, found: tuple[HaltRow, ...]) -> int | None:
    """Return the bar up to which a run goes whose first lifted halt is not lifted, None without such a halt.

    What that halt sold belongs to it, as far as it was sold before the lift.
    """
    lifted = [halt for halt in found if halt.said.latched and not halt.said.stands]
    if not lifted:
        return None
    halt = lifted[0]
    end = session_end(ran, halt.bar)
    if halt.said.level != Level.FLATTEN.word:
        return end
    account = ran.trace.equity.shape[1] - 1
    books = range(len(ran.books)) if halt.row == account else [halt.row]
    before_lift = int(np.searchsorted(ran.bars.session, np.datetime64(halt.said.lifted_on)))
    return max(end, min(flat_end(ran, halt.bar, list(books)), before_lift))


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


def steps(ran: Record) -> tuple[Step, ...]:
    """Return every step of capital."""
    return tuple(
        Step(on=session_of(ran, int(event.bar)), amount=money(event.money), gain=number(event.observed))
        for event in ran.trace.events
        if event.kind == GRANTED
    )


def rules(ran: Record) -> Iterator[Rule]:
    """Yield what each rule did, in the order in which they are asked."""
    closed_at = ran.bars.closed_at
    names = [name for name, _ in ran.rules] + [name for name, _ in ran.checks]
    for name, counter in zip(names, ran.trace.state.counters, strict=True):
        acted = counter.first >= 0
        yield Rule(
            name=name,
            cuts=int(counter.cuts),
            bars_bound=int(counter.bars),
            notional_cut=money(counter.notional),
            held_back=number(_held_back(ran, counter)) if acted else None,
            first_at=instant(closed_at[counter.first]) if acted else None,
            last_at=instant(closed_at[counter.last]) if acted else None,
            first_on=session_of(ran, int(counter.first)) if acted else None,
            last_on=session_of(ran, int(counter.last)) if acted else None,
        )


def _held_back(ran: Record, counter: Table) -> float | None:
    """Return the mean notional of a bound bar over the mean equity of the bars from the first to the last."""
    equity = float(ran.trace.equity[counter.first : counter.last + 1, -1].mean())
    return float(counter.notional) / int(counter.bars) / equity if equity > 0.0 else None
