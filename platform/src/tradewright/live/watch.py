"""What is not certain about an account, and what follows from it.

An order of which nothing is known blocks its symbol; so does a difference that nobody has adopted.  Nothing here
trades: it holds back, and tells.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.execute.clock import Clock, Steady, is_absurd
from tradewright.execute.reconcile import Doubt, is_in_flight, reconcile
from tradewright.execute.refusals import Refusals
from tradewright.execute.state import GRACE
from tradewright.live.asking import Asking
from tradewright.live.events import Imposed
from tradewright.risk.contract import Level
from tradewright.values.exact import EXACT, amount
from tradewright.values.order import Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tradewright.engine.walk import Walk
    from tradewright.execute.reading import Told
    from tradewright.execute.state import OrderState
    from tradewright.live.account import Account
    from tradewright.values.snapshot import Snapshot

GIVE_UP_AFTER = timedelta(seconds=30)
"""What is awaited when a row is complete is UNKNOWN after so long: the decision waits no longer."""


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


@attrs.define(kw_only=True)
class Watch(Asking):
    """One account at one venue, under watch; what is asked of the venue is `Asking`.

    Attributes:
        account: Exact money and units.
        walk: The state that decisions follow from.
        blocked: Why a symbol takes no new order, until a person adopts it, by symbol.
        freeze: Why there is no new risk at all until a person lifts it; empty for no reason.
        stops_increases: Whether cash differs by so much that nothing may be increased.
        clock: What is known of the venue's.
        ours: Our own time.
        refusals: What the venue has refused in this session.
        dropped: How many prices of a symbol were not used, by symbol.
        is_compared: Whether a snapshot was read since the last start: until then no order leaves.
    """

    account: Account
    walk: Walk
    blocked: dict[str, str] = attrs.field(factory=dict)
    freeze: str = ""
    stops_increases: bool = False
    clock: Clock = attrs.field(factory=Clock)
    ours: Steady = attrs.field(factory=Steady)
    refusals: Refusals = attrs.field(factory=Refusals)
    dropped: Counter[str] = attrs.field(factory=Counter)
    is_compared: bool = True
    _uncertain: set[UUID] = attrs.field(factory=set)
    _doubts: dict[str, Doubt] = attrs.field(factory=dict)
    _cash: Decimal = Decimal(0)
    _imposed: tuple[int, frozenset[str]] = (0, frozenset())
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

    # ---- what is heard -------------------------------------------------------------------------------------

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
