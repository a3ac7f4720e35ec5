"""Drive the engine and its twin over many random draws and count what they met.

Run as `python tests/kernel/campaign.py --examples 10000 --seed 1`.  Exits 9 when the two disagree, when more than 1 %
of the draws had to be excused, or when a feature occurred in 2 % or less of the draws that could show it.

The checks finite, session and halt have no line: a backtest never releases an order that they refuse, because
decisions stop it first.  `test_engine_twin_checks.py` asks them alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from twin_case import BY_STOP, GRANTED, HALTED, LIFTED
from twin_comparison import Outcome, play
from twin_draws import FLAGS, Draw, draws
from twin_features import KNOWN_PAIRS_MIN, USUAL
from twin_options import FAR, MISSION, OPTIONAL, SETS

PARTS = 20  # Each has a seed of its own, so that the number of processors changes nothing.
RARE = 0.02
EXCUSED_MAX = 0.01
SHOWN_MAX = 3
CHECK_FAILED = 9

Test = Callable[[Outcome], bool]
ANY: Test = lambda outcome: True  # noqa: E731  # it stands in a table of such functions


def ruled(outcome: Outcome) -> bool:
    return bool(outcome.case.rules)


def checked(outcome: Outcome) -> bool:
    return bool(outcome.case.checks)


def has(name: str, **wrong: object) -> Test:
    """Return a test for a rule or check whose options are none of the wrong ones."""

    def test(outcome: Outcome) -> bool:
        parts = [part for part in (*outcome.case.rules, *outcome.case.checks) if part.name == name]
        return any(all(getattr(part, option) != value for option, value in wrong.items()) for part in parts)

    return test


def both(*tests: Test) -> Test:
    return lambda outcome: all(test(outcome) for test in tests)


def bound(name: str) -> Test:
    def test(outcome: Outcome) -> bool:
        twin = outcome.twin
        ordered = [*twin.book_rules, *twin.asset_rules, *twin.sided_rules, *outcome.case.checks]
        return any(part.name == name and cut.cuts for part, cut in zip(ordered, twin.counters, strict=True))

    return test


def broke(option: str) -> Test:
    """Return a test for a halt of the circuit breaker by its move or its spike."""

    def test(outcome: Outcome) -> bool:
        rules = outcome.twin.book_rules
        halts = [event for event in outcome.twin.events if event.kind == HALTED]
        limits = [event.limit for event in halts if rules[event.rule].name == "circuit-breaker"]
        return any(getattr(rule, option) in limits for rule in rules if rule.name == "circuit-breaker")

    return test


def met(what: str) -> Test:
    return lambda outcome: what in outcome.twin.met


def exactly(what: str) -> Test:
    return lambda outcome: what in outcome.twin.watch.exact


def correlated(outcome: Outcome) -> bool:
    """Tell whether the correlation of two assets was ever known."""
    matrices = outcome.twin.history.matrices.values()
    return any(matrix[0][1] == matrix[0][1] for matrix in matrices)


def flag(*names: str) -> Test:
    return lambda outcome: all(getattr(outcome.draw, name) for name in names)


def within(outcome: Outcome) -> bool:
    return outcome.draw.limits and not outcome.case.at_close


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


def long(bars: int) -> Test:
    return lambda outcome: outcome.draw.n_bars > bars


WITH_VOLUME = ("liquidity-floor", "volume-share")
ROUND = flag("round_numbers")
FEATURES: dict[str, tuple[Test, Test]] = {
    **{f"bound {kind.name}": (has(kind.name), bound(kind.name)) for kind in MISSION},
    **{
        f"bound {kind.name}": (
            both(has(kind.name), flag("volume") if kind.name in WITH_VOLUME else ANY),
            bound(kind.name),
        )
        for kind in OPTIONAL
    },
    "breaker by move": (has("circuit-breaker"), broke("move")),
    "breaker by spike": (both(has("circuit-breaker"), long(USUAL)), broke("spike")),
    "correlations known": (
        lambda o: has("correlation-limit")(o) and o.draw.n_assets > 1 and o.twin.session_number > KNOWN_PAIRS_MIN,
        correlated,
    ),
    "bound buying-power": (has("buying-power"), bound("buying-power")),
    "bound price-collar": (has("price-collar"), bound("price-collar")),
    "bound order-value": (has("order-value", limit=FAR), bound("order-value")),
    "bound order-quantity": (has("order-quantity", limit=FAR), bound("order-quantity")),
    "bound volume-share": (both(has("volume-share"), flag("volume"), long(21)), bound("volume-share")),
    "bound restricted-list": (has("restricted-list", assets=()), bound("restricted-list")),
    "exactly price-collar": (both(has("price-collar"), ROUND), exactly("price-collar")),
    "exactly order-value": (both(has("order-value", limit=FAR), ROUND), exactly("order-value")),
    "exactly order-quantity": (both(has("order-quantity", limit=FAR), ROUND), exactly("order-quantity")),
    "limit at open or close": (flag("limits"), met("limit at the open or close")),
    "limit within the bar": (within, met("limit within the bar")),
    "limit beyond the stop": (both(within, ruled), met("limit beyond the stop")),
    "limit expired": (flag("limits"), met("limit expired")),
    "exactly at limit, open": (both(flag("limits"), ROUND), exactly("limit price")),
    "exactly at limit, within": (both(within, ROUND), exactly("limit within")),
    "split": (flag("splits"), met("split")),
    "split paid a fraction": (lambda o: o.draw.splits and not o.draw.fractional, met("fraction paid out")),
    "lots beyond 64 bits": (flag("coins"), met("more lots than 64 bits count")),
    "ticks beyond 64 bits": (flag("coins", "ticks"), met("more ticks than 64 bits count")),
    "dividend to a long": (flag("dividends"), met("dividend to a long")),
    "dividend by a short": (flag("dividends", "shorts"), met("dividend by a short")),
    "stop lowered": (both(flag("dividends"), ruled), met("stop lowered by a dividend")),
    "halted": (ruled, happened(HALTED)),
    "lifted": (lambda o: ruled(o) and o.draw.resume, happened(LIFTED)),
    "stepped capital": (lambda o: o.draw.grants, happened(GRANTED)),
    "shorted": (lambda o: o.draw.shorts, shorted),
    "missed bars": (lambda o: o.draw.missing, missed),
    "several books": (ANY, lambda o: o.draw.n_books > 1),
    "stop fired": (ruled, lambda o: any(fill.reason == BY_STOP for fill in o.twin.fills)),
    "cut by cash": (lambda o: not checked(o), lambda o: o.twin.tally.cash_cuts > 0),
    "cut by participation": (lambda o: o.draw.volume, lambda o: o.twin.tally.participation_cuts > 0),
    "delisted while held": (flag("delisted"), met("delisted while held")),
    "order of a delisted asset": (flag("delisted"), met("order of a delisted asset")),
    "decision stood": (lambda o: o.draw.missing and o.draw.sparse, met("decision stood")),
    "struck": (lambda o: o.draw.breaches, lambda o: o.twin.tally.breaches > 0),
    "verify failed": (ruled, lambda o: o.twin.tally.verify_failures > 0),
}


class Campaign:
    """The counts of one campaign, and the draws that nothing excuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.examples = 0
        self.possible: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.excused: list[Draw] = []
        self.unexplained: list[Draw] = []

    def add(self, draw: Draw) -> None:
        outcome = play(draw, self.folder)
        self.examples += 1
        for name, (possible, occurred) in FEATURES.items():
            if possible(outcome):
                self.possible[name] += 1
                self.seen[name] += occurred(outcome)
        if outcome.difference is not None:
            (self.excused if outcome.excused else self.unexplained).append(draw)

    def join(self, other: Campaign) -> None:
        self.examples += other.examples
        self.possible.update(other.possible)
        self.seen.update(other.seen)
        self.excused += other.excused
        self.unexplained += other.unexplained

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
        for draw in self.excused[:SHOWN_MAX]:
            yield f"        {draw!r}\n        {play(draw, self.folder).difference}"
        yield f"{len(self.unexplained):7,} unexplained divergences"
        for draw in self.unexplained[:SHOWN_MAX]:
            least = minimal(play(draw, self.folder), self.folder)
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
    """Play `examples` draws on every processor, reproducible from the seed `number`."""
    for rule_set in SETS:
        play(Draw(seed=0, rule_set=rule_set), folder)  # Compiles it once for all processes.
    sizes = [examples // PARTS + (part < examples % PARTS) for part in range(PARTS)]
    campaign = Campaign(folder)
    with ProcessPoolExecutor() as pool:
        for part in pool.map(play_part, sizes, [number * PARTS + part for part in range(PARTS)], [folder] * PARTS):
            campaign.join(part)
    return campaign


def play_part(examples: int, number: int, folder: Path) -> Campaign:
    campaign = Campaign(folder)
    if examples == 0:
        return campaign

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
