"""A snapshot, read: what it says of fills, orders and activities that was not known, in the order to hear it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from tradewright.execute.news import News, Report, Word
from tradewright.execute.orders import advance
from tradewright.execute.positions import is_reversed, reverse
from tradewright.values.exact import EXACT
from tradewright.values.order import Activity, ActivityKind, Fill, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.execute.positions import Holdings
    from tradewright.execute.state import OrderState
    from tradewright.values.snapshot import Snapshot

Told = Report | Fill | Activity
OURS = frozenset({ActivityKind.CAPITAL, ActivityKind.DIVIDEND, ActivityKind.SPLIT, ActivityKind.DELISTING})
"""What the platform books itself, when it counts; the venue's word on it would book it twice."""


class Reading:
    """A snapshot, read into copies of the orders' states.

    Args:
        known: What is booked.
        states: Ours, by client id.
        seen: What the venue says.

    Attributes:
        states: As they are once `told` is heard.
        told: What was not known.
        blocked: Why a symbol takes no new order.
        freeze: Why there may be no new risk.
        strange: Symbols that somebody else trades.
        units: What `told` moves, by symbol.
        cash: What it moves of cash.
    """

    def __init__(self, known: Holdings, states: Mapping[UUID, OrderState], seen: Snapshot) -> None:
        self.known, self.states, self.seen = known, dict(states), seen
        self.told: list[Told] = []
        self.blocked: dict[str, str] = {}
        self.freeze = ""
        self.strange: set[str] = set()
        self.units: dict[str, list[Decimal]] = {}
        self.cash: list[Decimal] = []
        self._read()

    def _read(self) -> None:
        for fill in self.seen.fills:
            self._fill(fill)
        for fill in self.seen.busts:
            self._bust(fill)
        for name, (status, filled) in self.seen.orders.items():
            self._order(name, status, filled)
        for name, state in self.states.items():
            if state.status is Status.WORKING and state.since < self.seen.at and name not in self.seen.orders:
                self._hear(name, News(word=Word.MISSING, reason="not in a snapshot"))
        for activity in self.seen.activities:
            if not self._is_ours(activity.kind) and activity.key not in self.known.activities:
                self._book(activity, activity.symbol, activity.units, activity.cash)

    def _is_ours(self, kind: ActivityKind) -> bool:
        """Say whether the platform books it itself; a dividend that is paid later is owed until the venue tells."""
        return kind in OURS and not (kind is ActivityKind.DIVIDEND and self.known.pays_later)

    def _fill(self, fill: Fill) -> None:
        state = None if fill.order_id is None else self.states.get(fill.order_id)
        if state is None:
            self.strange.add(fill.symbol)
        if fill.key in self.known.executions or (state is not None and fill.execution_id in state.executions):
            return
        self._move(fill, 1)
        if state is not None:
            self._hear(state.order.id, News(word=Word.FILL, fill=fill))
            return
        self.told.append(fill)
        self.blocked[fill.symbol] = f"execution {fill.execution_id} is of nobody here"
        if fill.order_id is not None:
            self.freeze = f"the venue filled order {fill.order_id}, which this ledger does not know"

    def _bust(self, fill: Fill) -> None:
        state = None if fill.order_id is None else self.states.get(fill.order_id)
        was_booked = fill.key in self.known.executions
        if state is not None and fill.order_id is not None:
            if fill.execution_id not in state.busts:
                if was_booked:
                    self._move(fill, -1)
                self._hear(fill.order_id, News(word=Word.BUST, fill=fill, reason="taken back"))
        elif was_booked and not is_reversed(fill, self.known.activities):
            for one in reverse(fill, fill.at, self.known.multipliers, "taken back"):
                self._book(one, one.symbol, one.units, one.cash)

    def _order(self, name: UUID | str, status: Status, filled: Decimal) -> None:
        state = self.states.get(name) if isinstance(name, UUID) else None
        if state is None or not isinstance(name, UUID):
            self._stranger(name, status)
        elif filled != 0 and (filled > 0) != (state.order.quantity > 0):
            self.freeze = f"the venue counts {filled} units filled of an order for {state.order.quantity}"
        elif not self._is_known(state, status, filled) and not self._is_overtaken(state, status):
            self._hear(name, News(word=Word.FOUND, status=status, filled=filled))

    def _is_known(self, state: OrderState, status: Status, filled: Decimal) -> bool:
        """Say whether the venue has said so before."""
        return status is state.status and filled in {state.filled, state.said}

    def _is_overtaken(self, state: OrderState, status: Status) -> bool:
        """Say whether an order has ended since the snapshot was asked for, and so stood in it rightly."""
        return state.is_final and status is Status.WORKING and state.since >= self.seen.at

    def _stranger(self, name: UUID | str, status: Status) -> None:
        if status is not Status.WORKING:
            return  # It does nothing any more; what it has filled comes as executions.
        symbol = self.seen.symbols.get(name)
        if symbol is None:
            self.freeze = f"order {name} is nobody's here, and the venue does not say in what"
            return
        self.strange.add(symbol)
        self.blocked[symbol] = f"order {name} is nobody's here"

    def _hear(self, name: UUID, news: News) -> None:
        """Keep news that is new."""
        step = advance(self.states[name], news, self.seen.at)
        self.states[name] = step.state
        if step.drafts:
            self.told.append(Report(name, news))

    def _move(self, fill: Fill, sign: int) -> None:
        units = fill.quantity if sign > 0 else fill.quantity.copy_negate()
        multiplier = self.known.multipliers.get(fill.symbol, Decimal(1))
        value = EXACT.multiply(EXACT.multiply(units, fill.price), multiplier)
        fee = fill.fee if sign > 0 else fill.fee.copy_negate()
        self.units.setdefault(fill.symbol, []).append(units)
        self.cash.append(EXACT.add(value, fee).copy_negate())

    def _book(self, activity: Activity, symbol: str | None, units: Decimal, cash: Decimal) -> None:
        self.told.append(activity)
        self.cash.append(cash)
        if symbol is not None:
            self.units.setdefault(symbol, []).append(units)
