"""Questions to a ledger, answered from its entries alone; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.errors import UsageError
from tradewright.ledger.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tradewright.ledger.entry import Entry
    from tradewright.ledger.store import Store

_ORDERS = frozenset({Kind.INTENT})
_WORDS = frozenset({Kind.ORDER, Kind.FILL})
LATEST = "last"
SHORTEST = 6
"""Letters of an id that are enough to name it, where no other begins alike."""


@attrs.frozen(kw_only=True)
class Story:
    """How an order came to be, and what became of it.

    Attributes:
        intent: The order as it was meant.
        decision: What it was decided in; None for one that no decision holds.
        row: The prices that were decided on, of the order's symbol; None where it did not trade.
        votes: weight x confidence x score by signal, of the order's symbol; empty between rebalances.
        target: Weight that the strategy wanted, None between rebalances.
        quote: Bid and ask that it was released at; None for a stop.
        words: What the venue has said, fills among it, in order.
    """

    intent: Entry
    decision: Entry | None
    row: dict[str, str] | None
    votes: dict[str, float]
    target: float | None
    quote: tuple[str | None, str | None] | None
    words: tuple[Entry, ...]

    @property
    def filled(self) -> list[Entry]:
        """Its fills."""
        return [word for word in self.words if word.kind is Kind.FILL]


def tell_story(store: Store, wanted: str) -> Story:
    """Return the story of an order.

    Args:
        store: The ledger.
        wanted: The client id or its beginning, or `last` for the newest order that is no stop.

    Raises:
        UsageError: There is no such order, or several begin so.
    """
    intent = _find(store.read(kinds=_ORDERS), wanted)
    body, symbol = intent.body, intent.body["symbol"]
    before = store.read(kinds=frozenset({Kind.DECISION, Kind.ROW, Kind.QUOTE}))
    decision, row, quote = _lead_up(before, intent)
    said = {} if decision is None else decision.body
    strategy = body["strategy"]
    place = _symbols(store, strategy).index(symbol)
    votes = said.get("votes", {}).get(strategy, {})
    target = said.get("targets", {}).get(strategy)
    client_id = body["client_id"]
    words = store.read(after=intent.seq, kinds=_WORDS)
    return Story(
        intent=intent,
        decision=decision,
        row=None if row is None else row.body["prices"].get(symbol),
        votes={signal: float(vote[place]) for signal, vote in votes.items() if place < len(vote)},
        target=None if target is None else float(target.get(symbol, 0.0)),
        quote=None if quote is None or symbol not in quote.body else tuple(quote.body[symbol]),
        words=tuple(word for word in words if word.body.get("client_id") == client_id),
    )


def _find(intents: Iterable[Entry], wanted: str) -> Entry:
    known = list(intents)
    if wanted == LATEST:
        known = [one for one in known if one.body["purpose"] != "stop"][-1:]
    else:
        known = [one for one in known if len(wanted) >= SHORTEST and one.body["client_id"].startswith(wanted)]
    if len(known) == 1:
        return known[0]
    found = f"{len(known)} orders begin with it" if known else "there is no such order"
    fix = "write more of its id; tradewright ledger show --kind intent lists the newest"
    raise UsageError(f"{found}: {wanted[:40]!r}", key="ORDER", fix=fix)


def _lead_up(entries: Iterator[Entry], intent: Entry) -> tuple[Entry | None, Entry | None, Entry | None]:
    """Return the decision that an intent stands behind, the row of that decision, and the last quotes before it."""
    decision = row = quote = latest = None
    for entry in entries:
        if entry.seq >= intent.seq:
            break
        if entry.kind is Kind.ROW:
            latest = entry
        elif entry.kind is Kind.DECISION:
            decision, row, quote = entry, latest, None
        else:
            quote = entry
    return decision, row, quote


def _symbols(store: Store, strategy: str) -> list[str]:
    """Return what a strategy trades, in the order of its votes."""
    told = next(store.read(kinds=frozenset({Kind.SESSION})))
    symbols: list[str] = told.body["symbols"][strategy]
    return symbols
