"""`tradewright simtest`: does anything go wrong when everything around the agent does?"""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from tradewright.cli.options import json_option
from tradewright.cli.output import echo_json
from tradewright.cli.progress import progress_bar
from tradewright.errors import CheckError
from tradewright.workspace.private import rules_folder

if TYPE_CHECKING:
    from tradewright.simtest.campaign import Outcome

CALENDAR = "XNYS"
_EXAMPLES = """\b
Examples:
  tradewright simtest                             20 seeds of 5 days
  tradewright simtest --seeds 1000 --days 5       a campaign
  tradewright simtest --faults F5,F8 --json       two kinds of faults, in every seed
"""


class Faults(click.ParamType[Any]):
    """Names of faults, `all` or `none`."""

    name = "faults"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...] | None:
        """Read a list of names."""
        from tradewright.execute.faults import named  # noqa: PLC0415  # what trades costs half a second to import

        if not isinstance(value, str):
            return tuple(value)
        try:
            return named(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(epilog=_EXAMPLES)
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True, help="How many seeds.")
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="The first of them.")
@click.option("--days", type=click.IntRange(1, 60), default=5, show_default=True, help="Sessions of each.")
@click.option(
    "--faults",
    type=Faults(),
    default="all",
    metavar="all|none|F5,F8",
    help="Which faults; all lets each seed choose.",
)
@click.option("--per-row", is_flag=True, help="Prepare each row when it comes, not all of them ahead: slower.")
@json_option
def simtest(
    seeds: int,
    first: int,
    days: int,
    faults: tuple[str, ...] | None,
    per_row: bool,  # noqa: FBT001  # click passes by name
    as_json: bool,  # noqa: FBT001  # likewise
) -> int:
    """Trade simulated days with the agent that trades alone, while messages are lost, late, doubled and out of order.

    After every event it is looked at whether anything has happened that must never happen; exit 9 when it has, with
    the command that repeats it.
    """
    began = time.perf_counter()
    outcomes = _play(range(first, first + seeds), days, faults, ahead=not per_row)
    seconds = time.perf_counter() - began
    failed = next((one for one in outcomes if one.invariant), None)
    if as_json:
        echo_json("simtest", **_fields(outcomes, seconds, failed))
    else:
        _echo(outcomes, seconds, failed)
    return 0 if failed is None else CheckError.exit_code


def _play(seeds: range, days: int, faults: tuple[str, ...] | None, *, ahead: bool) -> list[Outcome]:
    # What trades costs half a second to import, which `--help` must not pay.
    from tradewright.sessions import all_sessions  # noqa: PLC0415  # see above
    from tradewright.simtest.campaign import campaign  # noqa: PLC0415  # see above

    folder = rules_folder(os.environ)
    gc.freeze()  # What was imported stays: looking through it for what nobody needs takes 5 % of the time.
    with progress_bar() as progress:
        tell = None if progress is None else lambda done: progress("simtest", done, len(seeds))
        return campaign(seeds, days, faults, all_sessions(CALENDAR, cache=folder), folder, tell, ahead=ahead)


def _fields(outcomes: list[Outcome], seconds: float, failed: Outcome | None) -> dict[str, Any]:
    struck, checked = _sums(outcomes)
    sessions = sum(one.sessions for one in outcomes)
    broken = (
        None if failed is None else {"invariant": failed.invariant, "what": failed.what, "repeat": failed.command}
    )
    return {
        "seeds": len(outcomes),
        "days": sessions,
        "days_traded": sum(one.traded for one in outcomes),
        "orders": sum(one.orders for one in outcomes),
        "restarts": sum(one.starts for one in outcomes),
        "asked_by_a_person": sum(one.person for one in outcomes),
        "faults": dict(sorted(struck.items(), key=lambda pair: int(pair[0][1:]))),
        "invariants": {str(number): count for number, count in sorted(checked.items())},
        "days_per_minute": round(60.0 * sessions / seconds, 1),
        "prepared": "ahead" if outcomes[0].case.ahead else "per row",
        "failure": broken,
    }


def _sums(outcomes: list[Outcome]) -> tuple[Counter[str], Counter[int]]:
    struck: Counter[str] = Counter()
    checked: Counter[int] = Counter()
    for one in outcomes:
        struck += one.struck
        checked += one.checked
    return struck, checked


def _echo(outcomes: list[Outcome], seconds: float, failed: Outcome | None) -> None:
    fields = _fields(outcomes, seconds, failed)
    click.echo(
        f"{fields['seeds']:,} seeds, {fields['days']:,} days"
        f" ({fields['days_traded']:,} traded, {fields['days_traded'] / max(fields['days'], 1):.0%}),"
        f" {fields['orders']:,} orders, {sum(fields['faults'].values()):,} faults,"
        f" {fields['restarts']:,} restarts, {fields['asked_by_a_person']:,} requests of a person"
    )
    click.echo(
        "faults      " + (", ".join(f"{name} {count:,}" for name, count in fields["faults"].items()) or "none")
    )
    click.echo("invariants  " + ", ".join(f"{number}: {count:,}" for number, count in fields["invariants"].items()))
    click.echo(f"speed       {fields['days_per_minute']:,} days a minute, prepared {fields['prepared']}")
    if failed is not None:
        click.echo(f"\nBROKEN      {failed.what}\nrepeat      {failed.command}")
