"""No position above its share of equity: docs/reference/rules/position-limit.md."""

from __future__ import annotations

import math

import pytest
from engine_market import NAN, PLAIN_ASSET, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from tradewright.risk.contract import FROZEN, NORMAL, REDUCE_ONLY, Proposal
from tradewright.risk.position_limit import Parameters, PositionLimit, limit_position, make

P = Parameters(0.30, 0.02)
WEIGHT = st.floats(-2.0, 2.0)


def ask(target: float, held: float = 0.0, p: Parameters = P) -> float:
    answer: float = limit_position(Proposal(target, 90.0, NORMAL), PLAIN_ASSET._replace(held=held), PLAIN_BOOK, p)[0]
    return answer


@pytest.mark.parametrize(
    ("target", "held", "expected"),
    [
        pytest.param(0.30, 0.0, 0.30, id="at the limit"),
        pytest.param(0.2999, 0.0, 0.2999, id="just below"),
        pytest.param(0.3001, 0.0, 0.30, id="just above"),
        pytest.param(-0.3001, 0.0, -0.30, id="short, just above"),
        pytest.param(0.0, 0.5, 0.0, id="closing"),
        pytest.param(0.31, 0.31, 0.31, id="drifted within the band: kept"),
        pytest.param(0.315, 0.31, 0.31, id="drifted within the band: not added to"),
        pytest.param(0.305, 0.31, 0.305, id="drifted within the band: may fall"),
        pytest.param(0.32, 0.32, 0.32, id="at the band"),
        pytest.param(0.3201, 0.3201, 0.30, id="just above the band: trimmed to the limit"),
        pytest.param(0.3199, 0.3199, 0.3199, id="just below the band"),
        pytest.param(-0.32, -0.32, -0.32, id="a short at the band"),
        pytest.param(-0.33, -0.33, -0.30, id="a short above the band"),
    ],
)
def test_position_limit_caps_increases_and_trims_beyond_the_band(target: float, held: float, expected: float) -> None:
    assert expected == ask(target, held)


def test_position_limit_of_no_number_is_the_limit() -> None:
    assert 0.30 == ask(NAN)
    assert 0.30 == ask(math.inf, NAN)


@given(WEIGHT, WEIGHT, st.floats(0.01, 0.30), st.floats(0.0, 0.02))
def test_position_limit_never_raises_and_is_idempotent(target: float, held: float, limit: float, band: float) -> None:
    p = Parameters(limit, band)
    once = ask(target, held, p)

    assert abs(once) <= abs(target)
    assert once * target >= 0.0
    assert once == ask(once, held, p)
    assert abs(once) <= limit + band


@pytest.mark.parametrize("mode", [NORMAL, REDUCE_ONLY, FROZEN])
def test_position_limit_touches_neither_stop_nor_mode(mode: int) -> None:
    assert limit_position(Proposal(0.9, 90.0, mode), PLAIN_ASSET, PLAIN_BOOK, P) == Proposal(0.30, 90.0, mode)


def test_position_limit_is_made_from_its_options() -> None:
    rule = make(PositionLimit(limit=0.2, trim_band=0.01))

    assert (rule.phase, rule.parameters, rule.memory) == ("asset", Parameters(0.2, 0.01), 0)
