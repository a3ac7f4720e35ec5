"""`tradewright doctor`: is everything in order here, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from tradewright.cli.checks import check_all, check_plugin
from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.cli.checking import Check


@click.command()
@click.argument("name", required=False)
@config_option
@json_option
def doctor(name: str | None, config_file: Path, as_json: bool) -> int:  # noqa: FBT001  # click passes by name
    """Check this installation, or only the plugin NAME; exit 9 if something is wrong."""
    checks = check_all(config_file) if name is None else check_plugin(config_file, name)
    wrong = [check for check in checks if not check.ok]
    if as_json:
        echo_json("doctor", ok=not wrong, checks=[_fields(check) for check in checks])
    else:
        echo_table(("", "check", "found"), [_row(check) for check in checks])
        for check in (check for check in checks if check.warning or not check.ok):
            click.echo(f"\n{check.name}: {printable(check.found)}\n  fix: {printable(check.fix or '-')}")
    return CheckError.exit_code if wrong else 0


def _row(check: Check) -> tuple[str, str, str]:
    """Return the check as a line of the table; what needs mending is told in full below it."""
    if check.ok and not check.warning:
        return "ok", check.name, check.found
    return "warning" if check.ok else "WRONG", check.name, "see below"


def _fields(check: Check) -> dict[str, object]:
    """Return the check as `--json` shows it: what is in order needs no fix."""
    return attrs.asdict(check) | ({"fix": None} if check.ok and not check.warning else {})
