"""The ledger in a database: SQLite always, PostgreSQL where a server can be started."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ledger_cases import activity, alert, draft, fill, fill_up, genesis, intent, job, order
from ledger_server import postgres
from tradewright.errors import LedgerError, SafetyError
from tradewright.ledger import migrations
from tradewright.ledger.entry import START, Draft, Kind, chain, verify
from tradewright.ledger.projection import TABLES
from tradewright.ledger.sql import PAGE, SqlStore
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.tables import PROJECTED, Base
from tradewright.ledger.verify import verify_store

Open = Callable[..., SqlStore]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return what opens the same ledger again and again."""
    stores: list[SqlStore] = []
    anchor = tmp_path / "ledger.anchor"
    target: Path | str = tmp_path / "ledger.db"
    if request.param == "postgresql":
        target = request.getfixturevalue("server")
        wipe(str(target))

    def call(**options: object) -> SqlStore:
        stores.append(SqlStore(target, anchor=anchor, **options))  # type: ignore[arg-type]  # whatever a test asks for
        return stores[-1]

    yield call
    for store in stores:
        store.close()


def wipe(url: str) -> None:
    """Leave a server's database empty."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()


def rows(store: SqlStore) -> dict[str, set[tuple[tuple[str, str | int], ...]]]:
    return {name: {tuple(sorted(row.items())) for row in store.projected(name)} for name in PROJECTED}


# ---- what every store does -------------------------------------------------------------------------------


def test_sql_store_holds_what_a_memory_store_does(opened: Open) -> None:
    memory, store = MemoryStore(), opened()
    for made in (memory, store):
        fill_up(made, 50)

    assert memory.head == store.head
    assert list(memory.read()) == list(store.read())
    told = frozenset({Kind.FILL, Kind.ORDER})
    assert list(memory.read(7, told)) == list(store.read(7, told))
    assert [] == list(store.read(kinds=frozenset()))
    expected = {
        name: {tuple(sorted(row.items())) for row in table.values()}
        for name, table in memory.projections.rows.items()
    }
    assert expected == rows(store)
    assert store.head == verify_store(store).head


def test_ledger_opened_again_goes_on_where_it_stopped(opened: Open) -> None:
    store = opened()
    assert START == store.head
    fill_up(store, 10)
    head = store.head
    store.close()
    store.close()

    store = opened()
    assert head == store.head
    assert head == store.append([])
    store.append([draft(Kind.ROW)])
    assert store.head == verify(store.read())
    assert store.head == store.anchor.last()


def test_read_goes_on_over_pages(opened: Open) -> None:
    store = opened()
    store.append([genesis(), *(draft(Kind.ROW, n=n) for n in range(2 * PAGE))])

    assert list(range(1, 2 * PAGE + 2)) == [entry.seq for entry in store.read()]
    assert [2 * PAGE + 1] == [entry.seq for entry in store.read(2 * PAGE)]


@pytest.mark.parametrize(
    ("once", "again", "named"),
    [
        (intent(), intent(), "orders: client_id c1"),
        (fill(), fill(), "fills: venue paper, execution_id e1"),
        (activity(), activity(), "activities: venue paper, id a1"),
        (job(), job(), "jobs: name close, due 2026-03-02"),
        (order("c1"), intent("c1"), "orders: client_id c1"),
    ],
    ids=["intent", "fill", "activity", "job", "intent after an order"],
)
@pytest.mark.parametrize("together", [True, False])
def test_append_of_what_is_there_already_writes_nothing(
    opened: Open, once: Draft, again: Draft, named: str, together: bool
) -> None:
    store = opened()
    store.append([genesis()] if together else [genesis(), once])
    before = store.head, rows(store), store.anchor.last()

    with pytest.raises(LedgerError, match=f"{named} is in the ledger already"):
        store.append([alert(), once, again] if together else [alert(), again])

    assert before == (store.head, rows(store), store.anchor.last())
    assert store.head == verify(store.read())
    store.append([alert()])


def test_append_of_what_cannot_be_written_writes_nothing(opened: Open) -> None:
    store = opened()
    store.append([genesis()])

    with pytest.raises(LedgerError, match="must be finite"):
        store.append([intent(), draft(Kind.ROW, close=float("nan"))])

    assert 1 == store.head.seq


def test_reader_sees_what_is_written_meanwhile_and_writes_nothing(opened: Open) -> None:
    store = opened()
    fill_up(store, 5)
    reader = opened(write=False)
    store.append([intent("late")])

    assert store.head == reader.head == verify(reader.read())
    with pytest.raises(LedgerError, match="opened for reading only"):
        reader.append([intent("mine")])
    with pytest.raises(LedgerError, match="opened for reading only"):
        reader.rebuild()


def test_second_writer_is_refused_with_the_first_ones_name(opened: Open) -> None:
    store = opened()

    with pytest.raises(SafetyError, match=f"still writing this ledger: process {os.getpid()}"):
        opened()

    store.close()
    opened()


def test_writer_that_was_overtaken_is_refused(opened: Open) -> None:
    """The lock keeps out processes of one machine; another machine's is found out at its first commit."""
    store = opened()
    fill_up(store, 3)
    with store.database.writing() as connection:
        (entry,) = chain(store.head, [draft(Kind.ROW)])
        values = {"seq": entry.seq, "at": "x", "kind": "row", "body": "{}", "hash": entry.hash}
        connection.execute(sa.insert(Base.metadata.tables["entry"]), values)

    with pytest.raises(LedgerError, match="entry 5 was written by another process; entry 4 was the last here"):
        store.append([intent("mine")])


def test_rebuild_gives_the_tables_that_were_written(opened: Open) -> None:
    store = opened()
    fill_up(store, 30)
    before = rows(store)
    with store.database.writing() as connection:
        connection.execute(sa.text("UPDATE fills SET price = '1'"))
        connection.execute(sa.text("DELETE FROM jobs"))
        connection.execute(sa.text("UPDATE orders SET client_id = 'c99' WHERE client_id = 'c1'"))
    assert before != rows(store)
    store.rebuild()

    assert before == rows(store)


def test_threads_that_append_at_once_leave_one_chain(opened: Open) -> None:
    store = opened()
    store.append([genesis()])
    wait = threading.Barrier(4)

    def write(number: int) -> None:
        wait.wait()
        for n in range(5):
            store.append([intent(f"{number}-{n}")])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 21 == store.head.seq
    assert store.head == verify(store.read())


def test_adopt_takes_entries_as_they_are_and_no_others(opened: Open) -> None:
    memory, store = MemoryStore(), opened()
    fill_up(memory, 10)
    entries = list(memory.read())
    store.adopt(entries[:5])

    with pytest.raises(LedgerError, match="entry 6: it is missing; entry 7 follows entry 5"):
        store.adopt(entries[6:])
    assert memory.head == store.adopt(entries[5:])
    assert entries == list(store.read())


# ---- schema ----------------------------------------------------------------------------------------------


def test_migrations_make_the_tables_that_the_program_reads(opened: Open) -> None:
    with opened().database.reading() as connection:
        context = MigrationContext.configure(connection)

        assert [] == compare_metadata(context, Base.metadata)
        assert migrations.SCHEMA == migrations.schema_of(connection)


def test_tables_have_the_columns_and_keys_of_the_projections() -> None:
    assert {table.name for table in TABLES} == set(PROJECTED)
    for table in TABLES:
        columns = PROJECTED[table.name].columns
        assert set(table.columns) == {column.name for column in columns}
        assert set(table.key) == {column.name for column in columns if column.primary_key}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("0002", "has schema 2, this version reads up to 1"),
        ("0017", "has schema 17, this version reads up to 1"),
        ("0000", "schema must be a number, was '0000'"),
        ("later", "schema must be a number, was 'later'"),
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_ledger_of_another_schema_is_refused_with_both_numbers(
    opened: Open, said: str, wrong: str, write: bool
) -> None:
    with opened() as store:
        fill_up(store, 3)
        with store.database.writing() as connection:
            connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{said}'"))  # a test's own

    with pytest.raises(LedgerError, match=wrong) as raised:
        opened(write=write)

    assert raised.value.file is not None


def test_reader_of_a_database_without_tables_is_told_who_makes_them(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()

    with pytest.raises(LedgerError, match="has schema 0, this version needs 1"):
        SqlStore(tmp_path / "ledger.db", write=False)


def test_postgres_that_does_not_wait_for_its_disk_is_refused(server: str, tmp_path: Path) -> None:
    url = f"{server}&options=-csynchronous_commit%3Doff"

    with pytest.raises(LedgerError, match="synchronous_commit must be on, was off"):
        SqlStore(url, anchor=tmp_path / "ledger.anchor")


def test_postgres_without_its_driver_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(LedgerError, match="needs psycopg, which is not installed") as raised:
        SqlStore("postgresql://ledger@host/none", anchor=tmp_path / "ledger.anchor")
    assert "pip install 'tradewright[postgres]'" == raised.value.fix
