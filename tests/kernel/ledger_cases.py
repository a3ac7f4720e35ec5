"""A small ledger of every kind of entry, for the tests of all that is done with one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, islice

from hypothesis import settings
from hypothesis import strategies as st
from tradewright.ledger.canonical import DIGITS_MAX
from tradewright.ledger.entry import Draft, Kind
from tradewright.ledger.store import Store

CALM = settings(deadline=None)
"""For properties: a busy machine takes its time."""
BEGIN = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
PARTIES = {"account": "desk", "venue": "paper", "strategy": "trend", "currency": "USD"}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INTEGERS = st.integers(-(10**DIGITS_MAX) + 1, 10**DIGITS_MAX - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | TEXTS | INTEGERS | FLOATS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)
BODIES = st.dictionaries(TEXTS, VALUES, max_size=6)
"""Whatever a body may hold."""


def draft(kind: Kind, seconds: float = 0.0, /, **body: object) -> Draft:
    """Return a draft `seconds` after the beginning."""
    return Draft(BEGIN + timedelta(seconds=seconds), kind, body)


def genesis(name: str = "desk") -> Draft:
    return draft(Kind.GENESIS, ledger=name)


def intent(client_id: str = "c1", **more: object) -> Draft:
    return draft(Kind.INTENT, client_id=client_id, symbol="SPY", quantity=Decimal(10), **{**PARTIES, **more})


def order(client_id: str = "c1", status: str = "working", **more: object) -> Draft:
    return draft(Kind.ORDER, client_id=client_id, status=status, **more)


def fill(execution_id: str = "e1", **more: object) -> Draft:
    price = {"price": Decimal("512.340"), "quantity": Decimal(10), "fee": Decimal("0.05")}
    body = {"execution_id": execution_id, "client_id": "c1", "symbol": "SPY", **price, **PARTIES, **more}
    return draft(Kind.FILL, **body)


def activity(its: str = "a1", **more: object) -> Draft:
    return draft(Kind.ACTIVITY, id=its, kind="dividend", cash=Decimal("1.25"), **{**PARTIES, **more})


def job(name: str = "close", due: str = "2026-03-02", **more: object) -> Draft:
    return draft(Kind.JOB, name=name, due=due, outcome="done", **more)


def alert(its: str = "w1", state: str = "raised", **more: object) -> Draft:
    return draft(Kind.ALERT, id=its, state=state, **more)


def days() -> Iterator[list[Draft]]:
    """Yield commits for ever: a row with its decision, an intent, the venue's word with a fill, a checkpoint."""
    yield [genesis()]
    for day in count(1):
        n = f"{day}"
        yield [draft(Kind.ROW, day, close=500.0 + day / 7), draft(Kind.DECISION, day, score=1 / day)]
        yield [intent(f"c{n}")]
        yield [order(f"c{n}"), fill(f"e{n}", client_id=f"c{n}"), order(f"c{n}", "filled")]
        yield [job(due=n), activity(f"a{n}"), alert("w1", n), draft(Kind.CHECKPOINT, day, cash=Decimal(day))]


def fill_up(store: Store, commits: int, *, begin: int = 0) -> None:
    """Write the first so many commits, those before `begin` left out."""
    for commit in islice(days(), begin, commits):
        store.append(commit)
