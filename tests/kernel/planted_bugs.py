"""Bugs that have lost money elsewhere, each as a patch of the real agent; the simulation has to find every one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from tradewright.data import quality
from tradewright.execute import gate, orders, positions
from tradewright.execute.budget import Budget
from tradewright.execute.clock import Clock
from tradewright.execute.faults import named
from tradewright.execute.news import Report, Word
from tradewright.execute.positions import Holdings
from tradewright.execute.refusals import Refusals
from tradewright.execute.state import OrderState
from tradewright.execute.working import Working
from tradewright.live import doubtful, recovery
from tradewright.live.core import Agent
from tradewright.live.events import Cancel, Commit, Query, Submit
from tradewright.live.listener import Row
from tradewright.live.watch import Watch
from tradewright.simtest.world import Case, case_of
from tradewright.values.order import Status
from tradewright.values.snapshot import Quote

Patch = Callable[[pytest.MonkeyPatch], None]


def blind_retry(patch: pytest.MonkeyPatch) -> None:
    """A submit without an answer is sent again."""
    handle = Agent.handle

    def again(agent: Agent, event: Any, now: Any) -> Any:
        actions = handle(agent, event, now)
        if isinstance(event, Report) and event.news.word is Word.UNANSWERED:
            actions = [*actions, Submit(agent.working.states[event.id].order)]
        return actions

    patch.setattr(Agent, "handle", again)


def submit_before_intent(patch: pytest.MonkeyPatch) -> None:
    """Orders leave before they are written down."""
    handle = Agent.handle

    def hasty(agent: Agent, event: Any, now: Any) -> Any:
        return sorted(handle(agent, event, now), key=lambda action: not isinstance(action, Submit))

    patch.setattr(Agent, "handle", hasty)


def no_deduplication(patch: pytest.MonkeyPatch) -> None:
    """A fill that comes twice is booked twice."""
    take, book = orders.take, Holdings.book

    def forgetful(state: OrderState, fill: Any) -> Any:
        return take(attrs.evolve(state, executions=frozenset()), fill)

    def booked(held: Holdings, one: Any) -> bool:
        held.executions.clear()
        return book(held, one)

    patch.setattr(orders, "take", forgetful)
    patch.setattr(Holdings, "book", booked)


def timeout_as_refusal(patch: pytest.MonkeyPatch) -> None:
    """A submit without an answer counts as refused."""
    patch.setitem(orders.NEXT, Word.UNANSWERED, orders.NEXT[Word.REFUSED])  # type: ignore[arg-type]  # a dict


def late_refusal_is_final(patch: pytest.MonkeyPatch) -> None:
    """A refusal after an answer that was lost ends the order."""
    ends = dict.fromkeys((Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.WORKING), Status.REJECTED)
    patch.setitem(orders.NEXT, Word.REFUSED, ends)  # type: ignore[arg-type]  # a dict


def absence_is_a_cancel(patch: pytest.MonkeyPatch) -> None:
    """An order that the venue does not know yet counts as cancelled."""
    patch.setitem(orders.NEXT, Word.ABSENT, dict.fromkeys((Status.UNKNOWN, Status.WORKING), Status.CANCELLED))  # type: ignore[arg-type]  # a dict


def no_grace(patch: pytest.MonkeyPatch) -> None:
    """An order is given up at the second absence, however young it is."""
    patch.setattr(OrderState, "counts_from", lambda state, grace=None: state.since)


def decides_on_later_fills(patch: pytest.MonkeyPatch) -> None:
    """A fill that comes between close and decision is applied there."""

    def at_once(agent: Agent, event: Any, now: Any) -> Any:
        return agent.watch.admit(agent._handlers[type(event)](event, now), now)

    patch.setattr(Agent, "handle", at_once)


def no_reconciliation(patch: pytest.MonkeyPatch) -> None:
    """Snapshots are not read."""
    read = Watch.read
    patch.setattr(Watch, "read", lambda watch, seen, nav, now: read(watch, None, nav, now))


def unknown_does_not_block(patch: pytest.MonkeyPatch) -> None:
    """An order of which nothing is known does not hold its symbol back."""
    patch.setattr(OrderState, "blocks", property(lambda state: state.disputed))


def open_orders_bind_nothing(patch: pytest.MonkeyPatch) -> None:
    """Money that orders on their way may take is spent again."""
    patch.setattr(Working, "bound", lambda working, strategy: -1e6)


def missing_fills_bind_nothing(patch: pytest.MonkeyPatch) -> None:
    """Money is spent again that a fill has taken which the venue counts and which has not come."""
    patch.setattr(Watch, "bound", lambda watch, strategy: 0.0)


def sells_beside_a_stop(patch: pytest.MonkeyPatch) -> None:
    """An exit is sent while the position's stop stands."""
    patch.setattr(Agent, "_is_guarded", lambda agent, wanted, submits: False)


def late_fills_are_dropped(patch: pytest.MonkeyPatch) -> None:
    """A fill that comes after its order has ended is not booked."""
    take = orders.take
    patch.setattr(orders, "take", lambda state, fill: (state, ()) if state.is_final else take(state, fill))


def busts_are_dropped(patch: pytest.MonkeyPatch) -> None:
    """What the venue takes back stays booked."""
    patch.setattr(orders, "take_back", lambda state, fill, reversal: (state, ()))


def leaves_no_venue_alone(patch: pytest.MonkeyPatch) -> None:
    """Retry-After is not kept."""
    patch.setattr(Budget, "spend", lambda budget, use, now: budget)
    patch.setattr(Budget, "allows", lambda budget, use, now: True)


def trades_on_any_quote(patch: pytest.MonkeyPatch) -> None:
    """A crossed quote is a price."""
    patch.setattr(Quote, "is_sound", property(lambda quote: quote.bid is not None and quote.ask is not None))


def asks_without_pause(patch: pytest.MonkeyPatch) -> None:
    """An order that the venue does not know is asked for again at once."""
    handle = Agent.handle

    def restless(agent: Agent, event: Any, now: Any) -> Any:
        actions = handle(agent, event, now)
        if isinstance(event, Report) and event.news.word is Word.ABSENT and len(actions) < 3:
            actions = [*actions, Query(event.id), Query(event.id)]
        return actions

    patch.setattr(Agent, "handle", restless)


def forgets_to_commit_fills(patch: pytest.MonkeyPatch) -> None:
    """Fills are booked and not written down."""
    handle = Agent.handle

    def careless(agent: Agent, event: Any, now: Any) -> Any:
        actions = handle(agent, event, now)
        is_fill = isinstance(event, Report) and event.news.word is Word.FILL
        return [one for one in actions if not (is_fill and isinstance(one, Commit))]

    patch.setattr(Agent, "handle", careless)


def trades_on_fat_tick(patch: pytest.MonkeyPatch) -> None:
    """Units are added at any price."""
    patch.setattr(gate, "is_far", lambda wanted, price, walk, collar: False)


def walks_bad_rows(patch: pytest.MonkeyPatch) -> None:
    """A row is believed whatever it says."""
    patch.setattr(quality, "marked", lambda bars: (bars, ()))


def walks_a_row_twice(patch: pytest.MonkeyPatch) -> None:
    """A row that comes again is the next one."""
    patch.setattr(Row, "awaits", lambda row, closed_at, decided_at: True)


def ignores_skew(patch: pytest.MonkeyPatch) -> None:
    """The venue's clock is believed."""
    patch.setattr(Clock, "measured", lambda clock, offset: clock)


def keeps_sending_after_rejects(patch: pytest.MonkeyPatch) -> None:
    """Refusals are not counted."""
    patch.setattr(Refusals, "count", lambda refusals, strategy, reason: False)


def ignores_changed_execution(patch: pytest.MonkeyPatch) -> None:
    """An execution that comes again is not compared with what was booked."""
    patch.setattr(doubtful, "doubt_execution", lambda booked, said: "")


def no_reconcile_at_start(patch: pytest.MonkeyPatch) -> None:
    """A restart trusts its ledger, and compares the account when it is time anyway."""
    patch.setattr(Watch, "restart", lambda watch, now: None)


def resends_at_start(patch: pytest.MonkeyPatch) -> None:
    """What may have been sent before a restart is sent again."""
    patch.setattr(
        recovery, "_again", lambda handed: [one for one in handed if isinstance(one, Cancel | Query | Submit)]
    )


def sends_late_at_start(patch: pytest.MonkeyPatch) -> None:
    """What was decided before a restart and not sent is sent after it, on a price of then."""

    def late(agent: Agent, undone: Any, now: Any) -> list[Any]:
        return [one for one in undone if isinstance(one, Submit)]

    patch.setattr(recovery, "_settle_what_was_intended", late)


def forgets_unknown_at_start(patch: pytest.MonkeyPatch) -> None:
    """An order that may have been sent before a restart counts as refused."""
    settle = recovery._settle_what_was_intended

    def forgetful(agent: Agent, undone: Any, now: Any) -> list[Any]:
        states = agent.working.states.values()
        sent = [one.order for one in states if one.status in recovery.NOT_SENT]
        return settle(agent, tuple(map(Submit, sent)), now)

    patch.setattr(recovery, "_settle_what_was_intended", forgetful)


def halt_not_latched_over_restart(patch: pytest.MonkeyPatch) -> None:
    """A freeze and what is blocked are forgotten by a restart."""
    restart = Watch.restart

    def carefree(watch: Watch, now: Any) -> None:
        restart(watch, now)
        watch.freeze, watch.blocked = "", {}

    patch.setattr(Watch, "restart", carefree)


def adopts_without_a_person(patch: pytest.MonkeyPatch) -> None:
    """What the venue holds and nobody has booked is taken over at once."""
    take = Agent._take_strange

    def generous(agent: Agent, fill: Any, now: Any) -> Any:
        actions = take(agent, fill, now)
        agent.watch.adopt(fill.symbol)
        return actions

    patch.setattr(Agent, "_take_strange", generous)


def books_dividends_twice(patch: pytest.MonkeyPatch) -> None:
    """A dividend that the venue pays later is booked once more, and stays owed."""
    patch.setattr(positions, "pay", lambda owed, symbol, currency, cash: (owed, cash))


BUGS: dict[Patch, tuple[str, Sequence[int]]] = {
    blind_retry: ("F5", range(4)),
    submit_before_intent: ("none", range(1)),
    no_deduplication: ("F8", range(1)),
    timeout_as_refusal: ("F5", range(4)),
    late_refusal_is_final: ("F7", range(4)),
    absence_is_a_cancel: ("F6", range(4)),
    no_grace: ("F6", range(4)),
    decides_on_later_fills: ("F6,F9,F10", range(6)),
    no_reconciliation: ("F10", range(10, 12)),
    unknown_does_not_block: ("F5,F6", range(4, 6)),
    open_orders_bind_nothing: ("none", range(9, 10)),
    missing_fills_bind_nothing: ("F5,F10", range(51, 52)),
    late_fills_are_dropped: ("F9", range(2)),
    busts_are_dropped: ("F13", range(10, 12)),
    leaves_no_venue_alone: ("F14", range(3)),
    trades_on_any_quote: ("F25", range(5)),
    asks_without_pause: ("F6", range(3)),
    forgets_to_commit_fills: ("none", range(1)),
    trades_on_fat_tick: ("F27", range(4)),
    walks_bad_rows: ("F26", range(2)),
    walks_a_row_twice: ("F28", range(2)),
    ignores_skew: ("F20", range(4, 7)),
    keeps_sending_after_rejects: ("F23", range(1, 3)),
    ignores_changed_execution: ("F8", range(10, 11)),
    no_reconcile_at_start: ("F44", range(4, 6)),
    resends_at_start: ("F2,F3", range(4, 6)),
    sends_late_at_start: ("F1", range(4, 6)),
    forgets_unknown_at_start: ("F3", range(4)),
    halt_not_latched_over_restart: ("F2,F50", range(7, 9)),
    adopts_without_a_person: ("F50", range(4)),
    books_dividends_twice: ("F30", range(4)),
}
"""Each bug with the faults that bring it out, and the seeds of which one has to find it within `DAYS`, else two."""

DAYS: dict[Patch, int] = {books_dividends_twice: 3}
"""How many days a bug takes: a dividend of the second day is paid on the third."""

OFTEN: dict[Patch, float] = {
    missing_fills_bind_nothing: 5.0,
    no_reconcile_at_start: 10.0,
    sends_late_at_start: 10.0,
    halt_not_latched_over_restart: 20.0,
    adopts_without_a_person: 20.0,
}
"""How many times as often as usual their faults strike, for bugs that two rare things together bring out."""


def case_with(bug: Patch, seed: int, faults: str) -> Case:
    """Return the days of a seed in which a bug is looked for."""
    case, times = case_of(seed, DAYS.get(bug, 2), named(faults)), OFTEN.get(bug, 1.0)
    return attrs.evolve(case, rates={name: min(1.0, times * rate) for name, rate in case.rates.items()})
