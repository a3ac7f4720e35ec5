"""`tradewright backtest`: trade the configured strategies over their history, and say honestly what came of it."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tradewright import config
from tradewright.cli import destination
from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import Amount, Count, Day, config_option, json_option
from tradewright.cli.output import echo_json, printable
from tradewright.cli.page import echo_report
from tradewright.cli.progress import progress_bar
from tradewright.config.ranges import INTEGER_MAX
from tradewright.errors import DataError, UsageError
from tradewright.reports import tearsheet
from tradewright.sentence.candidates import unchecked
from tradewright.sentence.provenance import trace_hashes, versions
from tradewright.workspace.paths import Workspace
from tradewright.workspace.private import rules_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.backtest import Backtest, Request
    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.reports.summary import Summary
    from tradewright.reports.tree.report import Report


@click.command()
@config_option
@click.option("--from", "first_on", type=Day(), metavar="DATE", help="First session traded; earlier ones warm up.")
@click.option("--to", "last_on", type=Day(), metavar="DATE", help="Last session.")
@click.option("--capital", type=Amount(), metavar="AMOUNT", help="Money at the start: capital.start.")
@click.option("--seed", type=Count(0, INTEGER_MAX), metavar="N", help="Start of every random draw.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting for this run.")
@click.option(
    "--resume-after",
    type=Count(1, 1_000_000),
    metavar="N",
    help="Play a person who lifts a latched halt after N sessions; both results are shown.",
)
@click.option(
    "--without-limits",
    is_flag=True,
    help="Play the same file a second time without its risk limits, and show what they cost and saved; "
    "a comparison that nobody may trade.",
)
@click.option(
    "--export",
    "export_to",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write equity, fills, trades and targets there as CSV; inside the workspace, or an absolute path.",
)
@click.option("--no-save", is_flag=True, help="Keep no record; the run is then not counted as a trial.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a tearsheet as well: one HTML file with charts.",
)
@click.option("--brief", is_flag=True, help="Show halts, figures and warnings alone.")
@click.option(
    "--run",
    "run_id",
    metavar="ID",
    help="Play a saved run again as it was, `latest` the newest, and say whether it is the same or what has changed; "
    "exit 9 if not.",
)
@json_option
def backtest(
    config_file: Path,
    as_json: bool,  # noqa: FBT001  # click passes by name
    no_save: bool,  # noqa: FBT001  # click passes by name
    resume_after: int | None,
    report_file: Path | None,
    run_id: str | None,
    **asked: Any,
) -> int:
    """Trade the configured strategies over their history.

    A run that a limit halted is a result: it ends with 0, and the report leads with the halt.
    """
    if run_id is not None:
        from tradewright.cli.reproduce import reproduce  # noqa: PLC0415  # only this option needs it

        _refuse_beside_run(**asked, resume_after=resume_after, no_save=no_save, report=report_file)
        return reproduce(run_id, config_file, as_json=as_json)
    # What computes costs half a second to import: only this command pays it.
    from tradewright.backtest import run  # noqa: PLC0415  # see above
    from tradewright.reports.export import export  # noqa: PLC0415  # see above
    from tradewright.reports.summary import summarise  # noqa: PLC0415  # see above
    from tradewright.reports.tree.form import printed  # noqa: PLC0415  # see above

    request = _ask_for(asked, resume_after or 0, 1 if report_file is None else tearsheet.SEGMENTS)
    settings = config.read(config_file, [*asked["overrides"], *_shorthands(asked)])
    sheet = None if report_file is None else destination.report_file(report_file, settings.workspace)
    allowed, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    _check_reach(settings, request)
    export_to = asked["export_to"]
    folder = None if export_to is None else destination.export_folder(export_to, settings.workspace)
    # What a plugin prints must not end up in the middle of `--json`.
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        ran = run(settings, plugins, request, rules_folder(os.environ), progress)
    made_by = versions(plugins, ran.engine)
    trusted = unchecked(settings, plugins, made_by["code"])
    summary = summarise(ran, [*trusted, *_inactive(plugins, {pin.name for pin in allowed.pins}, ran)])
    report, saved_to = _keep(ran, summary, made_by, save=not no_save)
    names = () if folder is None else export(ran, folder)
    written = None if sheet is None else (sheet, tearsheet.write(sheet, ran, summary, report))
    if as_json:
        echo_json("backtest", **printed(report), **({} if sheet is None else {"report": str(sheet)}))
    else:
        echo_report(report, saved_to, summary.figures, written, brief=asked["brief"])
        if folder is not None:
            click.echo(f"Exported {', '.join(names)} to {printable(str(folder))}")
    return 0


def _refuse_beside_run(**given: Any) -> None:
    """Refuse whatever would make the saved run another one; it is not saved again anyway."""
    words = {"first_on": "from", "last_on": "to", "overrides": "set", "export_to": "export"}
    for name, value in given.items():
        if value is not None and value is not False and value != ():
            word = words.get(name, name.replace("_", "-"))
            message = f"a saved run is played as it was, without --{word}"
            raise UsageError(message, key="--run", fix=f"leave --{word} out, or run the backtest without --run")


def _shorthands(asked: dict[str, Any]) -> Iterator[str]:
    """Write `--capital` and `--seed` as the settings that they stand for; they win over `--set`."""
    if asked["capital"] is not None:
        yield f"capital.start={asked['capital']!r}"
    if asked["seed"] is not None:
        yield f"seed={asked['seed']}"


def _ask_for(asked: dict[str, Any], resume_after: int, segments: int) -> Request:
    """Return what is asked of the run; refuse days that are the wrong way round."""
    from tradewright.backtest import Request  # noqa: PLC0415  # it computes, as above

    first_on, last_on = asked["first_on"], asked["last_on"]
    if first_on is not None and last_on is not None and first_on > last_on:
        raise UsageError(f"empty range: {first_on} is after {last_on}", key="--from", fix="swap the two dates")
    return Request(
        first_on=first_on,
        last_on=last_on,
        resume_after=resume_after,
        without_limits=asked["without_limits"],
        segments=segments,
    )


def _check_reach(settings: Settings, request: Request) -> None:
    """Refuse a last day that an exchange has not planned yet: no price of it can be true."""
    from tradewright.sessions import sessions  # noqa: PLC0415  # as above

    if request.last_on is None:
        return
    for name in dict.fromkeys(feed.calendar for feed in settings.data.values()):
        try:
            sessions(name, last_on=request.last_on, cache=Workspace(settings.workspace).cache)
        except UsageError as error:
            raise UsageError(error.message, key="--to", fix=error.fix) from error


def _inactive(plugins: Plugins, allowed: set[str], ran: Backtest) -> Iterator[str]:
    """Yield a warning for each enabled plugin that does not run, unless the backtest has named it."""
    for record in plugins.records:
        line = f"plugin {record.name} is {record.status}: {record.reason}"
        if record.name in allowed and record.status != "active" and not any(line in said for said in ran.warnings):
            yield line


def _keep(ran: Backtest, summary: Summary, made_by: dict[str, Any], *, save: bool) -> tuple[Report, Path | None]:
    """Return the report, and the file that keeps it; a run that cannot be kept is still a result."""
    from tradewright.reports.machine import report  # noqa: PLC0415  # as above
    from tradewright.reports.tree.form import kept, read  # noqa: PLC0415  # as above
    from tradewright.workspace.kept import Run, Ticket  # noqa: PLC0415  # as above
    from tradewright.workspace.runs import RunStore  # noqa: PLC0415  # as above

    made = Run(
        at=datetime.now(UTC),
        config=summary.config,
        data={row.name: row.fingerprint for row in summary.data},
        versions=made_by,
        request=_request(ran.request),
        trace=trace_hashes(ran.trace),
    )
    store, ticket = RunStore.of(ran.settings.workspace), None
    try:
        if save:
            stored = store.save(made, lambda ticket: kept(report(summary, ticket, made_by)))
        else:
            trials, sharpes = store.trials(made)
            why = "not saved, so not counted among later trials"
            ticket = Ticket(run_id=made.run_id, trials=trials, sharpes=sharpes, warning=why)
    except DataError as error:
        ticket = Ticket(run_id=made.run_id, trials=None, warning=f"not saved: {error}")
    if ticket is not None:
        return report(summary, ticket, made_by), None
    # What is shown is what was kept: read back, as every later reader does.
    return read(stored), store.path


def _request(request: Request) -> dict[str, Any]:
    first_on, last_on = request.first_on, request.last_on
    return {
        "from": None if first_on is None else first_on.isoformat(),
        "to": None if last_on is None else last_on.isoformat(),
        "resume_after": request.resume_after or None,
        # Only where it was asked: the runs of older versions say nothing of it.
        **({"without_limits": True} if request.without_limits else {}),
    }
