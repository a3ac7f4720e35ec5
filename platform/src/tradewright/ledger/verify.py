"""Whether a ledger can be believed: its chain, its anchor, and the tables that follow from its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.errors import LedgerError
from tradewright.ledger.entry import START, Entry, Head, check
from tradewright.ledger.projection import TABLES, Projections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tradewright.ledger.anchor import Anchor
    from tradewright.ledger.projection import Table
    from tradewright.ledger.sql import SqlStore

REBUILD = "make the tables anew from the entries, which verify: tradewright ledger rebuild"


@attrs.frozen
class Verified:
    """What was looked at and found right.

    Attributes:
        head: The last entry.
        anchored: The newest head that the anchor knew when this began.
        rows: How many rows each table has that follows from entries.
    """

    head: Head
    anchored: Head
    rows: dict[str, int]


def verify_store(store: SqlStore) -> Verified:
    """Look at everything that a ledger holds, while its agent may be writing.

    Args:
        store: A ledger, opened with `believe`, so that the first bad entry is named and not only the last one.

    Raises:
        LedgerError: Names the first entry that cannot be believed, or the row, and how to mend it.
    """
    heads = anchored(store.anchor)
    tables = Projections()
    head = START
    with store.database.refusing():
        for entry in held_to(store.anchor, heads, store.read()):
            tables.apply([entry])
            head = entry.head
        rows = {table.name: _compare(store, table, tables, head) for table in TABLES}
        if wrong := store.database.complaint():
            fix = "its entries verify: tradewright ledger export them, and import them into a new ledger"
            raise LedgerError(f"SQLite's own check finds: {wrong}", file=store.database.place, fix=fix)
    return Verified(head, heads[-1], rows)


def anchored(anchor: Anchor) -> tuple[Head, ...]:
    """Return every head of an anchor; to be asked before the entries are read, because an agent may be writing.

    Raises:
        LedgerError: There is none, or a line is damaged.
    """
    if anchor.last() is None:
        fix = "put it back; if it is lost and you accept the ledger's end: tradewright ledger rebuild --new-anchor"
        raise LedgerError("the ledger has no anchor", file=anchor.path, fix=fix)
    return tuple(anchor.heads())


def held_to(anchor: Anchor, heads: Sequence[Head], entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries for as long as they continue each other and are those that an anchor knows.

    Args:
        anchor: Where the heads are from.
        heads: What it knows, oldest first.
        entries: All of a ledger, from the first one on.

    Raises:
        LedgerError: Names the first entry that is altered, missing, or another one than the anchor's.
    """
    known = {head.seq: head for head in heads}
    last = START
    for entry in check(entries):
        last = entry.head
        anchor.compare(known.get(last.seq, last), last, last)
        yield entry
    if heads[-1].seq > last.seq:
        anchor.compare(heads[-1], None, last)


def _compare(store: SqlStore, table: Table, computed: Projections, head: Head) -> int:
    """Compare one table with what follows from the entries up to `head`; rows that changed later are left out."""
    expected = computed.rows[table.name]
    seen = set()
    for row in store.projected(table.name):
        key = tuple(str(row[column]) for column in table.key)
        seen.add(key)
        last = row["last"]
        if isinstance(last, int) and last > head.seq and store.head.seq >= last:
            continue
        if key not in expected:
            raise _differs(table, key, "no entry tells of this row")
        for column, value in expected[key].items():
            if row[column] != value:
                raise _differs(table, key, f"{column} must be {str(value)[:60]!r}, was {str(row[column])[:60]!r}")
    if missing := [key for key in expected if key not in seen]:
        raise _differs(table, missing[0], f"the row of entry {expected[missing[0]]['seq']} is missing")
    return len(seen)


def _differs(table: Table, key: tuple[str, ...], wrong: str) -> LedgerError:
    return LedgerError(wrong, key=f"{table.name} {' '.join(key)[:80]}", fix=REBUILD)
