"""Every order check and its twin give the same answer, also to orders that a backtest never releases."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tradewright.risk.contract import FREEZE, REDUCING, RUNNING, OrderCheck
from tradewright.risk.contract import OrderView as EngineView
from twin_case import Watch
from twin_checks import Check, Finite, OrderView, RestrictedList
from twin_comparison import made
from twin_options import CHECKS

SOME = 0.0625
LIMITS: dict[str, dict[str, Any]] = {
    "price-collar": {"limit": SOME},
    "order-value": {"limit": 1000.0},
    "order-quantity": {"limit": 10.0},
    "volume-share": {"limit": SOME},
    "restricted-list": {"assets": (1,)},
}
QUANTITIES = st.sampled_from([1.0, 9.0, 10.0, 11.0, 100.0, math.inf, math.nan])
PRICES = st.sampled_from([100.0, 106.25, 106.265625, 93.75, 93.734375, 0.0, -1.0, math.inf, math.nan])
ORDERS = st.builds(
    OrderView,
    quantity=st.builds(math.copysign, QUANTITIES, st.sampled_from([1.0, -1.0])),
    held=st.sampled_from([0.0, 200.0, -200.0]),
    price=PRICES,
    mark=st.sampled_from([100.0, math.nan]),
    multiplier=st.sampled_from([1.0, 2.0]),
    asset=st.sampled_from([0, 1]),
    level=st.integers(RUNNING, FREEZE),
    free=st.sampled_from([-5.0, 0.0, 999.0, 1000.0, 1016.0, 1e6]),
    unit=st.sampled_from([-1.0, 0.0, 100.0]),
    unit_fee=st.sampled_from([0.0, 0.5]),
    commission_min=st.sampled_from([0.0, 16.0]),
    average_volume=st.sampled_from([0.0, 144.0, 160.0, 1600.0, math.nan]),
)
PLAIN = OrderView(
    quantity=10.0,
    held=0.0,
    price=100.0,
    mark=100.0,
    multiplier=1.0,
    asset=0,
    level=RUNNING,
    free=1e6,
    unit=100.0,
    unit_fee=0.0,
    commission_min=0.0,
    average_volume=math.nan,
)


def engines(check: Check, part: OrderCheck, order: OrderView) -> float:
    """Return the answer of the engine's check."""
    fields = {name: value for name, value in vars(order).items() if name in EngineView._fields}
    view = EngineView(**fields, variable_fee=order.unit_fee, smallest_fee=order.commission_min)
    features = {
        "volume-share": [order.average_volume],
        "restricted-list": [float(isinstance(check, RestrictedList) and order.asset in check.assets)],
    }
    return float(part.function(view, part.parameters, *features.get(check.name, [])))


def allowed(answer: float, size: float) -> float:
    """Return what an answer leaves of an order; one that is not a number leaves nothing."""
    return size if answer >= size else answer if answer > 0 else 0.0


@pytest.mark.parametrize("kind", CHECKS)
@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(order=ORDERS)
@example(order=PLAIN)
def test_check_when_given_any_order_agrees_with_its_twin(kind: type[Check], order: OrderView) -> None:
    """What is no number is the business of `finite` alone, which is always on."""
    assume(kind is Finite or (math.isfinite(order.quantity) and math.isfinite(order.price) and order.price > 0))
    check = kind(**LIMITS.get(kind.name, {}))
    name, part = made(check)
    left = allowed(check.ask(order, Watch()), order.size)

    assert check.name == name
    assert left == pytest.approx(allowed(engines(check, part, order), order.size), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("finite", {"price": math.nan}, 0.0),
        ("finite", {"price": 0.0}, 0.0),
        ("finite", {"quantity": math.inf}, 0.0),
        ("finite", {}, 10.0),
        ("session", {"mark": math.nan}, 0.0),
        ("session", {}, 10.0),
        ("halt", {"level": REDUCING}, 0.0),
        ("halt", {"level": REDUCING, "held": -20.0}, 10.0),
        ("halt", {"level": FREEZE, "held": -20.0}, 0.0),
        ("halt", {}, 10.0),
    ],
)
def test_check_that_no_backtest_binds_refuses_as_its_page_says(
    name: str, changes: dict[str, Any], expected: float
) -> None:
    check = next(kind for kind in CHECKS if kind.name == name)()

    assert expected == check.ask(OrderView(**{**vars(PLAIN), **changes}), Watch())
