"""The agent: what it is told goes in, what it wants done comes out.  It has no clock, socket, disk or randomness.

    BarOpened -> Quoted -> Report ... -> RowArrived -> RowPrepared -> [Answered] -> Decided

One bar is walked as a backtest plays it.  What has to be written stands before what depends on it: an intent before
its order, a fill before the state that holds it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.engine.log import GRANTED
from tradewright.execute import gate
from tradewright.execute.budget import Budget, Contact
from tradewright.execute.clock import WARNS
from tradewright.execute.news import Report
from tradewright.execute.soundness import QUOTE_MAX_AGE, is_fresh
from tradewright.execute.working import Working
from tradewright.ledger.brief import Told
from tradewright.live import dividends, entries, session
from tradewright.live.events import (
    Adopted,
    Answered,
    Ask,
    BarOpened,
    Cancel,
    Clocked,
    Commit,
    Decided,
    Doubted,
    Fund,
    Imposed,
    Lifted,
    Prepare,
    Quoted,
    Restarted,
    RowArrived,
    RowPrepared,
    SnapshotTaken,
    Tick,
)
from tradewright.live.listener import KEPT_DAYS, Row
from tradewright.live.sender import Sender
from tradewright.live.watch import Watch
from tradewright.values.bars import utc
from tradewright.values.order import Activity, Fill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tradewright.engine.known import News as Written
    from tradewright.engine.walk import Walk
    from tradewright.ledger.entry import Draft
    from tradewright.live.account import Account
    from tradewright.live.events import Action, Event
    from tradewright.values.bars import Bars

LIVE = "live"
_AT_ONCE = Answered | Contact | Imposed | Clocked | Doubted | Restarted
"""What is heard also between a row's close and its decision, since no state of the walk follows from it."""


class Agent(Sender):
    """One account that trades bar by bar.

    Args:
        name: Of its ledger.
        mode: `paper` or `live`; a recording on paper is played as its backtest plays it, without a collar of its own.
        walk: The state, before its next bar.
        account: Exact money and units.
        decided_at: Close of the last row that is known, aware UTC.
        budget: What the venue may be sent; without a limit where it has none.
        look_every: How often the account is compared with the venue's word; None for only when something asks for it.

    Attributes:
        watch: What is not certain, and holds back.
    """

    def __init__(
        self,
        name: str,
        mode: str,
        walk: Walk,
        account: Account,
        decided_at: datetime,
        *,
        budget: Budget | None = None,
        look_every: timedelta | None = None,
    ) -> None:
        watch = Watch(
            account=account,
            working=Working(name, account.venue),
            walk=walk,
            budget=budget or Budget(),
            look_every=look_every,
            since=decided_at,
        )
        super().__init__(watch, decided_at, gate.COLLAR if mode == LIVE else math.inf)
        self._name, self._mode, self._told = name, mode, Told()
        self._handlers: dict[type, Callable[[Any, datetime], list[Action]]] = {
            BarOpened: self._begin,
            Quoted: self._quote,
            Report: self._hear,
            Activity: self._post,
            Fill: self._take_strange,
            RowArrived: self._arrive,
            RowPrepared: self._prepared,
            Answered: self._answer,
            Tick: self._tick,
            SnapshotTaken: self._read,
            Imposed: self._impose,
            Restarted: self._restart,
            Lifted: self._lift,
            Adopted: self._adopt,
            Contact: self._touch,
            Clocked: self._clock,
            Doubted: self._doubt,
        }

    def start(self, now: datetime, told: Mapping[str, object], known: Bars) -> list[Action]:
        """Begin the ledger: whose it is, what it runs, the rows that are known, and the capital of each strategy.

        Args:
            now: Aware UTC.
            told: What runs, as `live.session` tells it.
            known: Rows before the first that is traded.
        """
        cash = [float(cash) for cash in self.walk.state.rows.cash[: len(self.account.strategies)]]
        grants = [
            self.account.capital(strategy, granted, now, "start")
            for strategy, granted in zip(self.account.strategies, cash, strict=True)
        ]
        first = [
            entries.genesis(self._name, self._mode, self.account, now),
            entries.session({**told, **session.terms(self.watch.budget, self.watch.look_every)}, now),
            *(entries.row(known.between(bar, bar + 1), now, is_known=True) for bar in range(known.n_bars)),
        ]
        return [self._book_own(grants, now, *first), *(Fund(one.strategy, float(one.cash), one.id) for one in grants)]

    def handle(self, event: Event, now: datetime) -> list[Action]:
        """Return what is to be done about an event that came at `now`, aware UTC; in this order.

        What is done bears the time of `watch.ours`, which is that of `now` unless the clock was set back.
        """
        step = self.watch.ours.read(now)
        now = self.watch.ours.at or now
        leapt = self._leap(step, now) if abs(step) > WARNS else []
        return [*leapt, *self._handle(event, now)]

    def _handle(self, event: Event, now: datetime) -> list[Action]:
        row = self._row
        if row.is_settled and not row.is_decided and not isinstance(event, _AT_ONCE):
            row.aside.append(event)  # It belongs to the next row: what is decided on has been closed.
            return []
        return self.watch.admit(self._handlers[type(event)](event, now), now)

    def wake_at(self, now: datetime) -> datetime | None:
        """Return when the next `Tick` is wanted, None for not before something else happens."""
        ours = self.watch.ours
        at = self._wake_at(now + ours.lag)
        ours.due_at = None if at is None else max(at - ours.lag, now)
        return ours.due_at

    def _wake_at(self, now: datetime) -> datetime | None:
        at = self.watch.wake_at(now)
        waiting = (self._row.quotes.get(self._place(one)[1]) for planned in self._row.planned for one in planned)
        if any(quote is not None and now - quote.available_at < QUOTE_MAX_AGE for quote in waiting):
            soon = now + timedelta(seconds=1)
            at = soon if at is None else min(at, soon)
        return at

    # ---- a bar opens, and its orders meet their prices -----------------------------------------------------

    def _begin(self, opened: BarOpened, now: datetime) -> list[Action]:
        news = self.walk.begin(opened.opening)
        if opened.opening.opens:
            self.watch.refusals.forget()
            self._told.forget()
        self._row = Row([*self._row.lifted, news])
        plan, n_books = self.walk.plan(), len(self.account.strategies)
        self._row.planned = [
            [
                gate.Wanted(
                    book=book,
                    asset=int(asset),
                    quantity=float(plan.order[book, asset]),
                    limit=float(plan.limit[book, asset]),
                )
                for asset in plan.order[book].nonzero()[0]
            ]
            for book in range(n_books)
        ]
        moved = list(self.account.actions(news, self.walk.state, now))
        begun = entries.opening(opened.opening, self.account.symbols, now)
        late = dividends.remind(self.account.holdings, now)
        return [self._book_own(moved, now, begun, *late), *self._keep_guards(now)]

    def _quote(self, quoted: Quoted, now: datetime) -> list[Action]:
        wanted = {self._place(one)[1] for planned in self._row.planned for one in planned}
        heard = {
            symbol: quote if quote.available_at == now else attrs.evolve(quote, available_at=now)
            for symbol, quote in quoted.quotes.items()
            if symbol in wanted and is_fresh(quote, now)  # Others are no prices to trade on.
        }
        if not heard:
            return []
        self._row.quotes.update(heard)
        return [Commit((entries.quotes(heard, now),)), *self._release(now)]

    # ---- time passes --------------------------------------------------------------------------------------

    def _tick(self, _: Tick, now: datetime) -> list[Action]:
        """Ask what is due, give up what is awaited for too long, and send what had to wait."""
        row = self._row
        actions = self.watch.ask(now)
        if row.arrived_at is not None and not row.is_settled:
            for state in [*self.working.unsettled()]:
                actions += self._give_up(state, row.arrived_at, now)
        planned = [*map(len, row.planned)]
        released = self._release(now)
        if not row.is_settled or row.is_decided:
            released += self._keep_guards(now, restore=True)
        if any(isinstance(one, Commit) for one in released) or planned != [*map(len, row.planned)]:
            released.insert(0, Commit((entries.tick(now),)))
        return [*actions, *released]

    # ---- the row is complete, and is decided on ------------------------------------------------------------

    def _arrive(self, arrived: RowArrived, now: datetime) -> list[Action]:
        closed_at = utc(arrived.row.closed_at[0])
        if not self._row.awaits(closed_at, self._decided_at):
            why = f"the row of {closed_at:%Y-%m-%d %H:%M} UTC is not the one that is awaited, and is not used"
            return self._doubt(Doubted("row", why), now)
        self._void_planned()
        self._row.closed_at, self._row.arrived_at = closed_at, now
        row, told = self._doubt_row(arrived, now)
        left: list[Action] = [Cancel(state.order.id) for state in self.working.unsettled()]
        return [Commit(told), *left, Prepare(row)]

    def _prepared(self, known: RowPrepared, now: datetime) -> list[Action]:
        self._row.known = known
        lost = [entries.lost(known.lost.votes, now)] if known.lost.votes else []
        lost += [entries.breach(name, why, now, asked=entries.ROWS) for name, why in known.lost.answers.items()]
        return [*([Commit(tuple(lost))] if lost else []), *self._close_when_settled(now)]

    def _close_when_settled(self, now: datetime) -> list[Action]:
        """Close the bar once its row is prepared and no order is awaited."""
        row = self._row
        if row.known is None or row.is_settled or any(self.working.unsettled()):
            return []
        row.is_settled = True
        self.walk.settle(*self.account.sums())
        anchored: list[Action] = []
        if row.known.dropped:
            self.walk.rebase(row.known.dropped)
            anchored.append(Commit((entries.anchor(row.known.dropped, now),)))
        news = self.walk.close(row.known.known)
        row.news.append(news)
        granted = [*anchored, *self._grant(news, now)]
        row.asked = frozenset(int(book) for book in self.walk.waiting())
        if row.asked:
            return [*granted, *(Ask(book, self.walk.held(book)) for book in sorted(row.asked))]
        return [*granted, *self._decide(now)]

    def _grant(self, news: Written, now: datetime) -> list[Action]:
        """Book the capital that the policy has just granted."""
        actions: list[Action] = []
        for event in (one for one in news.events if one.kind == GRANTED):
            shares, day = self.walk.settings.books.share, f"{self._row.closed_at:%Y-%m-%d}"
            grants = [
                self.account.capital(strategy, float(event.money * share), now, f"step {day}")
                for strategy, share in zip(self.account.strategies, shares, strict=True)
            ]
            actions += [self._book_own(grants, now), *(Fund(one.strategy, float(one.cash), one.id) for one in grants)]
        return actions

    def _answer(self, answered: Answered, now: datetime) -> list[Action]:
        self._row.answers[answered.book] = answered.target
        strategy, why = self.account.strategies[answered.book], answered.replaced
        if answered.strikes:
            self._strikes[strategy] = answered.strikes
        told = [Commit((entries.breach(strategy, why, now, asked=entries.IN_TURN),))] if why else []
        return [*told, *(self._decide(now) if self._row.asked == self._row.answers.keys() else [])]

    def _decide(self, now: datetime) -> list[Action]:
        row, known = self._row, self._row.known
        assert known is not None  # noqa: S101  # a bar closes only when its row is prepared
        self.watch.impose()
        plan, news = self.walk.decide(row.answers)
        row.news.append(news)
        row.is_decided = True
        self._decided_at = row.closed_at or now
        self.working.forget_final(now - timedelta(days=KEPT_DAYS))
        drafts = [
            one
            for told in row.news
            if len(told.events)
            for one in entries.events(told.events, self.walk.halting, self.account, now)
        ]
        drafts.append(entries.decision(known, plan, self.walk, self.account, row.refused, now, self._told))
        if known.known.tape.session_ends[known.known.bar]:
            drafts.append(self._checkpoint(now))
        decided = Decided(tuple(row.news), plan, self.walk.state.rows.equity.copy())
        actions: list[Action] = [Commit(tuple(drafts)), *self._keep_guards(now), decided]
        aside, row.aside = row.aside, []
        for event in aside:
            actions += self._handlers[type(event)](event, now)
        return actions

    # ---- what several of them do ---------------------------------------------------------------------------

    def _book_own(self, activities: list[Activity], now: datetime, *first: Draft) -> Commit:
        """Book activities that the platform makes, and return the commit that tells them."""
        for one in activities:
            self.account.holdings.book(one)
        return Commit((*first, *(entries.own_activity(one, now) for one in activities)))
