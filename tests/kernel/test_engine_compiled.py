"""Machine code and the interpreter give the same bytes, for each set of rules that the hand-worked tests play.

Those tests are played by the interpreter alone, which takes a twentieth of the time and shows which lines they reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_harness import limits, mission
from engine_market import every_check
from engine_wild import everything, trade
from scripted_rules import scripted, tallying
from tradewright.engine import fuse as fusing
from tradewright.engine.fuse import fuse
from tradewright.metrics import _kernels
from tradewright.risk import circuit_breaker, correlated, liquidity_floor, trading_window
from tradewright.risk.daily_loss import DailyLoss
from tradewright.risk.drawdown_halt import DrawdownHalt
from tradewright.risk.exposure import Exposure
from tradewright.risk.risk_per_trade import RiskPerTrade

pytestmark = pytest.mark.compiled

Parts = tuple[Sequence[tuple[str, Any]], Sequence[tuple[str, Any]]]

SCRIPT = {
    "factor": (1.0, 0.5) * 60,
    "mode": (0, 0, 1) * 40,
    "stop": (55.0,) * 240,
    "level": (0,) * 80 + (1,) * 40 + (0,),
}
OPTIONAL = (
    ("circuit-breaker", circuit_breaker.make(circuit_breaker.CircuitBreaker(move=0.03))),
    ("liquidity-floor", liquidity_floor.make(liquidity_floor.LiquidityFloor(limit=1.5e6, lookback=2))),
    ("trading-window", trading_window.make(trading_window.TradingWindow(after_open=2.0, before_close=0.0))),
    ("volatility-target", correlated.make_volatility_target(correlated.VolatilityTarget(limit=0.2, lookback=20))),
    ("correlation-limit", correlated.make_correlation_limit(correlated.CorrelationLimit(limit=0.02, lookback=20))),
)
SETS: dict[str, Callable[[], Parts]] = {
    "none": lambda: ((), ()),
    "mission": lambda: (
        mission(DrawdownHalt(limit=0.04), DailyLoss(limit=0.01), RiskPerTrade(lookback=5), Exposure(gross=0.25)),
        (),
    ),
    "limits": lambda: (limits(drawdown=0.05, day=0.01, weight=0.25, band=0.02), ()),
    "scripted": lambda: ((*tallying(), *scripted(**SCRIPT)), ()),
    "checks": lambda: (
        (),
        every_check(order_quantity=250.0, volume_share=0.004, price_collar=0.004, restricted=["A0"]),
    ),
    "optional": lambda: (OPTIONAL, ()),
}

NEVER_CUT = {"tally", "scripted-halt", "finite", "session", "halt", "buying-power", "order-value"}
"""Without memory of what they do, or right about every order of this market."""


@pytest.mark.parametrize("rule_set", SETS)
def test_rules_when_compiled_give_the_bytes_of_the_interpreter(
    rule_set: str, rule_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, checks = SETS[rule_set]()
    expected = trade(fuse(rules, rule_cache, checks))
    monkeypatch.setattr(fusing, "probe", lambda _: {"every rule": "a test wants it interpreted"})
    interpreted = fuse(rules, tmp_path, checks)

    assert ["every rule"] == list(interpreted.interpreted)
    assert everything(expected) == everything(trade(interpreted))
    # The run is no proof of a rule that it never needed.
    assert len(expected.fills) > 50
    cuts = dict(zip((name for name, _ in (*rules, *checks)), expected.state.counters.cuts, strict=True))
    assert [] == [name for name, count in cuts.items() if not count and name not in NEVER_CUT]


def test_round_trips_when_compiled_are_those_of_the_interpreter() -> None:
    draw = np.random.default_rng(11)
    fills = 9_000
    bar = np.sort(draw.integers(0, 2_000, fills))
    key, quantity = draw.integers(0, 3, fills), draw.integers(-2, 3, fills).astype(float)
    price, fee = draw.uniform(1.0, 2.0, fills), draw.uniform(0.0, 0.1, fills)

    def walk(with_: Any) -> tuple[int, bytes, bytes]:
        begun, done = (np.zeros(n, _kernels.TRIP).view(np.recarray) for n in (3, 2 * fills))
        count = with_(bar, key, quantity, price, fee, 1e-9, begun, done)
        return count, begun.tobytes(), done[:count].tobytes()

    expected = walk(_kernels.walk)

    assert expected[0] > 50
    assert expected == walk(interpreted_walk())


def interpreted_walk() -> Any:
    """Return the walk with everything that it calls left to the interpreter."""
    functions: dict[str, Any] = {"bool": bool, "abs": abs, "range": range, "len": len}
    for name in ("crosses", "book", "walk"):
        original = getattr(_kernels, name).py_func
        functions[name] = type(original)(original.__code__, functions)
    return functions["walk"]
