"""Bar by bar is the same as all at once: the three equalities, over every rule, check and kind of order there is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import raising_rules
from engine_harness import mission, prices
from engine_harness import settings as costs_of
from hypothesis import HealthCheck, given, settings
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.engine.known import Prepared, nothing_known, opening_of
from tradewright.engine.run import Simulation, lay_out
from tradewright.engine.state import as_bytes
from tradewright.engine.tape import Decisions
from tradewright.engine.walk import Walk
from tradewright.risk import requested_halt
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING
from tradewright.risk.drawdown_halt import DrawdownHalt
from tradewright.values.bars import Bars
from twin_case import Case
from twin_comparison import bars_of, fused, settings_of
from twin_draws import Draw, case_of, draws
from walked import Venue

FEW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
EVERYTHING = ("costs", "rates", "volume", "shorts", "missing", "grants", "splits", "dividends", "delisted", "resume")
WIDE = Draw(
    seed=19,
    rule_set="all",
    n_bars=110,
    n_books=2,
    n_assets=3,
    bars_per_session=2,
    **dict.fromkeys(EVERYTHING, True),
)


class Both:
    """A backtest and a walk over the same case, one bar after the other."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.bars = bars_of(case)
        self.wanted, self.made = np.array(case.target, dtype="float64"), np.array(case.made, dtype=bool)
        rules, costs, capital = fused(case, folder), settings_of(case), np.array(case.capital, dtype="float64")
        self.rules = rules
        self.backtest = Simulation(self.bars, self.decisions(self.bars), costs, rules, capital)
        self.walk = Walk(rules, costs, nothing_known(self.bars, rules, len(capital)), capital)
        self.venue = Venue(self.walk, self.bars)
        self.events: list[bytes] = []

    def decisions(self, bars: Bars) -> Decisions:
        made = self.made[: bars.n_bars]
        return Decisions(self.wanted[: bars.n_bars].copy(), made, np.zeros_like(made))

    def prepared(self, bar: int) -> Prepared:
        """Return what is known once a bar has closed: from the rows up to it alone."""
        bars = self.bars.until(bar + 1)
        tape, matrices = lay_out(bars, self.rules, bar)
        matrices.reach(bar, bar + 1)
        return Prepared(tape, self.decisions(bars), bar)

    def step(self, bar: int) -> None:
        self.backtest.advance(bar + 1)
        news = [self.walk.begin(opening_of(self.bars, bar))]
        self.venue.play(bar)
        news.append(self.walk.close(self.prepared(bar)))
        news.append(self.walk.decide()[1])
        self.events += [event.tobytes() for one in news for event in one.events]


@FEW
@given(draw=draws())
def test_walk_over_any_history_leaves_the_bytes_of_the_backtest_on_every_bar(draw: Draw, rule_cache: Path) -> None:
    """Equalities one and two: each row is prepared from the rows up to it, and fills are reported, not matched."""
    both = Both(case_of(draw), rule_cache)

    for bar in range(both.bars.n_bars):
        both.step(bar)

        assert as_bytes(both.backtest.state) == as_bytes(both.walk.state), (draw, bar)
    assert [event.tobytes() for event in both.backtest.trace().events] == both.events


@pytest.mark.parametrize(
    ("draw", "least"),
    [  # Fills by order, by stop and by exit, splits and dividends, halts and grants, limits that were never reached.
        (WIDE, (100, 27, 0, 9, 9, 0)),
        (replace(WIDE, seed=31, rule_set="gates"), (53, 26, 0, 5, 33, 0)),
        (replace(WIDE, seed=28, rule_set="gates"), (52, 10, 5, 5, 31, 0)),
        (replace(WIDE, seed=26, limits=True), (40, 3, 0, 20, 3, 5)),
        (replace(WIDE, seed=26, at_close=True), (40, 3, 0, 20, 3, 0)),
        (replace(WIDE, seed=34, rule_set="mission", fractional=True, close_only=True), (245, 34, 2, 39, 3, 0)),
    ],
)
def test_walk_of_a_wide_draw_meets_what_the_equality_is_about(
    draw: Draw, least: tuple[int, ...], rule_cache: Path
) -> None:
    both = Both(case_of(draw), rule_cache)
    for bar in range(both.bars.n_bars):
        both.step(bar)
    trace = both.backtest.trace()
    by = [int((trace.fills.reason == reason).sum()) for reason in range(3)]
    seen = (*by, len(trace.actions), len(trace.events), int(trace.state.run[0].expired))

    assert as_bytes(both.backtest.state) == as_bytes(both.walk.state)
    assert all(found >= wanted for found, wanted in zip(seen, least, strict=True)), seen


@pytest.mark.compiled
def test_walk_by_compiled_calls_leaves_the_bytes_of_the_compiled_loop(rule_cache: Path) -> None:
    both = Both(case_of(replace(WIDE, rule_set="mission")), rule_cache)
    for bar in range(both.bars.n_bars):
        both.step(bar)

        assert as_bytes(both.backtest.state) == as_bytes(both.walk.state), bar
    assert len(both.backtest.trace().fills) > 100


@settings(FEW, max_examples=20)
@given(draw=draws("mission", "gates"))
def test_walk_with_all_rows_prepared_ahead_leaves_the_same_bytes(draw: Draw, rule_cache: Path) -> None:
    ahead, behind = Both(case_of(draw), rule_cache), Both(case_of(draw), rule_cache)
    tape, matrices = lay_out(ahead.bars, ahead.rules)
    for bar in range(ahead.bars.n_bars):
        behind.step(bar)
        matrices.reach(bar, bar + 1)
        ahead.walk.begin(opening_of(ahead.bars, bar))
        ahead.venue.play(bar)
        ahead.walk.close(Prepared(tape, ahead.decisions(ahead.bars), bar))
        ahead.walk.decide()

        assert as_bytes(behind.walk.state) == as_bytes(ahead.walk.state)


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_walk_that_lets_go_of_old_rows_counts_on(rows: int, rule_cache: Path) -> None:
    """Without rules that look back, all that differs is where bars are counted from."""
    case = case_of(replace(WIDE, rule_set="checks", seed=26, n_bars=60))
    whole, moved = Both(case, rule_cache), Both(case, rule_cache)
    for bar in range(whole.bars.n_bars):
        whole.step(bar)
        now = bar - rows if bar > rows else bar
        if bar == rows + 1:
            moved.walk.rebase(rows)
        moved.walk.begin(opening_of(moved.bars, bar))
        moved.venue.play(bar)
        kept = moved.bars.between(bar - now, bar + 1)
        tape, _ = lay_out(kept, moved.rules, now)
        wants = Decisions(*(array[bar - now : bar + 1] for array in moved.decisions(moved.bars)))
        moved.walk.close(Prepared(tape, wants, now))
        moved.walk.decide()
    moved.walk.rebase(-rows)

    same = ("rows", "positions", "market", "halts", "run")
    assert [True] * 5 == [
        getattr(whole.walk.state, part).tobytes() == getattr(moved.walk.state, part).tobytes() for part in same
    ]
    assert whole.walk.state.counters.first.tolist() == moved.walk.state.counters.first.tolist()
    assert whole.walk.state.counters.last.tolist() == moved.walk.state.counters.last.tolist()
    assert (whole.walk.state.counters.bars > 0).any()


class Calm:
    """One asset near 100 that a book wants a quarter of, with the mission's rules and a halt on request."""

    def __init__(self, rule_cache: Path) -> None:
        self.bars = prices([100.0, 101.0] * 30, open=[100.0] * 60)
        self.rules: FusedRules = fuse(
            [*mission(DrawdownHalt()), (requested_halt.NAME, requested_halt.RULE)], rule_cache
        )
        costs = costs_of(self.rules.rules, no_trade_band=0.05)
        self.walk = Walk(self.rules, costs, nothing_known(self.bars, self.rules, 1), np.array([10_000.0]))
        self.venue = Venue(self.walk, self.bars)
        self.made = np.ones((60, 1), bool)

    def step(self, bars: int = 1) -> float:
        """Play some bars and return the units held then."""
        for _ in range(bars):
            bar = self.walk.bar + 1
            known = self.bars.until(bar + 1)
            self.walk.begin(opening_of(self.bars, bar))
            self.venue.play(bar)
            wants = Decisions(np.full((bar + 1, 1, 1), 0.25), self.made[: bar + 1], np.zeros((bar + 1, 1), bool))
            self.walk.close(Prepared(lay_out(known, self.rules, bar)[0], wants, bar))
            self.walk.decide()
        return float(self.walk.state.positions[0, 0].quantity)


def test_halt_on_request_is_flat_in_time_stays_and_resumes_after_a_lift(rule_cache: Path) -> None:
    calm, known = Calm(rule_cache), np.zeros((1, 1), bool)
    held = calm.step(30)
    calm.walk.impose(FLATTEN, known)

    assert 0.0 < held
    assert 0.0 == calm.step(2)
    assert 0.0 == calm.step(5)
    calm.walk.impose(0, known)
    assert 0.0 == calm.step(5), "asking for nothing lifts nothing"
    news = calm.walk.lift(requested_halt.NAME)
    assert [FLATTEN] == news.events.level.tolist()
    assert held == calm.step(3)


def test_lift_of_what_was_asked_for_leaves_the_peak_that_drawdown_is_measured_from(rule_cache: Path) -> None:
    """A difference with a broker says nothing of a loss, and must not make room for a greater one."""
    calm, known = Calm(rule_cache), np.zeros((1, 1), bool)
    calm.step(30)
    peaks = []
    for rule, level in ((requested_halt.NAME, FREEZE), ("drawdown-halt", FLATTEN)):
        calm.walk.impose(FREEZE if level == FREEZE else 0, known)
        calm.step(1)
        calm.walk.state.halts.level[-1, calm.walk.halting.index(rule)] = level
        calm.walk.state.rows.peak[-1] = 2.0
        calm.walk.lift(rule)
        peaks.append(float(calm.walk.state.rows.peak[-1]))

    assert [2.0, float(calm.walk.state.rows.nav[-1])] == peaks


def test_lift_of_a_rule_that_halts_no_book_names_those_that_do(rule_cache: Path) -> None:
    with pytest.raises(LookupError, match="exposure halts no book; these do: drawdown-halt"):
        Calm(rule_cache).walk.lift("exposure")


def test_freeze_on_request_orders_nothing_and_a_reduction_only_shrinks(rule_cache: Path) -> None:
    calm, known = Calm(rule_cache), np.zeros((1, 1), bool)
    held = calm.step(30)
    calm.walk.impose(REDUCING, known)
    assert held == calm.step(3)
    calm.walk.impose(FREEZE, known)
    calm.made[:] = False

    assert held == calm.step(3)
    assert 0.0 == calm.walk.plan().order[0, 0]


@pytest.mark.parametrize("level", [0, REDUCING, FLATTEN])
def test_blocked_asset_is_left_alone_whatever_is_asked(level: int, rule_cache: Path) -> None:
    calm = Calm(rule_cache)
    held = calm.step(30)
    calm.walk.impose(level, np.ones((1, 1), bool))
    calm.walk.state.positions[0, 0].stop = math.nan

    assert [held] * 4 == [calm.step() for _ in range(4)]
    calm.walk.impose(level, np.zeros((1, 1), bool))
    assert (0.0 if level == FLATTEN else held) == calm.step(2)


def test_impose_without_the_rule_says_so(rule_cache: Path) -> None:
    both = Both(case_of(replace(WIDE, n_bars=5)), rule_cache)

    with pytest.raises(LookupError, match="requested-halt is not among the rules"):
        both.walk.impose(FLATTEN, np.zeros((2, 3), bool))


def test_settled_money_and_units_take_the_place_of_those_that_were_summed(rule_cache: Path) -> None:
    both = Both(case_of(WIDE), rule_cache)
    for bar in range(40):
        both.step(bar)
    state = both.walk.state
    units = state.positions.quantity + np.array([[1e-10, 2.0, 0.0]] * 2)
    both.walk.settle(
        np.array([1.0, 2.0]), np.where(state.positions.quantity == 0.0, 1e-10, units), *[np.zeros(2)] * 2
    )

    assert [1.0, 2.0] == state.rows.cash[:2].tolist()
    assert not ((np.abs(state.positions.quantity) < 1e-9) & (state.positions.quantity != 0.0)).any()


def test_news_of_a_call_that_wrote_nothing_down_is_empty_and_none_is_told_twice(rule_cache: Path) -> None:
    calm = Calm(rule_cache)
    calm.step(30)
    opening = opening_of(calm.bars, calm.walk.bar + 1)
    begun = calm.walk.begin(opening)
    known = calm.bars.until(calm.walk.bar + 1)
    wants = Decisions(
        np.full((known.n_bars, 1, 1), 0.25), calm.made[: known.n_bars], np.zeros((known.n_bars, 1), bool)
    )
    tape, _ = lay_out(known, calm.rules, calm.walk.bar)
    closed = [calm.walk.close(Prepared(tape, wants, calm.walk.bar)) for _ in range(2)]
    value = abs(float(calm.walk.positions["quantity"][0, 0])) * float(known.close[-1, 0])

    assert [0, 0, 0, 0] == [len(one) for one in begun]
    assert [(1, 1), (1, 1)] == [one.curve.shape for one in closed]
    assert [[value]] * 2 == [one.curve.gross[0].tolist() for one in closed]
    assert value > 0.0
    assert np.shares_memory(calm.walk.positions, calm.walk.state.positions)


def test_rules_of_the_kernel_alone_are_no_plugins_and_one_other_is(rule_cache: Path) -> None:
    others = fuse([("late", raising_rules.RULE)], rule_cache)

    assert [False, True] == [Calm(rule_cache).rules.has_plugins, others.has_plugins]
