"""Votes and answers that were lost once: the ledger tells them, and a replay that would lose none is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk_harness import PHYSICS
from engine_harness import mission, prices
from losing import DEADLINE, WAYS, Learns, Losing, Overreaches
from sentence_parts import Always, Keeps, Momentum, strategy
from test_live_playback import Filed, finish, played, written
from test_live_recovery import altered
from tradewright.data.market import Market
from tradewright.engine.fuse import fuse
from tradewright.engine.state import as_bytes
from tradewright.ledger.entry import Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live import events
from tradewright.live.inputs import lost_of, replaced_of
from tradewright.live.parting import parting
from tradewright.live.playback import Playback
from tradewright.live.recovery import recover
from tradewright.live.replay import Replay

N_BARS = 14
LOST_ON = 7
BARS = prices(
    [[100.0 + (bar * 7) % 5, 50.0 - (bar * 3) % 4] for bar in range(N_BARS)],
    open=[[100.0 + (bar * 7) % 5, 50.0 - (bar * 3) % 4] for bar in range(N_BARS)],
)


def made(*, momentum: Any = None, optimizer: Any = None, **more: Any) -> Filed:
    """Return two strategies, the first of two signals; what is given stands in for a part of it."""
    signals = {"always": Always(), "momentum": momentum or Momentum()}
    first = strategy(signals=signals, **({"optimizer": optimizer} if optimizer else {}), **more)
    return Filed(first, strategy("calm", ("A1",)))


def traded(one: Filed, folder: Path, **more: Any) -> Playback:
    return finish(played(BARS, folder, one, **more))


def lived_again(paper: Playback, one: Filed, folder: Path, store: Any = None) -> Any:
    return Replay(store or paper.store, one, fuse((), folder, PHYSICS)).run()  # type: ignore[arg-type]  # it stands in


def assert_same(paper: Playback, one: Filed, folder: Path) -> None:
    again = lived_again(paper, one, folder)

    assert again.difference is None, again.difference
    assert paper.store.head.seq == again.entries
    assert as_bytes(paper.agent.walk.state) == as_bytes(again.agent.walk.state)


# ---- votes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_vote_that_was_lost_on_one_row_is_lost_in_a_replay_in_which_the_signal_answers(
    way: str, rule_cache: Path
) -> None:
    deadline = {"deadline": DEADLINE} if way == "late" else {}
    paper = traded(made(momentum=Losing(Momentum(), named={LOST_ON: way}), **deadline), rule_cache)
    calm = traded(made(), rule_cache)
    told = [one for one in written(paper, Kind.TIMEOUT) if one.at == paper.closed_at(LOST_ON - 1)]
    kinds = [entry.kind for entry in written(paper)]

    assert [{"momentum"}] == [{*one.body["votes"]["trend"]} for one in told]
    assert Kind.ROW is kinds[told[0].seq - 2], "it stands right behind its row"
    assert paper.store.head != calm.store.head
    assert_same(paper, made(), rule_cache)


def test_vote_that_was_lost_is_named_by_the_decision_with_its_reason(rule_cache: Path) -> None:
    paper = traded(made(momentum=Losing(Momentum(), named={LOST_ON: "raises"})), rule_cache)
    (told,) = written(paper, Kind.TIMEOUT)
    decided = [one.body["missing"] for one in written(paper, Kind.DECISION) if "missing" in one.body]

    assert [told.body["votes"]] == decided
    assert "lost this time" in told.body["votes"]["trend"]["momentum"]


def test_signal_whose_vote_was_lost_is_not_asked_again(rule_cache: Path) -> None:
    once = Losing(Momentum(), named={LOST_ON: "raises"})
    paper = traded(made(momentum=once), rule_cache)
    lived_again(paper, made(momentum=once), rule_cache)

    assert 1 == once.lost.total()


def test_signal_that_never_had_a_vote_is_no_loss(rule_cache: Path) -> None:
    """Its plugin is not there: that is found again by whoever builds the sentence."""
    broken = Filed(strategy(signals={"always": Always(), "gone": None}))
    paper = traded(broken, rule_cache)

    assert [] == written(paper, Kind.TIMEOUT)


def test_votes_lost_on_every_row_are_told_on_every_row(rule_cache: Path) -> None:
    paper = traded(made(momentum=Losing(Momentum(), named=dict.fromkeys(range(N_BARS + 1), "raises"))), rule_cache)

    assert N_BARS == len(written(paper, Kind.TIMEOUT))
    assert_same(paper, made(), rule_cache)


def test_votes_lost_by_a_recording_that_is_asked_ahead_are_lost_in_its_replay(rule_cache: Path) -> None:
    paper = traded(made(momentum=Losing(Momentum(), named={N_BARS: "nan"})), rule_cache, ahead=True)

    assert N_BARS == len(written(paper, Kind.TIMEOUT))
    assert_same(paper, made(), rule_cache)


def test_vote_that_is_lost_in_the_replay_alone_is_told_in_words(rule_cache: Path) -> None:
    paper = traded(made(), rule_cache)
    found = lived_again(paper, made(momentum=Losing(Momentum(), named={LOST_ON: "raises"})), rule_cache).difference
    (line,) = parting(found.found, found.wanted, {"trend": ["A0"]})

    assert "decision" == found.kind
    assert line.startswith("the vote of momentum for trend is lost now, and was not: ")
    assert line.endswith("momentum.compute: raised RuntimeError: lost this time")


def test_ledger_without_the_entry_that_tells_a_loss_is_not_the_same(rule_cache: Path) -> None:
    paper = traded(made(momentum=Losing(Momentum(), named={LOST_ON: "raises"})), rule_cache)
    short = altered(paper.store, lambda one: None if one.kind is Kind.TIMEOUT else one)
    found = lived_again(paper, made(), rule_cache, short).difference
    lines = parting(found.found, found.wanted, {"trend": ["A0"], "calm": ["A1"]})

    assert any("signal momentum score of A0 for trend" in line for line in lines)
    assert any(line.startswith("no vote of momentum for trend") for line in lines)


# ---- answers ---------------------------------------------------------------------------------------------


def test_answer_that_broke_its_bounds_in_turn_is_replaced_in_a_replay_in_which_it_holds(rule_cache: Path) -> None:
    paper = traded(made(optimizer=("learns", Learns(frozenset({4, 6})))), rule_cache)
    told = written(paper, Kind.BREACH)

    assert [("trend", "in turn")] * 2 == [(one.body["strategy"], one.body["asked"]) for one in told]
    assert all("learns.solve" in one.body["reason"] for one in told)
    assert_same(paper, made(optimizer=("learns", Learns())), rule_cache)


def test_optimizer_that_had_its_strikes_is_asked_no_more_in_the_replay_either(rule_cache: Path) -> None:
    paper = traded(made(optimizer=("keeps", Keeps(patience=4))), rule_cache)
    again = Keeps()

    assert 3 == len(written(paper, Kind.BREACH))
    assert_same(paper, made(optimizer=("keeps", again)), rule_cache)
    assert 4 == again.asked, "three answers were given, and the rest is the fallback's"


@pytest.mark.parametrize("way", ["raises", "exceeds"])
def test_answer_of_a_row_that_was_replaced_is_replaced_in_the_replay(way: str, rule_cache: Path) -> None:
    paper = traded(made(optimizer=("over", Overreaches({LOST_ON: way}))), rule_cache)
    (told,) = written(paper, Kind.BREACH)

    assert ("trend", "rows", paper.closed_at(LOST_ON - 1)) == (told.body["strategy"], told.body["asked"], told.at)
    assert_same(paper, made(optimizer=("over", Overreaches())), rule_cache)


def test_answer_of_a_row_on_which_nothing_is_decided_is_no_loss(rule_cache: Path) -> None:
    over = Overreaches({1: "raises"})  # It has one row to answer until the second week begins.
    paper = traded(made(optimizer=("over", over), rebalance="week"), rule_cache)

    assert over.asked > 3
    assert 1 == len(written(paper, Kind.BREACH))
    assert_same(paper, made(optimizer=("over", Overreaches()), rebalance="week"), rule_cache)


def test_votes_and_answers_that_one_row_lost_are_both_given(rule_cache: Path) -> None:
    losing = Losing(Momentum(), named={LOST_ON: "nan"})
    two = Filed(
        strategy(
            signals={"always": Always(), "momentum": losing}, optimizer=("over", Overreaches({LOST_ON: "raises"}))
        ),
        strategy("calm", ("A1",), optimizer=("learns", Learns(frozenset({LOST_ON})))),
    )
    calm = Filed(
        strategy(signals={"always": Always(), "momentum": Momentum()}, optimizer=("over", Overreaches())),
        strategy("calm", ("A1",), optimizer=("learns", Learns())),
    )
    paper = traded(two, rule_cache)

    assert [Kind.TIMEOUT, Kind.BREACH, Kind.BREACH] == [
        one.kind for one in written(paper) if one.kind in {Kind.TIMEOUT, Kind.BREACH}
    ]
    assert_same(paper, calm, rule_cache)


# ---- what a ledger tells, read back ----------------------------------------------------------------------


def test_lost_of_entries_that_tell_none_is_nothing(rule_cache: Path) -> None:
    paper = traded(made(optimizer=("learns", Learns(frozenset({1})))), rule_cache)
    (breach,) = written(paper, Kind.BREACH)

    assert lost_of([]) is None
    assert lost_of([breach]) is None, "it was asked in turn, and is given when it is asked"
    assert breach.body["reason"] == replaced_of(breach, "trend")
    assert ["", "", ""] == [
        replaced_of(None, "trend"),
        replaced_of(breach, "calm"),
        replaced_of(written(paper)[0], ""),
    ]


# ---- start-up --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("behind", "lost"), [(Kind.ROW, 1), (Kind.TIMEOUT, 0)])
def test_agent_that_died_around_a_loss_loses_what_the_ledger_tells_and_asks_for_the_rest(
    behind: Kind, lost: int, rule_cache: Path
) -> None:
    """Where the row alone was written the signal is asked again, and may lose its vote again."""
    paper = traded(made(momentum=Losing(Momentum(), named={LOST_ON: "raises"})), rule_cache)
    (told,) = written(paper, Kind.TIMEOUT)
    last = told.seq if behind is Kind.TIMEOUT else told.seq - 1
    short = MemoryStore()
    short.append([one for one in written(paper) if one.seq <= last])  # type: ignore[misc,arg-type]  # an entry is a draft
    one = Losing(Momentum(), named={LOST_ON: "nan"})
    found = recover(short, made(momentum=one), fuse((), rule_cache, PHYSICS), told.at)  # type: ignore[arg-type]  # it stands in

    assert lost == one.lost.total()
    heard = [event for event in found.events if isinstance(event, events.RowPrepared)]
    assert [1] * lost == [len(event.lost.votes) for event in heard]


def test_loss_is_text_that_a_ledger_can_hold_whatever_a_plugin_says(rule_cache: Path) -> None:
    class Shouts(Momentum):
        def compute(self, view: Any) -> Any:
            if view.bars.n_bars == LOST_ON:
                raise ValueError("\ud800\x00\n" + "x" * 2_000_000)
            return super().compute(view)

    paper = traded(made(momentum=Shouts()), rule_cache)
    (told,) = written(paper, Kind.TIMEOUT)

    assert len(json.dumps(told.body)) < 10_000
    assert_same(paper, made(), rule_cache)


def test_rules_see_the_same_of_a_row_that_lost_a_vote(rule_cache: Path) -> None:
    rules = fuse(mission(), rule_cache, PHYSICS)
    told: Any = made(momentum=Losing(Momentum(), named={LOST_ON: "shape"}))
    calm: Any = made()
    paper = finish(Playback(told, Market(feeds=(), beside=(), bars=BARS, sessions_per_year=252), rules, 0))
    again = Replay(paper.store, calm, rules).run()

    assert again.difference is None
    assert as_bytes(paper.agent.walk.state) == as_bytes(again.agent.walk.state)
