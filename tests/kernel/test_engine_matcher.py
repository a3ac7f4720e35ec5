"""The matcher's arithmetic, asked through the plain copies: compiled inner functions have no way in from Python."""

from __future__ import annotations

import math
from importlib import import_module
from types import ModuleType

import pytest
from engine_harness import settings
from tradewright.engine.plain import load_plain_engine

BUY, SELL = 1.0, -1.0
HALF = 1.0 / 1024.0


@pytest.fixture(scope="module")
def matcher() -> ModuleType:
    load_plain_engine()
    return import_module("tradewright_plain_matcher")


@pytest.mark.parametrize(
    ("base", "side", "tick", "price"),
    [
        (100.0, BUY, 0.0, 100.09765625),
        (100.0, SELL, 0.0, 99.90234375),
        (100.0, BUY, 0.25, 100.25),
        (100.0, SELL, 0.25, 99.75),
        (102.4, BUY, 0.1, 102.5),  # 102.4 x (1 + 1/1024) is exactly 102.5, though 1,025 x 0.1 in binary is not.
        (102.4, SELL, 0.1, 102.3),
        (0.01, SELL, 0.25, 0.25),  # Never below one tick.
    ],
)
def test_fill_price_is_worse_than_its_base_and_on_the_tick(
    matcher: ModuleType, base: float, side: float, tick: float, price: float
) -> None:
    found = matcher.fill_price(base, side, tick, settings(half_spread_and_slippage=HALF))

    assert pytest.approx(price, rel=1e-12) == found


@pytest.mark.parametrize(("tenths", "price"), [(tenth, tenth / 10) for tenth in (3, 7, 11, 1003, 99999)])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_fill_price_on_a_tick_without_slippage_stays_there(
    matcher: ModuleType, side: float, tenths: int, price: float
) -> None:
    """0.3 / 0.1 is 2.9999999999999996 in binary: still three ticks, for a sale as for a purchase."""
    assert pytest.approx(price, rel=1e-12) == matcher.fill_price(price, side, 0.1, settings())


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    ("price", "tick"),
    [
        (100_000.01, 0.01),  # 10,000,001.000000002 ticks in binary.
        (60_000.0, 1e-12),
        (15_000_000.5, 1e-12),  # 1.5e19 ticks: more than 64 bits count.
        (0.000_000_01, 1e-12),
    ],
)
def test_fill_price_on_a_tick_of_very_many_stays_there(
    matcher: ModuleType, side: float, price: float, tick: float
) -> None:
    """A tick more than rounding can tell apart would be paid on every fill of an expensive asset."""
    assert pytest.approx(price, rel=1e-14, abs=0.0) == matcher.fill_price(price, side, tick, settings())


@pytest.mark.parametrize(
    ("quantity", "notional", "fee"),
    [
        (50.0, 5_000.0, 2.0 + 0.78125 + 0.0),
        (-50.0, -5_000.0, 2.0 + 0.78125),
        (1.0, 100.0, 2.0),
    ],
)
def test_fee_is_per_unit_plus_per_value_and_never_below_the_smallest(
    matcher: ModuleType, quantity: float, notional: float, fee: float
) -> None:
    # 50 / 25 = 2, 5,000 / 6,400 = 0.78125; one unit costs 0.055625, so the smallest fee of 2.
    costs = settings(commission_per_share=0.04, commission_rate=1 / 6_400, commission_min=2.0)

    assert pytest.approx(fee, rel=1e-12) == matcher.fee_of(quantity, notional, costs)


@pytest.mark.parametrize(
    ("quantity", "lot", "whole", "rounded"),
    [
        (15.99, 8.0, True, 8.0),
        (16.0, 8.0, True, 16.0),
        (16.01, 8.0, True, 16.0),
        (7.99, 8.0, True, 0.0),
        (15.99, 8.0, False, 15.99),
        (0.0, 8.0, False, 0.0),
        (-3.0, 8.0, False, 0.0),
        (-3.0, 8.0, True, 0.0),
        (float("nan"), 8.0, True, 0.0),
        (0.3, 0.1, True, 0.3),  # 2.9999999999999996 lots in binary, which are three.
        (0.29, 0.1, True, 0.2),
        (math.nextafter(16.0, 0.0), 8.0, True, math.nextafter(16.0, 0.0)),  # Never more than was asked for.
        (16.0 * (1.0 - 1e-14), 8.0, True, 8.0),
        (123_456_789.123_456_78, 1e-8, True, 123_456_789.123_456_78),
        (5e12, 1e-8, True, 5e12),  # 5e20 lots: more than 64 bits count.
        (5e-10, 1e-12, True, 0.0),  # Lots below the dust are dust.
    ],
)
def test_floor_lot_rounds_whole_units_down_and_is_never_negative(
    matcher: ModuleType, quantity: float, lot: float, whole: bool, rounded: float
) -> None:
    assert rounded == matcher.floor_lot(quantity, lot, settings(whole=whole))
