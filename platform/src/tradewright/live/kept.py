"""The ledger of a replay, on the disk when it is over: a replay syncs nothing, and the next one takes its place."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError
from tradewright.ledger.entry import Kind
from tradewright.ledger.sql import SqlStore
from tradewright.live.playback import LEDGER
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.ledger.store import Store

ACCOUNT = "replay"
"""The account whose ledger a replay leaves: no agent trades it."""


def keep(store: Store, workspace: Path) -> Path:
    """Write a replay's ledger below the workspace, in place of the last one's, and return its file.

    Raises:
        LedgerError: Something else than a replay's ledger lies there, or the disk refuses.
        SafetyError: Another process writes it.
    """
    path = Workspace(workspace).ledger(ACCOUNT)
    if path.exists():
        _refuse_another(path)
        shutil.rmtree(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    with SqlStore(path) as kept:
        kept.adopt(list(store.read()))
    return path


def _refuse_another(path: Path) -> None:
    with SqlStore(path, write=False, believe=True) as there:
        first = next(there.read(kinds=frozenset({Kind.GENESIS})), None)
    if first is not None and first.body.get("ledger") != LEDGER:
        raise LedgerError(
            "a ledger that is no replay's lies where a replay keeps its own, and is left as it is",
            file=path,
            fix="move its folder elsewhere, or use another workspace",
        )
