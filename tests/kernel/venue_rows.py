"""A simulated venue with one strategy and a few symbols, whose rows a test writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, LISTING, OPENING, Settings
from tradewright.execute.news import Report, Word
from tradewright.execute.venue import SimulatedVenue
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.values.order import Order, Purpose

OPENED = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SYMBOLS = ("SPY", "QQQ")
STRATEGY = "trend"


def costs(**changes: Any) -> Settings:
    """Return settings without costs, of whole units, that take a twentieth of a bar's volume."""
    free: dict[str, Any] = dict.fromkeys(
        ("half_spread_and_slippage", "commission_per_share", "commission_rate", "commission_min", "cash_rate"), 0.0
    )
    rest: dict[str, Any] = {
        "at_close": False,
        "has_volume": False,
        "whole": True,
        "in_units": False,
        "participation": 0.05,
        "borrow_rate": 0.0,
        "capital_total": 1e6,
        "capital_step": 0.0,
        "capital_step_return": 0.15,
        "evidence_ok": True,
        "resume_after": 0,
        "latched": np.zeros(0, bool),
        "books": table((1,), BOOK, share=np.ones(1), no_trade_band=np.zeros(1)),
    }
    return Settings(**(free | rest | changes))


def venue(**changes: Any) -> SimulatedVenue:
    assets = table((len(SYMBOLS),), LISTING, lot=1.0, tick=0.0, multiplier=1.0, exit_bar=9, exit_cash=7.0)
    made = SimulatedVenue("simulated", "USD", costs(**changes), assets, SYMBOLS, [STRATEGY])
    made.fund(STRATEGY, 10_000.0)
    return made


def row(opened: datetime = OPENED, *, close: float = 100.0, ends: bool = False, **grids: Any) -> Bars:
    """Return one row in which every price is `close` unless a grid says otherwise."""
    at = np.datetime64(opened.replace(tzinfo=None), "ns")
    grid = np.full((1, len(SYMBOLS)), close)
    return Bars(
        instruments=[Instrument(symbol=symbol) for symbol in SYMBOLS],
        opened_at=np.array([at]),
        closed_at=np.array([at + np.timedelta64(15, "m")]),
        session=np.array([np.datetime64(opened.date(), "D")]),
        close=grid,
        traded=np.ones((1, len(SYMBOLS)), bool),
        ends=np.array([ends]),
        **{name: np.full((1, len(SYMBOLS)), float(value)) for name, value in grids.items()},
    )


def opening(**cells: Sequence[Any]) -> Any:
    assets = table((len(SYMBOLS),), OPENING, split=1.0)
    for name, values in cells.items():
        assets[name] = values
    return assets


def begun(made: SimulatedVenue, bars: Bars | None = None, **cells: Sequence[Any]) -> SimulatedVenue:
    """Begin a row and show its first prices."""
    bars = row() if bars is None else bars
    made.begin(opening(**cells), bars)
    made.price(OPENED)
    return made


def sent(name: int, quantity: int, purpose: Purpose = Purpose.TARGET, **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "id": UUID(int=name),
        "venue": "simulated",
        "symbol": "SPY",
        "quantity": Decimal(quantity),
        "purpose": purpose,
        "shares": [(STRATEGY, Decimal(quantity))],
        "decided_at": OPENED,
    }
    return Order(**(fields | changes))


def words(made: SimulatedVenue) -> list[Word]:
    """Return what is due of orders, by its words."""
    return [one.news.word for one in made.due() if isinstance(one, Report)]
