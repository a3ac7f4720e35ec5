"""Nothing is added where too little trades: docs/reference/rules/liquidity-floor.md."""

from __future__ import annotations

import math

import pytest
from engine_market import NAN, PLAIN_ASSET, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from tradewright.risk.contract import FROZEN, NORMAL, REDUCE_ONLY, Proposal
from tradewright.risk.features import average_notional
from tradewright.risk.liquidity_floor import LiquidityFloor, Parameters, make, require_liquidity

P = Parameters(1e6)


def ask(notional: float, proposal: Proposal = Proposal(0.1, 90.0, NORMAL)) -> Proposal:  # noqa: B008  # a frozen value
    return require_liquidity(proposal, PLAIN_ASSET, PLAIN_BOOK, P, notional)


@pytest.mark.parametrize(
    ("notional", "mode"),
    [
        pytest.param(1e6, NORMAL, id="at the limit"),
        pytest.param(math.nextafter(1e6, 0.0), REDUCE_ONLY, id="just below"),
        pytest.param(math.nextafter(1e6, 1e9), NORMAL, id="just above"),
        pytest.param(0.0, REDUCE_ONLY, id="nothing trades"),
        pytest.param(NAN, REDUCE_ONLY, id="unknown refuses"),
        pytest.param(math.inf, NORMAL, id="no volume column"),
    ],
)
def test_liquidity_floor_at_just_below_and_just_above(notional: float, mode: int) -> None:
    assert ask(notional).mode == mode


@given(st.floats(-1.0, 1.0), st.floats(allow_nan=False), st.floats(), st.sampled_from([NORMAL, REDUCE_ONLY]))
def test_liquidity_floor_changes_only_the_mode_and_is_idempotent(
    target: float, stop: float, notional: float, mode: int
) -> None:
    once = ask(notional, Proposal(target, stop, mode))

    assert (once.target, once.stop) == (target, stop)
    assert once.mode >= mode
    assert once == ask(notional, once)


def test_liquidity_floor_above_its_limit_leaves_a_frozen_asset_frozen() -> None:
    """Below it the engine keeps the higher mode: a rule can only raise it."""
    assert ask(2e6, Proposal(0.1, 90.0, FROZEN)).mode == FROZEN


def test_liquidity_floor_is_made_from_its_options() -> None:
    rule = make(LiquidityFloor(limit=5.0, lookback=7))

    assert (rule.phase, rule.parameters) == ("asset", Parameters(5.0))
    assert [(feature.compute, feature.window) for feature in rule.features] == [(average_notional, 7)]
