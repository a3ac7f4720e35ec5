"""`tradewright data`: what a file of prices holds, what cannot be true of it, and what is kept on this disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs
import click

from tradewright.cli.options import json_option
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.cli.prices import fetch, list_prices
from tradewright.config import did_you_mean, show
from tradewright.data.columns import NATURAL, ColumnNames
from tradewright.data.declared import Declared, Reading
from tradewright.data.findings import Finding
from tradewright.data.reading import read
from tradewright.errors import CheckError, ConfigError, DataError, UsageError
from tradewright.sessions import cache_folder
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.values.bars import Adjustment

SHOWN_MAX = 20
"""Findings shown: enough to see the pattern, few enough to read."""


@click.group()
def data() -> None:
    """Check price files, and keep prices on this disk."""


data.add_command(fetch)
data.add_command(list_prices)


@data.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--calendar", default="XNYS", show_default=True, help="Exchange whose sessions the bars belong to.")
@click.option("--bar", help='Length of a bar, such as "1d" or "5m"; else taken from the file.')
@click.option("--time-zone", help="Where times without an offset were read off the clock, an IANA name.")
@click.option("--date-format", help='How dates are written, such as "%d.%m.%Y"; else as 2026-03-02.')
@click.option(
    "--stamp",
    type=click.Choice(["start", "end"]),
    default="start",
    show_default=True,
    help="Which end of its bar a time marks.",
)
@click.option(
    "--adjustment",
    type=click.Choice(["none", "splits", "all"]),
    default="none",
    show_default=True,
    help="What is already folded into the prices.",
)
@click.option("--column", "columns", multiple=True, metavar="PART=NAME", help="Name of a column, such as close=Last.")
@json_option
def check_file(
    file: Path,
    columns: tuple[str, ...],
    as_json: bool,  # noqa: FBT001  # click passes by name
    **declared: str | None,
) -> int:
    """Check the prices in FILE (.csv, .csv.gz or .parquet); exit 9 if something is wrong.

    A session without a bar counts as wrong here; a backtest only warns of it, unless its feed refuses gaps.
    """
    options = Declared(
        instrument=Instrument(symbol="FILE"),
        columns=_names(columns),
        adjustment=cast("Adjustment", declared.pop("adjustment")),
        stamp=cast("Literal['start', 'end']", declared.pop("stamp")),
        **cast("dict[str, Any]", declared),
    )
    reading = _read(file, options)
    if as_json:
        echo_json("data-check", **_fields(file, options, reading))
    else:
        echo_table(("file", str(file)), _about(options, reading))
        _echo_findings(reading.findings)
    return CheckError.exit_code if reading.findings else 0


def _names(columns: Sequence[str]) -> ColumnNames:
    given = dict(text.partition("=")[::2] for text in columns)
    for part, name in given.items():
        fix = f"write one of {', '.join(NATURAL)}, an equals sign and the name in the file"
        if part not in NATURAL:
            raise UsageError(f"no column {show(part)}{did_you_mean(part, NATURAL)}", key="--column", fix=fix)
        if not name:
            raise UsageError(f"no name given for column {show(part)}", key="--column", fix=fix)
    return ColumnNames(**given)


def _read(file: Path, declared: Declared) -> Reading:
    here = Path.cwd()
    workspace = here if (here / "plugins.toml").exists() else None
    try:
        return read(file, declared, cache=cache_folder(workspace))
    except ConfigError as error:  # The settings are words of this command line.
        option = f"--{(error.key or '').replace('_', '-')}"
        raise UsageError(error.message, key=option, fix=error.fix) from error
    except DataError as error:  # The whole file is at fault: that is what the check has found.
        finding = Finding(
            kind="file",
            message=error.message,
            fix=error.fix or "",
            symbol=declared.instrument.symbol,
            column=error.key or "",
            file=str(file),
            line=error.line,
        )
        return Reading(rows=0, names={}, findings=(finding,))


def _range(reading: Reading) -> tuple[str, str] | None:
    if reading.bars is None or not reading.bars.n_bars:
        return None
    return str(reading.bars.session[0]), str(reading.bars.session[-1])


def _about(declared: Declared, reading: Reading) -> list[tuple[str, str]]:
    span = _range(reading)
    rounding = f", {reading.rounded:,} with a price beyond high or low by rounding" if reading.rounded else ""
    return [
        ("rows", f"{reading.rows:,}{rounding}"),
        ("range", "-" if span is None else f"{span[0]} to {span[1]}"),
        ("bar", f"{reading.bar} on sessions of {declared.calendar}" if reading.bar else "-"),
        ("columns", ", ".join(f"{part} = {name}" for part, name in reading.names.items()) or "-"),
        ("adjustment", f"{declared.adjustment}, as declared by --adjustment: the file does not say"),
    ]


def _echo_findings(findings: Sequence[Finding]) -> None:
    for finding in findings[:SHOWN_MAX]:
        click.echo(f"\n{printable(str(finding.error()))}\n  fix: {printable(finding.fix)}")
    if not findings:
        click.echo("\nNothing is wrong.")
    elif len(findings) > SHOWN_MAX:
        click.echo(f"\nThese are the first {SHOWN_MAX} findings; there are more.")


def _fields(file: Path, declared: Declared, reading: Reading) -> dict[str, Any]:
    span = _range(reading)
    shown = [attrs.asdict(finding) for finding in reading.findings[:SHOWN_MAX]]
    words = ("kind", "line", "on", "column", "message", "fix")
    return {
        "file": str(file),
        "ok": not reading.findings,
        "rows": reading.rows,
        "rounded": reading.rounded,
        "range": None if span is None else {"first_on": span[0], "last_on": span[1]},
        "bar": reading.bar or None,
        "calendar": declared.calendar,
        "adjustment": declared.adjustment,
        "columns": reading.names,
        "findings": [{word: finding[word] for word in words} for finding in shown],
        "more": len(reading.findings) > SHOWN_MAX,
    }
