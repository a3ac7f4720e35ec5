"""The agent: what it is told goes in, what it wants done comes out.  It has no clock, socket, disk or randomness.

    BarOpened -> Quoted -> Report ... -> RowArrived -> RowPrepared -> [Answered] -> Decided

One bar is walked as a backtest plays it.  What has to be written stands before what depends on it: an intent before
its order, a fill before the state that holds it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.engine.log import GRANTED
from tradewright.execute import gate
from tradewright.execute.news import Demand, Report
from tradewright.execute.working import Intent, Working
from tradewright.live import entries, guards
from tradewright.live.events import (
    Answered,
    Ask,
    BarOpened,
    Cancel,
    Commit,
    Decided,
    Fund,
    Prepare,
    Query,
    Quoted,
    RowArrived,
    RowPrepared,
    Submit,
)
from tradewright.values.bars import utc
from tradewright.values.exact import amount
from tradewright.values.order import Activity, Fill, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tradewright.engine.walk import News, Walk
    from tradewright.execute.gate import Wanted
    from tradewright.ledger.entry import Draft
    from tradewright.live.account import Account
    from tradewright.live.events import Action, Event
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.order import Quote

KEPT_DAYS = 5  # Of orders that have ended, in case the venue speaks of one again.


@attrs.define
class Row:
    """What happens between two decisions."""

    news: list[News]
    quotes: dict[str, Quote] = attrs.field(factory=dict)
    planned: list[list[Wanted]] = attrs.field(factory=list)
    stopped: set[tuple[str, str]] = attrs.field(factory=set)
    refused: list[dict[str, str]] = attrs.field(factory=list)
    closed_at: datetime | None = None
    known: RowPrepared | None = None
    answers: dict[int, FloatArray] = attrs.field(factory=dict)
    asked: frozenset[int] | None = None
    is_settled: bool = False


class Agent:
    """One account that trades bar by bar.

    Args:
        name: Of its ledger.
        mode: `paper` or `live`.
        walk: The state, before its next bar.
        account: Exact money and units.
        decided_at: Close of the last row that is known, aware UTC.
    """

    def __init__(self, name: str, mode: str, walk: Walk, account: Account, decided_at: datetime) -> None:
        self.walk, self.account = walk, account
        self.working = Working(name, account.venue)
        self._name, self._mode, self._decided_at = name, mode, decided_at
        self._row = Row([])
        self._handlers: dict[type, Callable[[Any, datetime], list[Action]]] = {
            BarOpened: self._begin,
            Quoted: self._quote,
            Report: self._hear,
            Activity: self._post,
            RowArrived: self._arrive,
            RowPrepared: self._prepared,
            Answered: self._answer,
        }

    def start(self, now: datetime, session: Mapping[str, object], known: Bars) -> list[Action]:
        """Begin the ledger: whose it is, what it runs, the rows that are known, and the capital of each strategy.

        Args:
            now: Aware UTC.
            session: What runs, as `live.session` tells it.
            known: Rows before the first that is traded.
        """
        cash = [float(cash) for cash in self.walk.state.rows.cash[: len(self.account.strategies)]]
        grants = [
            self.account.capital(strategy, granted, now, "start")
            for strategy, granted in zip(self.account.strategies, cash, strict=True)
        ]
        first = [
            entries.genesis(self._name, self._mode, self.account, now),
            entries.session(session, now),
            *(entries.row(known.between(bar, bar + 1), now, is_known=True) for bar in range(known.n_bars)),
        ]
        return [self._book_own(grants, now, *first), *(Fund(one.strategy, float(one.cash)) for one in grants)]

    def handle(self, event: Event, now: datetime) -> list[Action]:
        """Return what is to be done about an event that came at `now`, aware UTC; in this order."""
        return self._handlers[type(event)](event, now)

    # ---- a bar opens, and its orders meet their prices -----------------------------------------------------

    def _begin(self, opened: BarOpened, now: datetime) -> list[Action]:
        news = self.walk.begin(opened.opening)
        self._row = Row([news])
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
        return [self._book_own(moved, now, begun), *self._keep_guards(now)]

    def _quote(self, quoted: Quoted, now: datetime) -> list[Action]:
        wanted = {self._place(one)[1] for planned in self._row.planned for one in planned}
        heard = {symbol: quote for symbol, quote in quoted.quotes.items() if symbol in wanted}
        if not heard:
            return []
        self._row.quotes.update(heard)
        return [Commit((entries.quotes(heard, now),)), *self._release(now)]

    def _release(self, now: datetime) -> list[Action]:
        """Send what has a quote: reductions first, and increases once those of the book are settled."""
        drafts: list[Draft] = []
        submits: list[Action] = []
        for planned in self._row.planned:
            due = [wanted for wanted in planned if self._place(wanted)[1] in self._row.quotes]
            for wave in (True, False):
                for wanted in [one for one in due if gate.reduces(one, self.walk) is wave and one in planned]:
                    if not wave and self.working.is_reducing(self._place(wanted)[0]):
                        break
                    if self._place(wanted) not in self._row.stopped and not self._send(wanted, now, drafts, submits):
                        break  # The next ones would take the cash that it waits for.
                    planned.remove(wanted)
        return [Commit(tuple(drafts)), *submits] if submits else []

    def _send(self, wanted: Wanted, now: datetime, drafts: list[Draft], submits: list[Action]) -> bool:
        """Let one order pass the gate, and say whether it is done with; what is refused tells the next decision."""
        strategy, symbol = self._place(wanted)
        if self.working.is_blocked(symbol):
            self._refuse(wanted, "blocked")
            return True
        quote = self._row.quotes[symbol]
        if self.walk.settings.at_close and gate.is_beyond(wanted, quote, self.walk):
            return True  # There is no later price in this bar: it expires.
        held = self.account.holdings.quantity(strategy, symbol)
        bound, may_wait = self.working.bound(strategy), self.working.is_on_its_way(strategy)
        permit = gate.release(wanted, quote, self.walk, bound, held, may_wait=may_wait)
        if isinstance(permit, gate.Wait):
            return False
        if isinstance(permit, gate.Refusal):
            self._refuse(wanted, permit.reason, permit.cut_by)
            return True
        order = self.working.intend(
            (strategy, symbol),
            permit.quantity,
            Purpose.TARGET,
            self._decided_at,
            now,
            limit=None if np.isnan(wanted.limit) else amount(wanted.limit),
            intent=Intent(waits=permit.waits, reduces=permit.reduces, binds=permit.binds),
        )
        drafts.append(entries.intent(order, now, permit.cut_by))
        submits.append(Submit(order))
        return True

    def _refuse(self, wanted: Wanted, reason: str, cut_by: Sequence[str] = ()) -> None:
        strategy, symbol = self._place(wanted)
        refusal = {"strategy": strategy, "symbol": symbol, "reason": reason, "by": ", ".join(cut_by)}
        self._row.refused.append(refusal)

    # ---- the venue speaks ----------------------------------------------------------------------------------

    def _hear(self, report: Report, now: datetime) -> list[Action]:
        had_ended = self.working.states[report.id].is_final
        step = self.working.hear(report, now)
        actions: list[Action] = (
            [Commit(tuple(entries.said(draft, now) for draft in step.drafts))] if step.drafts else []
        )
        for one in step.booked:
            self.account.holdings.book(one)
            if isinstance(one, Fill):
                self._take(one)
        if Demand.QUERY in step.demands:
            actions.append(Query(report.id))
        if step.state.is_final and not had_ended:
            self._count(step.state.order.id)
            actions += self._release(now)
        return [*actions, *self._close_when_settled(now)]

    def _take(self, fill: Fill) -> None:
        """Book a fill into the state; a stop that has fired voids what was planned for its asset."""
        self.walk.take(self.account.row_of(fill))
        order = self.working.states[fill.order_id].order if fill.order_id in self.working.states else None
        if order is not None and order.purpose is Purpose.STOP:
            place = (order.strategy, order.symbol)
            book, asset = self.account.book(place[0]), self.account.asset(place[1])
            position = self.walk.positions[book, asset]
            position["order"] = 0.0
            self._row.stopped.add(place)
            self.walk.count(participation_cuts=0 if position["quantity"] == 0.0 else 1)

    def _count(self, order_id: Any) -> None:
        """Count an order that ended before all had filled: for want of volume, or because nothing met its limit."""
        state = self.working.states[order_id]
        if state.order.purpose is Purpose.STOP or not state.left:
            return
        missed = self.working.intent(order_id).waits and not state.filled
        self.walk.count(participation_cuts=0 if missed else 1, expired=1 if missed else 0)

    def _post(self, activity: Activity, now: datetime) -> list[Action]:
        is_new = self.account.holdings.book(activity)
        return [Commit((entries.activity(activity, now),))] if is_new else []

    # ---- the row is complete, and is decided on ------------------------------------------------------------

    def _arrive(self, arrived: RowArrived, now: datetime) -> list[Action]:
        self._void_planned()
        self._row.closed_at = utc(arrived.row.closed_at[0])
        left: list[Action] = [Cancel(state.order.id) for state in self.working.unsettled()]
        return [Commit((entries.row(arrived.row, now),)), *left, Prepare(arrived.row)]

    def _void_planned(self) -> None:
        """Drop what another order has held back for so long that the bar is over: its quote is of the past."""
        for planned in self._row.planned:
            for wanted in planned:
                if self._place(wanted)[1] in self._row.quotes:
                    self._refuse(wanted, "late")
            planned.clear()

    def _prepared(self, known: RowPrepared, now: datetime) -> list[Action]:
        self._row.known = known
        return self._close_when_settled(now)

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

    def _grant(self, news: News, now: datetime) -> list[Action]:
        """Book the capital that the policy has just granted."""
        actions: list[Action] = []
        for event in (one for one in news.events if one.kind == GRANTED):
            shares, day = self.walk.settings.books.share, f"{self._row.closed_at:%Y-%m-%d}"
            grants = [
                self.account.capital(strategy, float(event.money * share), now, f"step {day}")
                for strategy, share in zip(self.account.strategies, shares, strict=True)
            ]
            actions += [self._book_own(grants, now), *(Fund(one.strategy, float(one.cash)) for one in grants)]
        return actions

    def _answer(self, answered: Answered, now: datetime) -> list[Action]:
        self._row.answers[answered.book] = answered.target
        return self._decide(now) if self._row.asked == self._row.answers.keys() else []

    def _decide(self, now: datetime) -> list[Action]:
        row, known = self._row, self._row.known
        assert known is not None  # noqa: S101  # a bar closes only when its row is prepared
        plan, news = self.walk.decide(row.answers)
        row.news.append(news)
        self._decided_at = row.closed_at or now
        self.working.forget_final(now - timedelta(days=KEPT_DAYS))
        drafts = [
            one
            for told in row.news
            if len(told.events)
            for one in entries.events(told.events, self.walk.halting, self.account, now)
        ]
        drafts.append(entries.decision(known, plan, self.walk.state, self.account, row.refused, now))
        decided = Decided(tuple(row.news), plan, self.walk.state.rows.equity.copy())
        return [Commit(tuple(drafts)), *self._keep_guards(now), decided]

    # ---- what several of them do ---------------------------------------------------------------------------

    def _place(self, wanted: Wanted) -> tuple[str, str]:
        return self.account.place(wanted.book, wanted.asset)

    def _book_own(self, activities: list[Activity], now: datetime, *first: Draft) -> Commit:
        """Book activities that the platform makes, and return the commit that tells them."""
        for one in activities:
            self.account.holdings.book(one)
        return Commit((*first, *(entries.own_activity(one, now) for one in activities)))

    def _keep_guards(self, now: datetime) -> list[Action]:
        """Have the venue hold the stops that the state has."""
        return guards.keep(self.walk, self.account, self.working, self._decided_at, now)
