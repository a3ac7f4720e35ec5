"""`tradewright drill`: would this machine's agent outlive a kill, and a lost disk?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tradewright.cli.options import Day, config_option, json_option
from tradewright.cli.output import echo_json
from tradewright.errors import CheckError

if TYPE_CHECKING:
    from tradewright.live.drill import Step

_EXAMPLES = """\b
Examples:
  tradewright drill                            a year of the prices that ship with the program
  tradewright drill --config plugins.toml --from 2018-01-01
"""
_OFTEN = "strategies.trend.signals.ma-crossover"
_SAMPLE = ("--replay", "sample", "--set", f"{_OFTEN}.fast=3", "--set", f"{_OFTEN}.slow=10")
"""The sample with averages that cross every week or two: a drill without orders proves little."""
_YEAR = ("--from", "2018-01-01")


@click.command(epilog=_EXAMPLES)
@config_option
@click.option("--from", "first_on", type=Day(), metavar="DATE", help="First session traded.")
@click.option("--to", "last_on", type=Day(), metavar="DATE", help="Last session.")
@json_option
def drill(config_file: Path, as_json: bool, **asked: Any) -> int:  # noqa: FBT001  # click passes by name
    """Kill an agent in the middle, lose its disk, restore it and go on, on a copy; exit 9 if anything was lost.

    A recording is traded on paper by real processes in a temporary folder. Each step is a command that you would use
    yourself; no agent of yours, and no ledger, is touched.
    """
    from tradewright.live.drill import drill as do  # noqa: PLC0415  # a database's library: 0.6 s

    named = click.get_current_context().get_parameter_source("config_file") is ParameterSource.COMMANDLINE
    played = ["--replay", "--config", str(config_file.resolve())] if named else [*_SAMPLE]
    days = [(option, asked[name]) for option, name in (("--from", "first_on"), ("--to", "last_on"))]
    chosen = [word for option, day in days if day is not None for word in (option, day.isoformat())]
    with tempfile.TemporaryDirectory(prefix="tradewright-drill-") as folder:
        options = [*played, *(chosen or ([] if named else _YEAR))]
        steps = do(Path(folder), options, dict(os.environ), None if as_json else _echo)
    failed = [step for step in steps if not step.holds]
    if as_json:
        fields = [{"step": one.name, "found": one.found, "holds": one.holds, "seconds": one.seconds} for one in steps]
        echo_json("drill", holds=not failed, steps=fields)
    else:
        click.echo("\nNothing was lost." if not failed else f"\nFAILED: {', '.join(one.name for one in failed)}")
    return CheckError.exit_code if failed else 0


def _echo(step: Step) -> None:
    mark = click.style("ok    ", fg="green") if step.holds else click.style("FAILED", fg="red", bold=True)
    click.echo(f"{mark} {step.name:32} {step.found}  ({step.seconds:.1f} s)")
