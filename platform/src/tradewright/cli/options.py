"""Options that several commands share, so that they are spelled and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., object]")

CONFIG_FILE = Path("plugins.toml")


def config_option(command: _Command) -> _Command:
    """Add `--config FILE`, handed over as `config_file: Path`."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        default=CONFIG_FILE,
        show_default=True,
        metavar="FILE",
        help="The operator's settings.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add `--json`, handed over as `as_json: bool`; an error is then one JSON object on stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")(command)
