"""What a ledger tells of the world, read back as the events that an agent was told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from tradewright.engine.known import Opening
from tradewright.engine.state import table
from tradewright.engine.tape import OPENING
from tradewright.errors import LedgerError
from tradewright.execute.budget import Contact
from tradewright.execute.news import News, Report, Word
from tradewright.execute.orders import read_news
from tradewright.ledger.entry import Kind
from tradewright.live import events, session
from tradewright.live.entries import (
    ADOPTED,
    CLOCK,
    CONTACT,
    DOUBT,
    IMPOSED,
    IN_TURN,
    LIFTED,
    OWN,
    RESTARTED,
    ROWS,
    TICK,
)
from tradewright.values.order import Activity, Fill
from tradewright.values.plain import from_plain
from tradewright.values.snapshot import Quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from tradewright.ledger.entry import Entry
    from tradewright.live.core import Agent
    from tradewright.live.events import Event, Lost
    from tradewright.values.bars import Bars


def event_of(entry: Entry, agent: Agent, like: Bars) -> Event | None:
    """Return what led to an entry that came from outside; None for what the platform decided itself.

    Args:
        entry: Of the ledger.
        agent: As it stood before.
        like: Instruments and columns of its rows.

    Raises:
        LedgerError: This version knows no such request, or a row tells of a symbol that is not traded.
    """
    body = entry.body
    if entry.kind is Kind.ACTION:
        return events.BarOpened(_opening(body, agent.account.symbols))
    if entry.kind is Kind.QUOTE:
        venue = agent.account.venue
        return events.Quoted({symbol: _quote(venue, symbol, sides, entry.at) for symbol, sides in body.items()})
    if entry.kind is Kind.ROW:
        return events.RowArrived(session.rows_of([entry], like), body.get("dropped", {}))
    return _heard(entry, agent)


def _heard(entry: Entry, agent: Agent) -> Event | None:
    """Return the venue's word, or a request, that led to an entry."""
    body = entry.body
    if entry.kind is Kind.REQUEST:
        return _request(body)
    if entry.kind is Kind.ORDER and body["word"] == Word.BUST:
        return _bust(body, agent)
    if entry.kind in {Kind.ORDER, Kind.FILL}:
        return _report(entry.kind, body)
    return from_plain(Activity, body) if entry.kind is Kind.ACTIVITY and OWN not in body else None


def _bust(body: dict[str, Any], agent: Agent) -> Report:
    """Return the news of a bust; of an execution that had never come nothing is known, and nothing is needed."""
    name = UUID(body["client_id"])
    order, taken = agent.working.states[name].order, agent.booked(body["execution_id"])
    if taken is None:
        taken = Fill(
            venue=order.venue,
            execution_id=body["execution_id"],
            order_id=name,
            symbol=order.symbol,
            quantity=order.quantity,
            price=Decimal(1),
            currency=agent.account.currency,
            at=agent.working.states[name].since,
        )
    return Report(name, News(word=Word.BUST, fill=taken, reason=body["reason"]))


def lost_of(entries: Iterable[Entry]) -> Lost | None:
    """Return what a row has lost while it was prepared, None for nothing.

    Args:
        entries: Those that stand where it was prepared; whatever else they tell is not looked at.
    """
    lost = events.Lost()
    for entry in entries:
        if entry.kind is Kind.TIMEOUT:
            lost = attrs.evolve(lost, votes=entry.body["votes"])
        elif entry.kind is Kind.BREACH and entry.body["asked"] == ROWS:
            lost = attrs.evolve(lost, answers={**lost.answers, entry.body["strategy"]: entry.body["reason"]})
    return lost if lost.votes or lost.answers else None


def replaced_of(entry: Entry | None, strategy: str) -> str:
    """Return why the answer of an optimizer that was asked in turn was replaced; empty where no entry says so."""
    is_told = entry is not None and entry.kind is Kind.BREACH
    if entry is None or not is_told or (entry.body["strategy"], entry.body["asked"]) != (strategy, IN_TURN):
        return ""
    return str(entry.body["reason"])


def _opening(body: dict[str, Any], symbols: tuple[str, ...]) -> Opening:
    splits, dividends, exits = body.get("splits", {}), body.get("dividends", {}), body.get("exits", ())
    assets = table(
        (len(symbols),),
        OPENING,
        split=[float(splits.get(symbol, 1.0)) for symbol in symbols],
        dividend=[float(dividends.get(symbol, 0.0)) for symbol in symbols],
        exits=[symbol in exits for symbol in symbols],
    )
    return Opening(body["opens"], assets)


def _quote(venue: str, symbol: str, sides: list[str | None], at: datetime) -> Quote:
    bid, ask = (None if side is None else Decimal(side) for side in sides)
    return Quote(venue=venue, symbol=symbol, event_at=at, available_at=at, bid=bid, ask=ask)


def _contact(body: dict[str, Any]) -> Contact:
    wait = body["retry_after"]
    retry_after = None if wait is None else float(wait)
    return Contact(outcome=body["outcome"], retry_after=retry_after, reason=body["reason"])


def _imposed(body: dict[str, Any]) -> events.Imposed:
    cash, compared = Decimal(body["cash"]), body.get("compared", False)
    return events.Imposed(body["blocked"], body["freeze"], body["stops_increases"], cash, compared)


def _adopted(body: dict[str, Any]) -> events.Adopted:
    difference = Decimal(body["difference"])
    return events.Adopted(by=body["by"], reason=body["reason"], symbol=body["symbol"], difference=difference)


_REQUESTS: Mapping[str, Callable[[dict[str, Any]], Event]] = {
    TICK: lambda _: events.Tick(),
    RESTARTED: lambda _: events.Restarted(),
    LIFTED: lambda body: events.Lifted(by=body["by"], reason=body["reason"], what=body["lifts"]),
    ADOPTED: _adopted,
    CONTACT: _contact,
    CLOCK: lambda body: events.Clocked(timedelta(milliseconds=body["offset_ms"]), body["where"]),
    DOUBT: lambda body: events.Doubted(body["id"], body["why"]),
    IMPOSED: _imposed,
}
"""What is no word of the venue's: time, a restart, what a reconciliation imposes, what a person asks; by its name."""


def _request(body: dict[str, Any]) -> Event:
    read = _REQUESTS.get(body["what"])
    if read is None:
        raise LedgerError(f"a request must be one that this version knows, was {body['what']!r}", key="request")
    return read(body)


def _report(kind: Kind, body: dict[str, Any]) -> Report | Fill:
    """Return what the venue has said, from how the order protocol has written it down."""
    if body["client_id"] is None:
        return from_plain(Fill, {name: value for name, value in body.items() if name != "client_id"})
    client_id = UUID(body["client_id"])
    if kind is Kind.ORDER:
        return Report(client_id, read_news(body))
    fill = {name: value for name, value in body.items() if name != "client_id"}
    return Report(client_id, News(word=Word.FILL, fill=from_plain(Fill, {**fill, "order_id": str(client_id)})))
