"""Live a ledger again: its inputs go through the same agent, and what the agent says then must be what stands there.

Every entry that came from outside is an event; it is handled by an agent that begins as the first one did, or as a
checkpoint has left it, at the instants that the ledger tells.  What is then to be committed is compared with what
was, letter by letter.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from tradewright.engine.run import first_state
from tradewright.engine.walk import Walk
from tradewright.errors import LedgerError
from tradewright.ledger.canonical import canonical
from tradewright.ledger.entry import Kind
from tradewright.live import checkpoint, events, session
from tradewright.live.account import Account
from tradewright.live.core import Agent
from tradewright.live.inputs import event_of, lost_of, replaced_of
from tradewright.live.outlook import Ahead, RowByRow
from tradewright.live.resume import resume, rows_until
from tradewright.values.venue import Dividends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.state import State
    from tradewright.ledger.entry import Draft, Entry
    from tradewright.ledger.store import Store
    from tradewright.live.checkpoint import Checkpoint
    from tradewright.live.events import Action, Event
    from tradewright.live.outlook import Outlook
    from tradewright.sentence.parts import Sentence
    from tradewright.values.bars import Bars

_LOST = frozenset({Kind.TIMEOUT, Kind.BREACH})
"""What a row has lost stands right behind it, before all that follows from it."""


@attrs.frozen(kw_only=True)
class Difference:
    """The first entry that is not what the agent would say now.

    Attributes:
        seq: Its number.
        kind: What it tells, as it stands there.
        found: Its body.
        wanted: What the agent would write now; empty where it would write nothing.
    """

    seq: int
    kind: str
    found: str
    wanted: str


@attrs.frozen(kw_only=True)
class Replayed:
    """What came of it.

    Attributes:
        entries: How many were compared.
        decisions: Decisions among them.
        orders: Intents among them.
        sessions: Sessions that they decide on, ISO days, in order.
        difference: Where it parts, None for nowhere.
        agent: As it stands after the last entry that was the same.
        has_begun: Whether the bar after the last decision has begun.
        has_row: Whether its row has come.
        begun_at: Number of the checkpoint that it began at, 0 for the first entry.
    """

    entries: int
    decisions: int
    orders: int
    sessions: tuple[str, ...]
    difference: Difference | None
    agent: Agent
    has_begun: bool
    has_row: bool
    begun_at: int


@attrs.frozen(kw_only=True)
class Left:
    """What an agent had decided when its ledger ended.

    Attributes:
        handed: What stands behind the last commit: it may have been done, or not.
        undone: What stands behind a commit that is not in the ledger, and that commit: none of it was done.
        inner: What its own signals and optimizers have said, and it has not heard.
    """

    handed: tuple[Action, ...]
    undone: tuple[Action, ...]
    inner: tuple[Event, ...]


class Replay:
    """An agent that lives a ledger again.

    Args:
        store: The ledger.
        sentence: The components, with the rule that halts on request, as the ledger's session tells them.
        fused: The loop with their rules.
        start: The checkpoint to begin at, None for the first entry.

    Raises:
        LedgerError: The ledger does not begin as one of an agent does, or cannot be begun at the checkpoint.
    """

    def __init__(self, store: Store, sentence: Sentence, fused: FusedRules, start: Entry | None = None) -> None:
        self._entries = store.read()
        first, told = self._head()
        nothing = session.nothing(told.body)
        self._like, self._told = nothing, told.body
        begun = None if start is None else checkpoint.read(start)
        state = None if begun is None else begun.state(first_state(fused, sentence.capital, nothing.n_assets))
        known = [*self._known()] if begun is None else rows_until(store, begun)
        before = session.rows_of(known, nothing) if known else nothing
        self._outlook = self._outlook_of(sentence, fused, before, store, begun)
        walk = self._walk_of(sentence, fused, state)
        names = first.body
        account = Account(
            *(names["venue"], names["currency"], names["strategies"], names["symbols"], walk.assets.multiplier),
            dividends=Dividends(names.get("dividends", Dividends.AT_ONCE)),
        )
        budget, look_every = session.terms_of(told.body)
        self.agent = Agent(
            names["ledger"], names["mode"], walk, account, first.at, budget=budget, look_every=look_every
        )
        self._expected: deque[Draft] = deque()
        self._open: deque[Action] = deque()
        self._handed: list[Action] = []
        self._confirmed = 0
        self._asked: deque[events.Prepare | events.Ask] = deque()
        self._n = self._decisions = self._orders = 0
        self._sessions: dict[str, None] = {}
        self._has_begun = self._has_row = False
        self._begun_at = 0 if begun is None else begun.entry.seq
        if begun is None:
            self._begin(self.agent.start(first.at, told.body, before))
        else:
            self._entries = store.read(begun.entry.seq)
            self._do(resume(self.agent, store, begun, nothing))

    def run(self, told: Callable[[int], None] | None = None, until: int | None = None) -> Replayed:
        """Live it, up to the first difference.

        Args:
            told: Hears how many entries are done, now and then.
            until: Number of the last entry, None for all.
        """
        difference = None
        while (entry := next(self._entries, None)) is not None:  # Some are looked at before their turn, and put back.
            if until is not None and entry.seq > until:
                break
            difference = self._compare(entry)
            if difference is not None:
                break
            self._count(entry)
            if told is not None and self._n % 500 == 0:
                told(self._n)
        return Replayed(
            entries=self._n,
            decisions=self._decisions,
            orders=self._orders,
            sessions=tuple(self._sessions),
            difference=difference,
            agent=self.agent,
            has_begun=self._has_begun,
            has_row=self._has_row,
            begun_at=self._begun_at,
        )

    # ---- what is left to be done ----------------------------------------------------------------------------

    @property
    def begun_at(self) -> int:
        """Number of the checkpoint that it began at, 0 for the first entry."""
        return self._begun_at

    @property
    def outlook(self) -> Outlook:
        """Who asks the signals; it has heard every row of the ledger."""
        return self._outlook

    def left(self) -> Left:
        """Return what the agent had decided when the ledger ended; what it had asked by then is asked now."""
        handed = [*self._handed]
        undone = [*self._open]
        while undone and not isinstance(undone[0], events.Commit):
            handed.append(undone.pop(0))
        inner = tuple(self._answer(asked, None) for asked in self._asked)
        self._asked.clear()
        return Left(handed=tuple(handed), undone=tuple(undone), inner=inner)

    # ---- the beginning -------------------------------------------------------------------------------------

    def _head(self) -> tuple[Entry, Entry]:
        first, told = next(self._entries, None), next(self._entries, None)
        if first is None or told is None or told.kind is not Kind.SESSION:
            raise LedgerError(
                "a ledger must begin with a genesis and a session entry to be lived again",
                fix="name the ledger of an agent: tradewright ledger show tells what a ledger holds",
            )
        return first, told

    def _known(self) -> Iterator[Entry]:
        """Yield the rows that were known before the first that was traded; what follows them stays to be read."""
        for entry in self._entries:
            if entry.kind is Kind.ROW and entry.body.get("known"):
                yield entry
                continue
            self._entries = chain((entry,), self._entries)
            return

    def _outlook_of(
        self, sentence: Sentence, fused: FusedRules, before: Bars, store: Store, begun: Checkpoint | None
    ) -> Outlook:
        """Return an outlook like that of the agent: told row by row, or every row of the ledger at once."""
        strikes = {} if begun is None else begun.kept.strikes
        if not self._told.get("ahead"):
            return RowByRow(sentence, fused, before, strikes)
        rows = session.rows_of(store.read(kinds=frozenset({Kind.ROW})), self._like)
        lost = lost_of(store.read(kinds=frozenset({Kind.TIMEOUT})))
        return Ahead(sentence, fused, rows, before.n_bars, strikes=strikes, lost=lost)

    def _walk_of(self, sentence: Sentence, fused: FusedRules, state: State | None) -> Walk:
        costs = sentence.engine_settings(self._like, fused, int(self._told["sessions_per_year"]))
        costs = costs._replace(cash_rate=0.0, borrow_rate=0.0)  # Interest and borrow are the venue's to post.
        return Walk(fused, costs, self._outlook.known(), sentence.capital, state)

    def _begin(self, actions: list[Action]) -> None:
        """Take what the agent says at its start as said, up to the grants, which are compared like all else."""
        self._do(actions)
        while self._expected[0].kind in {Kind.GENESIS, Kind.SESSION, Kind.ROW}:
            self._expected.popleft()
            self._confirm()
            self._n += 1

    # ---- one entry -----------------------------------------------------------------------------------------

    def _compare(self, entry: Entry) -> Difference | None:
        """Lead the agent to where it says this entry; None where it says the same."""
        while not self._expected:
            event = event_of(entry, self.agent, self._like)
            if event is None and not self._asked:
                return _difference(entry, "")
            heard = self._answer(self._asked.popleft(), entry) if event is None else event
            self._do(self.agent.handle(heard, entry.at))
            if event is not None and not self._expected:
                return _difference(entry, "")
        draft = self._expected.popleft()
        body = canonical(draft.body)
        is_same = body == entry.text or checkpoint.is_foreign(entry)
        if (draft.kind, draft.at) != (entry.kind, entry.at) or not is_same:
            return _difference(entry, f"{draft.kind} {body}")
        self._confirm()
        return None

    def _confirm(self) -> None:
        """Note that one more draft of the first commit that is open stands in the ledger."""
        while not isinstance(self._open[0], events.Commit):
            self._handed.append(self._open.popleft())
        self._confirmed += 1
        if self._confirmed == len(self._open[0].drafts):
            self._open.popleft()
            self._confirmed, self._handed = 0, []

    def _count(self, entry: Entry) -> None:
        self._n += 1
        self._decisions += entry.kind is Kind.DECISION
        self._orders += entry.kind is Kind.INTENT
        self._has_begun = entry.kind is Kind.ACTION or (self._has_begun and entry.kind is not Kind.DECISION)
        self._has_row = entry.kind is Kind.ROW or (self._has_row and entry.kind is not Kind.DECISION)
        if entry.kind is Kind.ROW:
            self._sessions[entry.body["session"]] = None

    def _do(self, actions: list[Action]) -> None:
        """Do what needs no venue."""
        self._open.extend(actions)
        for action in actions:
            if isinstance(action, events.Commit):
                self._expected.extend(action.drafts)
            elif isinstance(action, events.Prepare | events.Ask):
                self._asked.append(action)

    def _answer(self, asked: events.Prepare | events.Ask, entry: Entry | None) -> Event:
        """Ask signals or an optimizer, but for what the ledger tells to have been lost: that may not come again.

        Args:
            asked: What the agent wants to know.
            entry: Where the ledger stands; None behind its end.
        """
        if isinstance(asked, events.Ask):
            strategy = self.agent.account.strategies[asked.book]
            return self._outlook.ask(asked.book, asked.held, replaced_of(entry, strategy))
        told = [] if entry is None else [entry]
        while told and told[-1].kind in _LOST and (after := next(self._entries, None)) is not None:
            told.append(after)
        self._entries = chain(told[1:], self._entries)
        return self._outlook.prepare(asked.row, lost_of(told))


def _difference(entry: Entry, wanted: str) -> Difference:
    return Difference(seq=entry.seq, kind=str(entry.kind), found=f"{entry.kind} {entry.text}", wanted=wanted)
