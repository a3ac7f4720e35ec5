"""What `make bench` prints, and the page it writes."""

from __future__ import annotations

import math
import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chart import chart
from peers import PEERS
from tried import TRIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contest import Measure, Scale
    from goals import Goal
    from steps import Step, Steps
    from whole import Process


class Result(NamedTuple):
    """Everything that one run of the benchmarks found."""

    measures: tuple[Measure, ...]
    processes: tuple[Process, ...]
    scaling: tuple[Scale, ...]
    live: Steps
    goals: tuple[Goal, ...]
    faults: tuple[str, ...]


def table(result: Result) -> str:
    """Return the plain table."""
    lines = [row for measure in result.measures for row in plain(measure)]
    lines += [f"{one.label:<52} {clock(one)}" for one in result.processes]
    lines += [f"{f'agent: {one.text}':<52} {amount(one.found, one.unit):>14}" for one in result.live.steps]
    lines += [f"{goal.text:<52} {amount(goal.found, goal.unit):>14}  {goal.verdict}" for goal in result.goals]
    return "\n".join(lines)


def plain(measure: Measure) -> Iterator[str]:
    """Yield a line with the numbers, and one with the cuts of the rules."""
    if measure.reason:
        yield f"{measure.entry.label:<40} not measured: {measure.reason}"
        return
    both = "" if math.isnan(measure.rate_on_both) else f"  both cores {measure.rate_on_both / 1e6:.3g}M bars/s"
    yield (
        f"{measure.entry.label:<40} {measure.seconds:>9.4f} s  {measure.bars:>9,} bars  {rate(measure):>14}"
        f"  {measure.fills:>6} fills, last on bar {measure.last_fill:>7}{both}"
    )
    if measure.cuts:
        yield "    cuts: " + ", ".join(f"{rule} {count}" for rule, count in measure.cuts)


def rate(measure: Measure) -> str:
    """Return bars per second as one reads them."""
    return f"{measure.rate / 1e6:.3g}M bars/s"


def clock(process: Process) -> str:
    """Return the seconds of a process, or why there are none."""
    return f"not measured: {process.reason}" if process.reason else f"{process.seconds:.2f} s"


def amount(found: float, unit: str) -> str:
    """Return a number with its unit.

    >>> amount(41_200_000.0, "bars/s"), amount(0.28, "x"), amount(1.31, "s"), amount(7.25, "us")
    ('41.2M bars/s', '0.28', '1.31 s', '7.2 us')
    """
    if unit in {"us", "ms"}:
        return f"{found:.1f} {unit}"
    if unit == "bars/s":
        return f"{found / 1e6:.3g}M bars/s"
    return f"{found:.3g}" if unit == "x" else f"{found:.2f} s"


def write(result: Result, target: Path) -> None:
    """Write the page, and its pictures into `images/` beside it."""
    images = target.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for scale in result.scaling:
        # A logarithmic axis has no 0: no rule at all is left out.
        drawn = [(float(point.count), point.seconds) for point in scale.points if point.count]
        picture = chart(f"The loop, by number of {scale.name}", scale.name, "seconds", {"ours": drawn})
        (images / f"benchmark-{scale.name}.svg").write_text(picture, encoding="utf-8")
    target.write_text("\n".join(lines(result)) + "\n", encoding="utf-8")


def lines(result: Result) -> Iterator[str]:
    """Yield the page."""
    yield from (
        "# Benchmarks",
        "",
        "Written by `make bench`; what each contestant was asked stands in `benchmarks/README.md`. Times are",
        "processor time on one core, best of up to 15 runs after a first one that may compile, in each of two",
        "sittings minutes apart; whole processes are in seconds of the clock. Ours runs with the mission's rules",
        "where the table says so, the others without.",
        "",
        *machine(),
        "",
        "## The bars to reach",
        "",
        "| bar | wanted | found | |",
        "|---|---|---|---|",
    )
    for goal in result.goals:
        wanted = f"{'at least' if goal.at_least else 'at most'} {amount(goal.limit, goal.unit)}"
        yield f"| {goal.text} | {wanted} | {amount(goal.found, goal.unit)} | {goal.verdict} |"
    yield from ("", "## What was measured", "")
    yield "| contestant | seconds | bars | rate, one core | rate, both cores | fills | last fill on bar |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    yield from (row(measure) for measure in result.measures)
    yield from ("", "How often each rule cut in these runs:", "")
    yield from (
        f"- {measure.entry.label}: " + ", ".join(f"{rule} {count:,}" for rule, count in measure.cuts)
        for measure in result.measures
        if measure.cuts
    )
    yield from ("", "Whole processes:", "", "| process | |", "|---|---:|")
    yield from (f"| {one.label} | {clock(one)} |" for one in result.processes)
    yield ""
    yield from bar_by_bar(result.live)
    yield from costs(result.scaling)
    yield from losses(result)


def machine() -> Iterator[str]:
    """Yield what it was measured on."""
    peers = ", ".join(peer_versions())
    yield f"- {datetime.now(UTC):%Y-%m-%d}, {processor()}, {os.cpu_count()} cores, {platform.system()}"
    yield f"- Python {platform.python_version()}, numpy {version('numpy')}, numba {version('numba')}"
    yield f"- {peers}"


def processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8")) if info.is_file() else None
    return found.group(1).strip() if found else platform.machine()


def peer_versions() -> Iterator[str]:
    """Yield each peer as its requirements pin it."""
    for file in sorted(PEERS.glob("*/requirements.txt")):
        yield file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").partition(" and ")[0]


def row(measure: Measure) -> str:
    """Return the line of one contestant."""
    if measure.reason:
        return f"| {measure.entry.label} | not measured: {measure.reason} | | | | | |"
    both = "" if math.isnan(measure.rate_on_both) else f"{measure.rate_on_both / 1e6:.3g}M bars/s"
    return (
        f"| {measure.entry.label} | {measure.seconds:.4f} | {measure.bars:,} | {rate(measure)} | {both}"
        f" | {measure.fills:,} | {measure.last_fill:,} |"
    )


def bar_by_bar(live: Steps) -> Iterator[str]:
    """Yield what the agent takes, step by step."""
    yield from (
        "## Bar by bar",
        "",
        "What `tradewright run` takes that a backtest does not: five assets on quarter-hour bars; the rules, checks,",
        "signal and optimizer of `plugins.toml`. Processor time on one core, best of many. A day is the mean of ten",
        f"with {live.orders:.1f} orders beside their stops; what happens is hashed into a ledger, entry by entry.",
        "",
        "| step | what is timed | wanted | found |",
        "|---|---|---:|---:|",
    )
    yield from (bar_by_bar_row(step) for step in live.steps)
    yield ""


def bar_by_bar_row(step: Step) -> str:
    """Return the line of one step."""
    wanted, found = amount(step.limit, step.unit), amount(step.found, step.unit)
    return f"| {step.text} | {step.what} | at most {wanted} | {found} |"


def costs(scales: Sequence[Scale]) -> Iterator[str]:
    """Yield what one more bar, asset and rule costs, with the pictures."""
    yield from ("## What one more costs", "")
    for scale in scales:
        yield f"![Seconds of the loop by number of {scale.name}](images/benchmark-{scale.name}.svg)"
        yield ""
        yield f"| {scale.name} | seconds | ns per {scale.unit} |"
        yield "|---:|---:|---:|"
        for point in scale.points:
            each = "" if point.ns is None else f"{point.ns:.1f}"
            yield f"| {point.count:,} | {point.seconds:.5f} | {each} |"
        yield ""


def losses(result: Result) -> Sequence[str]:
    """Return where a peer is faster or a bar is missed, and what was tried."""
    found = [f"- {goal.text}: {goal.verdict}. {TRIED.get(goal.key, '')}" for goal in result.goals if not goal.holds]
    found += [f"- {fault}" for fault in result.faults]
    for mine in result.measures:
        if mine.entry.who != "tradewright":
            continue
        found += [
            f"- {other.entry.label} ({other.seconds:.3f} s) is faster than {mine.entry.label} ({mine.seconds:.3f} s)."
            for other in result.measures
            if other.entry.who != "tradewright"
            and (other.entry.kind, other.bars) == (mine.entry.kind, mine.bars)
            and other.seconds < mine.seconds
        ]
    return ["## Where we lose", "", *(found or ["Nowhere in this run."])]
