"""Measure this engine beside its peers, print the table and write docs/reference/benchmarks.md: `make bench`.

`--quick` plays tiny sizes of our own workloads alone, and judges no time: a test runs it, so that this cannot rot.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
from contest import OURS, Entry, Measure, Point, Scale, Sizes, Stand, best
from goals import faults, goals
from page import Result, table, write
from peers import HERE
from steps import FULL as ALL_STEPS
from steps import QUICK as FEW_STEPS
from steps import steps
from whole import ours, theirs

CHECK_FAILED = 9  # The exit code of every check of this project that fails.
QUICK = Sizes(bars=2_000, days=120, assets=6, bars_per_session=13)

CROSSOVER = (
    Entry(OURS, "ours, no rules", "crossover", "intraday", both=True),
    Entry(OURS, "ours, mission's rules", "crossover-mission", "intraday", both=True),
    Entry("raptorbt", "raptorbt", "crossover", "intraday", both=True),
    Entry("vectorbt", "vectorbt + Rust, equity alone", "equity-rust", "intraday", both=True),
    Entry("vectorbt", "vectorbt + Rust", "crossover-rust", "intraday"),
    Entry("vectorbt", "vectorbt, equity alone", "equity", "intraday"),
    Entry("vectorbt", "vectorbt", "crossover", "intraday"),
    Entry("backtesting", "backtesting.py", "crossover", "some"),
    Entry("nautilus", "nautilus_trader", "crossover", "some"),
    Entry("bt", "bt", "crossover", "few"),
    Entry("backtrader", "backtrader", "crossover", "few"),
    Entry("zipline", "zipline-reloaded", "crossover", "daily"),
)
RULES = (
    Entry(OURS, "ours, 8 rules", "rules", "intraday", both=True, kind="rules"),
    Entry("vectorbt", "vectorbt, 8 rules by hand", "rules", "intraday", both=True, kind="rules"),
    Entry("raptorbt", "raptorbt, 8 rules in its class", "rules", "some", kind="rules"),
    Entry("nautilus", "nautilus_trader, 8 rules in a strategy", "rules", "some", kind="rules"),
)
MOMENTUM = (
    Entry(OURS, "ours, no rules, portfolio", "momentum-plain", "universe", kind="portfolio"),
    Entry(OURS, "ours, mission's rules and correlation", "momentum", "universe", kind="portfolio"),
    Entry(OURS, "ours, mission's rules, portfolio", "momentum-mission", "universe", kind="portfolio"),
    Entry("vectorbt", "vectorbt + Rust, portfolio", "momentum-rust", "universe", kind="portfolio"),
    Entry("vectorbt", "vectorbt, portfolio", "momentum", "universe", kind="portfolio"),
    Entry("raptorbt", "raptorbt, portfolio", "momentum", "universe", kind="portfolio"),
)
SITTINGS = 2  # A neighbour on the same processor slows a contestant down for a minute, and then another one.
BARS, ASSETS, RULE_COUNTS = (1_000, 10_000, 100_000, 1_000_000), (1, 10, 100, 500), (0, 1, 2, 4, 8)


@click.command()
@click.option("--quick", is_flag=True, help="Tiny sizes, no peers, no judgement of time.")
@click.option("--page", "page_file", type=click.Path(path_type=Path), help="Where the page goes; pictures beside it.")
def main(page_file: Path | None, *, quick: bool) -> None:
    """Measure, print, write, and exit with CHECK_FAILED when a bar is missed or a timing is worthless."""
    target = page_file or HERE.parent / "docs" / "reference" / "benchmarks.md"
    with tempfile.TemporaryDirectory() as folder:
        result = quick_result(Path(folder)) if quick else full_result(Path(folder))
    click.echo(table(result))
    write(result, target)
    if quick:
        sys.exit(0 if all(one.fills > 0 for one in result.measures) else CHECK_FAILED)
    for fault in result.faults:
        click.echo(f"worthless: {fault}", err=True)
    sys.exit(0 if not result.faults and all(goal.holds for goal in result.goals) else CHECK_FAILED)


def full_result(folder: Path) -> Result:
    """Measure everything."""
    stand = Stand(folder, Sizes())
    entries = (*CROSSOVER, *RULES, *MOMENTUM)
    sittings = [[tell(stand.measure(entry)) for entry in entries] for _ in range(SITTINGS)]
    measures = [best(found) for found in zip(*sittings, strict=True)]
    work = folder / "workspace"
    work.mkdir()
    processes = [*ours(work), *theirs(stand, folder / "result.json")]
    live = steps(folder, ALL_STEPS)
    reached = tuple(goals(measures, processes, live.steps))
    return Result(tuple(measures), tuple(processes), scaling(stand), live, reached, tuple(faults(measures)))


def quick_result(folder: Path) -> Result:
    """Play our own workloads in tiny sizes."""
    stand = Stand(folder, QUICK, once=True)
    entries = [entry for entry in (*CROSSOVER, *RULES, *MOMENTUM) if entry.who == OURS]
    measures = tuple(stand.measure(entry._replace(both=False)) for entry in entries)
    scales = scaling(stand, bars=(500,), assets=(4,), rules=(0, 8))
    return Result(measures, (), scales, steps(folder, FEW_STEPS), (), ())


def scaling(
    stand: Stand,
    bars: tuple[int, ...] = BARS,
    assets: tuple[int, ...] = ASSETS,
    rules: tuple[int, ...] = RULE_COUNTS,
) -> tuple[Scale, ...]:
    """Return what our loop costs by number of bars and of assets, with the mission's rules, and of foreign rules."""

    def measured(workload: str, source: str, **more: int) -> Measure:
        return stand.measure(Entry(OURS, f"{workload} {source}", workload, source), **more)

    by_bars = [(n, measured("loop", f"bars:{n}")) for n in bars]
    by_assets = [(n, measured("assets", f"assets:{n}")) for n in assets]
    by_rules = [(n, measured("some-rules", "intraday", n_rules=n)) for n in rules]
    bare = by_rules[0][1].seconds
    return (
        Scale("bars", "bar", tuple(Point(n, one.seconds, one.seconds / n * 1e9) for n, one in by_bars)),
        Scale(
            "assets",
            "bar and asset",
            tuple(Point(n, one.seconds, one.seconds / (n * one.bars) * 1e9) for n, one in by_assets),
        ),
        Scale(
            "rules",
            "bar and rule",
            tuple(
                Point(n, one.seconds, (one.seconds - bare) / (n * one.bars) * 1e9 if n else None)
                for n, one in by_rules
            ),
        ),
    )


def tell(measure: Measure) -> Measure:
    """Say what has been measured while the rest is still to come."""
    entry = measure.entry
    click.echo(f"{entry.label}: {measure.reason or f'{measure.seconds:.4f} s'}", err=True)
    return measure


if __name__ == "__main__":
    main()
