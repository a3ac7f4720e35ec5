"""Killed between any two actions, an agent starts again from its ledger alone: nothing lost, nothing sent twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from crashing import Crashing, crashing, entries_of
from test_live_parity import WIDE
from tradewright.engine.state import as_bytes
from tradewright.errors import LedgerError
from tradewright.ledger.entry import Draft, Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live.recovery import recover
from tradewright.live.replay import Replay
from tradewright.live.resume import checkpoints
from twin_draws import Draw, case_of

SMALL = replace(WIDE, seed=28, rule_set="gates", n_bars=40, n_assets=2, n_books=1)
BUSY = [
    replace(WIDE, seed=31, rule_set="gates", n_bars=40),
    replace(WIDE, seed=34, rule_set="checks", n_bars=40, fractional=True),
    replace(WIDE, seed=26, limits=True, n_bars=60),
    replace(WIDE, seed=32, rule_set="gates", n_bars=40, at_close=True),
]


def played(draw: Draw, folder: Path, kills: list[int]) -> Crashing:
    played = crashing(case_of(draw), folder, kills)
    while played.bar < draw.n_bars:
        played.step()
    return played


def assert_sound(one: Crashing) -> None:
    """Assert what must hold however often it died."""
    held = {place: units for place, units in one.venue.held.items() if units != 0}
    again = Replay(one.store, one.sentence, one.fused).run()

    assert len(set(one.submitted)) == len(one.submitted), "an order was sent twice"
    assert [] == one.late, "what was decided before a death was sent after it"
    assert held == dict(one.agent.account.holdings.quantities)
    assert again.difference is None
    assert as_bytes(again.agent.walk.state) == as_bytes(one.agent.walk.state)


@pytest.mark.parametrize("draw", BUSY, ids=lambda draw: f"{draw.rule_set}-{draw.seed}")
@pytest.mark.parametrize("seed", range(2))
def test_agent_that_dies_six_times_loses_nothing_and_sends_nothing_twice(
    draw: Draw, seed: int, rule_cache: Path
) -> None:
    calm = played(draw, rule_cache, [])
    kills = sorted(Random(seed).sample(range(5, calm.done), 6))
    died = played(draw, rule_cache, kills)

    assert 6 == died.starts
    assert len(died.submitted) > 3
    assert_sound(died)


def test_agent_that_dies_in_gap_after_gap_of_some_bars_loses_nothing(rule_cache: Path) -> None:
    """One death a run, before each action from the first order on."""
    draw = replace(SMALL, n_bars=14, rule_set="checks", seed=31)
    calm = played(draw, rule_cache, [])
    assert len(calm.submitted) > 10

    for kill in range(3, calm.done + 1, 3):  # Every third: all of them take half a minute.
        died = played(draw, rule_cache, [kill])

        assert 1 == died.starts, kill
        assert_sound(died)


def test_death_with_nothing_in_flight_changes_nothing(rule_cache: Path) -> None:
    """Between two bars there is nothing that may or may not have been done."""
    calm = played(SMALL, rule_cache, [])
    died = crashing(case_of(SMALL), rule_cache, [])
    while died.bar < SMALL.n_bars:
        died.start_again(None)
        died.step()

    assert SMALL.n_bars == died.starts
    assert as_bytes(calm.agent.walk.state) == as_bytes(died.agent.walk.state)
    lines = [[line for line in entries_of(one.store) if not line.startswith("request")] for one in (calm, died)]
    assert lines[0] == lines[1]


def altered(store: MemoryStore, change: Any) -> MemoryStore:
    """Return a ledger whose entries went through `change`, which returns None for one that is dropped."""
    drafts = [Draft(entry.at, entry.kind, entry.body) for entry in store.read()]
    kept = [one for one in map(change, drafts) if one is not None]
    result = MemoryStore()
    result.append(kept)
    return result


LOST = [Kind.ROW, Kind.FILL, Kind.QUOTE, Kind.ACTION, Kind.DECISION, Kind.INTENT, Kind.CHECKPOINT]


@pytest.mark.parametrize("kind", LOST)
def test_ledger_that_lost_an_entry_parts_from_its_replay(kind: Kind, rule_cache: Path) -> None:
    calm = played(SMALL, rule_cache, [])
    seen = iter(range(10_000))
    short = altered(calm.store, lambda one: None if one.kind is kind and next(seen) == 3 else one)

    assert Replay(short, calm.sentence, calm.fused).run().difference is not None


@pytest.mark.parametrize("kind", [Kind.ROW, Kind.ACTION, Kind.DECISION])
def test_ledger_that_lost_an_entry_since_its_last_checkpoint_starts_no_agent(kind: Kind, rule_cache: Path) -> None:
    """What was lost before it, the chain tells: it is verified before every start."""
    calm = played(SMALL, rule_cache, [])
    newest, last = (entry.seq for entry in checkpoints(calm.store)[:2])
    lost = next(entry.seq for entry in calm.store.read(last) if entry.kind is kind)
    left = iter(range(1, 10_000))
    short = altered(calm.store, lambda one: one if next(left) not in {lost, *range(newest, 10_000)} else None)

    with pytest.raises(LedgerError, match="is not what the agent decides"):
        recover(short, calm.sentence, calm.fused, calm.now)


def test_ledger_whose_close_was_changed_is_found_at_its_decision(rule_cache: Path) -> None:
    calm = played(SMALL, rule_cache, [])
    n_rows = iter(range(10_000))

    def dearer(one: Draft) -> Draft:
        if one.kind is not Kind.ROW or next(n_rows) != 20:
            return one
        symbol, (first, high, low, close, *volume) = next(iter(one.body["prices"].items()))
        dearer = float(close) * 1.01
        more = {**one.body["prices"], symbol: [first, max(float(high), dearer), low, dearer, *volume]}
        return Draft(one.at, one.kind, {**one.body, "prices": more})

    found = Replay(altered(calm.store, dearer), calm.sentence, calm.fused).run()

    assert found.difference is not None
    assert "decision" == found.difference.kind
    assert 20 == found.decisions


def test_ledger_that_begins_with_no_session_is_no_agents(rule_cache: Path) -> None:
    calm = played(replace(SMALL, n_bars=2), rule_cache, [])
    empty = altered(calm.store, lambda one: one if one.kind is Kind.GENESIS else None)

    with pytest.raises(LedgerError, match="must begin with a genesis and a session entry"):
        Replay(empty, calm.sentence, calm.fused)
