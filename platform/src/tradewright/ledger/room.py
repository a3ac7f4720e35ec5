"""The folder in which a ledger is begun: it can be written, and there is room for what will be written."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

FREE_MIN = 500 * 10**6
"""Bytes that must be free.  A year of five symbols on minute bars takes 81 MB of a ledger, and the venue's journal
less than that: with a backup beside it, and its tables made anew, a year passes before the disk is full."""


def make_room(folder: Path) -> None:
    """Make the folder of a new ledger, for its owner alone, unless it is there, and see that it will do.

    Raises:
        LedgerError: It cannot be written, or too little is free.
    """
    needed = f"{FREE_MIN / 1e6:,.0f}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        fix = f"name a folder that you may write to, with {needed} MB free"
        raise LedgerError(f"cannot be written: {error.strerror or error}", file=folder, fix=fix) from error
    if free < FREE_MIN:
        wrong = f"no ledger is begun here: {free / 1e6:,.0f} MB are free, {needed} needed"
        raise LedgerError(wrong, file=folder, fix=f"free {needed} MB, or name a folder on another disk")
