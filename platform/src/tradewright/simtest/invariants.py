"""What must never happen, looked for while a world runs; each is numbered as in the reference."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.state import bare
from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.receivables import CENT
from tradewright.ledger.entry import verify
from tradewright.live.events import Quoted
from tradewright.simtest.said import Said
from tradewright.simtest.standing import Standing
from tradewright.values.exact import add, amount, to_float
from tradewright.values.order import EXTERNAL, Purpose, Status

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tradewright.execute.venue import SimulatedVenue
    from tradewright.ledger.entry import Head
    from tradewright.ledger.store import MemoryStore
    from tradewright.live.core import Agent
    from tradewright.values.order import Order
    from tradewright.values.snapshot import Quote

_PENDING = {Status.INTENDED, Status.SENT, Status.UNKNOWN}
CALLS_A_MINUTE = 300
"""What the simulated venue allows at most."""
QUOTE_SECONDS = 60.0
"""How old a price may be that an order follows."""
COLLAR = 0.21
"""Furthest from the mark at which anything may be added; costs are a part of it."""
SLACK = 0.02
"""Prices move between a decision and its orders: exposure may exceed what was decided by so much."""
GROSS_MAX, DAY_LOSS_MAX, DRAWDOWN_MAX = 1.0, 0.05, 0.12
GAP = 0.04
"""A stated slack for what opens beyond a stop or a limit."""


class BrokenError(Exception):
    """An invariant does not hold.

    Attributes:
        number: Of the invariant.
    """

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"invariant {number}: {what}")
        self.number = number


class Invariants:
    """A watch over one agent at one venue.

    Args:
        agent: It; a restart replaces it.
        venue: Where it trades.
        store: What it has written down.
        shorts: Whether it may sell what it does not hold.

    Attributes:
        checked: How often each invariant was looked at, by number.
    """

    def __init__(self, agent: Agent, venue: SimulatedVenue, store: MemoryStore, *, shorts: bool) -> None:
        self.agent, self.venue, self.store, self.shorts = agent, venue, store, shorts
        self.checked: Counter[int] = Counter()
        self._submitted: Counter[UUID] = Counter()
        self._forgotten: Counter[UUID] = Counter()
        self._calls: list[datetime] = []
        self._quotes: dict[str, Quote] = {}
        self._closed_until: datetime | None = None
        self._said = Said()
        rules = zip(agent.walk.halting, agent.walk.settings.latched, strict=True)
        self._latched = [name for name, is_latched in rules if is_latched]
        self._standing = Standing(self._latched)
        self._lacked: set[str] = set()
        self._begin = self._peak = agent.walk.equity()

    # ---- a restart -----------------------------------------------------------------------------------------

    def restarted(self, agent: Agent, store: MemoryStore, kept: Head) -> None:
        """See an agent that was started again.

        Args:
            agent: It.
            store: What is left of its ledger.
            kept: The last entry that could not be lost.
        """
        self.agent, self.store, self._standing = agent, store, Standing(self._latched)
        self._said = Said()  # Who died hearing it has not heard it.
        last = next(store.read(kept.seq - 1), None)
        self._hold(9, last is not None and last.head == kept, f"entry {kept.seq} was written, and is lost")

    def restored(self, store: MemoryStore) -> None:
        """See an old copy of the ledger: a stop that it does not know, and that has ended, it may send once more."""
        known, self.store = store.projections.rows["orders"], store
        self._forgotten.update(name for name in self._submitted if (str(name),) not in known)

    def lacks(self, *, is_up: bool) -> bool:
        """See an old copy of the ledger that runs, and say whether it lacks fills: one that lacks none may go on."""
        known, watch = self.store.projections.rows["orders"], self.agent.watch
        executed = (fill for fill in self.venue.told.fills.values() if fill.order_id is not None)
        fills = {fill.symbol for fill in executed if (str(fill.order_id),) not in known}
        orders = {order.symbol for order in self.venue.standing() if (str(order.id),) not in known}
        is_awaited = not is_up or not watch.is_compared
        noticed = is_awaited or (bool(watch.freeze) if fills else orders <= set(watch.blocked))
        self._hold(7, noticed, f"an old ledger trades on, {', '.join(sorted(fills | orders))} unknown to it")
        self._lacked |= fills | orders
        return bool(fills)

    # ---- at once -------------------------------------------------------------------------------------------

    def called(self, now: datetime) -> None:
        """See a call to the venue."""
        self._calls = [at for at in self._calls if (now - at).total_seconds() < 60.0] + [now]
        self._hold(12, len(self._calls) <= CALLS_A_MINUTE, "the venue is called too often")
        self._hold(12, self._closed_until is None or now >= self._closed_until, "the venue asked to be left alone")

    def heard(self, event: object, now: datetime) -> None:
        """See what the agent is told, just before it is."""
        if isinstance(event, Quoted):
            fresh = {symbol: one for symbol, one in event.quotes.items() if _is_fresh(one, now)}
            self._quotes = {**self._quotes, **fresh}
        if isinstance(event, Contact) and event.outcome is Outcome.LIMITED and event.retry_after is not None:
            self._closed_until = now + timedelta(seconds=event.retry_after)
        self._said.hear(event, self.agent, now)

    def submitted(self, order: Order, now: datetime) -> None:
        """See an order leave the agent."""
        self._submitted[order.id] += 1
        has_ended = order.purpose is Purpose.STOP and not self.venue.left(order.id)
        times = 1 + self._forgotten[order.id] * has_ended
        self._hold(4, self._submitted[order.id] <= times, f"order {order.id} was sent twice")
        intents = self.store.projections.rows["orders"]
        self._hold(3, (str(order.id),) in intents, f"order {order.id} was sent before it was written down")
        level = self._level(order.strategy)
        held = self.agent.account.holdings.quantity(order.strategy, order.symbol)
        reduces = order.quantity * held < 0
        is_stop = order.purpose is Purpose.STOP
        self._hold(7, level == 0 or reduces or is_stop, f"{order.symbol} is increased while a halt of {level} stands")
        frozen = bool(self.agent.watch.freeze) and not is_stop
        self._hold(7, not frozen, f"{order.symbol} is ordered while nothing may be")
        states = self.agent.working.states.values()
        unknown = {one.order.symbol for one in states if one.status is Status.UNKNOWN or one.disputed}
        uncertain = not is_stop and order.symbol in {*self.agent.watch.blocked, *unknown}
        self._hold(7, not uncertain, f"{order.symbol} is ordered while it is not known what is held of it")
        self._hold(7, is_stop or self._is_quoted(order.symbol, now), f"{order.symbol} is ordered at no sound price")
        why = "" if is_stop or reduces else self._said.forbids(order) or self._is_far(order)
        self._hold(7, not why, f"{order.symbol} is increased {why}")

    def _level(self, strategy: str) -> int:
        """Return the deepest halt of a strategy or of the account; another strategy's is not its."""
        levels = bare(self.agent.walk.state.halts)["level"]
        return int(levels[[self.agent.account.book(strategy), -1]].max()) if levels.size else 0

    def _is_far(self, order: Order) -> str:
        """Return how far from the last close an order would be filled, empty for not too far."""
        mid, limit = self._quotes[order.symbol].mid, order.limit
        price = to_float(mid if limit is None else (min if order.quantity > 0 else max)(mid, limit))
        last = self.agent.walk.mark(self.agent.account.asset(order.symbol))
        return "" if abs(price / last - 1.0) <= COLLAR else f"at {price}, the last close was {last}"

    def _is_quoted(self, symbol: str, now: datetime) -> bool:
        quote = self._quotes.get(symbol)
        if quote is None or quote.bid is None or quote.ask is None:
            return False
        return 0 < quote.bid <= quote.ask and _is_fresh(quote, now)

    def arrived(self, order: Order, now: datetime) -> None:
        """See an order reach the venue, just before it is taken."""
        del now
        known = self.agent.working.states.get(order.id)
        has_ended = known is not None and known.is_final and not known.filled
        self._hold(10, not has_ended, f"order {order.id} arrives and is said to have ended")
        if order.purpose is Purpose.STOP:
            return
        symbol, whose = order.symbol, order.strategy
        if self._touched():
            return  # What was sold or bought may have been taken back since.
        held = self.venue.held.get((whose, symbol), Decimal(0))
        mine = [one for one in (*self.venue.standing(), order) if (one.strategy, one.symbol) == (whose, symbol)]
        sold = sum(
            (self.venue.left(one.id) or one.quantity for one in mine if one.quantity < 0 and one.stop is None),
            Decimal(0),
        )
        self._hold(6, self.shorts or sold >= -max(held, Decimal(0)), f"{-sold} {symbol} are sold of {held} held")
        self._hold(
            5, self._gross(order) <= GROSS_MAX + SLACK, f"orders on their way exceed the exposure with {symbol}"
        )

    def _touched(self) -> set[str]:
        """Return the symbols in which something happened that no order of the agent's has done."""
        return self.venue.told.strange | {fill.symbol for _, fill in self.venue.told.busts}

    def _gross(self, order: Order) -> float:
        """Return the worst gross exposure of the account with an order, as a part of its equity."""
        orders = [one for one in self.venue.standing() if one.purpose is not Purpose.STOP]
        worst = 0.0
        for symbol in self.agent.account.symbols:
            mark = self.venue.mark(symbol)
            if np.isnan(mark):
                continue
            held = to_float(self.venue.positions().get(symbol, Decimal(0)))
            left = [to_float(self.venue.left(one.id)) for one in orders if one.symbol == symbol]
            left += [to_float(order.quantity)] if order.symbol == symbol else []
            up, down = sum(one for one in left if one > 0), sum(one for one in left if one < 0)
            worst += max(abs(held), abs(held + up), abs(held + down)) * mark
        return worst / max(self._equity(), 1.0)

    def _equity(self) -> float:
        value = to_float(self.venue.money())
        for symbol, units in self.venue.positions().items():
            value += to_float(units) * self.venue.mark(symbol)
        return value

    # ---- after every event ---------------------------------------------------------------------------------

    def after(self) -> None:
        """Look at what holds all the time."""
        told, watch = self._standing, self.agent.watch
        told.read(self.store.read(told.seq))
        gone = {rule for rule, level in told.halts.items() if self._depth(rule) < level} | told.unasked
        self._hold(8, not gone, f"a latched halt of {', '.join(sorted(gone))} has gone by itself")
        is_held = bool(watch.freeze) or not told.freeze
        self._hold(8, is_held and told.blocked <= set(watch.blocked), "what only a person ends has gone by itself")

        # Splits of what is nobody's are told by nobody.
        nobodys = {symbol for whose, symbol in self.venue.held if whose == EXTERNAL}
        unheard = told.adopted - self._lacked - nobodys
        self._hold(
            1, not unheard, f"a person took over units of {', '.join(sorted(unheard))} that the venue had told"
        )

    def _depth(self, rule: str) -> int:
        """Return the deepest halt of a rule, of whichever row."""
        return int(bare(self.agent.walk.state.halts)["level"][:, self.agent.walk.halting.index(rule)].max())

    # ---- at a session's end, when everything has healed ----------------------------------------------------

    def settled(self, *, session_begins: bool = True) -> None:
        """Look at what holds once faults have healed."""
        watch, holdings = self.agent.watch, self.agent.account.holdings
        told = {*watch.blocked, *watch.uncertain()}
        positions = self.venue.positions()
        for symbol in self.agent.account.symbols:
            ours, theirs = holdings.total_quantity(symbol), positions.get(symbol, Decimal(0))
            explained = ours == theirs or symbol in told or bool(watch.freeze)
            self._hold(1, explained, f"{symbol}: {ours} are booked, {theirs} are held")
        cash = self.venue.money() - holdings.paid_cash("USD")
        doubted = bool(self._touched()) or bool(watch.freeze) or bool(told) or self.venue.owes()
        self._hold(2, abs(cash) < CENT or doubted, f"the venue has {cash} more than is booked")
        to_come = add(amount(one.cash) for one in self.venue.promised) - add(one.cash for one in holdings.owed)
        self._hold(2, abs(to_come) < CENT or doubted, f"the venue will pay {to_come} more than it owes")
        pending = [one.order.symbol for one in self.agent.working.states.values() if one.status in _PENDING]
        self._hold(14, not pending, f"an order in {', '.join(pending)} is still awaited")
        resumes = not told - self._lacked or bool(self._touched()) or bool(watch.freeze)
        self._hold(14, resumes, f"{', '.join(sorted(told))} stays blocked, and nobody else has touched it")
        told_twice = not self._said.changed or bool(watch.freeze)
        self._hold(
            14, told_twice, f"execution {self._said.changed} has come again with other units, and nothing is held"
        )
        self._hold(9, verify(self.store.read()) == self.store.head, "the chain does not end in its head")
        equity = self._equity()
        if session_begins:
            self._hold(
                11, equity >= self._begin * (1 - DAY_LOSS_MAX - GAP), f"the day lost {1 - equity / self._begin:.1%}"
            )
            self._peak = max(self._peak, equity)
            self._hold(11, equity >= self._peak * (1 - DRAWDOWN_MAX - GAP), "the drawdown is too deep")
            self._begin = equity

    def replayed(self, difference: str) -> None:
        """See whether the ledger, lived again, says the same."""
        self._hold(15, not difference, f"the ledger leads elsewhere: {difference[:400]}")

    def _hold(self, number: int, holds: bool, what: str) -> None:  # noqa: FBT001  # what is checked, and what is said
        self.checked[number] += 1
        if not holds:
            raise BrokenError(number, what)


def _is_fresh(quote: Quote, now: datetime) -> bool:
    return (now - quote.available_at).total_seconds() <= QUOTE_SECONDS
