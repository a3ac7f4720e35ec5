"""Simulated days: clean seeds stay clean, and bugs that are planted are found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import attrs
import numpy as np
import pytest
from planted_bugs import BUGS, Patch, case_with, no_deduplication, submit_before_intent
from tradewright.execute.faults import FAULTS, Dice, named, swarm
from tradewright.sessions import Sessions, all_sessions
from tradewright.simtest import market
from tradewright.simtest.campaign import campaign, play, shrink
from tradewright.simtest.invariants import BrokenError, Invariants
from tradewright.simtest.wishes import RULE_SETS
from tradewright.simtest.world import World, case_of

Run = Callable[..., tuple[int, str, str]]
SEEDS = 6
"""Of two days each, in every run of the tests; `tradewright simtest` plays as many as are asked for."""


@pytest.fixture(scope="module")
def calendar(rule_cache: Path) -> Sessions:
    return all_sessions("XNYS", cache=rule_cache)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_seed_with_faults_of_its_choice_breaks_nothing(seed: int, calendar: Sessions, rule_cache: Path) -> None:
    outcome = play(case_of(seed, 2), calendar, rule_cache)

    assert "" == outcome.what
    assert (2, 2) == (outcome.sessions, outcome.traded)
    assert {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15} >= set(outcome.checked)
    assert outcome.orders > 10


@pytest.mark.parametrize("seed", range(len(RULE_SETS)))
def test_seed_without_faults_breaks_nothing_and_meets_none(seed: int, calendar: Sessions, rule_cache: Path) -> None:
    outcome = play(case_of(seed, 1, ()), calendar, rule_cache)

    assert ("", Counter()) == (outcome.what, outcome.struck)
    assert {"checks", "mission", "shorts"} == set(RULE_SETS)


def test_seed_when_played_again_leaves_the_same_ledger(calendar: Sessions, rule_cache: Path) -> None:
    worlds = [World(case_of(7, 1), calendar, rule_cache) for _ in range(2)]
    for world in worlds:
        world.run()

    assert worlds[0].store.head == worlds[1].store.head
    assert worlds[0].dice.struck == worlds[1].dice.struck


@pytest.mark.parametrize("seed", [4, 5])
def test_seed_whose_rows_are_prepared_one_by_one_leaves_the_same_ledger(
    seed: int, calendar: Sessions, rule_cache: Path
) -> None:
    ledgers = []
    for ahead in (True, False):
        world = World(case_of(seed, 1, ahead=ahead), calendar, rule_cache)
        world.run()
        told = [(one.at, one.kind, {**one.body}) for one in world.store.read()]
        assert ahead is told[1][2].pop("ahead")
        ledgers.append(told)

    assert ledgers[0] == ledgers[1]
    assert world.starts > 0


@pytest.mark.parametrize("bug", list(BUGS), ids=lambda bug: bug.__name__)
def test_planted_bug_is_found(
    bug: Patch, calendar: Sessions, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults, seeds = BUGS[bug]
    bug(monkeypatch)

    assert any(play(case_with(bug, seed, faults), calendar, rule_cache).invariant for seed in seeds)


def test_failure_is_shrunk_to_the_faults_that_it_needs(
    calendar: Sessions, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_deduplication(monkeypatch)
    failed = play(case_of(0, 2, ("F5", "F8", "F20")), calendar, rule_cache)
    smallest = shrink(failed, calendar, rule_cache)

    assert (13, ["F8"]) == (smallest.invariant, list(smallest.case.rates))
    assert "tradewright simtest --first 0 --seeds 1 --days 2 --faults F8" == smallest.command


def test_campaign_ends_with_the_first_seed_that_fails(
    calendar: Sessions, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    clean = campaign(range(2), 1, (), calendar, rule_cache, told.append)
    submit_before_intent(monkeypatch)
    broken = campaign(range(2), 1, (), calendar, rule_cache, told.append)

    assert ([0, 0], [3]) == ([one.invariant for one in clean], [one.invariant for one in broken])
    assert [1, 2] == told
    assert "was sent before it was written down" in broken[-1].what


@pytest.mark.parametrize(("option", "expected"), [([], "ahead"), (["--per-row"], "per row")])
def test_command_says_how_rows_were_prepared(option: list[str], expected: str, run: Run) -> None:
    asked = ["simtest", "--seeds", "1", "--days", "1", "--faults", "none", *option]
    code, text, _ = run(*asked)

    assert 0 == code
    assert text.splitlines()[-1].endswith(f" days a minute, prepared {expected}")
    assert expected == json.loads(run(*asked, "--json")[1])["prepared"]


def test_command_of_a_failure_says_how_its_rows_were_prepared(calendar: Sessions, rule_cache: Path) -> None:
    ahead, per_row = (play(case_of(3, 1, (), ahead=ahead), calendar, rule_cache).command for ahead in (True, False))

    assert "tradewright simtest --first 3 --seeds 1 --days 1 --faults none" == ahead
    assert f"{ahead} --per-row" == per_row


# ---- what they are made of -------------------------------------------------------------------------------


def test_market_has_half_days_and_no_bars_beyond_them(calendar: Sessions) -> None:
    lengths = Counter()
    for seed in range(60):
        bars, start = market.make(calendar, 10, Dice({}, Random(seed)))
        lengths.update(np.unique(bars.session, return_counts=True)[1].tolist())
        assert bars.session_ends[start - 1]
        assert np.all(bars.closed_at <= bars.session_closes_at)

    assert {26, 14} == set(lengths)
    assert lengths[26] > 20 * lengths[14] > 0


@pytest.mark.parametrize(("fault", "rate"), [("F28", 0.05), ("F31", 0.05)])
def test_market_with_halts_and_gaps_leaves_bars_out(fault: str, rate: float, calendar: Sessions) -> None:
    dice = Dice({fault: rate}, Random(1))
    bars, start = market.make(calendar, 2, dice)

    assert bars.traded[:start].all()
    assert 0 < (~bars.traded).sum() < bars.traded.size / 2
    assert dice.struck[fault] > 0


def test_market_with_splits_keeps_what_a_position_is_worth(calendar: Sessions) -> None:
    bars, _ = market.make(calendar, 10, Dice({"F29": 0.3}, Random(2)))
    assert bars.split is not None
    assert bars.open is not None
    at, column = np.argwhere(bars.split != 1.0)[0]

    assert bars.session_ends[at - 1]
    assert 0.9 < bars.open[at, column] * bars.split[at, column] / bars.close[at - 1, column] < 1.1


def test_swarm_of_a_seed_is_the_same_and_names_keep_its_rates() -> None:
    chosen = swarm(Random(5))

    assert chosen == swarm(Random(5))
    assert 0 < len(chosen) < len(FAULTS)
    assert chosen == swarm(Random(5), chosen)
    assert set(FAULTS) == {name for seed in range(20) for name in swarm(Random(seed))}


def test_named_when_a_fault_is_unknown_lists_all() -> None:
    with pytest.raises(ValueError, match=r"a fault must be one of F5, F6, .*, was F99"):
        named("F5,F99")


def test_dice_when_healed_or_off_never_strike() -> None:
    dice = Dice({"F5": 1.0}, Random(1))
    before = dice.random.getstate()
    assert not dice.strikes("F6")
    assert before == dice.random.getstate()
    assert dice.strikes("F5")
    dice.is_healed = True

    assert not dice.strikes("F5")
    assert Counter({"F5": 1}) == dice.struck


def watched(calendar: Sessions, folder: Path) -> tuple[World, Invariants]:
    world = World(case_of(0, 1, ()), calendar, folder)
    return world, world.invariants


@pytest.mark.parametrize(("calls", "seconds", "holds"), [(300, 0.0, True), (301, 0.0, False), (301, 1.0, True)])
def test_invariant_of_calls_counts_a_minute(
    calls: int, seconds: float, holds: bool, calendar: Sessions, rule_cache: Path
) -> None:
    world, invariants = watched(calendar, rule_cache)
    found: Any = None
    try:
        for number in range(calls):
            invariants.called(world.now + number * timedelta(seconds=seconds))
    except BrokenError as broken:
        found = broken.number

    assert (None if holds else 12) == found


def test_invariant_of_money_sees_a_cent(calendar: Sessions, rule_cache: Path) -> None:
    world, invariants = watched(calendar, rule_cache)
    invariants.settled()
    world.venue.fund("book0", 0.01)
    with pytest.raises(BrokenError, match=r"invariant 2: the venue has 0\.01"):
        invariants.settled()


def test_invariant_of_units_sees_one(calendar: Sessions, rule_cache: Path) -> None:
    world, invariants = watched(calendar, rule_cache)
    world.venue.held["book0", "AAA"] = Decimal(1)
    with pytest.raises(BrokenError, match="invariant 1: AAA: 0 are booked, 1 are held"):
        invariants.settled()


def test_case_is_a_value(calendar: Sessions) -> None:
    assert case_of(4, 2) == attrs.evolve(case_of(4, 3), days=2)


def test_page_names_every_fault_and_every_bug(root: Path) -> None:
    page = (root / "docs/reference/simtest.md").read_text("utf-8")

    assert [] == [
        fault.name for fault in FAULTS.values() if f"| {fault.name} | {fault.what} | {fault.when} |" not in page
    ]
    assert len(BUGS) == page.split("## Bugs that it has to find")[1].count("\n| ") - 1
