"""A ledger in SQLite: what outlives a crash, and what is refused at the door."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from ledger_cases import draft, fill_up, genesis, intent
from tradewright.errors import LedgerError
from tradewright.ledger.entry import Kind, verify
from tradewright.ledger.sql import SqlStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a ledger of 33 commits, closed."""
    made = tmp_path / "ledger.db"
    with SqlStore(made) as store:
        fill_up(store, 33)
    return made


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


# ---- durability ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["OFF", "NORMAL", "normal", "1", "FULL; DROP TABLE entry"])
def test_synchronous_below_full_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(LedgerError, match="synchronous: must be FULL or EXTRA"):
        SqlStore(tmp_path / "ledger.db", synchronous=setting)


@pytest.mark.parametrize(("setting", "level"), [("FULL", 2), ("EXTRA", 3), ("full", 2)])
def test_sqlite_syncs_every_commit_of_its_write_ahead_log(tmp_path: Path, setting: str, level: int) -> None:
    with SqlStore(tmp_path / "ledger.db", synchronous=setting) as store, store.database.reading() as connection:
        assert level == connection.exec_driver_sql("PRAGMA synchronous").scalar()
        assert "wal" == connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert 5000 == connection.exec_driver_sql("PRAGMA busy_timeout").scalar()


def test_sqlite_that_keeps_another_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewright.ledger.database._FULL", 4)

    with pytest.raises(LedgerError, match="synchronous 4, was wal and 2"):
        SqlStore(tmp_path / "ledger.db")


def test_killed_process_leaves_every_commit_that_it_has_reported(tmp_path: Path) -> None:
    """The anchor may be one commit behind, and is brought up to date."""
    program = (
        "import sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from ledger_cases import days\n"
        "from tradewright.ledger.sql import SqlStore\n"
        "store = SqlStore(Path(sys.argv[1]))\n"
        "for commit in days():\n"
        "    print(store.append(commit).seq, flush=True)\n"
    )
    draws = random.Random(3)
    path = tmp_path / "ledger.db"
    words = [sys.executable, "-c", program, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(draws.randrange(20, 40))]
        process.kill()
        reported += [int(line) for line in process.stdout]
    with SqlStore(path) as store:
        assert reported[-1] <= store.head.seq <= reported[-1] + 4
        assert store.head == verify(store.read()) == store.anchor.last()


def test_locked_database_is_an_error_after_the_wait_and_the_store_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with SqlStore(path, busy_seconds=0.05) as store:
        store.append([genesis()])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="database is locked") as raised:
                store.append([intent()])
            other.execute("ROLLBACK")

        assert "another program holds" in str(raised.value.fix)
        assert 1 == store.head.seq
        assert 2 == store.append([intent()]).seq


def test_full_disk_is_an_error_and_nothing_is_lost(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "ledger.db") as store:
        fill_up(store, 5)
        head = store.head
        with store.database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError, match="full") as raised:
            store.append([draft(Kind.ROW, text="x" * 100_000)])

        assert "free space" in str(raised.value.fix)
        assert head == store.head == verify(store.read())


def test_anchor_that_cannot_be_written_is_an_error_after_the_commit(tmp_path: Path) -> None:
    """What was committed stays committed, and the store knows it."""
    with SqlStore(tmp_path / "ledger.db") as store:
        store.append([genesis()])
        store.anchor.close()
        store.anchor.path.unlink()
        with pytest.raises(LedgerError, match="entry 2 is written, but not its anchor: No such file"):
            store.append([intent()])

        assert 2 == store.head.seq == len(list(store.read()))


# ---- what is refused at the door -------------------------------------------------------------------------


def test_ledger_that_is_not_there_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        SqlStore(tmp_path / "ledger.db", write=False)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [True, False])
def test_ledger_whose_newest_entries_are_lost_is_refused(path: Path, write: bool) -> None:
    edit(path, "DELETE FROM entry WHERE seq > 60")

    with pytest.raises(LedgerError, match="ends with entry 60, and its anchor knows entry 81") as raised:
        SqlStore(path, write=write)
    assert "entry 61" == raised.value.key
    with SqlStore(path, write=write, believe=True) as store:
        assert 60 == store.head.seq


def test_ledger_that_is_gone_is_not_begun_anew(path: Path) -> None:
    path.unlink()

    with pytest.raises(LedgerError, match="ends with entry 0, and its anchor knows entry 81"):
        SqlStore(path)
    assert not path.exists()


def test_ledger_without_its_anchor_is_refused(path: Path) -> None:
    path.with_suffix(".anchor").unlink()

    with pytest.raises(LedgerError, match="has 81 entries and no anchor"):
        SqlStore(path)


def test_ledger_with_another_last_entry_than_its_anchor_is_refused(path: Path) -> None:
    edit(path, f"UPDATE entry SET hash = '{'ab' * 32}' WHERE seq = 81")  # a test's own

    with pytest.raises(LedgerError, match="entry 81: the ledger and its anchor know different entries"):
        SqlStore(path)


def test_entries_newer_than_the_anchor_must_verify(path: Path) -> None:
    anchor = path.with_suffix(".anchor")
    anchor.write_bytes(b"".join(anchor.read_bytes().splitlines(keepends=True)[:-3]))
    with SqlStore(path) as store:
        assert store.head == store.anchor.last()
    anchor.write_bytes(b"".join(anchor.read_bytes().splitlines(keepends=True)[:-3]))
    edit(path, "UPDATE entry SET body = '{}' WHERE seq = 80")

    with pytest.raises(LedgerError, match=r"entry 80 \(alert\): altered"):
        SqlStore(path)


@pytest.mark.parametrize("write", [True, False])
def test_file_that_is_no_database_is_refused(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no database at all" * 100)

    with pytest.raises(LedgerError, match="file is not a database") as raised:
        SqlStore(path, write=write)
    assert "restore" in str(raised.value.fix)
    assert str(path) == raised.value.file


def test_folder_in_place_of_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open database file"):
        SqlStore(tmp_path, anchor=tmp_path / "a.anchor")


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("mysql://root@host/ledger", "kept by SQLite or PostgreSQL, was 'mysql'"),
        ("sqlite://", "in memory would keep nothing"),
        ("sqlite:///:memory:", "in memory would keep nothing"),
        ("://", "cannot be read"),
        ("postgresql://ledger:hush@127.0.0.1:1/none", "needs an anchor"),
    ],
)
def test_target_that_is_no_ledgers_place_is_refused(target: str, wrong: str) -> None:
    with pytest.raises(LedgerError, match=wrong) as raised:
        SqlStore(target)

    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("url", ["ledger:hush@127.0.0.1:1/none", "ledger@127.0.0.1:1/none?password=hush"])
def test_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(LedgerError) as raised:
        SqlStore(f"postgresql://{url}", anchor=tmp_path / "a.anchor")

    assert "127.0.0.1:1" in str(raised.value)
    assert "hush" not in f"{raised.value}{raised.value.fix}"


def test_url_of_a_file_is_the_file(path: Path) -> None:
    with SqlStore(f"sqlite:///{path}", write=False) as store:
        assert path == store.database.path
        assert 81 == store.head.seq


def test_paths_with_signs_that_urls_know_are_files(tmp_path: Path) -> None:
    path = tmp_path / "a b%20?c#d" / "ledger.db"
    with SqlStore(path) as store:
        store.append([genesis()])

    assert path.is_file()
    assert [".anchor", ".db", ".lock"] == sorted(one.suffix for one in path.parent.iterdir())


def test_text_that_no_decoder_reads_names_its_entry(path: Path) -> None:
    edit(path, "UPDATE entry SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 42")

    with SqlStore(path, write=False) as store, pytest.raises(LedgerError, match="entry 42: it cannot be read"):
        verify(store.read())


def test_closed_ledger_is_not_opened_again_by_using_it(tmp_path: Path) -> None:
    """Its lock is gone, and another process may be writing."""
    store = SqlStore(tmp_path / "ledger.db")
    store.append([genesis()])
    store.close()

    with pytest.raises(LedgerError, match="the ledger was closed"):
        store.append([intent()])
    with pytest.raises(LedgerError, match="the ledger was closed"):
        list(store.read())
