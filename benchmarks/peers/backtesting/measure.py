"""Time backtesting.py: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in its own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import stopwatch
from backtesting import Backtest, Strategy  # type: ignore[import-not-found]  # installed only in this environment
from limits import CAPITAL, FEE, WEIGHT

if TYPE_CHECKING:
    from stopwatch import Arrays


class Crossover(Strategy):  # type: ignore[misc]  # a class of a package without types here
    """Buy at one crossover and close at the next."""

    def init(self) -> None:
        """Nothing is precomputed: the signals are columns of the data."""

    def next(self) -> None:
        """Trade at the next open."""
        if self.data.Entry[-1]:
            self.buy(size=WEIGHT)
        elif self.data.Exit[-1]:
            self.position.close()


def crossover(arrays: Arrays) -> dict[str, Any]:
    """Time a run; its metrics always come with it."""
    stamps = arrays["opened_at"]
    frame = pd.DataFrame(
        {name.capitalize(): arrays[name] for name in ("open", "high", "low", "close", "volume", "entry", "exit")},
        index=pd.to_datetime(stamps),
    )

    def action() -> Any:
        # finalize_trades would add a fill on the last bar that nobody ordered.
        return Backtest(frame, Crossover, cash=CAPITAL, commission=FEE, finalize_trades=False).run()

    seconds, result = stopwatch.best_of(action)
    trades = result["_trades"]
    fills = np.concatenate([trades["EntryBar"].to_numpy(), trades["ExitBar"].to_numpy()])
    return stopwatch.answer(seconds, len(frame), fills)


if __name__ == "__main__":
    stopwatch.main({"crossover": crossover, "daily": crossover})
