"""Dividends that a venue pays later: what its word settles, what a person is told of, what a person writes off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.execute.receivables import CENT, LATE, grown_late
from tradewright.live import entries
from tradewright.values.exact import EXACT
from tradewright.values.order import EXTERNAL, Activity, ActivityKind
from tradewright.values.plain import to_plain

if TYPE_CHECKING:
    from datetime import datetime

    from tradewright.execute.positions import Holdings
    from tradewright.execute.receivables import Owed, Receivable
    from tradewright.ledger.entry import Draft
    from tradewright.live.account import Account


def book(holdings: Holdings, told: Activity, now: datetime) -> tuple[Draft, ...]:
    """Book what a venue has told to have moved cash or units; return what to write, nothing of what was known.

    A dividend settles what is owed, whosever it says it is; what nobody was owed is nobody's, and a person is told.
    """
    if told.kind is not ActivityKind.DIVIDEND or not holdings.pays_later:
        return (entries.activity(told, now),) if holdings.book(told) else ()
    told, before = attrs.evolve(told, strategy=EXTERNAL), holdings.cash(EXTERNAL, told.currency)
    if not holdings.book(told):
        return ()
    beyond = EXACT.subtract(holdings.cash(EXTERNAL, told.currency), before)
    if beyond.copy_abs() < CENT:
        return (entries.activity(told, now),)
    what = f"{to_plain(beyond)} {told.currency} of {to_plain(told.cash)} were owed to nobody here"
    return entries.activity(told, now), entries.alert(f"dividend {told.id}", what, now)


def remind(holdings: Holdings, now: datetime) -> tuple[Draft, ...]:
    """Return an alert for each dividend that has become late, once."""
    holdings.owed, fresh = grown_late(holdings.owed, now)
    return tuple(entries.alert(_name(one), _why(one), now) for one in fresh)


def late(holdings: Holdings) -> Owed:
    """Return the dividends of which a person was told that they have not come."""
    return tuple(one for one in holdings.owed if one.is_late)


def write_off(account: Account, owed: Owed, note: str, now: datetime) -> tuple[Draft, ...]:
    """Take from each strategy what a person no longer expects to come, and return what to write.

    Args:
        account: Whose holdings are changed.
        owed: What is written off.
        note: Who has said so, and why.
        now: Aware UTC.
    """
    written = []
    for one in owed:
        instead = Activity(
            venue=account.venue,
            id=f"{ActivityKind.ADOPTION} {_name(one)} {one.strategy}",
            kind=ActivityKind.ADOPTION,
            strategy=one.strategy,
            symbol=one.symbol,
            cash=one.cash.copy_negate(),
            currency=one.currency,
            at=now,
            note=note,
        )
        account.holdings.write_off(one, instead)
        written.append(entries.own_activity(instead, now))
    return tuple(written)


def _name(one: Receivable) -> str:
    return f"dividend {one.symbol} {one.at:%Y-%m-%dT%H:%M}"


def _why(one: Receivable) -> str:
    return (
        f"{to_plain(one.cash)} {one.currency} of {one.symbol} are owed to {one.strategy} since {one.at:%Y-%m-%d},"
        f" for more than {LATE.days} days: adopt the account's cash to write it off"
    )
