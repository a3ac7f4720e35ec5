"""`tradewright runs`: the backtests that this workspace has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.cli.page import echo_report
from tradewright.reports.listing import COLUMNS, cells, fields, list_runs
from tradewright.reports.tree.form import printed, read
from tradewright.workspace.runs import RunStore

if TYPE_CHECKING:
    from pathlib import Path


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def runs(ctx: click.Context, config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """List the saved backtests, newest first, or show one."""
    if ctx.invoked_subcommand is not None:
        return
    rows = list_runs(_store(config_file))
    if as_json:
        echo_json("runs", runs=[fields(row) for row in rows])
        return
    if not rows:
        click.echo("No backtest has been saved here; `tradewright backtest` saves each one.")
        return
    echo_table(COLUMNS, map(cells, rows))


@runs.command("show")
@click.argument("run_id", metavar="ID")
@config_option
@json_option
def show_run(run_id: str, config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """Print the saved report of one run; the charts are not kept.

    ID is a run's name, a beginning that no other run has, or the word `latest`.
    """
    store = _store(config_file)
    report = read(store.find(run_id).report)
    if as_json:
        echo_json("backtest", **printed(report))
    else:
        echo_report(report, store.path)


def _store(config_file: Path) -> RunStore:
    """Return the runs of the folder of the settings; the file itself need not be there any more."""
    return RunStore.of(config_file.resolve().parent)
