"""Play a recording through the agent that trades on paper: its rows, one after the other, at a simulated venue.

What a clock and a network do when it trades alone is done here by one loop: whatever the agent wants is done at once
and in order, and what comes of it is the next event.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tradewright.engine.walk import Walk, opening_of
from tradewright.execute.venue import SimulatedVenue
from tradewright.ledger.store import MemoryStore
from tradewright.live import events, session
from tradewright.live.account import Account
from tradewright.live.chronicle import Chronicle
from tradewright.live.core import Agent
from tradewright.live.outlook import Ahead, RowByRow, answer
from tradewright.values.bars import utc
from tradewright.values.exact import exact
from tradewright.values.snapshot import Quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tradewright.data.market import Market
    from tradewright.engine.fuse import FusedRules
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.sentence.parts import Sentence
    from tradewright.values.bars import Bars

VENUE = "simulated"
LEDGER = "playback"
"""The name of a recording's ledger: its client ids are the same whenever it is played."""


class Playback:
    """A recording, an agent, a venue and a ledger in memory.

    Args:
        sentence: The components.
        market: The recording.
        fused: The loop with the sentence's rules.
        start: First bar that is traded; earlier ones are known when it begins.
        ahead: Whether to ask the signals once of all rows, instead of at every row: the same orders, and quicker.
        segments: Parts at whose ends it is noted what the rules had cut.
        versions: Of everything that computes; the ledger tells them.

    Attributes:
        agent: The agent.
        outlook: Whom it asks what a row says.
        venue: Where it trades.
        store: What it has written down.
        chronicle: What came of it.
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
    ) -> None:
        bars, names = market.bars, [book.name for book in sentence.books]
        costs = sentence.engine_settings(bars, fused, market.sessions_per_year)
        self.bar, self._bars, self._at_close = start, bars, costs.at_close
        self.outlook: Outlook = (
            Ahead(sentence, fused, bars, start) if ahead else RowByRow(sentence, fused, bars.until(start))
        )
        # Interest and borrow are the venue's to post.
        walk = Walk(fused, costs._replace(cash_rate=0.0, borrow_rate=0.0), self.outlook.known(), sentence.capital)
        currency = sentence.settings.currency
        self.venue = SimulatedVenue(VENUE, currency, costs, walk.assets, bars.symbols, names)
        account = Account(VENUE, currency, names, bars.symbols, walk.assets.multiplier)
        self.store = MemoryStore()
        self.chronicle = Chronicle(bars.n_bars, start, walk.state, segments)
        before = utc(bars.opened_at[start] if start < bars.n_bars else bars.closed_at[-1])
        self.agent = Agent(LEDGER, "paper", walk, account, before)
        self._now = before
        self._events: deque[Event] = deque()
        self._doers: dict[type, Callable[[Any], None]] = {
            events.Commit: self._commit,
            events.Submit: lambda action: self.venue.submit(action.order, self._now),
            events.Cancel: lambda action: self.venue.cancel(action.id, self._now),
            events.Query: lambda action: self.venue.query(action.id),
            events.Fund: lambda action: self.venue.fund(action.strategy, action.cash),
            events.Prepare: self._prepare,
            events.Ask: self._ask,
            events.Decided: self.chronicle.add,
        }
        told = session.describe(bars, market.sessions_per_year, versions or {}, sentence.settings.as_table())
        told |= {"ahead": ahead, "symbols": {book.name: list(book.symbols) for book in sentence.books}}
        self._do(self.agent.start(self._now, told, bars.until(start)))

    def step(self) -> None:
        """Play the next bar.

        Raises:
            PluginError: No signal of a strategy is left, or a rule broke.
        """
        for event in self._stages():
            self._hear()
            if event is not None:
                self._tell(event)
        self.bar += 1

    def _stages(self) -> Iterator[Event | None]:
        """Let the venue play the bar, and yield what the agent is to be told, once the venue's reports are."""
        bar, bars = self.bar, self._bars
        row, opening = bars.between(bar, bar + 1), opening_of(bars, bar)
        opened_at, closed_at = utc(bars.opened_at[bar]), utc(bars.closed_at[bar])
        self._now = opened_at
        self.venue.begin(opening.assets, row)
        yield None
        yield events.BarOpened(opening)
        if not self._at_close:
            yield self._quote(row, opened_at)
        self._now = closed_at
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

    def _prepare(self, action: events.Prepare) -> None:
        self._events.append(self.outlook.prepare(action.row))

    def _ask(self, action: events.Ask) -> None:
        self._events.append(answer(self.outlook, action))
