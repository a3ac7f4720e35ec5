"""The story of an order, from a ledger that an agent has written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crashing import crashing
from test_live_parity import WIDE
from tradewright.errors import UsageError
from tradewright.ledger.entry import Kind
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.views import LATEST, SHORTEST, tell_story
from twin_draws import case_of


@pytest.fixture(scope="module")
def store(rule_cache: Path) -> MemoryStore:
    draw = replace(WIDE, seed=31, rule_set="gates", n_bars=60)
    played = crashing(case_of(draw), rule_cache, [])
    while played.bar < draw.n_bars:
        played.step()
    return played.store


def intents(store: MemoryStore, purpose: str) -> list[str]:
    bodies = [entry.body for entry in store.read(kinds=frozenset({Kind.INTENT}))]
    return [body["client_id"] for body in bodies if body["purpose"] == purpose]


def test_story_of_every_order_begins_with_its_decision_and_ends_with_its_fills(store: MemoryStore) -> None:
    orders = intents(store, "target")
    assert len(orders) > 10

    for order in orders:
        story = tell_story(store, order)
        body = story.intent.body
        filled = sum(float(fill.body["quantity"]) for fill in story.filled)

        assert story.decision is not None
        assert body["decided_at"] == story.decision.body["closed_at"]
        assert [body["strategy"], body["symbol"]] in [planned[:2] for planned in story.decision.body["orders"]]
        assert story.quote is not None
        assert story.decision.seq < story.intent.seq < story.words[0].seq
        assert "accepted" == story.words[0].body["word"]
        assert abs(filled) <= abs(float(body["quantity"]))
        assert all(order == word.body["client_id"] for word in story.words)


def test_story_of_a_stop_has_no_quote(store: MemoryStore) -> None:
    story = tell_story(store, intents(store, "stop")[0])

    assert story.intent.body["stop"] is not None
    assert [story.intent.body["strategy"], story.intent.body["symbol"]] in [
        one[:2] for one in (story.decision.body["stops"] if story.decision else [])
    ]


def test_newest_order_is_no_stop(store: MemoryStore) -> None:
    assert intents(store, "target")[-1] == tell_story(store, LATEST).intent.body["client_id"]


@pytest.mark.parametrize("letters", [SHORTEST, SHORTEST + 1, 36])
def test_order_is_named_by_enough_of_its_id(letters: int, store: MemoryStore) -> None:
    order = intents(store, "target")[0]

    assert order == tell_story(store, order[:letters]).intent.body["client_id"]


def test_order_is_not_named_by_less(store: MemoryStore) -> None:
    with pytest.raises(UsageError, match="there is no such order"):
        tell_story(store, intents(store, "target")[0][: SHORTEST - 1])


def test_ledger_without_an_order_says_so() -> None:
    with pytest.raises(UsageError, match="there is no such order: 'last'"):
        tell_story(MemoryStore(), LATEST)
