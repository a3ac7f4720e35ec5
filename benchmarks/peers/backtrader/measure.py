"""Time backtrader: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in its own environment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import backtrader as bt  # type: ignore[import-not-found]  # installed only in this peer's environment
import stopwatch
from limits import CAPITAL, FEE, WEIGHT

if TYPE_CHECKING:
    from stopwatch import Arrays


class Feed(bt.feed.DataBase):  # type: ignore[misc]  # a class of a package without types here
    """Bars from lists, without pandas and without parsing a file."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        names = ("open", "high", "low", "close", "volume")
        self.rows = iter(list(zip(*(arrays[name].tolist() for name in names), strict=True)))
        self.at = datetime(1990, 1, 1)  # noqa: DTZ001  # backtrader keeps naive times

    def _load(self) -> bool:
        row = next(self.rows, None)
        if row is None:
            return False
        self.at += timedelta(minutes=1)
        self.lines.datetime[0] = bt.date2num(self.at)
        lines = self.lines
        lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row
        lines.openinterest[0] = 0.0
        return True


class Crossover(bt.Strategy):  # type: ignore[misc]  # likewise
    """Buy at one crossover and close at the next; an order fills at the next open."""

    params = (("entry", None), ("exit", None))

    def __init__(self) -> None:
        self.fill_bars: list[int] = []

    def next(self) -> None:
        """Trade at the next open."""
        bar = len(self) - 1
        if self.p.entry[bar]:
            self.order_target_percent(target=WEIGHT)
        elif self.p.exit[bar]:
            self.close()

    def notify_order(self, order: Any) -> None:
        """Note each fill."""
        if order.status == order.Completed:
            self.fill_bars.append(len(self) - 1)


def crossover(arrays: Arrays) -> dict[str, Any]:
    """Time a run with analyzers for the metrics, as its own documents do."""
    entry, exit_ = arrays["entry"].tolist(), arrays["exit"].tolist()

    def action() -> Any:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(Feed(arrays))
        cerebro.addstrategy(Crossover, entry=entry, exit=exit_)
        cerebro.broker.setcash(CAPITAL)
        cerebro.broker.setcommission(commission=FEE)
        cerebro.addanalyzer(bt.analyzers.DrawDown)
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
        return cerebro.run()[0]

    seconds, strategy = stopwatch.best_of(action)
    return stopwatch.answer(seconds, len(entry), strategy.fill_bars)


if __name__ == "__main__":
    stopwatch.main({"crossover": crossover, "daily": crossover})
