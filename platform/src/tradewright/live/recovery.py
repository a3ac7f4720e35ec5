"""Start-up is recovery: go on from a checkpoint, prove that it leads here, find out what may have been done.

What was committed is known.  What stands behind the last commit may have been done or not: an order that may have
been sent is UNKNOWN until the venue has said, a cancel is asked for again, and nothing is ever sent twice.  What
stands behind a commit that is not in the ledger was not done: it is written now, and its orders are not sent, since
their prices are of the past.  No order leaves before the account was compared with the venue's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.errors import LedgerError
from tradewright.execute.news import News, Report, Word
from tradewright.live import events
from tradewright.live.replay import Replay
from tradewright.live.resume import checkpoints
from tradewright.values.order import Status

if TYPE_CHECKING:
    from datetime import datetime

    from tradewright.engine.fuse import FusedRules
    from tradewright.ledger.store import Store
    from tradewright.live.core import Agent
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.sentence.parts import Sentence

NOT_SENT = frozenset({Status.INTENDED, Status.SENT})


@attrs.frozen(kw_only=True)
class Recovered:
    """An agent as its ledger has left it.

    Attributes:
        agent: Ready to be told what happens.
        outlook: Who asks its signals; it has heard every row of the ledger.
        actions: What is to be done first, in this order.
        events: What is to be told to the agent once these are done.
        entries: How many entries were lived again, all the same.
        has_begun: Whether the bar that is to be decided on next has begun.
        has_row: Whether its row has come.
        begun_at: Number of the checkpoint that it went on from, 0 for the first entry.
        passed_over: Why newer checkpoints were not begun at, newest first.
    """

    agent: Agent
    outlook: Outlook
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    entries: int
    has_begun: bool
    has_row: bool
    begun_at: int
    passed_over: tuple[str, ...]


def recover(store: Store, sentence: Sentence, fused: FusedRules, now: datetime) -> Recovered:
    """Return the agent that a ledger has left, and what it has to do before anything else.

    Args:
        store: The ledger, whose chain was verified.
        sentence: The components, as its session tells them, with the rule that halts on request.
        fused: The loop with their rules.
        now: Aware UTC.

    Raises:
        LedgerError: The ledger is no agent's, or does not lead to what it holds.
    """
    lived, passed_over = begin(store, sentence, fused)
    found = lived.run()
    if found.difference is not None:
        parted = found.difference
        raise LedgerError(
            f"entry {parted.seq} ({parted.kind}) is not what the agent decides from the entries before it",
            fix="look at both with tradewright replay; install the version and the plugins that wrote the ledger",
        )
    agent, left = found.agent, lived.left()
    written = [action for action in left.undone if not isinstance(action, events.Submit)]
    actions = [*written, *agent.handle(events.Restarted(), now), *_settle_what_was_intended(agent, left.undone, now)]
    actions += agent.watch.admit(_again(left.handed), now)
    return Recovered(
        agent=agent,
        outlook=lived.outlook,
        actions=tuple(actions),
        events=left.inner,
        entries=found.entries,
        has_begun=found.has_begun,
        has_row=found.has_row,
        begun_at=found.begun_at,
        passed_over=tuple(passed_over),
    )


def begin(store: Store, sentence: Sentence, fused: FusedRules, before: int | None = None) -> tuple[Replay, list[str]]:
    """Begin at the newest checkpoint that can be read, else at the first entry; say why others were passed over.

    Args:
        store: This and the next two: as `recover` takes them.
        sentence: The components.
        fused: The loop.
        before: Number of an entry that is to be lived again; None for the last.

    Raises:
        LedgerError: The ledger is no agent's.
    """
    passed_over: list[str] = []
    for start in checkpoints(store, before):
        try:
            return Replay(store, sentence, fused, start), passed_over
        except LedgerError as error:
            passed_over.append(str(error))
    return Replay(store, sentence, fused), passed_over


def _settle_what_was_intended(agent: Agent, undone: tuple[Action, ...], now: datetime) -> list[Action]:
    """Return the queries of orders that may have been sent, which nobody but the venue knows, and end the others.

    What was decided before the restart was decided on a price of then: it is planned anew, and not sent now.
    """
    never = {action.order.id for action in undone if isinstance(action, events.Submit)}
    actions: list[Action] = []
    for name in [name for name, state in agent.working.states.items() if state.status in NOT_SENT]:
        ended = News(word=Word.REFUSED, reason="never sent: the agent was started again")
        news = ended if name in never else News(word=Word.FOUND_AT_START)
        actions += agent.handle(Report(name, news), now)
    return actions


def _again(handed: tuple[Action, ...]) -> list[Action]:
    """Return what may be asked twice of a venue; a grant has a name, by which it is known."""
    return [action for action in handed if isinstance(action, events.Cancel | events.Query | events.Fund)]
