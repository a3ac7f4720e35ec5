"""A simulated venue over a few bars, told by hand what to do; orders and what it reports in short words."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine_harness import settings
from order_harness import order
from tradewright.engine.known import opening_of
from tradewright.engine.tape import listings
from tradewright.execute.news import Report
from tradewright.execute.venue import SimulatedVenue
from tradewright.values.bars import Bars
from tradewright.values.exact import amount
from tradewright.values.order import Activity, Fill, Order, Purpose

AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
STRATEGIES = ("trend", "other")


def asked(number: int, quantity: Any, **changes: Any) -> Order:
    """Return order `number` of a signed quantity of A0; `limit` and `stop` are prices, `whose` a strategy."""
    whose, signed = changes.pop("whose", "trend"), Decimal(str(quantity))
    prices = {name: amount(changes.pop(name)) for name in ("limit", "stop") if name in changes}
    purpose = Purpose.STOP if "stop" in prices else Purpose.TARGET
    fields: dict[str, Any] = {"id": UUID(int=number), "symbol": "A0", "shares": [(whose, signed)]}
    return order(signed, purpose, **(fields | prices | changes))


class Stall:
    """A venue, and the bars that it plays."""

    def __init__(self, bars: Bars, *, cash: float = 0.0, **costs: Any) -> None:
        self.bars, self.bar = bars, -1
        costs = {"at_close": bars.open is None, "has_volume": bars.volume is not None, **costs}
        self.venue = SimulatedVenue(
            "simulated", "USD", settings(shares=(0.5, 0.5), **costs), listings(bars), bars.symbols, STRATEGIES
        )
        if cash:
            self.venue.fund("trend", cash)

    def begin(self, *, priced: bool = True) -> Stall:
        """Begin the next bar, with its first prices unless told otherwise."""
        self.bar += 1
        self.venue.begin(opening_of(self.bars, self.bar).assets, self.bars.between(self.bar, self.bar + 1))
        if priced:
            self.venue.price()
        return self

    def send(self, *orders: Order) -> Stall:
        for one in orders:
            self.venue.submit(one, AT)
        return self

    def end(self) -> Stall:
        """Touch what the bar touches, and close it."""
        self.venue.match(AT)
        self.venue.close(AT)
        return self

    def hold(self, units: Any, symbol: str = "A0", whose: str = "trend") -> Stall:
        """Let a strategy have units, however it came by them."""
        self.venue.held[whose, symbol] = Decimal(str(units))
        return self

    def held(self, symbol: str = "A0", whose: str = "trend") -> Decimal:
        return self.venue.held.get((whose, symbol), Decimal(0))

    def said(self) -> list[tuple[Any, ...]]:
        """Return what it reports, each as number of the order, word, and units and price of a fill, or a reason."""
        return [told(one) for one in self.venue.due()]

    def fills(self) -> list[Fill]:
        return [one.news.fill for one in self.venue.due() if isinstance(one, Report) and one.news.fill is not None]


def told(one: Report | Activity) -> tuple[Any, ...]:
    """Return a report in short words."""
    if isinstance(one, Activity):
        return (str(one.kind), one.strategy, float(one.cash))
    news = one.news
    if news.fill is not None:
        return (one.id.int, "fill", float(news.fill.quantity), float(news.fill.price))
    words: tuple[Any, ...] = (one.id.int, str(news.word))
    return (*words, str(news.status)) if news.status is not None else (*words, news.reason) if news.reason else words


NAN = math.nan
