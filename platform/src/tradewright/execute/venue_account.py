"""What an account at a simulated venue holds: money and units, and what splits and interest make of them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tradewright.engine.plain import interpreted
from tradewright.execute.venue_told import Told
from tradewright.values.exact import EXACT, add, amount, to_float
from tradewright.values.order import EXTERNAL, Activity, ActivityKind, Fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from tradewright.engine.state import Table
    from tradewright.engine.tape import Settings

NOTHING = Decimal(0)


class Promise(NamedTuple):
    """A dividend that is paid later.

    Attributes:
        paid_at: When its cash moves, aware UTC.
        told_at: When it is told, aware UTC.
        symbol: What pays it.
        strategy: Whose it is.
        cash: How much, signed: a short pays it.
    """

    paid_at: datetime
    told_at: datetime
    symbol: str
    strategy: str
    cash: float


class VenueAccount:
    """Money and units by strategy; nobody's stand below `EXTERNAL`.

    Args:
        name: Of the venue.
        currency: Of every amount.
        settings: Costs and lots; its rates are posted at each session's end.
        assets: `(n_assets,)` of `engine.tape.LISTING`.
        symbols: Of the columns.
        strategies: Whose orders come.

    Attributes:
        held: Signed units by (strategy, symbol), exact; what is flat is 0 or not named.
        cash: By strategy.
        told: What was reported, and is due.
        postpone: Asked for each dividend, when it is paid and when it is told; None for at once, and never.
        promised: Dividends that are still to be paid.
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
        self._marks = dict.fromkeys(symbols, math.nan)
        self._posted = self._executed = 0
        self._owners: dict[str, str] = {}
        self._owed: list[Activity] = []
        self.postpone: Callable[[], tuple[datetime, datetime]] | None = None
        self.promised: list[Promise] = []
        self._funded: set[str | None] = set()
        self.told = Told()

    def fund(self, strategy: str, cash: float, name: str | None = None) -> None:
        """Add money of a strategy to the account, or take it out; a name that was used before does neither."""
        if name is None or name not in self._funded:
            self.cash[strategy] += cash
            self._funded.add(name)

    def trade(self, symbol: str, units: Decimal, now: datetime, order_id: UUID | None = None) -> None:
        """Execute what nobody's agent asked for, at the last close: by hand, or more than an order had."""
        self._move(EXTERNAL, symbol, units, -to_float(units) * self._value(symbol))
        self.told.strange.add(symbol)
        self.told.fill(self._execution(order_id, symbol, units, self._marks[symbol], 0.0, now))

    def take_back(self, execution_id: str, now: datetime) -> None:
        """Let an execution not stand.

        Raises:
            LookupError: There is no such execution.
        """
        fill, whose = self.told.take_back(execution_id, now), self._owners[execution_id]
        multiplier = float(self._assets[self._columns[fill.symbol]].multiplier)
        cash = to_float(fill.quantity) * to_float(fill.price) * multiplier + to_float(fill.fee)
        self._move(whose, fill.symbol, fill.quantity.copy_negate(), cash)

    def pay(self, kind: ActivityKind, cash: Decimal, now: datetime, told_at: datetime | None = None) -> None:
        """Move nobody's cash: a deposit, a withdrawal, a fee; it may be told later than it moves."""
        self.cash[EXTERNAL] = self.cash.get(EXTERNAL, 0.0) + to_float(cash)
        self._owed.append(self._posting(kind, EXTERNAL, cash, told_at or now))
        self.tell_owed(now)

    def pay_promised(self, now: datetime) -> None:
        """Pay the dividends whose time has come, each symbol's as one."""
        due = [one for one in self.promised if one.paid_at <= now]
        self.promised = [one for one in self.promised if one.paid_at > now]
        for told_at, symbol in dict.fromkeys((one.told_at, one.symbol) for one in due):
            mine = [one for one in due if (one.told_at, one.symbol) == (told_at, symbol)]
            for one in mine:
                self.cash[one.strategy] += one.cash
            cash = add(amount(one.cash) for one in mine)
            self._owed.append(self._posting(ActivityKind.DIVIDEND, EXTERNAL, cash, told_at, symbol))
        self.tell_owed(now)

    def owes(self) -> bool:
        """Say whether cash has moved that is still to be told."""
        return bool(self._owed)

    def tell_owed(self, now: datetime) -> None:
        """Tell of the cash whose time has come."""
        for activity in [one for one in self._owed if one.at <= now]:
            self._owed.remove(activity)
            self.told.post(activity)

    def positions(self) -> Mapping[str, Decimal]:
        """Return the signed units of the whole account by symbol, what is flat left out."""
        sums = {symbol: add(self._held(whose, symbol) for whose in self.cash) for symbol in self._columns}
        return {symbol: units for symbol, units in sums.items() if units != 0}

    def money(self) -> Decimal:
        """Return the cash of the whole account."""
        return add(amount(cash) for cash in self.cash.values())

    def mark(self, symbol: str) -> float:
        """Return the last close of a symbol, NaN before the first."""
        return self._marks[symbol]

    def _execution(
        self,
        order_id: UUID | None,
        symbol: str,
        units: Decimal,
        price: float,
        fee: float,
        now: datetime,
        *,
        reference: float | None = None,
        whose: str = EXTERNAL,
    ) -> Fill:
        self._executed += 1
        self._owners[f"{self._executed}"] = whose
        return Fill(
            venue=self.name,
            execution_id=f"{self._executed}",
            order_id=order_id,
            symbol=symbol,
            quantity=units,
            price=amount(price),
            fee=amount(fee),
            currency=self.currency,
            at=now,
            reference=None if reference is None else amount(reference),
        )

    def _held(self, strategy: str, symbol: str) -> Decimal:
        return self.held.get((strategy, symbol), NOTHING)

    def _move(self, strategy: str, symbol: str, units: Decimal, cash: float) -> None:
        self.held[strategy, symbol] = EXACT.add(self._held(strategy, symbol), units)
        self.cash[strategy] = self.cash.get(strategy, 0.0) + cash

    def _adjust(
        self, strategy: str, symbol: str, ratio: float, dividend: float, later: tuple[datetime, datetime] | None
    ) -> bool:
        """Restate a position for a split, then pay a dividend on it, now or later; say whether units were restated.

        What whole lots cannot hold is paid out.
        """
        held = to_float(self._held(strategy, symbol))
        if held == 0.0 or (ratio == 1.0 and dividend == 0.0):
            return False
        one = self._assets[self._columns[symbol]]
        if ratio != 1.0:
            split = held * ratio
            held = float(self._transitions.whole_lots(split, one.lot) if self._settings.whole else split)
            self.held[strategy, symbol] = amount(held)
            self.cash[strategy] += (split - held) * self._marks[symbol] * one.multiplier
        if later is None:
            self.cash[strategy] += held * dividend * one.multiplier
        elif dividend != 0.0:
            self.promised.append(Promise(*later, symbol, strategy, float(held * dividend * one.multiplier)))
        return ratio != 1.0

    def _pay_out(self, strategy: str, symbol: str) -> None:
        """Exchange a position for the cash of its exit."""
        one, held = self._assets[self._columns[symbol]], self._held(strategy, symbol)
        self._move(strategy, symbol, held.copy_negate(), to_float(held) * float(one.exit_cash * one.multiplier))

    def _accrue(self, strategy: str, now: datetime) -> Iterable[Activity]:
        """Yield the interest and borrow of a session, booked."""
        costs = self._settings
        held = [(symbol, to_float(self._held(strategy, symbol))) for symbol in self._columns]
        short = sum(-units * self._value(symbol) for symbol, units in held if units < 0.0)
        interest = max(self.cash[strategy] - short, 0.0) * costs.cash_rate / costs.sessions_per_year
        borrow = short * costs.borrow_rate / costs.sessions_per_year
        for kind, cash in ((ActivityKind.INTEREST, interest), (ActivityKind.BORROW, -borrow)):
            if cash != 0.0:
                self.cash[strategy] += cash
                yield self._posting(kind, strategy, amount(cash), now)

    def _value(self, symbol: str) -> float:
        return self._marks[symbol] * float(self._assets[self._columns[symbol]].multiplier)

    def _posting(
        self, kind: ActivityKind, strategy: str, cash: Decimal, now: datetime, symbol: str | None = None
    ) -> Activity:
        self._posted += 1
        return Activity(
            venue=self.name,
            id=f"{kind} {self._posted}",
            kind=kind,
            strategy=strategy,
            symbol=symbol,
            cash=cash,
            currency=self.currency,
            at=now,
        )
