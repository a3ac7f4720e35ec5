"""`tradewright backtest --run ID`: play a saved run again, and say whether it is the same or what has changed.

saved run -> the same settings, range and seed -> run -> versions, data, trace and figures, then and now
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import attrs
import click

from tradewright.cli.inventory import take_inventory
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.cli.progress import progress_bar
from tradewright.config import restore
from tradewright.errors import CheckError, TradewrightError
from tradewright.host.plugins import Plugins
from tradewright.reports.tree.form import printed, read
from tradewright.sentence.provenance import trace_hashes, versions
from tradewright.workspace.private import rules_folder
from tradewright.workspace.runs import RunStore, Ticket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tradewright.backtest import Backtest, Request
    from tradewright.reports.tree.report import Feed
    from tradewright.workspace.runs import Run, Saved

Kind = Literal["version", "code", "data", "trace", "figure", "error"]

COMPUTED = (
    "status",
    "period",
    "capital",
    "net",
    "gross",
    "benchmarks",
    "costs",
    "rules",
    "halts",
    "until_halt",
    "without_limits",
)
"""The parts of a report that follow from settings, data and code alone."""

FIGURES_SHOWN_MAX = 8
_DIGITS_SHOWN = 12


@attrs.frozen(kw_only=True)
class Difference:
    """One thing that is not as it was.

    Attributes:
        kind: `version` and `code` of what computed, `data` that went in, `trace` and `figure` that came out, or the
            `error` that kept anything from coming out.
        name: Which one.
        then: In the saved run, None when it was not there.
        now: In this one, likewise.
    """

    kind: Kind
    name: str
    then: Any
    now: Any

    @property
    def of_result(self) -> bool:
        """Whether the run is another one; versions alone explain and do not matter when the result is the same."""
        return self.kind not in {"version", "code"}


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
        yield from _compared_versions({**then.versions, "plugins": {}, "code": now["code"]}, now)
        yield _failure(error)
        return
    ran: Backtest | None = None
    failure = None
    try:
        with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
            ran = run(settings, plugins, _request(saved), rules_folder(os.environ), progress)
    except TradewrightError as error:
        failure = error
    now = versions(plugins, None if ran is None else ran.engine)
    yield from _compared_versions(then.versions, now)
    if failure is not None:
        yield _failure(failure)
    if ran is None:
        return
    again = report(summarise(ran), Ticket(run_id=saved.run_id, trials=None), now)
    yield from _compared_data(read(saved.report).data, again.data)
    yield from _compared_trace(then, trace_hashes(ran.trace))
    # As JSON, so that both have been written and read once; as it was kept, because only that was computed then.
    yield from _compared_figures(saved.report, json.loads(json.dumps(printed(again))))


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


# ---- comparing -------------------------------------------------------------------------------------------


def _failure(error: TradewrightError) -> Difference:
    return Difference(kind="error", name=type(error).__name__, then=None, now=str(error))


def _compared_versions(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*then, *now]):
        if name == "code":
            # Runs of older versions did not note it.
            was = then.get("code") or now["code"]
            yield from _unequal("code", was, now["code"])
        elif name == "plugins":
            yield from _unequal("version", then.get("plugins", {}), now["plugins"])
        elif name == "rules":
            if now["rules"] is not None:
                yield from _unequal(
                    "code", {"engine, rules, processor": then["rules"]}, {"engine, rules, processor": now["rules"]}
                )
        else:
            yield from _unequal("version", {name: then.get(name)}, {name: now.get(name)})


def _compared_data(then: Sequence[Feed], now: Sequence[Feed]) -> Iterator[Difference]:
    rows = {feed.name: feed for feed in now}
    for feed in then:
        before, after = (printed(one) for one in (feed, rows[feed.name]))
        for word in ("fingerprint", "bars", "first_on", "last_on"):
            if before[word] != after[word]:
                yield Difference(kind="data", name=f"{feed.name} {word}", then=before[word], now=after[word])


def _compared_trace(then: Run, now: dict[str, str]) -> Iterator[Difference]:
    if then.trace is not None:
        # Runs of older versions did not note every part.
        yield from _unequal("trace", then.trace, {part: now.get(part) for part in then.trace})


def _compared_figures(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    """Compare what both reports say; a newer version may say more."""
    before, after = (dict(_leaves({part: one[part] for part in COMPUTED if part in one})) for one in (then, now))
    for name in before:
        if name in after and before[name] != after[name]:
            yield Difference(kind="figure", name=name, then=before[name], now=after[name])


def _unequal(kind: Kind, then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*then, *now]):
        if then.get(name) != now.get(name):
            yield Difference(kind=kind, name=name, then=then.get(name), now=now.get(name))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its dotted name."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        # A list that grew or shrank has no element that stands for another.
        items = [("count", len(value)), *enumerate(value)]
    else:
        yield name, value
        return
    for key, inner in items:
        yield from _leaves(inner, f"{name}.{key}" if name else str(key))


# ---- saying it -------------------------------------------------------------------------------------------


def _echo(saved: Saved, found: list[Difference], *, reproduced: bool) -> None:
    report = read(saved.report)
    click.echo(
        f"Run {saved.run_id} of {saved.run.at:%Y-%m-%d %H:%M} UTC: {', '.join(report.books)} on"
        f" {', '.join(report.symbols)}, {report.period.first_on} to {report.period.last_on}\n"
    )
    for line in _verdict(saved, found, reproduced=reproduced):
        click.echo(printable(line))
    figures = [one for one in found if one.kind == "figure"]
    shown = [one for one in found if one.kind != "figure"] + figures[:FIGURES_SHOWN_MAX]
    rows = [(one.kind, one.name, _short(one.then), _short(one.now)) for one in shown if one.kind != "error"]
    if rows:
        click.echo()
        echo_table(("what", "which", "then", "now"), rows)
    if len(figures) > FIGURES_SHOWN_MAX:
        click.echo(f"\n{len(figures) - FIGURES_SHOWN_MAX} more figures differ; --json lists them.")


def _verdict(saved: Saved, found: list[Difference], *, reproduced: bool) -> Iterator[str]:
    kinds = {one.kind for one in found}
    if reproduced and saved.run.trace is None:
        yield "Reproduced: every figure is the same. Curve and fills were not recorded then, so only figures count."
    elif reproduced:
        yield "Reproduced bit for bit." if not found else "Reproduced bit for bit, although not by the same:"
    elif "error" in kinds:
        yield "Not reproduced, because it does not run any more:"
        yield from (f"  {one.now}" for one in found if one.kind == "error")
    elif kinds == {"data"}:
        yield "The result is the same bit for bit, but of other data:"
    elif kinds & {"data", "version", "code"}:
        yield "Not reproduced. This has changed since:"
    else:
        yield "Not reproduced, although no version, code or data has changed that is recorded."
        yield "Something else went in: another machine, a file that a plugin reads, the time, or random numbers."


def _short(value: Any) -> str:
    """Write a hash by its first digits, and what is not there as a dash."""
    text = "-" if value is None else str(value)
    return text[:_DIGITS_SHOWN] if len(text) in {32, 64} and set(text) <= set("0123456789abcdef") else text
