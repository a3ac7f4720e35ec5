"""A playback that is killed between two actions, and starts again from its ledger alone; the venue lives on."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from played_back import Pair, Told
from tradewright.execute.news import Report
from tradewright.ledger.store import MemoryStore
from tradewright.live import events
from tradewright.live.playback import Playback
from tradewright.live.recovery import recover
from tradewright.values.order import Activity
from twin_case import Case

PATIENCE = timedelta(seconds=70)


class KilledError(Exception):
    """The process is gone."""


class Crashing(Playback):
    """Dies before its n-th action, as often as there are numbers left."""

    def __init__(self, *arguments: Any, kills: list[int], **named: Any) -> None:
        self._kills, self.done, self.starts = list(kills), 0, 0
        self.said: list[Report | Activity] = []
        self.submitted: list[Any] = []
        self.late: list[Any] = []
        self.sentence, _, self.fused, _ = arguments
        super().__init__(*arguments, **named)
        self._first = self._now
        self._doers[events.Query] = self._query

    def _query(self, action: Any) -> None:
        """Ask the venue after a while: of what it does not know, two answers some time apart are needed."""
        self._now += PATIENCE
        self.venue.query(action.id)

    def _do(self, actions: list[Any]) -> None:
        for action in actions:
            self.done += 1
            if self._kills and self.done == self._kills[0]:
                self._kills.pop(0)
                raise KilledError
            if isinstance(action, events.Submit):
                self.submitted.append(action.order.id)
            self._doers[type(action)](action)
            self._keep()

    def _hear(self) -> None:
        self._keep()
        super()._hear()

    def _keep(self) -> None:
        """Remember what the venue says, as a venue does that can be asked again."""
        due = self.venue.due()
        self.said += due
        self._events.extend(due)

    def step(self) -> None:
        for event in self._stages():
            try:
                self._hear()
                if event is not None:
                    self._tell(event)
            except KilledError:
                self.start_again(event)
        self.bar += 1

    def start_again(self, event: Any) -> None:
        """Recover as often as it takes, ask the venue for all that it has said, and go on where the bar stands."""
        while True:
            self.starts += 1
            self._events.clear()
            self.store.crash()
            found = recover(self.store, self.sentence, self.fused, self._now)
            self.agent, self.outlook = found.agent, found.outlook
            self.late += [one for one in found.actions if isinstance(one, events.Submit)]
            try:
                self._do(list(found.actions))
                self._events.extend(found.events)
                self._events.extend(one for one in self.said if self._is_open(one))
                self._events.append(events.SnapshotTaken(self.venue.snapshot(self._first, self._now)))
                self._hear()
                begun = isinstance(event, events.BarOpened) and found.has_begun
                arrived = isinstance(event, events.RowArrived) and (found.has_row or not found.has_begun)
                if event is not None and not begun and not arrived:
                    self._tell(event)
            except KilledError:
                continue
            return

    @property
    def now(self) -> datetime:
        return self._now

    def _is_open(self, one: Report | Activity) -> bool:
        """Say whether the agent awaits news of it: what has ended, its ledger knows."""
        if isinstance(one, Activity):
            return True
        state = self.agent.working.states.get(one.id)
        return state is not None and not state.is_final


def crashing(case: Case, folder: Path, kills: list[int]) -> Crashing:
    """Return a playback of a case that dies before these of its actions."""
    pair = Pair(case, folder)
    return Crashing(Told(case), pair.market, pair.rules, 0, kills=kills)


def entries_of(store: MemoryStore) -> list[str]:
    return [f"{entry.kind} {entry.text}" for entry in store.read()]
