"""What a named person ends or takes over: a freeze, a latched halt, units and cash that nobody here has booked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from tradewright.live import dividends, entries
from tradewright.risk.requested_halt import NAME as REQUESTED_HALT
from tradewright.values.order import Activity, ActivityKind

if TYPE_CHECKING:
    from datetime import datetime

    from tradewright.engine.known import News
    from tradewright.ledger.entry import Draft
    from tradewright.live.events import Adopted, Lifted
    from tradewright.live.watch import Watch

FREEZE = "freeze"
"""What is lifted where no rule has halted, but the account is frozen."""


def lift(watch: Watch, told: Lifted, now: datetime) -> tuple[tuple[Draft, ...], list[News]]:
    """End a freeze, or a rule's latched halts; return what to write and what the walk says, nothing where none stood.

    Args:
        watch: What holds back, and the state.
        told: Who, why and what.
        now: Aware UTC.
    """
    walk, rule = watch.walk, REQUESTED_HALT if told.what == FREEZE else told.what
    numbers = [number for number, name in enumerate(walk.halting) if name == rule]
    standing = [row for row in range(len(walk.state.rows)) for one in numbers if walk.state.halts[row, one].level]
    if not standing and not (told.what == FREEZE and watch.freeze):
        return (), []
    news = [walk.lift(rule, row) for row in standing]
    if told.what == FREEZE:
        watch.lift()
    watch.look(now)
    return (entries.lifted(told, now),), news


def adopt(watch: Watch, told: Adopted, now: datetime) -> tuple[Draft, ...]:
    """Book as nobody's what the venue has more or less, and let it be traded again; return what to write.

    With a difference of cash dividends are written off that were owed for so long that a person was told.  Nothing is
    adopted of a symbol with an order on its way, which may be what differs.

    Args:
        watch: What holds back, and the account.
        told: Who, why and what.
        now: Aware UTC.
    """
    difference = watch.differs(told.symbol) if told.difference is None else told.difference
    if difference is None:
        watch.look(now)  # So that whoever asks again can be told.
    late = dividends.late(watch.account.holdings) if told.symbol is None else ()
    if difference is None or (difference == 0 and told.symbol not in watch.blocked and not late):
        return ()
    watch.adopt(told.symbol)
    asked = entries.adopted(attrs.evolve(told, difference=difference), now)
    watch.look(now)
    note = f"{told.by}: {told.reason}"
    written_off = dividends.write_off(watch.account, late, note, now)
    if difference == 0:
        return asked, *written_off
    one = _adoption(watch, told, difference, now)
    watch.account.holdings.book(one)
    watch.moved()
    return asked, entries.own_activity(one, now), *written_off


def _adoption(watch: Watch, told: Adopted, difference: Decimal, now: datetime) -> Activity:
    account, is_cash = watch.account, told.symbol is None
    return Activity(
        venue=account.venue,
        id=f"{ActivityKind.ADOPTION} {now:%Y-%m-%dT%H:%M:%S.%f} {told.symbol or account.currency}",
        kind=ActivityKind.ADOPTION,
        symbol=told.symbol,
        cash=difference if is_cash else Decimal(0),
        units=Decimal(0) if is_cash else difference,
        currency=account.currency,
        at=now,
        note=f"{told.by}: {told.reason}",
    )
