"""Tables that follow from the entries: today's orders, fills, activities, jobs and alerts, to be asked quickly.

They are not hashed, because nothing rests on them: `verify` computes them again and compares.  What they hold of a
body is text; whoever needs more looks up the entry by its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.errors import LedgerError
from tradewright.ledger.canonical import instant_text
from tradewright.ledger.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradewright.ledger.entry import Entry

PARTIES = ("account", "venue", "strategy", "currency")
"""Columns of every table: whose it is.  They are there from the first version, so that a second one of each needs no
migration; a body without one leaves it empty."""
NUMBERS = ("seq", "last")
"""Columns of every table: the entry that made the row, and the one that last changed it."""
INTENDED = "intended"
"""Status of an order that the venue has not spoken of."""


@attrs.frozen
class Table:
    """One projection.

    Attributes:
        name: Of the table.
        key: Columns whose values no two rows share; a body must have them.
        fields: Further columns, empty where the body has none.
    """

    name: str
    key: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in order."""
        texts = (*self.key, *PARTIES, *self.fields, "at")
        return (*dict.fromkeys(texts), *NUMBERS)


ORDERS = Table("orders", ("client_id",), ("symbol", "quantity", "purpose", "status", "venue_id"))
FILLS = Table("fills", ("venue", "execution_id"), ("client_id", "symbol", "quantity", "price", "fee"))
ACTIVITIES = Table("activities", ("venue", "id"), ("kind", "symbol", "cash", "units"))
JOBS = Table("jobs", ("name", "due"), ("outcome",))
ALERTS = Table("alerts", ("id",), ("what", "state"))
TABLES = (ORDERS, FILLS, ACTIVITIES, JOBS, ALERTS)

_NEW = {Kind.INTENT: ORDERS, Kind.FILL: FILLS, Kind.ACTIVITY: ACTIVITIES, Kind.JOB: JOBS}
"""Kinds that make a row: a second one with the same key is refused."""
_NEWS = {Kind.ORDER: ORDERS, Kind.ALERT: ALERTS}
"""Kinds that change a row, or make it: an order of somebody else's begins with the venue's word."""


@attrs.frozen
class Change:
    """What one entry does to one table.

    Attributes:
        table: Which.
        key: Values of the table's key.
        row: Values of all its columns, for a new row.
        news: Values of the columns that change, for a row that is there; empty where there must be none.
    """

    table: Table
    key: tuple[str, ...]
    row: dict[str, str | int]
    news: dict[str, str | int]

    @property
    def where(self) -> dict[str, str]:
        """The key, by column."""
        return dict(zip(self.table.key, self.key, strict=True))

    def repeated(self) -> LedgerError:
        """Return the error for a row that may be there once and is there already."""
        named = ", ".join(f"{column} {value[:60]}" for column, value in self.where.items())
        fix = "nothing of this commit was written; what was reported twice is to be dropped before it is recorded"
        return LedgerError(f"{named} is in the ledger already", key=self.table.name, fix=fix)


def change_of(entry: Entry) -> Change | None:
    """Return what an entry does to the projections, None for most kinds.

    Raises:
        LedgerError: The body lacks a column of the key, or a value is no text and no number.
    """
    table = _NEW.get(entry.kind) or _NEWS.get(entry.kind)
    if table is None:
        return None
    found: dict[str, str | int] = {
        column: _text(entry, column) for column in table.columns if column in entry.body and column not in NUMBERS
    }
    if missing := [column for column in table.key if not found.get(column)]:
        raise LedgerError("a body must have this key, and it must not be empty", key=f"{entry.kind}.{missing[0]}")
    if entry.kind is Kind.INTENT:
        found.setdefault("status", INTENDED)
    key = tuple(str(found[column]) for column in table.key)
    stamp: dict[str, str | int] = {"at": instant_text(entry.at), "seq": entry.seq, "last": entry.seq}
    row = {**dict.fromkeys(table.columns, ""), **found, **stamp}
    news = {**{column: value for column, value in found.items() if column not in table.key}, "last": entry.seq}
    return Change(table, key, row, {} if entry.kind in _NEW else news)


class Projections:
    """The tables in memory.

    Attributes:
        rows: By table and key.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[str, ...], dict[str, str | int]]] = {table.name: {} for table in TABLES}

    def apply(self, entries: Iterable[Entry]) -> None:
        """Bring the tables up to date, with all of `entries` or none.

        Raises:
            LedgerError: A body lacks a key, or what may be there once is there already.
        """
        changes = [change for entry in entries if (change := change_of(entry)) is not None]
        fresh: set[tuple[str, tuple[str, ...]]] = set()
        for change in changes:
            one = (change.table.name, change.key)
            if not change.news and (one in fresh or change.key in self.rows[change.table.name]):
                raise change.repeated()
            fresh.add(one)
        for change in changes:
            rows = self.rows[change.table.name]
            rows[change.key] = {**rows[change.key], **change.news} if change.key in rows else change.row


def _text(entry: Entry, column: str) -> str:
    value = entry.body[column]
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise LedgerError("must be text or a number, was more", key=f"{entry.kind}.{column}")
    return str(value)
