"""Dividends that a simulated venue pays and tells later, and when it does."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from test_execute_venue import acted
from tradewright.sessions import all_sessions
from tradewright.simtest.lateness import SESSIONS_LATE, lateness
from tradewright.values.bars import utc
from tradewright.values.order import ActivityKind
from venue_harness import AT, Stall

HOUR = timedelta(hours=1)


def test_dividend_that_is_postponed_is_promised_then_paid_then_told() -> None:
    stall = Stall(acted(dividend=0.5)).begin().hold(4).hold(-1, whose="other").end()
    stall.venue.postpone = lambda: (AT + timedelta(days=20), AT + timedelta(days=20, hours=1))
    stall.begin()
    assert [2.0, -0.5, 0.0] == [*(one.cash for one in stall.venue.promised), float(stall.venue.money())]

    seen = []
    for after in (timedelta(days=20, seconds=-1), timedelta(days=20), timedelta(days=20, hours=1)):
        stall.venue.pay_promised(AT + after)
        told = [(one.kind, one.symbol, one.cash) for one in stall.venue.told.activities]
        seen.append((len(stall.venue.promised), stall.venue.money(), stall.venue.owes(), told))
    paid = (ActivityKind.DIVIDEND, "A0", Decimal("1.5"))
    assert [
        (2, Decimal(0), False, []),
        (0, Decimal("1.5"), True, []),
        (0, Decimal("1.5"), False, [paid]),
    ] == seen


def test_dividend_comes_at_the_opening_of_one_of_the_next_20_sessions_and_is_told_then_or_an_hour_later(
    rule_cache: Path,
) -> None:
    calendar = all_sessions("XNYS", cache=rule_cache)
    opened = [utc(at) for at in calendar.opened_at[5_000 : 5_001 + SESSIONS_LATE]]
    postponed = lateness(1, calendar, lambda: opened[0])
    drawn = [postponed() for _ in range(500)]
    late = [opened.index(paid_at) for paid_at, _ in drawn]

    assert ({*range(1, 21)}, {timedelta(), HOUR}) == ({*late}, {told_at - paid_at for paid_at, told_at in drawn})
    assert 1 / 4 < late.count(1) / len(late) < 1 / 2
    assert drawn == [again() for again in [lateness(1, calendar, lambda: opened[0])] for _ in range(500)]


def test_dividend_of_a_calendar_that_ends_comes_on_its_last_session(rule_cache: Path) -> None:
    calendar = all_sessions("XNYS", cache=rule_cache)
    last: datetime = utc(calendar.opened_at[-1])

    assert last == lateness(1, calendar, lambda: last)()[0]
