"""The journal of a paper venue: played again it gives the same venue; torn it is cut off, damaged it is named."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from paper_desk import (
    START,
    begin,
    begun,
    drawn,
    fund,
    kept,
    outcome,
    priced,
    stage,
    state,
    submit,
    terms,
    ticking,
    unsynced,
)
from tradewright.errors import LedgerError, SafetyError
from tradewright.execute.paper import journal
from tradewright.execute.paper.desk import Desk
from tradewright.execute.paper.keeper import Keeper
from tradewright.execute.paper.terms import Terms
from venue_rows import sent


def traded(path: Path) -> bytes:
    """Fill a journal with a few calls, and return its bytes."""
    with kept(path) as venue:
        for call in [*priced(), submit(sent(1, 5)), submit(sent(2, -3)), stage("close")]:
            outcome(venue, call)
    return path.read_bytes()


# ---- what a restart plays again --------------------------------------------------------------------------


def test_keeper_when_opened_again_has_the_same_state_and_goes_on_counting_executions(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with kept(path) as before:
        for call in [*priced(), submit(sent(1, 5))]:
            outcome(before, call)
        then = state(before.desk)
    with kept(path) as after:
        again = state(after.desk)
        outcome(after, submit(sent(2, 5)))

        assert then == again
        assert ["1", "2"] == list(after.desk.venue.told.fills)


def test_any_calls_with_restarts_in_between_equal_the_same_calls_in_memory(tmp_path: Path) -> None:
    """A journal that is opened again at any place answers, tells and holds what a desk does that never ended."""
    counts: Counter[str] = Counter()
    for seed in range(12):
        with unsynced():
            _compare(tmp_path / f"{seed}", Random(seed), counts)

    assert counts["restarts"] > 100, counts
    assert counts["fills"] > 100, counts
    assert counts["activities"] > 30, counts
    assert counts["refused"] > 30, counts


def _compare(folder: Path, random: Random, counts: Counter[str]) -> None:
    costs = {"has_volume": True, "commission_rate": 0.001, "cash_rate": 0.03, "borrow_rate": 0.01}
    folder.mkdir()
    path, memory, clock, rows = begun(folder, **costs), Desk(terms(**costs)), ticking(), 0
    venue = Keeper(path, clock)
    for _ in range(200):
        call, now = drawn((random.randrange(24), random.randrange(8), random.randrange(9)), rows), clock()
        rows += call[0] == "begin"
        if random.random() < 0.06:
            venue.journal.close()
            venue = Keeper(path, clock)
            counts["restarts"] += 1
        found = outcome(venue, call, now)
        counts["refused"] += found[0].startswith("refused")

        assert outcome(memory, call, now) == found, (call, counts)

    venue.journal.close()
    counts.update(fills=len(memory.venue.told.fills), activities=len(memory.venue.told.activities))
    with kept(path) as again:
        assert state(memory) == state(venue.desk) == state(again.desk)


def test_clock_that_goes_back_does_not_take_the_venue_with_it(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with kept(path) as venue:
        for call in priced():
            outcome(venue, call, START + timedelta(hours=1))
        outcome(venue, submit(sent(1, 5)), START)
    with kept(path, lambda: START) as again:
        outcome(again, submit(sent(2, 5)))
        fills = [fill.at for fill in again.desk.venue.told.fills.values()]

    assert [START + timedelta(hours=1)] * 2 == fills


def test_what_changes_nothing_is_not_written(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with kept(path) as venue:
        for call in priced():
            outcome(venue, call)
        lines = venue.journal.n
        for call in [*priced(), ("query", {"id": str(sent(1, 1).id)}), ("cancel_all", {"stops": True}), ("no", {})]:
            outcome(venue, call)

        assert 4 == lines == venue.journal.n


# ---- what a disk may hold --------------------------------------------------------------------------------


def test_torn_last_line_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    path = begun(tmp_path)
    whole = traded(path)
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in [start + 1, start + 64, len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:end])
        with kept(path) as venue:
            assert (6, whole[:start]) == (venue.journal.n, path.read_bytes())
            outcome(venue, stage("close"))
            assert 7 == venue.journal.n


def test_last_line_of_which_the_disk_got_zeros_is_cut_off(tmp_path: Path) -> None:
    path = begun(tmp_path)
    whole = traded(path)
    path.write_bytes(whole + bytes(300))

    with kept(path) as venue:
        assert (7, whole) == (venue.journal.n, path.read_bytes())


def test_every_flipped_bit_is_found_and_its_line_is_named(tmp_path: Path) -> None:
    path, random = begun(tmp_path), Random(7)
    whole = traded(path)
    last = len(whole) - 1  # Its flip would make the last line look torn, and what was answered would be lost.
    places = [(last, bit) for bit in range(8)]
    places += [(random.randrange(len(whole)), random.randrange(8)) for _ in range(400)]
    for place, bit in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        path.write_bytes(flipped)
        line = whole[:place].count(b"\n") + 1
        with pytest.raises(LedgerError, match="damaged") as caught, kept(path):
            pass

        assert line == caught.value.line, (place, bit)
        assert bytes(flipped) == path.read_bytes()
        assert "restore the folder" in str(caught.value.fix)


def test_line_that_is_missing_or_exchanged_is_named(tmp_path: Path) -> None:
    path = begun(tmp_path)
    lines = traded(path).splitlines(keepends=True)
    for wrong, where in [
        (lines[:2] + lines[3:], 3),
        ([*lines[:2], lines[3], lines[2], *lines[4:]], 3),
        (lines[1:], 1),
    ]:
        path.write_bytes(b"".join(wrong))
        with pytest.raises(LedgerError, match="damaged") as caught, kept(path):
            pass

        assert where == caught.value.line


def test_journal_that_another_version_would_play_otherwise_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    path = begun(tmp_path)
    traded(path)
    from tradewright.execute.venue import SimulatedVenue

    fill = SimulatedVenue._fill
    monkeypatch.setattr(
        SimulatedVenue, "_fill", lambda self, order, units, base, *rest: fill(self, order, units, base + 1, *rest)
    )
    with pytest.raises(LedgerError, match="not what this version") as caught, kept(path):
        pass

    assert 6 == caught.value.line, "the first call after the first fill"


def test_empty_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "venue.journal"
    path.touch()
    with pytest.raises(LedgerError, match="is empty"), kept(path):
        pass


def test_journal_of_another_format_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"must be of format 1, was 2"):
        Terms.read({**terms().plain(), "format": 2})


def test_call_is_on_the_disk_before_it_is_played(tmp_path: Path, monkeypatch: Any) -> None:
    path, seen = begun(tmp_path), []
    monkeypatch.setattr(journal.os, "fsync", lambda handle: seen.append(("synced", path.read_bytes().count(b"\n"))))
    play = Desk.play
    monkeypatch.setattr(Desk, "play", lambda self, *call: (seen.append(("played", call[0])), play(self, *call))[1])
    with kept(path) as venue:
        outcome(venue, fund())

    assert [("synced", 2), ("played", "fund")] == [one for one in seen if one[1] != 1]


def test_disk_that_is_full_leaves_the_call_unplayed_and_takes_no_other(tmp_path: Path) -> None:
    """Half a line is on the disk: what followed it could not be told from damage."""
    path, write = begun(tmp_path), os.write
    with kept(path) as venue:
        with pytest.MonkeyPatch.context() as full:
            full.setattr(journal.os, "write", _only_half(write))
            with pytest.raises(OSError, match="No space"):
                venue.call(*fund())
        for _ in range(2):
            with pytest.raises(OSError, match="a call before could not be written"):
                venue.call(*fund())
        then = state(venue.desk)
    with kept(path) as again:
        assert (1, then) == (again.journal.n, state(again.desk))


def _only_half(write: Any) -> Any:
    """Return a writer to a disk that takes half of what it is given first, and then nothing."""
    calls = []

    def half(handle: int, what: Any) -> int:
        calls.append(handle)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(handle, what[: len(what) // 2])

    return half


def test_call_that_no_line_holds_is_refused(tmp_path: Path) -> None:
    with kept(begun(tmp_path)) as venue:
        answer, _ = outcome(venue, fund(key="x" * (1 << 20)))

        assert answer.startswith("refused: fund cannot be written: a body must be at most 1,048,576 bytes")
        assert 1 == venue.journal.n


# ---- what a venue is -------------------------------------------------------------------------------------


def test_terms_read_back_are_the_same_and_make_the_same_venue(tmp_path: Path) -> None:
    wanted = terms(commission_rate=0.1 + 0.2, whole=False)
    first = journal.first_line(begun(tmp_path, commission_rate=0.1 + 0.2, whole=False))

    assert first is not None
    assert wanted == Terms.read(first.body)
    assert 0.1 + 0.2 == Terms.read(first.body).open()._settings.commission_rate


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"commission_rate": 0.1}, "commission_rate 0.0 there, and commission_rate 0.1"),
        ({"whole": False}, "whole True"),
    ],
)
def test_terms_that_differ_are_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SafetyError, match=re.escape(said)):
        terms().refuse_others(terms(**changes), Path("venue.journal"))


def test_first_line_when_no_journal_is_there_is_none(tmp_path: Path) -> None:
    assert journal.first_line(tmp_path / "venue.journal") is None


def test_line_says_when_what_and_with_what(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with kept(path) as venue:
        outcome(venue, begin(), datetime(2026, 3, 2, 15, tzinfo=UTC))
    text = path.read_text("utf-8").splitlines()[1]

    assert text[65:].startswith('{"at":"2026-03-02T15:00:00.000000Z","body":{"opening":{')
    assert '"call":"begin","n":2,' in text
