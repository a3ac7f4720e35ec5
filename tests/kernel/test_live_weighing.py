"""What a decision says it has weighed: each asset's verdicts lead from what was wanted to its target."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crashing import crashing
from desk_harness import Desk, drafts
from engine_harness import prices
from test_live_parity import WIDE
from tradewright.ledger.brief import whole
from tradewright.ledger.entry import Kind
from tradewright.live.events import Imposed
from tradewright.risk import position_limit
from twin_draws import case_of

LIMIT = [("position-limit", position_limit.make(position_limit.PositionLimit(limit=0.30)))]
TWO = prices([[100.0, 50.0]] * 4, open=[[100.0, 50.0]] * 4)


def number(told: dict[str, Any], name: str, place: tuple[str, str], usual: float = 0.0) -> float:
    """Return what a decision says of a strategy and symbol."""
    return float(told.get(name, {}).get(place[0], {}).get(place[1], usual))


@pytest.mark.parametrize(
    ("seed", "rule_set", "more"),
    [(31, "gates", {}), (28, "mission", {"n_books": 1}), (26, "all", {"limits": True})],
)
def test_verdicts_of_every_decision_lead_from_what_was_wanted_to_its_target(
    seed: int, rule_set: str, more: dict[str, Any], rule_cache: Path
) -> None:
    draw = replace(WIDE, seed=seed, rule_set=rule_set, n_bars=60, **more)
    played = crashing(case_of(draw), rule_cache, [])
    while played.bar < draw.n_bars:
        played.step()
    seen: Counter[str] = Counter()
    told: dict[str, Any] = {}
    for entry in played.store.read(kinds=frozenset({Kind.DECISION})):
        told = whole(entry.body, told)
        places = {
            (strategy, symbol)
            for name in ("answers", "standing", "held", "targets")
            for strategy, cells in told.get(name, {}).items()
            for symbol in cells
        } | {(one[0], one[1]) for one in told.get("verdicts", [])}
        for place in places:
            stands = number(told, "standing", place, number(told, "held", place))
            at = number(told, "answers", place) if place[0] in told.get("answers", {}) else stands
            verdicts = [one for one in told.get("verdicts", []) if (one[0], one[1]) == place]
            seen.update(one[2] for one in verdicts)
            for one in verdicts:
                assert one[3] is None or float(one[3]) == at
                at = float(one[4])
            assert at == number(told, "targets", place), (entry.seq, place)

    assert seen.total() > 30
    assert "turn" in seen


def desk(folder: Path, first: Any, second: Any = 0.0, **more: Any) -> Desk:
    """Return a desk that has decided once on weights of two assets."""
    one = Desk(TWO, folder, **more)
    one.target[:, 0] = [first, second]
    one.open()
    one.arrive()
    return one


def told_of(one: Desk) -> dict[str, Any]:
    (draft,) = drafts(one.prepare())
    return dict(draft.body)


def test_rule_that_lowers_a_target_is_named_with_its_limit(rule_cache: Path) -> None:
    told = told_of(desk(rule_cache, 0.5, rules=LIMIT))

    assert ["trend", "A0", "position-limit", 0.5, 0.3, 0.3] in told["verdicts"]
    assert ({"A0": 0.5}, {"A0": 0.3}) == (told["answers"]["trend"], told["targets"]["trend"])


def test_decision_that_no_rule_changes_has_no_verdict(rule_cache: Path) -> None:
    assert "verdicts" not in told_of(desk(rule_cache, 0.1, 0.3, rules=LIMIT))


@pytest.mark.parametrize(("answer", "by"), [(math.nan, "breach"), (-0.25, "turn")])
def test_what_binds_before_any_rule_is_told_as_a_verdict(answer: float, by: str, rule_cache: Path) -> None:
    one = desk(rule_cache, 0.5)
    one.prepare()
    one.play(0.5)
    assert one.held("A0") > 0
    one.target[:, 0] = [answer, 0.0]
    one.open()
    one.arrive()
    told = told_of(one)

    (verdict,) = told["verdicts"]
    assert ("trend", "A0", by) == tuple(verdict[:3])
    assert number(told, "targets", ("trend", "A0")) == verdict[4]


def test_position_that_is_not_known_is_told_as_blocked(rule_cache: Path) -> None:
    one = desk(rule_cache, 0.5)
    one.tell(Imposed({"A0": "an order of somebody else"}))

    assert [["trend", "A0", "blocked", 0.5, 0.0]] == told_of(one)["verdicts"]


@pytest.mark.parametrize(
    ("target", "more", "why"),
    [
        (0.5, {"no_trade_band": 0.6}, []),  # From nothing there is no band.
        (0.004, {}, [["trend", "A0", "lot"]]),
    ],
)
def test_target_that_orders_nothing_says_why(target: float, more: Any, why: list[Any], rule_cache: Path) -> None:
    assert why == told_of(desk(rule_cache, target, **more)).get("fewer", [])


@pytest.mark.parametrize(("change", "why"), [(0.0199, "band"), (0.0201, None)])
def test_change_within_the_band_says_so(change: float, why: str | None, rule_cache: Path) -> None:
    one = desk(rule_cache, 0.5, no_trade_band=0.02)
    one.prepare()
    one.play(0.5)
    one.target[:, 0] = [0.5 + change, 0.0]
    one.open()
    one.arrive()

    assert ([["trend", "A0", why]] if why else None) == told_of(one).get("fewer")
