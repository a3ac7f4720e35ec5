"""The optional rules inside the loop: each is handed its own numbers and matrices, and counted under its name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from engine_market import NAN, OFF, count_of, fills, fused, market, play, walk
from tradewright.engine.fuse import FusedRules
from tradewright.engine.log import BY_ORDER, HALTED
from tradewright.errors import DataError
from tradewright.risk import circuit_breaker, correlated, liquidity_floor, trading_window
from tradewright.risk.contract import REDUCING, Feature
from tradewright.risk.features import volatility
from tradewright.risk.market import correlations


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def optional(cache: Path, **given: tuple[float, ...]) -> FusedRules:
    """Return all optional rules, each out of the way unless it is given its numbers; they compile once."""
    parts: dict[str, tuple[Any, tuple[float, ...]]] = {
        "circuit-breaker": (circuit_breaker.make(circuit_breaker.CircuitBreaker()), (OFF, OFF)),
        "liquidity-floor": (liquidity_floor.make(liquidity_floor.LiquidityFloor(lookback=2)), (0.0,)),
        "trading-window": (trading_window.make(trading_window.TradingWindow()), (0.0, 0.0)),
        "volatility-target": (
            correlated.make_volatility_target(correlated.VolatilityTarget(lookback=25)),
            (OFF, 0.0, True),
        ),
        "correlation-limit": (
            correlated.make_correlation_limit(correlated.CorrelationLimit(lookback=25)),
            (OFF, 0.0, False),
        ),
    }
    if (
        "volatility_target" not in given
    ):  # Where no volatility is known yet it lets nothing through, whatever its limit.
        blind, off = parts["volatility-target"]
        parts["volatility-target"] = attrs.evolve(blind, features=(Feature("ones", 1, correlated.ones),)), off
    numbers = {name: given.pop(name.replace("-", "_"), off) for name, (_, off) in parts.items()}
    assert not given
    return fused(
        cache,
        [
            (name, attrs.evolve(rule, parameters=type(rule.parameters)(*numbers[name])))
            for name, (rule, _) in parts.items()
        ],
    )


def hours(close: list[Any], **fields: Any) -> Any:
    """Return two hourly bars a session."""
    return market(
        close, open=close, sessions=list(np.arange(len(close)) // 2), **{"volume": np.ones_like(close)} | fields
    )


def test_liquidity_floor_in_the_loop_adds_nothing_and_lets_exits_go(cache: Path) -> None:
    """The mean of two bars' notional is 100, 100, 55, 55: the floor of 60 stands in the way from bar 3 on."""
    volume = [1.0, 1.0, 1.0, 0.1, 1.0, 1.0]
    loop = optional(cache, liquidity_floor=(60.0,))
    bars = hours([100.0] * 6, volume=volume)
    trace = play(loop, bars, [None, 5, None, 8, 3, None], has_volume=False)

    # Bar 1 knows two bars of 100; bar 3 knows 100 and 10; bar 4 knows 10 and 100 but only sells.
    assert [(2, BY_ORDER, 5.0, 100.0), (5, BY_ORDER, -2.0, 100.0)] == fills(trace)
    # The increase from 0.05 to 0.08 of 10,000 was held back once.
    assert count_of(trace, loop, "liquidity-floor") == (1, 1, pytest.approx(300.0), 3, 3)


def test_trading_window_in_the_loop_adds_nothing_near_the_close(cache: Path) -> None:
    """Bars of an hour, two a session: only the first is an hour or more before the close."""
    loop = optional(cache, trading_window=(0.0, 60.0))
    late = play(loop, hours([100.0] * 4), [None, 5, None, None], has_volume=False)
    early = play(loop, hours([100.0] * 4), [None, None, 5, None], has_volume=False)

    assert [] == fills(late)
    assert [(3, BY_ORDER, 5.0, 100.0)] == fills(early)
    assert count_of(late, loop, "trading-window")[0] == 1


def test_trading_window_in_the_loop_refuses_daily_bars(cache: Path) -> None:
    with pytest.raises(DataError, match="a trading window needs several bars a session"):
        play(optional(cache), market([100.0] * 3, open=[100.0] * 3), [None] * 3)


def test_circuit_breaker_in_the_loop_reduces_only_until_the_next_session(cache: Path) -> None:
    """The market falls by 10 % on bar 2: nothing is added on bars 2 and 3, and on bar 4 the next session begins."""
    close = [100.0, 100.0, 90.0, 90.0, 90.0, 90.0]
    loop = optional(cache, circuit_breaker=(0.07, OFF))
    trace = play(loop, hours(close), [None, None, 5, 5, 5, None], has_volume=False)

    assert [(5, BY_ORDER, 5.0, 90.0)] == fills(trace)
    (event,) = trace.events
    assert (int(event.bar), int(event.kind), int(event.level)) == (2, HALTED, REDUCING)
    assert (event.observed, event.limit) == (pytest.approx(0.10), 0.07)
    assert count_of(trace, loop, "circuit-breaker")[:2] == (2, 2)


@pytest.mark.parametrize("rule", ["volatility-target", "correlation-limit"])
def test_two_sided_caps_in_the_loop_bring_the_book_to_their_limit(cache: Path, rule: str) -> None:
    """One decision, from cash: what is filled has the volatility, or the correlated exposure, of the limit."""
    bars = walk(80, 3, per_session=2)
    limit = {"volatility-target": 0.10, "correlation-limit": 0.30}[rule]
    numbers = {"volatility-target": (limit, 0.0, True), "correlation-limit": (limit, 0.0, False)}[rule]
    loop = optional(cache, **{rule.replace("-", "_"): numbers})
    weights = np.array([0.4, 0.3, -0.3])
    trace = play(loop, bars, [None] * 70 + [weights] + [None] * 9, whole=False, in_units=False, has_volume=False)

    filled: Any = trace.fills[:3]
    bought = filled.quantity * bars.close[70] / 10_000.0
    stack, known = correlations(bars, 25, 5)
    matrix = stack[known[70]]
    scale = volatility(bars, 25)[70] * math.sqrt(252) if rule == "volatility-target" else np.ones(3)
    before, after = (float(np.sqrt((w * scale) @ matrix @ (w * scale))) for w in (weights, bought))

    assert filled.bar.tolist() == [71] * 3
    assert before > limit
    assert after == pytest.approx(limit)
    np.testing.assert_allclose(bought / weights, limit / before)
    assert count_of(trace, loop, rule)[0] >= 3
    assert trace.state.run[0].verify_failures == 0


def test_two_sided_caps_in_the_loop_know_nothing_at_first(cache: Path) -> None:
    """Without a known volatility the factors are 0; without a known correlation weights are added up."""
    bars = walk(20, 2, per_session=2)
    blind = play(
        optional(cache, volatility_target=(0.10, 0.0, True)),
        bars,
        [None] * 4 + [[0.3, 0.3]] + [None] * 15,
        whole=False,
        in_units=False,
        has_volume=False,
    )
    added = play(
        optional(cache, correlation_limit=(0.30, 0.0, False)),
        bars,
        [None] * 4 + [[0.3, -0.3]] + [None] * 15,
        whole=False,
        in_units=False,
        has_volume=False,
    )

    assert [] == fills(blind)
    np.testing.assert_allclose(added.fills.quantity[:2] * bars.close[4], [1_500.0, -1_500.0])


def test_optional_rules_that_are_out_of_the_way_cut_nothing(cache: Path) -> None:
    bars = walk(60, 2, per_session=2)
    trace = play(optional(cache), bars, [None] * 54 + [[5, -5]] + [None] * 5, has_volume=False)

    assert trace.state.counters.cuts.tolist() == [0] * 5
    assert [5.0, -5.0] == trace.fills.quantity.tolist()
    assert trace.state.run[0].breaches == 0
    assert NAN not in trace.curve.nav
