"""Sections 3 to 5 of the engine's twin: how orders and stops fill; see `twin`."""

from __future__ import annotations

import math

from twin_books import Books
from twin_case import BY_ORDER, BY_STOP, NAN, NO_HALT, Case, Counter, Fill, Position, sign
from twin_checks import OrderView

DUST = 1e-9
INTEGER_MAX = 2**63 - 1


class Fills(Books):
    """What happens to orders and stops in a bar."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.check_counters = [Counter() for _ in case.checks]
        self.average_volume = [NAN] * self.n_assets  # of the bar before, in its units

    # ---- section 3: price, fee and fill --------------------------------------------------------------------

    def price_of(self, base: float, side: int, asset: int) -> float:
        price = base * (1 + side * self.case.cost_fraction)
        tick = self.case.assets[asset].tick
        if tick == 0:
            return price
        down = self.whole("tick", price / tick, 1e-9)
        up = -self.whole("tick", -price / tick, 1e-9)
        return max((up if side > 0 else down) * tick, tick)

    def fee_of(self, quantity: float, price: float, asset: int) -> float:
        case, size = self.case, abs(quantity)
        value = size * price * case.assets[asset].multiplier
        return max(case.commission_min, case.commission_per_share * size + case.commission_rate * value)

    def apply_fill(self, book: int, asset: int, quantity: float, base: float, price: float, reason: int) -> float:
        """Book a fill of `quantity` at `price`; return its fee."""
        row, position = self.rows[book], self.positions[book][asset]
        multiplier = self.case.assets[asset].multiplier
        fee = self.fee_of(quantity, price, asset)
        slippage = abs(quantity) * multiplier * abs(price - base)
        row.cash -= quantity * price * multiplier + fee
        row.fees += fee
        row.slippage += slippage
        old, new = position.quantity, self.without_dust(position.quantity + quantity)
        if old == 0:
            position.entry = price
        elif abs(new) > abs(old):
            position.entry = (abs(old) * position.entry + abs(quantity) * price) / (abs(old) + abs(quantity))
        position.quantity = new
        if new == 0:
            position.entry = position.stop = NAN
        self.used[asset] += abs(quantity)
        self.fills.append(Fill(self.bar, book, asset, reason, quantity, price, fee, slippage))
        return fee

    # ---- section 4: orders at the open or close ------------------------------------------------------------

    def fill_orders(self, book: int) -> None:
        prices = self.case.open if self.case.open is not None and not self.case.at_close else self.case.close
        waiting = [
            asset
            for asset, position in enumerate(self.positions[book])
            if position.order != 0 and self.case.traded[self.bar][asset]
        ]
        reductions = [a for a in waiting if self.positions[book][a].order * self.positions[book][a].quantity < 0]
        free = self.free_cash(book)
        for asset in reductions:
            base = prices[self.bar][asset]
            side = sign(self.positions[book][asset].order)
            self.release(book, asset, base, self.price_of(base, side, asset), free)
        free = self.free_cash(book)
        for asset in waiting:
            if asset in reductions:
                continue
            base = prices[self.bar][asset]
            price = self.price_within_limit(book, asset, base)
            if price is not None:
                if not math.isnan(self.positions[book][asset].limit):
                    self.met.add("limit at the open or close")
                free -= self.release(book, asset, base, price, free)

    def free_cash(self, book: int) -> float:
        return self.rows[book].cash - 2 * self.short_value(book)

    def price_within_limit(self, book: int, asset: int, base: float) -> float | None:
        """Return the price of an increase at base price `base`, None when its limit is beyond it (step 0)."""
        position = self.positions[book][asset]
        side = sign(position.order)
        price = self.price_of(base, side, asset)
        if math.isnan(position.limit):
            return price
        self.watch.limit("limit price", base, position.limit)
        if side > 0:
            return min(price, position.limit) if base <= position.limit else None
        return max(price, position.limit) if base >= position.limit else None

    def release(self, book: int, asset: int, base: float, price: float, free: float) -> float:
        """Fill what may be filled of an order and drop the rest (steps 1 to 5); return the cash that it binds."""
        position = self.positions[book][asset]
        side, size = sign(position.order), abs(position.order)
        reduces = position.order * position.quantity < 0
        if reduces:
            size = min(size, abs(position.quantity))
        unit = (price if side > 0 else 2 * self.mark[asset] - price) * self.case.assets[asset].multiplier
        size = self.pass_checks(book, asset, side * size, base, price, unit, free)
        size = self.participate(size, asset)
        if not reduces:
            size = self.afford(size, free, unit, price, asset)
        position.drop_order()
        if size == 0:
            return 0.0
        fee = self.apply_fill(book, asset, side * size, base, price, BY_ORDER)
        return size * unit + fee

    def pass_checks(
        self, book: int, asset: int, quantity: float, base: float, price: float, unit: float, free: float
    ) -> float:
        """Return the size that every check lets go (step 2)."""
        case, multiplier = self.case, self.case.assets[asset].multiplier
        order = OrderView(
            quantity=quantity,
            held=self.positions[book][asset].quantity,
            price=base,
            mark=self.mark[asset],
            multiplier=multiplier,
            asset=asset,
            level=self.halt_level(book),
            free=free,
            unit=unit,
            unit_fee=case.commission_rate * price * multiplier + case.commission_per_share,
            commission_min=case.commission_min,
            average_volume=self.average_volume[asset],
        )
        left = abs(quantity)
        for check, counter in zip(case.checks, self.check_counters, strict=True):
            answer = check.ask(order, self.watch)
            self.watch.limit("answer", answer, left)
            if answer >= left:
                continue
            allowed = 0.0 if math.isnan(answer) else max(self.floor_lot(check.name, answer, asset), 0.0)
            counter.add(self.bar, (left - allowed) * base * multiplier)
            left = allowed
        return left

    def halt_level(self, book: int) -> int:
        halts = [*self.halts[book], *self.halts[-1]]
        return max((halt.level for halt in halts), default=NO_HALT)

    def without_dust(self, quantity: float) -> float:
        """Return 0 for a quantity below 1e-9 units."""
        self.watch.limit("dust", abs(quantity), DUST)
        return quantity if abs(quantity) >= DUST else 0.0

    def floor_lot(self, what: str, quantity: float, asset: int) -> float:
        quantity = self.without_dust(quantity)
        if not self.case.whole:
            return quantity
        lot = self.case.assets[asset].lot
        return min(self.whole(what, quantity / lot) * lot, quantity)

    def whole(self, what: str, number: float, slack: float = 0.0) -> float:
        """Return a whole number of lots or ticks (section 1)."""
        if abs(number) > INTEGER_MAX:
            self.met.add(f"more {'ticks' if what == 'tick' else 'lots'} than 64 bits count")
        return self.watch.whole(what, number, slack)

    def participate(self, size: float, asset: int) -> float:
        """Return the size that the bar's volume leaves, counting a cut (step 3)."""
        if self.case.volume is None:
            return size
        volume = self.case.volume[self.bar][asset]
        allowed = self.floor_lot("participation", self.case.participation * volume, asset) - self.used[asset]
        allowed = max(self.without_dust(allowed), 0.0)
        self.watch.limit("participation", size, allowed)
        if size <= allowed:
            return size
        self.tally.participation_cuts += 1
        return allowed

    def afford(self, size: float, free: float, unit: float, price: float, asset: int) -> float:
        """Return the size that the free cash pays for, counting a cut (step 4)."""
        case = self.case
        self.watch.limit("unit cost", unit, 0.0)
        if unit <= 0:
            return size
        rate = case.commission_rate * price * case.assets[asset].multiplier
        most = min(free / (unit + rate + case.commission_per_share), (free - case.commission_min) / unit)
        allowed = max(self.floor_lot("cash", most, asset), 0.0)
        self.watch.limit("cash", size, allowed)
        if size <= allowed:
            return size
        self.tally.cash_cuts += 1
        return allowed

    # ---- section 4b: limit orders within the bar -----------------------------------------------------------

    def fill_limits(self, book: int) -> None:
        """Fill the increases that still wait after the open."""
        assert self.case.high is not None
        assert self.case.low is not None
        free = self.free_cash(book)
        for asset, position in enumerate(self.positions[book]):
            if position.order == 0 or not self.case.traded[self.bar][asset]:
                continue
            limit = position.limit
            if not self.reached(position, self.case.high[self.bar][asset], self.case.low[self.bar][asset]):
                continue
            if self.beyond_stop(position):
                self.met.add("limit beyond the stop")
            else:
                self.met.add("limit within the bar")
                free -= self.release(book, asset, limit, limit, free)

    def reached(self, position: Position, high: float, low: float) -> bool:
        buys = position.order > 0
        self.watch.limit("limit within", low if buys else high, position.limit)
        return low <= position.limit if buys else high >= position.limit

    def beyond_stop(self, position: Position) -> bool:
        """Tell whether the position's stop would fire before the limit; never without a stop."""
        self.watch.limit("limit beyond stop", position.limit, position.stop)
        return position.limit <= position.stop if position.order > 0 else position.limit >= position.stop

    # ---- section 5: stops ----------------------------------------------------------------------------------

    def fire_stops(self, book: int) -> None:
        for asset, position in enumerate(self.positions[book]):
            if position.quantity == 0 or math.isnan(position.stop) or not self.case.traded[self.bar][asset]:
                continue
            base = self.stop_price(asset, position)
            if base is None:
                continue
            position.drop_order()
            size, side = self.participate(abs(position.quantity), asset), -sign(position.quantity)
            if size != 0:
                self.apply_fill(book, asset, side * size, base, self.price_of(base, side, asset), BY_STOP)

    def stop_price(self, asset: int, position: Position) -> float | None:
        """Return the base price at which the stop fires in this bar, None when it does not."""
        case, bar, stop = self.case, self.bar, position.stop
        if case.open is None or case.high is None or case.low is None:
            open_ = high = low = case.close[bar][asset]
        else:
            open_, high, low = case.open[bar][asset], case.high[bar][asset], case.low[bar][asset]
        self.watch.limit("stop", low if position.quantity > 0 else high, stop)
        if position.quantity > 0:
            return (low if case.open is None else min(open_, stop)) if low <= stop else None
        return (high if case.open is None else max(open_, stop)) if high >= stop else None

    def expire_orders(self, book: int) -> None:
        """Drop what waited for a trade or for its limit in vain (section 2, step 4)."""
        for asset, position in enumerate(self.positions[book]):
            if position.order != 0 and self.case.traded[self.bar][asset]:
                self.met.add("limit expired")
                self.tally.expired += 1
            position.drop_order()
