"""How a world goes on when its agent dies: what is lost, who is started again, and a person who comes by."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tradewright.ledger.entry import Kind
from tradewright.live.events import Adopted
from tradewright.live.outlook import Ahead
from tradewright.live.recovery import recover
from tradewright.simtest.deaths import COPY_AGE, OLD_LEDGER, POWER, asked_by_a_person, older, stands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tradewright.engine.fuse import FusedRules
    from tradewright.execute.faults import Dice
    from tradewright.execute.venue import SimulatedVenue
    from tradewright.execute.wire import Wire
    from tradewright.ledger.entry import Head
    from tradewright.ledger.store import MemoryStore
    from tradewright.live.core import Agent
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.simtest.invariants import Invariants
    from tradewright.simtest.world import Case
    from tradewright.values.bars import Bars

SECOND = timedelta(seconds=1)
DOWN = (2.0, 30.0, 300.0, 3000.0)
"""How long an agent is down at most, in seconds; each death chooses one of them."""
PUT_RIGHT = (60.0, 4000.0)
"""After how many seconds a person sees that an old copy of the ledger stands in place of the newest."""
PERSON = (300.0, 5400.0)
"""After how many seconds a person comes whom an account waits for."""


class Restarts:
    """The part of a world that outlives its agents.

    Attributes:
        starts: How often the agent was started again.
        person: How often a person has ended or taken over something.
    """

    agent: Agent
    case: Case
    dice: Dice
    invariants: Invariants
    now: datetime
    rules: FusedRules
    sentence: Any
    store: MemoryStore
    venue: SimulatedVenue
    wire: Wire
    _decided: int
    _heard: Bars
    _opened: int
    _outlook: Outlook
    _start: int

    def __init__(self) -> None:
        self.starts = self.person = 0
        self._life, self._is_down, self._is_awaited = 0, False, False
        self._newest: MemoryStore | None = None
        self._heads: list[Head] = []
        self._newest_heads: list[Head] = []
        self._kept: Head | None = None

    def _at(self, at: datetime, call: Callable[[], None]) -> None:
        raise NotImplementedError

    def _later(self, at: datetime, call: Callable[[], None]) -> None:
        raise NotImplementedError

    def _do(self, actions: Iterable[Action]) -> None:
        raise NotImplementedError

    def _hear(self, event: Event) -> None:
        raise NotImplementedError

    def _tell_opening(self, bar: int) -> None:
        raise NotImplementedError

    def _tell_prices(self, bar: int) -> None:
        raise NotImplementedError

    # ---- death, and what follows ---------------------------------------------------------------------------

    def _die(self, fault: str) -> None:
        """Let the agent be gone, and what it has not heard; the market and the venue go on."""
        self._life, self._is_down = self._life + 1, True
        self.wire.drop()
        if fault == POWER:
            self.store.crash()
            self._heads = [head for head in self._heads if head.seq <= self.store.head.seq]
        if fault == OLD_LEDGER and self._newest is None:
            self._restore_a_copy()
        self._kept = self.store.head if fault == POWER else self._heads[-1]
        seconds = self.dice.random.choice(DOWN) * self.dice.random.uniform(0.2, 1.0)
        self._at(self.now + seconds * SECOND, self._start_again)

    def _start_again(self) -> None:
        """Recover from the ledger alone, and tell of the rows that were slept through, in their order."""
        if not self._is_down:
            return
        found = recover(self.store, self.sentence, self.rules, self.now)
        counts = Counter(entry.kind for entry in self.store.read(kinds=frozenset({Kind.ROW, Kind.DECISION})))
        self._decided = self._start - 1 + counts[Kind.DECISION]
        self._outlook = found.outlook
        if self.case.ahead:  # What was recovered knows the rows of the ledger alone.
            self._outlook = Ahead(self.sentence, self.rules, self._heard, counts[Kind.ROW])
        self.agent, self._is_down = found.agent, False
        self.starts += 1
        self.invariants.restarted(self.agent, self.store, self._kept or self.store.head)
        next_bar = self._decided + 1
        self._do(found.actions)
        for event in found.events:
            self._hear(event)
        for bar in range(next_bar, self._opened + 1):
            if bar > next_bar or not found.has_begun:
                self._later(self.now, partial(self._tell_opening, bar))
            elif not found.has_row:
                self._tell_prices(bar)
        self._call_a_person()

    def _restore_a_copy(self) -> None:
        """Put an old copy of the ledger in place of the newest; a person sees to it some minutes later."""
        heads = [head.seq for head in self._heads if head.seq > self.store.head.seq - COPY_AGE][:-1]
        if not heads:
            return
        self._newest, self.store = self.store, older(self.store, self.dice.random.choice(heads))
        self.invariants.restored(self.store)
        self._newest_heads, self._heads = self._heads, [self.store.head]
        self._at(self.now + self.dice.random.uniform(*PUT_RIGHT) * SECOND, self._put_right)

    def _put_right(self) -> None:
        """Put the newest ledger back where an old one stands that lacks something, and start again from it."""
        newest, self._newest = self._newest, None
        if newest is None or not self.invariants.lacks(is_up=not self._is_down):
            return
        self.store, self._heads = newest, self._newest_heads
        self._life, self._is_down = self._life + 1, True
        self.wire.drop()
        self._kept = self.store.head
        self._start_again()

    # ---- a person ------------------------------------------------------------------------------------------

    def _call_a_person(self) -> None:
        """Let a person come, some time after something stands that only a person ends."""
        if not self._is_awaited and self._newest is None and stands(self.agent):
            self._is_awaited = True
            self._at(self.now + self.dice.random.uniform(*PERSON) * SECOND, self._ask_as_a_person)

    def _ask_as_a_person(self) -> None:
        """End orders that nobody here knows, take over what differs, and lift what stands."""
        self._is_awaited = False
        if self._is_down or self._newest is not None:
            return
        for order in self.venue.standing():
            if order.id not in self.agent.working.states:
                self.venue.cancel(order.id, self.now)
        self.wire.collect(self.now)
        for event in asked_by_a_person(self.agent):
            if isinstance(event, Adopted) and event.symbol is None and self.venue.owes():
                continue  # The broker's page shows what has moved and is told later: adopted, it would count twice.
            self.person += 1
            self._hear(event)
