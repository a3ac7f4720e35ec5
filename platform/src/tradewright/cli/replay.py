"""`tradewright replay`: does a ledger lead to the same decisions again?"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tradewright.cli.inventory import take_inventory
from tradewright.cli.ledger_place import place_of, place_options
from tradewright.cli.options import json_option
from tradewright.cli.output import echo_json, printable
from tradewright.cli.progress import progress_bar
from tradewright.config import overrides, restore
from tradewright.errors import CheckError, LedgerError, UsageError
from tradewright.ledger.entry import Kind
from tradewright.workspace.private import rules_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tradewright.ledger.sql import SqlStore
    from tradewright.live.replay import Difference, Replayed

_EXAMPLES = """\b
Examples:
  tradewright replay                        every session of the only ledger here, from its first entry
  tradewright replay --session last         the newest one, from the checkpoint before it
  tradewright replay --session 2018-10-11 --account desk --json
  tradewright replay --set strategies.trend.gross=0.3     where another setting would have led elsewhere
"""
SHOWN = 6  # Lines of what differs: where the first thing does, most of what follows from it does.


@click.command(epilog=_EXAMPLES)
@place_options
@click.option(
    "--session", default="all", show_default=True, metavar="DATE|last|all", help="Which session to live again."
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one setting of the ledger's; may be repeated.",
)
@json_option
def replay(config_file: Path, session: str, changes: tuple[str, ...], as_json: bool, **place: Any) -> int:  # noqa: FBT001  # click passes by name
    """Live a ledger again: its inputs go through the agent, and every decision, order and halt must be what it holds.

    Settings, rows, quotes and the venue's words are read from the ledger alone. One session begins at the checkpoint
    before it, and all of them prove every checkpoint. Exit 9 at the first difference.
    """
    with place_of(config_file, **place).open() as store:
        first, last = _entries_of(store, session)
        told = _told(store)
        replayed, changed = _replay(store, told, config_file.resolve().parent, (first, last), changes)
        lines = _parted(replayed.difference, told)
    if as_json:
        echo_json("replay", **_fields(replayed, lines), changed=changed)
    else:
        _echo(replayed, store.database.place, lines, changed)
    return 0 if replayed.difference is None else CheckError.exit_code


def _told(store: SqlStore) -> dict[str, Any]:
    """Return what the ledger's first session tells."""
    told = next(store.read(kinds=frozenset({Kind.SESSION})), None)
    if told is None:
        fix = "name the ledger of an agent; tradewright ledger show tells what this one holds"
        raise LedgerError("nothing says what this ledger's agent ran", fix=fix)
    return told.body


def _replay(
    store: SqlStore, told: dict[str, Any], workspace: Path, entries: tuple[int, int], changes: tuple[str, ...]
) -> tuple[Replayed, list[str]]:
    """Live the first to the last of some entries again; return what came of it, and what computes otherwise now."""
    # What computes costs half a second to import: only this command pays it.
    from tradewright.host.isolation import Children  # noqa: PLC0415  # see above
    from tradewright.live.recovery import begin  # noqa: PLC0415  # see above
    from tradewright.live.session import config_of  # noqa: PLC0415  # see above
    from tradewright.sentence.parts import Sentence  # noqa: PLC0415  # see above
    from tradewright.sentence.provenance import versions  # noqa: PLC0415  # see above

    config, _ = overrides.apply(config_of(told), changes)
    settings = restore(config, workspace / "the ledger")
    _, plugins = take_inventory(settings.plugins.enabled, workspace)
    with Children() as children, progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        sentence = Sentence.build(settings, plugins, children).on_request()
        fused = sentence.fuse(rules_folder(os.environ))
        lived, passed_over = begin(store, sentence, fused, entries[0])
        for why in passed_over:
            click.echo(printable(f"Begun at an older entry: {why}"), err=True)
        n_entries = entries[1] - lived.begun_at
        tell = None if progress is None else lambda done: progress("replay", done, n_entries)
        replayed = lived.run(tell, entries[1])
    return replayed, [*changes, *_newer(json.loads(told["versions"]), versions(plugins, fused.key))]


def _newer(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what is of another version than the ledger tells."""
    for name, version in {**now, **then}.items():
        other = now.get(name)
        if isinstance(version, dict):
            yield from _newer(version, other if isinstance(other, dict) else {})
        elif version != other:
            yield f"{name}: {str(version)[:12]} there, {str(other)[:12]} now"


def _entries_of(store: SqlStore, session: str) -> tuple[int, int]:
    """Return the numbers of a session's first row, 0 for the ledger's first entry, and of its last entry."""
    if session == "all":
        return 0, store.head.seq
    rows = [(entry.seq, entry.body["session"]) for entry in store.read(kinds=frozenset({Kind.ROW}))]
    wanted = rows[-1][1] if session == "last" and rows else session
    of = [seq for seq, on in rows if on == wanted]
    if not of:
        known = f"it holds {rows[0][1]} to {rows[-1][1]}" if rows else "it holds no row"
        raise UsageError(f"no session {session[:40]!r} in this ledger", key="--session", fix=f"{known}")
    after = next((entry.seq for entry in store.read(of[-1], frozenset({Kind.ACTION}))), store.head.seq + 1)
    return of[0], after - 1


def _parted(parted: Difference | None, told: dict[str, Any]) -> list[str]:
    """Return what differs, in words."""
    from tradewright.live.parting import parting  # noqa: PLC0415  # beside what has been imported by then

    return [] if parted is None else parting(parted.found, parted.wanted, told.get("symbols", {}))


def _fields(replayed: Replayed, lines: list[str]) -> dict[str, Any]:
    parted = replayed.difference
    return {
        "same": parted is None,
        "begun_at": replayed.begun_at,
        "entries": replayed.entries,
        "decisions": replayed.decisions,
        "orders": replayed.orders,
        "sessions": len(replayed.sessions),
        "difference": None
        if parted is None
        else {
            "seq": parted.seq,
            "kind": parted.kind,
            "found": parted.found,
            "wanted": parted.wanted or None,
            "words": lines,
        },
    }


def _echo(replayed: Replayed, place: str, lines: list[str], changed: list[str]) -> None:
    sessions = f"{len(replayed.sessions):,} session{'s' if len(replayed.sessions) != 1 else ''}"
    begun = f", from the checkpoint in entry {replayed.begun_at:,} on" if replayed.begun_at else ""
    click.echo(
        f"{replayed.entries:,} entries of {sessions} lived again{begun}: {replayed.decisions:,} decisions,"
        f" {replayed.orders:,} intents"
    )
    if replayed.difference is None:
        click.echo("100 % the same, letter by letter")
    else:
        _echo_difference(replayed.difference, place, lines, changed)


def _echo_difference(parted: Difference, place: str, lines: list[str], changed: list[str]) -> None:
    click.echo(f"\nEntry {parted.seq:,} of {printable(place)} is not what the agent would say now:\n")
    click.echo(f"  {printable(_heading(parted))}")
    for line in lines[:SHOWN]:
        click.echo(f"    {printable(line)}")
    if len(lines) > SHOWN:
        click.echo(f"    and {len(lines) - SHOWN} more; --json has all")
    if changed:
        click.echo("\n  What computes is not what it was then:\n")
        for one in changed:
            click.echo(f"    {printable(one)}")


def _heading(parted: Difference) -> str:
    body = json.loads(parted.found.partition(" ")[2])
    at = body.get("closed_at") or body.get("decided_at") or body.get("at") or ""
    return f"{parted.kind} {at}".strip()
