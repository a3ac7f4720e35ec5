"""What the ledger holds: entries of a known kind, each with a hash that holds the one before it.

Whoever changes, drops or inserts an entry has to change the hash of every later one, and the last hash is also kept
outside the database.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import LedgerError
from tradewright.ledger.canonical import canonical, instant_of, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

MEND = "stop the agent, restore a copy that verifies (tradewright ledger restore), then reconcile with the venue"


class Kind(StrEnum):
    """What an entry tells.  A replay is given the inputs again, and compares the outputs."""

    GENESIS = "genesis"
    SESSION = "session"
    ANCHOR = "anchor"
    ROW = "row"
    QUOTE = "quote"
    ACTION = "action"
    ORDER = "order"
    FILL = "fill"
    ACTIVITY = "activity"
    REQUEST = "request"
    BREACH = "breach"
    TIMEOUT = "timeout"
    EVIDENCE = "evidence"
    DOCUMENT = "document"
    SERIES = "series"
    DECISION = "decision"
    INTENT = "intent"
    HALT = "halt"
    LIFT = "lift"
    CAPITAL = "capital"
    ALERT = "alert"
    JOB = "job"
    CHECKPOINT = "checkpoint"
    OPPORTUNITY = "opportunity"
    MODEL = "model"

    @property
    def is_input(self) -> bool:
        """Whether it came from outside: nobody could compute it again."""
        return self not in OUTPUTS


OUTPUTS = frozenset({
    Kind.DECISION,
    Kind.INTENT,
    Kind.HALT,
    Kind.LIFT,
    Kind.CAPITAL,
    Kind.ALERT,
    Kind.JOB,
    Kind.CHECKPOINT,
    Kind.OPPORTUNITY,
    Kind.MODEL,
})  # fmt: skip
"""What the platform decided from the inputs: computed again, it must be the same."""
INPUTS = frozenset(Kind) - OUTPUTS
"""What the platform was told."""


@attrs.frozen
class Head:
    """The last entry of a ledger.

    Attributes:
        seq: Its number; 0 where there is none.
        hash: Its hash: 64 hexadecimal digits.
    """

    seq: int
    hash: str


START = Head(0, "0" * 64)
"""What stands before the first entry."""


@attrs.frozen
class Draft:
    """What is to be written.

    Attributes:
        at: When it happened or was decided, with a time zone; microseconds are kept.
        kind: What it tells.
        body: What happened, as `ledger.canonical.canonical` takes it.
    """

    at: datetime
    kind: Kind = attrs.field(validator=attrs.validators.instance_of(Kind))
    body: Mapping[str, object]


@attrs.frozen
class Entry:
    """What was written.

    Attributes:
        seq: Its number, counted from 1 without a gap.
        at: When it happened or was decided, UTC.
        kind: What it tells.
        text: Its body in the canonical form.
        hash: SHA-256 of the hash before and of everything above: 64 hexadecimal digits.
    """

    seq: int
    at: datetime
    kind: Kind
    text: str
    hash: str

    @classmethod
    def load(cls, seq: int, at: str, kind: str, text: str, hash: str) -> Entry:  # noqa: A002  # the column's name
        """Return the entry that a ledger's texts stand for; whether its hash is right is asked by `check`.

        Raises:
            LedgerError: A text is none that `Entry` would write, or the kind is unknown.
        """
        if not (isinstance(kind, str) and isinstance(text, str) and isinstance(hash, str)):
            raise _bad(seq, str(kind), "a column holds no text")
        try:
            return cls(seq, instant_of(at), Kind(kind), text, hash)
        except ValueError as error:
            fix = f"upgrade tradewright if a newer version wrote it; else {MEND}"
            raise _bad(seq, str(kind), "this version knows no such kind", fix) from error
        except LedgerError as error:
            raise _bad(seq, str(kind), error.message) from error

    @classmethod
    def parse(cls, line: str) -> Entry:
        """Return the entry of an exported line; whether its hash is right is asked by `check`.

        Raises:
            LedgerError: The line differs from what `line` would give, if only by a space.
        """
        try:
            found = json.loads(line)
            entry = cls.load(found["seq"], found["at"], found["kind"], canonical(found["body"]), found["hash"])
            if entry.line == line:
                return entry
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise LedgerError(f"a line must be an entry as `ledger export` writes it: {error}") from error
        raise LedgerError("a line must be an entry as `ledger export` writes it; this one is written in another way")

    @cached_property
    def body(self) -> dict[str, Any]:
        """What happened: numbers that are no integers are text.  It is shared by all readers: do not change it."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def head(self) -> Head:
        """This entry as the last one."""
        return Head(self.seq, self.hash)

    @property
    def line(self) -> str:
        """The entry as one line of JSON in the canonical form, without its end."""
        return (
            f'{{"at":"{instant_text(self.at)}","body":{self.text},"hash":"{self.hash}",'
            f'"kind":"{self.kind}","seq":{self.seq}}}'
        )


def chain(previous: Head, drafts: Iterable[Draft]) -> tuple[Entry, ...]:
    """Return the entries that continue a ledger.

    Args:
        previous: Its last entry, `START` for a new one.
        drafts: What is to follow, in order.

    Raises:
        LedgerError: A body cannot be written, or the first entry of all is no `genesis`, or a later one is.

    >>> from datetime import UTC, datetime
    >>> (first,) = chain(START, [Draft(datetime(2026, 3, 2, tzinfo=UTC), Kind.GENESIS, {"ledger": "desk"})])
    >>> first.seq, first.hash[:12], first.body["ledger"]
    (1, '51b5b3c4e287', 'desk')
    """
    entries = []
    for draft in drafts:
        seq = previous.seq + 1
        if wrong := _misplaced(seq, draft.kind):
            raise _bad(seq, draft.kind, wrong, "begin a ledger with one genesis entry, and a new ledger with another")
        try:
            text, at = canonical(draft.body), instant_text(draft.at)
        except LedgerError as error:
            raise LedgerError(error.message, key=".".join(filter(None, (draft.kind, error.key)))) from error
        entry = Entry(
            seq, draft.at.astimezone(UTC), draft.kind, text, _hash(previous.hash, seq, at, draft.kind, text)
        )
        entries.append(entry)
        previous = entry.head
    return tuple(entries)


def check(entries: Iterable[Entry], after: Head = START) -> Iterator[Entry]:
    """Yield entries for as long as each continues the one before.

    Args:
        entries: In order, the first after `after`.
        after: An entry that is believed.

    Raises:
        LedgerError: Names the first entry that does not, and why.
    """
    for entry in entries:
        seq = after.seq + 1
        if entry.seq != seq:
            raise _bad(seq, None, f"it is missing; entry {entry.seq} follows entry {after.seq}")
        if wrong := _misplaced(seq, entry.kind):
            raise _bad(seq, entry.kind, wrong)
        if _hash(after.hash, seq, instant_text(entry.at), entry.kind, entry.text) != entry.hash:
            raise _bad(seq, entry.kind, "altered: what it holds and its hash do not belong together")
        after = entry.head
        yield entry


def verify(entries: Iterable[Entry], after: Head = START) -> Head:
    """Return the last of `entries`, all of which continue the one before: see `check`."""
    for entry in check(entries, after):
        after = entry.head
    return after


def _hash(previous: str, seq: int, at: str, kind: str, text: str) -> str:
    """Hash one JSON list: everything before the body has one form, so no two entries give the same text."""
    return hashlib.sha256(f'["{previous}",{seq},"{at}","{kind}",{text}]'.encode()).hexdigest()


def _misplaced(seq: int, kind: Kind) -> str | None:
    if (seq == 1) == (kind is Kind.GENESIS):
        return None
    return "genesis must be the first entry" if seq > 1 else "the first entry must be genesis"


def _bad(seq: object, kind: str | None, wrong: str, fix: str = MEND) -> LedgerError:
    return LedgerError(wrong, key=f"entry {seq}" if kind is None else f"entry {seq} ({kind[:20]})", fix=fix)
