"""Positions are cut after a day's loss: docs/reference/rules/daily-loss.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine_market import NAN, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from tradewright.risk.contract import REDUCING, RUNNING, Halt
from tradewright.risk.daily_loss import DailyLoss, Parameters, cut_on_daily_loss, make


def ask(nav: float, base: float = 1.0, limit: float = 0.0625) -> Halt:
    book = PLAIN_BOOK._replace(nav=nav, day_base=base)
    return cut_on_daily_loss(book, Parameters(limit, 0.5), np.array([NAN]))


@pytest.mark.parametrize(
    ("nav", "level"),
    [
        pytest.param(0.9375, REDUCING, id="at exactly the limit"),
        pytest.param(math.nextafter(0.9375, 1.0), RUNNING, id="just below"),
        pytest.param(math.nextafter(0.9375, 0.0), REDUCING, id="just above"),
        pytest.param(1.2, RUNNING, id="a gain"),
        pytest.param(NAN, REDUCING, id="not a number"),
    ],
)
def test_daily_loss_fires_at_the_limit(nav: float, level: int) -> None:
    assert level == ask(nav).level


def test_daily_loss_of_an_unsound_base_fires() -> None:
    assert ask(1.0, NAN).level == REDUCING
    assert ask(1.0, math.inf).level == REDUCING


def test_daily_loss_cuts_once_a_session_and_again_in_the_next() -> None:
    memory, p = np.array([NAN]), Parameters(0.05, 0.25)
    keeps = []
    for session, nav in [(4, 1.0), (4, 0.9), (4, 0.8), (4, 1.0), (4, 0.9), (5, 0.9), (5, 0.9), (9, 0.5)]:
        book = PLAIN_BOOK._replace(nav=nav, session=session)
        keeps.append(cut_on_daily_loss(book, p, memory).keep)

    assert keeps == [1.0, 0.25, 1.0, 1.0, 1.0, 0.25, 1.0, 0.25]


def test_daily_loss_in_session_0_is_cut_too() -> None:
    book = PLAIN_BOOK._replace(nav=0.9, session=0)

    assert cut_on_daily_loss(book, Parameters(0.05, 0.5), np.array([NAN])).keep == 0.5


def test_daily_loss_says_what_it_saw() -> None:
    assert ask(1.5, 2.0) == Halt(REDUCING, 0.5, 0.25, 0.0625)


@given(st.floats(0.01, 10.0), st.floats(0.01, 10.0), st.floats(0.001, 0.05))
def test_daily_loss_fires_exactly_when_the_loss_is_not_below_the_limit(nav: float, base: float, limit: float) -> None:
    verdict = ask(nav, base, limit)

    assert (verdict.level == RUNNING) == (verdict.observed < limit)
    assert verdict.keep == (1.0 if verdict.level == RUNNING else 0.5)


def test_daily_loss_is_made_from_its_options() -> None:
    rule = make(DailyLoss(limit=0.04, cut=0.75))

    assert (rule.phase, rule.parameters, rule.latched, rule.memory) == ("book", Parameters(0.04, 0.25), False, 1)
