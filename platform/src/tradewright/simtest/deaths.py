"""How an agent dies between two of its actions, what of its ledger is left, and what a person does then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.engine.state import bare
from tradewright.ledger.entry import Draft, Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live import entries, events
from tradewright.live.persons import FREEZE
from tradewright.risk.requested_halt import NAME as REQUESTED_HALT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.execute.faults import Dice
    from tradewright.live.core import Agent
    from tradewright.live.events import Action, Commit, Event

BEFORE_ENTRY, BEFORE_DEED, BEFORE_ANSWER, BEFORE_FILL = "F1", "F2", "F3", "F4"
POWER, OLD_LEDGER = "F35", "F44"
COPY_AGE = 150
"""By how many entries a copy that is restored is older, at most."""
BY, REASON = "a person", "looked at, and in order"
"""Who lifts and adopts, and why."""
_SYNCED = frozenset({Kind.FILL, Kind.ACTIVITY, Kind.HALT, Kind.LIFT, Kind.GENESIS})
_ASIDE = frozenset({entries.TICK, entries.CONTACT})


class DiedError(Exception):
    """The process is gone.

    Attributes:
        fault: By which fault.
    """

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def may_die(dice: Dice, before: Action | None, action: Action | None) -> None:
    """Let an agent die between two actions of one list.

    Args:
        dice: Whether it does.
        before: What was done last, None for nothing yet.
        action: What would be done now, None for nothing more.

    Raises:
        DiedError: It does.
    """
    for fault in (_place(before, action), POWER, OLD_LEDGER):
        if dice.strikes(fault):
            raise DiedError(fault)


def _place(before: Action | None, action: Action | None) -> str:
    """Return the fault that a death between two actions is."""
    if isinstance(before, events.Submit):
        return BEFORE_ANSWER
    if not isinstance(action, events.Commit):
        return BEFORE_DEED
    return BEFORE_FILL if any(draft.kind is Kind.FILL for draft in action.drafts) else BEFORE_ENTRY


def is_synced(commit: Commit) -> bool:
    """Say whether a commit outlives a power failure by itself; all do that an order or a decision follows."""
    return any(
        draft.kind in _SYNCED or (draft.kind is Kind.REQUEST and draft.body["what"] not in _ASIDE)
        for draft in commit.drafts
    )


def older(store: MemoryStore, seq: int) -> MemoryStore:
    """Return a copy of a ledger as it was when it ended with an entry."""
    copy = MemoryStore()
    copy.append([Draft(entry.at, entry.kind, entry.body) for entry in store.read() if entry.seq <= seq])
    return copy


def stands(agent: Agent) -> bool:
    """Say whether anything waits for a person."""
    watch, levels = agent.watch, bare(agent.walk.state.halts)["level"]
    if not (watch.blocked or watch.freeze or watch.stops_increases or levels.any()):
        return False
    return any(True for _ in asked_by_a_person(agent))


def asked_by_a_person(agent: Agent) -> Iterator[Event]:
    """Yield what a person asks for who has looked at the account and found it in order."""
    watch, walk = agent.watch, agent.walk
    for symbol in sorted(watch.blocked):
        yield events.Adopted(by=BY, reason=REASON, symbol=symbol)
    if watch.stops_increases:
        yield events.Adopted(by=BY, reason=REASON)
    if watch.freeze:
        yield events.Lifted(by=BY, reason=REASON, what=FREEZE)
    for number, rule in enumerate(walk.halting):
        frozen = rule == REQUESTED_HALT
        if walk.settings.latched[number] and walk.state.halts.level[:, number].any() and not frozen:
            yield events.Lifted(by=BY, reason=REASON, what=rule)
