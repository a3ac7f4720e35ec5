"""`tradewright backtest --run ID`: play a saved run again, and say whether it is the same or what has changed.

saved run -> the same settings, range and seed -> run -> versions, data, trace and figures, then and now
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright.cli.inventory import take_inventory
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.cli.progress import progress_bar
from tradewright.config import restore
from tradewright.errors import CheckError, TradewrightError
from tradewright.host.plugins import Plugins
from tradewright.reports.reproduction import (
    compare_data,
    compare_figures,
    compare_traces,
    compare_versions,
    failure_of,
    verdict,
)
from tradewright.reports.tree.form import printed, read
from tradewright.sentence.provenance import trace_hashes, versions
from tradewright.workspace.kept import Ticket
from tradewright.workspace.private import rules_folder
from tradewright.workspace.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tradewright.backtest import Backtest, Request
    from tradewright.reports.reproduction import Difference
    from tradewright.workspace.kept import Saved

FIGURES_SHOWN_MAX = 8
_DIGITS_SHOWN = 12


def reproduce(name: str, config_file: Path, *, as_json: bool) -> int:
    """Play the saved run of this name again, print what differs, and return the exit code."""
    # The file of the settings may have changed since, or be gone: the run holds its own.
    workspace = config_file.resolve().parent
    saved = RunStore.of(workspace).find(name)
    found = [*_differences(saved, workspace)]
    reproduced = not any(one.of_result for one in found)
    if as_json:
        differences = [attrs.asdict(one) for one in found]
        traced = saved.run.trace is not None
        echo_json("reproduction", run_id=saved.run_id, reproduced=reproduced, traced=traced, differences=differences)
    else:
        _echo(saved, found, reproduced=reproduced)
    return 0 if reproduced else CheckError.exit_code


def _differences(saved: Saved, workspace: Path) -> Iterator[Difference]:
    """Run again and yield what is not as it was; what keeps it from running is a difference, too."""
    from tradewright.backtest import run  # noqa: PLC0415  # what computes costs half a second to import
    from tradewright.reports.machine import report  # noqa: PLC0415  # likewise
    from tradewright.reports.summary import summarise  # noqa: PLC0415  # likewise

    then = saved.run
    try:
        settings = restore(then.config, workspace / f"run {saved.run_id}")
        _, plugins = take_inventory(settings.plugins.enabled, workspace)
    except TradewrightError as error:
        # Plugins were not looked at, so only what is installed beside them can be compared.
        now = versions(Plugins(()), None)
        yield from compare_versions({**then.versions, "plugins": {}, "code": now["code"]}, now)
        yield failure_of(error)
        return
    ran: Backtest | None = None
    failure = None
    try:
        with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
            ran = run(settings, plugins, _request(saved), rules_folder(os.environ), progress)
    except TradewrightError as error:
        failure = error
    now = versions(plugins, None if ran is None else ran.engine)
    yield from compare_versions(then.versions, now)
    if failure is not None:
        yield failure_of(failure)
    if ran is None:
        return
    again = report(summarise(ran), Ticket(run_id=saved.run_id, trials=None), now)
    yield from compare_data(read(saved.report).data, again.data)
    yield from compare_traces(then, trace_hashes(ran.trace))
    # As JSON, so that both have been written and read once; as it was kept, because only that was computed then.
    yield from compare_figures(saved.report, json.loads(json.dumps(printed(again))))


def _request(saved: Saved) -> Request:
    """Return what was asked; without a last session each feed ends where it ended then, because it may have grown."""
    from tradewright.backtest import Request  # noqa: PLC0415  # as above

    asked = saved.run.request
    first_on, last_on = (None if asked[end] is None else date.fromisoformat(asked[end]) for end in ("from", "to"))
    ends = {feed.name: feed.last_on for feed in read(saved.report).data}
    return Request(
        first_on=first_on,
        last_on=last_on,
        resume_after=asked["resume_after"] or 0,
        without_limits=asked.get("without_limits", False),
        ends=ends if last_on is None else {},
    )


# ---- saying it -------------------------------------------------------------------------------------------


def _echo(saved: Saved, found: list[Difference], *, reproduced: bool) -> None:
    report = read(saved.report)
    click.echo(
        f"Run {saved.run_id} of {saved.run.at:%Y-%m-%d %H:%M} UTC: {', '.join(report.books)} on"
        f" {', '.join(report.symbols)}, {report.period.first_on} to {report.period.last_on}\n"
    )
    for line in verdict(found, reproduced=reproduced, traced=saved.run.trace is not None):
        click.echo(printable(line))
    figures = [one for one in found if one.kind == "figure"]
    shown = [one for one in found if one.kind != "figure"] + figures[:FIGURES_SHOWN_MAX]
    rows = [(one.kind, one.name, _short(one.then), _short(one.now)) for one in shown if one.kind != "error"]
    if rows:
        click.echo()
        echo_table(("what", "which", "then", "now"), rows)
    if len(figures) > FIGURES_SHOWN_MAX:
        click.echo(f"\n{len(figures) - FIGURES_SHOWN_MAX} more figures differ; --json lists them.")


def _short(value: Any) -> str:
    """Write a hash by its first digits, and what is not there as a dash."""
    text = "-" if value is None else str(value)
    return text[:_DIGITS_SHOWN] if len(text) in {32, 64} and set(text) <= set("0123456789abcdef") else text
