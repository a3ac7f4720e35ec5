"""What is timed of this project: from arrays to equity and metrics, with the mission's rules and without."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import stopwatch
import third_party
from limits import CAPITAL, FEE, WEIGHT
from tradewright.engine.fuse import fuse
from tradewright.engine.run import Simulation
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.metrics import downside, performance, sharpe, tails, trades
from tradewright.metrics.drawdowns import max_drawdown
from tradewright.risk import correlated, daily_loss, drawdown_halt, exposure, position_limit, risk_per_trade
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stopwatch import Arrays
    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.run import Trace
    from tradewright.risk.contract import TargetRule

    Rules = Sequence[tuple[str, TargetRule]]

CACHE = Path(__file__).parent / ".tradewright" / "rules"


def mission() -> Rules:
    """Return the mission's five rules, tighter than a user would have them, so that each cuts again and again."""
    return [
        ("drawdown-halt", drawdown_halt.make(drawdown_halt.DrawdownHalt(limit=0.007))),
        ("daily-loss", daily_loss.make(daily_loss.DailyLoss(limit=0.002))),
        ("risk-per-trade", risk_per_trade.make(risk_per_trade.RiskPerTrade(limit=0.009))),
        ("position-limit", position_limit.make(position_limit.PositionLimit(limit=0.28))),
        ("exposure", exposure.make(exposure.Exposure(gross=0.25, net=0.25))),
    ]


def mission_of_many() -> Rules:
    """Return the same for a portfolio of small positions, with the correlated exposure besides."""
    return [
        ("drawdown-halt", drawdown_halt.make(drawdown_halt.DrawdownHalt(limit=0.03))),
        ("daily-loss", daily_loss.make(daily_loss.DailyLoss(limit=0.005))),
        ("risk-per-trade", risk_per_trade.make(risk_per_trade.RiskPerTrade(limit=0.0021))),
        ("position-limit", position_limit.make(position_limit.PositionLimit(limit=0.04))),
        ("exposure", exposure.make(exposure.Exposure(gross=0.70, net=0.70))),
        ("correlation-limit", correlated.make_correlation_limit(correlated.CorrelationLimit(limit=0.30, refresh=21))),
    ]


def settings(rules: Rules, **changes: Any) -> Settings:
    """Return settings with one proportional fee and nothing else, some of them changed.

    A latched halt is lifted after a session: without that person the first halt would be the last trade.
    """
    plain = Settings(
        at_close=False,
        has_volume=False,
        whole=True,
        in_units=False,
        participation=1.0,
        half_spread_and_slippage=0.0,
        commission_per_share=0.0,
        commission_rate=FEE,
        commission_min=0.0,
        cash_rate=0.0,
        borrow_rate=0.0,
        capital_total=0.0,
        capital_step=0.0,
        capital_step_return=1.0,
        evidence_ok=False,
        resume_after=1,
        latched=np.array([rule.latched for _, rule in rules if rule.phase == "book"], dtype=bool),
        books=table((1,), BOOK, share=1.0),
    )
    return plain._replace(**changes)


def bars_of(arrays: Arrays) -> Bars:
    """Return the platform's value of prices, one asset or many."""
    close = columns(arrays["close"])
    traded = np.ones(close.shape, bool)
    traded.setflags(write=False)  # Like what is given, so that nothing is copied.
    return Bars(
        instruments=[Instrument(symbol=f"A{asset}") for asset in range(close.shape[1])],
        opened_at=arrays["opened_at"].view("datetime64[ns]"),
        closed_at=arrays["closed_at"].view("datetime64[ns]"),
        session=arrays["session"].view("datetime64[D]"),
        close=close,
        traded=traded,
        **{name: columns(arrays[name]) for name in ("open", "high", "low")},
    )


def columns(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return `(n_bars, n_assets)`."""
    return values.reshape(len(values), -1)


def crossover_decisions(arrays: Arrays) -> Decisions:
    """Want a weight from one crossover on and nothing from the next: a decision on these bars, none between."""
    target = np.where(arrays["entry"], WEIGHT, 0.0)[:, None, None]
    made = (arrays["entry"] | arrays["exit"])[:, None]
    return Decisions(target, made, np.zeros_like(made))


def momentum_decisions(arrays: Arrays) -> Decisions:
    """Want the winners' weights once a month."""
    made = arrays["decided"][:, None]
    return Decisions(arrays["weight"][:, None, :], made, np.zeros_like(made))


def play(bars: Bars, decisions: Decisions, rules: Rules, fused: FusedRules) -> Trace:
    """Return the trace of the whole history."""
    simulation = Simulation(bars, decisions, settings(rules), fused, np.array([CAPITAL]))
    simulation.advance(bars.n_bars)
    return simulation.trace()


def measures(trace: Trace) -> tuple[float | None, ...]:
    """Return what a report says of a curve at session closes and of its round trips, without the bootstrap."""
    values = np.append(1.0, trace.curve.nav[:, 0])
    fills = trace.fills
    profit = trades.round_trips(fills.bar, fills.asset, fills.quantity, fills.price, fills.fee).profit
    curve = (
        performance.total_return, performance.annual_return, performance.volatility, sharpe.sharpe, downside.sortino,
        downside.calmar, downside.omega, tails.value_at_risk, tails.expected_shortfall, tails.skew, tails.kurtosis,
    )  # fmt: skip
    trips = (trades.hit_rate, trades.profit_factor, trades.payoff, trades.expectancy)
    return (*(one(values) for one in curve), max_drawdown(values).depth, *(one(profit) for one in trips))


def report(seconds: float, trace: Trace, rules: Rules) -> dict[str, Any]:
    """Return the answer of a workload, with how often each rule has cut."""
    names = [name for name, _ in rules]
    cuts = dict(zip(names_in_order(rules), trace.state.counters.cuts.tolist(), strict=True)) if names else {}
    return stopwatch.answer(seconds, len(trace.equity), trace.fills.bar, cuts=cuts)


def names_in_order(rules: Rules) -> list[str]:
    """Return the names as the engine numbers them: book, asset, two-sided."""
    return [name for phase in ("book", "asset", "sides") for name, rule in rules if rule.phase == phase]


def whole_path(arrays: Arrays, rules: Rules, decisions: Decisions) -> dict[str, Any]:
    """Time everything from arrays to equity and metrics."""
    fused = fuse(rules, CACHE)

    def action() -> Trace:
        trace = play(bars_of(arrays), decisions, rules, fused)
        measures(trace)
        return trace

    return report(*stopwatch.best_of(action), rules)


def loop_alone(arrays: Arrays, rules: Rules, decisions: Decisions) -> dict[str, Any]:
    """Time the loop over the bars alone; what is prepared before it and measured after it is left out."""
    fused, bars = fuse(rules, CACHE), bars_of(arrays)
    shortest = [float("inf")]

    def action() -> Trace:
        simulation = Simulation(bars, decisions, settings(rules), fused, np.array([CAPITAL]))
        began = time.process_time()
        simulation.advance(bars.n_bars)
        shortest[0] = min(shortest[0], time.process_time() - began)
        return simulation.trace()

    _, trace = stopwatch.best_of(action)
    return report(shortest[0], trace, rules)


def some_rules(arrays: Arrays) -> dict[str, Any]:
    """Time the loop with the first `n_rules` of the eight."""
    rules = third_party.rules(arrays["sigma"], arrays["mean"])[: int(arrays["n_rules"])]
    return loop_alone(arrays, rules, crossover_decisions(arrays))


def eight_rules(arrays: Arrays) -> dict[str, Any]:
    """Time the loop with eight rules written by others."""
    return loop_alone(arrays, third_party.rules(arrays["sigma"], arrays["mean"]), crossover_decisions(arrays))


WORKLOADS = {
    "crossover": lambda arrays: whole_path(arrays, [], crossover_decisions(arrays)),
    "crossover-mission": lambda arrays: whole_path(arrays, mission(), crossover_decisions(arrays)),
    "rules": eight_rules,
    "some-rules": some_rules,
    "loop": lambda arrays: loop_alone(arrays, mission(), crossover_decisions(arrays)),
    "assets": lambda arrays: loop_alone(arrays, mission_of_many()[:5], momentum_decisions(arrays)),
    "momentum": lambda arrays: whole_path(arrays, mission_of_many(), momentum_decisions(arrays)),
    "momentum-mission": lambda arrays: whole_path(arrays, mission_of_many()[:5], momentum_decisions(arrays)),
    "momentum-plain": lambda arrays: whole_path(arrays, [], momentum_decisions(arrays)),
}

if __name__ == "__main__":
    stopwatch.main(WORKLOADS)
