"""`tradewright ledger`: what it holds, whether it can be believed, and copies of it."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tradewright.cli.ledger_place import head_fields, place_of, place_options, tell
from tradewright.cli.options import Count, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.config.ranges import INTEGER_MAX
from tradewright.errors import UsageError
from tradewright.ledger.canonical import instant_text
from tradewright.ledger.entry import Kind

_SHOWN = 20
_BODY_SHOWN = 160  # Letters of a body in the table: enough to recognise it; `--json` has all.

_FILE = click.Path(path_type=Path)
_VERIFY = """\b
Examples:
  tradewright ledger verify                       the only ledger of this workspace
  tradewright ledger verify --account desk --json
  tradewright ledger verify --ledger copies/night.db
"""
_SHOW = """\b
Examples:
  tradewright ledger show                         the newest 20 entries
  tradewright ledger show --kind fill --last 5    the newest five fills
  tradewright ledger show --after 1200 --last 50 --json
"""
_EXPORT = """\b
Examples:
  tradewright ledger export desk.jsonl
  tradewright ledger export - | gzip > desk.jsonl.gz
"""
_IMPORT = """\b
Examples:
  tradewright ledger import desk.jsonl --account again
  tradewright ledger import far/entries.jsonl     what was followed since the backup
"""
_BACKUP = """\b
Examples:
  tradewright ledger backup copies/night.db       the agent may go on writing
  tradewright ledger backup night.db --account desk --json
"""
_RESTORE = """\b
Examples:
  tradewright ledger restore copies/night.db --account desk
  tradewright ledger restore copies/night.db --replace
"""
_REBUILD = """\b
Examples:
  tradewright ledger rebuild                      the tables that follow from the entries
  tradewright ledger rebuild --new-anchor         and accept the end that the ledger has
"""
_FOLLOW = """\b
Examples:
  tradewright ledger follow /mnt/far/desk         until it is stopped
  tradewright ledger follow /mnt/far/desk --once
"""


@click.group()
def ledger() -> None:
    """Verify, show, copy and restore ledgers."""


@ledger.command(epilog=_VERIFY)
@place_options
@json_option
def verify(as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Verify every entry, the anchor, and the tables that follow from the entries; exit 7 at the first that is wrong.

    The agent may go on writing. What it writes meanwhile is left for the next time.
    """
    from tradewright.ledger.verify import verify_store  # noqa: PLC0415  # 0.6 s

    begun = time.monotonic()
    with place_of(**place).open(believe=True) as store:
        found = verify_store(store)
        fields = {"ledger": store.database.place, "entries": found.head.seq, "head": head_fields(found.head)}
    more = {"anchored": head_fields(found.anchored), "rows": found.rows}
    tell("ledger-verify", {**fields, **more, "seconds": f"{time.monotonic() - begun:.2f}"}, as_json=as_json)


@ledger.command(epilog=_SHOW)
@place_options
@click.option("--after", type=Count(0, INTEGER_MAX), default=0, metavar="N", help="Only entries behind this number.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Only this kind; may be repeated.",
)
@click.option("--last", type=Count(1, 1_000_000), default=_SHOWN, show_default=True, metavar="N", help="How many.")
@json_option
def show(after: int, kinds: tuple[str, ...], last: int, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Show the newest entries, oldest first, as they are: whether they can be believed is asked by verify."""
    with place_of(**place).open(believe=True) as store:
        if not kinds:  # Nothing before can be among them.
            after = max(after, store.head.seq - last)
        wanted = frozenset(map(Kind, kinds)) or None
        entries = deque(store.read(after, wanted), maxlen=last)
    if as_json:
        keys = ("seq", "at", "kind", "body", "hash")
        rows = [(one.seq, instant_text(one.at), one.kind, one.body, one.hash) for one in entries]
        echo_json("ledger", entries=[dict(zip(keys, row, strict=True)) for row in rows])
        return
    cells = [(f"{one.seq:,}", instant_text(one.at), one.kind, one.text[:_BODY_SHOWN]) for one in entries]
    echo_table(("seq", "at", "kind", "body"), cells)


@ledger.command(epilog=_EXPORT)
@click.argument("file", type=_FILE)
@place_options
@json_option
def export(file: Path, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Write every entry into FILE, one line of JSON each; `-` is stdout. They are verified on the way."""
    from tradewright.ledger.lines import export_lines, lines  # noqa: PLC0415  # 0.6 s

    with place_of(**place).open() as store:
        if file.name == "-":
            for line in lines(store):
                click.echo(line, nl=False)
            return
        count = export_lines(store, file)
        tell("ledger-export", {"ledger": store.database.place, "file": str(file), "entries": count}, as_json=as_json)


@ledger.command("import", epilog=_IMPORT)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@place_options
@json_option
def import_(file: Path, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Bring a ledger up to the entries in FILE; one that is not there is begun. Their bytes stay what they are."""
    from tradewright.ledger.lines import import_lines, read_lines  # noqa: PLC0415  # 0.6 s

    deque(read_lines(file), maxlen=0)  # A file that is damaged further down begins no ledger.
    with place_of(**place).open(write=True) as store:
        count = import_lines(file, store)
        fields = {"ledger": store.database.place, "new": count, "head": head_fields(store.head)}
    tell("ledger-import", fields, as_json=as_json)


@ledger.command(epilog=_BACKUP)
@click.argument("file", type=_FILE)
@place_options
@json_option
def backup(file: Path, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Copy a ledger to FILE, and its anchor beside it, while the agent goes on; the copy is verified."""
    from tradewright.ledger.backup import backup as copy  # noqa: PLC0415  # 0.6 s

    source = place_of(**place)
    head = copy(source.file, file, anchor=source.anchor)
    fields = {"ledger": str(source.file), "copy": str(file), "head": head_fields(head)}
    tell("ledger-backup", fields, as_json=as_json)


@ledger.command(epilog=_RESTORE)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@place_options
@click.option("--replace", is_flag=True, help="Move the ledger that is there aside.")
@json_option
def restore(file: Path, replace: bool, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Put the backup FILE in the place of a ledger, whose agent must not run.

    What has happened since the backup is not in it: import what was followed, then let the agent reconcile with the
    venue before anything is traded.
    """
    from tradewright.ledger.backup import restore as put_back  # noqa: PLC0415  # 0.6 s

    target = place_of(**place)
    if target.anchor is not None:
        raise UsageError("a restored ledger has its anchor beside it", key="--anchor", fix="leave it out")
    done = put_back(file, target.file, now=datetime.now(UTC), replace=replace)
    knew = None if done.knew is None else head_fields(done.knew)
    moved = None if done.moved_to is None else str(done.moved_to)
    fields = {"ledger": str(target.file), "head": head_fields(done.head), "before": knew, "moved_to": moved}
    tell("ledger-restore", fields, as_json=as_json)


@ledger.command(epilog=_REBUILD)
@place_options
@click.option("--new-anchor", is_flag=True, help="Give up what the anchor knows and the ledger has not.")
@json_option
def rebuild(new_anchor: bool, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Make the tables that follow from the entries anew, once the entries verify; the agent must not run."""
    from tradewright.ledger.verify import verify_store  # noqa: PLC0415  # 0.6 s

    with place_of(**place).open(write=True, believe=True) as store:
        store.rebuild()
        if new_anchor:
            store.anchor.begin(store.head)
        found = verify_store(store)
        fields = {"ledger": store.database.place, "head": head_fields(found.head), "rows": found.rows}
    tell("ledger-rebuild", fields, as_json=as_json)


@ledger.command(epilog=_FOLLOW)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@place_options
@click.option(
    "--every",
    type=click.FloatRange(0.1, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look for new commits.",
)
@click.option("--once", is_flag=True, help="Ship what there is, and end.")
def follow(folder: Path, every: float, once: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Ship each commit into FOLDER, a second place, soon after it was made; it goes on where it stopped.

    What is there is verified first, and every entry as it arrives. A crash of this machine then loses at most what
    was committed since the last look.
    """
    from tradewright.ledger.lines import Follower  # noqa: PLC0415  # 0.6 s

    with place_of(**place).open(believe=True) as store, Follower(folder) as follower:
        while True:
            if count := follower.ship(store):
                click.echo(
                    f"{store.database.place} -> {follower.path}: {count:,} new, up to entry {follower.head.seq:,}"
                )
            if once:
                return
            time.sleep(every)
