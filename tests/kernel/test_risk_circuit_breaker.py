"""Nothing is added in a wild market: docs/reference/rules/circuit-breaker.md."""

from __future__ import annotations

import math

import pytest
from engine_market import NAN, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from tradewright.config import OptionError
from tradewright.risk.circuit_breaker import CircuitBreaker, Parameters, break_circuit, make
from tradewright.risk.contract import REDUCING, RUNNING, Halt
from tradewright.risk.market import market_move, volatility_spike

P = Parameters(0.0625, 3.0)


@pytest.mark.parametrize(
    ("move", "spike", "expected"),
    [
        pytest.param(0.0625, 1.0, Halt(REDUCING, 1.0, 0.0625, 0.0625), id="a rise of exactly the limit"),
        pytest.param(-0.0625, 1.0, Halt(REDUCING, 1.0, 0.0625, 0.0625), id="a fall of exactly the limit"),
        pytest.param(0.0624, 1.0, Halt(RUNNING, 1.0, 0.0624, 0.0625), id="just below"),
        pytest.param(-0.0626, 1.0, Halt(REDUCING, 1.0, 0.0626, 0.0625), id="just above"),
        pytest.param(0.0, 3.0, Halt(REDUCING, 1.0, 3.0, 3.0), id="a spike of exactly the limit"),
        pytest.param(0.0, math.nextafter(3.0, 0.0), Halt(RUNNING, 1.0, 0.0, 0.0625), id="a spike just below"),
        pytest.param(0.0, 3.1, Halt(REDUCING, 1.0, 3.1, 3.0), id="a spike just above"),
        pytest.param(0.1, 9.0, Halt(REDUCING, 1.0, 0.1, 0.0625), id="both: the move is named"),
    ],
)
def test_circuit_breaker_fires_at_its_limits(move: float, spike: float, expected: Halt) -> None:
    assert expected == break_circuit(PLAIN_BOOK, P, move, spike)


@pytest.mark.parametrize(("move", "spike"), [(NAN, 1.0), (0.0, NAN), (NAN, NAN)])
def test_circuit_breaker_of_an_unknown_number_fires(move: float, spike: float) -> None:
    verdict = break_circuit(PLAIN_BOOK, P, move, spike)

    assert verdict.level == REDUCING
    assert math.isnan(verdict.observed)


@given(st.floats(-1.0, 1.0), st.floats(0.0, 10.0))
def test_circuit_breaker_runs_exactly_when_both_are_below(move: float, spike: float) -> None:
    verdict = break_circuit(PLAIN_BOOK, P, move, spike)

    assert (verdict.level == RUNNING) == (abs(move) < 0.0625 and spike < 3.0)
    assert verdict.keep == 1.0
    assert (verdict.level == RUNNING) == (verdict.observed < verdict.limit)


@pytest.mark.parametrize(("until", "latched"), [("session", False), ("latched", True)])
def test_circuit_breaker_ends_as_its_options_say(until: str, latched: bool) -> None:
    rule = make(CircuitBreaker(move=0.1, bars=3, spike=2.0, until=until))  # type: ignore[arg-type]  # one of the words

    assert (rule.phase, rule.parameters, rule.latched) == ("book", Parameters(0.1, 2.0), latched)
    assert [(f.compute, f.window) for f in rule.features] == [(market_move, 3), (volatility_spike, 60)]


@pytest.mark.parametrize("spike", [1.0, 0.99, NAN, math.inf])
def test_circuit_breaker_spike_is_above_1(spike: float) -> None:
    with pytest.raises(OptionError):
        CircuitBreaker(spike=spike)

    assert CircuitBreaker(spike=1.01).spike == 1.01
