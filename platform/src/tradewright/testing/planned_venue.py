"""A venue whose mishaps are planned: what the double of an author's own venue stands on.

The double speaks the protocol of the real venue and asks this one for every answer.  What is raised here is what the
double has to play: `Refused`, `Limited` and `Forbidden` as the real venue says them, `Unavailable` as it does when it
is away, `Lost` by hanging up without a word, `Garbled` by an answer that cannot be read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from tradewright.execute.news import Report, Word
from tradewright.testing.dictated_account import NAME, OPENED, STRATEGY, dictated_account
from tradewright.values.order import Activity, ActivityKind, Fill, Order, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from tradewright.values.snapshot import Snapshot

T = TypeVar("T")
_ANSWERS = frozenset({Word.DUPLICATE, Word.FOUND, Word.ABSENT})
"""Said to whoever has asked, and not on the stream."""


class Lost(Exception):  # noqa: N818  # what happens, and no error of ours
    """The call has arrived and its answer is lost, or the stream is cut: hang up without a word."""


class Garbled(Exception):  # noqa: N818  # see above
    """The call has arrived and its answer, or the next report, cannot be read: send half of it, or a page of HTML."""


class Unavailable(Exception):  # noqa: N818  # see above
    """The venue is away, and the call has not arrived: what it says then, such as 503."""


Told = Report | Activity | Fill | Lost | Garbled
"""What a stream has to send, or to play."""


class PlannedVenue:
    """One account at a venue in memory, for one double; any thread may call it.

    Nothing has a price before `price` is called, so that orders rest until then.

    Args:
        symbols: What is traded there.
        currency: Of every amount.

    Attributes:
        calls: What has come in, in order: the call's name and the order's id, None for a snapshot.
        orders: Orders as they came in, by client id.
        streams: How many streams have been opened.
    """

    def __init__(self, symbols: Sequence[str], currency: str = "USD") -> None:
        self.calls: list[tuple[str, UUID | None]] = []
        self.orders: dict[UUID, Order] = {}
        self.streams = 0
        self._account = dictated_account(symbols, currency)
        self._planned: dict[str, list[Exception]] = {}
        self._hearers: list[Callable[[Told], None]] = []
        self._now, self._is_repeated, self._lock = OPENED, False, RLock()

    # ---- what a double asks ---------------------------------------------------------------------------------

    def submit(
        self,
        order_id: UUID,
        symbol: str,
        quantity: Decimal,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
    ) -> Report:
        """Take an order, and say ACCEPTED or DUPLICATE.

        Args:
            order_id: Our client id.
            symbol: What is traded.
            quantity: Signed units.
            limit: Worst price, None for at the market.
            stop: Price that triggers it, for a stop alone.

        Raises:
            Refused: Or another mishap that is planned.
        """
        order = Order(
            id=order_id,
            venue=NAME,
            symbol=symbol,
            quantity=quantity,
            purpose=Purpose.TARGET if stop is None else Purpose.STOP,
            limit=limit,
            stop=stop,
            shares=[(STRATEGY, quantity)],
            decided_at=OPENED,
        )

        def take(now: datetime) -> Report:
            self.orders.setdefault(order_id, order)
            self._account.submit(order, now)
            return self._answer(order_id)

        return self._called("submit", order_id, take)

    def cancel(self, order_id: UUID) -> Report:
        """Cancel an order: say CANCELLED, or FOUND with how it has ended, or ABSENT.

        Raises:
            Refused: Or another mishap that is planned.
        """

        def cancel(now: datetime) -> Report:
            self._account.cancel(order_id, now)
            return self._answer(order_id)

        return self._called("cancel", order_id, cancel)

    def query(self, order_id: UUID) -> Report:
        """Say FOUND with status and signed units filled, or ABSENT.

        Raises:
            Unavailable: Or another mishap that is planned.
        """

        def query(_: datetime) -> Report:
            self._account.query(order_id)
            return self._answer(order_id)

        return self._called("query", order_id, query)

    def snapshot(self, since: datetime) -> Snapshot:
        """Return the account as it stands; fills, activities and orders that have ended from an instant on.

        Raises:
            Unavailable: Or another mishap that is planned.
        """
        return self._called("snapshot", None, lambda now: self._account.snapshot(since, now))

    def listen(self, hear: Callable[[Told], None]) -> Callable[[], None]:
        """Have a stream told everything from here on, and return what ends it.

        Args:
            hear: Called with each report, and with the mishap to play; from any thread.

        Raises:
            Unavailable: Or another mishap that is planned.
        """
        with self._lock:
            self.calls.append(("reports", None))
            if (mishap := self._mishap("reports")) is not None:
                raise mishap
            self.streams += 1
            self._hearers.append(hear)
        return lambda: self._hearers.remove(hear) if hear in self._hearers else None

    # ---- what a test plans ----------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The venue's time, aware UTC: a second later with everything that happens."""
        return self._now

    def plan(self, call: str, *mishaps: Exception) -> None:
        """Let the next calls of that name end so, one after the other; a stream's opening is called `reports`."""
        with self._lock:
            self._planned.setdefault(call, []).extend(mishaps)

    def break_streams(self, mishap: Lost | Garbled) -> None:
        """Cut every stream, or let its next report be one that cannot be read."""
        with self._lock:
            hearers = list(self._hearers)
            if isinstance(mishap, Lost):
                self._hearers.clear()
        for hear in hearers:
            hear(mishap)

    def repeat_next(self) -> None:
        """Let the next report be told twice."""
        self._is_repeated = True

    def price(self) -> None:
        """Show the first prices, 100 for everything: what is at the market fills, from here on at once."""
        self._happens(self._account.price)

    def execute(
        self, order_id: UUID | None, symbol: str, quantity: Decimal, price: Decimal, fee: Decimal = Decimal(0)
    ) -> None:
        """Fill a part of an order that rests, or let a stranger trade: exactly so.

        Args:
            order_id: Client id, None for a stranger's.
            symbol: What is traded.
            quantity: Signed units.
            price: Per unit.
            fee: Of all of it.
        """
        order = None if order_id is None else self.orders[order_id]
        self._happens(lambda now: self._account.execute(order, symbol, quantity, price, fee, now))

    def take_back(self, execution_id: str) -> None:
        """Let an execution not stand."""
        self._happens(lambda now: self._account.take_back(execution_id, now))

    def pay(self, kind: ActivityKind, cash: Decimal) -> None:
        """Move cash for another reason than a trade."""
        self._happens(lambda now: self._account.pay(kind, cash, now))

    # ---- how ------------------------------------------------------------------------------------------------

    def _called(self, name: str, order_id: UUID | None, call: Callable[[datetime], T]) -> T:
        with self._lock:
            self.calls.append((name, order_id))
            mishap = self._mishap(name)
            if mishap is not None and not isinstance(mishap, Lost | Garbled):
                raise mishap
            self._now += timedelta(seconds=1)
            answer = call(self._now)
            if mishap is not None:
                raise mishap
            return answer

    def _mishap(self, call: str) -> Exception | None:
        planned = self._planned.get(call)
        return planned.pop(0) if planned else None

    def _answer(self, order_id: UUID) -> Report:
        """Return the first word on an order, and tell the streams what is news."""
        said = self._tell()
        return next(one for one in said if isinstance(one, Report) and one.id == order_id)

    def _happens(self, act: Callable[[datetime], object]) -> None:
        with self._lock:
            self._now += timedelta(seconds=1)
            act(self._now)
            self._tell()

    def _tell(self) -> list[Report | Activity | Fill]:
        said = self._account.due()
        for one in said:
            if isinstance(one, Report) and one.news.word in _ANSWERS:
                continue
            times, self._is_repeated = (2 if self._is_repeated else 1), False
            for hear in list(self._hearers) * times:
                hear(one)
        return said
