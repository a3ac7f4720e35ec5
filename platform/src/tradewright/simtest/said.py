"""What a venue has said that should hold an agent's increases back, kept beside the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.execute.news import Report, Word
from tradewright.live.events import BarOpened, Lifted, SnapshotTaken
from tradewright.values.order import Status

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from tradewright.live.core import Agent
    from tradewright.values.order import Order

SKEW_SECONDS, REFUSALS = 5.0, 3
"""How far the venue's clock may be off, and how often it may refuse a strategy for one reason, where any is added."""


class Said:
    """What the venue has said that should hold increases back.

    Attributes:
        changed: An execution that came again with other units, empty for none.
    """

    def __init__(self) -> None:
        self.changed = ""
        self._executions: dict[str, Decimal] = {}
        self._is_off = False
        self._refused: dict[str, set[UUID]] = {}

    def hear(self, event: object, agent: Agent, now: datetime) -> None:
        """See what an agent is told, just before it is."""
        if isinstance(event, BarOpened) and event.opening.opens:
            self._refused.clear()
        if isinstance(event, Lifted):
            self.changed = ""  # A person has seen it.
        if isinstance(event, SnapshotTaken) and event.seen is not None and event.seen.said_at is not None:
            self._is_off = abs((event.seen.said_at - now).total_seconds()) > SKEW_SECONDS
        if not isinstance(event, Report):
            return
        state, news = agent.working.states.get(event.id), event.news
        if state is not None and news.word is Word.REFUSED and state.status in {Status.INTENDED, Status.SENT}:
            self._refused.setdefault(state.order.strategy, set()).add(event.id)
        if state is not None and news.word is Word.FILL and news.fill is not None:
            units = self._executions.setdefault(news.fill.execution_id, news.fill.quantity)
            self.changed = self.changed or (news.fill.execution_id if units != news.fill.quantity else "")

    def forbids(self, order: Order) -> str:
        """Return why an increase should not be, empty for no reason."""
        if self._is_off:
            return "while the venue's clock is off"
        often = len(self._refused.get(order.strategy, ())) >= REFUSALS
        return "though its strategy is refused again and again" if often else ""
