"""Options that several commands share, so that they are spelled and explained alike, and what their texts may be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tradewright.config.trading_tables import MONEY_MAX

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


class Day(click.ParamType[date]):
    """A date of the calendar."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read `YYYY-MM-DD`."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value[:40]!r} is not a date; write it as 2015-12-31.", param, ctx)


class Amount(click.ParamType[float]):
    """An amount of money."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number above 0."""
        try:
            amount = float(value)
        except ValueError:
            self.fail(f"{value[:40]!r} is not a number; write it as 50000.", param, ctx)
        if not 0.0 < amount <= MONEY_MAX:
            self.fail(f"must be positive and at most {MONEY_MAX:,.0f}, was {value[:40]}.", param, ctx)
        return amount


class Count(click.ParamType[int]):
    """A whole number.

    Attributes:
        least: The smallest that is allowed.
        most: The largest.
    """

    name = "integer"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read digits."""
        try:
            number = int(value)
        except ValueError:
            number = self.least - 1
        if not self.least <= number <= self.most:
            wanted = f"an integer from {self.least} to {self.most}"
            self.fail(f"must be {wanted}, was {str(value)[:40]!r}.", param, ctx)
        return number
