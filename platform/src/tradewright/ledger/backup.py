"""Copies of a ledger in SQLite: made while its agent writes, verified before they get their name, and put back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import attrs

from tradewright.errors import LedgerError, UsageError
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.entry import START, Head
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.verify import anchored, held_to, verify_store
from tradewright.workspace.locks import locked
from tradewright.workspace.writing import sync_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@attrs.frozen
class Restored:
    """What was put back.

    Attributes:
        head: The last entry of the ledger now.
        knew: The newest entry that the anchor before knew of, None where there was none.
        moved_to: Where the ledger before lies now, None where there was none.
    """

    head: Head
    knew: Head | None
    moved_to: Path | None


def backup(source: Path, target: Path, *, anchor: Path | None = None) -> Head:
    """Copy a ledger as it is at one instant, with an anchor of its own beside it.

    Args:
        source: The ledger's file; another process may be writing to it, and does not wait.
        target: A file that is not there yet; it is made when the copy has been verified, or not at all.
        anchor: The ledger's anchor, where it is not beside it.

    Returns:
        The last entry of the copy.

    Raises:
        LedgerError: The ledger does not verify, or a file cannot be read or written.
        UsageError: The target is there already.
    """
    theirs, own = Anchor(anchor or source.with_suffix(".anchor")), Anchor(target.with_suffix(".anchor"))
    for path in (target, own.path):
        if path.exists():
            raise UsageError("there is a file already; no copy is replaced", file=path, fix="name another one")
    part = target.with_name(f".{target.name}.part")
    heads = anchored(theirs)  # Read before the copy is made, so that the copy must know all of it.
    head = START
    try:
        _copy(source, part)
        with SqlStore(part, write=False, believe=True) as copy:
            for entry in held_to(theirs, heads, copy.read()):
                head = entry.head
        own.begin(head)
        part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise LedgerError(
            error.strerror or str(error), file=error.filename or target, fix="free the place"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return head


def restore(source: Path, target: Path, *, now: datetime, replace: bool = False) -> Restored:
    """Put a backup in the place of a ledger.  What the venue has done since is for the agent to find out.

    Args:
        source: The backup.
        target: The ledger's file.
        now: When this is done; it names what is moved aside.
        replace: Whether a ledger that is there is moved aside, with its anchor; else it is refused.

    Raises:
        LedgerError: The backup does not verify, or a file cannot be written.
        SafetyError: Another process writes the ledger.
        UsageError: There is a ledger, and it was not said that it is to be replaced.
    """
    with SqlStore(source, write=False, believe=True) as copy:
        verify_store(copy)
    anchor = Anchor(target.with_suffix(".anchor"))
    with locked(target.with_suffix(".lock"), "writing this ledger"):
        there = [path for path in _files(target) if path.exists()]
        if there and not replace:
            fix = "add --replace: it is moved aside, not removed"
            raise UsageError("there is a ledger already", file=there[0], fix=fix)
        try:
            knew = anchor.last()
        except LedgerError:  # A damaged one is a reason to restore.
            knew = None
        moved_to = target.with_name(f"{target.stem}-until-{now:%Y%m%dT%H%M%SZ}{target.suffix}") if there else None
        if moved_to is not None:
            for path, aside in zip(_files(target), _files(moved_to), strict=True):
                if path.exists():
                    path.rename(aside)
            sync_folder(target.parent)
        return Restored(backup(source, target), knew, moved_to)


def _files(ledger: Path) -> tuple[Path, ...]:
    """Return the files of a ledger: without its write-ahead log, a database has lost its newest entries."""
    beside = (ledger.with_name(ledger.name + end) for end in ("-wal", "-shm"))
    return (ledger, *beside, ledger.with_suffix(".anchor"))


def _copy(source: Path, part: Path) -> None:
    """Copy in one step, which sees one state and holds no writer up, and leave a single file that is on the disk."""
    part.unlink(missing_ok=True)
    try:
        uri = f"{source.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as there, closing(sqlite3.connect(part)) as here:
            there.backup(here)
            here.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        fix = "see what it holds: tradewright ledger verify"
        raise LedgerError(f"cannot be copied: {error}", file=source, fix=fix) from error
    handle = os.open(part, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
