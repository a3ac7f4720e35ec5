"""Where a replay parts from its ledger is told in words: a changed parameter, and a row that was dropped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from test_live_recovery import SMALL, altered, played
from tradewright.ledger.entry import Draft, Kind
from tradewright.live.parting import parting
from tradewright.live.replay import Replay

SYMBOLS = {"trend": ["SPX", "COMP"]}
WHOLE: dict[str, Any] = {
    "closed_at": "2020-03-02T21:00:00.000000Z",
    "opinions": {"trend": {"ma": [["1.0", "1.0"], ["0.5", "1.0"]]}},
    "combined": {"trend": ["1.0", "0.5"]},
    "answers": {"trend": {"SPX": "0.5"}},
    "verdicts": [["trend", "SPX", "position-limit", "0.5", "0.4", "0.4"]],
    "targets": {"trend": {"SPX": "0.4"}},
    "orders": [["trend", "SPX", "4.0", None, "5.0"]],
    "cash": {"trend": "1000"},
    "state": "ab",
}


def words(**changes: Any) -> list[str]:
    """Return what is said of a decision some of whose parts are others now."""
    return parting(f"decision {json.dumps(WHOLE)}", f"decision {json.dumps({**WHOLE, **changes})}", SYMBOLS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"targets": {"trend": {"SPX": "0.38"}}}, "target of SPX for trend: 0.4 there, 0.38 now"),
        ({"targets": {}}, "target of SPX for trend: 0.4 there, none now"),
        (
            {"opinions": {"trend": {"ma": [["1.0", "1.0"], ["0.4", "1.0"]]}}},
            "signal ma score of COMP for trend: 0.5 there, 0.4 now",
        ),
        ({"combined": {"trend": ["0.9", "0.5"]}}, "forecast of SPX for trend: 1.0 there, 0.9 now"),
        ({"orders": [["trend", "SPX", "3.0", None, "5.0"]]}, "order units of SPX for trend: 4.0 there, 3.0 now"),
        ({"cash": {"trend": "999"}}, "cash trend: 1000 there, 999 now"),
    ],
)
def test_decision_that_differs_in_one_number_names_it(changes: Any, expected: str) -> None:
    assert [expected] == words(**changes)


def test_verdict_that_is_another_names_its_rule() -> None:
    (found,) = words(verdicts=[["trend", "SPX", "position-limit", "0.5", "0.3", "0.4"]])

    assert "rule position-limit after of SPX for trend: 0.4 there, 0.3 now" == found


def test_what_came_first_is_told_first() -> None:
    found = words(state="cd", targets={}, opinions={}, cash={"trend": "1"})

    assert ["signal", "signal", "target", "cash", "hash"] == [line.split()[0] for line in (*found[:2], *found[-3:])]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", "now nothing is said"),
        ('intent {"quantity":"4","symbol":"SPX"}', "there, intent 4 SPX now"),
        (f"decision {json.dumps(WHOLE)}", "is of another instant now"),
    ],
)
def test_entry_of_another_kind_or_none_is_said_so(wanted: str, expected: str) -> None:
    (line,) = parting(f"decision {json.dumps(WHOLE)}", wanted, SYMBOLS)

    assert "decision 2020-03-02T21:00:00.000000Z" in line
    assert expected in line


def test_row_that_was_dropped_breaks_the_replay_and_is_explained(rule_cache: Path) -> None:
    calm = played(SMALL, rule_cache, [])
    seen = iter(range(10_000))
    short = altered(calm.store, lambda one: None if one.kind is Kind.ROW and next(seen) == 20 else one)
    found = Replay(short, calm.sentence, calm.fused).run()

    assert found.difference is not None
    (line,) = parting(found.difference.found, found.difference.wanted, SYMBOLS)
    assert "now nothing is said: a row, a quote or a word of the venue that led to it is missing" in line


def test_row_that_was_dropped_with_all_that_followed_is_explained_by_the_next_decision(rule_cache: Path) -> None:
    calm = played(SMALL, rule_cache, [])
    bars = 0

    def skip(one: Draft) -> Draft | None:
        nonlocal bars
        bars += one.kind is Kind.ACTION
        return None if bars == 20 else one

    found = Replay(altered(calm.store, skip), calm.sentence, calm.fused).run()

    assert found.difference is not None
    lines = parting(found.difference.found, found.difference.wanted, SYMBOLS)
    assert lines
    assert all(" there, " in line or "stands there" in line for line in lines)


def test_parameter_that_was_changed_breaks_the_replay_and_is_explained(rule_cache: Path) -> None:
    """Other targets are what another parameter leads to."""
    calm = played(SMALL, rule_cache, [])
    case: Any = calm.sentence.case  # type: ignore[attr-defined]  # a sentence that stands in
    less = [[[weight * 0.75 for weight in book] for book in row] for row in case.target]
    other: Any = type(calm.sentence)(dataclasses.replace(case, target=less))  # type: ignore[call-arg]  # as above
    found = Replay(calm.store, other, calm.fused).run()

    assert found.difference is not None
    lines = parting(found.difference.found, found.difference.wanted, SYMBOLS)
    assert lines[0].startswith("optimizer's answer of A")
