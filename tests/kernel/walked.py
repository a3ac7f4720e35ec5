"""A venue of its own, with orders as objects, that answers a walk bar by bar: what stands in for the matcher."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tradewright.engine.log import BY_ORDER, BY_STOP, FILL
from tradewright.engine.plain import interpreted
from tradewright.engine.state import table
from tradewright.engine.walk import Walk
from tradewright.risk.checks import always
from tradewright.risk.contract import OrderView
from tradewright.values.bars import Bars

fills = interpreted("fills")
level_of = interpreted("matcher").level_of


@dataclass
class Ordered:
    """One order for one bar."""

    book: int
    asset: int
    quantity: float
    limit: float


class Venue:
    """Fills a walk's orders and stops from bars, one book after the other, reductions first."""

    def __init__(self, walk: Walk, bars: Bars) -> None:
        self.walk, self.bars = walk, bars
        self.used = np.zeros(bars.n_assets)

    def play(self, bar: int) -> None:
        """Play one bar between its beginning and its close; the walk has begun it."""
        self.used[:] = 0.0
        plan, at_close = self.walk.plan(), self.walk.settings.at_close
        for book in range(len(plan.order)):
            orders = [
                Ordered(book, int(asset), plan.order[book, asset], plan.limit[book, asset])
                for asset in np.flatnonzero(plan.order[book])
                if self.bars.traded[bar, asset]
            ]
            if at_close:
                self.stop(bar, book, orders)
            for wave in (self.reductions, self.increases, self.waiting):
                due, free = list(wave(bar, orders)), self.walk.free(book)
                for order, base in due:
                    free -= self.release(bar, order, base, free)
                    orders.remove(order)
            if not at_close:
                self.stop(bar, book, orders)
            self.walk.count(expired=len(orders))
            for order in orders:
                self.walk.state.positions[book, order.asset].order = 0.0

    def held(self, order: Ordered) -> float:
        return float(self.walk.state.positions[order.book, order.asset].quantity)

    def first(self, bar: int, asset: int) -> float:
        prices = self.bars.close if self.walk.settings.at_close or self.bars.open is None else self.bars.open
        return float(prices[bar, asset])

    def reductions(self, bar: int, orders: list[Ordered]) -> Iterator[tuple[Ordered, float]]:
        for order in orders:
            if order.quantity * self.held(order) < 0.0:
                yield order, self.first(bar, order.asset)

    def increases(self, bar: int, orders: list[Ordered]) -> Iterator[tuple[Ordered, float]]:
        for order in orders:
            first = self.first(bar, order.asset)
            if not order.quantity * self.held(order) < 0.0 and fills.within_limit(order.quantity, first, order.limit):
                yield order, first

    def waiting(self, bar: int, orders: list[Ordered]) -> Iterator[tuple[Ordered, float]]:
        bars = self.bars
        for order in orders:
            if self.walk.settings.at_close or math.isnan(order.limit) or order.quantity * self.held(order) < 0.0:
                continue
            best = bars.close if bars.low is None else bars.low if order.quantity > 0.0 else bars.high
            stop = self.walk.state.positions[order.book, order.asset].stop
            if fills.within_limit(order.quantity, best[bar, order.asset], order.limit) and fills.waits_before_stop(
                order.quantity, order.limit, stop
            ):
                yield order, order.limit

    def release(self, bar: int, order: Ordered, base: float, free: float) -> float:
        """Let the checks, the volume and the cash say how much of an order fills; return the cash that it took."""
        walk, one = self.walk, self.walk.assets[order.asset]
        held, quantity = self.held(order), order.quantity
        reduces = quantity * held < 0.0
        if reduces and abs(quantity) > abs(held):
            quantity = -held
        price = (
            order.limit
            if base == order.limit and self.first(bar, order.asset) != base
            else fills.price_with_limit(quantity, base, order.limit, one.tick, walk.settings)
        )
        size = walk.check(order.book, order.asset, quantity, base, price, free)
        if not size > 0.0:
            return 0.0
        size = self.room(bar, order.asset, size)
        view = self.view(order, quantity, base, price, free)
        affordable = always.require_cash(view, always.Parameters())
        if size > 0.0 and affordable < size:
            walk.state.run[0].cash_cuts += 1
            size = fills.floor_lot(affordable, one.lot, walk.settings)
        if not size > 0.0:
            return 0.0
        return size * view.unit + self.fill(bar, order, math.copysign(size, quantity), base, price, BY_ORDER)

    def view(self, order: Ordered, quantity: float, base: float, price: float, free: float) -> OrderView:
        walk, one = self.walk, self.walk.assets[order.asset]
        mark, costs = walk.state.market[order.asset].mark, walk.settings
        unit = fills.unit_cost(quantity, price, mark, one.multiplier)
        variable = costs.commission_rate * price * one.multiplier + costs.commission_per_share
        level = level_of(walk.state, order.book)
        held = self.held(order)
        return OrderView(
            quantity, held, base, mark, one.multiplier, level, free, unit, variable, costs.commission_min
        )

    def room(self, bar: int, asset: int, size: float) -> float:
        if not self.walk.settings.has_volume:
            return size
        assert self.bars.volume is not None
        volume, lot = self.bars.volume[bar, asset], self.walk.assets[asset].lot
        most = fills.room(volume, self.used[asset], lot, self.walk.settings)
        self.walk.count(participation_cuts=0 if size <= most else 1)
        return float(fills.part_within(size, most))

    def stop(self, bar: int, book: int, orders: list[Ordered]) -> None:
        """Close the positions whose stop the bar has touched; their orders are void."""
        bars = self.bars
        columns = [bars.close if grid is None else grid for grid in (bars.open, bars.low, bars.high)]
        for asset, cell in enumerate(self.walk.state.positions[book]):
            held, stop = float(cell.quantity), float(cell.stop)
            if held == 0.0 or math.isnan(stop) or not bars.traded[bar, asset]:
                continue
            first, low, high = (column[bar, asset] for column in columns)
            if not fills.touches_stop(held, stop, low, high):
                continue
            base = fills.price_at_stop(held, stop, first)
            orders[:] = [order for order in orders if order.asset != asset]
            self.walk.state.positions[book, asset].order = 0.0
            size = self.room(bar, asset, abs(held))
            if size > 0.0:
                price = fills.fill_price(
                    base, -math.copysign(1.0, held), self.walk.assets[asset].tick, self.walk.settings
                )
                self.fill(bar, Ordered(book, asset, 0.0, math.nan), -math.copysign(size, held), base, price, BY_STOP)

    def fill(self, bar: int, order: Ordered, quantity: float, base: float, price: float, reason: int) -> float:
        multiplier = self.walk.assets[order.asset].multiplier
        fee = float(fills.fee_of(quantity, quantity * price * multiplier, self.walk.settings))
        slippage = abs(quantity) * multiplier * abs(price - base)
        self.used[order.asset] += abs(quantity)
        report = table((1,), FILL)
        report[0] = (bar, order.book, order.asset, reason, quantity, price, fee, slippage)
        self.walk.take(report)
        return fee
