"""The way between an agent and a simulated venue: it takes time, and every fault of `execute.faults` lies on it.

Calls go in and events come out at instants; whoever drives asks when the next one is due.  All chance is a seed's.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.news import News, Report, Word
from tradewright.values.order import EXTERNAL, Activity, ActivityKind, Fill, Purpose
from tradewright.values.snapshot import Quote, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tradewright.execute.faults import Dice
    from tradewright.execute.venue import SimulatedVenue
    from tradewright.values.order import Order

SECOND = timedelta(seconds=1)
TIMEOUT = 3 * SECOND
"""How long a call is waited for."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANGED = 0.02
"""How many executions that come twice come with other units."""

Heard = Report | Activity | Fill | Contact | Snapshot | None
"""What comes out; None is a snapshot that did not come."""


class Wire:
    """A venue as an agent meets it.

    Args:
        venue: What lies behind.
        dice: Which faults strike.
        on_arrival: Called with each order that the venue has not seen, just before it takes it.
    """

    def __init__(
        self, venue: SimulatedVenue, dice: Dice, on_arrival: Callable[[Order, datetime], None] | None = None
    ) -> None:
        self.venue, self.dice = venue, dice
        self._on_arrival = on_arrival
        self._calls: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._heard: list[tuple[datetime, int, Heard]] = []
        self._n = 0
        self._muted: set[UUID] = set()
        self._line = 0
        self._silent_until: datetime | None = None
        self._away_until: datetime | None = None
        self._skew = timedelta()
        self._is_thousandfold = False

    # ---- what drives it ------------------------------------------------------------------------------------

    @property
    def next_at(self) -> datetime | None:
        """When something is due, None for never."""
        return min((queue[0][0] for queue in (self._calls, self._heard) if queue), default=None)

    def play(self, now: datetime) -> list[Heard]:
        """Let calls arrive that are due by `now`, and return what is heard by then."""
        while self._calls and self._calls[0][0] <= now:
            at, _, call = heapq.heappop(self._calls)
            call(at)
            self.collect(at)
        heard = []
        while self._heard and self._heard[0][0] <= now:
            heard.append(heapq.heappop(self._heard)[2])
        return heard

    def collect(self, now: datetime) -> None:
        """Take what the venue has to report, and send it on its way."""
        for report in self.venue.due():
            self._report(self._skewed(report), now)

    def drop(self) -> None:
        """Lose what is on its way to an agent that is no more; what is on its way to the venue arrives."""
        self._heard.clear()
        self._line += 1  # What it has asked is answered to nobody.

    # ---- what an agent calls -------------------------------------------------------------------------------

    def submit(self, order: Order, now: datetime) -> None:
        """Send an order."""
        dice, arrives = self.dice, self._soon(now)
        if self._is_away(now) or dice.strikes("F14"):
            self._fail(order.id, now, Word.UNANSWERED, limited=not self._is_away(now))
        elif dice.strikes("F15"):
            self._say(now + 0.1 * SECOND, Contact(outcome=Outcome.FORBIDDEN, reason="403"))
            self._say(now + 0.1 * SECOND, Report(order.id, News(word=Word.UNANSWERED, reason="403")))
        elif dice.strikes("F23"):
            self._say(arrives, Report(order.id, News(word=Word.REFUSED, reason="not today")))
        elif dice.strikes("F6"):
            self._fail(order.id, now, Word.UNANSWERED)
            self._call(now + TIMEOUT + dice.random.uniform(1.0, 50.0) * SECOND, lambda at: self._arrive(order, at))
        elif dice.strikes("F17"):
            self._fail(order.id, now, Word.UNANSWERED, after=0.2 * SECOND)
            if dice.random.random() < 0.5:
                self._call(arrives, lambda at: self._arrive(order, at))
        else:
            self._lose_or_answer(order, now, arrives)

    def cancel(self, order_id: UUID, now: datetime) -> None:
        """Ask for an order's end."""
        if self._is_lost(now):
            self._fail(order_id, now, Word.CANCEL_UNANSWERED)
            if self._is_away(now) or self.dice.random.random() < 0.5:
                return
        self._call(self._soon(now), lambda at: self.venue.cancel(order_id, at))

    def query(self, order_id: UUID, now: datetime) -> None:
        """Ask where an order stands."""
        if self._is_lost(now):
            self._say(now + TIMEOUT, Contact(outcome=Outcome.FAILED, reason="504"))
            return
        self._call(self._soon(now), lambda _: self.venue.query(order_id))
        self._say(self._soon(self._soon(now)), Contact(outcome=Outcome.ANSWERED))

    def look(self, since: datetime, now: datetime) -> None:
        """Ask how the account stands."""
        if self._is_lost(now):
            self._say(now + TIMEOUT, Contact(outcome=Outcome.FAILED, reason="504"))
            self._say(now + TIMEOUT, None)
            return
        line = self._line
        self._call(self._soon(now), lambda at: self._take_snapshot(since, now, at) if line == self._line else None)

    # ---- what happens by itself ----------------------------------------------------------------------------

    def quote(self, quote: Quote) -> Quote:
        """Return a quote as it is heard."""
        if self.dice.strikes("F24"):
            old = 61 * SECOND + self.dice.random.uniform(0.0, 600.0) * SECOND
            return attrs.evolve(quote, event_at=quote.event_at - old, available_at=quote.available_at - old)
        if self.dice.strikes("F25"):
            assert quote.ask is not None  # noqa: S101  # a row's first price has both
            crossed = attrs.evolve(quote, bid=quote.ask + 1)
            return self.dice.random.choice([crossed, attrs.evolve(quote, bid=None), attrs.evolve(quote, ask=None)])
        if self.dice.strikes("F27"):
            bid, ask = (self._fat(side) for side in (quote.bid, quote.ask))
            return attrs.evolve(quote, bid=min(bid, ask), ask=max(bid, ask))
        return quote

    def happen(self, now: datetime) -> None:
        """Let happen what no call brings about; to be asked once a row, while it is traded."""
        dice = self.dice
        resting = [order for order in self.venue.standing() if order.purpose is not Purpose.STOP]
        if dice.strikes("F11") and resting:
            self.venue.cancel(dice.random.choice(resting).id, now)
        if dice.strikes("F18"):
            self._silent_until = now + dice.random.uniform(5.0, 180.0) * SECOND
        if dice.strikes("F19"):
            for number in range(dice.random.randint(2, 8)):
                self._say(now + number * dice.random.uniform(0.0, 2.0) * SECOND, Contact(outcome=Outcome.CUT))
        if dice.strikes("F20"):
            self._turn_clock()
        if dice.strikes("F22"):
            self._away_until = now + dice.random.uniform(10.0, 300.0) * SECOND
            self._vanish(resting, now)
        self._befall(now)

    def _turn_clock(self) -> None:
        """Set the venue's clock: most often a little off, seldom by minutes, more seldom in other units."""
        random = self.dice.random
        far = random.random()
        self._skew = random.uniform(-2.0, 2.0) * SECOND
        if far < 0.02:
            self._skew = random.choice([-1, 1]) * random.uniform(6.0, 600.0) * SECOND
        self._is_thousandfold = 0.02 <= far < 0.025

    def _befall(self, now: datetime) -> None:
        """Let happen what moves the account without the agent."""
        dice, venue = self.dice, self.venue
        fills = [fill for fill in venue.told.fills.values() if fill.order_id is not None]
        if dice.strikes("F13") and fills:
            venue.take_back(dice.random.choice(fills[-20:]).execution_id, now)
        if dice.strikes("F12") and fills:
            over = dice.random.choice(fills[-20:])
            venue.trade(over.symbol, Decimal(1).copy_sign(over.quantity), now, over.order_id)
        if dice.strikes("F30"):
            venue.pay(ActivityKind.FEE, Decimal(-3), now, told_at=now + timedelta(hours=1))
        if dice.strikes("F50"):
            kind = dice.random.choice([ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL, None])
            if kind is None and fills:
                venue.trade(dice.random.choice(fills).symbol, Decimal(1), now)
            elif kind is not None:
                venue.pay(kind, Decimal(50 if kind is ActivityKind.DEPOSIT else -50), now)

    # ---- how -----------------------------------------------------------------------------------------------

    def _arrive(self, order: Order, now: datetime) -> None:
        if self._on_arrival is not None and not self.venue.knows(order.id):
            self._on_arrival(order, now)
        self.venue.submit(order, now)

    def _lose_or_answer(self, order: Order, now: datetime, arrives: datetime) -> None:
        """Let an order arrive; its answer may be lost, and a refusal may follow one that was."""
        is_refused = self.dice.strikes("F7")
        if is_refused or self.dice.strikes("F5"):
            self._muted.add(order.id)
            self._fail(order.id, now, Word.UNANSWERED)
        else:
            self._say(self._soon(arrives), Contact(outcome=Outcome.ANSWERED))
        if is_refused:
            refused = News(word=Word.REFUSED, reason="insufficient funds")
            self._say(now + TIMEOUT + SECOND, Report(order.id, refused))
        self._call(arrives, lambda at: self._arrive(order, at))

    def _take_snapshot(self, since: datetime, asked_at: datetime, now: datetime) -> None:
        skew = timedelta() if self.dice.is_healed else self._skew
        seen = self.venue.snapshot(since - skew, asked_at, now + skew)
        if not self._is_clock_right:
            seen = attrs.evolve(seen, fills=tuple(attrs.evolve(fill, at=self._stamp(fill.at)) for fill in seen.fills))
        self._say(self._soon(now), Contact(outcome=Outcome.ANSWERED))
        self._say(self._soon(now), seen)

    def _report(self, report: Report | Activity | Fill, now: datetime) -> None:
        dice, at = self.dice, self._soon(now)
        word = report.news.word if isinstance(report, Report) else None
        if isinstance(report, Report) and word is Word.ACCEPTED and report.id in self._muted:
            self._muted.discard(report.id)
            return
        if word not in {Word.FOUND, Word.ABSENT, Word.DUPLICATE}:  # Answers come by the call, not by the stream.
            if dice.strikes("F10") or (self._silent_until is not None and now < self._silent_until):
                return
            if dice.strikes("F9"):
                at += dice.random.uniform(0.0, 20.0) * SECOND
            if dice.strikes("F8"):
                self._say(at + dice.random.uniform(0.0, 5.0) * SECOND, self._other_units(report))
        self._say(at, report)

    def _vanish(self, resting: list[Order], now: datetime) -> None:
        """End what rests, and tell nobody."""
        self.collect(now)
        for order in resting:
            self.venue.cancel(order.id, now)
        self.venue.due()

    def _skewed(self, report: Report | Activity | Fill) -> Report | Activity | Fill:
        """Return a report with the instants of the venue's own clock."""
        if self._is_clock_right:
            return report
        if isinstance(report, Fill):
            return attrs.evolve(report, at=self._stamp(report.at))
        if isinstance(report, Report) and report.news.fill is not None:
            fill = attrs.evolve(report.news.fill, at=self._stamp(report.news.fill.at))
            return Report(report.id, attrs.evolve(report.news, fill=fill))
        return report

    @property
    def _is_clock_right(self) -> bool:
        return self.dice.is_healed or not (self._skew or self._is_thousandfold)

    def _stamp(self, at: datetime) -> datetime:
        """Return an instant as the venue's clock shows it that is not right."""
        return EPOCH + (at - EPOCH) / 1000 if self._is_thousandfold else at + self._skew

    def _other_units(self, report: Report | Activity | Fill) -> Report | Activity | Fill:
        """Return an execution with other units than it had, now and then."""
        if not isinstance(report, Report) or report.news.word is not Word.FILL or report.news.fill is None:
            return report
        if self.dice.random.random() >= CHANGED:
            return report
        units = 2 * report.news.fill.quantity
        fill = attrs.evolve(report.news.fill, quantity=units, shares=((EXTERNAL, units),))
        return Report(report.id, attrs.evolve(report.news, fill=fill))

    def _fat(self, price: Decimal | None) -> Decimal:
        """Return a price that is far off, in cents."""
        assert price is not None  # noqa: S101  # a row's first price has both
        up, size = self.dice.random.random() < 0.5, self.dice.random.uniform(1.34, 4.0)
        return max(Decimal(str(round(float(price) * (size if up else 1.0 / size), 2))), Decimal("0.01"))

    def _is_away(self, now: datetime) -> bool:
        return self._away_until is not None and now < self._away_until and not self.dice.is_healed

    def _is_lost(self, now: datetime) -> bool:
        return self._is_away(now) or self.dice.strikes("F5")

    def _fail(
        self, order_id: UUID, now: datetime, word: Word, *, after: timedelta = TIMEOUT, limited: bool = False
    ) -> None:
        """Let a call about an order end without an answer that says anything."""
        waits = self.dice.random.choice([None, 1.0, 4.0]) if limited else None
        outcome = Outcome.LIMITED if limited else Outcome.FAILED
        after = 0.2 * SECOND if limited else after
        self._say(now + after, Contact(outcome=outcome, retry_after=waits))
        self._say(now + after, Report(order_id, News(word=word, reason="429" if limited else "504")))

    def _soon(self, now: datetime) -> datetime:
        return now + timedelta(milliseconds=self.dice.random.randint(20, 120))

    def _call(self, at: datetime, call: Callable[[datetime], None]) -> None:
        self._n += 1
        heapq.heappush(self._calls, (at, self._n, call))

    def _say(self, at: datetime, heard: Heard) -> None:
        self._n += 1
        heapq.heappush(self._heard, (at, self._n, heard))
