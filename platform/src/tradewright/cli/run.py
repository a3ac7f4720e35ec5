"""`tradewright run`: trade, bar by bar, with the agent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, printable
from tradewright.cli.page import echo_report
from tradewright.cli.paper import SAMPLE, echo_parity, parity_fields, range_options, read_settings, rehearse, trade
from tradewright.errors import CheckError, UsageError
from tradewright.live.halt_file import HALT

if TYPE_CHECKING:
    from tradewright.host.plugins import Plugins
    from tradewright.live.paper import Paper
    from tradewright.live.rehearsal import Rehearsed
    from tradewright.reports.summary import Summary
    from tradewright.reports.tree.report import Report

FEEDS = "feeds"
PLAYED = "PAPER (simulated)"
_EXAMPLES = """\b
Examples:
  tradewright run --paper --replay sample --speed max   twenty years that ship with the program
  tradewright run --paper --replay                      the feeds of plugins.toml, ten rows a second
  tradewright run --paper --replay --from 2015-01-01 --speed 2
  tradewright run --paper --replay --speed max --durable rehearsal    may be killed, and goes on
"""


class Speed(click.ParamType[float]):
    """Rows per second, or `max`."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number above 0, or `max` as infinity."""
        if isinstance(value, float):
            return value
        try:
            speed = float("inf") if value == "max" else float(value)
        except ValueError:
            speed = 0.0
        if not speed > 0.0:
            self.fail(f"{value[:40]!r} must be rows per second, above 0, or max.", param, ctx)
        return speed


@click.command(epilog=_EXAMPLES)
@config_option
@click.option("--paper", is_flag=True, help="Trade at a simulated venue, with no money.")
@click.option(
    "--replay",
    "recording",
    is_flag=False,
    flag_value=FEEDS,
    type=click.Choice([FEEDS, SAMPLE]),
    metavar="[sample]",
    help="Play the history of the file's feeds, or of the file that ships with the program.",
)
@click.option(
    "--speed", type=Speed(), default="10", show_default=True, metavar="N|max", help="Rows per second of a replay."
)
@range_options
@click.option(
    "--durable",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep ledger and venue there at every step; the same command goes on where the last one stopped.",
)
@click.option("--brief", is_flag=True, help="Show halts, figures and warnings alone.")
@json_option
def run(
    config_file: Path,
    paper: bool,  # noqa: FBT001  # click passes by name
    recording: str | None,
    speed: float,
    durable: Path | None,
    brief: bool,  # noqa: FBT001  # likewise
    as_json: bool,  # noqa: FBT001  # likewise
    overrides: tuple[str, ...],
    **asked: Any,
) -> int:
    """Trade bar by bar with the agent that trades alone: signals, limits, orders, a venue and a ledger.

    A replay ends with the report of a backtest, and says whether every order was the backtest's; exit 9 if not.
    With --durable it may be killed at any moment, and ends with what the account holds.
    """
    _refuse_what_is_to_come(paper=paper, recording=recording)
    settings = read_settings(config_file, overrides, sample=recording == SAMPLE)
    asked["rows_per_second"] = None if speed == float("inf") else speed
    if durable is not None:
        _echo_rehearsal(rehearse(settings, durable, **asked), as_json=as_json)
        return 0
    played, plugins = trade(settings, **asked)
    report, summary = _report(played, plugins)
    from tradewright.live.kept import keep  # noqa: PLC0415  # a database's library: 0.6 s

    ledger = keep(played.store, played.settings.workspace)
    if as_json:
        from tradewright.reports.tree.form import printed  # noqa: PLC0415  # as in `_report`

        echo_json(
            "run", mode="paper", parity=parity_fields(played.parity), ledger=str(ledger), report=printed(report)
        )
    else:
        click.echo(f"{PLAYED}: a replay of {played.parity.bars:,} rows\n")
        echo_report(report, None, summary.figures, brief=brief)
        click.echo()
        echo_parity(played.parity)
        click.echo(f"Ledger {printable(os.path.relpath(ledger))}: tradewright ledger verify, tradewright replay")
    return 0 if played.parity.holds else CheckError.exit_code


def _refuse_what_is_to_come(*, paper: bool, recording: str | None) -> None:
    if not paper:
        fix = "add --paper; nothing here trades real money yet"
        raise UsageError("run needs --paper", key="--paper", fix=fix)
    if recording is None:
        fix = "add --replay for the feeds of plugins.toml, or --replay sample for the prices that ship"
        raise UsageError("run plays a recording: it needs --replay", key="--replay", fix=fix)
    named = click.get_current_context().get_parameter_source("config_file") is ParameterSource.COMMANDLINE
    if named and recording == SAMPLE:
        fix = "leave --config out, or write --replay alone to play the feeds of that file"
        raise UsageError("the sample is played with settings of its own", key="--config", fix=fix)


def _echo_rehearsal(done: Rehearsed, *, as_json: bool) -> None:
    """Write what a rehearsal has come to."""
    held = [
        {"strategy": strategy, "symbol": symbol, "units": str(units)}
        for (strategy, symbol), units in sorted(done.held.items())
    ]
    if as_json:
        fields = {"first": done.first, "rows": done.rows, "entries_before": done.entries, "freeze": done.freeze}
        more = {"equity": done.equity, "positions": held, "blocked": [*done.blocked], "ledger": str(done.ledger)}
        echo_json("rehearsal", mode="paper", **fields, **more, halted=done.halted)
        return
    begun = f", went on at row {done.first:,} behind entry {done.entries:,}" if done.entries else ""
    click.echo(f"{PLAYED}: {done.rows:,} rows{begun}")
    click.echo(f"Equity {done.equity:,.2f}; holds " + (", ".join(map(_holding, held)) or "nothing"))
    if done.freeze or done.blocked:
        click.echo(f"FROZEN: {done.freeze}" if done.freeze else f"BLOCKED: {', '.join(done.blocked)}")
    if done.halted:
        click.echo(
            f"HALTED: no order leaves until {printable(os.path.relpath(done.ledger.with_name(HALT)))} is removed"
        )
    click.echo(f"Ledger {printable(os.path.relpath(done.ledger))}: tradewright ledger verify --ledger, replay, why")


def _holding(one: dict[str, str]) -> str:
    return f"{one['units']} {one['symbol']} ({one['strategy']})"


def _report(played: Paper, plugins: Plugins) -> tuple[Report, Summary]:
    """Return the report of a replay; it is no trial, since it plays what a backtest has played."""
    # What reports costs a tenth of a second to import, which `--help` must not pay.
    from tradewright.reports.machine import report  # noqa: PLC0415  # see above
    from tradewright.reports.summary import summarise  # noqa: PLC0415  # see above
    from tradewright.sentence.candidates import unchecked  # noqa: PLC0415  # see above
    from tradewright.sentence.provenance import versions  # noqa: PLC0415  # see above
    from tradewright.workspace.kept import Ticket  # noqa: PLC0415  # see above

    made_by = versions(plugins, played.engine)
    summary = summarise(played, [*unchecked(played.settings, plugins, made_by["code"])])
    ticket = Ticket(run_id="paper", trials=None, warning="played on paper: a replay is kept as no run, and no trial")
    return report(summary, ticket, made_by), summary
