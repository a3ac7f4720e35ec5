"""An account's money and units: exact sums on one side, the arrays of the engine on the other."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.log import BY_EXIT, BY_ORDER, BY_STOP, FILL, SPLIT
from tradewright.engine.state import table
from tradewright.execute.positions import Holdings
from tradewright.execute.receivables import to_come
from tradewright.values.exact import EXACT, amount, to_float
from tradewright.values.order import Activity, ActivityKind, Reason
from tradewright.values.venue import Dividends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tradewright.engine.known import News
    from tradewright.engine.state import State, Table
    from tradewright.values.arrays import FloatArray
    from tradewright.values.order import Fill

_REASONS = {Reason.ORDER: BY_ORDER, Reason.EXIT: BY_ORDER, Reason.STOP: BY_STOP}


class Account:
    """What the strategies hold at one venue.

    Args:
        venue: Its name.
        currency: Of all money.
        strategies: In the order of the engine's books.
        symbols: In the order of its columns.
        multipliers: Notional of one unit is price x multiplier, by column.
        dividends: When the venue pays them; a simulated one does at once.
    """

    def __init__(
        self,
        venue: str,
        currency: str,
        strategies: Sequence[str],
        symbols: Sequence[str],
        multipliers: FloatArray,
        *,
        dividends: Dividends = Dividends.AT_ONCE,
    ) -> None:
        self.venue, self.currency, self.dividends = venue, currency, dividends
        self.strategies, self.symbols = tuple(strategies), tuple(symbols)
        exactly = {symbol: amount(one) for symbol, one in zip(symbols, multipliers, strict=True)}
        self.holdings = Holdings(multipliers=exactly, pays_later=dividends is Dividends.LATER)
        self._books = {strategy: book for book, strategy in enumerate(strategies)}
        self._columns = {symbol: column for column, symbol in enumerate(symbols)}

    def place(self, book: int, asset: int) -> tuple[str, str]:
        """Return the strategy and the symbol of a cell of the engine's."""
        return self.strategies[book], self.symbols[asset]

    def book(self, strategy: str) -> int:
        """Return the number of a strategy's book."""
        return self._books[strategy]

    def asset(self, symbol: str) -> int:
        """Return the column of a symbol."""
        return self._columns[symbol]

    def sums(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return cash, units, interest and borrow as `Walk.settle` takes them, each rounded once."""
        money = [self.holdings.money.get((strategy, self.currency)) for strategy in self.strategies]
        cash, interest, borrow = (
            np.array([0.0 if one is None else to_float(getattr(one, name)) for one in money])
            for name in ("cash", "interest", "borrow")
        )
        units = np.zeros((len(self.strategies), len(self.symbols)))
        for (strategy, symbol), quantity in self.holdings.quantities.items():
            if strategy in self._books and symbol in self._columns:
                units[self._books[strategy], self._columns[symbol]] = to_float(quantity)
        return cash, units, interest, borrow

    def to_come(self, strategy: str) -> float:
        """Return what of a strategy's cash the venue has yet to pay, >= 0, in currency: it cannot be spent."""
        return to_float(to_come(self.holdings.owed, strategy, self.currency))

    def row_of(self, fill: Fill) -> Table:
        """Return a fill as the engine books it, one row of `engine.log.FILL` for each strategy that shares it."""
        asset = self._columns[fill.symbol]
        price, multiplier = to_float(fill.price), to_float(self.holdings.multipliers[fill.symbol])
        reference = price if fill.reference is None else to_float(fill.reference)
        mine = [(self._books[name], to_float(units)) for name, units in fill.shares if name in self._books]
        rows = table((len(mine),), FILL)
        for row, (book, units) in zip(rows, mine, strict=True):
            row.book, row.asset, row.reason = book, asset, _REASONS[fill.reason]
            row.quantity, row.price, row.fee = units, price, to_float(fill.fee) / len(mine)
            row.slippage = abs(units) * multiplier * abs(price - reference)
        return rows

    def capital(self, strategy: str, cash: float, at: datetime, name: str) -> Activity:
        """Return a grant of capital as an activity."""
        return self._activity(ActivityKind.CAPITAL, strategy, None, name, at, cash=amount(cash))

    def actions(self, news: News, state: State, at: datetime) -> Iterator[Activity]:
        """Yield the splits, dividends and exits that the engine has applied, as it has: what an account then has.

        A broker pays a dividend weeks after its ex-date: until then it is owed, and counted all the same.
        """
        if not len(news.fills) and not len(news.actions):
            return
        exits = news.fills[news.fills.reason == BY_EXIT]
        left = {(fill.book, fill.asset): amount(-fill.quantity) for fill in exits}
        held = dict(self.holdings.quantities)  # A split and an exit may come before the same opening.
        for action in news.actions:
            cell, place = (action.book, action.asset), self.place(action.book, action.asset)
            kind, units = ActivityKind.DIVIDEND, Decimal(0)
            if action.kind == SPLIT:
                after = left[cell] if cell in left else amount(state.positions[cell].quantity)
                kind, units = ActivityKind.SPLIT, EXACT.subtract(after, held.get(place, Decimal(0)))
                held[place] = after
            yield self._activity(kind, *place, _name(kind, at), at, cash=_known(action.cash), units=units)
        for fill in exits:
            place, kind = self.place(fill.book, fill.asset), ActivityKind.DELISTING
            cash = -fill.quantity * fill.price * to_float(self.holdings.multipliers[place[1]])
            units = held.get(place, Decimal(0)).copy_negate()
            yield self._activity(kind, *place, _name(kind, at), at, cash=amount(cash), units=units)

    def _activity(
        self,
        kind: ActivityKind,
        strategy: str,
        symbol: str | None,
        name: str,
        at: datetime,
        *,
        cash: Decimal,
        units: Decimal = Decimal(0),
    ) -> Activity:
        whose = strategy if symbol is None else f"{strategy} {symbol}"
        return Activity(
            venue=self.venue,
            id=f"{name} {whose}",
            kind=kind,
            strategy=strategy,
            symbol=symbol,
            cash=cash,
            units=units,
            currency=self.currency,
            at=at,
        )


def _known(cash: float) -> Decimal:
    """Return the cash of an action; what is paid for parts of a unit without a price only the venue can say."""
    return amount(cash) if math.isfinite(cash) else Decimal(0)


def _name(kind: ActivityKind, at: datetime) -> str:
    return f"{kind} {at:%Y-%m-%dT%H:%M}"
