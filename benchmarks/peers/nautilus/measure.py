"""Time nautilus_trader: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in its own environment."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import stopwatch
from limits import CAP, CAPITAL, DAY_LOSS, FALL, FALL_CAP, HOLD, PAUSE, RISK, STEP, STRETCH, WEIGHT
from nautilus_trader.backtest.engine import (  # type: ignore[import-not-found]  # only in this peer's environment
    BacktestEngine,
    BacktestEngineConfig,
)
from nautilus_trader.config import LoggingConfig  # type: ignore[import-not-found]  # likewise
from nautilus_trader.model.currencies import USD  # type: ignore[import-not-found]  # likewise
from nautilus_trader.model.data import BarType  # type: ignore[import-not-found]  # likewise
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide  # type: ignore[import-not-found]  # likewise
from nautilus_trader.model.identifiers import Venue  # type: ignore[import-not-found]  # likewise
from nautilus_trader.model.objects import Money  # type: ignore[import-not-found]  # likewise
from nautilus_trader.persistence.wranglers import BarDataWrangler  # type: ignore[import-not-found]  # likewise
from nautilus_trader.test_kit.providers import TestInstrumentProvider  # type: ignore[import-not-found]  # likewise
from nautilus_trader.trading.strategy import Strategy  # type: ignore[import-not-found]  # likewise

if TYPE_CHECKING:
    from stopwatch import Arrays


class Crossover(Strategy):  # type: ignore[misc]  # a class of a package without types here
    """Buy at one crossover and close at the next, with the eight rules or without them."""

    def __init__(self, instrument: Any, kind: Any, arrays: Arrays, *, ruled: bool) -> None:
        super().__init__()
        names = ("entry", "exit", "sigma", "mean", "close", "session")
        self.entry, self.exit, self.sigma, self.mean, self.close_, self.session = (arrays[n].tolist() for n in names)
        self.instrument, self.kind, self.ruled = instrument, kind, ruled
        self.at, self.cash, self.units, self.weight = -1, CAPITAL, 0.0, 0.0
        self.peak = self.base = self.equity = CAPITAL
        self.today, self.opened, self.last = -1, -1, -10_000
        self.cuts = [0] * 8
        self.fill_bars: list[int] = []

    def on_start(self) -> None:
        """Ask for the bars."""
        self.subscribe_bars(self.kind)

    def on_bar(self, bar: Any) -> None:  # noqa: ARG002  # the hook's signature
        """Pass the wanted weight through the rules, and order what is left."""
        self.at += 1
        at, held = self.at, self.weight
        want = WEIGHT if self.entry[at] and held == 0.0 else 0.0 if self.exit[at] else held
        target = self.checked(want, held, at) if self.ruled else want
        if target > 0.0 and held == 0.0:
            self.weight = target
            self.order(OrderSide.BUY, int(target * (self.cash + self.units * self.close_[at]) / self.close_[at]))
        elif target <= 0.0 and held > 0.0:
            self.weight, self.opened = 0.0, -1
            self.order(OrderSide.SELL, int(self.units))

    def order(self, side: Any, units: int) -> None:
        """Send a market order."""
        size = self.instrument.make_qty(units)
        self.submit_order(self.order_factory.market(self.instrument.id, side, size))

    def on_order_filled(self, event: Any) -> None:
        """Keep the book, which costs less than asking the portfolio on every bar."""
        sign = 1.0 if event.order_side == OrderSide.BUY else -1.0
        self.units += sign * float(event.last_qty)
        self.cash -= sign * float(event.last_qty) * float(event.last_px)
        self.fill_bars.append(self.at)

    def checked(self, target: float, held: float, at: int) -> float:
        """Return the weight that all eight leave."""
        if self.session[at] != self.today:
            self.today, self.base = self.session[at], self.equity
        self.equity = equity = self.cash + self.units * self.close_[at]
        self.peak = max(self.peak, equity)
        if held > 0.0:
            self.last = at
            self.opened = at if self.opened < 0 else self.opened
        limits = (
            CAP,
            RISK / self.sigma[at],
            FALL_CAP if 1.0 - equity / self.peak >= FALL else target,
            held if 1.0 - equity / self.base >= DAY_LOSS else target,
            held if self.close_[at] > self.mean[at] * (1.0 + STRETCH) else target,
            held + STEP,
            0.0 if self.opened >= 0 and at - self.opened >= HOLD else target,
            held if held == 0.0 and at - self.last <= PAUSE else target,
        )
        for rule, limit in enumerate(limits):
            if target > limit:
                target = limit
                self.cuts[rule] += 1
        return target


def trade(arrays: Arrays, *, ruled: bool) -> dict[str, Any]:
    """Time a run of the engine; wrangling the arrays into its bars is left out, as its documents load them once."""
    instrument = TestInstrumentProvider.equity(symbol="A", venue="SIM")
    kind = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    stamps = arrays["opened_at"]
    frame = pd.DataFrame(
        {name: arrays[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(stamps, utc=True),
    )
    frame["volume"] = 1e6
    bars = BarDataWrangler(kind, instrument).process(frame)
    seconds, strategy = stopwatch.best_of(lambda: played(instrument, kind, bars, arrays, ruled=ruled))
    return stopwatch.answer(seconds, len(bars), strategy.fill_bars, cuts=strategy.cuts if ruled else [])


def played(instrument: Any, kind: Any, bars: list[Any], arrays: Arrays, *, ruled: bool) -> Crossover:
    """Return the strategy after a run."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        Venue("SIM"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(CAPITAL, USD)],
        default_leverage=Decimal(1),
    )
    engine.add_instrument(instrument)
    engine.add_data(bars, sort=False)
    strategy = Crossover(instrument, kind, arrays, ruled=ruled)
    engine.add_strategy(strategy)
    engine.run()
    engine.dispose()
    return strategy


if __name__ == "__main__":
    stopwatch.main(
        {
            "crossover": lambda arrays: trade(arrays, ruled=False),
            "daily": lambda arrays: trade(arrays, ruled=False),
            "rules": lambda arrays: trade(arrays, ruled=True),
        }
    )
