"""A venue in memory that fills orders from bars: what paper trading trades at, and what tests break on purpose.

It keeps orders by id, as a venue does, and its arithmetic is the matcher's (`engine/fills.py`, interpreted).  A row
is played in the order of its prices: the first one, at which orders fill as they come; then the limits and the stops
that the bar has touched; then the close.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from tradewright.engine.plain import interpreted
from tradewright.execute.news import News, Report, Word
from tradewright.values.exact import EXACT, amount, to_float
from tradewright.values.order import Activity, ActivityKind, Fill, Order, Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from tradewright.engine.state import Table
    from tradewright.engine.tape import Settings
    from tradewright.values.bars import Bars

NO_VOLUME = "no more volume in this bar"
"""Why an order at the market ends before all has filled."""


class SimulatedVenue:
    """One account at a venue that fills from bars.

    Args:
        name: Of the venue.
        currency: Of every amount.
        settings: Costs, participation and lots; its rates are posted at each session's end.
        assets: `(n_assets,)` of `engine.tape.LISTING`.
        symbols: Of the columns.
        strategies: Whose orders come; what each holds is kept apart.

    Attributes:
        held: Signed units by (strategy, symbol), exact; what is flat is 0 or not named.
        cash: By strategy.
    """

    def __init__(
        self,
        name: str,
        currency: str,
        settings: Settings,
        assets: Table,
        symbols: Sequence[str],
        strategies: Sequence[str],
    ) -> None:
        self.name, self.currency = name, currency
        self.held: dict[tuple[str, str], Decimal] = {}
        self.cash = dict.fromkeys(strategies, 0.0)
        self._settings, self._assets = settings, assets
        self._columns = {symbol: column for column, symbol in enumerate(symbols)}
        self._strategies = list(strategies)
        self._fills, self._transitions = interpreted("fills"), interpreted("transitions")
        self._resting: dict[UUID, Order] = {}
        self._left: dict[UUID, Decimal] = {}
        self._stops: dict[UUID, Order] = {}
        self._ended: dict[UUID, Status] = {}
        self._marks = dict.fromkeys(symbols, math.nan)
        self._used: dict[str, float] = {}
        self._row: Bars | None = None
        self._is_priced = False
        self._executed = self._posted = 0
        self._reports: list[Report | Activity] = []

    # ---- what is asked of it ------------------------------------------------------------------------------

    def fund(self, strategy: str, cash: float) -> None:
        """Add money of a strategy to the account, or take it out."""
        self.cash[strategy] += cash

    def submit(self, order: Order, now: datetime) -> None:
        """Take an order, once; one at the market, or within its limit, fills at once where there is a price."""
        if order.id in self._left or order.id in self._ended:
            self._say(order.id, News(word=Word.DUPLICATE))
            return
        self._say(order.id, News(word=Word.ACCEPTED))
        self._left[order.id] = order.quantity
        if order.purpose is Purpose.STOP:
            self._stops[order.id] = order
            return
        self._resting[order.id] = order
        base = self._first_price(order.symbol)
        if not math.isnan(base) and self._fills.within_limit(to_float(order.quantity), base, _limit_of(order)):
            self._fill(order, order.quantity, base, None, now)
            self._end(order, Word.CANCELLED, NO_VOLUME)

    def cancel(self, order_id: UUID, now: datetime) -> None:  # noqa: ARG002  # every request has its instant
        """Cancel an order; of one that has ended, say how."""
        order = self._resting.get(order_id) or self._stops.get(order_id)
        if order is not None:
            self._end(order, Word.CANCELLED, "as asked")
        else:
            self.query(order_id)

    def query(self, order_id: UUID) -> None:
        """Say where an order stands."""
        if order_id in self._left:
            self._say(order_id, News(word=Word.FOUND, status=Status.WORKING))
        elif order_id in self._ended:
            self._say(order_id, News(word=Word.FOUND, status=self._ended[order_id]))
        else:
            self._say(order_id, News(word=Word.ABSENT))

    def due(self) -> list[Report | Activity]:
        """Return what is to be reported, and forget it."""
        reports, self._reports = self._reports, []
        return reports

    # ---- one row ------------------------------------------------------------------------------------------

    def begin(self, opening: Table, row: Bars) -> None:
        """Begin a row, of which nobody else knows yet: splits, dividends and exits, `(n_assets,)` of OPENING."""
        self._row, self._used, self._is_priced = row, dict.fromkeys(self._columns, 0.0), False
        for symbol, (split, dividend, exits) in zip(self._columns, opening.tolist(), strict=True):
            self._marks[symbol] /= split
            for strategy in self._strategies:
                self._adjust(strategy, symbol, split, dividend)
            if exits:
                self._delist(symbol)

    def price(self) -> None:
        """Show the row's first prices, or its last where orders fill at the close; orders fill from here on."""
        self._is_priced = True

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
                self._accrue(strategy, now)

    # ---- how ----------------------------------------------------------------------------------------------

    def _seen(self) -> Bars:
        if self._row is None:
            raise RuntimeError("no row has begun")
        return self._row

    def _first_price(self, symbol: str) -> float:
        row, column = self._seen(), self._columns[symbol]
        if not (self._is_priced and row.traded[0, column]):
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
            self._end(order, Word.CANCELLED, NO_VOLUME)

    def _trigger(self, order: Order, now: datetime) -> None:
        """Close the position that a stop guards when the row has touched it."""
        column, exactly = self._columns[order.symbol], self._held(order.strategy, order.symbol)
        held = to_float(exactly)
        if abs(held) < self._transitions.DUST or order.stop is None or not self._seen().traded[0, column]:
            return
        stop, first, low, high = to_float(order.stop), *(self._cell(grid, column) for grid in ("open", "low", "high"))
        if self._fills.touches_stop(held, stop, low, high):
            base = self._fills.price_at_stop(held, stop, first)
            self._fill(order, exactly.copy_negate(), base, None, now)

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
        self._executed += 1
        fill = Fill(
            venue=self.name,
            execution_id=f"{self._executed}",
            order_id=order.id,
            symbol=order.symbol,
            quantity=filled,
            price=amount(price),
            fee=amount(fee),
            currency=self.currency,
            at=now,
            reference=amount(base),
        )
        self._say(order.id, News(word=Word.FILL, fill=fill))
        self._left[order.id] = EXACT.subtract(self._left[order.id], filled)
        if self._left[order.id] == 0:
            self._forget(order, Status.FILLED)
        elif order.purpose is Purpose.STOP and self._held(order.strategy, order.symbol) == 0:
            self._end(order, Word.CANCELLED, "nothing is left to guard")

    def _end(self, order: Order, word: Word, reason: str) -> None:
        """End an order that still stands."""
        if order.id in self._left:
            self._forget(order, Status.CANCELLED if word is Word.CANCELLED else Status.EXPIRED)
            self._say(order.id, News(word=word, reason=reason))

    def _forget(self, order: Order, status: Status) -> None:
        self._ended[order.id] = status
        del self._left[order.id]
        self._resting.pop(order.id, None)
        self._stops.pop(order.id, None)

    def _say(self, order_id: UUID, news: News) -> None:
        self._reports.append(Report(order_id, news))

    def _held(self, strategy: str, symbol: str) -> Decimal:
        return self.held.get((strategy, symbol), Decimal(0))

    def _move(self, strategy: str, symbol: str, units: Decimal, cash: float) -> None:
        self.held[strategy, symbol] = EXACT.add(self._held(strategy, symbol), units)
        self.cash[strategy] += cash

    def _adjust(self, strategy: str, symbol: str, ratio: float, dividend: float) -> None:
        """Restate a position for a split; what whole lots cannot hold is paid out.  Then pay a dividend on it."""
        held = to_float(self._held(strategy, symbol))
        if held == 0.0 or (ratio == 1.0 and dividend == 0.0):
            return
        one = self._assets[self._columns[symbol]]
        if ratio != 1.0:
            split = held * ratio
            held = float(self._transitions.whole_lots(split, one.lot) if self._settings.whole else split)
            self.held[strategy, symbol] = amount(held)
            self.cash[strategy] += (split - held) * self._marks[symbol] * one.multiplier
            self._restate(strategy, symbol, ratio)
        self.cash[strategy] += held * dividend * one.multiplier

    def _restate(self, strategy: str, symbol: str, ratio: float) -> None:
        """Cancel what rests on old units; whoever sent it knows of the split, and sends anew."""
        for orders in (self._resting, self._stops):
            for order in list(orders.values()):
                if order.strategy == strategy and order.symbol == symbol:
                    self._end(order, Word.EXPIRED, f"split of {ratio:g} to 1")

    def _delist(self, symbol: str) -> None:
        one = self._assets[self._columns[symbol]]
        for strategy in self._strategies:
            held = self._held(strategy, symbol)
            self._move(strategy, symbol, held.copy_negate(), to_float(held) * float(one.exit_cash * one.multiplier))
            for order in [*self._of(strategy, self._resting), *self._of(strategy, self._stops)]:
                if order.symbol == symbol:
                    self._end(order, Word.EXPIRED, "delisted")
        self._marks[symbol] = math.nan

    def _accrue(self, strategy: str, now: datetime) -> None:
        costs = self._settings
        short = sum(-held * self._value(symbol) for symbol, held in self._positions(strategy) if held < 0.0)
        interest = max(self.cash[strategy] - short, 0.0) * costs.cash_rate / costs.sessions_per_year
        borrow = short * costs.borrow_rate / costs.sessions_per_year
        for kind, cash in ((ActivityKind.INTEREST, interest), (ActivityKind.BORROW, -borrow)):
            if cash != 0.0:
                self.cash[strategy] += cash
                self._reports.append(self._posting(kind, strategy, cash, now))

    def _value(self, symbol: str) -> float:
        return self._marks[symbol] * float(self._assets[self._columns[symbol]].multiplier)

    def _positions(self, strategy: str) -> Iterable[tuple[str, float]]:
        return ((symbol, to_float(self._held(strategy, symbol))) for symbol in self._columns)

    def _posting(self, kind: ActivityKind, strategy: str, cash: float, now: datetime) -> Activity:
        self._posted += 1
        return Activity(
            venue=self.name,
            id=f"{kind} {self._posted}",
            kind=kind,
            strategy=strategy,
            cash=amount(cash),
            currency=self.currency,
            at=now,
        )


def _limit_of(order: Order) -> float:
    return math.nan if order.limit is None else to_float(order.limit)


def _same(one: Order, other: Order) -> bool:
    return one.strategy == other.strategy and one.symbol == other.symbol
