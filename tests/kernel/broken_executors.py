"""Executors that are wrong on purpose: each is the one that `plugins new` writes, with one fault planted."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit

import attrs
import tradewright as tw


class Fault(NamedTuple):
    """A fault, and the test of the contract that has to find it.

    Attributes:
        test: That fails, and no other beside `also`.
        found: What its failure says.
        plant: Given the module of the sound executor, yields the class of the faulty one.
        also: Other tests that cannot pass with it.
        is_silent: Whether a test of it has to wait for what never comes, so that no other test is tried.
    """

    test: str
    found: str
    plant: Callable[[ModuleType], Any]
    also: tuple[str, ...] = ()
    is_silent: bool = False


def method(name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[ModuleType], Any]:
    """Return what gives the executor another method, made of its own."""

    @contextmanager
    def plant(module: ModuleType) -> Iterator[type]:
        yield attrs.frozen(kw_only=True)(
            type("Faulty", (module.Account,), {name: make(getattr(module.Account, name))})
        )

    return plant


def function(name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[ModuleType], Any]:
    """Return what gives the executor's module another function, made of its own."""

    @contextmanager
    def plant(module: ModuleType) -> Iterator[type]:
        with mock.patch.object(module, name, make(getattr(module, name))):
            yield module.Account

    return plant


# ---- calls -----------------------------------------------------------------------------------------------


def tried_again(submit: Any) -> Any:
    async def again(self: Any, order: tw.Order, /) -> tw.Report:
        try:
            return await submit(self, order)
        except ConnectionResetError:
            return await submit(self, order)

    return again


def sent_twice(submit: Any) -> Any:
    async def twice(self: Any, order: tw.Order, /) -> tw.Report:
        said = await submit(self, order)
        await submit(self, order)
        return said

    return twice


def refused_by(*errors: type[Exception]) -> Any:
    def make(submit: Any) -> Any:
        async def refused(self: Any, order: tw.Order, /) -> tw.Report:
            try:
                return await submit(self, order)
            except Exception as error:
                if type(error) in errors:  # A lost answer is a ConnectionError, too.
                    raise tw.Refused(str(error)) from error
                raise

        return refused

    return make


def rounded(submit: Any) -> Any:
    async def round_it(self: Any, order: tw.Order, /) -> tw.Report:
        quantity = Decimal(str(float(order.quantity)))
        shares = [(strategy, quantity) for strategy, _ in order.shares]
        return await submit(self, attrs.evolve(order, quantity=quantity, shares=shares))

    return round_it


def price_rounded(submit: Any) -> Any:
    async def round_it(self: Any, order: tw.Order, /) -> tw.Report:
        limit = None if order.limit is None else Decimal(str(float(order.limit)))
        return await submit(self, attrs.evolve(order, limit=limit))

    return round_it


def said(news: tw.News) -> Any:
    def make(call: Any) -> Any:
        async def say(self: Any, asked: Any, /) -> tw.Report:
            await call(self, asked)
            return tw.Report(getattr(asked, "id", asked), news)

        return say

    return make


def absent_by_any_error(query: Any) -> Any:
    async def absent(self: Any, order_id: uuid.UUID, /) -> tw.Report:
        try:
            return await query(self, order_id)
        except ConnectionError as error:
            if isinstance(error, ConnectionResetError):
                raise
            return tw.Report(order_id, tw.News(word=tw.Word.ABSENT))

    return absent


def empty_by_any_error(snapshot: Any) -> Any:
    async def empty(self: Any, since: Any, /) -> tw.Snapshot:
        try:
            return await snapshot(self, since)
        except asyncio.IncompleteReadError:
            return tw.Snapshot(at=since)

    return empty


def from_the_start(snapshot: Any) -> Any:
    async def all_of_it(self: Any, since: Any, /) -> tw.Snapshot:
        return await snapshot(self, since.replace(year=2000))

    return all_of_it


def without(what: str) -> Any:
    def make(snapshot: Any) -> Any:
        async def less(self: Any, since: Any, /) -> tw.Snapshot:
            return attrs.evolve(await snapshot(self, since), **{what: () if what == "activities" else {}})

        return less

    return make


def pretended(cancel: Any) -> Any:
    async def pretend(self: Any, order_id: uuid.UUID, /) -> tw.Report:
        return tw.Report(order_id, tw.News(word=tw.Word.CANCELLED))

    return pretend


def never_absent(standing: Any) -> Any:
    return lambda status, body: WORKING if status == 404 else standing(status, body)


def unsigned(standing: Any) -> Any:
    def count(status: int, body: Any) -> tw.News:
        news = standing(status, body)
        return attrs.evolve(news, filled=None if news.filled is None else abs(news.filled))

    return count


def taken_for(status: int, error: Exception) -> Any:
    def make(error_of: Any) -> Any:
        return lambda found, *rest: error if found == status else error_of(found, *rest)

    return make


def without_the_time(error_of: Any) -> Any:
    def forget(*words: Any) -> Exception:
        error = error_of(*words)
        return tw.Limited() if isinstance(error, tw.Limited) else error

    return forget


def without_the_reason(error_of: Any) -> Any:
    def forget(*words: Any) -> Exception:
        error = error_of(*words)
        return tw.Refused("rejected") if isinstance(error, tw.Refused) else error

    return forget


# ---- the stream ------------------------------------------------------------------------------------------


def reconnecting_without_a_word(reports: Any) -> Any:
    async def go_on(self: Any) -> Any:
        yield tw.Gap()
        while True:
            async for one in reports(self):
                if not isinstance(one, tw.Gap):
                    yield one

    return go_on


def never_standing(reports: Any) -> Any:
    async def bare(self: Any) -> Any:
        async for one in reports(self):
            if not isinstance(one, tw.Gap):
                yield one

    return bare


def skipping(kind: Callable[[Any], bool]) -> Any:
    def make(reports: Any) -> Any:
        async def skip(self: Any) -> Any:
            async for one in reports(self):
                if not kind(one):
                    yield one

        return skip

    return make


def unread_lines_dropped(reports: Any) -> Any:
    class Tolerant:
        """The module's json, which reads what cannot be read as nothing."""

        def __init__(self, json: Any) -> None:
            self.dumps, self._loads = json.dumps, json.loads

        def loads(self, text: Any) -> Any:
            return (
                {"type": "order", "client_id": f"{uuid.UUID(int=1)}", "status": "working", "filled": "0"}
                if (text == b"<html>\n")
                else self._loads(text)
            )

    return Tolerant(reports)


def price_read_as_float(fill: Any) -> Any:
    def read(body: Any) -> tw.Fill:
        made = fill(body)
        return attrs.evolve(made, price=Decimal(str(float(made.price))))

    return read


def numbered(reports: Any) -> Any:
    """Name executions by their order of arrival on the stream."""

    async def number(self: Any) -> Any:
        n = 0
        async for one in reports(self):
            n += 1
            yield attrs.evolve(one, execution_id=f"stream-{n}") if isinstance(one, tw.Fill) else one

    return number


# ---- before anything -------------------------------------------------------------------------------------


@contextmanager
def connecting_at_once(module: ModuleType) -> Iterator[type]:
    import socket

    class Eager(module.Account):
        def __attrs_post_init__(self) -> None:
            place = urlsplit(self.url)
            if place.port != 8080:
                socket.create_connection((place.hostname, place.port)).close()

    yield attrs.frozen(kw_only=True)(Eager)


@contextmanager
def unable(module: ModuleType) -> Iterator[type]:
    class Vague(module.Account):
        @property
        def capabilities(self) -> Any:
            return {"paper": True}

    yield attrs.frozen(kw_only=True)(Vague)


@contextmanager
def moody(module: ModuleType) -> Iterator[type]:
    moods = iter(range(10_000))

    class Moody(module.Account):
        @property
        def capabilities(self) -> Any:
            return attrs.evolve(module.ABLE, latency_seconds_max=1.0 + next(moods))

    yield attrs.frozen(kw_only=True)(Moody)


def is_strange(one: Any) -> bool:
    return isinstance(one, tw.Fill) and one.order_id is None


def is_activity(one: Any) -> bool:
    return isinstance(one, tw.Activity)


def is_bust(one: Any) -> bool:
    return isinstance(one, tw.Report) and one.news.word is tw.Word.BUST


def is_the_end(one: Any) -> bool:
    return isinstance(one, tw.Report) and one.news.status is tw.Status.CANCELLED


WORKING = tw.News(word="found", status=tw.Status.WORKING, filled=Decimal(0))
ABLE = "test_capabilities_are_complete"
ABSENT = "test_order_that_the_venue_does_not_know_is_absent"
AWAY = "test_venue_that_is_away_is_raised"
BEGINS = "test_snapshot_begins_where_it_is_asked_to"
DUPLICATE = "test_repeated_id_is_a_duplicate"
FILLS = "test_fills_are_told_exactly"
FORBIDDEN = "test_who_is_not_let_in_is_told_so"
ID = "test_execution_has_one_id_wherever_it_is_told"
LIMITED = "test_limit_is_raised_with_its_time"
LOST = "test_answer_that_is_lost_is_raised_and_no_order_is_sent_again"
NUMBERS = "test_numbers_reach_the_venue_exactly"
UNREAD = "test_answer_that_cannot_be_read_is_raised"
WHOLE = "test_snapshot_is_whole"

CALLS = {
    "retries a submit whose answer was lost": Fault(LOST, "2", method("submit", tried_again)),
    "sends every order twice": Fault("test_submit_reaches_the_venue_once", "2", method("submit", sent_twice)),
    "calls a lost answer refused": Fault(LOST, "Refused", method("submit", refused_by(ConnectionResetError))),
    "calls a cut answer refused": Fault(UNREAD, "Refused", method("submit", refused_by(asyncio.IncompleteReadError))),
    "calls a 503 refused": Fault(AWAY, "Refused", method("submit", refused_by(ConnectionError))),
    "calls a 503 absent": Fault(AWAY, "absent", method("query", absent_by_any_error)),
    "calls a cut snapshot empty": Fault(UNREAD, "Snapshot", method("snapshot", empty_by_any_error)),
    "sends quantities through float": Fault(NUMBERS, "10.123456789012346", method("submit", rounded)),
    "sends prices through float": Fault(NUMBERS, "98.76543210987654", method("submit", price_rounded)),
    "calls a duplicate accepted": Fault(DUPLICATE, "accepted", method("submit", said(tw.News(word="accepted")))),
    "drops the reason of a refusal": Fault(
        "test_refusal_is_raised_with_its_reason", "rejected", function("_error", without_the_reason)
    ),
    "drops the time of a limit": Fault(LIMITED, "retry_after=None", function("_error", without_the_time)),
    "takes a limit for a failure": Fault(LIMITED, "429", function("_error", taken_for(429, ConnectionError("429")))),
    "takes a 403 for a refusal": Fault(FORBIDDEN, "Refused", function("_error", taken_for(403, tw.Refused("403")))),
    "counts what a sale has filled without its sign": Fault(
        "test_query_says_status_and_filled", "working with 4 filled", function("_standing", unsigned)
    ),
    "says cancelled of what has filled": Fault(
        "test_cancel_of_an_order_that_has_ended_says_how",
        "cancelled",
        method("cancel", said(tw.News(word="cancelled"))),
        also=(ABSENT,),
    ),
    "cancels nothing": Fault(
        "test_cancel_keeps_what_has_filled",
        "working with 4 filled",
        method("cancel", pretended),
        also=(
            ABSENT,
            LOST,
            UNREAD,
            AWAY,
            LIMITED,
            FORBIDDEN,
            "test_cancel_of_an_order_that_has_ended_says_how",
        ),
    ),
    "takes what is unknown for what works": Fault(ABSENT, "working", function("_standing", never_absent)),
    "reads a snapshot from the start": Fault(BEGINS, "'1', '2', '3'", method("snapshot", from_the_start)),
    "leaves positions out of a snapshot": Fault(WHOLE, "{}", method("snapshot", without("positions"))),
    "leaves activities out of a snapshot": Fault(
        WHOLE, "[]", method("snapshot", without("activities")), also=(BEGINS,)
    ),
    "connects when it is made": Fault("test_nothing_is_sent_before_the_first_call", "127.0.0.1", connecting_at_once),
    "says nothing that can be read of what it can": Fault(ABLE, "paper", unable, also=(FILLS, NUMBERS, WHOLE)),
    "says each time something else of what it can": Fault(ABLE, "seconds_max", moody),
}
STREAM = {
    "swallows a gap": Fault(
        "test_stream_that_is_cut_is_told",
        "nothing within",
        method("reports", reconnecting_without_a_word),
        is_silent=True,
    ),
    "does not say that its stream stands": Fault(
        "test_stream_says_first_that_it_stands", "TimeoutError", method("reports", never_standing), is_silent=True
    ),
    "makes a report of what cannot be read": Fault(
        "test_report_that_cannot_be_read_is_told", "found working", function("json", unread_lines_dropped)
    ),
    "numbers executions itself": Fault(ID, "stream-", method("reports", numbered)),
    "reads the price of a fill through float": Fault(
        FILLS, "98.76543210987654'", function("_fill", price_read_as_float), also=(WHOLE,)
    ),
    "keeps silent about how an order ends": Fault(
        "test_what_ends_an_order_is_told", "nothing", method("reports", skipping(is_the_end)), is_silent=True
    ),
    "keeps silent about strangers": Fault(
        "test_strangers_trade_is_told", "TimeoutError", method("reports", skipping(is_strange)), is_silent=True
    ),
    "keeps silent about fees": Fault(
        "test_activity_is_told", "TimeoutError", method("reports", skipping(is_activity)), is_silent=True
    ),
    "keeps silent about what is taken back": Fault(
        "test_execution_that_is_taken_back_is_told",
        "TimeoutError",
        method("reports", skipping(is_bust)),
        is_silent=True,
    ),
}
FAULTS = CALLS | STREAM
