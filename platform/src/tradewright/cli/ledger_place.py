"""Which ledger a command is about, and how it is opened: only then is a database's library imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs
import click

from tradewright.cli.options import config_option
from tradewright.cli.output import echo_json
from tradewright.config import did_you_mean, show
from tradewright.errors import UsageError
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tradewright.ledger.entry import Head
    from tradewright.ledger.sql import SqlStore

_Command = TypeVar("_Command", bound="Callable[..., object]")

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@attrs.frozen
class Place:
    """Where a ledger is.

    Attributes:
        target: A file, or a URL.
        anchor: The file of its heads, None for the one beside it.
    """

    target: Path | str
    anchor: Path | None = None

    def open(self, *, write: bool = False, believe: bool = False) -> SqlStore:
        """Open it: see `SqlStore`."""
        from tradewright.ledger.sql import SqlStore  # noqa: PLC0415  # 0.6 s

        return SqlStore(self.target, anchor=self.anchor, write=write, believe=believe)

    @property
    def file(self) -> Path:
        """The file of SQLite, which alone can be copied as one.

        Raises:
            UsageError: It is kept by a server.
        """
        if isinstance(self.target, Path):
            return self.target
        fix = "use your server's own backups beside tradewright ledger export and follow"
        raise UsageError("this ledger is kept by a server, and is no file", fix=fix)


def place_options(command: _Command) -> _Command:
    """Add `--account`, `--ledger` and `--anchor`, from which `place_of` finds the ledger, and `--config`."""
    account = click.option("--account", metavar="NAME", help="Whose ledger; not needed where there is only one.")
    ledger = click.option("--ledger", metavar="PATH|URL", help="A ledger that lies elsewhere, or on a server.")
    anchor = click.option(
        "--anchor", type=click.Path(path_type=Path), metavar="FILE", help="Its anchor, where it is not beside it."
    )
    return account(ledger(anchor(config_option(command))))


def place_of(config_file: Path, account: str | None, ledger: str | None, anchor: Path | None) -> Place:
    """Return the ledger that was named, or the only one of the workspace.

    Raises:
        UsageError: Two were named, or none where there is not exactly one.
    """
    if ledger is not None:
        if account is not None:
            raise UsageError("name the account or the ledger, not both", key="--ledger", fix="leave one out")
        if "://" not in ledger:
            return Place(Path(ledger), anchor)
        path = Path(ledger.removeprefix("sqlite:///"))
        return Place(path if ledger.startswith("sqlite:///") else ledger, anchor)
    workspace = Workspace(config_file.resolve().parent)
    known = workspace.accounts()
    if account is None:
        if len(known) == 1:
            return Place(workspace.ledger(known[0]), anchor)
        found = f"there are {len(known)} ledgers" if known else "there is no ledger"
        fix = f"add --account with one of: {', '.join(known)}" if known else "name one with --ledger PATH"
        raise UsageError(f"{found} below this folder", file=workspace.live, fix=fix)
    if not _ACCOUNT.fullmatch(account):
        wrong = "must be letters, digits, dots and dashes, at most 64"
        raise UsageError(f"{wrong}, was {show(account)}{did_you_mean(account, known)}", key="--account")
    return Place(workspace.ledger(account), anchor)


def tell(kind: str, fields: Mapping[str, object], *, as_json: bool) -> None:
    """Write what was done: as JSON, or one line for each field."""
    if as_json:
        echo_json(kind, **fields)
        return
    width = max(map(len, fields))
    for name, value in fields.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        text = ", ".join(f"{part} {_said(one)}".strip() for part, one in parts)
        click.echo(f"{name.replace('_', ' '):{width}}  {text}")


def head_fields(head: Head) -> dict[str, object]:
    """Return a head for `tell`."""
    return {"seq": head.seq, "hash": head.hash}


def _said(value: object) -> str:
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
