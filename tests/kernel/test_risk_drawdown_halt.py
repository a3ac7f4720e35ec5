"""Everything is sold at a drawdown: docs/reference/rules/drawdown-halt.md."""

from __future__ import annotations

import math

import pytest
from engine_market import NAN, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from tradewright.risk.contract import FLATTEN, RUNNING, Halt
from tradewright.risk.drawdown_halt import DrawdownHalt, Parameters, halt_on_drawdown, make


def ask(nav: float, peak: float = 1.0, limit: float = 0.125) -> Halt:
    return halt_on_drawdown(PLAIN_BOOK._replace(nav=nav, peak=peak), Parameters(limit))


@pytest.mark.parametrize(
    ("nav", "level"),
    [
        pytest.param(0.875, FLATTEN, id="at exactly the limit"),
        pytest.param(math.nextafter(0.875, 1.0), RUNNING, id="just below"),
        pytest.param(math.nextafter(0.875, 0.0), FLATTEN, id="just above"),
        pytest.param(1.0, RUNNING, id="at the peak"),
        pytest.param(0.0, FLATTEN, id="all lost"),
        pytest.param(-0.5, FLATTEN, id="more than all"),
        pytest.param(NAN, FLATTEN, id="not a number"),
    ],
)
def test_drawdown_halt_fires_at_the_limit(nav: float, level: int) -> None:
    assert level == ask(nav).level


@pytest.mark.parametrize("peak", [NAN, math.inf])
def test_drawdown_halt_without_a_sound_peak_fires(peak: float) -> None:
    assert ask(1.0, peak).level == FLATTEN


def test_drawdown_halt_says_what_it_saw() -> None:
    assert ask(1.5, 2.0) == Halt(FLATTEN, 1.0, 0.25, 0.125)
    assert ask(1.9, 2.0).keep == 1.0


@given(st.floats(0.01, 10.0), st.floats(0.01, 10.0), st.floats(0.001, 0.12))
def test_drawdown_halt_fires_exactly_when_the_loss_is_not_below_the_limit(
    nav: float, peak: float, limit: float
) -> None:
    verdict = ask(nav, peak, limit)

    assert (verdict.level == RUNNING) == (verdict.observed < limit)


def test_drawdown_halt_is_latched() -> None:
    rule = make(DrawdownHalt(limit=0.1))

    assert (rule.phase, rule.parameters, rule.latched, rule.memory) == ("book", Parameters(0.1), True, 0)
