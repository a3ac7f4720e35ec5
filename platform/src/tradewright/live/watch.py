"""What is not certain about an account, what follows from it, and when its venue has to be asked.

An order of which nothing is known blocks its symbol; so does a difference that nobody has adopted.  Nothing here
trades: it holds back, asks, and tells.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.execute.budget import Budget, Use
from tradewright.execute.clock import Clock, Steady, is_absurd
from tradewright.execute.reconcile import APART, SNAPSHOTS, Doubt, is_in_flight, reconcile
from tradewright.execute.refusals import Refusals
from tradewright.execute.state import GRACE
from tradewright.live.events import Cancel, Imposed, Look, Query
from tradewright.risk.contract import Level
from tradewright.values.exact import EXACT, amount
from tradewright.values.order import Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from tradewright.engine.walk import Walk
    from tradewright.execute.reading import Told
    from tradewright.execute.state import OrderState
    from tradewright.execute.working import Working
    from tradewright.live.account import Account
    from tradewright.live.events import Action
    from tradewright.values.snapshot import Snapshot

ASK_AFTER = timedelta(seconds=5)
"""An order without news for so long is asked for, and a cancel without effect is sent again."""
GIVE_UP_AFTER = timedelta(seconds=30)
"""What is awaited when a row is complete is UNKNOWN after so long: the decision waits no longer."""
LOOK_AGAIN = timedelta(seconds=10)
"""A snapshot that has not come by then is asked for again."""
PATIENCE_MAX = timedelta(minutes=5)
"""The longest that is waited between two snapshots while something differs."""
OVERLAP = timedelta(seconds=10)
"""Fills are read again from so long before the last clean snapshot: the venue's clock is not ours."""


@attrs.frozen(kw_only=True)
class Watched:
    """What a ledger leads to of a watch, beside what follows from the orders.

    Attributes:
        blocked: This and the next two: as `Watch` has them.
        freeze: Why there is no new risk at all.
        stops_increases: Whether nothing may be increased.
        imposed: Level and symbols that the last decision was told.
        is_compared: As `Watch` has it.
        clock: Likewise.
        refused: How often the venue has refused in this session, by strategy and reason.
        off: Strategies that it refuses again and again, and why.
        dropped: How many prices of a symbol were not used, by symbol.
        absent_from: From when on an order that the venue does not know counts as absent; None for always.
    """

    blocked: dict[str, str] = attrs.field(factory=dict)
    freeze: str = ""
    stops_increases: bool = False
    imposed: tuple[int, frozenset[str]] = (0, frozenset())
    is_compared: bool = True
    clock: Clock = attrs.field(factory=Clock)
    refused: dict[tuple[str, str], int] = attrs.field(factory=dict)
    off: dict[str, str] = attrs.field(factory=dict)
    dropped: dict[str, int] = attrs.field(factory=dict)
    absent_from: datetime | None = None


@attrs.define
class Watch:
    """One account at one venue, under watch.

    Attributes:
        account: Exact money and units.
        working: Its orders.
        walk: The state that decisions follow from.
        budget: What may still be sent.
        look_every: How often the account is compared with the venue's word; None for only when something asks for it.
        blocked: Why a symbol takes no new order, until a person adopts it, by symbol.
        freeze: Why there is no new risk at all until a person lifts it; empty for no reason.
        stops_increases: Whether cash differs by so much that nothing may be increased.
        clock: What is known of the venue's.
        ours: Our own time.
        refusals: What the venue has refused in this session.
        dropped: How many prices of a symbol were not used, by symbol.
        is_compared: Whether a snapshot was read since the last start: until then no order leaves.
        since: Up to when nothing can have been missed, aware UTC; fills are read again from there.
    """

    account: Account
    working: Working
    walk: Walk
    budget: Budget = attrs.field(factory=Budget)
    look_every: timedelta | None = None
    blocked: dict[str, str] = attrs.field(factory=dict)
    freeze: str = ""
    stops_increases: bool = False
    clock: Clock = attrs.field(factory=Clock)
    ours: Steady = attrs.field(factory=Steady)
    refusals: Refusals = attrs.field(factory=Refusals)
    dropped: Counter[str] = attrs.field(factory=Counter)
    is_compared: bool = True
    _uncertain: set[UUID] = attrs.field(factory=set)
    _open: dict[UUID, datetime] = attrs.field(factory=dict)
    _cancelled: dict[UUID, datetime] = attrs.field(factory=dict)
    _queried: dict[UUID, datetime] = attrs.field(factory=dict)
    _waiting: dict[UUID, Action] = attrs.field(factory=dict)
    _doubts: dict[str, Doubt] = attrs.field(factory=dict)
    _cash: Decimal = Decimal(0)
    _since: datetime | None = attrs.field(default=None, alias="since")
    _looked_at: datetime | None = None
    _look_at: datetime | None = None
    _is_looking: bool = False
    _has_moved: bool = False
    _unclean: int = 0
    _imposed: tuple[int, frozenset[str]] = (0, frozenset())
    _lag: timedelta = timedelta()
    _absent_from: datetime | None = None

    # ---- what is held back ---------------------------------------------------------------------------------

    def holds(self, symbol: str, *, reduces: bool, strategy: str = "") -> str:
        """Return why an order may not be sent, empty for no reason."""
        if self.freeze:
            return "freeze"
        if symbol in self.blocked or symbol in self.uncertain():
            return "blocked"
        if reduces:
            return ""
        if self.clock.holds:
            return "clock"
        if self.refusals.holds(strategy):
            return "refused"
        return "cash" if self.stops_increases else ""

    def uncertain(self) -> set[str]:
        """Return the symbols with an order of which the venue has to say more."""
        states = self.working.states
        return {states[name].order.symbol for name in self._uncertain if name in states}

    def spend(self, use: Use, now: datetime) -> bool:
        """Take a token for a call, and say whether there was one."""
        left = self.budget.spend(use, now)
        self.budget = left or self.budget
        return left is not None

    def bound(self, strategy: str) -> float:
        """Return the free cash that units take of which the venue has said that they have filled, in currency."""
        ended = [self.working.states[name] for name in self._uncertain if name in self.working.states]
        return sum(
            max(self.working.intent(state.order.id).binds, 0.0) * float(state.missing / state.order.quantity)
            for state in ended
            if state.is_final and state.missing and state.order.strategy == strategy
        )

    def on_its_way(self) -> dict[tuple[str, str], Decimal]:
        """Return the signed units that orders which are awaited may still add, by strategy and symbol."""
        sums: dict[tuple[str, str], Decimal] = {}
        for name in self._open:
            state = self.working.states[name]
            if state.order.purpose is not Purpose.STOP and state.status is not Status.UNKNOWN:
                place = (state.order.strategy, state.order.symbol)
                sums[place] = EXACT.add(sums.get(place, Decimal(0)), state.left)
        return sums

    def impose(self) -> None:
        """Tell the next decision what may not be traded."""
        symbols = frozenset({*self.blocked, *self.uncertain()})
        level = int(Level.FREEZE if self.freeze else Level.RUNNING)
        if (level, symbols) != self._imposed:
            columns = np.array([symbol in symbols for symbol in self.account.symbols])
            self.walk.impose(level, np.tile(columns, (len(self.account.strategies), 1)))
            self._imposed = level, symbols

    def take(self, imposed: Imposed) -> bool:
        """Take over what a reconciliation, or the venue, has imposed; say whether it is new."""
        before = (dict(self.blocked), self.freeze, self.stops_increases, self.is_compared)
        self.blocked = {**imposed.blocked, **self.blocked}
        self.freeze = self.freeze or imposed.freeze
        if imposed.stops_increases is not None:
            self.stops_increases = imposed.stops_increases
        self.is_compared = self.is_compared or imposed.compared
        return before != (self.blocked, self.freeze, self.stops_increases, self.is_compared)

    def restart(self, now: datetime) -> None:
        """Let no order leave before a snapshot was read, and have one taken at once; nothing counts as asked."""
        self.is_compared, self._is_looking, self._look_at = False, False, now
        self._cancelled.clear()
        self._queried.clear()

    def lift(self) -> None:
        """End the freeze, and impose anew at the next decision what still stands."""
        self.freeze, self._imposed = "", (-1, frozenset())  # No level is -1.

    def adopt(self, symbol: str | None) -> None:
        """Count a difference of units, or of cash, as none from here on, and let a symbol be traded again."""
        if symbol is None:
            self._cash, self.stops_increases = Decimal(0), False
            return
        self._doubts.pop(symbol, None)
        self.blocked.pop(symbol, None)
        for state in self.working.settle(symbol):
            if not (state.blocks or state.missing):
                self._uncertain.discard(state.order.id)

    def differs(self, symbol: str | None) -> Decimal | None:
        """Return by how much the last snapshot differed, in units or cash; None where nobody can tell now."""
        if self._has_moved or (symbol is not None and any(map(is_in_flight, self.working.of(symbol)))):
            return None
        if symbol is None:
            return self._cash
        return self._doubts[symbol].difference if symbol in self._doubts else Decimal(0)

    # ---- what a checkpoint keeps ---------------------------------------------------------------------------

    def kept(self) -> Watched:
        """Return what is held back; questions and snapshots are no entries, and begin anew with every start."""
        return Watched(
            blocked=dict(sorted(self.blocked.items())),  # What is imposed again is no entry, and reorders them.
            freeze=self.freeze,
            stops_increases=self.stops_increases,
            imposed=self._imposed,
            is_compared=self.is_compared,
            clock=self.clock,
            refused=dict(sorted(self.refusals.counted.items())),
            off=dict(sorted(self.refusals.off.items())),
            dropped=dict(sorted(self.dropped.items())),
            absent_from=self._absent_from,
        )

    def restore(self, kept: Watched, now: datetime) -> None:
        """Take over what was held back; the orders are there already."""
        self.blocked, self.freeze, self.stops_increases = dict(kept.blocked), kept.freeze, kept.stops_increases
        self._imposed, self.is_compared, self.clock = kept.imposed, kept.is_compared, kept.clock
        self.refusals = Refusals(counted=Counter(kept.refused), off=dict(kept.off))
        self.dropped, self._absent_from = Counter(kept.dropped), kept.absent_from
        self.ours.read(now)  # Time goes on from there.
        for state in self.working.states.values():
            self.heard(state, now)

    # ---- what is asked -------------------------------------------------------------------------------------

    def sent(self, name: UUID, now: datetime) -> None:
        """Remember an order that is on its way."""
        self.working.hand_over(name, now)
        self._open[name] = now

    def heard(self, state: OrderState, now: datetime) -> None:
        """Remember when an order was last spoken of, and whether it is certain."""
        name = state.order.id
        if state.blocks or state.missing:  # What has filled and was not booked can be neither spent nor planned on.
            self._uncertain.add(name)
        else:
            self._uncertain.discard(name)
        if state.disputed:
            self.blocked.setdefault(state.order.symbol, f"order {name} has filled by what was not ordered")
        if state.is_final and not state.doubted:
            for known in (self._open, self._cancelled, self._queried, self._waiting):
                known.pop(name, None)
        else:
            self._open[name] = now

    def moved(self) -> None:
        """Remember that something was booked: a snapshot that was asked for before is older than that."""
        self._has_moved = True

    def look(self, now: datetime) -> None:
        """Have the account compared soon: at once where the last time was clean, and ever later where it was not."""
        wait = timedelta() if self._looked_at is None else self._looked_at + self._patience() - now
        at = now + max(wait, timedelta())
        self._look_at = at if self._look_at is None else min(self._look_at, at)

    def _patience(self) -> timedelta:
        """Return how long to wait between two snapshots: a difference is made sure of first, then left alone."""
        wait: timedelta = APART * 2 ** max(self._unclean - SNAPSHOTS, 0)
        return min(wait, PATIENCE_MAX)

    def admit(self, actions: Iterable[Action], now: datetime) -> list[Action]:
        """Return the actions that may go now; a cancel or a question without a token waits for one."""
        admitted: list[Action] = []
        for action in actions:
            if not isinstance(action, Cancel | Query):
                admitted.append(action)
            elif self._is_recent(asked := self._asked(action), action.id, now):
                continue
            elif self.spend(Use.UPKEEP, now):
                asked[action.id] = now
                self._waiting.pop(action.id, None)
                admitted.append(action)
            else:
                self._waiting[action.id] = action
        return admitted

    def ask(self, now: datetime) -> list[Action]:
        """Return the questions and cancels that are due, to be admitted, and the snapshot when it is time."""
        actions = [*self._waiting.values()]
        for name, at in self._open.items():
            if name not in self._waiting and self._is_asked_for(name) and now >= self._ask_at(name, at):
                actions.append(Query(name))
        if self._is_time_to_look(now) and self.spend(Use.UPKEEP, now):
            self._looked_at, self._look_at, self._is_looking, self._has_moved = now, None, True, False
            actions.append(Look((self._since or now) - OVERLAP - self._lag))
        return actions

    def measured(self, offset: timedelta) -> Clock:
        """Take over a measure of the venue's clock, and return what was known before."""
        before, self.clock = self.clock, self.clock.measured(offset)
        if not is_absurd(offset):
            self._lag = max(self._lag, -offset)  # What it stamps too early is asked for from so much earlier.
        return before

    def leapt(self, now: datetime) -> None:
        """Remember that nobody knows how much time has passed: an absent order is not given up for a while."""
        self._absent_from = now + GRACE
        self.look(now)

    def counts_absence(self, now: datetime) -> bool:
        """Say whether the venue not knowing an order is news."""
        return self._absent_from is None or now >= self._absent_from

    def _missing(self) -> Iterator[UUID]:
        """Yield the orders of which the venue counts more than has come."""
        states = self.working.states
        return (name for name in self._uncertain if name in states and states[name].missing)

    def read(self, seen: Snapshot | None, nav: float, now: datetime) -> tuple[tuple[Told, ...], Imposed]:
        """Return what a snapshot tells that was not known, and what it imposes."""
        self._is_looking = False
        known, states = self.account.holdings, self.working.states
        found = reconcile(
            *(known, states, seen, self.account.currency, amount(nav), self._doubts), is_settled=not self._has_moved
        )
        self._doubts = dict(found.doubts)
        is_clean = found.is_clean and self.clock.is_right
        self._unclean = 0 if is_clean else min(self._unclean + 1, 20)
        if found.again_at is not None or any(self._missing()) or not self.clock.is_right:
            self.look(now)
        if is_clean and seen is not None:
            self._since, self._lag = seen.at, timedelta()
        self._cash = self._cash if found.cash is None else found.cash
        compared = seen is not None and not self.is_compared
        imposed = Imposed(
            dict(found.blocked), found.freeze, found.stops_increases, found.cash or Decimal(0), compared
        )
        return found.told, imposed

    def wake_at(self, now: datetime) -> datetime | None:
        """Return when there will be something to ask, None for not by itself."""
        times = [self._ask_at(name, at) for name, at in self._open.items() if self._is_asked_for(name)]
        if self._waiting:
            times.append(now + timedelta(seconds=1))
        if self._look_at is not None:
            times.append(self._look_at)
        if self.look_every is not None:
            times.append(now if self._looked_at is None else self._looked_at + self.look_every)
        if self._is_looking and self._looked_at is not None:
            times.append(self._looked_at + LOOK_AGAIN)
        return max(min(times), now) if times else None

    def _ask_at(self, name: UUID, heard_at: datetime) -> datetime:
        """Return when to ask for an order: some seconds after the last word of it, and after the last question."""
        return max(heard_at, self._queried.get(name, heard_at)) + ASK_AFTER

    def _is_asked_for(self, name: UUID) -> bool:
        """Say whether silence about an order is not usual: it is not when it rests."""
        state = self.working.states[name]
        if state.order.purpose is Purpose.STOP or self.working.intent(name).waits:
            return state.status is not Status.WORKING
        return True

    def _is_time_to_look(self, now: datetime) -> bool:
        if self._is_looking and self._looked_at is not None:
            return now >= self._looked_at + LOOK_AGAIN
        if self._look_at is not None and now >= self._look_at:
            return True
        if self.look_every is None:
            return False
        return self._looked_at is None or now >= self._looked_at + self.look_every

    def _asked(self, action: Cancel | Query) -> dict[UUID, datetime]:
        return self._cancelled if isinstance(action, Cancel) else self._queried

    def _is_recent(self, asked: dict[UUID, datetime], name: UUID, now: datetime) -> bool:
        return name in asked and now < asked[name] + ASK_AFTER
