"""Simulated deaths and restarts: where an agent dies, what outlives it, and that it goes on as its ledger says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tradewright.execute.budget import Budget, Contact, Outcome
from tradewright.execute.faults import Dice
from tradewright.ledger.entry import Draft, Kind
from tradewright.live import entries, events
from tradewright.live.recovery import recover
from tradewright.live.replay import Replay
from tradewright.sessions import Sessions, all_sessions
from tradewright.simtest import world as worlds
from tradewright.simtest.campaign import play
from tradewright.simtest.deaths import DiedError, is_synced, may_die, older
from tradewright.simtest.invariants import BrokenError
from tradewright.simtest.world import World, case_of
from venue_harness import AT


@pytest.fixture(scope="module")
def calendar(rule_cache: Path) -> Sessions:
    return all_sessions("XNYS", cache=rule_cache)


def commit(*kinds: Kind, what: str = "tick") -> events.Commit:
    return events.Commit(tuple(Draft(AT, kind, {"what": what}) for kind in kinds))


SUBMIT: Any = events.Submit(None)  # type: ignore[arg-type]  # its kind alone is looked at


@pytest.mark.parametrize(
    ("before", "action", "fault"),
    [
        (None, commit(Kind.INTENT), "F1"),
        (commit(Kind.QUOTE), commit(Kind.INTENT), "F1"),
        (commit(Kind.INTENT), SUBMIT, "F2"),
        (commit(Kind.ROW), events.Tick(), "F2"),
        (SUBMIT, SUBMIT, "F3"),
        (SUBMIT, None, "F3"),
        (None, commit(Kind.FILL), "F4"),
        (commit(Kind.ORDER), commit(Kind.ORDER, Kind.FILL), "F4"),
    ],
)
def test_death_is_called_by_what_stands_on_either_side(before: Any, action: Any, fault: str) -> None:
    dice = Dice(dict.fromkeys(("F1", "F2", "F3", "F4"), 1.0), Random(1))
    with pytest.raises(DiedError, match=f"^{fault}$"):
        may_die(dice, before, action)

    assert {fault: 1} == dice.struck


@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        (Kind.FILL, "", True),
        (Kind.ACTIVITY, "", True),
        (Kind.HALT, "", True),
        (Kind.QUOTE, "", False),
        (Kind.ORDER, "", False),
        (Kind.REQUEST, entries.TICK, False),
        (Kind.REQUEST, entries.CONTACT, False),
        (Kind.REQUEST, entries.IMPOSED, True),
        (Kind.REQUEST, entries.LIFTED, True),
    ],
)
def test_power_failure_leaves_what_money_and_people_depend_on(kind: Kind, what: str, expected: bool) -> None:
    assert expected == is_synced(commit(kind, what=what))


def played(calendar: Sessions, folder: Path, seed: int = 0, until: timedelta = timedelta(hours=3)) -> World:
    """Return a world without faults, some time after its first session has opened."""
    world = World(case_of(seed, 1, ()), calendar, folder)
    end = world.now + until
    world._open(world._start)
    while world.now < end:
        world._step()
    return world


def test_agent_that_was_frozen_is_frozen_when_it_is_started_again(calendar: Sessions, rule_cache: Path) -> None:
    world = played(calendar, rule_cache)
    world._hear(Contact(outcome=Outcome.FORBIDDEN, reason="403"))
    before = world.agent
    world._die("F2")
    world._start_again()

    assert world.agent is not before
    assert "the venue does not let us in: 403" == world.agent.watch.freeze
    assert 1 == world.starts


def test_freeze_that_goes_by_itself_breaks_an_invariant_also_over_a_restart(
    calendar: Sessions, rule_cache: Path
) -> None:
    world = played(calendar, rule_cache)
    world._hear(Contact(outcome=Outcome.FORBIDDEN, reason="403"))
    world._die("F2")
    world._start_again()
    world.agent.watch.freeze = ""

    with pytest.raises(BrokenError, match="invariant 8: what only a person ends"):
        world.invariants.after()


def test_entry_that_is_lost_though_it_was_written_breaks_an_invariant(calendar: Sessions, rule_cache: Path) -> None:
    world = played(calendar, rule_cache, until=timedelta(minutes=20))
    kept = world.store.head
    with pytest.raises(BrokenError, match=rf"invariant 9: entry {kept.seq} was written, and is lost"):
        world.invariants.restarted(world.agent, older(world.store, kept.seq - 1), kept)


def test_old_copy_of_a_ledger_freezes_its_agent_and_sends_nothing(calendar: Sessions, rule_cache: Path) -> None:
    world = played(calendar, rule_cache)
    fills = [entry.seq for entry in world.store.read(kinds=frozenset({Kind.INTENT}))]
    copy = older(world.store, fills[len(fills) // 2] - 1)
    found = recover(copy, world.sentence, world.rules, world.now)
    begins = next(world.store.read()).at
    agent, seen = found.agent, world.venue.snapshot(begins, world.now)
    actions = [*found.actions]
    for event in (*found.events, events.SnapshotTaken(seen)):
        actions += agent.handle(event, world.now)
    alerts = [one for action in actions if isinstance(action, events.Commit) for one in action.drafts]

    assert "which this ledger does not know" in agent.watch.freeze
    assert "freeze" in [str(draft.body["id"]) for draft in alerts if draft.kind is Kind.ALERT]
    assert [] == [one for one in actions if isinstance(one, events.Submit) and one.order.stop is None]


def test_tokens_that_run_out_are_counted_alike_when_the_ledger_is_lived_again(
    calendar: Sessions, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "BUDGETS", ((4.0, 0.15),))
    world = World(case_of(0, 1, ()), calendar, rule_cache)
    world.run()
    waited = [one for one in world.store.read(kinds=frozenset({Kind.REQUEST})) if one.body["what"] == entries.TICK]
    lived = Replay(world.store, world.sentence, world.rules).run()
    again = recover(world.store, world.sentence, world.rules, world.now)

    assert len(waited) > 2, "orders have waited for tokens"
    assert lived.difference is None
    assert Budget(size=4.0, per_second=0.15).orders.size == lived.agent.watch.budget.orders.size
    assert world.agent.watch.budget.orders == again.agent.watch.budget.orders
    assert world.agent.watch.look_every == again.agent.watch.look_every


@pytest.mark.parametrize("fault", ["F1", "F2", "F3", "F4", "F35", "F44"])
def test_agent_that_dies_again_and_again_breaks_nothing(fault: str, calendar: Sessions, rule_cache: Path) -> None:
    case = case_of(1, 1, (fault,))
    often = type(case)(seed=1, days=1, rates={fault: min(0.2, 20 * case.rates[fault])}, rule_set=case.rule_set)
    outcome = play(often, calendar, rule_cache)

    assert "" == outcome.what
    assert outcome.starts >= outcome.struck[fault] > 0
    assert 1 == outcome.traded
