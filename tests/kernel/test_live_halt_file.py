"""The file `HALT`: what counts as one, what it holds back, what passes, and what a replay makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk_harness import PHYSICS, desk, drafts, orders, stops, words
from engine_harness import prices
from sentence_parts import Always, strategy
from test_live_core_stops import stopping
from test_live_playback import Filed, finish, played, written
from tradewright.engine.fuse import fuse
from tradewright.engine.state import as_bytes
from tradewright.ledger.entry import Kind
from tradewright.live.halt_file import HALT, HaltFile, never
from tradewright.live.playback import Playback
from tradewright.live.replay import Replay

FLATTEST = prices([100.0] * 8, open=[100.0] * 8)


# ---- the file --------------------------------------------------------------------------------------------


def make_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    "make",
    [Path.touch, lambda path: path.write_text("stop"), Path.mkdir, make_link, os.mkfifo],
    ids=["empty", "written", "folder", "broken link", "pipe"],
)
def test_anything_of_that_name_is_a_halt_until_it_is_gone(make: Callable[[Path], Any], tmp_path: Path) -> None:
    halts, path = HaltFile(tmp_path), tmp_path / HALT
    before = halts.stands()
    make(path)
    during = halts.stands()
    path.rmdir() if path.is_dir() else path.unlink()

    assert [False, True, False] == [before, during, halts.stands()]


@pytest.mark.parametrize("name", ["HALT.txt", ".HALT", "HALTED"])
def test_another_name_is_no_halt(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()

    assert not HaltFile(tmp_path).stands()


def test_folder_that_cannot_be_read_or_is_gone_is_a_halt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    assert HaltFile(tmp_path / "gone").stands()
    assert HaltFile(tmp_path / "file").stands()
    monkeypatch.setattr(os, "lstat", refuse)  # A test that runs as root may read every folder.
    assert HaltFile(tmp_path).stands()


def test_agent_without_a_folder_is_not_halted() -> None:
    assert not never()


# ---- what the agent makes of it ---------------------------------------------------------------------------


def test_order_that_was_held_back_tells_a_person_once_and_the_next_decision(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    one.open()
    (order,) = orders(one.quote(A0=100))
    told = one.say(order, "refused", reason=HALT)
    decided = [*one.arrive(), *one.prepare()]

    assert ["commit order", "commit alert"] == words(told)
    (alert,) = [draft.body for draft in drafts(told) if draft.kind is Kind.ALERT]
    assert (HALT, "open") == (alert["id"], alert["state"])
    assert [{"strategy": "trend", "symbol": "A0", "reason": HALT, "by": ""}] == drafts(decided)[-1].body["refused"]


def test_orders_that_were_held_back_again_and_again_hold_no_increase_back_once_it_is_lifted(rule_cache: Path) -> None:
    """A venue that refuses three times does, until the next session; a person who lifts does not wait."""
    bars = prices([100.0] * 8, open=[100.0] * 8, sessions=[0] * 8)
    one = desk(rule_cache, bars)
    one.play(0.5)
    alerts = 0
    for _ in range(4):
        one.target[one.bar + 1, 0] = 0.5
        one.open()
        (order,) = orders(one.quote(A0=100))
        alerts += sum(draft.kind is Kind.ALERT for draft in drafts(one.say(order, "refused", reason=HALT)))
        one.arrive()
        one.prepare()
    one.play(0.5)

    assert (1, 50.0) == (alerts, one.held())


def test_person_is_told_again_in_the_next_session(rule_cache: Path) -> None:
    one = desk(rule_cache)
    one.play(0.5)
    alerts = []
    for _ in range(2):
        one.target[one.bar + 1, 0] = 0.5
        one.open()
        (order,) = orders(one.quote(A0=100))
        alerts += [draft for draft in drafts(one.say(order, "refused", reason=HALT)) if draft.kind is Kind.ALERT]
        one.arrive()
        one.prepare()

    assert 2 == len(alerts)


def test_exit_that_was_held_back_has_its_stop_again_at_once(rule_cache: Path) -> None:
    one, guard = stopping(rule_cache)
    assert ["cancel"] == words(one.quote(A0=100))
    (exit_,) = orders(one.say(guard, "cancelled"))
    (rest,) = stops(one.done)[-1:]
    assert one.held() == -float(rest.quantity) - float(exit_.quantity), "what is sold is not guarded twice"
    one.say(rest, "accepted")
    assert ["commit order", "commit alert", "cancel"] == words(one.say(exit_, "refused", reason=HALT))
    (stop,) = stops(one.say(rest, "cancelled"))

    assert (-one.held(), guard.stop) == (float(stop.quantity), stop.stop)


def test_exit_of_all_that_was_held_back_has_its_stop_again_at_once(rule_cache: Path) -> None:
    one, _ = stopping(rule_cache)
    one.arrive()
    one.target[one.bar, 0] = 0.0
    one.prepare()
    one.open()
    guard = one.agent.working.guard(("trend", "A0"))
    assert guard is not None
    assert ["cancel"] == words(one.quote(A0=100))
    (exit_,) = orders(one.say(guard.order, "cancelled"))
    assert one.held() == -float(exit_.quantity)
    (stop,) = stops(one.say(exit_, "refused", reason=HALT))

    assert (exit_.quantity, guard.order.stop) == (stop.quantity, stop.stop)


# ---- a recording ------------------------------------------------------------------------------------------


def halted(folder: Path, when: Callable[[Playback], bool]) -> Playback:
    """Play a recording in which the file is there whenever that is said."""
    paper: list[Playback] = []
    one = Filed(strategy(signals={"always": Always()}))
    paper.append(played(FLATTEST, folder, one, is_halted=lambda: when(paper[0])))
    return finish(paper[0])


def test_no_order_passes_while_the_file_is_there_and_all_do_once_it_is_gone(rule_cache: Path) -> None:
    paper = halted(rule_cache, lambda paper: paper.bar < 4)
    said = [(one.body["word"], one.body["reason"]) for one in written(paper, Kind.ORDER)]
    (fill,) = written(paper, Kind.FILL)

    assert [("refused", HALT)] * 3 == said[:3]
    assert all(word != "refused" for word, _ in said[3:])
    assert paper.closed_at(3) == fill.at, "the bar after opens where that one closes"
    refused = [one.body.get("refused", []) for one in written(paper, Kind.DECISION)]
    assert [0, 1, 1, 1, 0, 0, 0, 0] == [len(one) for one in refused]


def test_replay_of_orders_that_were_held_back_is_the_same_without_the_file(rule_cache: Path) -> None:
    paper = halted(rule_cache, lambda paper: paper.bar in {1, 2, 5})
    told: Any = Filed(strategy(signals={"always": Always()}))
    again = Replay(paper.store, told, fuse((), rule_cache, PHYSICS)).run()

    assert again.difference is None
    assert as_bytes(paper.agent.walk.state) == as_bytes(again.agent.walk.state)


def test_replay_looks_for_no_file(rule_cache: Path) -> None:
    assert (
        halted(rule_cache, lambda _: False).store.head
        == finish(played(FLATTEST, rule_cache, Filed(strategy(signals={"always": Always()})))).store.head
    )
