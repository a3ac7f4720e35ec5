"""What every executor must do."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tradewright.execute.news import Report, Word
from tradewright.host.awaiting import Raised
from tradewright.host.components import Executor
from tradewright.testing.connected import FEE
from tradewright.testing.executor_stream import StreamContract
from tradewright.testing.planned_venue import OPENED, Garbled, Lost, PlannedVenue, Unavailable
from tradewright.testing.talk import CALLS, shown
from tradewright.testing.wording import broken
from tradewright.values.order import ActivityKind, Status
from tradewright.values.venue import Forbidden, Limited, OrderType, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.testing.talk import Talk
    from tradewright.values.snapshot import Snapshot

KNOWN = (Refused, Limited, Forbidden)
"""What is raised to say more than that nobody knows."""


class ExecutorContract(StreamContract):
    """Tests of an executor, against a double of its venue that stands on a `PlannedVenue`."""

    kind = "executor"
    protocol = Executor

    # ---- before anything is asked ---------------------------------------------------------------------------

    def test_capabilities_are_complete(self) -> None:
        """The agent reads them before it asks anything, and they do not change."""
        one, other = self._able(), self._able()
        if one != other:
            fix = "say what the venue can do, whoever asks"
            raise broken(expected=f"{one} again", found=f"{other}", fix=fix)

    def test_nothing_is_sent_before_the_first_call(self) -> None:
        """Making an executor connects to nothing: doctor makes one, and so does whoever looks at the options."""
        with _watched() as reached:

            async def make(talk: Talk) -> int:
                await asyncio.sleep(0.05)  # A thread that it has started would have begun by now.
                return len(talk.venue.calls)

            calls = self._play(make)
        if calls or reached:
            found = f"{calls} calls" if calls else f"it reaches for {reached[0]}"
            raise broken(expected="a factory that connects to nothing", found=found, fix="connect in the first call")

    # ---- an order on its way --------------------------------------------------------------------------------

    def test_submit_reaches_the_venue_once(self) -> None:
        """One order, one call."""

        async def submit(talk: Talk) -> tuple[Report, int]:
            said = await talk.submit(talk.order(Decimal(10)))
            return said, _count(talk.venue, "submit")

        said, calls = self._play(submit)
        if calls != 1:
            raise broken(expected="one call to the venue", found=f"{calls}", fix="send each order once")
        self._expect(said, {Word.ACCEPTED, Word.FOUND}, "an order that rests")

    def test_numbers_reach_the_venue_exactly(self) -> None:
        """Quantity, limit and stop arrive to the last digit, and a sale with its sign."""
        able, quantity = self._able(), self._quantity
        prices: list[dict[str, Decimal]] = [{}]
        prices += [{kind.value: self.price} for kind in (OrderType.LIMIT, OrderType.STOP) if kind in able.order_types]

        async def send(talk: Talk) -> None:
            talk.venue.execute(None, self.symbols[1], 9 * quantity, self.price)
            for signed in (quantity, -quantity):
                for price in prices:
                    order = talk.order(signed, symbol=1, **price)
                    await talk.submit(order)
                    came = talk.venue.orders.get(order.id)
                    sent = (order.symbol, signed, price.get("limit"), price.get("stop"))
                    found = came and (came.symbol, came.quantity, came.limit, came.stop)
                    if found != sent:
                        fix = "write numbers with str(Decimal), never through float, and send the client id as it is"
                        raise broken(expected=f"{sent} at the venue", found=f"{found}", fix=fix)

        self._play(send)

    def test_repeated_id_is_a_duplicate(self) -> None:
        """An id that the venue has is no refusal: the order stands there."""

        async def repeat(talk: Talk) -> object:
            order = talk.order(Decimal(10))
            await talk.submit(order)
            return await talk.outcome("submit", order)

        said = self._play(repeat)
        if not isinstance(said, Report) or said.news.word is not Word.DUPLICATE:
            fix = "return News(word=Word.DUPLICATE) where the venue knows the client id, or the executor has sent it"
            raise broken(expected="a Report that says duplicate", found=shown(said), fix=fix)

    def test_refusal_is_raised_with_its_reason(self) -> None:
        """The venue's own words reach a person."""
        said, _ = self._mishap("submit", Refused("insufficient funds"))
        if not (isinstance(said, Raised) and isinstance(said.error, Refused) and "insufficient funds" in shown(said)):
            fix = "raise tradewright.Refused with the venue's words"
            raise broken(expected="Refused: insufficient funds", found=shown(said), fix=fix)

    # ---- calls that have no answer --------------------------------------------------------------------------

    def test_answer_that_is_lost_is_raised_and_no_order_is_sent_again(self) -> None:
        """It may have arrived: nobody knows, and sending it again could make two of it."""
        self._is_unknown(Lost())

    def test_answer_that_cannot_be_read_is_raised(self) -> None:
        """Half an answer, or a page of HTML, is no answer, and no refusal."""
        self._is_unknown(Garbled())

    def test_venue_that_is_away_is_raised(self) -> None:
        """A 503 says nothing about an order, and an order that is not found meanwhile is not absent."""
        self._is_unknown(Unavailable())

    def _is_unknown(self, mishap: Exception) -> None:
        what = type(mishap).__name__
        for call in CALLS:
            said, calls = self._mishap(call, mishap)
            if call == "submit" and calls != 1:
                fix = "turn the client's retries off: only the agent knows what may be repeated"
                raise broken(expected=f"one {call} where the answer is {what}", found=f"{calls}", fix=fix)
            if not isinstance(said, Raised) or isinstance(said.error, KNOWN):
                fix = "raise the client's error, or any other than Refused, Limited and Forbidden"
                raise broken(expected=f"an error where the answer to {call} is {what}", found=shown(said), fix=fix)

    def test_limit_is_raised_with_its_time(self) -> None:
        """A 429 says for how long the venue wants to be left alone, or does not."""
        for call in CALLS:
            for waits in (7.0, None):
                said, _ = self._mishap(call, Limited(waits))
                found = said.error if isinstance(said, Raised) else said
                if not isinstance(found, Limited) or found.retry_after != waits:
                    fix = "raise tradewright.Limited with the seconds of Retry-After, and do not wait yourself"
                    shows = f"retry_after={found.retry_after}" if isinstance(found, Limited) else shown(said)
                    raise broken(expected=f"Limited(retry_after={waits}) from {call}", found=shows, fix=fix)

    def test_who_is_not_let_in_is_told_so(self) -> None:
        """A 401 or 403 is no refusal of one order: nothing will go until a person mends it."""
        for call in CALLS:
            said, _ = self._mishap(call, Forbidden("no such account"))
            if not (isinstance(said, Raised) and isinstance(said.error, Forbidden)):
                fix = "raise tradewright.Forbidden"
                raise broken(expected=f"Forbidden from {call}", found=shown(said), fix=fix)

    def _mishap(self, call: str, mishap: Exception) -> tuple[object, int]:
        """Return what comes of a call that ends so, and how often the venue was called."""

        async def play(talk: Talk) -> tuple[object, int]:
            order = talk.order(Decimal(10))
            if call != "submit":
                await talk.submit(order)
            talk.venue.plan(call, mishap)
            said = await talk.outcome(call, order)
            return said, _count(talk.venue, call)

        return self._play(play)

    # ---- questions ------------------------------------------------------------------------------------------

    def test_order_that_the_venue_does_not_know_is_absent(self) -> None:
        """Absent is the venue's word, asked by the id."""

        async def ask(talk: Talk) -> list[Report]:
            return [await talk.query(talk.order(Decimal(10))), await talk.cancel(talk.order(Decimal(10)))]

        for said in self._play(ask):
            self._expect(said, {Word.ABSENT}, "an order that was never sent")

    def test_query_says_status_and_filled(self) -> None:
        """Where an order stands, and how much of it has filled, with the order's sign."""
        for sign in (1, -1):

            async def ask(talk: Talk, sign: int = sign) -> list[Report]:
                order = talk.order(Decimal(10 * sign))
                if sign < 0:
                    talk.venue.execute(None, order.symbol, Decimal(10), self.price)
                await talk.submit(order)
                said = [await talk.query(order)]
                for part in (4 * sign, 6 * sign):
                    talk.venue.execute(order.id, order.symbol, Decimal(part), self.price)
                    said.append(await talk.query(order))
                return said

            wanted: list[tuple[Any, Any]] = [
                (Status.WORKING, 0),
                (Status.WORKING, 4 * sign),
                (Status.FILLED, 10 * sign),
            ]
            found: list[tuple[Any, Any]] = [(said.news.status, said.news.filled) for said in self._play(ask)]
            if found != wanted:
                fix = "say FOUND with the venue's status, and filled as signed units so far"
                raise broken(expected=_standings(wanted), found=_standings(found), fix=fix)

    def test_cancel_keeps_what_has_filled(self) -> None:
        """The rest is cancelled, the part that filled stays."""

        async def cancel(talk: Talk) -> tuple[Report, Report]:
            order = talk.order(Decimal(10))
            await talk.submit(order)
            talk.venue.execute(order.id, order.symbol, Decimal(4), self.price)
            return await talk.cancel(order), await talk.query(order)

        said, after = self._play(cancel)
        self._expect(said, {Word.CANCELLED, Word.FOUND}, "a cancel that is taken")
        found: list[tuple[Any, Any]] = [(after.news.status, after.news.filled)]
        if found != [(Status.CANCELLED, 4)]:
            fix = "send the cancel to the venue, and count what had filled before"
            raise broken(expected="cancelled with 4 filled", found=_standings(found), fix=fix)

    def test_cancel_of_an_order_that_has_ended_says_how(self) -> None:
        """It came too late: what it was to cancel has filled."""

        async def cancel(talk: Talk) -> Report:
            talk.venue.price()
            order = talk.order(Decimal(10))
            await talk.submit(order)
            return await talk.cancel(order)

        said = self._play(cancel)
        if said.news.status is not Status.FILLED or said.news.filled != Decimal(10):
            fix = "where the venue says that it cannot be cancelled, ask how it stands and say FOUND"
            raise broken(expected="found filled, 10 filled", found=shown(said), fix=fix)

    # ---- the account ----------------------------------------------------------------------------------------

    def test_snapshot_is_whole(self) -> None:
        """Cash, positions, orders with what has filled, executions and activities, as the venue has them."""

        async def trade(talk: Talk) -> tuple[Snapshot, Snapshot]:
            rests, sells, done = talk.order(self._quantity), talk.order(Decimal(-3), symbol=1), talk.order(Decimal(2))
            talk.venue.execute(None, self.symbols[1], Decimal(5), self.price)
            for order in (rests, sells, done):
                await talk.submit(order)
            talk.venue.execute(rests.id, rests.symbol, Decimal(1), self.price, self._fee)
            talk.venue.execute(sells.id, sells.symbol, Decimal(-3), self.price, self._fee)
            await talk.cancel(done)
            talk.venue.pay(ActivityKind.FEE, -FEE)
            return await talk.snapshot(), talk.venue.snapshot(OPENED)

        found, wanted = self._play(trade)
        for what in ("cash", "positions", "orders", "symbols", "fills", "activities"):
            have, want = _facts(found, what), _facts(wanted, what)
            if what in {"orders", "symbols"}:  # Those that have ended may be told, and need not be.
                want = {name: value for name, value in want.items() if name in have or _stands(wanted, name)}
            if have != want:
                fix = "ask the venue for all of it, page by page, and read every number with Decimal(text)"
                raise broken(expected=f"{what} {want}", found=f"{have}", fix=fix)

    def test_snapshot_begins_where_it_is_asked_to(self) -> None:
        """Executions and activities from that instant on, the instant itself among them."""

        async def look(talk: Talk) -> tuple[list[str], list[str]]:
            for _ in range(3):
                talk.venue.execute(None, self.symbols[0], Decimal(1), self.price)
                talk.venue.pay(ActivityKind.FEE, -FEE)
            since = talk.venue.snapshot(OPENED).fills[1].at
            seen = await talk.executor.snapshot(since)
            wanted = talk.venue.snapshot(since)
            return _ids(seen), _ids(wanted)

        found, wanted = self._play(look)
        if found != wanted:
            fix = "hand `since` to the venue, or cut what it sends; what happens at that instant counts"
            raise broken(expected=f"{wanted}", found=f"{found}", fix=fix)

    def _expect(self, said: Report, words: set[Word], of: str) -> None:
        if said.news.word not in words:
            wanted = " or ".join(sorted(words))
            raise broken(expected=f"{wanted} of {of}", found=shown(said), fix="say what the venue says")


# ---- how -------------------------------------------------------------------------------------------------


def _count(venue: PlannedVenue, call: str) -> int:
    return sum(name == call for name, _ in venue.calls)


def _standings(found: list[tuple[Any, Any]]) -> str:
    return ", ".join(f"{status} with {filled} filled" for status, filled in found)


def _ids(seen: Snapshot) -> list[str]:
    return [*(fill.execution_id for fill in seen.fills), *(activity.id for activity in seen.activities)]


def _stands(seen: Snapshot, name: str) -> bool:
    return any(f"{one}" == name and status is Status.WORKING for one, (status, _) in seen.orders.items())


def _facts(seen: Snapshot, what: str) -> Any:
    """Return one part of a snapshot, as it has to be whoever tells it."""
    if what == "fills":
        return [
            (one.execution_id, one.order_id, one.symbol, one.quantity, one.price, one.fee, one.currency)
            for one in seen.fills
        ]
    if what == "activities":
        return [(one.id, one.kind, one.cash, one.currency) for one in seen.activities]
    if what == "orders":
        return {f"{name}": (status.value, filled) for name, (status, filled) in seen.orders.items()}
    if what == "symbols":
        return {f"{name}": symbol for name, symbol in seen.symbols.items()}
    return dict(getattr(seen, what))


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Note what is reached for over the network meanwhile."""
    reached: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            function = getattr(socket.socket, name)

            def noted(self: socket.socket, *words: Any, of: Any = function) -> Any:
                reached.append(f"{words[-1]}")
                return of(self, *words)

            patch.setattr(socket.socket, name, noted)
        yield reached
