"""The story of an order, from a ledger that an agent has written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from crashing import crashing
from test_live_parity import WIDE
from tradewright.errors import UsageError
from tradewright.ledger.entry import Draft, Entry, Kind
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.story import Story
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


# ---- what was weighed --------------------------------------------------------------------------------------


def test_story_of_every_order_tells_verdicts_that_lead_to_its_target(store: MemoryStore) -> None:
    cut = 0
    for order in intents(store, "target"):
        story = tell_story(store, order)
        at = story.answer if story.answer is not None else story.standing
        for one in story.verdicts:
            assert one.before == at or at is None
            at = one.after
        cut += len(story.verdicts)

        assert story.planned is not None
        assert story.expected is not None
        assert at is None or at == story.target
        assert "" == story.why_none

    assert cut > 5


def test_story_of_filled_orders_tells_what_they_have_cost(store: MemoryStore) -> None:
    stories = [tell_story(store, order) for order in intents(store, "target")]
    costs = [(one.realised, one.against_mid(one.filled[0])) for one in stories if one.filled]

    assert len(costs) > 5
    assert all(realised is not None and slip is not None and realised >= slip for realised, slip in costs)


def test_story_of_a_symbol_is_that_of_its_last_decision(store: MemoryStore) -> None:
    symbols = next(store.read(kinds=frozenset({Kind.SESSION}))).body["symbols"]
    decisions = [*store.read(kinds=frozenset({Kind.DECISION}))]
    for symbol in {symbol for own in symbols.values() for symbol in own}:
        story = tell_story(store, symbol)
        assert story.symbol == symbol
        assert symbol in symbols[story.strategy]
        assert story.decision is not None
        assert story.decision.seq in [one.seq for one in decisions]
        assert (story.intent is None) is bool(story.why_none)


def test_story_of_a_symbol_in_a_session_is_decided_in_it(store: MemoryStore) -> None:
    symbol = intents_of(store)[0].body["symbol"]
    rows = [*store.read(kinds=frozenset({Kind.ROW}))]
    story = tell_story(store, symbol, rows[5].body["session"])

    assert story.decision is not None
    assert (
        rows[5].body["session"]
        == max((one for one in rows if one.seq < story.decision.seq), key=lambda one: one.seq).body["session"]
    )


def intents_of(store: MemoryStore) -> list[Entry]:
    return [*store.read(kinds=frozenset({Kind.INTENT}))]


@pytest.mark.parametrize(
    ("wanted", "session", "message"),
    [("A0", "1990-01-01", "no decision of session '1990-01-01'"), ("last", "1990-01-01", "has its session already")],
)
def test_story_of_another_session_says_so(wanted: str, session: str, message: str, store: MemoryStore) -> None:
    with pytest.raises(UsageError, match=message):
        tell_story(store, wanted, session)


AT = datetime(2026, 3, 2, 21, tzinfo=UTC)


def told_of(decision: dict[str, Any], *after: tuple[Kind, dict[str, Any]]) -> Story:
    """Return the story of A0 from a ledger that holds one decision, and what follows it."""
    bodies = [
        (Kind.GENESIS, {"ledger": "desk"}),
        (Kind.SESSION, {"config": CONFIG, "symbols": {"trend": ["A0", "A1"]}}),
        (Kind.ROW, {"session": "2026-03-02", "prices": {"A0": ["100"]}}),
        (Kind.DECISION, decision),
    ]
    store = MemoryStore()
    store.append([Draft(AT, kind, body) for kind, body in [*bodies, *after]])
    return tell_story(store, "A0")


CONFIG = '{"strategies": {"trend": {"signals": {"ma": {"weight": 0.5}}}}}'
REFUSED = {"strategy": "trend", "symbol": "A0", "reason": "checks", "by": "order-quantity"}
TOLD = {"answers": {"trend": {"A0": "0.5"}}, "targets": {"trend": {"A0": "0.3"}}, "held": {"trend": {"A0": "0.29"}}}


@pytest.mark.parametrize(
    ("told", "after", "reason"),
    [
        ({**TOLD, "fewer": [["trend", "A0", "band"]]}, [], "within the no-trade band"),
        ({**TOLD, "fewer": [["trend", "A0", "lot"]]}, [], "less than a lot"),
        ({**TOLD, "fewer": [["trend", "A0", "volume"]]}, [], "average volume"),
        ({**TOLD, "orders": [["trend", "A0", "3.0", None, "5.0"]]}, [], "have met no price yet"),
        (
            {**TOLD, "orders": [["trend", "A0", "3.0", None, "5.0"]]},
            [(Kind.DECISION, {"refused": [{**REFUSED, "cuts": [["order-quantity", "3.0", "0.0", "2"]]}]})],
            "refused by order-quantity: checks",
        ),
        ({"answers": {"trend": {}}}, [], "the target is what is held"),
        ({"cash": {}}, [], "nothing was to be decided"),
    ],
)
def test_story_without_an_order_says_why_there_is_none(told: Any, after: Any, reason: str) -> None:
    story = told_of(told, *after)

    assert story.intent is None
    assert reason in story.why_none
    assert [("order-quantity", 3.0, 0.0, 2.0)] * ("refused" in reason) == [attrs.astuple(one) for one in story.cuts]


def test_story_of_an_order_beyond_the_collar_says_how_far() -> None:
    refusal = {**REFUSED, "by": "", "reason": "collar", "far": "2.5"}
    story = told_of(
        {**TOLD, "orders": [["trend", "A0", "3.0", None, "5.0"]]}, (Kind.DECISION, {"refused": [refusal]})
    )

    assert "it was refused: collar, 250 % from the last close" == story.why_none


def test_story_tells_score_confidence_and_the_configured_weight_apart() -> None:
    opinions = {"trend": {"ma": [["-0.5", "0.25"], ["1.0", "1.0"]], "new": [["0.0", "0.0"], ["0.0", "0.0"]]}}
    story = told_of({**TOLD, "opinions": opinions, "combined": {"trend": ["-0.0625", "0.5"]}})

    assert [("ma", 0.5, -0.5, 0.25), ("new", None, 0.0, 0.0)] == [attrs.astuple(one) for one in story.opinions]
    assert (-0.0625, 0.5, 0.3, 0.29) == (story.combined, story.answer, story.target, story.held)
