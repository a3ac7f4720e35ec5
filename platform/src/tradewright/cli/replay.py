"""`tradewright replay`: does a ledger lead to the same decisions again?"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tradewright.cli.inventory import take_inventory
from tradewright.cli.ledger_place import place_of, place_options
from tradewright.cli.options import json_option
from tradewright.cli.output import echo_json, printable
from tradewright.cli.progress import progress_bar
from tradewright.config import restore
from tradewright.errors import CheckError, LedgerError, UsageError
from tradewright.ledger.entry import Kind
from tradewright.workspace.private import rules_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.ledger.sql import SqlStore
    from tradewright.live.replay import Difference, Replayed

_EXAMPLES = """\b
Examples:
  tradewright replay                        every session of the only ledger here
  tradewright replay --session last
  tradewright replay --session 2018-10-11 --account desk --json
"""
SHOWN = 600  # Letters of an entry beside another: enough to see where they part.


@click.command(epilog=_EXAMPLES)
@place_options
@click.option(
    "--session", default="all", show_default=True, metavar="DATE|last|all", help="How far to live it again."
)
@json_option
def replay(config_file: Path, session: str, as_json: bool, **place: Any) -> int:  # noqa: FBT001  # click passes by name
    """Live a ledger again: its inputs go through the agent, and every decision, order and halt must be what it holds.

    Settings, rows, quotes and the venue's words are read from the ledger alone. Exit 9 at the first difference.
    """
    with place_of(config_file, **place).open() as store:
        until = _last_entry(store, session)
        replayed = _replay(store, config_file.resolve().parent, until)
    if as_json:
        echo_json("replay", **_fields(replayed))
    else:
        _echo(replayed, store.database.place)
    return 0 if replayed.difference is None else CheckError.exit_code


def _replay(store: SqlStore, workspace: Path, until: int) -> Replayed:
    # What computes costs half a second to import: only this command pays it.
    from tradewright.host.isolation import Children  # noqa: PLC0415  # see above
    from tradewright.live.replay import Replay  # noqa: PLC0415  # see above
    from tradewright.live.session import config_of  # noqa: PLC0415  # see above
    from tradewright.sentence.parts import Sentence  # noqa: PLC0415  # see above

    told = next(store.read(kinds=frozenset({Kind.SESSION})), None)
    if told is None:
        fix = "name the ledger of an agent; tradewright ledger show tells what this one holds"
        raise LedgerError("nothing says what this ledger's agent ran", fix=fix)
    settings = restore(config_of(told.body), workspace / "the ledger")
    _, plugins = take_inventory(settings.plugins.enabled, workspace)
    with Children() as children, progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        sentence = Sentence.build(settings, plugins, children).on_request()
        lived = Replay(store, sentence, sentence.fuse(rules_folder(os.environ)))
        tell = None if progress is None else lambda done: progress("replay", done, until)
        return lived.run(tell, until)


def _last_entry(store: SqlStore, session: str) -> int:
    """Return the number of the last entry of a session, which is that of its last decision."""
    if session == "all":
        return store.head.seq
    rows = [(entry.seq, entry.body["session"]) for entry in store.read(kinds=frozenset({Kind.ROW}))]
    wanted = rows[-1][1] if session == "last" and rows else session
    last = max((seq for seq, on in rows if on == wanted), default=None)
    if last is None:
        known = f"it holds {rows[0][1]} to {rows[-1][1]}" if rows else "it holds no row"
        raise UsageError(f"no session {session[:40]!r} in this ledger", key="--session", fix=f"{known}")
    after = next((entry.seq for entry in store.read(last, frozenset({Kind.ACTION}))), store.head.seq + 1)
    return after - 1


def _fields(replayed: Replayed) -> dict[str, Any]:
    parted = replayed.difference
    return {
        "same": parted is None,
        "entries": replayed.entries,
        "decisions": replayed.decisions,
        "orders": replayed.orders,
        "sessions": len(replayed.sessions),
        "difference": None
        if parted is None
        else {"seq": parted.seq, "kind": parted.kind, "found": parted.found, "wanted": parted.wanted or None},
    }


def _echo(replayed: Replayed, place: str) -> None:
    click.echo(
        f"{replayed.entries:,} entries of {len(replayed.sessions):,} sessions lived again: {replayed.decisions:,}"
        f" decisions, {replayed.orders:,} intents"
    )
    if replayed.difference is None:
        click.echo("100 % the same, letter by letter")
    else:
        _echo_difference(replayed.difference, place)


def _echo_difference(parted: Difference, place: str) -> None:
    click.echo(f"\nEntry {parted.seq:,} of {printable(place)} is not what the agent would say now.\n")
    at = next(
        (at for at, (one, other) in enumerate(zip(parted.found, parted.wanted, strict=False)) if one != other), 0
    )
    begin = max(0, at - SHOWN // 4)
    for name, text in (("there", parted.found), ("now", parted.wanted or "nothing")):
        more = "..." if begin else ""
        click.echo(f"  {name:6}{more}{printable(text[begin : begin + SHOWN])}")
