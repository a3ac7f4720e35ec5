"""`tradewright signals`: does a signal look ahead?"""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright import __version__
from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import Count, config_option, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.cli.progress import progress_bar
from tradewright.config import did_you_mean, read, show
from tradewright.config.ranges import INTEGER_MAX
from tradewright.errors import CheckError, UsageError
from tradewright.sentence.candidates import configured, to_be_asked
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.sentence.candidates import Part
    from tradewright.sentence.gate import Checked
    from tradewright.signals.causality import Leak
    from tradewright.values.bars import Bars

BLIND_SPOTS = (
    "what compute reads beside its history: files, a cache on the disk, the clock, an address",
    "dates, symbols and thresholds in the code that were chosen after the fact",
)
"""What no other future of the prices can show, as it stands beside each verdict."""


@click.group()
def signals() -> None:
    """Check signals."""


@signals.command("check")
@click.argument("name", required=False)
@config_option
@click.option("--cuts", type=Count(1, 10_000), metavar="N", help="Cuts of each kind; more find rarer leaks.")
@click.option("--seed", type=Count(0, INTEGER_MAX), metavar="N", help="Chooses the cuts; that of plugins.toml.")
@json_option
def check_signal(
    name: str | None,
    config_file: Path,
    cuts: int | None,
    seed: int | None,
    as_json: bool,  # noqa: FBT001  # click passes by name
) -> int:
    """Check whether the signal NAME looks ahead; exit 9 if it does.

    NAME may also be a rule or an order check, whose features are asked. Without it, every signal of plugins.toml is
    asked, and every rule and check of a plugin that has features.

    Each is asked again, on the prices that a backtest shows it, with the future removed, rescaled and mirrored; all
    that it said before must stay as it was. A signal of a plugin is asked in processes that have seen no more than
    the question. A pass is kept, and holds until the plugin or an option changes.
    """
    # What reads prices costs half a second to import: only this command pays it.
    from tradewright.sentence.gate import ask  # noqa: PLC0415  # see above

    settings = read(config_file)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    parts = _parts(settings, plugins, name)
    # What a plugin prints must not end up in the middle of `--json`.
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        checked = ask(settings, plugins, parts, cuts, seed, progress)
    kept = [_keep(settings, one) for one in checked]
    ok = all(one.verdict.passed for one in checked)
    if as_json:
        told = [_fields(*pair) for pair in zip(checked, kept, strict=True)]
        echo_json("signals-check", signal=name, ok=ok, checks=told, blind_spots=BLIND_SPOTS)
    else:
        for one in checked:
            _echo(one)
        for number, line in enumerate(BLIND_SPOTS):
            click.echo(f"{' ' * 9 if number else 'not seen:'} {line}")
    return 0 if ok else CheckError.exit_code


def _parts(settings: Settings, plugins: Plugins, name: str | None) -> list[Part]:
    known = list(configured(settings))
    if name is None:
        return [part for part in known if to_be_asked(settings, plugins, part)]
    parts = [part for part in known if part.name == name]
    if not parts:
        used = list(dict.fromkeys(part.name for part in known))
        raise UsageError(
            f"no signal, rule or check of {settings.path} is named {show(name)}{did_you_mean(name, used)}",
            key="NAME",
            fix=f"name one of {', '.join(used)}, or add [strategies.NAME.signals.{name}] to it",
        )
    return parts


def _keep(settings: Settings, one: Checked) -> Path | None:
    from tradewright.signals import passes  # noqa: PLC0415  # as above

    folder = Workspace(settings.workspace).passes
    if not one.verdict.passed:
        passes.forget(folder, one.candidate)
        return None
    evidence = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "tradewright": __version__,
        "data": one.fingerprints,
        "bars": one.verdict.n_bars,
        "cuts": len(one.verdict.cuts),
    }
    return passes.record(folder, one.candidate, evidence)


def _echo(one: Checked) -> None:
    verdict, bars = one.verdict, one.bars
    span = f"{bars.session[0]} to {bars.session[-1]}, {bars.n_bars:,} bars of {', '.join(bars.symbols)}"
    rows = [
        ("history", span),
        ("asked", f"{verdict.answers:,} times, at {len(verdict.cuts)} cuts"),
        *(_leak_rows(one) if verdict.leaks else [("found", f"every earlier {_words(one)[0]} stayed as it was")]),
    ]
    if verdict.fitted_until is not None:
        rows.append(("in-sample", f"up to {verdict.fitted_until}: its model has seen these prices"))
    word = "passed" if verdict.passed else "LOOKS AHEAD"
    part = one.part
    echo_table((part.title if part.strategy is None else f"{part.name} of {part.strategy}", word), rows)


def _leak_rows(one: Checked) -> list[tuple[str, str]]:
    leak, bars, cause = one.verdict.first, one.bars, one.verdict.cause
    where = f"{leak.part} of {bars.symbols[leak.asset]} on {bars.session[leak.bar]} (bar {leak.bar:,})"
    then = f"{leak.before:g}; with everything from {bars.session[leak.cut]} on {leak.future}, {leak.after:g}"
    back = max(leak.cut - leak.bar for leak in one.verdict.leaks)
    shown = f"{len(one.verdict.leaks)} of {len(one.verdict.cuts)} cuts show in {_words(one)[1]}"
    rows = [
        ("found", f"{shown} up to {back:,} bar{'s' if back > 1 else ''} before"),
        ("first", f"{where} is {then}"),
    ]
    return rows if cause is None else [*rows, ("likely", cause.text), ("fix", cause.fix)]


def _words(one: Checked) -> tuple[str, str]:
    return ("forecast", "forecasts") if one.part.kind == "signal" else ("number", "numbers")


def _fields(one: Checked, kept: Path | None) -> dict[str, Any]:
    verdict, bars = one.verdict, one.bars
    fitted = verdict.fitted_until
    return {
        "kind": one.part.kind,
        "name": one.part.name,
        "strategy": one.part.strategy,
        "passed": verdict.passed,
        "saved_to": None if kept is None else str(kept),
        "plugin": one.candidate.plugin,
        "version": one.candidate.version,
        "sha256": one.candidate.sha256,
        "period": {"first_on": str(bars.session[0]), "last_on": str(bars.session[-1]), "bars": bars.n_bars},
        "cuts": len(verdict.cuts),
        "answers": verdict.answers,
        "leaking_cuts": len(verdict.leaks),
        "first": None if verdict.passed else _leak_fields(verdict.first, bars),
        "cause": None if verdict.cause is None else attrs.asdict(verdict.cause),
        "fitted_until": None if fitted is None else str(fitted),
    }


def _leak_fields(leak: Leak, bars: Bars) -> dict[str, Any]:
    return {
        "bar": leak.bar,
        "on": str(bars.session[leak.bar]),
        "symbol": bars.symbols[leak.asset],
        "part": leak.part,
        "cut_on": str(bars.session[leak.cut]),
        "future": leak.future,
        "before": leak.before,
        "after": leak.after,
    }
