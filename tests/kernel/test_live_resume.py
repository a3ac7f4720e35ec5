"""A start begins at a checkpoint that it can read and trust, and says which it passed over, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crashing import Crashing
from desk_harness import STOPPED, TWO, WILD, desk, stops
from engine_harness import prices
from order_harness import AT, SECOND, order
from test_live_recovery import SMALL, altered, played
from tradewright.engine import columns
from tradewright.engine.state import as_bytes
from tradewright.errors import LedgerError
from tradewright.execute.news import News, Report, Word
from tradewright.execute.working import Intent, Working
from tradewright.ledger.entry import Draft, Entry, Kind, verify
from tradewright.ledger.store import MemoryStore
from tradewright.live.checkpoint import read
from tradewright.live.core import KEPT_DAYS
from tradewright.live.events import Action, Commit, Imposed
from tradewright.live.recovery import begin, recover
from tradewright.live.replay import Replay
from tradewright.live.resume import checkpoints, rows_until
from tradewright.live.watch import Watched
from tradewright.values.order import Purpose, Status
from tradewright.values.records import read as records_read
from tradewright.values.records import spell

Body = dict[str, Any]


@pytest.fixture(scope="module")
def calm(rule_cache: Path) -> Crashing:
    return played(SMALL, rule_cache, [])


def with_checkpoints(store: MemoryStore, change: Callable[[Body], Body], newest: int = 1) -> MemoryStore:
    """Return a ledger of its own chain, in which the bodies of the newest checkpoints went through `change`."""
    chosen = {entry.text for entry in checkpoints(store)[:newest]}

    def changed(one: Draft) -> Draft:
        if one.kind is not Kind.CHECKPOINT:
            return one
        text = next((entry.text for entry in checkpoints(store) if entry.body == one.body), "")
        return Draft(one.at, one.kind, change(dict(one.body))) if text in chosen else one

    return altered(store, changed)


def recovered(one: Crashing, store: MemoryStore | None = None) -> Any:
    return recover(store or one.store, one.sentence, one.fused, one.now)


# ---- when one is written ---------------------------------------------------------------------------------


def commits(actions: Sequence[Action]) -> list[list[Kind]]:
    return [[draft.kind for draft in one.drafts] for one in actions if isinstance(one, Commit)]


def test_checkpoint_is_one_commit_with_the_last_decision_of_a_session(rule_cache: Path) -> None:
    bars = prices([100.0] * 4, sessions=[0, 0, 1, 1], open=[100.0] * 4)
    one = desk(rule_cache, bars)
    written = [commits(one.play(0.5))[-1] for _ in range(4)]

    assert [[Kind.DECISION], [Kind.DECISION, Kind.CHECKPOINT]] * 2 == written


def test_checkpoint_stands_before_what_follows_from_its_decision(rule_cache: Path) -> None:
    """So no crash can leave a stop that is sent and a checkpoint that does not know of it."""
    one = desk(rule_cache, WILD, rules=STOPPED)
    for _ in range(len(WILD.close)):
        actions = one.play(0.2, 0.0)
        if stops(actions):
            break

    assert [Kind.INTENT] == commits(actions)[-1]
    assert [Kind.DECISION, Kind.CHECKPOINT] == commits(actions)[-2][-2:]


# ---- where a start begins --------------------------------------------------------------------------------


def test_start_begins_at_the_newest_checkpoint(calm: Crashing) -> None:
    found = recovered(calm)
    newest = checkpoints(calm.store)[0]

    assert (newest.seq, ()) == (found.begun_at, found.passed_over)
    assert calm.store.head.seq - newest.seq == found.entries
    assert as_bytes(calm.agent.walk.state) == as_bytes(found.agent.walk.state)


def test_start_of_a_ledger_without_a_whole_session_begins_at_its_first_entry(calm: Crashing) -> None:
    rows = [entry.seq for entry in calm.store.read(kinds=frozenset({Kind.ROW}))]
    seen = iter(range(1, 1000))
    store = altered(calm.store, lambda one: one if next(seen) < rows[1] else None)
    found = recovered(calm, store)

    assert [] == checkpoints(store)
    assert (0, (), rows[1] - 1) == (found.begun_at, found.passed_over, found.entries)


def test_start_before_an_entry_begins_at_the_checkpoint_before_it(calm: Crashing) -> None:
    newest, second = checkpoints(calm.store)[:2]

    at_newest, _ = begin(calm.store, calm.sentence, calm.fused, before=newest.seq + 1)
    at_second, _ = begin(calm.store, calm.sentence, calm.fused, before=newest.seq)

    assert (newest.seq, second.seq) == (at_newest.begun_at, at_second.begun_at)


# ---- other layouts ---------------------------------------------------------------------------------------


def test_layout_before_this_one_is_read_with_the_default_of_what_it_lacks(calm: Crashing) -> None:
    """The first layout had no column that says which positions are not known."""

    def older(body: Body) -> Body:
        state = {name: told for name, told in body["state"].items() if columns.SINCE.get(name, 1) == 1}
        digest = columns.fingerprint(columns.read(state, calm.agent.walk.state), 1)
        return {**body, "layout": 1, "state": state, "hash": digest}

    found = recovered(calm, with_checkpoints(calm.store, older, newest=1))
    blocked = found.agent.walk.state.positions.blocked

    assert (checkpoints(calm.store)[0].seq, ()) == (found.begun_at, found.passed_over)
    assert (0, 0) == (blocked.min(), blocked.max())
    assert as_bytes(calm.agent.walk.state) == as_bytes(found.agent.walk.state)


def test_newer_layout_is_passed_over_with_both_numbers(calm: Crashing) -> None:
    store = with_checkpoints(calm.store, lambda body: {**body, "layout": columns.LAYOUT + 1, "luck": "1"}, newest=2)
    found = recovered(calm, store)

    assert checkpoints(store)[2].seq == found.begun_at
    assert 2 == len(found.passed_over)
    assert "its layout is 3, and this version reads 1 to 2" in found.passed_over[0]
    assert as_bytes(calm.agent.walk.state) == as_bytes(found.agent.walk.state)


def test_ledger_whose_checkpoints_all_are_of_a_newer_layout_is_lived_from_its_first_entry(calm: Crashing) -> None:
    n = len(checkpoints(calm.store))
    found = recovered(calm, with_checkpoints(calm.store, lambda body: {**body, "layout": 99}, newest=n))

    assert (0, n, calm.store.head.seq) == (found.begun_at, len(found.passed_over), found.entries)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": 0}, "its layout is 0, and this version reads 1 to 2"),
        ({"layout": "2"}, "its layout is 2, and"),
        ({"layout": None}, "its layout is None"),
        ({"bar": "many"}, "it holds what this version cannot read"),
        ({"decided_at": "yesterday"}, "it holds what this version cannot read"),
        ({"money": [[["a", "USD"], {"cash": "much"}]]}, "it holds what this version cannot read"),
        ({"luck": []}, "it holds what this version cannot read"),
    ],
)
def test_body_that_is_no_checkpoint_is_refused(change: Body, message: str, calm: Crashing) -> None:
    entry = checkpoints(with_checkpoints(calm.store, lambda body: {**body, **change}))[0]

    with pytest.raises(LedgerError, match=message):
        read(entry)


# ---- altered ones ----------------------------------------------------------------------------------------


def richer(body: Body) -> Body:
    state = body["state"]
    return {**body, "state": {**state, "rows.cash": "1e9*" + str(len(columns_of(state["rows.cash"])))}}


def columns_of(text: str) -> list[str]:
    return [word for run in text.split() for word in [run.partition("*")[0]] * int(run.partition("*")[2] or 1)]


def test_state_that_was_altered_is_found_by_its_hash(calm: Crashing) -> None:
    store = with_checkpoints(calm.store, richer)

    with pytest.raises(LedgerError, match=r"altered: its state and the hash of it do not belong together"):
        Replay(store, calm.sentence, calm.fused, checkpoints(store)[0])
    with pytest.raises(LedgerError, match=rf"entry {checkpoints(store)[0].seq} \(checkpoint\) is not what"):
        recovered(calm, store)  # It began before it, and passed it.


def test_money_that_was_altered_is_found_by_a_replay_from_the_first_entry(calm: Crashing) -> None:
    store = with_checkpoints(calm.store, lambda body: {**body, "money": [[["book0", "USD"], {"cash": "1"}]]})
    found = Replay(store, calm.sentence, calm.fused).run()

    assert found.difference is not None
    assert (checkpoints(store)[0].seq, "checkpoint") == (found.difference.seq, found.difference.kind)


def test_checkpoint_that_was_altered_breaks_the_chain(calm: Crashing) -> None:
    entries = [*calm.store.read()]
    at = checkpoints(calm.store)[0].seq - 1
    old = entries[at]
    entries[at] = Entry(old.seq, old.at, old.kind, old.text.replace('"bar":39', '"bar":38'), old.hash)
    assert old.text != entries[at].text

    with pytest.raises(LedgerError, match=r"altered: what it holds and its hash do not belong together"):
        verify(entries)


@pytest.mark.parametrize("kind", [Kind.ORDER, Kind.INTENT])
def test_checkpoint_whose_orders_the_entries_do_not_lead_to_is_passed_over(kind: Kind, calm: Crashing) -> None:
    lasting = {state.order.id for entry in checkpoints(calm.store) for state, _ in read(entry).kept.orders.lasting}
    assert lasting
    dropped = altered(
        calm.store,
        lambda one: None if one.kind is kind and one.body["client_id"] in {str(name) for name in lasting} else one,
    )
    refused = 0
    for entry in checkpoints(dropped):
        try:
            Replay(dropped, calm.sentence, calm.fused, entry)
        except LedgerError as error:
            refused += "orders of a checkpoint must be those that the entries before it lead to" in str(error)

    assert refused > 0


def test_checkpoint_that_lacks_rows_before_it_is_refused(calm: Crashing) -> None:
    seen = iter(range(1000))
    store = altered(calm.store, lambda one: None if one.kind is Kind.ROW and next(seen) == 3 else one)
    newest = read(checkpoints(store)[0])

    with pytest.raises(LedgerError, match=r"a checkpoint needs the 40 rows before it, and there are 39"):
        rows_until(store, newest)


# ---- orders in doubt -------------------------------------------------------------------------------------


def test_order_in_doubt_is_not_forgotten_and_others_are() -> None:
    working, days = Working("desk", "simulated"), KEPT_DAYS * 86_400 * SECOND
    done, doubted, missing = (
        working.intend(("trend", symbol), Decimal(10), Purpose.TARGET, AT, AT, intent=Intent(binds=5.0))
        for symbol in ("SPY", "IWM", "QQQ")
    )
    for one in (done, doubted, missing):
        working.hear(Report(one.id, News(word=Word.CANCELLED)), AT)
    working.hear(Report(doubted.id, News(word=Word.FOUND, status=Status.WORKING)), AT)
    working.hear(Report(missing.id, News(word=Word.CANCELLED, filled=Decimal(4))), AT)

    working.forget_final(AT + days)

    assert [doubted.id, missing.id] == [*working.states]
    assert [doubted.id, missing.id] == [state.order.id for state, _ in working.kept().lasting]


def test_orders_when_kept_and_restored_are_the_same() -> None:
    working = Working("desk", "simulated")
    stop = working.intend(("trend", "SPY"), Decimal(-5), Purpose.STOP, AT, AT, stop=Decimal(9))
    rests = working.intend(("trend", "SPY"), Decimal(5), Purpose.TARGET, AT, AT, intent=Intent(waits=True, binds=0.1))
    other = Working("desk", "simulated")
    other.restore(working.kept())

    assert working.kept() == other.kept()
    assert ([rests.id], 0.1) == ([state.order.id for state in other.open()], other.intent(rests.id).binds)
    guard = other.guard(("trend", "SPY"))
    assert guard is not None
    assert stop == guard.order


def test_order_that_is_recalled_is_as_it_was_intended() -> None:
    one, working = order(), Working("desk", "simulated")
    working.recall(one, Intent(reduces=True), AT)

    assert (one, AT, Status.INTENDED) == (
        working.states[one.id].order,
        working.states[one.id].since,
        working.states[one.id].status,
    )
    assert working.is_reducing("trend")


def test_watch_when_kept_and_restored_holds_back_the_same(rule_cache: Path) -> None:
    one, other = (desk(rule_cache, TWO).agent.watch for _ in range(2))
    one.take(Imposed({"A1": "the venue holds 3 more", "A0": "a stranger"}, "no reason is known", True))
    kept = spell(one.kept())
    other.restore(records_read(Watched, kept), AT)

    assert ({"A0": "a stranger", "A1": "the venue holds 3 more"}, "no reason is known", True) == (
        other.blocked,
        other.freeze,
        other.stops_increases,
    )
    assert {"blocked", "freeze", "stops_increases"} == kept.keys()
