"""What every executor must do with an order on its way, whatever becomes of the call."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tradewright.execute.news import Report, Word
from tradewright.host.awaiting import Raised
from tradewright.testing.executor_stream import StreamContract
from tradewright.testing.planned_venue import Garbled, Lost, PlannedVenue, Unavailable
from tradewright.testing.talk import CALLS, shown
from tradewright.testing.wording import broken
from tradewright.values.venue import Forbidden, Limited, OrderType, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.testing.talk import Talk

KNOWN = (Refused, Limited, Forbidden)
"""What is raised to say more than that nobody knows."""


class SendingContract(StreamContract):
    """Tests of what is sent, and of calls that have no answer."""

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

    def _expect(self, said: Report, words: set[Word], of: str) -> None:
        if said.news.word not in words:
            wanted = " or ".join(sorted(words))
            raise broken(expected=f"{wanted} of {of}", found=shown(said), fix="say what the venue says")


# ---- how -------------------------------------------------------------------------------------------------


def _count(venue: PlannedVenue, call: str) -> int:
    return sum(name == call for name, _ in venue.calls)


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
