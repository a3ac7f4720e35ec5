"""The ledger in memory, and the tables that follow from entries."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice

import pytest
from ledger_cases import PARTIES, activity, alert, days, draft, fill, genesis, intent, job, order
from tradewright.errors import LedgerError
from tradewright.ledger.entry import START, Draft, Kind, verify
from tradewright.ledger.projection import ACTIVITIES, FILLS, JOBS, ORDERS, TABLES, Projections
from tradewright.ledger.store import MemoryStore, Store


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    made.append([genesis()])
    return made


def filled(commits: int) -> MemoryStore:
    made = MemoryStore()
    for commit in islice(days(), commits):
        made.append(commit)
    return made


# ---- memory ----------------------------------------------------------------------------------------------


def test_memory_store_is_a_store_and_begins_empty() -> None:
    made: Store = MemoryStore()

    assert START == made.head
    assert [] == list(made.read())


def test_append_returns_the_head_and_the_chain_verifies() -> None:
    made = filled(30)

    assert made.head == verify(made.read())
    assert made.head == made.append([])


def test_read_begins_behind_a_number_and_gives_only_the_kinds_asked_for() -> None:
    made = filled(9)
    whole = list(made.read())

    assert whole[5:] == list(made.read(after=5))
    assert [] == list(made.read(after=len(whole)))
    assert [one for one in whole if one.kind == Kind.FILL] == list(made.read(kinds=frozenset({Kind.FILL})))
    assert [] == list(made.read(kinds=frozenset()))


def test_read_gives_what_was_there_when_it_began(store: MemoryStore) -> None:
    reading = store.read()
    first = next(reading)
    store.append([intent()])

    assert Kind.GENESIS == first.kind
    assert [] == list(reading)


def test_crash_loses_what_was_not_synced_and_its_rows_of_the_tables(store: MemoryStore) -> None:
    store.append([intent("c1")])
    kept = store.head
    store.append([intent("c2")], sync=False)
    store.append([order("c1", "filled")], sync=False)

    assert kept == store.synced
    store.crash()

    assert kept == store.head == verify(store.read())
    assert {("c1",): "intended"} == {key: row["status"] for key, row in store.projections.rows["orders"].items()}
    store.append([intent("c2")])
    assert 3 == store.head.seq


def test_sync_lets_everything_before_it_outlive_a_crash(store: MemoryStore) -> None:
    store.append([intent("c1")], sync=False)
    store.append([intent("c2")], sync=False)
    store.sync()
    store.append([], sync=False)
    store.crash()

    assert 3 == store.head.seq == store.synced.seq


def test_append_that_syncs_takes_the_tail_with_it(store: MemoryStore) -> None:
    store.append([intent("c1")], sync=False)
    store.append([intent("c2")])
    store.crash()

    assert 3 == store.head.seq


def test_crash_before_anything_was_synced_leaves_nothing() -> None:
    made = MemoryStore()
    made.append([genesis()], sync=False)
    assert START == made.synced
    made.crash()

    assert START == made.head


# ---- tables ----------------------------------------------------------------------------------------------


def test_every_table_has_its_parties_and_says_which_entries_made_its_rows() -> None:
    for table in TABLES:
        assert {*PARTIES, "at", "seq", "last", *table.key} <= set(table.columns)
        assert len(table.columns) == len(set(table.columns))


def test_tables_hold_the_latest_word_of_each() -> None:
    rows = filled(5).projections.rows

    assert {
        "client_id": "c1",
        **PARTIES,
        "symbol": "SPY",
        "quantity": "10",
        "purpose": "",
        "status": "filled",
        "venue_id": "",
        "at": "2026-03-02T14:30:00.000000Z",
        "seq": 4,
        "last": 7,
    } == rows["orders"]["c1",]
    assert ("512.340", "0.05", 6, 6) == tuple(
        rows["fills"]["paper", "e1"][column] for column in ("price", "fee", "seq", "last")
    )
    assert "1.25" == rows["activities"]["paper", "a1"]["cash"]
    assert "done" == rows["jobs"]["close", "1"]["outcome"]
    assert "1" == rows["alerts"]["w1",]["state"]


def test_order_of_somebody_else_begins_with_the_venues_word(store: MemoryStore) -> None:
    store.append([order("x9", "EXTERNAL", venue="paper", venue_id=77)])
    row = store.projections.rows["orders"]["x9",]

    assert ("EXTERNAL", "paper", "77", "") == (row["status"], row["venue"], row["venue_id"], row["account"])


def test_alert_is_raised_once_and_then_changes(store: MemoryStore) -> None:
    store.append([alert(what="no contact"), alert(state="confirmed")])
    row = store.projections.rows["alerts"]["w1",]

    assert ("no contact", "confirmed", 2, 3) == (row["what"], row["state"], row["seq"], row["last"])


@pytest.mark.parametrize(
    ("once", "again", "table", "named"),
    [
        (intent(), intent(strategy="other"), ORDERS, "client_id c1"),
        (fill(), fill(quantity=3), FILLS, "venue paper, execution_id e1"),
        (activity(), activity(), ACTIVITIES, "venue paper, id a1"),
        (job(), job(), JOBS, "name close, due 2026-03-02"),
        (order("c1"), intent("c1"), ORDERS, "client_id c1"),
    ],
    ids=["intent", "fill", "activity", "job", "intent after an order"],
)
@pytest.mark.parametrize("together", [True, False])
def test_append_of_what_is_there_already_is_refused_whole(
    store: MemoryStore, once: Draft, again: Draft, table: object, named: str, together: bool
) -> None:
    if not together:
        store.append([once])
    head, rows = store.head, store.projections.rows["alerts"].copy()
    with pytest.raises(LedgerError, match=f"{named} is in the ledger already") as raised:
        store.append([alert(), once, again] if together else [alert(), again])

    assert raised.value.key == getattr(table, "name", None)
    assert head == store.head
    assert rows == store.projections.rows["alerts"]


def test_same_execution_id_of_two_venues_is_two_fills(store: MemoryStore) -> None:
    store.append([fill("e1", venue="one"), fill("e1", venue="two")])

    assert 2 == len(store.projections.rows["fills"])


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (draft(Kind.INTENT), "intent.client_id"),
        (draft(Kind.ORDER, client_id=""), "order.client_id"),
        (draft(Kind.FILL, execution_id="e1"), "fill.venue"),
        (draft(Kind.ACTIVITY, venue="paper", id=None), "activity.id"),
        (draft(Kind.JOB, name="close"), "job.due"),
        (draft(Kind.ALERT, id=[1]), "alert.id"),
    ],
)
def test_append_of_a_body_without_its_key_names_it(store: MemoryStore, one: Draft, key: str) -> None:
    with pytest.raises(LedgerError) as raised:
        store.append([one])

    assert key == raised.value.key
    assert 1 == store.head.seq


def test_tables_computed_again_are_the_same() -> None:
    made = filled(60)
    again = Projections()
    again.apply(made.read())

    assert made.projections.rows == again.rows
    assert [15, 15, 14, 14, 1] == [len(again.rows[table.name]) for table in TABLES]


def test_simulations_import_no_database() -> None:
    program = "import sys, tradewright.ledger.store; print({'sqlalchemy', 'sqlmodel', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert "set()" == done.stdout.strip()
