"""Section 10 of the engine's twin: splits, dividends and delistings; see `twin`."""

from __future__ import annotations

import math

from twin_case import BY_EXIT, DIVIDEND, NAN, SPLIT, Action, Fill, Position, sign
from twin_fills import Fills


class Actions(Fills):
    """What splits and dividends do to positions, orders and marks before anything fills."""

    def apply_actions(self) -> None:
        for asset in range(self.n_assets):
            ratio = self.case.split[self.bar][asset] if self.case.split is not None else 1.0
            amount = self.case.dividend[self.bar][asset] if self.case.dividend is not None else 0.0
            if ratio != 1:
                self.apply_split(asset, ratio)
            if amount != 0:
                self.apply_dividend(asset, amount)
            if self.is_delisted_now(asset):
                self.delist(asset)

    def apply_split(self, asset: int, ratio: float) -> None:
        self.mark[asset] /= ratio
        for book, positions in enumerate(self.positions):
            position = positions[asset]
            position.entry /= ratio
            position.stop /= ratio
            position.limit /= ratio
            had_position = position.quantity != 0
            exact = position.quantity * ratio
            position.quantity = self.whole_lots(exact, asset)
            position.order = self.whole_lots(position.order * ratio, asset)
            if self.case.in_units and not math.isnan(position.wanted):
                position.wanted = self.whole_lots(position.wanted * ratio, asset)
            cut = exact - position.quantity
            if had_position:
                self.met.add("split")
            if cut != 0:
                self.met.add("fraction paid out")
            if had_position:
                self.pay(book, asset, SPLIT, ratio, cut, self.mark[asset])
            if position.order == 0:
                position.drop_order()
            if had_position and position.quantity == 0:
                position.entry = position.stop = NAN

    def is_delisted_now(self, asset: int) -> bool:
        """Tell whether this is the first bar of the day of the delisting, or of a later one."""
        day = self.case.assets[asset].delisted_session
        if day is None or self.case.session[self.bar] < day:
            return False
        return self.bar == 0 or self.case.session[self.bar - 1] < day

    def delist(self, asset: int) -> None:
        price, multiplier = self.case.assets[asset].delisted_cash, self.case.assets[asset].multiplier
        for book, positions in enumerate(self.positions):
            held = positions[asset]
            if held.quantity != 0:
                self.met.add("delisted while held")
                self.rows[book].cash += held.quantity * price * multiplier
                self.fills.append(Fill(self.bar, book, asset, BY_EXIT, -held.quantity, price, 0.0, 0.0))
            if held.order != 0:
                self.met.add("order of a delisted asset")
            positions[asset] = Position()
        self.mark[asset] = NAN

    def whole_lots(self, quantity: float, asset: int) -> float:
        """Return the whole lots of a quantity when units are whole, towards zero."""
        if not self.case.whole:
            return quantity
        lot = self.case.assets[asset].lot
        return sign(quantity) * self.whole("split", abs(quantity) / lot, 1e-9) * lot

    def apply_dividend(self, asset: int, amount: float) -> None:
        for book, positions in enumerate(self.positions):
            position = positions[asset]
            if position.quantity != 0:
                self.met.add("dividend to a long" if position.quantity > 0 else "dividend by a short")
                self.pay(book, asset, DIVIDEND, 1.0, position.quantity, amount)
            if position.quantity > 0:
                self.lower_stop(position, amount)

    def pay(self, book: int, asset: int, kind: int, ratio: float, units: float, price: float) -> None:
        """Pay what an action brings, and write it down (section 11)."""
        cash = units * price * self.case.assets[asset].multiplier
        self.rows[book].cash += cash
        self.actions.append(Action(self.bar, book, asset, kind, ratio, units, price, cash))

    def lower_stop(self, position: Position, amount: float) -> None:
        self.watch.limit("stop above 0", position.stop, amount)
        if position.stop > amount:
            self.met.add("stop lowered by a dividend")
        position.stop -= amount
        if not position.stop > 0:
            position.stop = NAN
