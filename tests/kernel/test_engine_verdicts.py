"""What the loop writes down of its rules and checks is what they did: every cut, and no other target."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_harness import mission, prices
from engine_harness import settings as costs_of
from hypothesis import HealthCheck, given, settings
from test_engine_walk import WIDE, Both
from tradewright.engine.fuse import fuse
from tradewright.engine.known import SECOND_ASKING, Prepared, Verdict, nothing_known, opening_of
from tradewright.engine.log import CUT_SLACK
from tradewright.engine.run import Simulation, lay_out
from tradewright.engine.tape import Decisions
from tradewright.engine.walk import Walk
from tradewright.risk import position_limit
from tradewright.risk.contract import Proposal, TargetRule
from twin_draws import Draw, case_of, draws
from walked import Venue

FEW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Explained(Both):
    """A backtest and a walk whose every verdict is held against what came of it."""

    def __init__(self, draw: Draw, folder: Path) -> None:
        super().__init__(case_of(draw), folder)
        self.seen: Counter[str] = Counter()
        self.check, self.walk.check = self.walk.check, self.checked  # type: ignore[method-assign]  # looked at
        self.decide, self.walk.decide = self.walk.decide, self.decided  # type: ignore[method-assign]  # likewise

    def play(self) -> Counter[str]:
        for bar in range(self.bars.n_bars):
            self.step(bar)
        return self.seen

    def checked(self, book: int, asset: int, quantity: float, *more: float) -> float:
        """Check an order: from its size, verdict after verdict leads to what was let go."""
        before = self.walk.state.counters.cuts.copy()
        size = self.check(book, asset, quantity, *more)
        verdicts = self.walk.verdicts()

        assert {(book, asset)} >= {one[:2] for one in verdicts}
        assert size == followed(abs(quantity), verdicts)
        self.assert_counted(before, verdicts)
        return size

    def decided(self, *arguments: object) -> object:
        """Decide: from what was wanted, verdict after verdict leads to the target, to the last bit."""
        before = self.walk.state.counters.cuts.copy()
        answer = self.decide(*arguments)  # type: ignore[arg-type]  # handed on
        verdicts, work = self.walk.verdicts(), self.walk.weighed()

        for book, asset in np.ndindex(*work.shape):
            mine = [one for one in verdicts if one[:2] == (book, asset)]
            assert work["target"][book, asset] == followed(float(work["raw"][book, asset]), mine)
        self.assert_counted(before, verdicts)
        return answer

    def assert_counted(self, before: np.ndarray[tuple[int], np.dtype[np.int64]], verdicts: list[Verdict]) -> None:
        cuts = Counter(one.by for one in verdicts if abs(one.before) - abs(one.after) > CUT_SLACK)
        fell = self.walk.state.counters.cuts - before
        names = [name for name, _ in self.rules.named]

        del cuts[SECOND_ASKING]  # No rule of its own, and counted among the failures to verify.
        assert cuts == Counter({name: int(n) for name, n in zip(names, fell, strict=True) if n})
        self.seen.update(one.by for one in verdicts)


def followed(begin: float, verdicts: list[Verdict]) -> float:
    """Return where verdicts lead from a number; each takes up what the one before has left."""
    for one in verdicts:
        assert one.before == begin != one.after
        begin = one.after
    return begin


@FEW
@given(draw=draws())
def test_verdicts_lead_from_what_was_wanted_to_every_target_and_order(draw: Draw, rule_cache: Path) -> None:
    Explained(draw, rule_cache).play()


@pytest.mark.parametrize("seed", [19, 26, 31])
@pytest.mark.parametrize("rule_set", ["mission", "gates", "checks"])
def test_verdicts_of_wide_draws_are_those_of_many_rules(rule_set: str, seed: int, rule_cache: Path) -> None:
    """An equality of nothing with nothing would prove nothing."""
    seen = Explained(replace(WIDE, rule_set=rule_set, seed=seed), rule_cache).play()

    assert len(seen) >= (1 if rule_set == "checks" else 3), seen
    assert seen.total() > 16


@pytest.mark.compiled
def test_verdicts_of_compiled_calls_lead_there_too(rule_cache: Path) -> None:
    assert Explained(replace(WIDE, rule_set="mission"), rule_cache).play().total() > 20


def half_of_target(proposal: Proposal, asset: object, book: object, p: object) -> Proposal:
    """Halve whatever is asked, again and again: what no second asking agrees with."""
    return Proposal(proposal.target / 2.0, proposal.stop, proposal.mode)


def walk_of(rules: list[tuple[str, TargetRule]], target: float, folder: Path) -> Walk:
    """Return a walk that has decided once, of one asset, with these rules."""
    bars, fused = prices([100.0]), fuse(rules, folder)
    walk = Walk(fused, costs_of(fused.rules), nothing_known(bars, fused, 1), np.array([10_000.0]))
    walk.begin(opening_of(bars, 0))
    Venue(walk, bars).play(0)
    made = np.ones((1, 1), bool)
    walk.close(Prepared(lay_out(bars, fused, 0)[0], Decisions(np.full((1, 1, 1), target), made, ~made), 0))
    walk.decide()
    return walk


def test_verdict_of_a_second_asking_is_told_and_named(rule_cache: Path) -> None:
    rule = TargetRule(phase="asset", function=half_of_target, parameters=position_limit.Parameters(0.3, 0.02))
    walk = walk_of([("half", rule)], 0.5, rule_cache)

    expected = [(0, 0, "half", 0.5, 0.25, 0.3), (0, 0, SECOND_ASKING, 0.25, 0.0, None)]
    assert expected == walk.verdicts()


@pytest.mark.parametrize(("target", "cut"), [(0.30, False), (0.29, False), (math.nextafter(0.30, 1.0), True)])
def test_verdict_is_told_of_what_a_rule_changed_and_of_nothing_else(
    target: float, cut: bool, rule_cache: Path
) -> None:
    limit = position_limit.make(position_limit.PositionLimit(limit=0.30))
    walk = walk_of([("position-limit", limit)], target, rule_cache)

    assert [(0, 0, "position-limit", target, 0.30, 0.30)] * cut == walk.verdicts()


def test_backtest_writes_down_no_verdict(rule_cache: Path) -> None:
    bars, fused = prices([100.0] * 3), fuse(mission(), rule_cache)
    made = np.ones((3, 1), bool)
    decisions = Decisions(np.full((3, 1, 1), 0.9), made, ~made)
    backtest = Simulation(bars, decisions, costs_of(fused.rules), fused, np.array([10_000.0]))
    backtest.advance(3)

    assert (0, 0) == (len(backtest._log.verdicts), backtest._log.counts[4])
    assert backtest.state.counters.cuts.sum() > 0
