"""A desk and its journal: what is answered is on the disk, and a venue that is opened again is the one it was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tradewright.errors import LedgerError
from tradewright.execute.paper.desk import Desk
from tradewright.execute.paper.journal import Journal
from tradewright.execute.paper.spelling import told_to_plain
from tradewright.execute.paper.terms import Terms
from tradewright.ledger.canonical import canonical
from tradewright.values.venue import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from tradewright.execute.paper.spelling import Told

_DIGITS = 16  # Of the digest of what was told: it finds another version, and guards against nobody.


class Keeper:
    """A venue that keeps its calls; opening it plays them all again.

    Args:
        path: The journal, begun with `journal.begin`; whoever opens it holds the venue's lock.
        clock: What time it is, aware UTC; the venue's own clock never goes back.

    Attributes:
        desk: The venue.
        journal: Its calls.

    Raises:
        LedgerError: The journal is damaged, or was played by a version that fills otherwise.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.journal, self._clock = Journal(path), clock
        self._told = hashlib.sha256()
        lines = self.journal.lines()
        first = next(lines, None)
        if first is None:
            raise LedgerError("the paper venue's journal must tell what the venue is, and is empty", file=path)
        self.desk, self._now = Desk(Terms.read(first.body)), first.at
        for line in lines:
            if line.told != self._digest():
                raise LedgerError(
                    "what the paper venue has told up to here is not what this version of tradewright makes of it",
                    file=path,
                    line=line.n,
                    fix="use the version that has written the journal, or begin another account",
                )
            self._now = line.at
            self._play(line.call, line.body, line.at)

    def call(self, call: str, body: Mapping[str, Any], at: datetime | None = None) -> tuple[Any, list[Told]]:
        """Answer a call, as JSON has it, and return what everybody is to be told.

        Args:
            call: Its name.
            body: What it is called with.
            at: When, by the caller's clock; None for this one's.

        Raises:
            OSError: The journal cannot be written: whether the call is in it is known when it is opened again.
            Refused: It makes no sense; nothing has changed.
        """
        self._now = now = max(self._now, self._clock() if at is None else at)
        settled = self.desk.settle(call, body, now)
        if settled is not None:
            return settled, []
        try:
            self.journal.append(call, body, now, self._digest())
        except LedgerError as error:
            raise Refused(f"{call} cannot be written: {error}") from error
        played = self._play(call, body, now)
        if isinstance(played, Refused):
            raise played
        return played

    def _play(self, call: str, body: Mapping[str, Any], now: datetime) -> tuple[Any, list[Told]] | Refused:
        """Play a call that is in the journal, and add what it tells to the digest."""
        try:
            answer, told = self.desk.play(call, body, now)
        except Refused as refused:
            return refused
        for one in told:
            self._told.update(canonical(told_to_plain(one)).encode())
        return answer, told

    def _digest(self) -> str:
        return self._told.hexdigest()[:_DIGITS]
