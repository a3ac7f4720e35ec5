"""The loss down to the stop: docs/reference/rules/risk-per-trade.md."""

from __future__ import annotations

import math

import pytest
from engine_market import NAN, PLAIN_ASSET, PLAIN_BOOK, market
from hypothesis import given
from hypothesis import strategies as st
from tradewright.errors import DataError
from tradewright.risk.contract import NORMAL, Proposal
from tradewright.risk.features import true_range, volatility
from tradewright.risk.risk_per_trade import Parameters, RiskPerTrade, limit_risk, make

P = Parameters(0.02, 3.0)


def ask(
    target: float,
    *,
    stop: float = NAN,
    distance: float = NAN,
    held: float = 0.0,
    cost: float = 0.0,
    fee: float = 0.0,
    p: Parameters = P,
) -> Proposal:
    """Ask about an asset at 100."""
    asset, book = PLAIN_ASSET._replace(held=held, cost=cost), PLAIN_BOOK._replace(smallest_fee=fee)
    return limit_risk(Proposal(target, stop, NORMAL), asset, book, p, distance)


# ---- the stop --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "stop", "distance", "expected"),
    [
        pytest.param(0.1, NAN, 0.01, 97.0, id="a long gets one 3 x 1 % below"),
        pytest.param(-0.1, NAN, 0.01, 103.0, id="a short gets one above"),
        pytest.param(0.1, 95.0, 0.01, 95.0, id="one that is there stays"),
        pytest.param(0.1, NAN, NAN, NAN, id="unknown volatility gives none"),
        pytest.param(0.1, NAN, 0.0, NAN, id="no volatility gives none"),
        pytest.param(0.1, NAN, 1e-12, NAN, id="a volatility of rounding gives none"),
        pytest.param(0.1, NAN, 1.01e-12, 100 * (1 - 3.03e-12), id="just above rounding gives one"),
        pytest.param(0.1, NAN, -0.01, NAN, id="negative volatility gives none"),
        pytest.param(0.1, NAN, math.inf, NAN, id="infinite volatility gives none"),
        pytest.param(0.0, NAN, 0.01, NAN, id="a target of 0 is left as it is"),
    ],
)
def test_risk_per_trade_sets_a_stop_where_there_is_none(
    target: float, stop: float, distance: float, expected: float
) -> None:
    assert ask(target, stop=stop, distance=distance).stop == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("held", [0.2, 0.3])
def test_risk_per_trade_protects_what_is_held_without_adding(held: float) -> None:
    answer = ask(0.2, held=held, distance=0.01)

    assert answer == pytest.approx((0.2, 97.0, NORMAL))


# ---- the size --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    # 2 % of equity, 10 % to the stop: at most a fifth.
    [(0.2, 0.2), (0.199, 0.199), (0.201, 0.2), (-0.2, -0.2), (-0.199, -0.199), (-0.201, -0.2)],
)
def test_risk_per_trade_at_just_below_and_just_above_the_limit(target: float, expected: float) -> None:
    stop = 90.0 if target > 0 else 110.0

    assert ask(target, stop=stop).target == pytest.approx(expected, rel=1e-15)


def test_risk_per_trade_counts_costs_and_fees_of_both_orders() -> None:
    """0.1 held, stop 9 % away, costs of 0.5 %, fees of 0.1 %: (0.02 - 0.002 + 0.0005) / (0.09 + 0.01) = 0.185."""
    answer = ask(0.5, stop=91.0, held=0.1, cost=0.005, fee=0.001)
    w = answer.target

    assert w == pytest.approx(0.185)
    assert w * 0.09 + w * 0.005 + (w - 0.1) * 0.005 + 2 * 0.001 == pytest.approx(0.02)


def test_risk_per_trade_never_takes_away_what_is_held() -> None:
    """A rally has moved the stop 50 % away: nothing is added, and nothing sold."""
    assert ask(0.3, stop=50.0, held=0.25).target == 0.25
    assert ask(0.2, stop=50.0, held=0.25).target == 0.2


@pytest.mark.parametrize(
    ("target", "stop"),
    [(0.1, 100.0), (0.1, 101.0), (0.1, 0.0), (0.1, -5.0), (0.1, NAN), (-0.1, 100.0), (-0.1, 99.0), (-0.1, math.inf)],
)
@pytest.mark.parametrize("held", [0.0, 0.05])
def test_risk_per_trade_without_a_valid_stop_adds_nothing(target: float, stop: float, held: float) -> None:
    held = math.copysign(held, target)

    assert ask(target, stop=stop, held=held).target == held


@pytest.mark.parametrize(("stop", "adds"), [(99.99, True), (100.0, False), (1e-9, True), (0.0, False)])
def test_risk_per_trade_stop_of_a_long_is_valid_between_0_and_the_mark(stop: float, adds: bool) -> None:
    assert adds == (ask(0.01, stop=stop).target > 0.0)


@pytest.mark.parametrize(
    "changes",
    [{"cost": NAN}, {"fee": NAN}, {"fee": math.inf}, {"p": Parameters(NAN, 3.0)}],
    ids=["cost", "fee", "infinite fee", "limit"],
)
def test_risk_per_trade_of_no_number_refuses_the_increase(changes: dict[str, float]) -> None:
    assert ask(0.5, stop=90.0, held=0.05, **changes).target == 0.05  # type: ignore[arg-type]  # one of several keywords


def test_risk_per_trade_with_no_budget_left_adds_nothing() -> None:
    """Two fees of 1 % are the whole limit."""
    assert ask(0.5, stop=90.0, fee=0.01).target == 0.0
    assert ask(0.5, stop=90.0, fee=0.02).target == 0.0


@given(
    target=st.floats(-2.0, 2.0),
    held=st.floats(0.0, 1.0),
    stop=st.one_of(st.just(NAN), st.floats(0.0, 300.0)),
    distance=st.one_of(st.just(NAN), st.floats(0.0, 0.5)),
    cost=st.floats(0.0, 0.05),
    fee=st.floats(0.0, 0.02),
)
def test_risk_per_trade_never_raises_never_loosens_and_is_idempotent(
    target: float, held: float, stop: float, distance: float, cost: float, fee: float
) -> None:
    held = math.copysign(held, target)
    once = ask(target, stop=stop, distance=distance, held=held, cost=cost, fee=fee)
    twice = ask(once.target, stop=once.stop, distance=distance, held=held, cost=cost, fee=fee)

    assert abs(once.target) <= max(abs(target), 0.0)
    assert once.target * target >= 0.0
    assert math.isnan(stop) or once.stop == stop
    assert once.target == twice.target
    assert once.stop == pytest.approx(twice.stop, rel=0, abs=0, nan_ok=True)
    if abs(once.target) > abs(held):
        d = abs(100.0 - once.stop) / 100.0
        w = abs(once.target)
        assert w * d + w * cost + (w - abs(held)) * cost + 2 * fee <= 0.02 * (1 + 1e-9)


# ---- the options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "compute"), [("volatility", volatility), ("atr", true_range)])
def test_risk_per_trade_looks_at_what_its_stop_is_measured_in(word: str, compute: object) -> None:
    rule = make(RiskPerTrade(stop=word, lookback=14))  # type: ignore[arg-type]  # one of the two words

    assert [(14, compute)] == [(feature.window, feature.compute) for feature in rule.features]


def test_risk_per_trade_by_true_range_on_closes_says_what_to_write() -> None:
    feature = make(RiskPerTrade(stop="atr")).features[0]
    with pytest.raises(DataError) as caught:
        feature.compute(market([100, 101, 102]), feature.window)

    assert "needs open, high and low; these prices are closes only" in str(caught.value)
    assert caught.value.key == "risk.risk-per-trade.stop"
    assert caught.value.fix == 'write stop = "volatility"'
