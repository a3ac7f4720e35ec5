"""One seed, from its market to its end: a heap of instants drives the very agent that trades."""

from __future__ import annotations

import heapq
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.engine.known import opening_of
from tradewright.engine.walk import Walk
from tradewright.execute.budget import Budget
from tradewright.execute.faults import Dice, swarm
from tradewright.execute.news import Report
from tradewright.execute.venue import SimulatedVenue
from tradewright.execute.wire import Wire
from tradewright.ledger.entry import Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live import events, session
from tradewright.live.account import Account
from tradewright.live.core import LIVE, Agent
from tradewright.live.outlook import Ahead, RowByRow
from tradewright.live.replay import Replay
from tradewright.simtest import market
from tradewright.simtest.deaths import DiedError, is_synced, may_die
from tradewright.simtest.invariants import Invariants
from tradewright.simtest.lateness import LATE_DIVIDENDS, lateness
from tradewright.simtest.restarts import Restarts
from tradewright.simtest.wishes import RULE_SETS, fused, wishes
from tradewright.values.bars import utc
from tradewright.values.exact import exact
from tradewright.values.snapshot import Quote, Snapshot
from tradewright.values.venue import Dividends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from tradewright.execute.wire import Heard
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.sessions import Sessions

VENUE, LEDGER = "simulated", "simtest"
SECOND = timedelta(seconds=1)
LOOK_EVERY = timedelta(minutes=15)
BUDGETS = ((200.0, 10.0), (200.0, 10.0), (200.0, 10.0), (30.0, 0.3))
"""Calls that venues allow, at once and a second; seeds take turns."""
HEALING = timedelta(minutes=5)
"""How long a session's end is waited for, once faults have stopped."""
ANSWERS_AFTER = 2 * SECOND
"""How long an optimizer thinks that is asked between close and decision."""


@attrs.frozen(kw_only=True)
class Case:
    """What a seed plays.

    Attributes:
        seed: Of everything.
        days: Sessions.
        rates: Of each fault that is on.
        rule_set: One of `wishes.RULE_SETS`.
        ahead: Whether all rows are prepared at once, or each when it comes, as by an agent that knows no later one.
    """

    seed: int
    days: int
    rates: Mapping[str, float]
    rule_set: str
    ahead: bool = True


def case_of(seed: int, days: int, names: Iterable[str] | None = None, *, ahead: bool = True) -> Case:
    """Return what a seed plays: some faults of its own choice, or those that are named."""
    rates = swarm(Random(f"swarm {seed}"), names)  # noqa: S311  # chance, not secrets
    return Case(seed=seed, days=days, rates=rates, rule_set=RULE_SETS[seed % len(RULE_SETS)], ahead=ahead)


class World(Restarts):
    """A market, a venue, an agent, and the time that they share.

    Args:
        case: What is played.
        calendar: Sessions of the exchange.
        folder: Where compiled rules are kept.

    Attributes:
        agent: It; another one after each death.
        store: What it has written down.
        invariants: The watch over it.
        starts: How often the agent was started again.
        person: How often a person has ended or taken over something.
        orders: Orders that have reached the venue.
        sessions: Sessions played, and those with at least one fill.
    """

    def __init__(self, case: Case, calendar: Sessions, folder: Path | None) -> None:
        super().__init__()
        random = Random(case.seed)  # noqa: S311  # likewise
        self.sentence: Any = None  # It stands in for a `Sentence`, of which an agent needs little.
        self.case, self.dice = case, Dice(case.rates, random)
        bars, self._start = market.make(calendar, case.days, self.dice)
        self.bars, self._heard, self._wrong = market.spoil(bars, self._start, self.dice)
        self.rules = fused(case.rule_set, folder)
        self.sentence = wishes(case.rule_set, self.bars, random)
        self._outlook = self._outlook_of(case)
        costs = self.sentence.engine_settings(self.bars, self.rules, 252)
        names = [book.name for book in self.sentence.books]
        walk = Walk(
            self.rules, costs._replace(cash_rate=0.0, borrow_rate=0.0), self._outlook.known(), self.sentence.capital
        )
        self.venue = SimulatedVenue(VENUE, "USD", costs, walk.assets, self.bars.symbols, names)
        pays = Dividends.AT_ONCE
        if self.dice.plays(LATE_DIVIDENDS):
            pays, self.venue.postpone = Dividends.LATER, lateness(case.seed, calendar, lambda: self.now)
        account = Account(VENUE, "USD", names, self.bars.symbols, walk.assets.multiplier, dividends=pays)
        self.now = utc(self.bars.opened_at[self._start]) - timedelta(minutes=1)
        size, per_second = BUDGETS[case.seed % len(BUDGETS)]
        budget = Budget(size=size, per_second=per_second)
        self.agent = Agent(*(LEDGER, LIVE, walk, account, self.now), budget=budget, look_every=LOOK_EVERY)
        self.store = MemoryStore()
        self.invariants = Invariants(self.agent, self.venue, self.store, shorts=case.rule_set == "shorts")
        self.wire = Wire(self.venue, self.dice, self._arrived)
        self.orders = 0
        self.sessions = [0, 0]
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._n = 0
        self._opened = self._decided = self._start - 1
        self._asked_at = self._ticked_at = self.now
        self._fills_before = 0
        self._doers: dict[type, Callable[[Any], None]] = {
            events.Commit: self._commit,
            events.Prepare: lambda action: self._hear(self._outlook.prepare(action.row)),
            events.Ask: self._ask,
            events.Submit: self._submit,
            events.Cancel: self._call(lambda action: self.wire.cancel(action.id, self.now)),
            events.Query: self._call(lambda action: self.wire.query(action.id, self.now)),
            events.Look: self._call(lambda action: self.wire.look(action.since, self.now)),
            events.Fund: lambda action: self.venue.fund(action.strategy, action.cash, action.name),
            events.Decided: lambda _: self.store.sync(),
        }
        told = session.describe(self.bars, 252, {}, {}) | {"ahead": case.ahead}
        self.dice.is_healed = True  # Nothing strikes before the first row.
        self._do(self.agent.start(self.now, told, self.bars.until(self._start)))

    def _outlook_of(self, case: Case) -> Outlook:
        if case.ahead:
            return Ahead(self.sentence, self.rules, self._heard, self._start)
        return RowByRow(self.sentence, self.rules, self._heard.until(self._start))

    # ---- time ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Play every session.

        Raises:
            BrokenError: An invariant does not hold.
        """
        self._open(self._start)
        while self._heap:
            try:
                self._step()
            except DiedError as death:
                self._die(death.fault)
        self._replay()

    def _replay(self) -> None:
        """Let the ledger be lived again: it must lead to the same entries, and so to the same state."""
        replayed = Replay(self.store, self.sentence, self.rules).run()
        self.invariants.replayed("" if replayed.difference is None else str(replayed.difference))

    def _step(self) -> None:
        """Go to the next instant at which something is due."""
        wake = None if self._is_down else self.agent.wake_at(self.now)
        wake = None if wake is None else max(wake, self._ticked_at + SECOND)
        wire = self.wire.next_at
        at = min(one for one in (self._heap[0][0], wake, wire) if one is not None)
        self.now = max(self.now, at)
        if wire is not None and wire <= at:
            for heard in self.wire.play(self.now):
                if not self._is_down:
                    self._hear(_event(heard))
        elif wake is not None and wake <= at:
            self._ticked_at = self.now
            self._hear(events.Tick())
        else:
            heapq.heappop(self._heap)[2]()

    def _at(self, at: datetime, call: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._heap, (max(at, self.now), self._n, call))

    def _later(self, at: datetime, call: Callable[[], None]) -> None:
        """Call at an instant, unless the agent that it is meant for has died by then."""
        life = self._life
        self._at(at, lambda: call() if life == self._life else None)

    # ---- a row ---------------------------------------------------------------------------------------------

    def _open(self, bar: int) -> None:
        opened, closed = utc(self.bars.opened_at[bar]), utc(self.bars.closed_at[bar])
        self._at(opened, lambda: self._begin(bar))
        self._at(opened + (closed - opened) * self.dice.random.uniform(0.1, 0.9), lambda: self.wire.happen(self.now))
        self._at(closed - SECOND, lambda: self._match(bar))
        if bar + 1 < self.bars.n_bars and not self.bars.session_ends[bar]:
            self._at(closed, lambda: self._open(bar + 1))

    def _begin(self, bar: int) -> None:
        self.dice.is_healed = False
        self.venue.pay_promised(self.now)
        self.venue.begin(opening_of(self.bars, bar).assets, self._row(bar))
        self.venue.price(self.now)
        self.wire.collect(self.now)
        self._opened = bar
        if not self._is_down:
            self._later(self.now + SECOND, lambda: self._tell_opening(bar))

    def _tell_opening(self, bar: int) -> None:
        """Tell the agent of a row once it has decided on the one before."""
        if self._decided < bar - 1:
            self._later(self.now + SECOND, lambda: self._tell_opening(bar))
            return
        self._hear(events.BarOpened(opening_of(self.bars, bar)))
        self._tell_prices(bar)

    def _tell_prices(self, bar: int) -> None:
        """Tell the first prices of a row while they last, however late, and the row once it is complete."""
        row, closed = self._row(bar), utc(self.bars.closed_at[bar])
        if self.now < closed - 2 * SECOND:
            self._hear(events.Quoted({symbol: self.wire.quote(quote) for symbol, quote in self._quotes(row)}))
        self._later(closed + SECOND, lambda: self._tell_row(bar))

    def _tell_row(self, bar: int) -> None:
        """Tell the agent of a row, as wrong as it comes; now and then an old one comes again."""
        row = self._heard.between(bar, bar + 1)
        self._hear(events.RowArrived(self._wrong.get(bar, row)))
        if self.dice.strikes("F28"):
            again = max(self._start, bar - self.dice.random.randint(0, 2))
            old = events.RowArrived(self._heard.between(again, again + 1))
            self._later(self.now + self.dice.random.uniform(0.0, 60.0) * SECOND, lambda: self._hear(old))

    def _quotes(self, row: Any) -> Iterable[tuple[str, Quote]]:
        for column in np.flatnonzero(row.traded[0]):
            symbol, price = row.symbols[column], exact(row.open[0, column])
            yield (
                symbol,
                Quote(venue=VENUE, symbol=symbol, event_at=self.now, available_at=self.now, bid=price, ask=price),
            )

    def _match(self, bar: int) -> None:
        self.venue.match(self.now)
        self.venue.close(self.now)
        self.wire.collect(self.now)
        if self.bars.session_ends[bar]:
            self._at(utc(self.bars.closed_at[bar]) + timedelta(minutes=2), self._heal)
            self._at(utc(self.bars.closed_at[bar]) + timedelta(minutes=2) + HEALING, lambda: self._end_session(bar))

    def _heal(self) -> None:
        """Let faults rest, have an agent that is down started, and the account compared."""
        self.dice.is_healed = True
        self._put_right()
        self._start_again()
        self.agent.watch.look(self.now)

    def _end_session(self, bar: int) -> None:
        self.invariants.settled()
        self.store.sync()
        fills = len(self.venue.told.fills)
        self.sessions[0] += 1
        self.sessions[1] += fills > self._fills_before
        self._fills_before = fills
        if bar + 1 < self.bars.n_bars:
            self._open(bar + 1)

    def _row(self, bar: int) -> Any:
        return self.bars.between(bar, bar + 1)

    # ---- the agent -----------------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        self.invariants.heard(event, self.now)
        self._do(self.agent.handle(event, self.now))
        self.invariants.after()
        self._call_a_person()

    def _do(self, actions: Iterable[Action]) -> None:
        before = None
        for action in actions:
            may_die(self.dice, before, action)
            self._doers[type(action)](action)
            before = action
        if isinstance(before, events.Submit):
            may_die(self.dice, before, None)

    def _call(self, call: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(action: Any) -> None:
            self.invariants.called(self.now)
            call(action)

        return counted

    def _commit(self, action: events.Commit) -> None:
        head = self.store.append(action.drafts, sync=is_synced(action))
        self._heads.append(head)
        self._decided += sum(draft.kind is Kind.DECISION for draft in action.drafts)

    def _submit(self, action: events.Submit) -> None:
        self.store.sync()
        self.invariants.called(self.now)
        self.invariants.submitted(action.order, self.now)
        self.wire.submit(action.order, self.now)

    def _arrived(self, order: Any, now: datetime) -> None:
        self.orders += 1
        self.invariants.arrived(order, now)

    def _ask(self, action: events.Ask) -> None:
        """Answer after a while, so that the venue can speak between close and decision."""
        answer = self._outlook.ask(action.book, action.held)
        self._later(self.now + ANSWERS_AFTER, lambda: self._hear(answer))


def _event(heard: Heard) -> Event:
    """Return what is heard as the agent is told it."""
    if heard is None or isinstance(heard, Snapshot):
        return events.SnapshotTaken(heard)
    if isinstance(heard, Report):
        return heard
    return heard
