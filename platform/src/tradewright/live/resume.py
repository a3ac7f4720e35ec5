"""An agent as a checkpoint has left it: what the checkpoint holds, and what the entries before it hold better.

Ids of what was booked, the prices of the last rows and the orders that have come to their end would make every
checkpoint longer than the session it ends.  They are read again from where they stand.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError
from tradewright.execute.news import Report
from tradewright.execute.working import Intent, Orders
from tradewright.ledger.canonical import instant_of
from tradewright.ledger.entry import Kind
from tradewright.live import checkpoint
from tradewright.live.inputs import event_of
from tradewright.live.listener import KEPT_DAYS
from tradewright.values.order import Fill, Order
from tradewright.values.plain import from_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tradewright.execute.working import Working
    from tradewright.ledger.entry import Entry
    from tradewright.ledger.store import Store
    from tradewright.live.checkpoint import Checkpoint, Kept
    from tradewright.live.core import Agent
    from tradewright.live.events import Action
    from tradewright.values.bars import Bars

_ORDERS = frozenset({Kind.INTENT, Kind.ORDER, Kind.FILL, Kind.DECISION})
_BOOKED = frozenset({Kind.FILL, Kind.ACTIVITY})
_NO_ORDER = frozenset({"client_id", "strategy", "cuts", "waits", "reduces", "binds"})
"""What an intent tells beside the order."""


def checkpoints(store: Store, before: int | None = None) -> list[Entry]:
    """Return the checkpoints of a ledger, newest first; `before` is a number that all of theirs are below."""
    found = store.read(kinds=frozenset({Kind.CHECKPOINT}))
    return [*takewhile(lambda entry: before is None or entry.seq < before, found)][::-1]


def rows_until(store: Store, begun: Checkpoint) -> list[Entry]:
    """Return the rows that prices were computed from when a checkpoint was written.

    Raises:
        LedgerError: There are fewer.
    """
    rows = deque(_before(store, begun.entry, frozenset({Kind.ROW})), maxlen=begun.bar + 1)
    if len(rows) <= begun.bar:
        wrong = f"a checkpoint needs the {begun.bar + 1} rows before it, and there are {len(rows)}"
        raise LedgerError(wrong, key=f"entry {begun.entry.seq}", fix="restore a copy that verifies")
    return [*rows]


def resume(agent: Agent, store: Store, begun: Checkpoint, like: Bars) -> list[Action]:
    """Bring a new agent, whose walk has the state, to where a checkpoint was written; return what follows from it.

    Args:
        agent: It knows nothing else yet.
        store: The ledger.
        begun: The checkpoint.
        like: Instruments and columns of its rows.

    Raises:
        LedgerError: The entries before the checkpoint do not lead to it.
    """
    earlier = _earlier(store, begun)
    after, orders = (0, Orders()) if earlier is None else (earlier.entry.seq, earlier.kept.orders)
    told = [*_before(store, begun.entry, _ORDERS, after)]
    agent.working.restore(orders)
    for entry in told:
        if entry.kind is Kind.INTENT:
            _recall(agent.working, entry)
    _book(agent, store, begun)
    _repeat(agent, told, like)
    _settle_orders(agent.working, begun)
    return agent.resume(begun.kept, begun.entry.at)


def _before(store: Store, entry: Entry, kinds: frozenset[Kind], after: int = 0) -> Iterator[Entry]:
    return takewhile(lambda one: one.seq < entry.seq, store.read(after, kinds))


# ---- what was booked -------------------------------------------------------------------------------------


def _book(agent: Agent, store: Store, begun: Checkpoint) -> None:
    """Take over what is held, and know every execution and activity that made it."""
    holdings, kept = agent.account.holdings, begun.kept
    holdings.money, holdings.quantities, holdings.owed = dict(kept.money), dict(kept.quantities), kept.owed
    orders, since = {str(name) for name in agent.working.states}, begun.entry.at - timedelta(days=KEPT_DAYS)
    booked = {}
    for entry in _before(store, begun.entry, _BOOKED):
        body = entry.body
        if entry.kind is Kind.ACTIVITY:
            holdings.activities.add((body["venue"], body["id"]))
            continue
        holdings.executions.add((body["venue"], body["execution_id"]))
        if body["client_id"] in orders or instant_of(body["at"]) >= since:
            told = {name: one for name, one in body.items() if name != "client_id"}
            booked[body["execution_id"]] = from_plain(Fill, {**told, "order_id": body["client_id"]})
    agent.know(booked, since)


# ---- orders: only the venue's word moves them ------------------------------------------------------------


def _earlier(store: Store, begun: Checkpoint) -> Checkpoint | None:
    """Return the newest checkpoint that is so old that what had ended by then is forgotten; None where all count."""
    old = begun.entry.at - timedelta(days=KEPT_DAYS)
    for entry in checkpoints(store, begun.entry.seq):
        if entry.at < old:
            try:
                found = checkpoint.read(entry)
            except LedgerError:
                continue
            if not _lacks(found.kept, begun.kept.orders):
                return found
    return None


def _lacks(kept: Kept, orders: Orders) -> bool:
    """Say whether an order that had ended by then was doubted again later, so that more has to be read."""
    known = {state.order.id for state, _ in kept.orders.lasting}
    older = (state.order for state, _ in orders.lasting if state.order.decided_at < kept.decided_at)
    return any(order.id not in known for order in older)


def _recall(working: Working, entry: Entry) -> None:
    """Know an order again as it was intended."""
    body = entry.body
    order = {name: one for name, one in body.items() if name not in _NO_ORDER}
    intent = Intent(waits="waits" in body, reduces="reduces" in body, binds=float(body.get("binds", 0.0)))
    working.recall(from_plain(Order, {**order, "id": body["client_id"]}), intent, entry.at)


def _repeat(agent: Agent, told: Iterable[Entry], like: Bars) -> None:
    """Let the orders hear again what the venue has said of them, and forget what was forgotten."""
    working = agent.working
    known = {str(name) for name in working.states}
    for entry in told:
        if entry.kind is Kind.DECISION:
            working.forget_final(entry.at - timedelta(days=KEPT_DAYS))
        elif entry.kind is not Kind.INTENT and entry.body["client_id"] in known:
            heard = event_of(entry, agent, like)
            if isinstance(heard, Report) and heard.id in working.states:
                working.hear(heard, entry.at)


def _settle_orders(working: Working, begun: Checkpoint) -> None:
    kept = begun.kept.orders
    are_there = all(state.order.id in working.states for state, _ in kept.lasting)
    if are_there:
        working.restore(kept)
    if not are_there or working.kept() != kept:
        wrong = "the orders of a checkpoint must be those that the entries before it lead to"
        fix = "restore a copy that verifies (tradewright ledger restore), then reconcile with the venue"
        raise LedgerError(wrong, key=f"entry {begun.entry.seq}", fix=fix)
