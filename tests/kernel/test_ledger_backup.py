"""Copies of a ledger: made under writes, verified, put back, exported, imported, followed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from ledger_cases import days, draft, fill_up, genesis, intent
from tradewright.errors import LedgerError, SafetyError, UsageError
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.backup import backup, restore
from tradewright.ledger.entry import Head, Kind, verify
from tradewright.ledger.lines import FOLLOWED, Follower, export_lines, import_lines, lines, read_lines
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.verify import verify_store

NOW = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a ledger of 33 commits, 81 entries, closed."""
    made = tmp_path / "live" / "ledger.db"
    with SqlStore(made) as store:
        fill_up(store, 33)
    return made


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    with SqlStore(path) as opened:
        yield opened


def failing(*_: object) -> None:
    raise OSError(5, "the disk is broken")


def text(path: Path) -> bytes:
    with SqlStore(path, write=False) as store:
        return "".join(lines(store)).encode()


# ---- backup and restore ----------------------------------------------------------------------------------


def test_backup_of_a_closed_ledger_is_the_same_ledger(path: Path, tmp_path: Path) -> None:
    head = backup(path, tmp_path / "copy.db")

    assert 81 == head.seq
    assert text(path) == text(tmp_path / "copy.db")
    assert {"copy.db", "copy.anchor", "live"} == {one.name for one in tmp_path.iterdir()}
    assert head == Anchor(tmp_path / "copy.anchor").last()


def test_backups_under_writes_are_each_a_ledger_of_one_instant(store: SqlStore, tmp_path: Path) -> None:
    stop = threading.Event()
    heads: list[Head] = []

    def write() -> None:
        n = 0
        while not stop.is_set():
            store.append([intent(f"busy {n}"), draft(Kind.ROW, n=n)])
            n += 1

    path = store.database.path
    assert path is not None
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            begun = store.head
            while store.head == begun and writer.is_alive():
                stop.wait(0.001)
            heads.append(backup(path, tmp_path / f"{n}.db"))
    finally:
        stop.set()
        writer.join()

    assert sorted({head.seq for head in heads}) == [head.seq for head in heads]
    assert 81 < heads[0].seq < heads[-1].seq <= store.head.seq
    for n, head in enumerate(heads):
        with SqlStore(tmp_path / f"{n}.db", write=False) as copy:
            assert head == verify_store(copy).head
            assert 0 == (head.seq - 81) % 2


@pytest.mark.parametrize("name", ["copy.db", "copy.anchor"])
def test_backup_replaces_nothing(path: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")

    with pytest.raises(UsageError, match="no copy is replaced"):
        backup(path, tmp_path / "copy.db")
    assert "precious" == (tmp_path / name).read_text()


def test_backup_of_a_damaged_ledger_is_refused_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with SqlStore(path) as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE entry SET body = '{}' WHERE seq = 7")

    with pytest.raises(LedgerError, match=r"entry 7 \(order\): altered"):
        backup(path, tmp_path / "copy.db")
    assert ["live"] == [one.name for one in tmp_path.iterdir()]


def test_backup_of_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Anchor(path.with_suffix(".anchor")).begin()
    with pytest.raises(LedgerError, match="cannot be copied: unable to open"):
        backup(path, tmp_path / "copy.db")
    path.write_bytes(b"none" * 1000)
    with pytest.raises(LedgerError, match="cannot be copied: file is not a database"):
        backup(path, tmp_path / "copy.db")


def test_backup_whose_disk_fails_leaves_nothing(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing)

    with pytest.raises(LedgerError, match="the disk is broken"):
        backup(path, tmp_path / "copy.db")
    assert ["live"] == [one.name for one in tmp_path.iterdir()]


def test_backup_into_a_folder_that_is_not_there_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be copied"):
        backup(path, tmp_path / "none" / "copy.db")


def test_restore_gives_the_ledger_of_the_backup_and_the_agent_goes_on(path: Path, tmp_path: Path) -> None:
    backup(path, tmp_path / "copy.db")
    target = tmp_path / "new" / "ledger.db"
    done = restore(tmp_path / "copy.db", target, now=NOW)

    assert (81, None, None) == (done.head.seq, done.knew, done.moved_to)
    assert text(path) == text(target)
    with SqlStore(target) as store:
        assert 82 == store.append([intent("next")]).seq
        verify_store(store)


def test_restore_over_a_newer_ledger_moves_it_aside_and_says_what_it_knew(path: Path, tmp_path: Path) -> None:
    """The lost entries are for the venue to tell again; the file that had them is kept."""
    backup(path, tmp_path / "copy.db")
    with SqlStore(path) as store:
        store.append([intent("newer")])
        with pytest.raises(SafetyError, match="writing this ledger"):
            restore(tmp_path / "copy.db", path, now=NOW, replace=True)
    with pytest.raises(UsageError, match="there is a ledger already") as raised:
        restore(tmp_path / "copy.db", path, now=NOW)
    assert "--replace" in str(raised.value.fix)
    done = restore(tmp_path / "copy.db", path, now=NOW, replace=True)

    assert path.with_name("ledger-until-20260303T080000Z.db") == done.moved_to
    assert done.knew is not None
    assert (81, 82) == (done.head.seq, done.knew.seq)
    assert text(tmp_path / "copy.db") == text(path)
    with SqlStore(done.moved_to, write=False) as old:
        assert 82 == verify_store(old).head.seq


def test_restore_over_a_damaged_anchor_is_what_it_is_for(path: Path, tmp_path: Path) -> None:
    backup(path, tmp_path / "copy.db")
    path.with_suffix(".anchor").write_text("nonsense\n")
    path.unlink()
    done = restore(tmp_path / "copy.db", path, now=NOW, replace=True)

    assert done.knew is None
    assert 81 == done.head.seq


def test_restore_of_a_damaged_backup_leaves_the_ledger_alone(path: Path, tmp_path: Path) -> None:
    backup(path, tmp_path / "copy.db")
    with SqlStore(tmp_path / "copy.db", believe=True) as copy, copy.database.writing() as connection:
        connection.exec_driver_sql("UPDATE fills SET price = '0'")
    before = text(path)

    with pytest.raises(LedgerError, match="price must be"):
        restore(tmp_path / "copy.db", path, now=NOW, replace=True)
    assert before == text(path)


# ---- export and import -----------------------------------------------------------------------------------


def test_export_and_import_give_the_same_bytes_again(store: SqlStore, tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    assert 81 == export_lines(store, one)
    with SqlStore(tmp_path / "again" / "ledger.db") as again:
        assert 81 == import_lines(one, again)
        assert store.head == again.head == verify_store(again).head
        export_lines(again, other)

    assert one.read_bytes() == other.read_bytes() == "".join(lines(store)).encode()
    assert 81 == one.read_bytes().count(b"\n")
    assert list(store.read()) == list(read_lines(one))


def test_import_goes_on_where_an_older_copy_ends(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    export_lines(store, file)
    with SqlStore(tmp_path / "again" / "ledger.db") as again:
        fill_up(again, 10)
        begun = again.head.seq
        assert 81 - begun == import_lines(file, again)
        assert 0 == import_lines(file, again)
        again.append([intent("own")])
        assert 0 == import_lines(file, again)
        assert again.head == verify_store(again).head


def test_import_of_many_commits_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewright.ledger.lines.BATCH", 7)
    memory = MemoryStore()
    fill_up(memory, 33)
    export_lines(memory, tmp_path / "all.jsonl")
    with SqlStore(tmp_path / "ledger.db") as store:
        import_lines(tmp_path / "all.jsonl", store)
        assert memory.head == store.head
        assert [0, 7, 14] == [head.seq for head in islice(store.anchor.heads(), 3)]


def test_import_of_another_ledger_is_refused(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    export_lines(store, file)
    with SqlStore(tmp_path / "again" / "ledger.db") as again:
        again.append([genesis("other")])
        with pytest.raises(LedgerError, match="they are two ledgers") as raised:
            import_lines(file, again)
        assert "entry 1" == raised.value.key
        assert 1 == again.head.seq


@pytest.mark.parametrize(
    ("line", "put", "wrong", "key"),
    [
        (3, b"", "it is missing; entry 5 follows entry 3", "entry 4"),
        (3, b"x\n", "a line must be an entry as", None),
        (3, b"\n", "a line must be an entry as", None),
        (3, b"\xff\n", "a line must be UTF-8", None),
        (80, b'{"at"', "this one was cut off", None),
    ],
)
def test_import_of_a_damaged_file_names_the_line(
    store: SqlStore, tmp_path: Path, line: int, put: bytes, wrong: str, key: str | None
) -> None:
    file = tmp_path / "all.jsonl"
    export_lines(store, file)
    rows = file.read_bytes().splitlines(keepends=True)
    rows[line] = put
    file.write_bytes(b"".join(rows))

    with pytest.raises(LedgerError, match=wrong) as raised:
        list(read_lines(file))
    assert (str(file), line + 1, key) == (raised.value.file, raised.value.line, raised.value.key)


def test_export_replaces_nothing_and_leaves_no_half(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    file.write_text("precious")
    with pytest.raises(UsageError, match="no export is replaced"):
        export_lines(store, file)
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM entry WHERE seq = 60")
    with pytest.raises(LedgerError, match="entry 60: it is missing"):
        export_lines(store, tmp_path / "half.jsonl")

    assert ["all.jsonl", "live"] == sorted(one.name for one in tmp_path.iterdir())
    assert "precious" == file.read_text()


# ---- follow ----------------------------------------------------------------------------------------------


def test_follower_ships_each_commit_and_resumes_after_a_break(tmp_path: Path) -> None:
    memory, commits = MemoryStore(), days()
    for _ in range(3):
        with Follower(tmp_path / "far") as follower:
            for _ in range(5):
                head = memory.append(next(commits))
                assert head.seq - follower.head.seq == follower.ship(memory)
                assert 0 == follower.ship(memory)
        memory.append(next(commits))
    with Follower(tmp_path / "far") as follower:
        assert 0 < follower.ship(memory)
        assert memory.head == follower.head

    assert "".join(lines(memory)).encode() == (tmp_path / "far" / FOLLOWED).read_bytes()


@pytest.mark.parametrize("cut", [1, 50, 150, 300])
def test_follower_writes_a_torn_line_anew(tmp_path: Path, cut: int) -> None:
    memory = MemoryStore()
    fill_up(memory, 8)
    with Follower(tmp_path) as follower:
        follower.ship(memory)
    file = tmp_path / FOLLOWED
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    with Follower(tmp_path) as follower:
        assert follower.head.seq < memory.head.seq
        follower.ship(memory)

    assert whole == file.read_bytes()


def test_follower_writes_an_only_line_that_is_torn_anew(tmp_path: Path) -> None:
    (tmp_path / FOLLOWED).write_bytes(b"{" * 200_000)
    with Follower(tmp_path) as follower:
        assert 0 == follower.head.seq
    assert b"" == (tmp_path / FOLLOWED).read_bytes()


def test_follower_of_a_damaged_copy_names_the_line(tmp_path: Path) -> None:
    memory = MemoryStore()
    fill_up(memory, 8)
    with Follower(tmp_path) as follower:
        follower.ship(memory)
    file = tmp_path / FOLLOWED
    file.write_bytes(file.read_bytes().replace(b'"e1"', b'"e7"', 1))

    with pytest.raises(LedgerError, match=r"entry 6 \(fill\): altered") as raised:
        Follower(tmp_path)
    assert 6 == raised.value.line
    with pytest.raises(LedgerError):  # And the lock was let go.
        Follower(tmp_path)


def test_follower_of_a_ledger_that_lost_entries_or_is_another_is_refused(tmp_path: Path) -> None:
    memory, shorter, other = MemoryStore(), MemoryStore(), MemoryStore()
    fill_up(memory, 8)
    fill_up(shorter, 5)
    other.append([genesis("other"), *(draft(Kind.ROW) for _ in range(30))])
    with Follower(tmp_path) as follower:
        follower.ship(memory)
        for wrong in (shorter, other):
            with pytest.raises(LedgerError, match="they are two ledgers"):
                follower.ship(wrong)
        assert 0 == follower.ship(memory)


def test_follower_whose_disk_fails_lets_go_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryStore()
    fill_up(memory, 8)
    follower = Follower(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="broken"):
            follower.ship(memory)
    with Follower(tmp_path) as again:
        again.ship(memory)
        assert memory.head == again.head

    assert "".join(lines(memory)).encode() == (tmp_path / FOLLOWED).read_bytes()


def test_second_follower_into_a_folder_is_refused(tmp_path: Path) -> None:
    with Follower(tmp_path), pytest.raises(SafetyError, match="following a ledger into this folder"):
        Follower(tmp_path)
    Follower(tmp_path).close()


def test_backup_brought_up_to_date_from_what_was_followed_loses_nothing(store: SqlStore, tmp_path: Path) -> None:
    path = store.database.path
    assert path is not None
    backup(path, tmp_path / "night.db")
    with Follower(tmp_path / "far") as follower:
        store.append([intent("after the backup")])
        follower.ship(store)
    target = tmp_path / "new" / "ledger.db"
    restore(tmp_path / "night.db", target, now=NOW)
    with SqlStore(target) as again:
        assert 1 == import_lines(tmp_path / "far" / FOLLOWED, again)
        assert store.head == again.head == verify(again.read())
