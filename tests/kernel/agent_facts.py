"""Everything that an agent knows, by name; and what of it a checkpoint need not keep, with the reason."""

from __future__ import annotations

import copy
from typing import Any

import attrs
import numpy as np
from tradewright.engine.state import as_bytes
from tradewright.live.core import Agent

CODE = "what it does, not what it knows"
GIVEN = "told anew at every start, by settings or by the ledger's first entries"
ASKED = "calls and their times are no entries: after a start what is open is asked for anew"
SEEN = "a snapshot is no entry: after a start a difference is made sure of anew"
KEPT = {
    "Agent": {"_name", "_mode", "_booked", "_decided_at", "_strikes"},
    "Watch": {
        *("blocked", "freeze", "stops_increases", "_uncertain", "_imposed", "look_every"),
        *("is_compared", "clock", "refusals", "dropped", "_absent_from"),
    },
    "Working": {"states", "_open", "_intents", "_guards", "_ledger", "_venue"},
    "Account": {"venue", "currency", "dividends", "strategies", "symbols", "_books", "_columns"},
    "Holdings": {"multipliers", "money", "quantities", "executions", "activities", "pays_later", "owed"},
    "Budget": {"closed_until", "limited", "failures", "open_until", "probes", "size", "per_second", "orders"},
    "Walk": {"state", "bar", "positions", "_rows"},
}
"""Equal in an agent that began at a checkpoint."""
NOT_KEPT = {
    "Agent": {
        "_handlers": CODE,
        "_collar": GIVEN,
        "_told": "the first decision of a session names nothing",
        "_row": "the next bar begins one",
    },
    "Watch": {
        "_open": f"{ASKED}; which orders they are follows from the orders",
        "_cancelled": ASKED,
        "_queried": ASKED,
        "_waiting": ASKED,
        "_doubts": SEEN,
        "_since": f"{SEEN}: executions are read again from the first entry on, and none is booked twice",
        "_looked_at": SEEN,
        "_look_at": SEEN,
        "_is_looking": SEEN,
        "_has_moved": SEEN,
        "_unclean": SEEN,
        "_cash": f"{SEEN}; what a person adopts says by how much",
        "_lag": SEEN,
        "ours": "the last entry tells what time it was",
    },
    "Working": {"_earlier": "it numbers the intents of one row; those of the row just decided on come after it"},
    "Account": {},
    "Holdings": {},
    "Budget": {"upkeep": "such calls are no entries: a start has the tokens of a new budget"},
    "Walk": {
        "_fused": CODE,
        "_settings": GIVEN,
        "_known": "what prices say, read from the rows",
        "_work": "scratch of one call",
        "_log": "drained with the decision",
        "_nothing": "what an empty log says",
        "_free_cash": CODE,
    },
}
"""Not compared."""
PARTS = {
    "Agent": {"watch", "walk", "account", "working"},
    "Watch": {"account", "working", "walk", "budget"},
    "Account": {"holdings"},
}
"""Compared by themselves."""


def parts(agent: Agent) -> list[Any]:
    watch, account = agent.watch, agent.account
    return [agent, watch, agent.working, account, account.holdings, watch.budget, agent.walk]


def names(one: Any) -> set[str]:
    return {field.name for field in attrs.fields(type(one))} if attrs.has(type(one)) else set(vars(one))


def facts(agent: Agent) -> dict[str, Any]:
    """Return what a checkpoint keeps, mappings in their order."""
    found: dict[str, Any] = {"Watch._open": set(agent.watch._open)}
    for one in parts(agent):
        kind = type(one).__name__
        found |= {f"{kind}.{name}": _plain(getattr(one, name)) for name in KEPT[kind]}
    for name in ("blocked", "dropped"):
        found[f"Watch.{name}"] = dict(found[f"Watch.{name}"])  # Which of them came first nobody asks.
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
        return as_bytes(value)
    if isinstance(value, set):
        return frozenset(value)
    return [*value.items()] if isinstance(value, dict) else copy.deepcopy(value)
