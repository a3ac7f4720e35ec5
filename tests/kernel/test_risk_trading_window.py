"""Nothing is added near open and close: docs/reference/rules/trading-window.md."""

from __future__ import annotations

import pytest
from engine_market import NAN, PLAIN_ASSET, PLAIN_BOOK, market
from hypothesis import given
from hypothesis import strategies as st
from tradewright.errors import DataError
from tradewright.risk.contract import NORMAL, REDUCE_ONLY, Proposal
from tradewright.risk.market import minutes_since_open, minutes_to_close
from tradewright.risk.trading_window import Parameters, TradingWindow, keep_to_window, make

P = Parameters(5.0, 10.0)


def ask(since_open: float, to_close: float, proposal: Proposal = Proposal(0.1, 90.0, NORMAL)) -> Proposal:  # noqa: B008  # a frozen value
    return keep_to_window(proposal, PLAIN_ASSET, PLAIN_BOOK, P, since_open, to_close)


@pytest.mark.parametrize(
    ("since_open", "to_close", "mode"),
    [
        pytest.param(60, 60, NORMAL, id="inside"),
        pytest.param(5, 60, NORMAL, id="exactly the minute after the open"),
        pytest.param(4.99, 60, REDUCE_ONLY, id="just before it"),
        pytest.param(5.01, 60, NORMAL, id="just after it"),
        pytest.param(60, 10, NORMAL, id="exactly the minute before the close"),
        pytest.param(60, 9.99, REDUCE_ONLY, id="just after that"),
        pytest.param(60, 10.01, NORMAL, id="just before that"),
        pytest.param(60, 0, REDUCE_ONLY, id="at the close"),
        pytest.param(NAN, 60, REDUCE_ONLY, id="an unknown open refuses"),
        pytest.param(60, NAN, REDUCE_ONLY, id="an unknown close refuses"),
    ],
)
def test_trading_window_at_just_before_and_just_after_its_minutes(
    since_open: float, to_close: float, mode: int
) -> None:
    assert ask(since_open, to_close).mode == mode


@given(st.floats(-1.0, 1.0), st.floats(allow_nan=False), st.floats(), st.floats())
def test_trading_window_changes_only_the_mode_and_is_idempotent(
    target: float, stop: float, since_open: float, to_close: float
) -> None:
    once = ask(since_open, to_close, Proposal(target, stop, NORMAL))

    assert (once.target, once.stop) == (target, stop)
    assert once == ask(since_open, to_close, once)


def test_trading_window_on_hourly_bars_sees_their_closes() -> None:
    """Three bars of an hour: decisions are made 60, 120 and 180 minutes after the open."""
    rule = make(TradingWindow(after_open=90.0, before_close=60.0))
    bars = market([10, 11, 12, 13, 14, 15], sessions=[0, 0, 0, 1, 1, 1])
    since, to = (feature.compute(bars, feature.window)[:, 0] for feature in rule.features)

    assert since.tolist() == [60, 120, 180] * 2
    assert to.tolist() == [120, 60, 0] * 2
    modes = [
        keep_to_window(Proposal(0.1, NAN, NORMAL), PLAIN_ASSET, PLAIN_BOOK, Parameters(90.0, 60.0), a, b).mode
        for a, b in zip(since, to, strict=True)
    ]
    assert modes == [REDUCE_ONLY, NORMAL, REDUCE_ONLY] * 2


def test_trading_window_on_bars_as_long_as_a_session_is_refused() -> None:
    to_close = make(TradingWindow()).features[1]
    with pytest.raises(DataError) as caught:
        to_close.compute(market([10, 11, 12]), to_close.window)

    assert "a trading window needs several bars a session; these bars are as long as one" in str(caught.value)
    assert caught.value.key == "risk.trading-window"
    assert caught.value.fix == "remove the rule, or trade shorter bars"


def test_trading_window_is_made_from_its_options() -> None:
    rule = make(TradingWindow(after_open=1.0, before_close=2.0))

    assert (rule.phase, rule.parameters) == ("asset", Parameters(1.0, 2.0))
    assert [feature.compute for feature in rule.features] == [minutes_since_open, minutes_to_close]
