"""When an account's venue has to be asked, and whether it may: questions, cancels, and the account as it stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from tradewright.execute.budget import Budget, Use
from tradewright.execute.reconcile import APART, SNAPSHOTS
from tradewright.live.events import Cancel, Look, Query
from tradewright.values.order import Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from tradewright.execute.working import Working
    from tradewright.live.events import Action

ASK_AFTER = timedelta(seconds=5)
"""An order without news for so long is asked for, and a cancel without effect is sent again."""
LOOK_AGAIN = timedelta(seconds=10)
"""A snapshot that has not come by then is asked for again."""
PATIENCE_MAX = timedelta(minutes=5)
"""The longest that is waited between two snapshots while something differs."""
OVERLAP = timedelta(seconds=10)
"""Fills are read again from so long before the last clean snapshot: the venue's clock is not ours."""


@attrs.define(kw_only=True)
class Asking:
    """What was asked of a venue, and when it is asked again.

    Attributes:
        working: The orders.
        budget: What may still be sent.
        look_every: How often the account is compared with the venue's word; None for only when something asks for it.
        since: Up to when nothing can have been missed, aware UTC; fills are read again from there.
    """

    working: Working
    budget: Budget = attrs.field(factory=Budget)
    look_every: timedelta | None = None
    _open: dict[UUID, datetime] = attrs.field(factory=dict)
    _cancelled: dict[UUID, datetime] = attrs.field(factory=dict)
    _queried: dict[UUID, datetime] = attrs.field(factory=dict)
    _waiting: dict[UUID, Action] = attrs.field(factory=dict)
    _since: datetime | None = attrs.field(default=None, alias="since")
    _looked_at: datetime | None = None
    _look_at: datetime | None = None
    _is_looking: bool = False
    _has_moved: bool = False
    _unclean: int = 0
    _lag: timedelta = timedelta()

    def spend(self, use: Use, now: datetime) -> bool:
        """Take a token for a call, and say whether there was one."""
        left = self.budget.spend(use, now)
        self.budget = left or self.budget
        return left is not None

    def sent(self, name: UUID, now: datetime) -> None:
        """Remember an order that is on its way."""
        self.working.hand_over(name, now)
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
