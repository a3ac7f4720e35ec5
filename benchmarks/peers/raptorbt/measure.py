"""Time raptorbt: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in raptorbt's own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import stopwatch
from limits import CAP, CAPITAL, DAY_LOSS, FALL, FALL_CAP, FEE, HOLD, PAUSE, RISK, STEP, STRETCH, WEIGHT
from raptorbt import (  # type: ignore[import-not-found]  # installed only in this peer's environment
    BacktestConfig,
    Strategy,
    run_single_backtest,
    run_strategy_backtest,
    simulate_rebalance_policy,
)

if TYPE_CHECKING:
    from stopwatch import Arrays


def prices(arrays: Arrays) -> tuple[Any, ...]:
    """Return what every entry point of raptorbt begins with."""
    names = ("open", "high", "low", "close", "volume")
    stamps = arrays["opened_at"]
    return (stamps, *(arrays[name] for name in names))


def config() -> BacktestConfig:
    """Return the same money and fee as everyone's, filled at the next open."""
    return BacktestConfig(initial_capital=CAPITAL, fees=FEE, slippage=0.0, fill_timing="next_bar_open")


def crossover(arrays: Arrays) -> dict[str, Any]:
    """Time the array interface; its metrics always come with it."""

    def action() -> Any:
        result = run_single_backtest(*prices(arrays), arrays["entry"], arrays["exit"], weight=WEIGHT, config=config())
        return result, result.equity_curve(), result.metrics.sharpe_ratio

    seconds, (result, equity, _) = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(equity), fill_bars(result))


def fill_bars(result: Any) -> list[int]:
    """Return the bars of all fills."""
    return [bar for trade in result.trades() for bar in (trade.entry_idx, trade.exit_idx)]


class EightRules(Strategy):  # type: ignore[misc]  # a class of a package without types here
    """The eight rules in Python, asked on every bar, as the class interface is meant to be used."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        # Lists, because taking one number out of an array costs more than out of a list.
        names = ("entry", "exit", "sigma", "mean", "close", "session")
        self.entry, self.exit, self.sigma, self.mean, self.close, self.session = (arrays[n].tolist() for n in names)
        self.peak = self.base = self.equity = CAPITAL
        self.today, self.opened, self.last, self.held = -1, -1, -10_000, 0.0
        self.cuts = [0] * 8

    def on_bar(self, ctx: Any) -> None:
        """Pass the wanted weight through all rules, and order what is left; it fills at the next open."""
        bar, held = ctx.idx, self.held
        if self.session[bar] != self.today:
            self.today, self.base = self.session[bar], self.equity
        self.equity = equity = ctx.equity
        self.peak = max(self.peak, equity)
        if held > 0.0:
            self.last = bar
            self.opened = bar if self.opened < 0 else self.opened
        # raptorbt refuses to add to an open position, so a crossover within one changes nothing.
        want = WEIGHT if self.entry[bar] and held == 0.0 else 0.0 if self.exit[bar] else held
        target = self.check(want, held, equity, bar)
        if target > 0.0 and held == 0.0:
            self.enter(size_frac=target)
            self.held = target
        elif target <= 0.0 and held > 0.0:
            self.close_position()
            self.held, self.opened = 0.0, -1

    def check(self, target: float, held: float, equity: float, bar: int) -> float:
        """Return the weight that all eight leave."""
        fallen = 1.0 - equity / self.peak >= FALL
        lost = 1.0 - equity / self.base >= DAY_LOSS
        far = self.close[bar] > self.mean[bar] * (1.0 + STRETCH)
        old = self.opened >= 0 and bar - self.opened >= HOLD
        resting = held == 0.0 and bar - self.last <= PAUSE
        limits = (
            CAP,
            RISK / self.sigma[bar],
            FALL_CAP if fallen else target,
            held if lost else target,
            held if far else target,
            held + STEP,
            0.0 if old else target,
            held if resting else target,
        )
        for rule, limit in enumerate(limits):
            if target > limit:
                target = limit
                self.cuts[rule] += 1
        return target


def rules(arrays: Arrays) -> dict[str, Any]:
    """Time the class interface with the eight rules in it."""

    def action() -> tuple[EightRules, Any]:
        strategy = EightRules(arrays)
        return strategy, run_strategy_backtest(strategy, *prices(arrays), config=config())

    seconds, (strategy, result) = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(arrays["close"]), fill_bars(result), cuts=strategy.cuts)


def momentum(arrays: Arrays) -> dict[str, Any]:
    """Time its simulator of rebalanced portfolios, which fills at the close that decides."""
    weight = np.zeros_like(arrays["weight"])
    rows = np.flatnonzero(arrays["decided"])
    since = np.searchsorted(rows, np.arange(len(weight)), side="right") - 1
    weight[since >= 0] = arrays["weight"][rows[since[since >= 0]]]

    def action() -> Any:
        result = simulate_rebalance_policy(arrays["close"], weight, CAPITAL, "calendar", 21.0)
        return result.equity_curve()

    seconds, equity = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(equity), rows)


if __name__ == "__main__":
    stopwatch.main({"crossover": crossover, "rules": rules, "momentum": momentum, "daily": crossover})
