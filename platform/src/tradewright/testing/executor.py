"""What every executor must do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradewright.execute.news import Report, Word
from tradewright.host.components import Executor
from tradewright.testing.connected import FEE
from tradewright.testing.dictated_account import OPENED
from tradewright.testing.executor_sends import SendingContract
from tradewright.testing.talk import shown
from tradewright.testing.wording import broken
from tradewright.values.order import ActivityKind, Status

if TYPE_CHECKING:
    from tradewright.testing.talk import Talk
    from tradewright.values.snapshot import Snapshot


class ExecutorContract(SendingContract):
    """Tests of an executor, against a double of its venue that stands on a `PlannedVenue`."""

    kind = "executor"
    protocol = Executor

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


# ---- how -------------------------------------------------------------------------------------------------


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
