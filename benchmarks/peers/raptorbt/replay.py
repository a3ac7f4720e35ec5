"""Replay fixed share orders with raptorbt: `python replay.py CASES.npz EQUITY.npz`, in raptorbt's own environment."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from raptorbt import (  # type: ignore[import-not-found]  # installed only in this peer's environment
    BacktestConfig,
    Strategy,
    run_strategy_backtest,
)
from raptorbt.strategy.orders import Market  # type: ignore[import-not-found]  # likewise


class Replay(Strategy):  # type: ignore[misc]  # a class of a package without types here
    """Order the change of position that each bar asks for."""

    def __init__(self, change: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        super().__init__()
        self.change = change
        self.fills = 0

    def on_bar(self, ctx: Any) -> None:
        """Order in units, not in fractions of capital."""
        change = self.change[ctx.idx]
        if change != 0.0:
            self.submit_order(Market(side="buy" if change > 0.0 else "sell", units=abs(change)))

    def on_order_event(self, ctx: Any, event: Any) -> None:  # noqa: ARG002  # the hook's signature
        """Count the fills; an order that is refused must not go unnoticed."""
        if event.kind == "order_rejected":
            raise RuntimeError(f"raptorbt refused an order: {event}")
        self.fills += event.kind == "order_filled"


def main(source: str, result: str) -> None:
    """Read `open`, `close` and `position` of each case, and write its equity and its number of fills."""
    with np.load(source) as cases:
        names = sorted({key.partition("/")[0] for key in cases})
        answers: dict[str, Any] = {}
        for name in names:
            opening, close = cases[f"{name}/open"], cases[f"{name}/close"]
            strategy = Replay(np.diff(cases[f"{name}/position"], prepend=0.0))
            outcome = run_strategy_backtest(
                strategy,
                np.arange(len(close)) * 86_400_000_000_000,
                opening,
                np.maximum(opening, close),
                np.minimum(opening, close),
                close,
                np.full(len(close), 1e12),
                config=BacktestConfig(
                    initial_capital=float(cases[f"{name}/capital"]),
                    fees=float(cases[f"{name}/fee"]),
                    slippage=0.0,
                    fill_timing="next_bar_open",
                ),
                account_type="margin",  # A cash account books the profit of a short with the sign of a long.
            )
            answers[f"{name}/equity"] = np.asarray(outcome.equity_curve(), dtype=float)
            answers[f"{name}/fills"] = np.asarray(strategy.fills)
    np.savez(result, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
