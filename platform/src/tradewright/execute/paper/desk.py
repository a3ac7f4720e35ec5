"""A simulated venue behind a counter: calls come as plain bodies, are looked at first, and are played once.

It is deterministic: the same calls at the same instants leave the same venue and tell the same, word by word.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradewright.execute.news import Report, Word
from tradewright.execute.paper.spelling import opening_from_plain, row_from_plain
from tradewright.ledger.canonical import instant_of
from tradewright.values.exact import to_float
from tradewright.values.order import Order, Purpose
from tradewright.values.plain import from_plain, to_plain
from tradewright.values.venue import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tradewright.execute.paper.spelling import Told
    from tradewright.execute.paper.terms import Terms

PLAYED, KNOWN = "played", "known"
"""What is answered to a call of the market: it was played now, or there was nothing of it left to play."""
UNITS_MAX, MONEY_MAX = 1e12, 1e15
"""Of one order, and of one payment or what an order is worth: beyond them lies a mistake in a unit."""

_LOT_SLACK = 1e-9  # Lots: units are made from float64, which leave no more than this.
_STAGES = ("price", "match", "close")
_ANSWERS = frozenset({Word.FOUND, Word.ABSENT, Word.DUPLICATE})
# What a venue that is asked something impossible raises: it is the same when the call is played again.
_FAILURES = (ArithmeticError, LookupError, ValueError)


class Desk:
    """The venue of some terms.

    Attributes:
        terms: What it is.
        venue: It.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms, self.venue = terms, terms.open()
        self._funded: dict[str, tuple[str, str]] = {}
        self._row: datetime | None = None
        self._stages: set[str] = set()
        self._settlers: Mapping[str, Callable[[Mapping[str, Any], datetime], Any]] = {
            "submit": self._settle_submit,
            "cancel": self._settle_cancel,
            "cancel_all": self._settle_cancel_all,
            "query": self._query,
            "snapshot": self._snapshot,
            "fund": self._settle_fund,
            "begin": self._settle_begin,
            **{stage: partial(self._settle_stage, stage) for stage in _STAGES},
        }
        self._players: Mapping[str, Callable[[Mapping[str, Any], datetime], Any]] = {
            "submit": self._submit,
            "cancel": self._cancel,
            "cancel_all": self._cancel_all,
            "fund": self._fund,
            "begin": self._begin,
            **{stage: partial(self._play_stage, stage) for stage in _STAGES},
        }

    def settle(self, call: str, body: Mapping[str, Any], now: datetime) -> Any | None:
        """Return the answer to a call that changes nothing, None for one that has to be played.

        Args:
            call: Its name.
            body: What it is called with, as JSON has it.
            now: By the venue's clock, aware UTC.

        Raises:
            Refused: It makes no sense; nothing has changed.
        """
        settler = self._settlers.get(call)
        if settler is None:
            raise Refused(f"a call must be one of {', '.join(self._settlers)}, was {call!r}"[:300])
        try:
            return settler(body, now)
        except (*_FAILURES, AttributeError, TypeError) as error:
            raise Refused(f"{call} must have what it needs: {error or type(error).__name__}"[:300]) from error

    def play(self, call: str, body: Mapping[str, Any], now: datetime) -> tuple[Any, list[Told]]:
        """Play a call that `settle` has left, and return its answer and what everybody is told.

        Raises:
            Refused: The venue has failed at it; it has the same effect whenever it is played again.
        """
        try:
            answer = self._players[call](body, now)
        except _FAILURES as error:
            self.venue.due()
            raise Refused(f"the paper venue failed at {call}: {error}"[:300]) from error
        said = self.venue.due()
        if call in {"submit", "cancel"}:
            answer = _answer_of(said, UUID(body["id"]), last=call == "cancel")
        elif call == "cancel_all":
            answer = [to_plain(one) for one in said if isinstance(one, Report)]
        return answer, [one for one in said if not (isinstance(one, Report) and one.news.word in _ANSWERS)]

    # ---- orders ------------------------------------------------------------------------------------------

    def _settle_submit(self, body: Mapping[str, Any], _: datetime) -> Any | None:
        order = from_plain(Order, body)
        if self.venue.knows(order.id):
            self.venue.submit(order, order.decided_at)  # It says so, and does no more.
            return self._said(order.id)
        self._refuse_senseless(order)
        return None

    def _refuse_senseless(self, order: Order) -> None:
        """Refuse what `Order` lets through and this venue does not trade."""
        terms = self.terms
        if order.venue != terms.name:
            raise Refused(f"venue must be {terms.name}, was {order.venue}")
        if order.symbol not in terms.listings:
            raise Refused(f"symbol must be one of {', '.join(terms.symbols)}, was {order.symbol}")
        whose = [strategy for strategy, _ in order.shares]
        if len(whose) != 1 or whose[0] not in terms.strategies:
            raise Refused(f"shares must be of one of {', '.join(terms.strategies)}, was {whose}")
        units, listing = to_float(order.quantity), terms.listings[order.symbol]
        named = order.limit or order.stop
        price = self.venue.mark(order.symbol) if named is None else to_float(named)
        if abs(units) > UNITS_MAX or abs(units) * price * listing["multiplier"] > MONEY_MAX:
            most = f"at most {UNITS_MAX:,.0f} units that are worth {MONEY_MAX:,.0f}"
            raise Refused(f"quantity must be {most}, was {order.quantity}")
        lots = units / listing["lot"]
        if terms.costs["whole"] and abs(lots - round(lots)) > max(_LOT_SLACK, 1e-15 * abs(lots)):
            raise Refused(f"quantity must be whole lots of {listing['lot']:g} units, was {order.quantity}")

    def _submit(self, body: Mapping[str, Any], now: datetime) -> None:
        self.venue.submit(from_plain(Order, body), now)

    def _settle_cancel(self, body: Mapping[str, Any], now: datetime) -> Any | None:
        name = UUID(body["id"])
        return None if any(one.id == name for one in self.venue.standing()) else self._query(body, now)

    def _cancel(self, body: Mapping[str, Any], now: datetime) -> None:
        self.venue.cancel(UUID(body["id"]), now)

    def _settle_cancel_all(self, body: Mapping[str, Any], _: datetime) -> Any | None:
        return None if self._cancellable(body) else []

    def _cancel_all(self, body: Mapping[str, Any], now: datetime) -> None:
        for order in self._cancellable(body):
            self.venue.cancel(order.id, now)

    def _cancellable(self, body: Mapping[str, Any]) -> list[Order]:
        stops = bool(body["stops"])
        return [order for order in self.venue.standing() if stops or order.purpose is not Purpose.STOP]

    def _query(self, body: Mapping[str, Any], _: datetime) -> Any:
        name = UUID(body["id"])
        self.venue.query(name)
        return self._said(name)

    def _snapshot(self, body: Mapping[str, Any], now: datetime) -> Any:
        return to_plain(self.venue.snapshot(instant_of(body["since"]), now))

    def _said(self, name: UUID) -> Any:
        return _answer_of(self.venue.due(), name, last=False)

    # ---- money and the market ----------------------------------------------------------------------------

    def _settle_fund(self, body: Mapping[str, Any], _: datetime) -> str | None:
        key, what = str(body["key"]), (str(body["strategy"]), str(body["cash"]))
        if key in self._funded:
            if self._funded[key] != what:
                raise Refused(f"fund {key} must be what it was, {self._funded[key]}, was {what}")
            return KNOWN
        if what[0] not in self.terms.strategies:
            raise Refused(f"strategy must be one of {', '.join(self.terms.strategies)}, was {what[0]}")
        if not abs(float(what[1])) <= MONEY_MAX:
            raise Refused(f"cash must be at most {MONEY_MAX:,.0f}, was {what[1]}")
        return None

    def _fund(self, body: Mapping[str, Any], _: datetime) -> str:
        self._funded[str(body["key"])] = (str(body["strategy"]), str(body["cash"]))
        self.venue.fund(body["strategy"], float(body["cash"]))
        return PLAYED

    def _settle_begin(self, body: Mapping[str, Any], _: datetime) -> str | None:
        if self._row is not None and instant_of(body["row"]["closed_at"]) <= self._row:
            return KNOWN
        row_from_plain(body["row"], self.terms.symbols)
        opening_from_plain(body["opening"], self.terms.symbols)
        return None

    def _begin(self, body: Mapping[str, Any], now: datetime) -> str:
        if self._row is not None and "close" not in self._stages:
            self.venue.close(
                now
            )  # Whoever was to end it is gone; what it would have filled is not filled in the past.
        self._row, self._stages = instant_of(body["row"]["closed_at"]), set()
        row = row_from_plain(body["row"], self.terms.symbols)
        self.venue.begin(opening_from_plain(body["opening"], self.terms.symbols), row, now)
        return PLAYED

    def _settle_stage(self, stage: str, body: Mapping[str, Any], _: datetime) -> str | None:
        closed_at = instant_of(body["closed_at"])
        if self._row is None or closed_at > self._row:
            raise Refused(f"a row must begin before it is played, and {body['closed_at']} has not begun")
        is_over = closed_at < self._row or stage in self._stages or "close" in self._stages
        return KNOWN if is_over else None

    def _play_stage(self, stage: str, _: Mapping[str, Any], now: datetime) -> str:
        self._stages.add(stage)
        {"price": self.venue.price, "match": self.venue.match, "close": self.venue.close}[stage](now)
        return PLAYED


def _answer_of(said: list[Told], name: UUID, *, last: bool) -> Any:
    """Return the first or the last report of an order, as JSON has it."""
    reports = [one for one in said if isinstance(one, Report) and one.id == name]
    return to_plain(reports[-1 if last else 0])
