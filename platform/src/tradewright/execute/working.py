"""Every order of a day, by its client id: what stands, what it binds, and the number of the next intent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from tradewright.execute.news import News, Word
from tradewright.execute.orders import Step, advance, client_id
from tradewright.execute.state import OrderState
from tradewright.values.order import Order, Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from tradewright.execute.news import Report

Place = tuple[str, str]
"""(strategy, symbol)."""


@attrs.frozen(kw_only=True)
class Intent:
    """One order beyond what the venue knows of it.

    Attributes:
        waits: Whether it rests at its limit.
        reduces: Whether it brings its position nearer to zero.
        binds: Free cash that it takes if it fills whole, in currency.
    """

    waits: bool = False
    reduces: bool = False
    binds: float = 0.0


@attrs.frozen(kw_only=True)
class Orders:
    """What is left of the orders when all that has come to a certain end stands in the ledger.

    Attributes:
        lasting: Orders of which more may be heard, with what is known of them here, as they were intended.
        open: Ids of those that may still fill, stops aside, as they are counted.
        guards: The last stop of each place, as they came.
    """

    lasting: tuple[tuple[OrderState, Intent], ...] = ()
    open: tuple[UUID, ...] = ()
    guards: tuple[tuple[Place, UUID], ...] = ()


class Working:
    """The orders of one ledger at one venue.

    Attributes:
        states: By client id.
    """

    def __init__(self, ledger: str, venue: str) -> None:
        self.states: dict[UUID, OrderState] = {}
        self._ledger, self._venue = ledger, venue
        self._open: dict[UUID, OrderState] = {}
        self._intents: dict[UUID, Intent] = {}
        self._guards: dict[Place, UUID] = {}
        self._earlier: Counter[tuple[str, str, datetime, Purpose]] = Counter()

    def intend(
        self,
        place: Place,
        quantity: Decimal,
        purpose: Purpose,
        decided_at: datetime,
        now: datetime,
        *,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
        intent: Intent | None = None,
    ) -> Order:
        """Make an order that nobody has sent, and remember it.

        Args:
            place: Strategy and symbol.
            quantity: Signed units.
            purpose: Why.
            decided_at: Close of the row it was decided on, aware UTC.
            now: Aware UTC.
            limit: Worst price.
            stop: Trigger, for a stop.
            intent: What is known of it here.
        """
        strategy, symbol = place
        key = (strategy, symbol, decided_at, purpose)
        name = client_id(self._ledger, self._venue, [strategy], symbol, decided_at, purpose, self._earlier[key])
        self._earlier[key] += 1
        order = Order(
            id=name,
            venue=self._venue,
            symbol=symbol,
            quantity=quantity,
            purpose=purpose,
            limit=limit,
            stop=stop,
            shares=((strategy, quantity),),
            decided_at=decided_at,
        )
        self.recall(order, intent or Intent(), now)
        return order

    def recall(self, order: Order, intent: Intent, at: datetime) -> None:
        """Remember an order that was intended at an instant, and of which nothing has been heard."""
        self._intents[order.id] = intent
        self._keep(OrderState(order=order, since=at))
        if order.purpose is Purpose.STOP:
            self._guards[order.strategy, order.symbol] = order.id

    def hand_over(self, order_id: UUID, now: datetime) -> None:
        """Note that an order leaves for the venue; its intent tells the ledger."""
        self._keep(advance(self.states[order_id], News(word=Word.HANDED_OVER), now).state)

    def hear(self, report: Report, now: datetime) -> Step:
        """Lead an order on by what the venue says of it."""
        step = advance(self.states[report.id], report.news, now)
        self._keep(step.state)
        return step

    def _keep(self, state: OrderState) -> None:
        """Note where an order stands; those that may still fill also by themselves, for they are asked for often."""
        name = state.order.id
        self.states[name] = state
        if state.is_final or state.order.purpose is Purpose.STOP:
            self._open.pop(name, None)
        else:
            self._open[name] = state

    def intent(self, order_id: UUID) -> Intent:
        """Return what is known here of an order."""
        return self._intents[order_id]

    def guard(self, place: Place) -> OrderState | None:
        """Return the stop that stands for a position, None for none."""
        state = self.states.get(self._guards[place]) if place in self._guards else None
        return None if state is None or state.is_final else state

    def guarded(self) -> Iterator[Place]:
        """Yield the places that have, or had, a stop."""
        yield from self._guards

    def open(self, strategy: str | None = None) -> Iterator[OrderState]:
        """Yield the orders that may still fill, stops aside; of one strategy or of all."""
        for state in self._open.values():
            if strategy is None or state.order.strategy == strategy:
                yield state

    def unsettled(self, strategy: str | None = None) -> Iterator[OrderState]:
        """Yield the orders of which news is still awaited; UNKNOWN ones block their asset and wait for nobody."""
        return (state for state in self.open(strategy) if state.status is not Status.UNKNOWN)

    def is_reducing(self, strategy: str) -> bool:
        """Say whether news of a reduction is awaited: until then nobody knows what an increase may take."""
        return any(self._intents[state.order.id].reduces for state in self.unsettled(strategy))

    def is_on_its_way(self, strategy: str) -> bool:
        """Say whether news is awaited of an order that does not rest at its limit."""
        return any(not self._intents[state.order.id].waits for state in self.unsettled(strategy))

    def bound(self, strategy: str) -> float:
        """Return the free cash that a strategy's open orders may still take, in currency."""
        return sum(
            max(self._intents[state.order.id].binds, 0.0) * float(state.left / state.order.quantity)
            for state in self.open(strategy)
        )

    def of(self, symbol: str) -> Iterator[OrderState]:
        """Yield the orders in a symbol, whatever became of them."""
        return (state for state in self.states.values() if state.order.symbol == symbol)

    def settle(self, symbol: str) -> list[OrderState]:
        """Count what is disputed of a symbol's orders as settled by a person, and return the orders."""
        for state in [one for one in self.of(symbol) if one.disputed]:
            self._keep(attrs.evolve(state, disputed=False))
        return [*self.of(symbol)]

    def forget_final(self, before: datetime) -> None:
        """Let go of orders that ended before an instant, unless they are in doubt; the ledger has them."""
        ended = ((name, state) for name, state in self.states.items() if state.is_final and state.since < before)
        old = [name for name, state in ended if not (state.blocks or state.missing)]
        if not old:
            return
        for name in old:
            del self.states[name], self._intents[name]
        self._guards = {place: name for place, name in self._guards.items() if name in self.states}
        self._earlier = Counter({key: n for key, n in self._earlier.items() if key[2] >= before})

    # ---- what a checkpoint keeps -------------------------------------------------------------------------

    def kept(self) -> Orders:
        """Return what the intents and the venue's words of the last days do not tell."""
        lasting = [(state, self._intents[name]) for name, state in self.states.items() if not state.is_over]
        return Orders(lasting=tuple(lasting), open=tuple(self._open), guards=tuple(self._guards.items()))

    def restore(self, kept: Orders) -> None:
        """Take over what was kept, beside the orders that have been recalled since."""
        older = {state.order.id: state for state, _ in kept.lasting if state.order.id not in self.states}
        self.states = {**older, **self.states}
        self._intents |= {state.order.id: intent for state, intent in kept.lasting}
        self._open = {name: self.states[name] for name in kept.open}
        self._guards = dict(kept.guards)
