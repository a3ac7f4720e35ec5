"""A venue in memory that fills orders from bars: what paper trading trades at, and what tests break on purpose.

It keeps orders by id, as a venue does, and its arithmetic is the matcher's (`engine/fills.py`, interpreted).  A row
is played in the order of its prices: the first one, at which orders fill as they come; then the limits and the stops
that the bar has touched; then the close.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradewright.execute.news import News, Word
from tradewright.execute.venue_account import VenueAccount
from tradewright.execute.venue_told import Ended
from tradewright.values.exact import EXACT, amount, to_float
from tradewright.values.order import Order, Purpose, Status
from tradewright.values.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import numpy as np

    from tradewright.engine.state import Table
    from tradewright.engine.tape import Settings
    from tradewright.execute.news import Report
    from tradewright.values.bars import Bars
    from tradewright.values.order import Activity, Fill

NO_VOLUME = "no more volume in this bar"
"""Why an order at the market ends before all has filled."""


class SimulatedVenue(VenueAccount):
    """One account at a venue that fills from bars; its arguments are those of `VenueAccount`."""

    def __init__(
        self,
        name: str,
        currency: str,
        settings: Settings,
        assets: Table,
        symbols: Sequence[str],
        strategies: Sequence[str],
    ) -> None:
        super().__init__(name, currency, settings, assets, symbols, strategies)
        self._resting: dict[UUID, Order] = {}
        self._left: dict[UUID, Decimal] = {}
        self._stops: dict[UUID, Order] = {}
        self._used: dict[str, float] = {}
        self._row: Bars | None = None
        self._is_priced = False

    # ---- what is asked of it ------------------------------------------------------------------------------

    def submit(self, order: Order, now: datetime) -> None:
        """Take an order; one at the market, or within its limit, fills at once where there is a price.

        An id that it has is a duplicate, and nothing else comes of it.
        """
        if self.knows(order.id):
            self.told.say(order.id, News(word=Word.DUPLICATE))
            return
        self.told.say(order.id, News(word=Word.ACCEPTED))
        self._left[order.id] = order.quantity
        if order.purpose is Purpose.STOP:
            self._stops[order.id] = order
            return
        self._resting[order.id] = order
        self._meet(order, now)

    def cancel(self, order_id: UUID, now: datetime) -> None:
        """Cancel an order; of one that has ended, say how."""
        order = self._resting.get(order_id) or self._stops.get(order_id)
        if order is not None:
            self._end(order, Word.CANCELLED, "as asked", now)
        else:
            self.query(order_id)

    def query(self, order_id: UUID) -> None:
        """Say where an order stands, and how much of it has filled."""
        if not self.knows(order_id):
            self.told.say(order_id, News(word=Word.ABSENT))
            return
        status, filled, _ = self._standing(order_id)
        self.told.say(order_id, News(word=Word.FOUND, status=status, filled=filled))

    def snapshot(self, since: datetime, asked_at: datetime, said_at: datetime | None = None) -> Snapshot:
        """Return the account as it stands, and what has been told since an instant.

        Orders are those that stand, and those that have ended since.

        Args:
            since: Aware UTC, as the others.
            asked_at: When somebody asked.
            said_at: What the clock shows that the venue goes by, None where it does not say.
        """
        ended = (order_id for order_id, one in self.told.ended.items() if one.at >= since)
        orders = {order_id: self._standing(order_id) for order_id in (*self._left, *ended)}
        return Snapshot(
            at=asked_at,
            cash={self.currency: self.money()},
            positions=self.positions(),
            orders={order_id: (status, filled) for order_id, (status, filled, _) in orders.items()},
            symbols={order_id: symbol for order_id, (_, _, symbol) in orders.items()},
            fills=self.told.fills_since(since),
            activities=self.told.activities_since(since),
            busts=self.told.busts_since(since),
            said_at=said_at,
        )

    def knows(self, order_id: UUID) -> bool:
        """Say whether an order has come, whatever became of it."""
        return order_id in self._left or order_id in self.told.ended

    def standing(self) -> list[Order]:
        """Return the orders that may still fill, stops among them."""
        return [*self._resting.values(), *self._stops.values()]

    def left(self, order_id: UUID) -> Decimal:
        """Return the signed units of an order that may still fill."""
        return self._left.get(order_id, Decimal(0))

    def due(self) -> list[Report | Activity | Fill]:
        """Return what is to be reported, and forget that it is due."""
        return self.told.due()

    # ---- one row ------------------------------------------------------------------------------------------

    def begin(self, opening: Table, row: Bars, now: datetime | None = None) -> None:
        """Begin a row, of which nobody else knows yet.

        Args:
            opening: Splits, dividends and exits, `(n_assets,)` of OPENING.
            row: Its prices, one row.
            now: When those orders expire that a split or an exit ends, aware UTC; None for when the row opened.
        """
        self._row, self._used, self._is_priced = row, dict.fromkeys(self._columns, 0.0), False
        now = _instant(row.opened_at[0]) if now is None else now
        for symbol, (split, dividend, exits) in zip(self._columns, opening.tolist(), strict=True):
            self._marks[symbol] /= split
            later = self.postpone() if self.postpone is not None and dividend else None
            for whose in self.cash:
                if self._adjust(whose, symbol, split, dividend, later):
                    self._void(whose, symbol, f"split of {split:g} to 1", now)
            if exits:
                self._delist(symbol, now)

    def price(self, now: datetime | None = None) -> None:
        """Show the row's first prices, or its last where orders fill at the close; orders fill from here on.

        Args:
            now: When those fill that have waited for it, aware UTC; None for when the row opened.
        """
        self._is_priced = True
        now = _instant(self._seen().opened_at[0]) if now is None else now
        for order in [*self._resting.values()]:
            if order.limit is None:
                self._meet(order, now)

    def match(self, now: datetime) -> None:
        """Fill what waits at a limit, and the stops, that the row has touched."""
        for strategy in self._strategies:
            if not self._settings.at_close:
                for order in self._of(strategy, self._resting):
                    self._reach(order, now)
            for order in self._of(strategy, self._stops):
                self._trigger(order, now)

    def close(self, now: datetime) -> None:
        """End the row: marks and, at a session's end, interest and borrow."""
        row = self._seen()
        for symbol, column in self._columns.items():
            if row.traded[0, column]:
                self._marks[symbol] = float(row.close[0, column])
        if row.session_ends[0]:
            for strategy in self._strategies:
                for posting in self._accrue(strategy, now) or ():
                    self.told.post(posting)
        self._is_priced = False  # What comes now is late: it waits for the next first price.

    # ---- how ----------------------------------------------------------------------------------------------

    def _seen(self) -> Bars:
        if self._row is None:
            raise RuntimeError("no row has begun")
        return self._row

    def _first_price(self, symbol: str) -> float:
        column = self._columns[symbol]
        if not (self._is_priced and self._seen().traded[0, column]):
            return math.nan
        return self._cell("close" if self._settings.at_close else "open", column)

    def _cell(self, grid: str, column: int) -> float:
        """Return a number of the row; closes stand in for what close-only prices have not."""
        row = self._seen()
        array = getattr(row, grid)
        return float((row.close if array is None else array)[0, column])

    def _of(self, strategy: str, orders: dict[UUID, Order]) -> list[Order]:
        mine = [order for order in orders.values() if order.strategy == strategy]
        return sorted(mine, key=lambda order: self._columns[order.symbol])

    def _meet(self, order: Order, now: datetime) -> None:
        """Fill an order at the first price, where there is one and it is within the limit; the rest of it ends."""
        base = self._first_price(order.symbol)
        if not math.isnan(base) and self._fills.within_limit(to_float(order.quantity), base, _limit_of(order)):
            self._fill(order, order.quantity, base, None, now)
            self._end(order, Word.CANCELLED, NO_VOLUME, now)

    def _reach(self, order: Order, now: datetime) -> None:
        """Fill a resting order whose limit the row has reached before the position's stop."""
        column, limit = self._columns[order.symbol], _limit_of(order)
        left = to_float(self._left[order.id])
        if math.isnan(limit) or not self._seen().traded[0, column]:
            return
        best = self._cell("low" if left > 0.0 else "high", column)
        stops = (to_float(one.stop) for one in self._stops.values() if one.stop and _same(one, order))
        if self._fills.within_limit(left, best, limit) and self._fills.waits_before_stop(
            left, limit, next(stops, math.nan)
        ):
            self._fill(order, self._left[order.id], limit, limit, now)
            self._end(order, Word.CANCELLED, NO_VOLUME, now)

    def _trigger(self, order: Order, now: datetime) -> None:
        """Close the position that a stop guards when the row has touched it, as far as the stop goes."""
        column, exactly = self._columns[order.symbol], self._held(order.strategy, order.symbol)
        held, left = to_float(exactly), self._left[order.id]
        if abs(held) < self._transitions.DUST or order.stop is None or not self._seen().traded[0, column]:
            return
        if held * to_float(left) > 0.0:
            return  # It guards a position on the other side.
        stop, first, low, high = to_float(order.stop), *(self._cell(grid, column) for grid in ("open", "low", "high"))
        if self._fills.touches_stop(held, stop, low, high):
            base = self._fills.price_at_stop(held, stop, first)
            self._fill(order, min(exactly.copy_negate(), left, key=Decimal.copy_abs), base, None, now)

    def _fill(self, order: Order, quantity: Decimal, base: float, price: float | None, now: datetime) -> None:
        """Fill what the row's volume gives of a signed quantity; without a price, at that of the market."""
        column, costs = self._columns[order.symbol], self._settings
        one, whole = self._assets[column], abs(to_float(quantity))
        size = whole
        if costs.has_volume:
            volume = self._cell("volume", column)
            size = self._fills.part_within(size, self._fills.room(volume, self._used[order.symbol], one.lot, costs))
        if not size > 0.0:
            return
        units = math.copysign(size, to_float(quantity))
        if price is None:
            price = self._fills.price_with_limit(units, base, _limit_of(order), one.tick, costs)
        fee = float(self._fills.fee_of(units, units * price * one.multiplier, costs))
        self._used[order.symbol] += size
        filled = quantity if size == whole else amount(units)  # What is all of it leaves nothing behind.
        self._move(order.strategy, order.symbol, filled, -(units * price * one.multiplier + fee))
        fill = self._execution(order.id, order.symbol, filled, price, fee, now, reference=base, whose=order.strategy)
        self.told.fill(fill)
        self._left[order.id] = EXACT.subtract(self._left[order.id], filled)
        if self._left[order.id] == 0:
            self._forget(order, Status.FILLED, now)
        elif order.purpose is Purpose.STOP and self._held(order.strategy, order.symbol) == 0:
            self._end(order, Word.CANCELLED, "nothing is left to guard", now)

    def _standing(self, order_id: UUID) -> tuple[Status, Decimal, str]:
        """Return the status of an order that is known, its signed units filled and its symbol."""
        if order_id in self.told.ended:
            return self.told.ended[order_id][:3]
        order = self._resting.get(order_id) or self._stops[order_id]
        return Status.WORKING, EXACT.subtract(order.quantity, self._left[order_id]), order.symbol

    def _end(self, order: Order, word: Word, reason: str, now: datetime) -> None:
        """End an order that still stands."""
        if order.id in self._left:
            self._forget(order, Status.CANCELLED if word is Word.CANCELLED else Status.EXPIRED, now)
            filled = self.told.ended[order.id].filled
            self.told.say(order.id, News(word=word, filled=filled, reason=reason))

    def _forget(self, order: Order, status: Status, now: datetime) -> None:
        filled = EXACT.subtract(order.quantity, self._left.pop(order.id))
        self.told.ended[order.id] = Ended(status, filled, order.symbol, now)
        self._resting.pop(order.id, None)
        self._stops.pop(order.id, None)

    def _void(self, strategy: str, symbol: str, reason: str, now: datetime) -> None:
        """Let what rests on old units expire; whoever sent it knows why, and sends anew."""
        for order in self.standing():
            if order.strategy == strategy and order.symbol == symbol:
                self._end(order, Word.EXPIRED, reason, now)

    def _delist(self, symbol: str, now: datetime) -> None:
        for whose in self.cash:
            self._pay_out(whose, symbol)
            self._void(whose, symbol, "delisted", now)
        self._marks[symbol] = math.nan


def _limit_of(order: Order) -> float:
    return math.nan if order.limit is None else to_float(order.limit)


def _same(one: Order, other: Order) -> bool:
    return one.strategy == other.strategy and one.symbol == other.symbol


def _instant(at: np.datetime64) -> datetime:
    moment: datetime = at.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)
