"""One flipped bit anywhere on the disk: it is found, or it has changed nothing that anybody reads."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from ledger_cases import fill_up
from tradewright.errors import LedgerError
from tradewright.ledger.lines import lines
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.verify import verify_store

FLIPS = 200
FILES = ("ledger.db", "ledger.db-wal", "ledger.anchor")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of an agent that the power left: a database, a log with the newest commits, an anchor."""
    path = tmp_path_factory.mktemp("live") / "ledger.db"
    left = tmp_path_factory.mktemp("left")
    with SqlStore(path) as store:
        fill_up(store, 41)
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        fill_up(store, 66, begin=41)
        for name in FILES:
            shutil.copy(path.with_name(name), left / name)
    return left


def flip(file: Path, draws: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    raw[draws.randrange(len(raw))] ^= 1 << draws.randrange(8)
    file.write_bytes(raw)


def outcome(folder: Path, expected: str) -> str:
    """Open as an agent does, verify and export: `found`, `same`, or a text that nobody may see."""
    try:
        with SqlStore(folder / "ledger.db") as store:
            verify_store(store)
            exported = "".join(lines(store))
    except LedgerError as error:
        return "found" if error.fix else "found, but not how to mend it"
    return "same" if exported == expected else "wrong"


def test_unflipped_files_are_read_whole(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    assert all((whole / name).stat().st_size > 2000 for name in FILES)
    with SqlStore(tmp_path / "copy/ledger.db") as store:
        assert 163 == store.head.seq


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_found_or_changes_nothing(whole: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(whole, tmp_path / "first")
    with SqlStore(tmp_path / "first/ledger.db") as store:
        expected = "".join(lines(store))
    draws = random.Random(f"7 {name}")
    n = FLIPS // len(FILES) + (FLIPS % len(FILES) if name == FILES[0] else 0)
    counts: Counter[str] = Counter()
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(whole, folder)
        flip(folder / name, draws)
        counts[outcome(folder, expected)] += 1

    assert {"found", "same"} >= set(counts)
    assert n == counts.total()
    # The rest of a database is room, old versions of pages, and pages that the log replaces.
    assert counts["found"] >= {"ledger.db": n // 10}.get(name, n * 9 // 10)
