"""Questions to a ledger, answered from its entries alone; nothing is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import UsageError
from tradewright.ledger.brief import prices_of, whole
from tradewright.ledger.entry import Kind
from tradewright.ledger.story import Cut, Opinion, Story

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tradewright.ledger.entry import Entry
    from tradewright.ledger.store import Store

_ORDERS = frozenset({Kind.INTENT})
_WORDS = frozenset({Kind.ORDER, Kind.FILL})
_BEFORE = frozenset({Kind.DECISION, Kind.ROW, Kind.QUOTE})
_WEIGHED = ("opinions", "answers", "standing", "targets", "held")
LATEST = "last"
SHORTEST = 6
"""Letters of an id that are enough to name it, where no other begins alike."""


@attrs.frozen
class _Place:
    """What a decision is asked about: a symbol of a strategy."""

    strategy: str
    symbol: str

    def find(self, told: Mapping[str, Any], name: str) -> float | None:
        """Return its number in one of a decision's maps, 0 where only other symbols stand, None without any."""
        cells = told.get(name, {}).get(self.strategy)
        return None if cells is None else float(cells.get(self.symbol, 0.0))

    def rows(self, told: Mapping[str, Any], name: str) -> list[list[Any]]:
        """Return what follows its names in one of a decision's lists."""
        return [one[2:] for one in told.get(name, []) if one[:2] == [self.strategy, self.symbol]]


def tell_story(store: Store, wanted: str, session: str | None = None) -> Story:
    """Return the story of an order, or of what was decided on a symbol.

    Args:
        store: The ledger.
        wanted: The client id or its beginning, `last` for the newest order that is no stop, or a symbol.
        session: ISO day whose last decision on the symbol is meant, None for the newest; of symbols only.

    Raises:
        UsageError: There is no such order or symbol, or several orders begin so.
    """
    head = next(store.read(kinds=frozenset({Kind.SESSION})), None)
    symbols: dict[str, list[str]] = {} if head is None else head.body.get("symbols", {})
    traded = {symbol: strategy for strategy, own in symbols.items() for symbol in own}
    intents = [*store.read(kinds=_ORDERS)]
    decision: Entry | None
    intent: Entry | None
    if wanted in traded:
        place = _Place(traded[wanted], wanted)
        last, row = _last_decision(store, place, session)
        decision, intent = last, _order_of(intents, place, last, store)
    else:
        if session is not None:
            raise UsageError(
                "an order has its session already", key="--session", fix="name a symbol, or leave it out"
            )
        named = _find(intents, wanted, [*traded])
        place = _Place(named.body["strategy"], named.body["symbol"])
        decision, row, _ = _lead_up(store.read(kinds=_BEFORE), named)
        intent = named
    told = {} if decision is None else _whole(store, decision)
    config = {} if head is None else json.loads(head.body.get("config", "{}"))
    own = symbols.get(place.strategy, [])
    column = own.index(place.symbol) if place.symbol in own else 0
    return _story(store, place, intent, decision, told, row, config, column)


def _story(
    store: Store,
    place: _Place,
    intent: Entry | None,
    decision: Entry | None,
    told: Mapping[str, Any],
    row: Entry | None,
    config: Mapping[str, Any],
    column: int,
) -> Story:
    numbers = None if row is None else row.body["prices"].get(place.symbol)
    combined = told.get("combined", {}).get(place.strategy)
    weighed = any(place.strategy in told.get(name, {}) for name in ("answers", "held", "targets"))
    held, target = ((place.find(told, name) or 0.0) if weighed else None for name in ("held", "targets"))
    order = next(iter(place.rows(told, "orders")), None)
    quote, words = (None, ()) if intent is None else _followed(store, intent)
    refusal = None if decision is None or intent is not None else _refusal(store, place, decision)
    checked = (refusal or {}) if intent is None else intent.body
    return Story(
        strategy=place.strategy,
        symbol=place.symbol,
        intent=intent,
        decision=decision,
        row=None if numbers is None else prices_of(numbers),
        opinions=tuple(_opinions(told, place.strategy, column, config)),
        missing=told.get("missing", {}).get(place.strategy, {}),
        combined=None if combined is None else float(combined[column]),
        answer=place.find(told, "answers"),
        standing=place.find(told, "standing"),
        held=held,
        target=target,
        verdicts=tuple(_cut(*one) for one in place.rows(told, "verdicts")),
        planned=None if order is None else order[0],
        expected=None if order is None or len(order) < 3 else float(order[2]),
        fewer=next((one[0] for one in place.rows(told, "fewer")), None),
        refusal=refusal,
        cuts=tuple(_cut(*one) for one in checked.get("cuts", [])),
        quote=quote,
        words=words,
    )


def _opinions(told: Mapping[str, Any], strategy: str, column: int, config: Mapping[str, Any]) -> Iterator[Opinion]:
    signals = config.get("strategies", {}).get(strategy, {}).get("signals", {})
    for name, said in told.get("opinions", {}).get(strategy, {}).items():
        weight = signals.get(name, {}).get("weight")
        score, confidence = said[column]
        yield Opinion(
            signal=name,
            weight=None if weight is None else float(weight),
            score=float(score),
            confidence=float(confidence),
        )


def _cut(by: str, before: str | None, after: str, limit: Any = None) -> Cut:
    numbers = [None if one is None else float(one) for one in (before, after, limit)]
    return Cut(by=by, before=numbers[0], after=float(after), limit=numbers[2])


# ---- which entries ---------------------------------------------------------------------------------------------


def _find(known: list[Entry], wanted: str, symbols: list[str]) -> Entry:
    if wanted == LATEST:
        found = [one for one in known if one.body["purpose"] != "stop"][-1:]
    else:
        found = [one for one in known if len(wanted) >= SHORTEST and one.body["client_id"].startswith(wanted)]
    if len(found) == 1:
        return found[0]
    message = f"{len(found)} orders begin with it" if found else "there is no such order"
    also = f", or name a symbol: {', '.join(symbols)}" if symbols else ""
    fix = f"write more of its id; tradewright ledger show --kind intent lists the newest{also}"
    raise UsageError(f"{message}: {wanted[:40]!r}", key="ORDER", fix=fix)


def _lead_up(entries: Iterator[Entry], intent: Entry) -> tuple[Entry | None, Entry | None, Entry | None]:
    """Return the decision that an intent stands behind, the row of it, and the last quote of the symbol."""
    decision = row = quote = latest = None
    for entry in entries:
        if entry.seq >= intent.seq:
            break
        if entry.kind is Kind.ROW:
            latest = entry
        elif entry.kind is Kind.DECISION:
            decision, row, quote = entry, latest, None
        elif intent.body["symbol"] in entry.body:
            quote = entry
    return decision, row, quote


def _last_decision(store: Store, place: _Place, session: str | None) -> tuple[Entry, Entry | None]:
    """Return the last decision of a session, or of all, that weighed a place; where none has, the last there is."""
    weighed = latest = row = None
    told: dict[str, Any] = {}
    for entry in store.read(kinds=_BEFORE):
        if entry.kind is Kind.ROW:
            row = entry
        elif entry.kind is Kind.DECISION:
            told = whole(entry.body, told)
            if session is not None and not (row and row.body["session"] == session):
                continue
            latest = (entry, row)
            if any(place.strategy in told.get(name, {}) for name in _WEIGHED):
                weighed = latest
    found = weighed or latest
    if found is None:
        when = "" if session is None else f" of session {session[:40]!r}"
        raise UsageError(f"this ledger holds no decision{when}", key="--session", fix="tradewright ledger show")
    return found


def _whole(store: Store, decision: Entry) -> dict[str, Any]:
    """Return a decision with what it has left out, since the one before has told it."""
    told: dict[str, Any] = {}
    for entry in store.read(kinds=frozenset({Kind.DECISION})):
        told = whole(entry.body, told)
        if entry.seq == decision.seq:
            break
    return told


def _order_of(intents: list[Entry], place: _Place, decision: Entry, store: Store) -> Entry | None:
    """Return the last order that a decision has led to, stops aside."""
    after = next(store.read(decision.seq, frozenset({Kind.DECISION})), None)
    end = store.head.seq + 1 if after is None else after.seq
    return next(
        (
            one
            for one in reversed(intents)
            if decision.seq < one.seq < end
            and (one.body["strategy"], one.body["symbol"]) == (place.strategy, place.symbol)
            and one.body["purpose"] != "stop"
        ),
        None,
    )


def _followed(store: Store, intent: Entry) -> tuple[tuple[str | None, str | None] | None, tuple[Entry, ...]]:
    """Return the bid and ask that an order was released at, and what the venue has said of it."""
    symbol, client_id = intent.body["symbol"], intent.body["client_id"]
    quote = _lead_up(store.read(kinds=_BEFORE), intent)[2]
    words = tuple(one for one in store.read(intent.seq, _WORDS) if one.body.get("client_id") == client_id)
    return None if quote is None else tuple(quote.body[symbol]), words


def _refusal(store: Store, place: _Place, decision: Entry) -> dict[str, Any] | None:
    """Return why a planned order was not sent: the next decision tells it."""
    after = next(store.read(decision.seq, frozenset({Kind.DECISION})), None)
    refused = [] if after is None else after.body.get("refused", [])
    mine = (one for one in refused if (one["strategy"], one["symbol"]) == (place.strategy, place.symbol))
    return next(mine, None)
