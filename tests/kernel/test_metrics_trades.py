"""Round trips and tax lots, worked by hand, and against money that must come out the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.metrics import _kernels
from tradewright.metrics.lots import Disposals, OpenLots, tax_lots
from tradewright.metrics.trades import (
    RoundTrips,
    expectancy,
    hit_rate,
    payoff,
    profit_factor,
    round_trips,
)

Fill = tuple[int, int, float, float, float]
"""Bar, key, quantity, price, fee."""


def columns(fills: list[Fill]) -> list[Any]:
    kinds = (np.int64, np.int64, np.float64, np.float64, np.float64)
    return [np.array([fill[i] for fill in fills], kind) for i, kind in enumerate(kinds)]


def trips(*fills: Fill) -> RoundTrips:
    return round_trips(*columns(list(fills)))


def lots(*fills: Fill) -> tuple[Disposals, OpenLots]:
    return tax_lots(*columns(list(fills)))


def rows(found: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(column.tolist() for column in found[:6]), strict=True))


fills = st.lists(
    st.tuples(
        st.just(0),
        st.sampled_from([0, 1]),
        st.sampled_from([-7.0, -3.0, -0.1, 0.1, 0.2, 3.0, 10.0]),
        st.sampled_from([8.0, 10.0, 12.5]),
        st.sampled_from([0.0, 1.0]),
    ),
    max_size=30,
).map(lambda drawn: [(i, *fill[1:]) for i, fill in enumerate(drawn)])

# ---- round trips -----------------------------------------------------------------------------------------


def test_round_trip_ends_when_nothing_is_held() -> None:
    found = trips((0, 0, 10.0, 5.0, 1.0), (3, 0, 10.0, 6.0, 1.0), (5, 0, -20.0, 7.0, 1.0), (6, 0, 1.0, 7.0, 0.0))

    assert [(0, 1, 0, 5, 110.0, 27.0)] == rows(found)
    assert 1 == found.open


def test_round_trip_of_a_short_gains_when_the_price_falls() -> None:
    found = trips((1, 4, -10.0, 5.0, 1.0), (2, 4, 10.0, 4.0, 1.0))

    assert [(4, -1, 1, 2, 50.0, 8.0)] == rows(found)


def test_round_trips_of_different_keys_do_not_mix() -> None:
    found = trips((0, 0, 5.0, 1.0, 0.0), (0, 1, -5.0, 1.0, 0.0), (1, 1, 5.0, 2.0, 0.0), (2, 0, -5.0, 2.0, 0.0))

    assert [(1, -1, 0, 1, 5.0, -5.0), (0, 1, 0, 2, 5.0, 5.0)] == rows(found)


def test_round_trip_that_crosses_zero_is_two_and_shares_the_fee() -> None:
    found = trips((0, 0, 10.0, 5.0, 0.0), (1, 0, -15.0, 6.0, 3.0), (2, 0, 5.0, 4.0, 0.0))

    assert [(0, 1, 0, 1, 50.0, 8.0), (0, -1, 1, 2, 30.0, 9.0)] == rows(found)


def test_round_trip_counts_income_while_it_is_held_and_none_after() -> None:
    dividend = (1, 0, 0.0, 0.0, -2.0)
    found = trips(dividend, (1, 0, 10.0, 5.0, 0.0), dividend, (2, 0, -10.0, 5.0, 0.0), dividend)

    assert [2.0] == found.profit.tolist()


def test_round_trip_closes_in_spite_of_rounding() -> None:
    found = trips((0, 0, 0.1, 1.0, 0.0), (1, 0, 0.2, 1.0, 0.0), (2, 0, -0.3, 1.0, 0.0))

    assert (1, 0) == (len(found.profit), found.open)


def test_round_trips_of_no_fill_are_none() -> None:
    found = trips()

    assert ([], 0) == (rows(found), found.open)
    assert [np.int64] * 4 + [np.float64] * 2 == [column.dtype for column in found[:6]]


@pytest.mark.parametrize(
    ("profit", "expected"),
    [
        ([], (None, None, None, None)),
        ([0.0], (0.0, None, None, 0.0)),
        ([2.0], (1.0, None, None, 2.0)),
        ([-2.0], (0.0, 0.0, None, -2.0)),
        ([6.0, 2.0, -1.0, 0.0], (0.5, 8.0, 4.0, 1.75)),
    ],
)
def test_ratios_of_round_trips(profit: list[float], expected: tuple[float | None, ...]) -> None:
    assert expected == tuple(measure(np.array(profit)) for measure in (hit_rate, profit_factor, payoff, expectancy))


def test_kernel_where_nothing_can_be_kept_is_compiled_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(function: Any = None, *, cache: bool = False) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return function

    monkeypatch.setattr(_kernels, "_njit", njit)

    assert abs is _kernels.kept(abs)


# ---- lots ------------------------------------------------------------------------------------------------


def test_lots_are_sold_in_the_order_of_their_purchase() -> None:
    """By hand: 10 at 5 and 10 at 6, each with a fee of 1; 15 sold at 8 with a fee of 3, 2 of it for the first ten."""
    sold, left = lots((0, 0, 10.0, 5.0, 1.0), (1, 0, 10.0, 6.0, 1.0), (4, 0, -15.0, 8.0, 3.0))

    assert [(0, 0, 4, 10.0, 51.0, 78.0), (0, 1, 4, 5.0, 30.5, 39.0)] == rows(sold)
    assert [27.0, 8.5] == sold.gain.tolist()
    assert ([1], [5.0], [30.5]) == (left.opened.tolist(), left.quantity.tolist(), left.basis.tolist())
    assert [4.5] == left.unrealised(np.array([7.0])).tolist()


def test_lots_of_a_short_position_cost_what_buying_back_takes() -> None:
    sold, left = lots((0, 0, -10.0, 5.0, 1.0), (2, 0, 4.0, 4.0, 0.5))

    assert [(0, 0, 2, -4.0, 16.5, 19.6)] == rows(sold)
    assert [pytest.approx(3.1)] == sold.gain.tolist()
    assert ([-6.0], [pytest.approx(-29.4)]) == (left.quantity.tolist(), left.basis.tolist())
    assert [pytest.approx(5.4)] == left.unrealised(np.array([4.0])).tolist()


def test_lots_of_a_fill_that_crosses_zero_close_and_open() -> None:
    sold, left = lots((0, 0, 10.0, 5.0, 0.0), (1, 0, -15.0, 6.0, 3.0))

    assert [(0, 0, 1, 10.0, 50.0, 58.0)] == rows(sold)
    assert ([-5.0], [-29.0]) == (left.quantity.tolist(), left.basis.tolist())


def test_lots_ignore_income() -> None:
    sold, left = lots((0, 0, 10.0, 5.0, 0.0), (1, 0, 0.0, 0.0, -2.0))

    assert ([], [50.0]) == (rows(sold), left.basis.tolist())


def test_lots_that_rounding_leaves_are_closed() -> None:
    sold, left = lots((0, 0, 0.1, 1.0, 0.0), (1, 0, 0.2, 1.0, 0.0), (2, 0, -0.3, 1.0, 0.0))

    assert (2, []) == (len(sold.gain), left.quantity.tolist())
    assert 0.3 == pytest.approx(sold.quantity.sum())


@given(fills)
def test_lots_and_round_trips_agree_on_the_money(drawn: list[Fill]) -> None:
    """Realised and unrealised gains, and the profits of round trips, are what cash and holdings say."""
    mark = np.array([9.0, 11.0])
    bar, key, quantity, price, fee = columns(drawn)
    held = np.array([quantity[key == one].sum() for one in (0, 1)])
    made = float((held * mark).sum() - (quantity * price).sum() - fee.sum())
    sold, left = tax_lots(bar, key, quantity, price, fee)
    found = round_trips(bar, key, quantity, price, fee)

    assert made == pytest.approx(sold.gain.sum() + left.unrealised(mark).sum(), abs=1e-6)
    assert held == pytest.approx([left.quantity[left.key == one].sum() for one in (0, 1)], abs=1e-6)
    assert found.open == (np.abs(held) > 1e-6).sum()
    if not found.open:
        assert made == pytest.approx(found.profit.sum(), abs=1e-6)
