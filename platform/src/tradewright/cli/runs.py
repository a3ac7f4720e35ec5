"""`tradewright runs`: the backtests that this workspace has seen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.cli.page import echo_report
from tradewright.reports.changes import changes, shortened
from tradewright.reports.tree.form import printed, read
from tradewright.reports.wording import listed, percent, ratio
from tradewright.workspace.runs import RunStore

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.reports.tree.report import Report
    from tradewright.workspace.runs import Stored

_COLUMNS = ("run", "strategies", "symbols", "period", "return", "Sharpe", "drawdown", "status", "trials", "changed")


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def runs(ctx: click.Context, config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """List the saved backtests, newest first, or show one."""
    if ctx.invoked_subcommand is not None:
        return
    rows = _rows(_store(config_file))
    if as_json:
        echo_json("runs", runs=[_fields(row) for row in rows])
        return
    if not rows:
        click.echo("No backtest has been saved here; `tradewright backtest` saves each one.")
        return
    echo_table(_COLUMNS, map(_cells, rows))


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


@attrs.frozen
class _Row:
    """A saved run in the list, with what it is told apart by."""

    stored: Stored
    report: Report
    changed: dict[str, Any]


def _rows(store: RunStore) -> list[_Row]:
    """Return the saved runs, newest first, each beside the one that was saved before it."""
    stored = store.stored()
    reports = [read(one.report) for one in stored]
    changed = [changes(before.config, report.config) for report, before in pairwise(reports)] + [{}]
    return [_Row(*row) for row in zip(stored, reports, changed, strict=False)]


def _fields(row: _Row) -> dict[str, Any]:
    report = row.report
    return {
        "run_id": row.stored.run_id,
        "at": row.stored.at,
        "status": report.status,
        "strategies": report.books,
        "symbols": report.symbols,
        "period": printed(report.period),
        "total_return": report.net.total_return,
        "sharpe": report.net.sharpe,
        "max_drawdown": report.net.max_drawdown.depth,
        "trials": report.trials,
        "fingerprints": {feed.name: feed.fingerprint for feed in report.data},
        "changed": row.changed,
    }


def _cells(row: _Row) -> tuple[str, ...]:
    report = row.report
    return (
        row.stored.run_id,
        ", ".join(report.books),
        listed(report.symbols),
        f"{report.period.first_on} to {report.period.last_on}",
        percent(report.net.total_return),
        ratio(report.net.sharpe),
        percent(report.net.max_drawdown.depth),
        report.status,
        str(report.trials),
        shortened(row.changed),
    )
