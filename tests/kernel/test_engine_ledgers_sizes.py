"""Ledgers worked by hand from docs/reference/engine.md: lots, ticks, fractions, multipliers, the no-trade band.

Rows are (cash, quantity, entry, stop, order, equity, nav) after each bar, the order being the one for the next bar;
fills are (bar, book, asset, reason, quantity, price, fee, slippage cost).
"""

from __future__ import annotations

import pytest
from engine_harness import Fuse, assert_same, play, prices
from tradewright.engine.log import BY_ORDER
from tradewright.values.instrument import Instrument

HALF = 1.0 / 1024.0


def test_ledger_of_whole_lots_rounds_towards_zero(fused: Fuse) -> None:
    bars = prices([100] * 5, open=[100] * 5, instruments=[Instrument(symbol="A", lot=8)])

    ledger = play(fused([]), bars, [0.5, 0.25, 0, -0.5, None])

    # 50 -> 48; 25 -> 24, so 24 are sold; 24 more; -50 -> -48.
    assert [48.0, -24.0, -24.0, -48.0, 0.0] == [row[4] for row in ledger.rows()]
    assert [0.0, 48.0, 24.0, 0.0, -48.0] == [row[1] for row in ledger.rows()]


@pytest.mark.parametrize(("weight", "ordered"), [(0.48, 48), (0.4799, 40), (0.5599, 48), (0.56, 56)])
def test_ledger_of_an_exact_number_of_lots_keeps_the_last_one(fused: Fuse, weight: float, ordered: int) -> None:
    """0.56 x 10,000 / 100 is 56.00000000000001 or 55.99999999999999 in binary; either is 7 lots of 8."""
    bars = prices([100], open=[100], instruments=[Instrument(symbol="A", lot=8)])

    assert ordered == play(fused([]), bars, [weight]).rows()[0][4]


def test_ledger_of_a_cheap_coin_with_a_tiny_lot_counts_more_lots_than_64_bits(fused: Fuse) -> None:
    """Half of 10,000 at 1e-8 is 5e11 coins: 5e19 lots of 1e-8, where 64 bits end at 9.2e18."""
    coin = Instrument(symbol="A", lot=1e-8)
    bars = prices([1e-8] * 4, open=[1e-8] * 4, instruments=[coin])

    ledger = play(fused([]), bars, [0.5, 0.25, 0, None])

    assert [5e11, -2.5e11, -2.5e11, 0.0] == pytest.approx([row[4] for row in ledger.rows()], rel=1e-12)
    assert [0.0, 5e11, 2.5e11, 0.0] == pytest.approx([row[1] for row in ledger.rows()], rel=1e-12)
    assert [10_000.0] * 4 == pytest.approx([row[5] for row in ledger.rows()], rel=1e-12)


def test_ledger_of_a_dear_coin_with_a_tiny_tick_pays_its_price(fused: Fuse) -> None:
    """A price of 15,000,000 is 1.5e19 ticks of 1e-12."""
    bars = prices([1.5e7] * 3, open=[1.5e7] * 3, instruments=[Instrument(symbol="A", lot=1e-8, tick=1e-12)])

    ledger = play(fused([]), bars, [0.5, 0, None], half_spread_and_slippage=HALF)

    bought, sold = (fill[5] for fill in ledger.fills())
    assert (1.5e7 * (1 + HALF), 1.5e7 * (1 - HALF)) == pytest.approx((bought, sold), rel=1e-12)


def test_ledger_of_fractional_units(fused: Fuse) -> None:
    bars = prices([64, 80, 80, 80], open=[64, 80, 80, 80])

    ledger = play(fused([]), bars, [0.5, 1.0, None, None], whole=False)

    # 5,000 / 64 = 78.125 units at 80 are 6,250.  Then 10,000 / 80 = 125 are wanted: 46.875 more for all the cash.
    assert_same(
        [
            (10_000, 0, None, None, 78.125, 10_000, 1),
            (3_750, 78.125, 80, None, 46.875, 10_000, 1),
            (0, 125, 80, None, 0, 10_000, 1),
            (0, 125, 80, None, 0, 10_000, 1),
        ],
        ledger.rows(),
    )
    assert [0, 0, 0, 0] == ledger.run("cash_cuts")


def test_ledger_of_fractional_units_cut_to_cash_exactly(fused: Fuse) -> None:
    bars = prices([64, 80], open=[64, 80])

    ledger = play(fused([]), bars, [1.0, None], whole=False)

    # 156.25 are ordered; 10,000 / 80 = 125 can be paid.
    assert_same([(0, 125, 80, None, 0, 10_000, 1)], ledger.rows()[1:])
    assert [0, 1] == ledger.run("cash_cuts")


def test_ledger_of_prices_rounded_to_the_tick_against_the_trader(fused: Fuse) -> None:
    bars = prices([100] * 3, open=[100] * 3, instruments=[Instrument(symbol="A", tick=0.25)])

    ledger = play(fused([]), bars, [0.5, 0, None], half_spread_and_slippage=HALF)

    # Buy: 100.09765625 / 0.25 = 400.39, up to 401 ticks = 100.25.  Sale: 99.90234375 -> 399 ticks = 99.75.
    assert_same([(1, 0, 0, BY_ORDER, 50, 100.25, 0, 12.5), (2, 0, 0, BY_ORDER, -50, 99.75, 0, 12.5)], ledger.fills())
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (4_987.5, 50, 100.25, None, -50, 9_987.5, 0.99875),
            (9_975, 0, None, None, 0, 9_975, 0.9975),
        ],
        ledger.rows(),
    )


def test_ledger_of_prices_on_the_tick_stay_there(fused: Fuse) -> None:
    bars = prices([100] * 3, open=[100] * 3, instruments=[Instrument(symbol="A", tick=0.25)])

    ledger = play(fused([]), bars, [0.5, 0, None])

    assert [100.0, 100.0] == [fill[5] for fill in ledger.fills()]


def test_ledger_of_a_sale_below_one_tick_gets_one_tick(fused: Fuse) -> None:
    bars = prices([1, 1, 0.125], open=[1, 1, 0.125], instruments=[Instrument(symbol="A", tick=0.25)])

    ledger = play(fused([]), bars, [0.5, 0, None])

    # 5,000 units bought at 1.  floor(0.125 / 0.25) = 0 ticks, but a price is at least one tick: 0.25 each.
    assert_same([(2, 0, 0, BY_ORDER, -5_000, 0.25, 0, 625)], ledger.fills()[1:])
    assert_same([(6_250, 0, None, None, 0, 6_250, 0.625)], ledger.rows()[2:])


def test_ledger_of_changes_within_the_no_trade_band(fused: Fuse) -> None:
    bars = prices([100] * 5, open=[100] * 5)
    wants = [4 / 128, 11 / 128, 12 / 128, 0, None]

    ledger = play(fused([]), bars, wants, capital=(12_800.0,), no_trade_band=8 / 128)

    # One unit is 1/128 of equity and the band is 8 of them.  From nothing, 4 are ordered all the same; 7 more
    # are not worth an order; 8 more, exactly the band, are; down to nothing always is.
    assert [4.0, 0.0, 8.0, -12.0, 0.0] == [row[4] for row in ledger.rows()]
    assert_same(
        [
            (12_800, 0, None, None, 4, 12_800, 1),
            (12_400, 4, 100, None, 0, 12_800, 1),
            (12_400, 4, 100, None, 8, 12_800, 1),
            (11_600, 12, 100, None, -12, 12_800, 1),
            (12_800, 0, None, None, 0, 12_800, 1),
        ],
        ledger.rows(),
    )


def test_ledger_of_a_contract_with_a_multiplier(fused: Fuse) -> None:
    bars = prices([64, 66], open=[64, 65], instruments=[Instrument(symbol="A", multiplier=8)])

    ledger = play(fused([]), bars, [0.5, None], capital=(12_800.0,), commission_rate=1 / 1024)

    # 6,400 / (64 x 8) = 12.5, so 12.  12 x 65 x 8 = 6,240, fee 6.09375; worth 12 x 66 x 8 = 6,336 at the close.
    assert_same([(1, 0, 0, BY_ORDER, 12, 65, 6.09375, 0)], ledger.fills())
    assert_same(
        [
            (12_800, 0, None, None, 12, 12_800, 1),
            (6_553.90625, 12, 65, None, 0, 12_889.90625, 12_889.90625 / 12_800),
        ],
        ledger.rows(),
    )


def test_ledger_of_quantities_as_decisions(fused: Fuse) -> None:
    bars = prices([100, 104, 96, 100, 100], open=[100, 102, 100, 98, 100])

    ledger = play(fused([]), bars, [30, 12, -12, -12, None], in_units=True)

    # 30 bought at 102 (cash 6,940); 18 sold at 100 (8,740); a change of sign closes first: 12 sold at 98 (9,916);
    # only the next decision sells 12 short, at 100 (11,116).
    assert_same(
        [
            (10_000, 0, None, None, 30, 10_000, 1),
            (6_940, 30, 102, None, -18, 10_060, 1.006),
            (8_740, 12, 102, None, -12, 9_892, 0.9892),
            (9_916, 0, None, None, -12, 9_916, 0.9916),
            (11_116, -12, 100, None, 0, 9_916, 0.9916),
        ],
        ledger.rows(),
    )
