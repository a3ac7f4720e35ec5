"""Where entries are kept: what every ledger does, and one in memory for simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tradewright.ledger.entry import START, Head, chain
from tradewright.ledger.projection import Projections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.ledger.entry import Draft, Entry, Kind


class Store(Protocol):
    """A ledger: entries are added at its end, and never changed."""

    @property
    def head(self) -> Head:
        """The last entry; `START` while there is none."""
        ...

    def append(self, entries: Sequence[Draft]) -> Head:
        """Write all of `entries`, or none; they are on the disk when this returns.

        Raises:
            LedgerError: They cannot be written, or what may be there once is there already.
        """
        ...

    def read(self, after: int = 0, kinds: frozenset[Kind] | None = None) -> Iterator[Entry]:
        """Yield the entries that are there now, in order.

        Args:
            after: Number of the entry to begin behind; 0 begins with the first.
            kinds: Only these; all where it is None.

        Raises:
            LedgerError: They cannot be read.
        """
        ...


class MemoryStore:
    """A ledger in memory, whose newest entries are lost in a crash unless they were synced.

    >>> from datetime import UTC, datetime
    >>> from tradewright.ledger.entry import Draft, Kind
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> store = MemoryStore()
    >>> store.append([Draft(at, Kind.GENESIS, {"ledger": "desk"})]).seq
    1
    >>> store.append([Draft(at, Kind.ROW, {"close": 5.0})], sync=False).seq
    2
    >>> store.crash()
    >>> store.head.seq
    1
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._synced = 0
        self._projections = Projections()

    @property
    def head(self) -> Head:
        """The last entry, synced or not; `START` while there is none."""
        return self._entries[-1].head if self._entries else START

    @property
    def synced(self) -> Head:
        """The last entry that a crash leaves."""
        return self._entries[self._synced - 1].head if self._synced else START

    @property
    def projections(self) -> Projections:
        """The tables that follow from the entries, for reading."""
        return self._projections

    def append(self, entries: Sequence[Draft], *, sync: bool = True) -> Head:
        """Write all of `entries`, or none.

        Args:
            entries: What is to follow, in order.
            sync: Whether they, and all before them, are to outlive a crash.

        Raises:
            LedgerError: A body cannot be written, or what may be there once is there already.
        """
        written = chain(self.head, entries)
        self._projections.apply(written)
        self._entries += written
        if sync:
            self.sync()
        return self.head

    def read(self, after: int = 0, kinds: frozenset[Kind] | None = None) -> Iterator[Entry]:
        """Yield the entries that are there now, in order: see `Store.read`."""
        for entry in self._entries[after:]:
            if kinds is None or entry.kind in kinds:
                yield entry

    def sync(self) -> None:
        """Let everything written so far outlive a crash."""
        self._synced = len(self._entries)

    def crash(self) -> None:
        """Lose what was not synced, as a power failure does."""
        if self._synced == len(self._entries):
            return
        del self._entries[self._synced :]
        self._projections = Projections()
        self._projections.apply(self._entries)
