"""One flipped bit anywhere on the disk: it is found, or it has changed nothing that anybody reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flips import FILES, FOUND, SAME, flip_many, shares, write
from ledger_cases import fill_up
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.store import MemoryStore

FLIPS = shares(200)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of an agent that the power left: a database, a log with the newest commits, an anchor."""
    left, store = tmp_path_factory.mktemp("left"), MemoryStore()
    fill_up(store, 66)
    write(left, [*store.read()])
    return left


def test_unflipped_files_are_read_whole(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    assert all((whole / name).stat().st_size > 2000 for name in FILES)
    with SqlStore(tmp_path / "copy/ledger.db") as store:
        assert 163 == store.head.seq


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_found_or_changes_nothing(whole: Path, tmp_path: Path, name: str) -> None:
    n = FLIPS[name]
    counts = flip_many(whole, name, n, 7, tmp_path)

    assert {FOUND, SAME} >= set(counts)
    assert (n, 200) == (counts.total(), sum(FLIPS.values()))
    # The rest of a database is room, old versions of pages, and pages that the log replaces.
    assert counts[FOUND] >= {"ledger.db": n // 10}.get(name, n * 9 // 10)
