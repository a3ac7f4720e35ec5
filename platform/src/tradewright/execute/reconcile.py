"""What a snapshot of the account says that the ledger does not: it is booked or blocks, and is never traded away.

In the order of live.md: fills from the first gap on; orders that are known, and strangers; orders of ours that are
not there; activities; and, where nothing is in flight, units and cash.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from tradewright.execute.reading import Reading, Told
from tradewright.execute.receivables import CENT
from tradewright.values.exact import EXACT, add
from tradewright.values.order import Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from tradewright.execute.positions import Holdings
    from tradewright.execute.state import OrderState
    from tradewright.values.snapshot import Snapshot

SNAPSHOTS, APART = 3, timedelta(seconds=2)
"""A difference of units counts when so many snapshots, so far apart, have shown the same."""
CASH_OF_NAV = Decimal("0.001")  # 10 basis points.
"""A difference of cash beyond this part of the equity stops increases."""
RECENT = timedelta(days=1)
"""An order that ended longer ago explains no difference."""
_PENDING = frozenset({Status.INTENDED, Status.SENT, Status.UNKNOWN})


@attrs.frozen(kw_only=True)
class Doubt:
    """Units of a symbol of which the venue says something else than the ledger.

    Attributes:
        difference: Signed units, the venue's less the ledger's.
        seen: In how many snapshots, each long enough after the one before.
        at: When the last of them was asked for.
    """

    difference: Decimal
    seen: int
    at: datetime


@attrs.frozen(kw_only=True)
class Reconciled:
    """What follows from a snapshot.

    Attributes:
        told: What was not known, to be heard in this order: news, executions of nobody's, activities.
        doubts: By symbol; to be handed on to the next.
        blocked: Why a symbol takes no new order, by symbol.
        freeze: Why no new risk may be taken at all; empty for no reason.
        cash: The venue's less the ledger's, 0 where less than a cent; None where it was not compared.
        stops_increases: Whether that is so much that nothing may be increased; None where it was not compared.
        is_clean: Whether everything was compared and nothing differs: what is older need not be asked again.
        again_at: When to ask again, None for at the usual time.
    """

    told: tuple[Told, ...] = ()
    doubts: Mapping[str, Doubt] = attrs.field(factory=dict)
    blocked: Mapping[str, str] = attrs.field(factory=dict)
    freeze: str = ""
    cash: Decimal | None = None
    stops_increases: bool | None = None
    is_clean: bool = False
    again_at: datetime | None = None


def reconcile(
    known: Holdings,
    orders: Mapping[UUID, OrderState],
    seen: Snapshot | None,
    currency: str,
    nav: Decimal,
    doubts: Mapping[str, Doubt] | None = None,
    *,
    is_settled: bool = True,
) -> Reconciled:
    """Compare what a venue says of an account with what is known of it: a pure function.

    Args:
        known: What is booked.
        orders: Ours, by client id.
        seen: What the venue says; None where it said nothing, which changes nothing.
        currency: Of the cash that is compared.
        nav: Equity of the account.
        doubts: Of the snapshot before.
        is_settled: Whether nothing has been booked since the snapshot was asked for; else nothing is compared.
    """
    if seen is None:
        return Reconciled(doubts=doubts or {})
    reading = Reading(known, dict(orders), seen)
    if not is_settled:
        return attrs.evolve(_found(reading), doubts=doubts or {}, again_at=seen.at + APART)
    return _compare(reading, currency, nav, doubts or {})


# ---- units and cash --------------------------------------------------------------------------------------


def _found(reading: Reading) -> Reconciled:
    return Reconciled(told=tuple(reading.told), blocked=reading.blocked, freeze=reading.freeze)


def _compare(reading: Reading, currency: str, nav: Decimal, before: Mapping[str, Doubt]) -> Reconciled:
    in_flight = {state.order.symbol for state in reading.states.values() if is_in_flight(state)}
    doubts = {symbol: doubt for symbol, doubt in before.items() if symbol in in_flight}
    for symbol, difference in _differences(reading):
        if symbol not in in_flight:
            doubts[symbol] = _again(before.get(symbol), difference, reading.seen.at)
    certain = {symbol: doubt for symbol, doubt in doubts.items() if doubt.seen >= SNAPSHOTS}
    found = attrs.evolve(
        _found(reading),
        doubts=doubts,
        again_at=reading.seen.at + APART if len(certain) < len(doubts) else None,
        blocked={**_blocked(certain), **reading.blocked},
        freeze=reading.freeze or _freeze(reading, certain),
    )
    said = reading.seen.cash.get(currency)
    if in_flight or said is None:  # An amount that is missing is not 0.
        return found
    ours = add((reading.known.paid_cash(currency), *reading.cash))
    cash = EXACT.subtract(said, ours)
    cash = cash if cash.copy_abs() >= CENT else Decimal(0)
    stops = cash.copy_abs() > EXACT.multiply(nav, CASH_OF_NAV)
    return attrs.evolve(found, cash=cash, stops_increases=stops, is_clean=not doubts and cash == 0)


def _differences(reading: Reading) -> Iterator[tuple[str, Decimal]]:
    """Yield the symbols whose units differ, and by how much."""
    held = {symbol for _, symbol in reading.known.quantities}
    for symbol in sorted(held | set(reading.seen.positions) | set(reading.units)):
        ours = add((reading.known.total_quantity(symbol), *reading.units.get(symbol, ())))
        difference = EXACT.subtract(reading.seen.positions.get(symbol, Decimal(0)), ours)
        if difference != 0:
            yield symbol, difference


def _again(before: Doubt | None, difference: Decimal, at: datetime) -> Doubt:
    """Count a difference that was seen before; one that has changed is new."""
    if before is None or before.difference != difference:
        return Doubt(difference=difference, seen=1, at=at)
    return before if at < before.at + APART else Doubt(difference=difference, seen=before.seen + 1, at=at)


def _blocked(certain: Mapping[str, Doubt]) -> dict[str, str]:
    return {symbol: f"the venue holds {doubt.difference} more than is booked" for symbol, doubt in certain.items()}


def _freeze(reading: Reading, certain: Mapping[str, Doubt]) -> str:
    if len(certain) > 1:
        return f"the venue holds other units of {', '.join(sorted(certain))} than are booked"
    for symbol, doubt in certain.items():
        if not _explains(reading, symbol, doubt.difference):
            return f"nothing explains why the venue holds {doubt.difference} more {symbol} than are booked"
    return ""


def _explains(reading: Reading, symbol: str, difference: Decimal) -> bool:
    """Say whether an order could have filled by the difference, or somebody else trades the symbol."""
    if symbol in reading.strange:
        return True
    return any(_could_be(state, difference, reading.seen.at) for state in _of(reading, symbol))


def _of(reading: Reading, symbol: str) -> Iterator[OrderState]:
    return (state for state in reading.states.values() if state.order.symbol == symbol)


def _could_be(state: OrderState, difference: Decimal, at: datetime) -> bool:
    if state.disputed or state.doubted:
        return True
    fits = state.left.copy_abs() >= difference.copy_abs() and (state.left > 0) == (difference > 0)
    return fits and (not state.is_final or state.since > at - RECENT)


def is_in_flight(state: OrderState) -> bool:
    """Say whether an order may move units of which nothing has been heard; a stop that rests does not by itself."""
    if state.status is Status.WORKING and state.order.purpose is not Purpose.STOP:
        return True
    return state.status in _PENDING or bool(state.missing)
