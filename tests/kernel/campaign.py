"""Drive the engine and its twin over many random draws and count what they met.

Run as `python tests/kernel/campaign.py --examples 10000 --seed 1`.  Exits 9 when the two disagree, when more than 1 %
of the draws had to be excused, or when a feature occurred in 2 % or less of the draws that could show it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from twin_books import BY_STOP, GRANTED, HALTED, LIFTED
from twin_comparison import Outcome, play
from twin_draws import FLAGS, RULE_SETS, Draw, draws

RARE = 0.02
EXCUSED_MAX = 0.01
SHOWN_MAX = 3
CHECK_FAILED = 9

Test = Callable[[Outcome], bool]
ANY: Test = lambda outcome: True  # noqa: E731  # it stands in a table of such functions


def ruled(outcome: Outcome) -> bool:
    return bool(outcome.case.rules)


def bound(name: str) -> Test:
    def test(outcome: Outcome) -> bool:
        twin = outcome.twin
        ordered = [*twin.book_rules, *twin.asset_rules, *twin.sided_rules]
        return any(rule.name == name and cut.cuts for rule, cut in zip(ordered, twin.counters, strict=True))

    return test


def happened(kind: int) -> Test:
    return lambda outcome: any(event.kind == kind for event in outcome.twin.events)


def shorted(outcome: Outcome) -> bool:
    held: Counter[tuple[int, int]] = Counter()
    for fill in outcome.twin.fills:
        held[fill.book, fill.asset] += fill.quantity  # type: ignore[assignment]  # a Counter may count fractions
        if held[fill.book, fill.asset] < -0.5:
            return True
    return False


def missed(outcome: Outcome) -> bool:
    """Tell whether an asset stopped trading for a bar after it had begun."""
    columns = zip(*outcome.case.traded, strict=True)
    return any(False in column[column.index(True) :] for column in columns if True in column)


FEATURES: dict[str, tuple[Test, Test]] = {
    **{f"bound {kind.name}": (ruled, bound(kind.name)) for kind in RULE_SETS["all"]},
    "halted": (ruled, happened(HALTED)),
    "lifted": (lambda o: ruled(o) and o.draw.resume, happened(LIFTED)),
    "stepped capital": (lambda o: o.draw.grants, happened(GRANTED)),
    "shorted": (lambda o: o.draw.shorts, shorted),
    "missed bars": (lambda o: o.draw.missing, missed),
    "several books": (ANY, lambda o: o.draw.n_books > 1),
    "stop fired": (ruled, lambda o: any(fill.reason == BY_STOP for fill in o.twin.fills)),
    "cut by cash": (ANY, lambda o: o.twin.tally.cash_cuts > 0),
    "cut by participation": (lambda o: o.draw.volume, lambda o: o.twin.tally.participation_cuts > 0),
    "order expired": (lambda o: o.draw.missing, lambda o: o.twin.tally.expired > 0),
    "struck": (lambda o: o.draw.strikes, lambda o: o.twin.tally.strikes > 0),
    "verify failed": (ruled, lambda o: o.twin.tally.verify_failures > 0),
}


class Campaign:
    """The counts of one campaign, and the draws that nothing excuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.examples = 0
        self.possible: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.excused: list[Outcome] = []
        self.unexplained: list[Outcome] = []

    def add(self, draw: Draw) -> None:
        outcome = play(draw, self.folder)
        self.examples += 1
        for name, (possible, occurred) in FEATURES.items():
            self.possible[name] += possible(outcome)
            self.seen[name] += occurred(outcome)
        if outcome.difference is not None:
            (self.excused if outcome.excused else self.unexplained).append(outcome)

    def rare(self) -> list[str]:
        """Return the features that too few of the draws that could show them did show."""
        return [name for name in FEATURES if not self.seen[name] > RARE * self.possible[name]]

    def failed(self) -> bool:
        return bool(self.unexplained or self.rare() or len(self.excused) > EXCUSED_MAX * self.examples)

    def report(self) -> Iterator[str]:
        yield f"{self.examples:7,} examples"
        for name in FEATURES:
            seen, possible = self.seen[name], self.possible[name]
            warning = "  TOO RARE" if name in self.rare() else ""
            yield f"{seen:7,} {name:24} {seen / max(possible, 1):6.1%} of {possible:,} that could{warning}"
        yield f"{len(self.excused):7,} excused: the first difference lies within 1e-12 of a limit"
        for outcome in self.excused[:SHOWN_MAX]:
            yield f"        {outcome.draw!r}\n        {outcome.difference}"
        yield f"{len(self.unexplained):7,} unexplained divergences"
        for outcome in self.unexplained[:SHOWN_MAX]:
            least = minimal(outcome, self.folder)
            yield f"        {least.draw!r}\n        {least.difference}"


def smaller(outcome: Outcome) -> Iterator[Draw]:
    """Yield draws that are a little simpler."""
    draw, difference = outcome.draw, outcome.difference
    if difference is not None and difference.bar + 2 < draw.n_bars:
        yield replace(draw, n_bars=difference.bar + 2)
    for name in ("n_books", "n_assets", "bars_per_session"):
        if getattr(draw, name) > 1:
            yield replace(draw, **{name: getattr(draw, name) - 1})
    for name in FLAGS:
        absent: dict[str, Any] = {name: False}
        if getattr(draw, name):
            yield replace(draw, **absent)


def minimal(outcome: Outcome, folder: Path) -> Outcome:
    """Simplify a draw for as long as the two still disagree without an excuse."""
    for draw in smaller(outcome):
        tried = play(draw, folder)
        if tried.difference is not None and not tried.excused:
            return minimal(tried, folder)
    return outcome


def run(examples: int, number: int, folder: Path) -> Campaign:
    """Play `examples` draws, reproducible from the seed `number`."""
    campaign = Campaign(folder)

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(draws())
    def drive(draw: Draw) -> None:
        campaign.add(draw)

    drive()
    return campaign


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1000, help="how many draws (1000)")
    parser.add_argument("--seed", type=int, default=1, help="where the draws begin (1)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tradewright-campaign-") as folder:
        campaign = run(asked.examples, asked.seed, Path(folder))
        sys.stdout.writelines(f"{line}\n" for line in campaign.report())
    return CHECK_FAILED if campaign.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
