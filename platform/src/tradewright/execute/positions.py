"""What is held, to the last decimal: sums of fills and activities, each applied once, in whatever order they come."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.execute.receivables import Owed, Receivable, pay
from tradewright.values.exact import EXACT, add, check_price, divide_fee, rounded
from tradewright.values.order import EXTERNAL, Activity, ActivityKind, Fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_NONE, _ONE = Decimal(0), Decimal(1)


def _copied(multipliers: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    return dict(multipliers)


@attrs.frozen(kw_only=True)
class Money:
    """One strategy's money in one currency.

    Attributes:
        cash: All that came less all that went, signed.
        fees: Charged so far, less rebates.
        interest: Earned so far, signed.
        borrow: Paid so far for what was borrowed, >= 0 unless some was paid back.
    """

    cash: Decimal = _NONE
    fees: Decimal = _NONE
    interest: Decimal = _NONE
    borrow: Decimal = _NONE


@attrs.define(kw_only=True)
class Holdings:
    """What every strategy has; booking is cheap, so it is changed in place and `copy` keeps what was.

    Attributes:
        multipliers: Notional of one unit is price x multiplier, > 0; 1 for a symbol that is not named.
        money: By (strategy, currency).
        quantities: Signed units by (strategy, symbol); what is flat is not named.
        executions: (venue, execution id) of each fill that is booked.
        activities: (venue, id) of each activity that is booked.
        pays_later: Whether the venue pays dividends after the ex-date on which strategies have them: what it pays
            then is what was owed, and no strategy's cash again.
        owed: Dividends that it has not paid yet, oldest first; they are part of `money`.

    >>> from datetime import UTC, datetime
    >>> fill = Fill(venue="simulated", execution_id="e1", symbol="SPY", quantity=Decimal(3), price=Decimal("100.10"),
    ...             fee=Decimal("0.02"), currency="USD", at=datetime(2026, 3, 2, tzinfo=UTC),
    ...             shares=[("trend", Decimal(3))])
    >>> held = Holdings()
    >>> held.book(fill), held.book(fill)
    (True, False)
    >>> held.cash("trend", "USD"), held.quantity("trend", "SPY")
    (Decimal('-300.32'), Decimal('3'))
    """

    multipliers: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_copied)
    money: dict[tuple[str, str], Money] = attrs.field(factory=dict)
    quantities: dict[tuple[str, str], Decimal] = attrs.field(factory=dict)
    executions: set[tuple[str, str]] = attrs.field(factory=set)
    activities: set[tuple[str, str]] = attrs.field(factory=set)
    pays_later: bool = False
    owed: Owed = ()

    @multipliers.validator
    def _check(self, field: attrs.Attribute[Mapping[str, Decimal]], multipliers: Mapping[str, Decimal]) -> None:
        for multiplier in multipliers.values():
            check_price(self, field, multiplier)

    def book(self, one: Fill | Activity) -> bool:
        """Apply a fill or an activity, and say whether it was new; one that was booked before changes nothing."""
        known = self.executions if isinstance(one, Fill) else self.activities
        if one.key in known:
            return False
        if isinstance(one, Fill):
            self._book_fill(one)
        else:
            self._book_activity(one)
        known.add(one.key)
        return True

    def _book_fill(self, fill: Fill) -> None:
        for strategy, quantity, fee in _parts(fill):
            self._move(strategy, fill.symbol, quantity)
            paid = EXACT.add(_value(fill, quantity, self.multipliers), fee)
            self._pay(strategy, fill.currency, cash=EXACT.minus(paid), fees=fee)

    def _book_activity(self, one: Activity) -> None:
        if one.symbol is not None:
            self._move(one.strategy, one.symbol, one.units)
        taken, cash = EXACT.minus(one.cash), one.cash
        if self.pays_later and one.kind is ActivityKind.DIVIDEND:
            cash = self._settle(one)
        self._pay(
            one.strategy,
            one.currency,
            cash=cash,
            fees=taken if one.kind is ActivityKind.FEE else _NONE,
            interest=one.cash if one.kind is ActivityKind.INTEREST else _NONE,
            borrow=taken if one.kind is ActivityKind.BORROW else _NONE,
        )

    def _settle(self, one: Activity) -> Decimal:
        """Owe a strategy's dividend, or let nobody's pay what is owed; return the cash that is to be booked."""
        if one.strategy == EXTERNAL:
            self.owed, beyond = pay(self.owed, one.symbol, one.currency, one.cash)
            return beyond
        if one.symbol is not None and one.cash != 0:
            fresh = Receivable(
                strategy=one.strategy, symbol=one.symbol, currency=one.currency, at=one.at, cash=one.cash
            )
            self.owed = (*self.owed, fresh)
        return one.cash

    def write_off(self, late: Receivable, instead: Activity) -> None:
        """Let what does not come be owed no more, and book the activity that takes it from its strategy."""
        if self.book(instead):
            self.owed = tuple(one for one in self.owed if one != late)

    def _move(self, strategy: str, symbol: str, units: Decimal) -> None:
        key = (strategy, symbol)
        quantity = EXACT.add(self.quantities.get(key, _NONE), units)
        if quantity != 0:
            self.quantities[key] = quantity
        else:
            self.quantities.pop(key, None)

    def _pay(
        self,
        strategy: str,
        currency: str,
        *,
        cash: Decimal,
        fees: Decimal,
        interest: Decimal = _NONE,
        borrow: Decimal = _NONE,
    ) -> None:
        key = (strategy, currency)
        had = self.money.get(key, Money())
        self.money[key] = Money(
            cash=EXACT.add(had.cash, cash),
            fees=EXACT.add(had.fees, fees),
            interest=EXACT.add(had.interest, interest),
            borrow=EXACT.add(had.borrow, borrow),
        )

    def cash(self, strategy: str, currency: str) -> Decimal:
        """Return a strategy's cash, signed, 0 where it never had any."""
        return self.money.get((strategy, currency), Money()).cash

    def quantity(self, strategy: str, symbol: str) -> Decimal:
        """Return a strategy's signed units, 0 for none."""
        return self.quantities.get((strategy, symbol), _NONE)

    def total_cash(self, currency: str) -> Decimal:
        """Return the cash of all strategies and nobody's, dividends from their ex-date on."""
        return add(money.cash for (_, code), money in self.money.items() if code == currency)

    def paid_cash(self, currency: str) -> Decimal:
        """Return the cash of all without what the venue has yet to pay, as the venue would say it."""
        owed = add(one.cash for one in self.owed if one.currency == currency)
        return EXACT.subtract(self.total_cash(currency), owed)

    def total_quantity(self, symbol: str) -> Decimal:
        """Return the signed units of all strategies and nobody's, as a venue would say them."""
        return add(quantity for (_, name), quantity in self.quantities.items() if name == symbol)

    def copy(self) -> Holdings:
        """Return holdings that later bookings do not change; the values themselves are frozen."""
        return Holdings(
            multipliers=self.multipliers,
            money=dict(self.money),
            quantities=dict(self.quantities),
            executions=set(self.executions),
            activities=set(self.activities),
            pays_later=self.pays_later,
            owed=self.owed,
        )


def holdings(
    fills: Iterable[Fill], activities: Iterable[Activity], multipliers: Mapping[str, Decimal] | None = None
) -> Holdings:
    """Return what is held after all of these; neither their order nor that one comes twice matters.

    Args:
        fills: Executions, with whose they are.
        activities: All else that moved cash or units.
        multipliers: Notional of one unit is price x multiplier; 1 for a symbol that is not named.
    """
    held = Holdings(multipliers=multipliers or {})
    for one in chain[Fill | Activity](fills, activities):
        held.book(one)
    return held


def reverse(fill: Fill, at: datetime, multipliers: Mapping[str, Decimal], note: str = "") -> tuple[Activity, ...]:
    """Return the activities that undo a booked fill which the venue took back, one for each share and fee.

    Cash is rounded to the decimals of an amount: of parts of units, 1e-30 of a currency may stay.

    Args:
        fill: As it was booked, shares included.
        at: When the venue took it back, aware UTC.
        multipliers: Those of the holdings.
        note: The venue's reason.
    """
    undone = []
    for strategy, quantity, fee in _parts(fill):
        same: dict[str, Any] = {
            "venue": fill.venue,
            "strategy": strategy,
            "currency": fill.currency,
            "at": at,
            "note": note,
        }
        name = f"bust {fill.execution_id} {strategy}"  # No strategy's name has a space.
        units, cash = EXACT.minus(quantity), rounded(_value(fill, quantity, multipliers))
        undone.append(Activity(id=name, kind=ActivityKind.BUST, symbol=fill.symbol, units=units, cash=cash, **same))
        if fee != 0:
            undone.append(Activity(id=f"{name} fee", kind=ActivityKind.FEE, symbol=fill.symbol, cash=fee, **same))
    return tuple(undone)


def is_reversed(fill: Fill, activities: Iterable[tuple[str, str]]) -> bool:
    """Say whether a fill was undone, in the name of whomever it was booked for.

    Args:
        fill: As the venue tells it, which does not know whose it was.
        activities: (venue, id) of each activity that is booked.
    """
    return any(venue == fill.venue and name.startswith(f"bust {fill.execution_id} ") for venue, name in activities)


def _parts(fill: Fill) -> list[tuple[str, Decimal, Decimal]]:
    fees = divide_fee(fill.fee, [quantity for _, quantity in fill.shares])
    return [(strategy, quantity, fee) for (strategy, quantity), fee in zip(fill.shares, fees, strict=True)]


def _value(fill: Fill, quantity: Decimal, multipliers: Mapping[str, Decimal]) -> Decimal:
    return EXACT.multiply(EXACT.multiply(quantity, fill.price), multipliers.get(fill.symbol, _ONE))
