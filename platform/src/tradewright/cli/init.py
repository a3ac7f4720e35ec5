"""`tradewright init`: a first plugins.toml, with every option explained."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from tradewright.errors import UsageError

NAME = "plugins.toml"


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="FOLDER",
    help="Where to write it; made when absent. Default: here.",
)
@click.option("--force", is_flag=True, help="Replace the file that is there.")
def init(folder: Path, force: bool) -> None:  # noqa: FBT001  # click passes by name
    """Write a commented plugins.toml to begin with."""
    path = folder / NAME
    text = (files("tradewright.cli") / NAME).read_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if force else "xb") as file:
            file.write(text)
    except FileExistsError as error:
        fix = "change that file, name another folder with --dir, or replace it with --force"
        raise UsageError("exists already, and is left as it is", file=path, fix=fix) from error
    except OSError as error:
        fix = "name a folder that you may write to with --dir"
        raise UsageError(f"cannot be written: {error.strerror}", file=path, fix=fix) from error
    at = "" if folder == Path() else f" --config {path}"
    click.echo(
        f"Wrote {path}: every option with its unit and default.\n\n"
        "Next:\n"
        f"  tradewright doctor{at}      is everything in order here?\n"
        f"  tradewright backtest{at}    trade it over twenty years of real prices\n\n"
        "Then change one thing in the file and run it again; `tradewright runs` keeps count."
    )
