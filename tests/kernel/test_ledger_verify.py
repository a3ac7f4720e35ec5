"""What `verify` finds: every kind of damage is named, and healthy ledgers pass, also while they grow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ledger_cases import days, fill_up, genesis, intent
from tradewright.errors import LedgerError
from tradewright.ledger.entry import Head
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.verify import Verified, verify_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a ledger of 33 commits, 81 entries, closed."""
    made = tmp_path / "ledger.db"
    with SqlStore(made) as store:
        fill_up(store, 33)
    return made


def verified(path: Path) -> Verified:
    with SqlStore(path, write=False, believe=True) as store:
        return verify_store(store)


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_healthy_ledger_passes_with_its_counts(path: Path) -> None:
    found = verified(path)

    assert 81 == found.head.seq
    assert found.head == found.anchored
    assert {"orders": 8, "fills": 8, "activities": 8, "jobs": 8, "alerts": 1} == found.rows


def test_ledger_with_nothing_but_a_beginning_passes(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "ledger.db") as store:
        assert 0 == verify_store(store).head.seq
        store.append([genesis()])
        assert 1 == verify_store(store).head.seq


def test_ledger_that_knows_more_than_its_anchor_passes(path: Path) -> None:
    anchor = path.with_suffix(".anchor")
    anchor.write_bytes(b"".join(anchor.read_bytes().splitlines(keepends=True)[:-2]))
    found = verified(path)

    assert (81, 74) == (found.head.seq, found.anchored.seq)


def test_ledger_that_is_written_meanwhile_passes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written after the reading began is left for the next time."""
    with SqlStore(path) as writer, SqlStore(path, write=False, believe=True) as reader:
        read, projected = reader.read, reader.projected

        def write_then_read(name: str) -> object:
            writer.append([intent(f"late {name}")])
            return projected(name)

        monkeypatch.setattr(reader, "projected", write_then_read)
        found = verify_store(reader)

        assert 81 == found.head.seq
        assert 9 == found.rows["orders"]
        assert 86 == len(list(read()))


@pytest.mark.parametrize(
    ("statement", "place", "wrong"),
    [
        ("UPDATE entry SET body = replace(body, '10', '11') WHERE seq = 14", "entry 14 (intent)", "altered"),
        ("UPDATE entry SET at = replace(at, '2026', '2025') WHERE seq = 2", "entry 2 (row)", "altered"),
        ("UPDATE entry SET at = 'noon' WHERE seq = 2", "entry 2 (row)", "must be written like"),
        ("UPDATE entry SET kind = 'quote' WHERE seq = 2", "entry 2 (quote)", "altered"),
        ("UPDATE entry SET kind = 'tale' WHERE seq = 2", "entry 2 (tale)", "knows no such kind"),
        ("UPDATE entry SET hash = upper(hash) WHERE seq = 50", "entry 50 (alert)", "altered"),
        ("UPDATE entry SET body = x'00' WHERE seq = 50", "entry 50 (alert)", "holds no text"),
        ("DELETE FROM entry WHERE seq = 40", "entry 40", "it is missing; entry 41 follows entry 39"),
        ("DELETE FROM entry WHERE seq = 1", "entry 1", "it is missing; entry 2 follows entry 0"),
        ("DELETE FROM entry WHERE seq > 77", "entry 78", "its anchor knows entry 81"),
        ("DELETE FROM entry", "entry 1", "ends with entry 0, and its anchor knows entry 81"),
        (
            "UPDATE fills SET price = '1' WHERE execution_id = 'e3'",
            "fills paper e3",
            "price must be '512.340', was '1'",
        ),
        ("UPDATE orders SET seq = 5 WHERE client_id = 'c1'", "orders c1", "seq must be '4', was '5'"),
        ("UPDATE jobs SET last = 99 WHERE due = '1'", "jobs close 1", "last must be '8', was '99'"),
        ("DELETE FROM jobs WHERE due = '4'", "jobs close 4", "the row of entry 38 is missing"),
        ("UPDATE orders SET client_id = 'x' WHERE client_id = 'c2'", "orders x", "no entry tells of this row"),
    ],
)
def test_damage_is_named_with_its_place_and_how_to_mend_it(
    path: Path, statement: str, place: str, wrong: str
) -> None:
    edit(path, statement)

    with pytest.raises(LedgerError, match=wrong.replace("(", r"\(")) as raised:
        verified(path)
    assert place == raised.value.key
    assert "tradewright ledger" in str(raised.value.fix)


def test_damaged_index_is_found_though_every_row_is_right(path: Path) -> None:
    """An index is asked whether an order is there already, so it counts."""
    edit(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
        " WHERE name = 'sqlite_autoindex_fills_1') WHERE name = 'sqlite_autoindex_orders_1'",
    )

    with pytest.raises(LedgerError, match="SQLite's own check finds") as raised:
        verified(path)
    assert "tradewright ledger" in str(raised.value.fix)


def test_chain_that_was_rewritten_whole_is_found_by_its_anchor(path: Path, tmp_path: Path) -> None:
    """Who can write the database can compute hashes; the anchor remembers the true ones."""
    forged = tmp_path / "forged" / "ledger.db"
    with SqlStore(forged) as other:
        commits = days()
        other.append(next(commits))
        other.append([intent("forged")])
        for _ in range(31):
            other.append(next(commits))
    forged.with_suffix(".anchor").write_bytes(path.with_suffix(".anchor").read_bytes())

    with pytest.raises(LedgerError, match="different entries of this number") as raised:
        verified(forged)
    assert "entry 3" == raised.value.key


@pytest.mark.parametrize("line", [1, 5, 33])
def test_damaged_line_of_the_anchor_is_named(path: Path, line: int) -> None:
    anchor = path.with_suffix(".anchor")
    heads = anchor.read_bytes().splitlines(keepends=True)
    heads[line] = heads[line].replace(b" ", b"_")
    anchor.write_bytes(b"".join(heads))
    place = "its last line" if line == 33 else f"line {line + 1}"

    with pytest.raises(LedgerError, match=f"{place} must be a number and a hash") as raised:
        verified(path)
    assert str(anchor) == raised.value.file


def test_missing_anchor_is_named(path: Path) -> None:
    path.with_suffix(".anchor").unlink()

    with pytest.raises(LedgerError, match="the ledger has no anchor") as raised:
        verified(path)
    assert "rebuild --new-anchor" in str(raised.value.fix)


def test_anchor_written_anew_lets_an_accepted_end_pass(path: Path) -> None:
    edit(path, "DELETE FROM entry WHERE seq > 77")
    with SqlStore(path, believe=True) as store:
        store.rebuild()
        store.anchor.begin(store.head)
    with SqlStore(path) as store:
        assert 77 == verify_store(store).head.seq
        store.append([intent("next")])
        assert Head(78, store.head.hash) == store.anchor.last()
