"""An agent that begins at a checkpoint is the one that never stopped: the same entries follow, and the same state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agent_facts import KEPT, NOT_KEPT, PARTS, facts, names, parts
from crashing import crashing
from eventful import Eventful
from hypothesis import HealthCheck, given, settings
from played_back import Told
from sentence_parts import Momentum, sentence, strategy
from test_live_parity import WIDE, configurations
from test_live_recovery import BUSY, played
from tradewright.data.market import Market
from tradewright.ledger.entry import Entry, Kind
from tradewright.live import outlook
from tradewright.live.playback import Playback
from tradewright.live.replay import Replay, Replayed
from tradewright.live.resume import checkpoints
from tradewright.optimize.simple import EqualWeight
from tradewright.sentence.parts import Sentence, Wanted
from tradewright.sessions import all_sessions
from tradewright.simtest.world import World
from tradewright.simtest.world import case_of as world_of
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.bars import Bars
from twin_comparison import bars_of, fused
from twin_draws import Draw, case_of

FEWER = settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


EVENTFUL = range(8)


def eventful_of(seed: int) -> Draw:
    """Return a draw in whose pauses something happens."""
    return replace(BUSY[seed % len(BUSY)], seed=40 + seed, n_bars=50)


class Noted(Replay):
    """A replay that notes what its agent knows at each checkpoint."""

    def run(self, *arguments: Any) -> Replayed:
        self.noted: dict[int, Any] = {}
        return super().run(*arguments)

    def _count(self, entry: Entry) -> None:
        super()._count(entry)
        if entry.kind is Kind.CHECKPOINT:
            self.noted[entry.seq] = facts(self.agent)


def assert_goes_on(store: Any, made: Any, rules: Any, every: int = 1) -> int:
    """Begin at each checkpoint, compare the agent and what follows; return how many checkpoints there were."""
    found = checkpoints(store)
    whole = Noted(store, made, rules)
    last = whole.run()
    assert last.difference is None
    for entry in found[::every]:
        one = Replay(store, made, rules, entry)
        assert whole.noted[entry.seq] == facts(one.agent), entry.seq

        rest = one.run()
        assert rest.difference is None, entry.seq
        assert store.head.seq == rest.begun_at + rest.entries
        assert facts(last.agent) == facts(rest.agent), entry.seq
    return len(found)


# ---- whatever happens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", BUSY, ids=lambda draw: f"{draw.rule_set}-{draw.seed}")
def test_agent_goes_on_from_every_checkpoint_of_a_busy_draw(draw: Draw, rule_cache: Path) -> None:
    one = played(draw, rule_cache, [])

    assert assert_goes_on(one.store, one.sentence, one.fused, every=2) > 10


@FEWER
@given(drawn=configurations())
def test_agent_goes_on_from_checkpoints_of_any_configuration(drawn: Draw, rule_cache: Path) -> None:
    one = crashing(case_of(drawn), rule_cache, [])
    while one.bar < drawn.n_bars:
        one.step()

    assert_goes_on(one.store, one.sentence, one.fused, every=7)


@pytest.mark.parametrize("seed", EVENTFUL)
def test_agent_goes_on_whatever_the_venue_has_said(seed: int, rule_cache: Path) -> None:
    one = Eventful(eventful_of(seed), rule_cache).play()

    assert assert_goes_on(one.store, one.sentence, one.fused, every=3) > 10


def test_venue_of_these_draws_has_said_everything(rule_cache: Path) -> None:
    """What is asserted above is about something."""
    happened, kept = Counter[str](), Counter[str]()
    for seed in EVENTFUL:
        one = Eventful(eventful_of(seed), rule_cache)
        store = one.play().store
        happened.update(one.happened)
        for entry in checkpoints(store):
            body = entry.body
            kept.update([*body, *(f"watch.{name}" for name in body.get("watch", {}))])
            kept.update(state[0].get("status", "intended") for state in body.get("orders", {}).get("lasting", []))

    assert {"bust", "stranger", "silence", "contradiction", "contact", "difference"} < set(happened)
    assert {"money", "quantities", "orders", "watch", "breaker"} < set(kept)
    assert {"watch.blocked", "watch.stops_increases", "watch.imposed", "working", "cancelled"} < set(kept)


@pytest.mark.parametrize("seed", range(3))
def test_agent_goes_on_amid_faults_over_more_days_than_orders_are_remembered(seed: int, rule_cache: Path) -> None:
    world = World(world_of(seed, 9), all_sessions("XNYS", cache=rule_cache), rule_cache)
    world.run()

    assert 9 == assert_goes_on(world.store, world.sentence, world.rules, every=2)


def test_agent_goes_on_while_dividends_are_owed(rule_cache: Path) -> None:
    world = World(world_of(1, 5, ("F30",)), all_sessions("XNYS", cache=rule_cache), rule_cache)
    world.run()
    owed = [len(entry.body.get("owed", ())) for entry in checkpoints(world.store)]

    assert (0, True) == (owed[-1], owed[0] > 1)  # The newest comes first.
    assert 5 == assert_goes_on(world.store, world.sentence, world.rules)


# ---- whom it asks ----------------------------------------------------------------------------------------


class Fickle:
    """An optimizer that is asked in turn, breaks on some problems, and remembers nothing."""

    def solve(self, problem: Problem) -> Allocation:
        if float(np.abs(problem.forecast).sum()) > 0.7:
            raise RuntimeError("too sure")
        wanted = EqualWeight().solve(problem).weights
        return Allocation(weights=0.5 * np.asarray(problem.current) + 0.5 * wanted)


@dataclass
class Asking(Told):
    """A draw whose strategies have signals, and optimizers that are asked in turn."""

    @property
    def inner(self) -> Sentence:
        symbols = tuple(self.books[0].symbols)
        owned = [symbols[book :: len(self.books)] for book in range(len(self.books))]
        return sentence(
            *(
                strategy(
                    f"book{n}", own, optimizer=("fickle", Fickle()), signals={"momentum": Momentum(2)}, gross=0.5
                )
                for n, own in enumerate(owned)
            )
        )

    def warmups(self) -> list[int]:
        return self.inner.warmups()

    def want(self, bars: Bars, *, keep_said: bool = False) -> Wanted:
        return self.inner.want(bars)


@pytest.mark.parametrize("ahead", [False, True])
def test_agent_goes_on_with_optimizers_that_have_had_strikes_and_an_anchor_that_moves(
    ahead: bool, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "ROWS_MIN", 12)
    monkeypatch.setattr(outlook, "WINDOWS_KEPT", 1)
    draw = replace(WIDE, rule_set="checks", seed=3, n_bars=130, n_assets=2, delisted=False)
    case = case_of(draw)
    bars, rules, told = bars_of(case), fused(case, rule_cache), Asking(case)
    market = Market(feeds=(), beside=(), bars=bars, sessions_per_year=252)
    one = Playback(told, market, rules, 8, ahead=ahead)  # type: ignore[arg-type]  # it stands in
    while one.bar < draw.n_bars:
        one.step()
    strikes = [entry.body.get("strikes", []) for entry in checkpoints(one.store)]
    moved = [*one.store.read(kinds=frozenset({Kind.ANCHOR}))]

    assert ahead or len(moved) > 1
    assert 3 == max(n for of in strikes for _, n in of)
    assert any(not of for of in strikes)
    assert assert_goes_on(one.store, told, rules, every=4) > 30


# ---- nothing is forgotten --------------------------------------------------------------------------------


def test_everything_that_an_agent_knows_is_kept_or_has_a_reason(rule_cache: Path) -> None:
    """Whoever gives an agent something new to know says here whether a checkpoint keeps it."""
    one = played(replace(BUSY[0], n_bars=4), rule_cache, [])

    for part in parts(one.agent):
        kind = type(part).__name__
        known = KEPT[kind] | NOT_KEPT[kind].keys() | PARTS.get(kind, set())
        assert known == names(part), f"say in agent_facts.py whether a checkpoint keeps it: {known ^ names(part)}"
        assert not KEPT[kind] & NOT_KEPT[kind].keys()
