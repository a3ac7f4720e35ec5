"""What the agent writes down of each thing that happens: one form for each, in one place."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.engine.log import GRANTED, HALTED
from tradewright.engine.state import as_bytes
from tradewright.ledger.entry import Draft, Kind
from tradewright.live.weighing import weighed
from tradewright.risk.contract import Level
from tradewright.values.bars import utc
from tradewright.values.plain import to_plain
from tradewright.values.venue import Dividends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tradewright.engine.known import Opening, Plan, Verdict
    from tradewright.engine.state import Table
    from tradewright.engine.walk import Walk
    from tradewright.execute import orders
    from tradewright.execute.budget import Contact
    from tradewright.execute.working import Intent
    from tradewright.ledger.brief import Told
    from tradewright.live.account import Account
    from tradewright.live.events import Adopted, Clocked, Doubted, Imposed, Lifted, RowPrepared
    from tradewright.values.bars import Bars
    from tradewright.values.order import Activity, Fill, Order
    from tradewright.values.snapshot import Quote

_WHOLE = 2.0**53  # Up to here an integer and the float are one number.
PRICES = ("open", "high", "low", "close", "volume")
ACTIONS = (("split", 1.0), ("dividend", 0.0))
"""Columns of a row that are told where they are not usual."""
TICK, IMPOSED, CONTACT, RESTARTED = "tick", "imposed", "contact", "restarted"
"""What a request is: time has passed, the venue's word differs, a call has ended, the agent was started again."""
CLOCK, DOUBT = "clock", "doubt"
"""Likewise: the venue's clock was measured, something was told that cannot be."""
LIFTED, ADOPTED = "lifted", "adopted"
"""What a person asks for: that a freeze or a halt ends, that what differs is taken over."""
ROWS, IN_TURN = "rows", "in turn"
"""How an optimizer is asked: for all rows at once when a row is prepared, or at the close for what is held."""
OWN = "own"
"""Says of an activity that the platform has made it: it is computed again, and no input."""


def genesis(name: str, mode: str, account: Account, at: datetime) -> Draft:
    """Return the first entry: whose ledger this is."""
    body = {"ledger": name, "mode": mode, "venue": account.venue, "currency": account.currency}
    if account.dividends is not Dividends.AT_ONCE:
        body["dividends"] = str(account.dividends)
    return Draft(at, Kind.GENESIS, {**body, "strategies": list(account.strategies), "symbols": list(account.symbols)})


def session(told: Mapping[str, object], at: datetime) -> Draft:
    """Return what runs from here on: settings, versions, instruments."""
    return Draft(at, Kind.SESSION, told)


def opening(opened: Opening, symbols: Sequence[str], at: datetime) -> Draft:
    """Return the beginning of a bar: whether it opens a session, and what happens before its first price."""
    columns = (opened.assets[name].tolist() for name in ("split", "dividend", "exits"))
    splits, dividends, exits = ([*zip(symbols, column, strict=True)] for column in columns)
    body = {
        "opens": opened.opens,
        "splits": {symbol: split for symbol, split in splits if split != 1.0},
        "dividends": {symbol: dividend for symbol, dividend in dividends if dividend != 0.0},
        "exits": [symbol for symbol, is_exit in exits if is_exit],
    }
    return Draft(at, Kind.ACTION, {key: value for key, value in body.items() if value or key == "opens"})


def quotes(prices: Mapping[str, Quote], at: datetime) -> Draft:
    """Return the quotes that orders were released at: bid and ask by symbol, None for a side that is not there."""
    return Draft(at, Kind.QUOTE, {symbol: [quote.bid, quote.ask] for symbol, quote in sorted(prices.items())})


def row(bars: Bars, at: datetime, dropped: Mapping[str, str] | None = None, *, is_known: bool = False) -> Draft:
    """Return a complete row: the numbers of each symbol that traded, as `brief.COLUMNS` names them.

    Args:
        bars: One row.
        at: When it came.
        dropped: Why a price of it was not used, by symbol.
        is_known: Whether it was there before the first that is traded.
    """
    rows = [grid[0].tolist() for name in PRICES if (grid := getattr(bars, name)) is not None]
    actions = [(name, getattr(bars, name), usual) for name, usual in ACTIONS if getattr(bars, name) is not None]
    prices = {
        symbol: [_shortest(cell) for cell in cells]
        for symbol, traded, *cells in zip(bars.symbols, bars.traded[0].tolist(), *rows, strict=True)
        if traded
    }
    closed_at = utc(bars.closed_at[0])
    body: dict[str, Any] = {
        "closed_at": closed_at,
        "seconds": _shortest((closed_at - utc(bars.opened_at[0])).total_seconds()),
        "closes_in": _shortest((utc(bars.session_closes_at[0]) - closed_at).total_seconds()),
        "session": str(bars.session[0]),
        "prices": prices,
    }
    if bars.session_ends[0]:
        body["ends"] = True
    for name, grid, usual in actions:
        if told := {symbol: float(cell) for symbol, cell in zip(bars.symbols, grid[0], strict=True) if cell != usual}:
            body[name] = told
    if dropped:
        body["dropped"] = dict(dropped)
    return Draft(at, Kind.ROW, {**body, **({"known": True} if is_known else {})})


def lost(votes: Mapping[str, Mapping[str, str]], at: datetime) -> Draft:
    """Return the votes that a row has lost, and why, by strategy and signal: they may not be lost again."""
    return Draft(at, Kind.TIMEOUT, {"votes": {strategy: dict(signals) for strategy, signals in votes.items()}})


def breach(strategy: str, reason: str, at: datetime, *, asked: str) -> Draft:
    """Return that an optimizer's answer was replaced, and why; `asked` is how it was asked, `ROWS` or `IN_TURN`."""
    return Draft(at, Kind.BREACH, {"strategy": strategy, "asked": asked, "reason": reason})


def _shortest(number: float) -> float | int | None:
    """Return the same number in its shortest form, None for one that is not there."""
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < _WHOLE else number


def anchor(dropped: int, at: datetime) -> Draft:
    """Return that so many of the oldest rows were let go of: prices are computed from the next one on."""
    return Draft(at, Kind.ANCHOR, {"dropped": dropped})


def intent(order: Order, at: datetime, cuts: Sequence[Verdict] = (), known: Intent | None = None) -> Draft:
    """Return an order that is about to be sent: what checks have cut of it, and what is known of it here."""
    body = {**_by_client(to_plain(order)), "strategy": order.strategy, "cuts": [cut(one) for one in cuts]}
    told = {} if known is None else attrs.asdict(known)
    return Draft(at, Kind.INTENT, {**body, **{name: one for name, one in told.items() if one}})


def cut(one: Verdict) -> list[Any]:
    """Return what a check made of an order: its name, units before and after, its limit where it has one."""
    return [one.by, one.before, one.after, *([] if one.limit is None else [one.limit])]


def said(draft: orders.Draft, at: datetime) -> Draft:
    """Return what the venue has said, as the order protocol words it."""
    kind = Kind(draft.kind)
    return Draft(at, kind, draft.body if kind is Kind.ACTIVITY else _by_client(draft.body))


def fill(one: Fill, at: datetime) -> Draft:
    """Return an execution that belongs to no order of ours."""
    return Draft(at, Kind.FILL, _by_client(to_plain(one)))


def tick(at: datetime) -> Draft:
    """Return that time has passed, where something followed from it."""
    return Draft(at, Kind.REQUEST, {"what": TICK})


def contact(one: Contact, at: datetime) -> Draft:
    """Return how a call has ended, where it changes what may be sent."""
    body = {"outcome": str(one.outcome), "retry_after": one.retry_after, "reason": one.reason}
    return Draft(at, Kind.REQUEST, {"what": CONTACT, **body})


def clocked(told: Clocked, at: datetime) -> Draft:
    """Return how far the venue's clock is off, where it changes what may be sent."""
    body = {"what": CLOCK, "offset_ms": round(told.offset / timedelta(milliseconds=1)), "where": told.where}
    return Draft(at, Kind.REQUEST, body)


def doubted(told: Doubted, at: datetime) -> Draft:
    """Return what was told and not believed."""
    return Draft(at, Kind.REQUEST, {"what": DOUBT, "id": told.name, "why": told.why})


def imposed(told: Imposed, at: datetime) -> Draft:
    """Return what differences from the venue's word impose."""
    body = {"what": IMPOSED, "blocked": dict(told.blocked), "freeze": told.freeze, "cash": told.cash}
    compared = {"compared": True} if told.compared else {}
    return Draft(at, Kind.REQUEST, {**body, "stops_increases": told.stops_increases, **compared})


def restarted(at: datetime) -> Draft:
    """Return that the agent was started again."""
    return Draft(at, Kind.REQUEST, {"what": RESTARTED})


def lifted(told: Lifted, at: datetime) -> Draft:
    """Return what a person has ended, who, and why."""
    return Draft(at, Kind.REQUEST, {"what": LIFTED, "by": told.by, "reason": told.reason, "lifts": told.what})


def adopted(told: Adopted, at: datetime) -> Draft:
    """Return what a person has taken over, who, and why."""
    body = {"what": ADOPTED, "by": told.by, "reason": told.reason, "symbol": told.symbol}
    return Draft(at, Kind.REQUEST, {**body, "difference": told.difference})


def alert(name: str, what: str, at: datetime) -> Draft:
    """Return what a person has to look at; the same name is the same matter."""
    return Draft(at, Kind.ALERT, {"id": name, "what": what, "state": "open"})


def activity(one: Activity, at: datetime) -> Draft:
    """Return what moved cash or units and was no fill, by the venue's word."""
    return Draft(at, Kind.ACTIVITY, to_plain(one))


def own_activity(one: Activity, at: datetime) -> Draft:
    """Return an activity that the platform has made: a grant of capital, what a split or a dividend has left."""
    return Draft(at, Kind.ACTIVITY, {**to_plain(one), OWN: True})


def decision(
    known: RowPrepared,
    plan: Plan,
    walk: Walk,
    account: Account,
    refused: Sequence[Mapping[str, Any]],
    at: datetime,
    told: Told | None = None,
) -> Draft:
    """Return a decision: what was weighed, orders and stops, what the row before refused, the state's hash.

    What `told` has told already is named and left out.
    """
    body: dict[str, Any] = {
        "closed_at": at,
        **_with_unknown(weighed(known, plan, walk, account)),
        "stops": [
            [*account.place(book, asset), float(plan.stop[book, asset])]
            for book, asset in zip(*np.isfinite(plan.stop).nonzero(), strict=True)
        ],
        "refused": list(refused),
        "cash": to_plain({name: account.holdings.cash(name, account.currency) for name in account.strategies}),
        "state": hashlib.sha256(as_bytes(walk.state)).hexdigest(),
    }
    said = {key: value for key, value in body.items() if value}
    return Draft(at, Kind.DECISION, said if told is None else told.shorten(said))


def events(happened: Table, names: Sequence[str], account: Account, at: datetime) -> Iterator[Draft]:
    """Yield what rules and the capital policy did: halts, lifts and grants; `names` are those of the book rules."""
    rows = (*account.strategies, "account") if len(account.strategies) > 1 else account.strategies
    for event in happened:
        whose = {"row": rows[event.row], "observed": float(event.observed), "limit": float(event.limit)}
        if event.kind == GRANTED:
            yield Draft(at, Kind.CAPITAL, {**whose, "money": float(event.money)})
        else:
            kind = Kind.HALT if event.kind == HALTED else Kind.LIFT
            told = {**whose, "rule": names[event.rule], "level": Level(int(event.level)).word}
            yield Draft(at, kind, _with_unknown(told))


def _with_unknown(value: Any) -> Any:
    """Return `value` with what is no number as text: a position without a price has no worth, and halts."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _with_unknown(one) for key, one in value.items()}
    return type(value)(map(_with_unknown, value)) if isinstance(value, list | tuple) else value


def _by_client(plain: dict[str, Any]) -> dict[str, Any]:
    """Name the client id of an order alike wherever it stands; `id` alone is the venue's word elsewhere."""
    body = dict(plain)
    body["client_id"] = body.pop("order_id") if "order_id" in body else body.pop("id")
    return body
