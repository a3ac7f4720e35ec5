"""What the stream of every executor must do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tradewright.execute.news import Report, Word
from tradewright.host.awaiting import Raised
from tradewright.testing.connected import FEE, ConnectedExecutor
from tradewright.testing.dictated_account import OPENED
from tradewright.testing.planned_venue import Garbled, Lost
from tradewright.testing.talk import Ended, fills_in, shown
from tradewright.testing.wording import broken
from tradewright.values.order import Activity, ActivityKind, Fill
from tradewright.values.venue import Gap

if TYPE_CHECKING:
    from tradewright.testing.talk import Talk


class StreamContract(ConnectedExecutor):
    """Tests of `reports`."""

    def test_stream_says_first_that_it_stands(self) -> None:
        """Only then is it known from when on nothing is missed."""

        async def open_it(talk: Talk) -> int:
            async with talk.stream():
                return talk.venue.streams

        if (opened := self._play(open_it)) != 1:
            fix = "subscribe once, and hand on what comes"
            raise broken(expected="one stream at the venue", found=f"{opened}", fix=fix)

    def test_fills_are_told_exactly(self) -> None:
        """Each execution has an id of its own, signed units, price and fee to the last digit, and its order's id."""
        fills = self._fills(sign=1) + self._fills(sign=-1)
        for found, sent in fills:
            said = [(one.symbol, one.order_id, one.quantity, one.price, one.fee, one.currency) for one in found]
            if said != sent:
                fix = "read numbers with Decimal(text), never through float; sell with a minus; name the order"
                raise broken(expected=f"executions {sent}", found=f"{said}", fix=fix)
            if len({one.execution_id for one in found}) != len(found):
                fix = "take the venue's id of the execution, not the order's"
                raise broken(expected="an id for each execution", found="one for two of them", fix=fix)

    def _fills(self, *, sign: int) -> list[tuple[list[Fill], list[tuple[object, ...]]]]:
        """Return the executions told of an order that fills in two parts, and what they were."""
        quantity = self._quantity.copy_sign(Decimal(sign))
        parts = [Decimal(4 * sign), quantity - 4 * sign]

        async def fill_twice(talk: Talk) -> tuple[list[Fill], list[tuple[object, ...]]]:
            order = talk.order(quantity)
            if sign < 0:
                talk.venue.execute(None, order.symbol, -quantity, self.price)
            async with talk.stream() as stream:
                await talk.submit(order)
                for part in parts:
                    talk.venue.execute(order.id, order.symbol, part, self.price, self._fee)
                found = fills_in(await stream.until(2))
            sent: list[tuple[object, ...]] = [
                (order.symbol, order.id, part, self.price, self._fee, self.currency) for part in parts
            ]
            return found, sent

        return [self._play(fill_twice)]

    def test_stream_that_is_cut_is_told(self) -> None:
        """It ends or raises, or says with Gap that it stands anew: what was said meanwhile is lost."""
        self._told_of_break(Lost(), "the stream is cut")

    def test_report_that_cannot_be_read_is_told(self) -> None:
        """It may have been a fill: it is no report, and no silence."""
        self._told_of_break(Garbled(), "a report cannot be read")

    def _told_of_break(self, mishap: Lost | Garbled, what: str) -> None:
        async def break_it(talk: Talk) -> object:
            async with talk.stream() as stream:
                talk.venue.break_streams(mishap)
                return await stream.next()

        said = self._play(break_it)
        if isinstance(said, Raised) and isinstance(said.error, TimeoutError):
            found = f"nothing within {self.seconds_max:g} s"
        elif isinstance(said, Gap | Raised | Ended):
            return
        else:
            found = shown(said)
        fix = "let the generator end or raise, or yield Gap once a new stream stands"
        raise broken(expected=f"when {what}: Gap, an error or the end", found=found, fix=fix)

    def test_execution_has_one_id_wherever_it_is_told(self) -> None:
        """Told twice, or in a snapshot as well, it is known by its id: else it would be booked twice."""

        async def tell_twice(talk: Talk) -> tuple[set[str], set[str]]:
            order = talk.order(Decimal(10))
            async with talk.stream() as stream:
                await talk.submit(order)
                talk.venue.repeat_next()
                talk.venue.execute(order.id, order.symbol, Decimal(4), self.price)
                talk.venue.execute(order.id, order.symbol, Decimal(6), self.price)
                said = fills_in(await stream.until(2))
            seen = await talk.snapshot()
            return {one.execution_id for one in said}, {one.execution_id for one in seen.fills}

        told, seen = self._play(tell_twice)
        if told != seen:
            fix = "take the id that the venue gives the execution, on the stream and in the snapshot"
            raise broken(expected=f"the ids of the snapshot, {sorted(seen)}", found=f"{sorted(told)}", fix=fix)

    def test_what_ends_an_order_is_told(self) -> None:
        """The venue's own word, with how much has filled until then."""

        async def end_it(talk: Talk) -> Report | None:
            order = talk.order(Decimal(10))
            async with talk.stream() as stream:
                await talk.submit(order)
                talk.venue.execute(order.id, order.symbol, Decimal(4), self.price)
                talk.venue.cancel(order.id)
                for _ in range(10):
                    said = await stream.next()
                    if not isinstance(said, Report | Activity | Fill):
                        break
                    if (
                        isinstance(said, Report)
                        and said.news.word in {Word.CANCELLED, Word.FOUND}
                        and said.news.filled
                    ):
                        return said
            return None

        said = self._play(end_it)
        if said is None or said.news.filled != 4:
            fix = "yield CANCELLED, or FOUND with its status, and the signed units that have filled"
            found = "nothing" if said is None else f"{shown(said)} with {said.news.filled}"
            raise broken(expected="CANCELLED with 4 units filled", found=found, fix=fix)

    def test_strangers_trade_is_told(self) -> None:
        """It moves what is held, and has no order of ours."""

        async def meddle(talk: Talk) -> list[Fill]:
            async with talk.stream() as stream:
                talk.venue.execute(None, self.symbols[1], Decimal(3), self.price)
                return fills_in(await stream.until(1))

        strange = [(fill.order_id, fill.symbol, fill.quantity) for fill in self._play(meddle)]
        if strange != [(None, self.symbols[1], Decimal(3))]:
            fix = "yield a Fill whose order_id is None where its client id is not one of ours"
            raise broken(expected=f"a stranger's 3 units of {self.symbols[1]}", found=f"{strange}", fix=fix)

    def test_activity_is_told(self) -> None:
        """What moves cash and is no trade, such as a fee."""
        if not self.streams_activities:
            pytest.skip("streams_activities = False: only a snapshot tells them")

        async def pay(talk: Talk) -> object:
            async with talk.stream() as stream:
                talk.venue.pay(ActivityKind.FEE, -FEE)
                return await stream.next()

        fee = self._play(pay)
        if not isinstance(fee, Activity) or (fee.kind, fee.cash) != (ActivityKind.FEE, -FEE):
            fix = "yield an Activity with its kind and the signed change of cash, exactly"
            raise broken(expected=f"a fee of {-FEE}", found=shown(fee), fix=fix)

    def test_execution_that_is_taken_back_is_told(self) -> None:
        """A bust names the execution that it undoes."""
        if not self.streams_busts:
            pytest.skip("streams_busts = False: only a snapshot tells them")

        async def take_back(talk: Talk) -> tuple[str, object]:
            order = talk.order(Decimal(10))
            async with talk.stream() as stream:
                await talk.submit(order)
                talk.venue.execute(order.id, order.symbol, Decimal(4), self.price, self._fee)
                await stream.until(1)
                (fill,) = talk.venue.snapshot(OPENED).fills
                talk.venue.take_back(fill.execution_id)
                return fill.execution_id, await stream.next()

        execution, said = self._play(take_back)
        fill = said.news.fill if isinstance(said, Report) and said.news.word is Word.BUST else None
        if fill is None or fill.execution_id != execution:
            fix = "yield News(word=Word.BUST, fill=...) with the execution as it was"
            raise broken(expected=f"execution {execution} taken back", found=shown(said), fix=fix)
