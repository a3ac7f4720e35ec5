"""Time bt: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in bt's own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bt  # type: ignore[import-not-found]  # installed only in this peer's environment
import numpy as np
import pandas as pd
import stopwatch
from limits import CAPITAL, FEE, WEIGHT

if TYPE_CHECKING:
    from stopwatch import Arrays


def crossover(arrays: Arrays) -> dict[str, Any]:
    """Time target weights on the bars of crossovers; bt fills at the close that decides."""
    stamps = arrays["opened_at"]
    index = pd.to_datetime(stamps)
    close = pd.DataFrame({"A": arrays["close"]}, index=index)
    made = arrays["entry"] | arrays["exit"]
    wanted = pd.DataFrame({"A": np.where(arrays["entry"][made], WEIGHT, 0.0)}, index=index[made])

    def action() -> Any:
        strategy = bt.Strategy("crossover", [bt.algos.WeighTarget(wanted), bt.algos.Rebalance()])
        test = bt.Backtest(
            strategy, close, initial_capital=CAPITAL, commissions=lambda q, p: abs(q) * p * FEE, progress_bar=False
        )
        result = bt.run(test)
        return result, result.stats, test

    seconds, (_, _, test) = stopwatch.best_of(action)
    traded = np.flatnonzero(test.positions["A"].diff().fillna(0.0).to_numpy()[1:])
    return stopwatch.answer(seconds, len(close), traded)


if __name__ == "__main__":
    stopwatch.main({"crossover": crossover, "daily": crossover})
