"""A simulated account whose executions a test dictates, to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, LISTING, OPENING, Settings
from tradewright.execute.venue import SimulatedVenue
from tradewright.values.bars import Bars
from tradewright.values.exact import EXACT, to_float
from tradewright.values.instrument import Instrument
from tradewright.values.order import EXTERNAL, Order, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

NAME, STRATEGY = "planned", "suite"
OPENED = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
CASH, PRICE, FEE_PER_UNIT = 100_000.0, 100.0, 0.005


class DictatedAccount(SimulatedVenue):
    """A simulated account, in which executions can be dictated."""

    def execute(
        self, order: Order | None, symbol: str, quantity: Decimal, price: Decimal, fee: Decimal, now: datetime
    ) -> None:
        """Fill a part of an order, or let a stranger trade, at exactly this price and fee."""
        whose = EXTERNAL if order is None else order.strategy
        self._move(whose, symbol, quantity, -(to_float(quantity) * to_float(price) + to_float(fee)))
        fill = self._execution(None if order is None else order.id, symbol, quantity, PRICE, 0.0, now, whose=whose)
        self.told.fill(attrs.evolve(fill, price=price, fee=fee))
        if order is not None:
            self._left[order.id] = EXACT.subtract(self._left[order.id], quantity)
            if self._left[order.id] == 0:
                self._forget(order, Status.FILLED, now)


def dictated_account(symbols: Sequence[str], currency: str) -> DictatedAccount:
    """Return an account with cash, and a row that has begun and has no price yet."""
    one, n_assets = np.ones(1), len(symbols)
    costs = Settings(
        half_spread_and_slippage=0.0,
        commission_per_share=FEE_PER_UNIT,
        commission_rate=0.0,
        commission_min=0.0,
        cash_rate=0.0,
        borrow_rate=0.0,
        at_close=False,
        has_volume=False,
        whole=False,
        in_units=False,
        participation=1.0,
        capital_total=CASH,
        capital_step=0.0,
        capital_step_return=0.0,
        evidence_ok=True,
        resume_after=0,
        latched=np.zeros(0, bool),
        books=table((1,), BOOK, share=one, no_trade_band=np.zeros(1)),
    )
    assets = table((n_assets,), LISTING, lot=1.0, tick=0.0, multiplier=1.0, exit_bar=-1, exit_cash=0.0)
    account = DictatedAccount(NAME, currency, costs, assets, symbols, [STRATEGY])
    account.fund(STRATEGY, CASH)
    at = np.datetime64(OPENED.replace(tzinfo=None), "ns")
    row = Bars(
        instruments=[Instrument(symbol=symbol) for symbol in symbols],
        opened_at=np.array([at]),
        closed_at=np.array([at + np.timedelta64(6, "h")]),
        session=np.array([np.datetime64(OPENED.date(), "D")]),
        close=np.full((1, n_assets), PRICE),
        traded=np.ones((1, n_assets), bool),
    )
    account.begin(table((n_assets,), OPENING, split=1.0), row)
    return account
