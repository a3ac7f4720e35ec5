"""A run that stops and goes on: the same bytes however it is cut."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import raising_rules
from engine_harness import Fuse, decisions, mission, prices, settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tradewright.engine import run as running
from tradewright.engine import state as states
from tradewright.engine.fuse import fuse
from tradewright.engine.matrices import Matrices
from tradewright.engine.run import Simulation, Trace, simulate
from tradewright.engine.state import as_bytes
from tradewright.errors import PluginError
from tradewright.risk.contract import Feature, MatrixFeature, TargetRule
from tradewright.risk.drawdown_halt import DrawdownHalt

N_BARS = 90


def simulation(fused: Fuse, start: int = 0) -> Simulation:
    """Two books that trade two wild assets in both directions, halted now and then."""
    random = np.random.default_rng(3)
    close = 64.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, (N_BARS, 2)), axis=0))
    bars = prices(close, open=close * 1.001, sessions=np.arange(N_BARS) // 2)
    wants = decisions(random.normal(0.0, 0.5, (N_BARS, 2, 2)), 2, 2)
    rules = fused(mission(DrawdownHalt(limit=0.01)))
    costs = settings(rules.rules, (0.5, 0.5), half_spread_and_slippage=1e-3, resume_after=4, borrow_rate=0.01)
    return Simulation(bars, wants, costs, rules, np.array([50_000.0, 50_000.0]), start)


def everything(trace: Trace) -> bytes:
    return as_bytes((*trace.state, trace.equity, trace.curve, trace.fills, trace.events))


@pytest.mark.compiled
@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, N_BARS), max_size=6))
def test_run_cut_anywhere_gives_the_same_bytes(fused: Fuse, cuts: list[int]) -> None:
    whole, pieces = simulation(fused), simulation(fused)

    whole.advance(N_BARS)
    for stop in [*sorted(cuts), N_BARS]:
        pieces.advance(stop)

    assert len(whole.trace().fills) > 50
    assert len(whole.trace().events) > 4
    assert everything(whole.trace()) == everything(pieces.trace())


def test_run_with_the_smallest_buffers_gives_the_same_bytes(fused: Fuse, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = simulation(fused)
    monkeypatch.setattr(running, "BUFFER_ROWS", 0)
    narrow = simulation(fused)

    wide.advance(N_BARS)
    narrow.advance(N_BARS)

    assert len(narrow.trace().fills) > 16  # 4 x 2 books x 2 assets is all that fits at once.
    assert everything(wide.trace()) == everything(narrow.trace())


def test_run_from_a_later_bar_trades_nothing_before_it(fused: Fuse) -> None:
    late = simulation(fused, start=40)

    late.advance(N_BARS)

    trace = late.trace()
    assert not trace.equity[:40].any()
    assert (trace.equity[40:] > 0.0).all()
    assert trace.fills.bar.min() > 40


def test_simulate_reports_its_progress(fused: Fuse) -> None:
    played: list[int] = []
    rules = fused([])
    bars = prices([100.0] * 120)

    trace = simulate(
        bars, decisions([None] * 120, 1, 1), settings(at_close=True), rules, np.array([1.0]), progress=played.append
    )

    assert [*range(3, 121, 3)] == played  # In at most fifty segments.
    assert 1.0 == trace.state.rows[0].cash


@pytest.mark.parametrize(("segments", "ends"), [(1, [6]), (2, [3, 6]), (3, [2, 5, 6]), (9, [*range(7)])])
def test_simulate_in_segments_counts_at_the_end_of_each(fused: Fuse, segments: int, ends: list[int]) -> None:
    bars, wants = prices([100.0] * 7), decisions([None] * 7, 1, 1)

    trace = simulate(bars, wants, settings(at_close=True), fused([]), np.array([1.0]), segments=segments)

    assert ends == trace.counted.tolist()


def test_trace_holds_what_each_rule_had_cut_by_the_end_of_each_segment(fused: Fuse) -> None:
    parts = simulation(fused)
    for stop in (10, 10, 25, N_BARS):
        parts.advance(stop)
    until = simulation(fused)
    until.advance(25)

    trace = parts.trace()
    assert [9, 24, N_BARS - 1] == trace.counted.tolist()
    assert until.state.counters.cuts.tolist() == trace.counters[1].cuts.tolist()
    assert trace.counters[-1].tobytes() == trace.state.counters.tobytes()
    assert trace.counters[0].cuts.sum() < trace.counters[-1].cuts.sum()


def test_trace_of_a_run_that_has_not_begun_holds_no_counters(fused: Fuse) -> None:
    trace = simulation(fused).trace()

    assert (0, (0, len(trace.state.counters))) == (len(trace.counted), trace.counters.shape)


# ---- books that are asked at the close -------------------------------------------------------------------


def asked_simulation(fused: Fuse, answer: Any, *, asked: bool) -> Simulation:
    """The same market; the first book waits for every second close to say what it wants."""
    made = simulation(fused)
    waits = np.zeros(made._decisions.made.shape, dtype=bool)
    waits[::2, 0] = asked
    target = made._decisions.target.copy()
    if asked:
        target[waits] = np.nan
    made._decisions = made._decisions._replace(target=target, asked=waits)
    made._answer = answer
    return made


@pytest.mark.compiled
@hypothesis_settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, N_BARS), max_size=6))
def test_run_that_asks_at_the_close_gives_the_bytes_of_one_that_knew(fused: Fuse, cuts: list[int]) -> None:
    knows = asked_simulation(fused, None, asked=False)
    told = knows._decisions.target[:, 0]
    bars: list[tuple[int, int]] = []

    def answer(bar: int, book: int, held: Any) -> Any:
        bars.append((bar, book))
        return told[bar]

    asks = asked_simulation(fused, answer, asked=True)
    knows.advance(N_BARS)
    for stop in [*sorted(cuts), N_BARS]:
        asks.advance(stop)

    assert [(bar, 0) for bar in range(0, N_BARS, 2)] == bars
    assert everything(knows.trace()) == everything(asks.trace())


def test_run_that_asks_tells_what_the_book_holds_at_that_close(fused: Fuse) -> None:
    told: dict[int, Any] = {}

    def answer(bar: int, book: int, held: Any) -> Any:
        told[bar] = held
        return np.array([0.25, -0.125])

    asks = asked_simulation(fused, answer, asked=True)
    asks.advance(N_BARS)

    trace, quantity = asks.trace(), np.zeros((N_BARS, 2))
    mine = trace.fills[trace.fills.book == 0]
    np.add.at(quantity, (mine.bar, mine.asset), mine.quantity)
    weights = quantity.cumsum(axis=0) * asks._tape.close / trace.equity[:, :1]
    assert any(held.any() for held in told.values())
    np.testing.assert_allclose(weights[::2], [told[bar] for bar in range(0, N_BARS, 2)], rtol=0, atol=1e-12)


def test_held_weights_of_a_book_without_equity_are_whole_ones(fused: Fuse) -> None:
    made = simulation(fused)
    made.state.positions[0].quantity[:] = [3.0, -2.0]
    made.state.market.mark[:] = [10.0, 20.0]
    made.state.rows[0].equity = 0.0

    assert [1.0, -1.0] == states.held_weights(made.state, np.ones(2), 0).tolist()


def broken(bars: Any, window: int) -> Any:
    return bars.close[window]


def mean_of_none(bars: Any, window: int, refresh: int) -> Any:
    return [np.eye(2)], [0] * bars.n_bars / window


def ask(bars: Any, asked: Any) -> None:
    """Ask for what the rules of a set want to know of the bars."""
    Matrices(bars, [(name, one) for name, rule in asked.rules for one in rule.matrices], 0)
    running.features_of(bars, asked)


@pytest.mark.parametrize(
    ("features", "matrices", "said"),
    [
        ((Feature("mean", 500, broken),), (), r"mine\.mean: raised IndexError"),
        ((Feature("mean", 1, broken),), (), r"mine\.mean: must return float64 of shape \(90, 2\)"),
        ((), (MatrixFeature("market", 3, 5, mean_of_none),), r"mine\.market: raised TypeError"),
    ],
)
def test_run_when_a_feature_breaks_names_the_rule_that_asks_for_it(features: Any, matrices: Any, said: str) -> None:
    rule = TargetRule(phase="sides", function=max, parameters=(), features=features, matrices=matrices)
    asked = SimpleNamespace(rules=(("mine", rule),), named=(("mine", rule),), parts=[rule])
    bars = prices(np.full((N_BARS, 2), 10.0))

    with pytest.raises(PluginError, match=said) as caught:
        ask(bars, asked)

    if "raised" in said:
        assert __file__ == caught.value.file
        assert caught.value.line is not None


# ---- rules that raise ------------------------------------------------------------------------------------


def raised(rules: Any, checks: Any, folder: Path) -> PluginError:
    """Return what a run with a rule or a check that raises ends with."""
    random = np.random.default_rng(3)
    bars = prices(64.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, (N_BARS, 1)), axis=0)))
    wants = decisions(np.abs(random.normal(0.0, 0.5, (N_BARS, 1, 1))), 1, 1)
    together = fuse(rules, folder, checks)
    with pytest.raises(PluginError) as caught:
        simulate(bars, wants, settings(together.rules, (1.0,)), together, np.array([50_000.0]))
    return caught.value


@pytest.mark.parametrize(
    ("rules", "checks", "name", "said", "line"),
    [
        ([("late", raising_rules.RULE)], [], "late", "raised ValueError: no such session", "raise ValueError"),
        ([], [("loud", raising_rules.CHECK)], "loud", "raised KeyError: 'held'", "raise KeyError"),
    ],
)
def test_run_when_a_plugins_rule_raises_names_it_with_file_and_line(
    rules: Any, checks: Any, name: str, said: str, line: str, rule_cache: Path
) -> None:
    found = raised(rules, checks, rule_cache)

    assert (name, said, raising_rules.__file__) == (found.key, found.message, found.file)
    assert line in Path(raising_rules.__file__).read_text().splitlines()[(found.line or 0) - 1]
    # One that numba cannot compile has a fence of its own, which knows no remedy.
    assert found.fix in {None, f"mend or update raising_rules, or take {name} out of plugins.toml"}


def test_run_when_the_kernel_raises_leaves_the_error_as_it_is(fused: Fuse, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> int:
        raise IndexError("out of the kernel's own bounds")

    playing = simulation(fused)
    monkeypatch.setattr(playing, "_advance", breaks)

    with pytest.raises(IndexError, match="the kernel's own bounds"):
        playing.advance(N_BARS)
