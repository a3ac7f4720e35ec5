"""What the venue's word does to an agent: news of orders, executions, activities, snapshots, and how calls end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.news import Demand, News, Report, Word
from tradewright.execute.positions import reverse
from tradewright.live import dividends, entries, persons
from tradewright.live.doubtful import Doubtful
from tradewright.live.events import Adopted, Cancel, Commit, Imposed, Lifted, Query, Restarted, SnapshotTaken
from tradewright.live.halt_file import HALT
from tradewright.live.watch import GIVE_UP_AFTER, Watch
from tradewright.values.order import Activity, Fill, Purpose, Status
from tradewright.values.plain import to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tradewright.engine.known import News as Written
    from tradewright.execute.gate import Wanted
    from tradewright.execute.state import OrderState
    from tradewright.live.events import Action, Event, RowPrepared
    from tradewright.values.arrays import FloatArray
    from tradewright.values.snapshot import Quote

KEPT_DAYS = 5
"""How long orders that have ended, and executions, are remembered, in case the venue speaks of one again."""


@attrs.define
class Row:
    """What happens between two decisions; what a person lifts after the last of them is told by the next."""

    news: list[Written]
    lifted: list[Written] = attrs.field(factory=list)
    quotes: dict[str, Quote] = attrs.field(factory=dict)
    planned: list[list[Wanted]] = attrs.field(factory=list)
    stopped: set[tuple[str, str]] = attrs.field(factory=set)
    refused: list[dict[str, Any]] = attrs.field(factory=list)
    closed_at: datetime | None = None
    arrived_at: datetime | None = None
    known: RowPrepared | None = None
    answers: dict[int, FloatArray] = attrs.field(factory=dict)
    asked: frozenset[int] | None = None
    is_settled: bool = False
    is_decided: bool = False
    aside: list[Event] = attrs.field(factory=list)

    def awaits(self, closed_at: datetime, decided_at: datetime) -> bool:
        """Say whether a row that closed then is the one that ends this bar."""
        has_begun = bool(self.news) and not self.is_decided
        return has_begun and self.arrived_at is None and closed_at > decided_at


class Listener(Doubtful):
    """An account, and what is heard of it.

    Attributes:
        watch: What is not certain, and holds back.
        walk: The state.
        account: Exact money and units.
        working: The orders.
    """

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.walk, self.account, self.working = watch.walk, watch.account, watch.working
        self._strikes: dict[str, int] = {}
        self._row = Row([])

    def _go_on(self, ended: OrderState, now: datetime) -> list[Action]:
        """Return what an order's end lets go."""
        raise NotImplementedError

    def _resume(self, now: datetime) -> list[Action]:
        """Return what has waited for the first comparison since a restart."""
        raise NotImplementedError

    def _close_when_settled(self, now: datetime) -> list[Action]:
        """Return what follows when nothing is awaited any more."""
        raise NotImplementedError

    # ---- the venue speaks ----------------------------------------------------------------------------------

    def _hear(self, report: Report, now: datetime) -> list[Action]:
        if report.id not in self.working.states:
            return self._hear_of_unknown(report, now)
        if report.news.word is Word.ABSENT and not self.watch.counts_absence(now):
            return []
        believed, doubts = self._doubt_report(report, now)
        return doubts if believed is None else [*doubts, *self._believe(believed, now)]

    def _believe(self, report: Report, now: datetime) -> list[Action]:
        if report.news.word is Word.BUST and report.news.fill is not None:
            report = self._as_booked(report, report.news.fill, now)
        had_ended = self.working.states[report.id].is_final
        step = self.working.hear(report, now)
        self.watch.heard(step.state, now)
        actions: list[Action] = (
            [Commit(tuple(entries.said(draft, now) for draft in step.drafts))] if step.drafts else []
        )
        for one in step.booked:
            self.account.holdings.book(one)
            self.watch.moved()
            if isinstance(one, Fill):
                self._booked[one.execution_id] = one
                self._take(one)
        if report.news.word is Word.BUST and step.booked:
            self.walk.settle(*self.account.sums())  # What was taken back can be neither sold nor spent.
        actions += self._demanded(report.id, step.demands, now)
        if step.state.is_final and not had_ended:
            self._count(step.state.order.id)
            actions += self._count_refusal(step.state, now)
            actions += self._go_on(step.state, now)
        return [*actions, *self._close_when_settled(now)]

    def _demanded(self, name: Any, demands: frozenset[Demand], now: datetime) -> list[Action]:
        """Return what the order protocol wants done."""
        if Demand.FILLS in demands:
            self.watch.look(now)
        actions: list[Action] = [Query(name)] if Demand.QUERY in demands else []
        if Demand.BLOCK in demands:
            symbol = self.working.states[name].order.symbol
            actions.append(Commit((entries.alert(f"order {name}", f"{symbol} takes no order", now),)))
        if Demand.FREEZE in demands:
            actions += self._impose(Imposed({}, f"order {name} was called dead, and lives"), now)
        return actions

    def _hear_of_unknown(self, report: Report, now: datetime) -> list[Action]:
        """Book what an order has filled that this ledger does not know."""
        self.watch.look(now)
        if report.news.word is not Word.FILL or report.news.fill is None:
            return []
        return self._take_strange(report.news.fill, now)

    def know(self, booked: Mapping[str, Fill], since: datetime) -> None:
        """Take executions, by their id, as booked before; old ones of orders that are forgotten are let go of."""
        states = self.working.states
        self._booked = {name: one for name, one in booked.items() if one.at >= since or one.order_id in states}

    def booked(self, execution_id: str) -> Fill | None:
        """Return an execution as it was booked, for some days; None for one that was not."""
        return self._booked.get(execution_id)

    def _as_booked(self, report: Report, fill: Fill, now: datetime) -> Report:
        """Complete a bust by what was booked of it, which the venue does not know."""
        booked = self._booked.get(fill.execution_id)
        if booked is None:
            return report
        undone = reverse(booked, now, self.account.holdings.multipliers, report.news.reason)
        return Report(report.id, attrs.evolve(report.news, fill=booked, reversal=undone))

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

    def _count_refusal(self, ended: OrderState, now: datetime) -> list[Action]:
        """Hold a strategy's increases back that the venue refuses for one reason again and again."""
        strategy, reason = ended.order.strategy, ended.reason
        if ended.status is not Status.REJECTED:
            return []
        if reason == HALT:
            return self._hold_back(ended, now)
        if not self.watch.refusals.count(strategy, reason):
            return []
        why = f"the venue refuses its orders: {reason}; nothing is increased until the next session"
        return [Commit((entries.alert(f"refused {strategy}", why, now),))]

    def _hold_back(self, ended: OrderState, now: datetime) -> list[Action]:
        """Tell the next decision of an order that a file has held back, and once in a session a person."""
        place = {"strategy": ended.order.strategy, "symbol": ended.order.symbol}
        self._row.refused.append({**place, "reason": HALT, "by": ""})
        if not self.watch.refusals.is_first(HALT):
            return []
        why = "the file HALT is in the agent's folder: no order leaves but protective stops, until it is removed"
        return [Commit((entries.alert(HALT, why, now),))]

    def _post(self, activity: Activity, now: datetime) -> list[Action]:
        activity, doubts = self._doubt_activity(activity, now)
        booked = dividends.book(self.account.holdings, activity, now)
        self.watch.moved()
        return [*doubts, Commit(booked)] if booked else doubts

    def _take_strange(self, fill: Fill, now: datetime) -> list[Action]:
        """Book what no order of ours has done, and hold back: it is nobody's, but it is held."""
        believed, doubts = self._doubt_fill(fill, now)
        if believed is None or not self.account.holdings.book(believed):
            return doubts
        fill = self._booked[believed.execution_id] = believed
        self.watch.moved()
        self.watch.blocked.setdefault(fill.symbol, f"execution {fill.execution_id} is of nobody here")
        alert = entries.alert(f"execution {fill.execution_id}", f"somebody else trades {fill.symbol}", now)
        booked: list[Action] = [*doubts, Commit((entries.fill(fill, now), alert))]
        if fill.order_id is None:
            return booked
        freeze = f"the venue filled order {fill.order_id}, which this ledger does not know"
        return [*booked, *self._impose(Imposed({}, freeze), now)]

    # ---- what is not certain -------------------------------------------------------------------------------

    def _give_up(self, state: OrderState, since: datetime, now: datetime) -> list[Action]:
        """Cancel again what a complete row waits for; after a while its order is UNKNOWN, and nobody waits."""
        if now < since + GIVE_UP_AFTER:
            return [Cancel(state.order.id)]
        word = Word.MISSING if state.status is Status.WORKING else Word.UNANSWERED
        return self._hear(Report(state.order.id, News(word=word, reason="no word in time")), now)

    def _read(self, taken: SnapshotTaken, now: datetime) -> list[Action]:
        """Hear what a snapshot tells that was not known, then take over what it imposes."""
        actions = self._doubt_snapshot(taken.seen, now)
        told, imposed = self.watch.read(taken.seen, self.walk.equity(), now)
        for one in told:
            if self._row.is_settled and not self._row.is_decided:
                self._row.aside.append(one)  # What came before it has closed the bar.
            elif isinstance(one, Report):
                actions += self._hear(one, now)
            else:
                actions += self._post(one, now) if isinstance(one, Activity) else self._take_strange(one, now)
        return [*actions, *self._impose(imposed, now)]

    def _impose(self, imposed: Imposed, now: datetime) -> list[Action]:
        """Hold back what is not certain, and tell a person; what is known already is not told again."""
        had_cash, waited = self.watch.stops_increases, not self.watch.is_compared
        fresh = {symbol: why for symbol, why in imposed.blocked.items() if symbol not in self.watch.blocked}
        freezes = imposed.freeze if not self.watch.freeze else ""
        if not self.watch.take(imposed):
            return []
        alerts = [entries.alert(f"blocked {symbol}", why, now) for symbol, why in sorted(fresh.items())]
        if freezes:
            alerts.append(entries.alert("freeze", freezes, now))
        if self.watch.stops_increases and not had_cash:
            alerts.append(entries.alert("cash", f"the venue has {to_plain(imposed.cash)} more than is booked", now))
        resumed = self._resume(now) if waited and self.watch.is_compared else []
        return [Commit((entries.imposed(imposed, now), *alerts)), *resumed]

    def _restart(self, _: Restarted, now: datetime) -> list[Action]:
        self.watch.restart(now)
        return [Commit((entries.restarted(now),))]

    # ---- a person asks -------------------------------------------------------------------------------------

    def _lift(self, told: Lifted, now: datetime) -> list[Action]:
        drafts, news = persons.lift(self.watch, told, now)
        (self._row.lifted if self._row.is_decided else self._row.news).extend(news)
        return [Commit(drafts)] if drafts else []

    def _adopt(self, told: Adopted, now: datetime) -> list[Action]:
        drafts = persons.adopt(self.watch, told, now)
        return [Commit(drafts)] if drafts else []

    # ---- how calls end -------------------------------------------------------------------------------------

    def _touch(self, contact: Contact, now: datetime) -> list[Action]:
        """Take note of how a call has ended."""
        before = self.watch.budget
        self.watch.budget = before.heard(contact, now)
        told = [Commit((entries.contact(contact, now),))] if self.watch.budget != before else []
        if contact.outcome is Outcome.CUT:
            self.watch.look(now)
        if contact.outcome is Outcome.FORBIDDEN:
            return [*told, *self._impose(Imposed({}, f"the venue does not let us in: {contact.reason}"), now)]
        return [*told]
