"""`tradewright backtest`: trade the configured strategies over their history, and say honestly what came of it."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tradewright import __version__
from tradewright.cli import tearsheet
from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, printable
from tradewright.cli.page import echo_report
from tradewright.cli.progress import progress_bar
from tradewright.config import read
from tradewright.config.fields import INTEGER_MAX
from tradewright.config.tables import MONEY_MAX
from tradewright.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.backtest import Backtest, Request
    from tradewright.config import Settings
    from tradewright.plugins import Plugins
    from tradewright.reports.summary import Summary


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
@click.option("--no-save", is_flag=True, help="Keep no record; the run is then not counted as a trial.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a tearsheet as well: one HTML file with charts.",
)
@json_option
def backtest(
    config_file: Path,
    as_json: bool,  # noqa: FBT001  # click passes by name
    no_save: bool,  # noqa: FBT001  # click passes by name
    resume_after: int | None,
    report_file: Path | None,
    **asked: Any,
) -> None:
    """Trade the configured strategies over their history.

    A run that a limit halted is a result: it ends with 0, and the report leads with the halt.
    """
    # What computes costs half a second to import: only this command pays it.
    from tradewright.backtest import Request, run  # noqa: PLC0415  # see above
    from tradewright.reports.summary import summarise  # noqa: PLC0415  # see above

    request = Request(
        first_on=asked["first_on"],
        last_on=asked["last_on"],
        resume_after=resume_after or 0,
        segments=1 if report_file is None else tearsheet.SEGMENTS,
    )
    _check_order(request)
    settings = read(config_file, [*asked["overrides"], *_shorthands(asked)])
    sheet = None if report_file is None else tearsheet.target(report_file, settings.workspace)
    allowed, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    cache = settings.workspace / ".tradewright" / "cache"
    _check_reach(settings, request, cache)
    # What a plugin prints must not end up in the middle of `--json`.
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        ran = run(settings, plugins, request, cache, progress)
    summary = summarise(ran, list(_inactive(plugins, {pin.name for pin in allowed.pins}, ran)))
    fields, saved_to = _keep(ran, summary, _versions(ran, plugins), save=not no_save)
    size = 0 if sheet is None else tearsheet.write(sheet, ran, summary, fields)
    if as_json:
        echo_json("backtest", **fields, **({} if sheet is None else {"report": str(sheet)}))
        return
    echo_report(fields, saved_to, summary.figures)
    if sheet is not None:
        click.echo(f"Tearsheet {printable(os.path.relpath(sheet))}, {size / 1e6:.1f} MB")


def _shorthands(asked: dict[str, Any]) -> Iterator[str]:
    """Write `--capital` and `--seed` as the settings that they stand for; they win over `--set`."""
    if asked["capital"] is not None:
        yield f"capital.start={asked['capital']!r}"
    if asked["seed"] is not None:
        yield f"seed={asked['seed']}"


def _check_order(request: Request) -> None:
    first_on, last_on = request.first_on, request.last_on
    if first_on is not None and last_on is not None and first_on > last_on:
        raise UsageError(f"empty range: {first_on} is after {last_on}", key="--from", fix="swap the two dates")


def _check_reach(settings: Settings, request: Request, cache: Path) -> None:
    """Refuse a last day that an exchange has not planned yet: no price of it can be true."""
    from tradewright.clock import sessions  # noqa: PLC0415  # as above

    if request.last_on is None:
        return
    for name in dict.fromkeys(feed.calendar for feed in settings.data.values()):
        try:
            sessions(name, last_on=request.last_on, cache=cache)
        except UsageError as error:
            raise UsageError(error.message, key="--to", fix=error.fix) from error


def _inactive(plugins: Plugins, allowed: set[str], ran: Backtest) -> Iterator[str]:
    """Yield a warning for each enabled plugin that does not run, unless the backtest has named it."""
    for record in plugins.records:
        line = f"plugin {record.name} is {record.status}: {record.reason}"
        if record.name in allowed and record.status != "active" and not any(line in said for said in ran.warnings):
            yield line


def _versions(ran: Backtest, plugins: Plugins) -> dict[str, Any]:
    """Return the versions of whatever computed the result, and a hash of engine, rules and processor."""
    active = [record for record in plugins.records if record.status == "active" and not record.builtin]
    return {
        "tradewright": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "numba")},
        "plugins": {record.name: record.version for record in active},
        "rules": ran.engine,
    }


def _keep(
    ran: Backtest, summary: Summary, versions: dict[str, Any], *, save: bool
) -> tuple[dict[str, Any], Path | None]:
    """Return the report, and the file that keeps it; a run that cannot be kept is still a result."""
    from tradewright.reports.machine import report  # noqa: PLC0415  # as above
    from tradewright.runs import Run, RunStore, Ticket  # noqa: PLC0415  # as above

    made = Run(
        at=datetime.now(UTC),
        config=summary.config,
        data={row.name: row.fingerprint for row in summary.data},
        versions=versions,
        request=_request(ran.request),
    )
    store = RunStore.of(ran.settings.workspace)
    try:
        if save:
            return store.save(made, lambda ticket: report(summary, ticket, versions)), store.path
        trials, sharpes = store.trials(made)
        why = "not saved, so not counted among later trials"
        ticket = Ticket(run_id=made.run_id, trials=trials, sharpes=sharpes, warning=why)
    except DataError as error:
        ticket = Ticket(run_id=made.run_id, trials=None, warning=f"not saved: {error}")
    return report(summary, ticket, versions), None


def _request(request: Request) -> dict[str, Any]:
    first_on, last_on = request.first_on, request.last_on
    return {
        "from": None if first_on is None else first_on.isoformat(),
        "to": None if last_on is None else last_on.isoformat(),
        "resume_after": request.resume_after or None,
    }
