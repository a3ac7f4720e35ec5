"""Flip one bit anywhere on the disk, many times: it is found, or it has changed nothing that anybody reads.

Run as `python tests/kernel/flips.py --count 1000 --seed 1`.  The ledger is that of two simulated days, as a power
failure leaves it: a third of the flips in the database, in the log with the newest commits, and in the anchor.  Exits
9 when an export differs that nothing has warned of, or an error does not say how to mend it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tradewright.errors import LedgerError
from tradewright.ledger.entry import Entry
from tradewright.ledger.lines import lines
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.verify import verify_store
from tradewright.sessions import all_sessions
from tradewright.simtest.world import World, case_of
from tradewright.workspace.private import rules_folder

FILES = ("ledger.db", "ledger.db-wal", "ledger.anchor")
FOUND, SAME = "found", "same"
DAYS, COMMIT = 2, 3
"""Of the simulated ledger: sessions, and entries that are written together."""
CHECK_FAILED = 9


def write(folder: Path, entries: Sequence[Entry]) -> None:
    """Leave the files of an agent that the power has left; the newer half of its entries is in the log."""
    path, half = folder / "live" / "ledger.db", len(entries) // 2
    path.parent.mkdir()
    with SqlStore(path) as store:
        for at in range(0, len(entries), COMMIT):
            store.adopt(entries[at : at + COMMIT])
            if at <= half < at + COMMIT:
                empty_log(path)
        for name in FILES:
            shutil.copy(path.with_name(name), folder / name)
    shutil.rmtree(path.parent)


def empty_log(path: Path) -> None:
    """Have all that is committed written into the database itself."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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
        return FOUND if error.fix else "found, but not how to mend it"
    return SAME if exported == expected else "wrong"


def flip_many(whole: Path, name: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """Return how often each outcome came of one flipped bit in a file.

    Args:
        whole: Folder with the files, which are copied for each flip.
        name: Of the file.
        count: How many flips.
        seed: Where they begin.
        folder: Where copies may be made.
    """
    copy, draws = folder / "copy", random.Random(f"{seed} {name}")
    shutil.copytree(whole, copy)
    with SqlStore(copy / "ledger.db") as store:
        expected = "".join(lines(store))
    counts: Counter[str] = Counter()
    for _ in range(count):
        shutil.rmtree(copy)
        shutil.copytree(whole, copy)
        flip(copy / name, draws)
        counts[outcome(copy, expected)] += 1
    shutil.rmtree(copy)
    return counts


def shares(count: int) -> dict[str, int]:
    """Return how many flips each file gets."""
    return {name: count // len(FILES) + (at < count % len(FILES)) for at, name in enumerate(FILES)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="how many flips (1000)")
    parser.add_argument("--seed", type=int, default=1, help="where they begin (1)")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="tradewright-flips-") as name:
        folder = Path(name)
        whole = folder / "whole"
        whole.mkdir()
        rules = rules_folder(os.environ)
        world = World(case_of(asked.seed, DAYS), all_sessions("XNYS", cache=rules), rules)
        world.run()
        write(whole, [*world.store.read()])
        for file, n in shares(asked.count).items():
            here = flip_many(whole, file, n, asked.seed, folder)
            size = (whole / file).stat().st_size
            sys.stdout.write(
                f"{file:14} {size:9,} bytes, {n:5,} flips: {here[FOUND]:,} found, {here[SAME]:,} harmless\n"
            )
            counts += here
    bad = {text: n for text, n in counts.items() if text not in {FOUND, SAME}}
    sys.stdout.write(f"{counts.total():,} flips: {counts[FOUND]:,} detected, {counts[SAME]:,} with the same export")
    sys.stdout.write(f", {sum(bad.values()):,} neither{f' {bad}' if bad else ''}\n")
    return CHECK_FAILED if bad else 0


if __name__ == "__main__":
    sys.exit(main())
