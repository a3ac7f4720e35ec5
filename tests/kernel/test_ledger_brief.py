"""What a ledger leaves out is read back whole: of decisions within a session, and of the numbers of a row."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_harness import prices
from sentence_parts import Always, strategy
from test_live_playback import Filed, finish, played, written
from tradewright.ledger.brief import PARTS, SAME, Told, prices_of, whole
from tradewright.ledger.entry import START, Draft, Kind, chain
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.views import tell_story
from tradewright.live import entries, session
from tradewright.live.parting import parting
from tradewright.values.bars import Bars

AT = datetime(2026, 3, 2, 21, tzinfo=UTC)
FIRST: dict[str, Any] = {"cash": {"trend": "9"}, "targets": {"trend": {"A0": "0.5"}}, "orders": [["trend", "A0"]]}


# ---- decisions -------------------------------------------------------------------------------------------


def test_first_decision_of_a_session_is_whole() -> None:
    told = Told()
    told.shorten(FIRST)
    told.forget()

    assert told.shorten(FIRST) == FIRST


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (FIRST, {"orders": FIRST["orders"], SAME: ["cash", "targets"]}),
        (
            {**FIRST, "cash": {"trend": "8"}},
            {"cash": {"trend": "8"}, "orders": FIRST["orders"], SAME: ["targets"]},
        ),
        ({"cash": FIRST["cash"]}, {SAME: ["cash"]}),
        ({}, {}),
    ],
)
def test_later_decision_names_what_is_as_before_and_tells_the_rest(second: Any, expected: Any) -> None:
    told = Told()
    told.shorten(FIRST)
    found = told.shorten(second)

    assert expected == found
    assert second == whole(found, FIRST)


def test_part_that_was_not_told_is_not_as_before() -> None:
    """It was empty in between, so that it is told again."""
    told = Told()
    for one in (FIRST, {}):
        told.shorten(one)

    assert FIRST == told.shorten(FIRST)


def test_decisions_of_a_session_are_read_back_as_those_of_sessions_of_one_row(rule_cache: Path) -> None:
    """The same prices, once with a session for each row: then every decision is whole."""
    close = [100.0 + bar % 3 for bar in range(12)]
    made = Filed(strategy(signals={"always": Always()}))
    one = finish(played(prices(close, open=close, sessions=np.arange(12) // 6), rule_cache, made))
    other = finish(played(prices(close, open=close), rule_cache, made))
    told: dict[str, Any] = {}
    found = [told := whole(entry.body, told) for entry in written(one, Kind.DECISION)]
    wanted = [entry.body for entry in written(other, Kind.DECISION)]
    left_out = [entry.body.get(SAME, []) for entry in written(one, Kind.DECISION)]

    for left, right in zip(found, wanted, strict=True):
        assert {**left, "state": ""} == {**right, "state": ""}, "the number of the session is part of the state"
    assert ([], []) == (left_out[0], left_out[6])
    assert sum(map(len, left_out)) > 12
    assert PARTS >= {name for names in left_out for name in names}


def test_story_of_a_decision_that_left_parts_out_is_whole() -> None:
    bodies: list[tuple[Kind, dict[str, Any]]] = [
        (Kind.GENESIS, {"ledger": "desk"}),
        (Kind.SESSION, {"symbols": {"trend": ["A0"]}}),
        (Kind.ROW, {"session": "2026-03-02", "prices": {"A0": ["100"]}}),
        (Kind.DECISION, {**FIRST, "held": {"trend": {"A0": "0.25"}}}),
        (Kind.ROW, {"session": "2026-03-02", "prices": {"A0": ["101", 7]}}),
        (Kind.DECISION, {"held": {"trend": {"A0": "0.26"}}, SAME: ["cash", "targets"]}),
    ]
    store = MemoryStore()
    store.append([Draft(AT, kind, body) for kind, body in bodies])
    story = tell_story(store, "A0")

    assert (0.5, 0.26, {"close": "101", "volume": "7"}) == (story.target, story.held, story.row)


def test_replay_that_parts_in_what_one_of_two_leaves_out_says_so() -> None:
    there = 'decision {"closed_at":"2020","same":["cash"],"state":"ab"}'
    now = 'decision {"cash":{"trend":"999"},"closed_at":"2020","state":"cd"}'

    assert ["cash: as before there, another now", "hash of the state: ab there, cd now"] == parting(there, now, {})


# ---- rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["1.5"], {"close": "1.5"}),
        ([1, None], {"close": "1"}),
        ([1, 2, "0.5", 1], {"open": "1", "high": "2", "low": "0.5", "close": "1"}),
        ([1, 2, "0.5", 1, 10], {"open": "1", "high": "2", "low": "0.5", "close": "1", "volume": "10"}),
    ],
)
def test_numbers_of_a_row_are_named_by_how_many_there_are(numbers: Any, expected: Any) -> None:
    assert expected == prices_of(numbers)


@pytest.mark.parametrize("number", [0.1, 1.0, 2.0**53 - 1.0, 2.0**53, 1e300, 5e-324, 123.45])
def test_row_is_read_back_bit_for_bit(number: float) -> None:
    bars = prices([[number, math.nan]], volume=[[number, math.nan]])
    assert bars_again(bars).close.tobytes() == bars.close.tobytes()
    again = bars_again(bars).volume

    assert again is not None
    assert again[0, 0] == number


@pytest.mark.parametrize(("seconds", "closes_in"), [(60.0, 0.0), (0.000001, 23_040.5), (86_400.0, 0.25)])
def test_row_is_read_back_with_its_instants(seconds: float, closes_in: float) -> None:
    micro = np.timedelta64(1, "us")
    closed = np.array(["2026-03-02T21:00:00.123456"], "datetime64[ns]")
    bars = Bars(
        instruments=prices([1.0]).instruments,
        opened_at=closed - round(seconds * 1e6) * micro,
        closed_at=closed,
        session=closed.astype("datetime64[D]"),
        closes_at=closed + round(closes_in * 1e6) * micro,
        ends=np.array([closes_in == 0.0]),
        close=[[1.0]],
        traded=[[True]],
    )
    again = bars_again(bars)

    for name in ("opened_at", "closed_at", "session", "session_ends", "session_closes_at"):
        assert getattr(bars, name).tolist() == getattr(again, name).tolist(), name


def bars_again(bars: Bars) -> Bars:
    """Return bars as their ledger tells them."""
    first = Draft(AT, Kind.GENESIS, {"ledger": "desk"})
    rows = [entries.row(bars.between(bar, bar + 1), AT) for bar in range(bars.n_bars)]
    _, *told = chain(START, [first, *rows])
    return session.rows_of(told, bars.until(0))
