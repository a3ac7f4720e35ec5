"""The id of an order is a function of its intent alone, and no two intents share one."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_harness import AT
from tradewright.execute.orders import client_id
from tradewright.values.order import Purpose

INTENT: dict[str, Any] = {
    "ledger": "5c1f",
    "venue": "simulated",
    "strategies": ("carry", "trend"),
    "symbol": "SPY",
    "closed_at": AT,
    "purpose": Purpose.TARGET,
    "n": 0,
}
WORDS = st.text(max_size=3)


def test_client_id_when_pinned_is_the_same_in_every_version() -> None:
    assert UUID("cac0e19a-ba61-f7c4-1475-9eb0be9502b5") == client_id(**INTENT)


def test_client_id_when_strategies_come_in_another_order_is_the_same() -> None:
    assert client_id(**INTENT) == client_id(**INTENT | {"strategies": ["trend", "carry", "trend"]})


@pytest.mark.parametrize(
    "changes",
    [
        {"ledger": "5c1e"},
        {"venue": "other"},
        {"strategies": ["trend"]},
        {"symbol": "QQQ"},
        {"closed_at": AT + timedelta(microseconds=1)},
        {"purpose": Purpose.EXIT},
        {"n": 1},
    ],
)
def test_client_id_when_anything_differs_is_another(changes: dict[str, Any]) -> None:
    assert client_id(**INTENT) != client_id(**INTENT | changes)


@given(st.tuples(WORDS, WORDS, st.sets(WORDS, min_size=1)), st.tuples(WORDS, WORDS, st.sets(WORDS, min_size=1)))
def test_client_id_when_texts_run_together_tells_them_apart(one: Any, other: Any) -> None:
    names = ("ledger", "venue", "strategies")
    ids = [client_id(**INTENT | dict(zip(names, words, strict=True))) for words in (one, other)]

    assert (one == other) == (ids[0] == ids[1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"closed_at": AT.replace(tzinfo=None)}, "closed_at must be an aware time in UTC"),
        ({"closed_at": AT.astimezone(timezone(timedelta(hours=1)))}, "closed_at must be an aware time in UTC"),
        ({"n": -1}, "n must be at least 0"),
        ({"strategies": []}, "strategies at least one"),
        ({"strategies": "trend"}, "strategies must be several texts"),
    ],
)
def test_client_id_when_an_argument_is_wrong_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        client_id(**INTENT | changes)
