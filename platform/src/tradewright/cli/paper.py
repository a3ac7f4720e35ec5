"""What `tradewright run` and `tradewright parity` have in common: a replay on paper, and how it compares."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tradewright import config
from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import CONFIG_FILE, Day
from tradewright.cli.output import echo_table
from tradewright.cli.progress import progress_bar
from tradewright.errors import UsageError
from tradewright.workspace.private import rules_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.live.paper import Paper, Request
    from tradewright.live.parity import Difference, Parity
    from tradewright.live.rehearsal import Rehearsed

SAMPLE = "sample"
"""The file that `tradewright init` writes, with the prices that ship with it."""


def range_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say what of a recording is played, and how."""
    for option in (
        click.option(
            "--ahead",
            is_flag=True,
            help="Ask the signals once of all rows, instead of at every row: the same orders, some times as fast.",
        ),
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting."),
        click.option("--to", "last_on", type=Day(), metavar="DATE", help="Last session."),
        click.option(
            "--from", "first_on", type=Day(), metavar="DATE", help="First session traded; earlier ones warm up."
        ),
    ):
        command = option(command)
    return command


def read_settings(config_file: Path, overrides: Sequence[str], *, sample: bool) -> Settings:
    """Return the operator's settings, or those of the sample with this folder as their workspace."""
    if not sample:
        return config.read(config_file, overrides)
    with as_file(files("tradewright.cli") / CONFIG_FILE.name) as shipped:
        return config.restore(config.read(shipped, overrides).as_table(), Path.cwd() / "the sample")


def trade(settings: Settings, **asked: Any) -> tuple[Paper, Plugins]:
    """Play a file's feeds on paper, with a progress bar for whoever watches."""
    # What computes costs half a second to import: only these commands pay it.
    from tradewright.live.paper import trade  # noqa: PLC0415  # see above

    request = request_of(**asked)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        return trade(settings, plugins, request, rules_folder(os.environ), progress), plugins


def rehearse(settings: Settings, folder: Path, **asked: Any) -> Rehearsed:
    """Play a file's feeds on paper with all that is kept in a folder, with a progress bar for whoever watches."""
    from tradewright.live.rehearsal import rehearse  # noqa: PLC0415  # as in `trade`

    request = request_of(**asked)
    if request.ahead:
        fix = "leave --ahead out: whoever goes on later asks row by row"
        raise UsageError("what is kept on the disk asks its signals at every row", key="--ahead", fix=fix)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        return rehearse(settings, plugins, folder, request, rules_folder(os.environ), progress)


def request_of(
    *, first_on: date | None, last_on: date | None, ahead: bool, rows_per_second: float | None = None
) -> Request:
    """Return what a replay on paper is asked.

    Raises:
        UsageError: The range is empty.
    """
    from tradewright.live.paper import Request  # noqa: PLC0415  # as in `trade`

    if first_on is not None and last_on is not None and first_on > last_on:
        raise UsageError(f"empty range: {first_on} is after {last_on}", key="--from", fix="swap the two dates")
    return Request(first_on=first_on, last_on=last_on, ahead=ahead, rows_per_second=rows_per_second)


def echo_parity(parity: Parity) -> None:
    """Write how a replay compares with the backtest."""
    if parity.holds:
        click.echo(
            f"{_count(parity.orders, 'order')}, all equal to the backtest's: {_count(parity.fills, 'fill')} on"
            f" {_count(parity.bars, 'row')}, equity within {parity.money:.1e}"
        )
        return
    numbers = "1 number differs" if parity.differing == 1 else f"{parity.differing:,} numbers differ"
    click.echo(f"{_count(parity.orders, 'order')}, not all equal to the backtest's: {numbers}\n")
    columns = ("at (UTC)", "what", "strategy", "symbol", "backtest", "paper")
    echo_table(columns, [[*_cells(one)] for one in parity.differences])


def parity_fields(parity: Parity) -> dict[str, Any]:
    """Return the comparison as JSON has it."""
    return {
        "holds": parity.holds,
        "bars": parity.bars,
        "orders": parity.orders,
        "fills": parity.fills,
        "equity_difference": parity.money,
        "differing": parity.differing,
        "differences": [
            {
                "at": one.at.isoformat(),
                "what": one.what,
                "strategy": one.strategy,
                "symbol": one.symbol,
                "backtest": None if math.isnan(one.backtest) else one.backtest,
                "paper": None if math.isnan(one.paper) else one.paper,
            }
            for one in parity.differences
        ],
    }


def _cells(one: Difference) -> Iterator[str]:
    yield f"{one.at:%Y-%m-%d %H:%M}"
    yield from (one.what, one.strategy, one.symbol)
    yield from ("none" if math.isnan(number) else f"{number:.12g}" for number in (one.backtest, one.paper))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
