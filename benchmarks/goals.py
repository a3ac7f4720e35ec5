"""The bars to reach, each compared with what was measured in the same run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contest import Measure
    from steps import Step
    from whole import Process

CUTS_MIN = 100  # Each rule must cut so often, or its cost is not that of a rule that binds.


class Goal(NamedTuple):
    """A bar, what was found, and whether more or less of it is better.

    Attributes:
        key: Under which benchmarks/README.md and `TRIED` speak of it.
        text: What the page calls it.
        found: In `unit`.
        limit: Likewise.
        unit: `x` for a ratio, `bars/s`, `s`, `ms` or `us`.
        at_least: Whether the limit is a lower one.
    """

    key: str
    text: str
    found: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is reached; what was not measured is not."""
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    @property
    def verdict(self) -> str:
        """In words, with by how much it is missed.

        >>> Goal("", "", 0.45, 0.3, "x").verdict, Goal("", "", 50.0, 40.0, "bars/s", at_least=True).verdict
        ('misses by a factor of 1.5', 'holds')
        """
        if self.holds:
            return "holds"
        if math.isnan(self.found):
            return "not measured"
        return f"misses by a factor of {max(self.found / self.limit, self.limit / self.found):.2g}"


def goals(measures: Sequence[Measure], processes: Sequence[Process], steps: Sequence[Step] = ()) -> Iterator[Goal]:
    """Yield every bar."""
    seconds = {measure.entry.label: measure.seconds for measure in measures}
    rate = {measure.entry.label: measure.rate for measure in measures if measure.seconds > 0.0}
    clock = {process.label: process.seconds for process in processes}

    def ratio(ours: str, theirs: str) -> float:
        return seconds.get(ours, math.nan) / seconds.get(theirs, math.nan)

    def faster(theirs: str) -> float:
        return rate.get("ours, 8 rules", math.nan) / rate.get(theirs, math.nan)

    yield Goal(
        "crossover", "crossover, no rules, over raptorbt's time", ratio("ours, no rules", "raptorbt"), 0.3, "x"
    )
    mission = ratio("ours, mission's rules", "raptorbt")
    yield Goal("mission", "crossover, mission's rules, over raptorbt's time", mission, 0.7, "x")
    bars = rate.get("ours, 8 rules", math.nan)
    yield Goal("rules", "8 rules in the loop, one core", bars, 40e6, "bars/s", at_least=True)
    written, python = faster("vectorbt, 8 rules by hand"), faster("raptorbt, 8 rules in its class")
    yield Goal("by-hand", "8 rules: our rate over vectorbt's, written by hand", written, 11.0, "x", at_least=True)
    yield Goal("class", "8 rules: our rate over raptorbt's class", python, 100.0, "x", at_least=True)
    portfolio = ratio("ours, mission's rules and correlation", "vectorbt + Rust, portfolio")
    yield Goal("momentum", "500 assets, over vectorbt's time with Rust", portfolio, 0.1, "x")
    warm = clock.get("tradewright backtest, caches warm", math.nan)
    yield Goal("warm", "tradewright backtest, caches warm", warm, 1.0, "s")
    first = clock.get("tradewright backtest, first call, compiling included", math.nan)
    yield Goal("first", "tradewright backtest, the first call ever", first, 25.0, "s")
    for step in steps:
        yield Goal(step.key, f"agent: {step.text}", step.found, step.limit, step.unit)


def faults(measures: Sequence[Measure]) -> Iterator[str]:
    """Yield what makes a timing worthless: ours stopped trading, or a rule of ours hardly cut."""
    for measure in measures:
        who = measure.entry.label
        if measure.reason or measure.entry.who != "tradewright":
            continue
        if not measure.traded_to_the_end:
            yield f"{who}: the last fill is on bar {measure.last_fill} of {measure.bars}, not in the last 1 %"
        for rule, cuts in measure.cuts:
            if cuts < CUTS_MIN:
                yield f"{who}: {rule} cut {cuts} times, fewer than {CUTS_MIN}: its limit does not bind"
