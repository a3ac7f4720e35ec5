"""`tradewright signals`: does a signal look ahead?"""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright import __version__
from tradewright.cli.candidates import candidate, configured
from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table
from tradewright.cli.parameters import Count
from tradewright.cli.progress import progress_bar
from tradewright.config import did_you_mean, read, show
from tradewright.config.fields import INTEGER_MAX
from tradewright.errors import CheckError, UsageError
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.signals.causality import Leak, Verdict
    from tradewright.signals.passes import Candidate
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Checked:
    """One signal of one strategy, and what the gate says of it.

    Attributes:
        strategy: The strategy.
        candidate: What a pass is valid for.
        bars: The history, adjusted, as the strategy shows it to its signals.
        fingerprints: Of the feeds behind it, by name.
        verdict: What was found.
    """

    strategy: str
    candidate: Candidate
    bars: Bars
    fingerprints: dict[str, str]
    verdict: Verdict


@click.group()
def signals() -> None:
    """Check signals."""


@signals.command("check")
@click.argument("name")
@config_option
@click.option("--cuts", type=Count(1, 10_000), metavar="N", help="Cuts of each kind; more find rarer leaks.")
@click.option("--seed", type=Count(0, INTEGER_MAX), metavar="N", help="Chooses the cuts; that of plugins.toml.")
@json_option
def check_signal(
    name: str,
    config_file: Path,
    cuts: int | None,
    seed: int | None,
    as_json: bool,  # noqa: FBT001  # click passes by name
) -> int:
    """Check whether the signal NAME looks ahead; exit 9 if it does.

    It is asked again, on the prices of each strategy that uses it, with the future removed, rescaled and mirrored;
    every earlier forecast must stay as it was. A pass is kept, and holds until the plugin or an option changes.
    """
    settings = read(config_file)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    users = _users(settings, name)
    # What a signal prints must not end up in the middle of `--json`.
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
        checked = [_check(settings, plugins, strategy, name, cuts, seed, progress) for strategy in users]
    kept = [_keep(settings, one) for one in checked]
    if as_json:
        ok = all(one.verdict.passed for one in checked)
        echo_json(
            "signals-check", signal=name, ok=ok, checks=[_fields(*pair) for pair in zip(checked, kept, strict=True)]
        )
    else:
        for one in checked:
            _echo(one)
    return 0 if all(one.verdict.passed for one in checked) else CheckError.exit_code


def _users(settings: Settings, name: str) -> list[str]:
    users = [strategy for strategy, signal in configured(settings) if signal == name]
    if not users:
        used = list(dict.fromkeys(signal for _, signal in configured(settings)))
        raise UsageError(
            f"no strategy uses a signal named {show(name)}{did_you_mean(name, used)}",
            key="NAME",
            fix=f"name one of {', '.join(used)}, or add [strategies.NAME.signals.{name}] to {settings.path}",
        )
    return users


def _check(
    settings: Settings,
    plugins: Plugins,
    strategy: str,
    name: str,
    cuts: int | None,
    seed: int | None,
    progress: Callable[[str, int, int], None] | None,
) -> Checked:
    # What reads prices costs half a second to import: only this command pays it.
    from tradewright.data import feeds  # noqa: PLC0415  # see above
    from tradewright.sentence.strategies import make_signal, symbols  # noqa: PLC0415  # see above
    from tradewright.signals.causality import CUTS_EACH, check  # noqa: PLC0415  # see above
    from tradewright.values.history import History  # noqa: PLC0415  # see above

    loaded = [feeds.load_feed(settings, plugins, feed, None) for feed in settings.strategies[strategy].data]
    bars = feeds.grid(tuple(loaded), None).only(symbols(settings, strategy)).adjusted()
    verdict = check(
        name,
        partial(make_signal, settings, plugins, strategy, name),
        History(bars),
        each=cuts or CUTS_EACH,
        seed=settings.seed if seed is None else seed,
        progress=None if progress is None else partial(progress, "asking with other futures"),
    )
    return Checked(
        strategy=strategy,
        candidate=candidate(settings, plugins, strategy, name),
        bars=bars,
        fingerprints={feed.name: feed.fingerprint for feed in loaded},
        verdict=verdict,
    )


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
        *(_leak_rows(one) if verdict.leaks else [("found", "every earlier forecast stayed as it was")]),
    ]
    if verdict.fitted_until is not None:
        rows.append(("in-sample", f"up to {verdict.fitted_until}: its model has seen these prices"))
    word = "passed" if verdict.passed else "LOOKS AHEAD"
    echo_table((f"{one.candidate.signal} of {one.strategy}", word), rows)


def _leak_rows(one: Checked) -> list[tuple[str, str]]:
    leak, bars, cause = one.verdict.first, one.bars, one.verdict.cause
    where = f"{leak.part} of {bars.symbols[leak.asset]} on {bars.session[leak.bar]} (bar {leak.bar:,})"
    then = f"{leak.before:g}; with everything from {bars.session[leak.cut]} on {leak.future}, {leak.after:g}"
    back = max(leak.cut - leak.bar for leak in one.verdict.leaks)
    rows = [
        (
            "found",
            f"{len(one.verdict.leaks)} of {len(one.verdict.cuts)} cuts show in forecasts up to {back:,} bars before",
        ),
        ("first", f"{where} is {then}"),
    ]
    return rows if cause is None else [*rows, ("likely", cause.text), ("fix", cause.fix)]


def _fields(one: Checked, kept: Path | None) -> dict[str, Any]:
    verdict, bars = one.verdict, one.bars
    fitted = verdict.fitted_until
    return {
        "strategy": one.strategy,
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
