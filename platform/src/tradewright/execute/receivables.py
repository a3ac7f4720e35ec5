"""Dividends that were counted on their ex-date and that the venue has not paid yet: exact, oldest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from tradewright.values.exact import EXACT, add

if TYPE_CHECKING:
    from collections.abc import Iterable

CENT = Decimal("0.01")
"""What is less is nothing: a venue rounds."""
LATE = timedelta(days=60)
"""What has not come by then does not come by itself."""


@attrs.frozen(kw_only=True)
class Receivable:
    """What a venue is still to pay of one dividend, or to take for it.

    Attributes:
        strategy: Whose it is; its cash has it already.
        symbol: What pays it.
        currency: Of `cash`.
        at: When it was counted, aware UTC: the opening of its ex-date.
        cash: What is still to come, signed: a short owes it.
        is_late: Whether a person was told that it has not come.
    """

    strategy: str
    symbol: str
    currency: str
    at: datetime
    cash: Decimal
    is_late: bool = False


Owed = tuple[Receivable, ...]
"""Oldest first."""


def pay(owed: Owed, symbol: str | None, currency: str, cash: Decimal) -> tuple[Owed, Decimal]:
    """Return what is still owed once a dividend was paid, and the cash of it, signed, that nobody was owed.

    The oldest is paid first, by cash of its own sign alone.  Less than a cent stays owed by nobody: a venue rounds,
    and what it has rounded away is cash that nobody here has.

    Args:
        owed: Before.
        symbol: What has paid.
        currency: In which.
        cash: How much, signed: a short has paid it.
    """
    left: list[Receivable] = []
    rounded = Decimal(0)
    for one in owed:
        if (one.symbol, one.currency) != (symbol, currency) or one.cash * cash <= 0:
            left.append(one)
            continue
        paid = min(one.cash, cash, key=Decimal.copy_abs)
        rest, cash = EXACT.subtract(one.cash, paid), EXACT.subtract(cash, paid)
        if rest.copy_abs() >= CENT:
            left.append(attrs.evolve(one, cash=rest))
        else:
            rounded = EXACT.subtract(rounded, rest)
    return tuple(left), EXACT.add(cash, rounded)


def to_come(owed: Iterable[Receivable], strategy: str, currency: str) -> Decimal:
    """Return what is still to come to a strategy, >= 0: it cannot be spent; what it owes itself is spent already."""
    return add(one.cash for one in owed if (one.strategy, one.currency) == (strategy, currency) and one.cash > 0)


def grown_late(owed: Owed, now: datetime) -> tuple[Owed, Owed]:
    """Return what is owed, with what is late by now marked; and what of it was not marked before."""
    late = tuple(one for one in owed if not one.is_late and now - one.at > LATE)
    return tuple(attrs.evolve(one, is_late=True) if one in late else one for one in owed), late
