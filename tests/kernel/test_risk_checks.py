"""The nine order checks, each limit at, just below and just above: docs/reference/checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from engine_market import NAN, PLAIN_ORDER, every_check, market
from hypothesis import given
from hypothesis import strategies as st
from tradewright.risk.checks.always import Parameters as Nothing
from tradewright.risk.checks.always import require_cash, require_finite, require_session, respect_halts
from tradewright.risk.checks.order_size import Parameters as Size
from tradewright.risk.checks.order_size import limit_quantity, limit_share, limit_value
from tradewright.risk.checks.price_collar import Parameters as Collar
from tradewright.risk.checks.price_collar import require_price_near_mark
from tradewright.risk.checks.restricted_list import Parameters as Listed
from tradewright.risk.checks.restricted_list import RestrictedList, listed, make, refuse_restricted
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING, RUNNING, OrderView

BUY = PLAIN_ORDER  # 10 at 100, from nothing.
SELL = PLAIN_ORDER._replace(quantity=-10.0, held=30.0)
SHORT = PLAIN_ORDER._replace(quantity=-10.0)
COVER = PLAIN_ORDER._replace(quantity=10.0, held=-30.0)
SIDES = pytest.mark.parametrize(
    ("order", "reduces"),
    [(BUY, False), (SHORT, False), (SELL, True), (COVER, True)],
    ids=["buy", "short", "sell", "cover"],
)


# ---- always on -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [NAN, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["quantity", "price"])
@SIDES
def test_finite_refuses_what_is_no_number(order: OrderView, reduces: bool, field: str, bad: Any) -> None:
    assert require_finite(order._replace(**{field: bad}), Nothing()) == 0.0
    assert require_finite(order, Nothing()) == 10.0


@pytest.mark.parametrize(("price", "allowed"), [(0.0, 0.0), (-1.0, 0.0), (5e-324, 10.0)])
def test_finite_wants_a_price_above_0(price: float, allowed: float) -> None:
    assert require_finite(BUY._replace(price=price), Nothing()) == allowed


@SIDES
def test_session_refuses_an_asset_that_has_not_traded(order: OrderView, reduces: bool) -> None:
    assert require_session(order, Nothing()) == 10.0
    assert require_session(order._replace(mark=NAN), Nothing()) == 0.0


@pytest.mark.parametrize(
    ("level", "increase", "reduction"),
    [(RUNNING, 10.0, 10.0), (REDUCING, 0.0, 10.0), (FLATTEN, 0.0, 10.0), (FREEZE, 0.0, 0.0)],
)
@SIDES
def test_halt_lets_only_reductions_go_and_a_freeze_nothing(
    order: OrderView, reduces: bool, level: int, increase: float, reduction: float
) -> None:
    assert respect_halts(order._replace(level=level), Nothing()) == (reduction if reduces else increase)


@pytest.mark.parametrize(
    ("free", "fee", "rate", "expected"),
    [
        pytest.param(1_000.0, 0.0, 0.0, 10.0, id="exactly enough"),
        pytest.param(999.0, 0.0, 0.0, 9.99, id="just below"),
        pytest.param(1_001.0, 0.0, 0.0, 10.01, id="just above"),
        pytest.param(1_000.0, 50.0, 0.0, 9.5, id="the smallest fee is paid first"),
        pytest.param(1_000.0, 0.0, 25.0, 8.0, id="a fee per unit binds too"),
        pytest.param(-5.0, 0.0, 0.0, -0.05, id="nothing left"),
        pytest.param(NAN, 0.0, 0.0, NAN, id="no number is no permission"),
    ],
)
def test_buying_power_pays_for_price_and_fee(free: float, fee: float, rate: float, expected: float) -> None:
    order = BUY._replace(free=free, smallest_fee=fee, variable_fee=rate)

    assert require_cash(order, Nothing()) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("unit", [0.0, -3.0])
def test_buying_power_is_unlimited_where_a_unit_binds_nothing(unit: float) -> None:
    assert require_cash(SHORT._replace(free=0.0, unit=unit), Nothing()) == 10.0


@pytest.mark.parametrize("order", [SELL, COVER])
def test_buying_power_never_holds_an_exit_back(order: OrderView) -> None:
    assert require_cash(order._replace(free=-1e9), Nothing()) == 10.0


@pytest.mark.parametrize(
    ("price", "allowed"),
    [
        (104.0, 10.0),
        (104.01, 0.0),
        (103.99, 10.0),
        (96.0, 10.0),
        (95.99, 0.0),
        (96.01, 10.0),
        (NAN, 0.0),
        (math.inf, 0.0),
    ],
)
@SIDES
def test_collar_refuses_increases_beyond_it(order: OrderView, reduces: bool, price: float, allowed: float) -> None:
    answer = require_price_near_mark(order._replace(price=price), Collar(0.04))

    assert answer == (10.0 if reduces else allowed)


def test_collar_without_a_mark_refuses() -> None:
    assert require_price_near_mark(BUY._replace(mark=NAN), Collar(0.04)) == 0.0


# ---- when named ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "increase", "reduction"),
    [(1_000.0, 10.0, 10.0), (999.0, 0.0, 9.99), (1_001.0, 10.0, 10.0), (400.0, 0.0, 4.0), (NAN, 0.0, NAN)],
)
@SIDES
def test_order_value_refuses_increases_and_slices_reductions(
    order: OrderView, reduces: bool, limit: float, increase: float, reduction: float
) -> None:
    expected = reduction if reduces else increase

    assert limit_value(order, Size(limit)) == pytest.approx(expected, nan_ok=True)


def test_order_value_counts_the_multiplier() -> None:
    order = BUY._replace(multiplier=5.0)

    assert (10.0, 0.0) == (limit_value(order, Size(5_000.0)), limit_value(order, Size(4_999.0)))


@pytest.mark.parametrize(
    ("limit", "increase", "reduction"),
    [(10.0, 10.0, 10.0), (9.99, 0.0, 9.99), (10.01, 10.0, 10.0), (4.0, 0.0, 4.0), (NAN, 0.0, NAN)],
)
@SIDES
def test_order_quantity_refuses_increases_and_slices_reductions(
    order: OrderView, reduces: bool, limit: float, increase: float, reduction: float
) -> None:
    expected = reduction if reduces else increase

    assert limit_quantity(order, Size(limit)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("average", "increase", "reduction"),
    [
        (200.0, 10.0, 10.0),
        (199.0, 0.0, 9.95),
        (201.0, 10.0, 10.0),
        (80.0, 0.0, 4.0),
        (0.0, 0.0, 0.0),
        (NAN, 10.0, 10.0),
    ],
)
@SIDES
def test_volume_share_refuses_increases_and_slices_reductions(
    order: OrderView, reduces: bool, average: float, increase: float, reduction: float
) -> None:
    """5 % of 200 are 10; an average that is not known limits nothing."""
    assert limit_share(order, Size(0.05), average) == pytest.approx(reduction if reduces else increase)


@pytest.mark.parametrize(("restricted", "increase"), [(1.0, 0.0), (0.0, 10.0)])
@SIDES
def test_restricted_list_lets_only_exits_go(
    order: OrderView, reduces: bool, restricted: float, increase: float
) -> None:
    assert refuse_restricted(order, Listed(), restricted) == (10.0 if reduces else increase)


def test_restricted_list_marks_its_columns() -> None:
    bars = market([[1, 2, 3], [1, 2, 3]])
    feature = make(RestrictedList(symbols=("A2", "A0"))).features[0]

    assert feature.compute(bars, feature.window).tolist() == [[1, 0, 1], [1, 0, 1]]
    assert listed(bars, 0, ()).tolist() == [[0, 0, 0], [0, 0, 0]]


# ---- all of them -----------------------------------------------------------------------------------------

_price = st.floats(0.01, 1e6)


@given(
    st.builds(
        OrderView,
        quantity=st.floats(-1e6, 1e6).filter(lambda q: q != 0.0),
        held=st.floats(-1e6, 1e6),
        price=_price,
        mark=_price,
        multiplier=st.just(1.0),
        level=st.integers(0, 3),
        free=st.floats(-1e6, 1e9),
        unit=st.floats(-1e6, 1e6),
        variable_fee=st.floats(0.0, 10.0),
        smallest_fee=st.floats(0.0, 10.0),
    ),
    st.floats(0.01, 1e6),
)
def test_checks_never_hold_all_of_an_exit_back_but_in_a_freeze(order: OrderView, limit: float) -> None:
    checks = every_check(order_value=limit, order_quantity=limit, price_collar=0.05, volume_share=0.05)
    for name, check in checks:
        asked: Callable[..., float] = check.function
        features: list[Any] = [limit] * len(check.features)
        answer = asked(order, check.parameters, *features)
        if order.quantity * order.held < 0.0 and not (name == "halt" and order.level == FREEZE):
            assert answer > 0.0, name
        elif name not in {"buying-power"}:
            assert answer in {0.0, abs(order.quantity)}, name
