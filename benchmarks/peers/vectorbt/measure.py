"""Time vectorbt: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in vectorbt's own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import stopwatch
import vectorbt as vbt  # type: ignore[import-not-found]  # installed only in this peer's environment
from limits import CAP, CAPITAL, DAY_LOSS, FALL, FALL_CAP, FEE, HOLD, PAUSE, RISK, STEP, STRETCH, WEIGHT
from numba import njit
from vectorbt.portfolio import nb  # type: ignore[import-not-found]  # likewise

if TYPE_CHECKING:
    from stopwatch import Arrays

QUANTITY, OPENED, LAST, BASE, PEAK, CUTS = 0, 1, 2, 3, 4, 5


def filled_at_next_open(decided: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Move what one close decides to the bar whose open fills it."""
    return np.concatenate([np.zeros_like(decided[:1]), decided[:-1]])


def crossover(arrays: Arrays, engine: str, *, measured: bool) -> dict[str, Any]:
    """Time signals to equity, and with `measured` the metrics as well."""
    entries, exits = filled_at_next_open(arrays["entry"]), filled_at_next_open(arrays["exit"])

    def action() -> Any:
        portfolio = vbt.Portfolio.from_signals(
            arrays["close"],
            entries,
            exits,
            price=arrays["open"],
            size=WEIGHT,
            size_type="percent",
            fees=FEE,
            init_cash=CAPITAL,
            freq="1min",
            engine=engine,
        )
        portfolio.value()
        if measured:
            portfolio.total_return(), portfolio.max_drawdown(), portfolio.sharpe_ratio(), portfolio.sortino_ratio()
            portfolio.trades.win_rate(), portfolio.trades.profit_factor(), portfolio.trades.expectancy()
        return portfolio

    seconds, portfolio = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(entries), portfolio.orders.values["idx"])


@njit
def remember(bar, equity, quantity, first, memory):  # type: ignore[no-untyped-def]  # numba's own types
    """Keep what the rules compare with: the day's base, the peak, when a position was opened and last held."""
    if first[bar]:
        memory[BASE] = memory[0]
    memory[0] = equity
    memory[PEAK] = max(memory[PEAK], equity)
    if quantity == 0.0:
        memory[OPENED] = -1.0
    else:
        memory[LAST] = bar
        if memory[OPENED] < 0.0:
            memory[OPENED] = bar


@njit
def cut(target, limit, rule, memory):  # type: ignore[no-untyped-def]  # numba's own types
    """Lower the target to a limit, and count it."""
    if target > limit:
        memory[CUTS + rule] += 1
        return limit
    return target


@njit
def order(c, entry, exit_, sigma, mean, opening, first, memory, weight):  # type: ignore[no-untyped-def]  # numba's own types
    """Pass the wanted weight through the eight rules, all written by hand into this one function."""
    bar = c.i - 1  # Decided at the last close, filled at this open.
    if bar < 0:
        return nb.order_nothing_nb()
    close, equity, quantity = c.close[bar, c.col], c.last_value[c.col], c.last_position[c.col]
    remember(bar, equity, quantity, first, memory)
    held = quantity * close / equity
    asked = weight if entry[bar] else 0.0 if exit_[bar] else held
    target = cut(asked, CAP, 0, memory)
    target = cut(target, RISK / sigma[bar], 1, memory)
    if 1.0 - equity / memory[PEAK] >= FALL:
        target = cut(target, FALL_CAP, 2, memory)
    if 1.0 - equity / memory[BASE] >= DAY_LOSS:
        target = cut(target, held, 3, memory)
    if close > mean[bar] * (1.0 + STRETCH):
        target = cut(target, held, 4, memory)
    target = cut(target, held + STEP, 5, memory)
    if memory[OPENED] >= 0.0 and bar - memory[OPENED] >= HOLD:
        target = cut(target, 0.0, 6, memory)
    if quantity == 0.0 and bar - memory[LAST] <= PAUSE:
        target = cut(target, held, 7, memory)
    if target == held and asked == held:
        return nb.order_nothing_nb()
    return nb.order_nb(size=target * equity / close - quantity, price=opening[c.i], fees=FEE)


def rules(arrays: Arrays) -> dict[str, Any]:
    """Time one compiled order function with all eight rules in it."""
    first = np.append(True, arrays["session"][1:] != arrays["session"][:-1])
    names = ("entry", "exit", "sigma", "mean", "open")

    def action() -> Any:
        memory = np.array([CAPITAL, -1.0, -10_000.0, CAPITAL, CAPITAL, *[0.0] * 8])
        given = (*(arrays[name] for name in names), first, memory, WEIGHT)
        portfolio = vbt.Portfolio.from_order_func(
            arrays["close"], order, *given, init_cash=CAPITAL, ffill_val_price=True, max_orders=200_000
        )
        portfolio.value()
        return portfolio, memory

    seconds, (portfolio, memory) = stopwatch.best_of(action)
    cuts = memory[CUTS:].astype(int).tolist()
    return stopwatch.answer(seconds, len(first), portfolio.orders.values["idx"], cuts=cuts)


def momentum(arrays: Arrays, engine: str) -> dict[str, Any]:
    """Time monthly target weights of many assets that share their cash."""
    wanted = np.where(arrays["decided"][:, None], arrays["weight"], np.nan)
    wanted = np.vstack([np.full_like(wanted[:1], np.nan), wanted[:-1]])

    def action() -> Any:
        portfolio = vbt.Portfolio.from_orders(
            arrays["close"],
            size=wanted,
            size_type="targetpercent",
            price=arrays["open"],
            fees=FEE,
            init_cash=CAPITAL,
            cash_sharing=True,
            group_by=True,
            call_seq="auto",
            freq="1D",
            engine=engine,
        )
        portfolio.value()
        return portfolio

    seconds, portfolio = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(wanted), portfolio.orders.values["idx"])


if __name__ == "__main__":
    stopwatch.main(
        {
            "crossover": lambda arrays: crossover(arrays, "numba", measured=True),
            "crossover-rust": lambda arrays: crossover(arrays, "rust", measured=True),
            "equity": lambda arrays: crossover(arrays, "numba", measured=False),
            "equity-rust": lambda arrays: crossover(arrays, "rust", measured=False),
            "rules": rules,
            "momentum": lambda arrays: momentum(arrays, "numba"),
            "momentum-rust": lambda arrays: momentum(arrays, "rust"),
            "daily": lambda arrays: crossover(arrays, "numba", measured=True),
        }
    )
