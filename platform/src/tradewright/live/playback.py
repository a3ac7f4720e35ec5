"""Play a recording through the agent that trades on paper: its rows, one after the other, at a simulated venue.

What a clock and a network do when it trades alone is done here by one loop: whatever the agent wants is done at once
and in order, and what comes of it is the next event.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.engine.known import opening_of
from tradewright.engine.walk import Walk
from tradewright.execute.news import News, Report, Word
from tradewright.execute.venue import SimulatedVenue
from tradewright.ledger.entry import START
from tradewright.ledger.store import MemoryStore
from tradewright.live import events, halt_file, session
from tradewright.live.account import Account
from tradewright.live.chronicle import Chronicle
from tradewright.live.core import Agent
from tradewright.live.outlook import Ahead, RowByRow
from tradewright.live.recovery import recover
from tradewright.values.bars import utc
from tradewright.values.exact import exact
from tradewright.values.order import Purpose
from tradewright.values.snapshot import Quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tradewright.data.market import Market
    from tradewright.engine.fuse import FusedRules
    from tradewright.ledger.store import Store
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.live.paper_line import PaperLine
    from tradewright.sentence.parts import Sentence
    from tradewright.values.bars import Bars

VENUE = "simulated"
LEDGER = "playback"
"""The name of a recording's ledger: its client ids are the same whenever it is played."""
_SECOND = timedelta(seconds=1)
_TICKS_MAX = 10_000
"""After so many an agent that has started again is not waited for any more: three hours of its time."""


class Playback:
    """A recording, an agent, a venue and a ledger.

    A ledger that holds something is gone on with, from where it ends.

    Args:
        sentence: The components.
        market: The recording.
        fused: The loop with the sentence's rules.
        start: First bar that is traded; earlier ones are known when it begins.
        ahead: Whether to ask the signals once of all rows, instead of at every row: the same orders, and quicker.
        segments: Parts at whose ends it is noted what the rules had cut.
        versions: Of everything that computes; the ledger tells them.
        store: Where the ledger is kept, None for in memory.
        make_venue: Makes the venue, from what `SimulatedVenue` takes.
        is_halted: Says, before each order is handed over, whether none may be but protective stops.

    Attributes:
        agent: The agent.
        outlook: Whom it asks what a row says.
        venue: Where it trades.
        store: What it has written down.
        chronicle: What came of it, since it was started last.
        bar: Next bar to play.
    """

    def __init__(
        self,
        sentence: Sentence,
        market: Market,
        fused: FusedRules,
        start: int,
        *,
        ahead: bool = False,
        segments: int = 1,
        versions: Mapping[str, Any] | None = None,
        store: Store | None = None,
        make_venue: Callable[..., SimulatedVenue | PaperLine] = SimulatedVenue,
        is_halted: Callable[[], bool] = halt_file.never,
    ) -> None:
        bars, names = market.bars, [book.name for book in sentence.books]
        costs = sentence.engine_settings(bars, fused, market.sessions_per_year)
        self.bar, self._bars, self._at_close = start, bars, costs.at_close
        self.store = MemoryStore() if store is None else store
        self.outlook: Outlook = (
            Ahead(sentence, fused, bars, start) if ahead else RowByRow(sentence, fused, bars.until(start))
        )
        known, currency = self.outlook.known(), sentence.settings.currency
        self.venue = make_venue(VENUE, currency, costs, known.tape.assets, bars.symbols, names)
        self._now = utc(bars.opened_at[start] if start < bars.n_bars else bars.closed_at[-1])
        self._events: deque[Event] = deque()
        self._told: set[type] = set()
        self._starts_again, self._is_halted = False, is_halted
        self._doers: dict[type, Callable[[Any], None]] = {
            events.Commit: self._commit,
            events.Submit: self._submit,
            events.Cancel: lambda action: self.venue.cancel(action.id, self._now),
            events.Query: lambda action: self.venue.query(action.id),
            events.Look: self._look,
            events.Fund: lambda action: self.venue.fund(action.strategy, action.cash, action.name),
            events.Prepare: self._prepare,
            events.Ask: self._ask,
            events.Decided: self._note,
        }
        if self.store.head != START:
            self._go_on(sentence, fused, segments)
            return
        # Interest and borrow are the venue's to post.
        walk = Walk(fused, costs._replace(cash_rate=0.0, borrow_rate=0.0), known, sentence.capital)
        account = Account(VENUE, currency, names, bars.symbols, walk.assets.multiplier)
        self.chronicle = Chronicle(bars.n_bars, start, walk.state, segments)
        self.agent = Agent(LEDGER, "paper", walk, account, self._now)
        told = session.describe(bars, market.sessions_per_year, versions or {}, sentence.settings.as_table())
        told |= {"ahead": ahead, "symbols": {book.name: list(book.symbols) for book in sentence.books}}
        self._do(self.agent.start(self._now, told, bars.until(start)))

    # ---- from where a ledger ends ---------------------------------------------------------------------------

    def _go_on(self, sentence: Sentence, fused: FusedRules, segments: int) -> None:
        """Start again: do what was decided and not done, ask the venue for what was missed, and wait for its answers.

        What the bar that was interrupted has told already is not told again; its venue knows what it has played.
        """
        self._now = max(entry.at for entry in self.store.read(after=self.store.head.seq - 1))
        found = recover(self.store, sentence, fused, self._now)
        self.agent, self.outlook = found.agent, found.outlook
        # An agent that has decided may be ahead of its ledger by that.
        self.bar = self._next_bar() - sum(isinstance(action, events.Decided) for action in found.actions)
        self.chronicle = Chronicle(self._bars.n_bars, self.bar, self.agent.walk.state, segments)
        self._do([*found.actions])
        self._events.extend(found.events)
        self._hear()
        self._starts_again = True
        if found.has_begun:
            self._compare()
        if self.bar == self._next_bar():
            told = {events.BarOpened: found.has_begun, events.RowArrived: found.has_row}
            self._told = {kind for kind, was_told in told.items() if was_told}
        self.bar = self._next_bar()

    def _next_bar(self) -> int:
        decided_at = np.datetime64(self.agent.decided_at.replace(tzinfo=None))
        return int(np.searchsorted(self._bars.closed_at, decided_at, side="right"))

    def _compare(self) -> None:
        """Compare the account with the venue's word after a start, and let time pass until nothing is awaited."""
        self._starts_again = False
        self.agent.watch.look(self._now)
        ticked_at = self._now - _SECOND
        for _ in range(_TICKS_MAX):
            wake = self.agent.wake_at(self._now)
            if wake is None:
                return
            ticked_at = self._now = max(wake, self._now, ticked_at + _SECOND)
            self._tell(events.Tick())

    # ---- bar after bar -------------------------------------------------------------------------------------

    def step(self) -> None:
        """Play the next bar.

        Raises:
            PluginError: No signal of a strategy is left, or a rule broke.
        """
        for event in self._stages():
            self._hear()
            if event is not None and type(event) not in self._told:
                self._tell(event)
            if self._starts_again and isinstance(event, events.BarOpened):
                self._compare()  # Not before: the venue has split already what the bar splits.
        self._told = set()
        self.bar += 1

    def _stages(self) -> Iterator[Event | None]:
        """Let the venue play the bar, and yield what the agent is to be told, once the venue's reports are."""
        bar, bars = self.bar, self._bars
        row, opening = bars.between(bar, bar + 1), opening_of(bars, bar)
        opened_at, closed_at = utc(bars.opened_at[bar]), utc(bars.closed_at[bar])
        self._now = max(opened_at, self._now)
        self.venue.begin(opening.assets, row)
        yield None
        yield events.BarOpened(opening)
        if not self._at_close:
            yield self._quote(row, opened_at)
        self._now = max(closed_at, self._now)
        self.venue.match(closed_at)
        yield None
        if self._at_close:
            yield self._quote(row, closed_at)
        self.venue.close(closed_at)
        yield None
        yield events.RowArrived(row)

    def closed_at(self, bar: int) -> datetime:
        """Return when a bar of the recording closed."""
        return utc(self._bars.closed_at[bar])

    def _quote(self, row: Bars, at: datetime) -> events.Quoted:
        """Return the first prices of what trades, or the last where orders fill at the close."""
        self.venue.price(at)
        prices = row.close if self._at_close or row.open is None else row.open
        quotes = {}
        for symbol, traded, first in zip(row.symbols, row.traded[0].tolist(), prices[0].tolist(), strict=True):
            if traded:
                price = exact(first)
                quotes[symbol] = Quote(venue=VENUE, symbol=symbol, event_at=at, available_at=at, bid=price, ask=price)
        return events.Quoted(quotes)

    # ---- what the agent wants ------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        """Tell the agent something, and do what it wants until there is nothing left to do."""
        self._events.append(event)
        while self._events:
            self._do(self.agent.handle(self._events.popleft(), self._now))

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            self._doers[type(action)](action)
            self._events.extend(self.venue.due())

    def _hear(self) -> None:
        """Tell the agent what the venue has to report."""
        self._events.extend(self.venue.due())
        while self._events:
            self._do(self.agent.handle(self._events.popleft(), self._now))

    def _commit(self, action: events.Commit) -> None:
        self.store.append(action.drafts)

    def _submit(self, action: events.Submit) -> None:
        """Hand an order over, unless it is held back: then it has never left, and that is what the agent hears."""
        if action.order.purpose is not Purpose.STOP and self._is_halted():
            self._events.append(Report(action.order.id, News(word=Word.REFUSED, reason=halt_file.HALT)))
        else:
            self.venue.submit(action.order, self._now)

    def _look(self, action: events.Look) -> None:
        self._events.append(events.SnapshotTaken(self.venue.snapshot(action.since, self._now)))

    def _prepare(self, action: events.Prepare) -> None:
        self._events.append(self.outlook.prepare(action.row))

    def _ask(self, action: events.Ask) -> None:
        self._events.append(self.outlook.ask(action.book, action.held))

    def _note(self, decided: events.Decided) -> None:
        self.chronicle.add(decided)
