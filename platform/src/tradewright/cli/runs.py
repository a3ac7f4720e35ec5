"""`tradewright runs`: the backtests that this workspace has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tradewright.cli.changes import changes, shortened
from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.cli.page import echo_report
from tradewright.reports.wording import listed, percent, ratio
from tradewright.workspace.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
    stored = _store(config_file).stored()
    if as_json:
        echo_json("runs", runs=[_fields(one, before) for one, before in _with_earlier(stored)])
        return
    if not stored:
        click.echo("No backtest has been saved here; `tradewright backtest` saves each one.")
        return
    echo_table(_COLUMNS, (_row(_fields(one, before)) for one, before in _with_earlier(stored)))


@runs.command("show")
@click.argument("run_id", metavar="ID")
@config_option
@json_option
def show_run(run_id: str, config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """Print the saved report of one run; the charts are not kept.

    ID is a run's name, a beginning that no other run has, or the word `latest`.
    """
    store = _store(config_file)
    found = store.find(run_id)
    if as_json:
        echo_json("backtest", **found.report)
    else:
        echo_report(found.report, store.path)


def _store(config_file: Path) -> RunStore:
    """Return the runs of the folder of the settings; the file itself need not be there any more."""
    return RunStore.of(config_file.resolve().parent)


def _with_earlier(stored: Sequence[Stored]) -> Iterator[tuple[Stored, Stored | None]]:
    """Pair each run, newest first, with the one that was saved before it."""
    return zip(stored, (*stored[1:], None), strict=False)


def _fields(one: Stored, before: Stored | None) -> dict[str, Any]:
    report = one.report
    return {
        "run_id": one.run_id,
        "at": one.at,
        "status": report["status"],
        "strategies": list(report["config"]["strategies"]),
        "symbols": [symbol for feed in report["data"] for symbol in feed["symbols"]],
        "period": report["period"],
        "total_return": report["net"]["total_return"],
        "sharpe": report["net"]["sharpe"],
        "max_drawdown": report["net"]["max_drawdown"]["depth"],
        "trials": report["trials"],
        "fingerprints": {feed["name"]: feed["fingerprint"] for feed in report["data"]},
        "changed": {} if before is None else changes(before.report["config"], report["config"]),
    }


def _row(fields: dict[str, Any]) -> tuple[str, ...]:
    return (
        fields["run_id"],
        ", ".join(fields["strategies"]),
        listed(fields["symbols"]),
        f"{fields['period']['first_on']} to {fields['period']['last_on']}",
        percent(fields["total_return"]),
        ratio(fields["sharpe"]),
        percent(fields["max_drawdown"]),
        fields["status"],
        str(fields["trials"]),
        shortened(fields["changed"]),
    )
