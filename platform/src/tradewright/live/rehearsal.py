"""A recording traded by a process that may die at any moment: its ledger is on the disk, its venue another process.

Every commit is on the disk before what depends on it is done, as it is for an agent that trades alone.  Whoever
rehearses in the same folder again goes on where the last one stopped, however it stopped.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs

from tradewright.errors import LedgerError
from tradewright.execute.paper import process
from tradewright.host.isolation import Children
from tradewright.ledger.entry import START, Kind, verify
from tradewright.ledger.room import make_room
from tradewright.ledger.sql import SqlStore
from tradewright.live.halt_file import HaltFile
from tradewright.live.paper import prepare, refuse_shared_symbols
from tradewright.live.paper_line import PaperLine
from tradewright.live.playback import Playback
from tradewright.live.session import config_of
from tradewright.sentence.doubts import place_errors
from tradewright.sentence.provenance import versions
from tradewright.workspace.paths import LEDGER_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.live.paper import Request

VENUE_FOLDER = "venue"
"""Name of the venue's folder beside the ledger."""


@attrs.frozen(kw_only=True)
class Rehearsed:
    """What a rehearsal has done.

    Attributes:
        ledger: Its file.
        entries: How many the ledger had when it started.
        first: Number of the first row that was played now, counted from 1.
        rows: Rows that are to be traded, all in all.
        equity: Of the account, in currency.
        held: Signed units by strategy and symbol.
        freeze: Why there is no new risk; empty for no reason.
        blocked: Symbols that take no new order.
        halted: Whether the file `HALT` is there: no order leaves.
    """

    ledger: Path
    entries: int
    first: int
    rows: int
    equity: float
    held: dict[tuple[str, str], Decimal]
    freeze: str
    blocked: tuple[str, ...]
    halted: bool


def rehearse(
    settings: Settings,
    plugins: Plugins,
    folder: Path,
    request: Request,
    cache: Path | None,
    progress: Callable[[str, int, int], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Rehearsed:
    """Play the configured feeds from where the folder's ledger ends; the venue ends when they do.

    Args:
        settings: The configuration.
        plugins: What it may use.
        folder: Of ledger and venue; made where it is not there.
        request: Range and speed; the signals are asked at every row.
        cache: Folder for compiled rules, the user's own; None for a temporary one.
        progress: Called with the stage, what is done and what there is to do.
        pause: Waits for so many seconds.

    Raises:
        ConfigError: The file asks for what cannot be, or two strategies trade one symbol.
        DataError: Prices are missing or impossible.
        LedgerError: The ledger or the venue is damaged, of other settings, or does not lead to what it holds; or the
            folder cannot be written, or has no room for a new ledger.
        PluginError: No signal is left, or a configured part broke.
        SafetyError: Another process trades in the folder, or somebody else can write into the cache.
        UsageError: The range asked for holds no bar.
    """
    tell = progress or (lambda *_: None)
    refuse_shared_symbols(settings)
    if not (folder / LEDGER_FILE).exists():  # Whoever goes on has positions to look after, whatever is free.
        make_room(folder)
    with ExitStack() as stack:
        # Before anything is locked: compiling may take long.
        children = stack.enter_context(Children())
        sentence, traded, start, fused = prepare(settings, plugins, request, children, cache, tell)
        store = stack.enter_context(SqlStore(folder / LEDGER_FILE))
        entries = _verified(store)
        _refuse_other_settings(store, settings)
        stack.enter_context(place_errors(settings))
        playback = Playback(
            *(sentence, traded, fused, start),
            versions=versions(plugins, fused.key),
            store=store,
            is_halted=HaltFile(folder).stands,
            make_venue=lambda *terms: stack.enter_context(PaperLine(folder / VENUE_FOLDER, *terms)),
        )
        first = playback.bar - start + 1
        _play(playback, traded.bars.n_bars - start, start, request, tell, pause)
    process.stop(folder / VENUE_FOLDER)
    return _told(playback, folder / LEDGER_FILE, entries, first, traded.bars.n_bars - start)


def _play(
    playback: Playback,
    n_rows: int,
    start: int,
    request: Request,
    tell: Callable[[str, int, int], None],
    pause: Callable[[float], None],
) -> None:
    while (done := playback.bar - start) < n_rows:
        tell("paper", done, n_rows)
        playback.step()
        if request.rows_per_second is not None:
            pause(1.0 / request.rows_per_second)
    tell("paper", n_rows, n_rows)


def _verified(store: SqlStore) -> int:
    """Return how many entries a ledger has, all of which continue the one before.

    Opening has looked at those behind the anchor alone; nothing is read out of a ledger that was altered.
    """
    try:
        return verify(store.read()).seq
    except LedgerError as error:
        wrong = f"{error.message}; trading is refused"
        raise LedgerError(wrong, file=store.database.place, key=error.key, fix=error.fix) from error


def _refuse_other_settings(store: SqlStore, settings: Settings) -> None:
    """Refuse a ledger that was begun with other settings: its decisions would not be these."""
    if store.head == START:
        return
    told = next(store.read(kinds=frozenset({Kind.SESSION})), None)
    if told is None or "config" not in told.body or config_of(told.body) != settings.as_table():
        fix = "name another folder, or go back to the settings that it was begun with"
        raise LedgerError(
            "the ledger that lies there was begun with other settings", file=store.database.place, fix=fix
        )


def _told(playback: Playback, ledger: Path, entries: int, first: int, rows: int) -> Rehearsed:
    agent = playback.agent
    return Rehearsed(
        ledger=ledger,
        entries=entries,
        first=first,
        rows=rows,
        equity=agent.walk.equity(),
        held=dict(agent.account.holdings.quantities),
        freeze=agent.watch.freeze,
        blocked=tuple(sorted(agent.watch.blocked)),
        halted=HaltFile(ledger.parent).stands(),
    )
