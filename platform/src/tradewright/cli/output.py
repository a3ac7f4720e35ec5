"""What a command writes: one JSON object, one table, or one error."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tradewright.errors import TradewrightError

_WIDTH_UNATTENDED = 200  # Without a terminal nobody sees the edge, and a wrapped line cannot be searched.


def echo_json(kind: str, **fields: object) -> None:
    """Write one object to stdout; `kind` names its shape, which `schema` carries with its version."""
    click.echo(json.dumps({"schema": f"tradewright.{kind}/1", **fields}, indent=2, allow_nan=False))


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table to stdout, as wide as the terminal allows."""
    # 60 ms that `--help` must not pay.
    from rich.console import Console  # noqa: PLC0415  # see above
    from rich.table import Table  # noqa: PLC0415  # see above
    from rich.text import Text  # noqa: PLC0415  # see above

    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        # The first column holds the name, which is to be copied whole; nothing of the others is lost.
        table.add_column(column, no_wrap=i == 0, overflow="fold")
    for row in rows:
        # As Text, because a cell may come from a stranger and must not be read as markup.
        table.add_row(*(Text(printable(cell)) for cell in row))
    attended = sys.stdout is not None and sys.stdout.isatty()
    console = Console(width=None if attended else _WIDTH_UNATTENDED, highlight=False)
    # Captured, because rich ends the process with 1 when nobody reads, and pads the last column.
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def echo_error(error: TradewrightError, *, as_json: bool) -> None:
    """Write to stderr: what is wrong, where, and how to mend it."""
    if as_json:
        names = ("message", "file", "line", "key", "fix")
        fields = {"type": type(error).__name__, **{name: getattr(error, name) for name in names}}
        click.echo(json.dumps({"schema": "tradewright.error/1", "error": fields}), err=True)
        return
    colour = None if colour_allowed() else False  # None leaves it to click, which looks for a terminal.
    click.echo(f"{click.style('error:', fg='red', bold=True)} {printable(str(error))}", err=True, color=colour)
    if error.fix:
        click.echo(f"{click.style('fix:', fg='cyan', bold=True)} {printable(error.fix)}", err=True, color=colour)


def colour_allowed() -> bool:
    """Say whether a terminal may be sent colour codes: neither the user nor the terminal's kind forbids it."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    r"""Write out whatever would move a terminal's cursor or change its colours.

    >>> print(printable("a\x1b[31mb"))
    a\x1b[31mb
    """
    return "".join(
        letter if letter.isprintable() or letter == "\n" else letter.encode("unicode_escape").decode()
        for letter in text
    )
