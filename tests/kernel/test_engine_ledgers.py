"""Ledgers worked by hand from docs/reference/engine.md: how orders fill, what they cost, what they leave.

Rows are (cash, quantity, entry, stop, order, equity, nav) after each bar, the order being the one for the next bar;
fills are (bar, book, asset, reason, quantity, price, fee, slippage cost).  Most numbers are multiples of powers of
two, so that they are exact.
"""

from __future__ import annotations

from typing import Any

import pytest
from engine_harness import NAN, Fuse, assert_same, play, prices
from tradewright.engine.log import BY_ORDER

HALF = 1.0 / 1024.0  # Half the spread and slippage together: dyadic, about 10 basis points.


def test_ledger_of_buy_and_hold_with_costs(fused: Fuse) -> None:
    bars = prices([100, 108, 116], open=[100, 104, 110])

    ledger = play(
        fused([]),
        bars,
        [0.5, None, None],
        half_spread_and_slippage=HALF,
        commission_per_share=1 / 16,
        commission_min=1,
    )

    # Bar 0: 0.5 x 10,000 / 100 = 50 units are ordered.
    # Bar 1: price 104 x (1 + 1/1024) = 104.1015625; 50 of them cost 5,205.078125; fee max(1, 50 / 16) = 3.125.
    #        Cash 10,000 - 5,205.078125 - 3.125 = 4,791.796875; equity that + 50 x 108.  Slippage 50 x 0.1015625.
    # Bar 2: equity 4,791.796875 + 50 x 116.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (4_791.796875, 50, 104.1015625, None, 0, 10_191.796875, 1.0191796875),
            (4_791.796875, 50, 104.1015625, None, 0, 10_591.796875, 1.0591796875),
        ],
        ledger.rows(),
    )
    assert_same([(1, 0, 0, BY_ORDER, 50, 104.1015625, 3.125, 5.078125)], ledger.fills())
    assert [] == ledger.events()
    # Gross and net exposure, and the running sums of fee and slippage.
    curve = ledger.trace.curve[:, 0]
    assert [0.0, 5_400.0, 5_800.0] == list(curve["gross"]) == list(curve["net"])
    assert ([0.0, 3.125, 3.125], [0.0, 5.078125, 5.078125]) == (list(curve["fees"]), list(curve["slippage"]))
    assert [0.0, 0.0, 0.0] == list(curve["borrow"]) == list(curve["interest"])


def test_curve_tells_fees_slippage_borrow_and_interest_apart(fused: Fuse) -> None:
    bars = prices([100, 100, 100], open=[100, 100, 100])

    ledger = play(
        fused([]),
        bars,
        [-0.5, None, None],
        half_spread_and_slippage=HALF,
        commission_min=2.0,
        cash_rate=0.0252,
        borrow_rate=0.0504,
    )

    # Bar 0: interest 10,000 x 0.0001 = 1, in cash before the sale.
    # Bar 1: 50 sold short at 100 x (1 - 1/1024) for 4,995.1171875 less 2; borrow 5,000 x 0.0002 = 1 a session,
    #        interest on 10,001 + 4,993.1171875 - 5,000 of idle cash.
    curve = ledger.trace.curve[:, 0]
    assert [0.0, 2.0, 2.0] == list(curve["fees"])
    assert [0.0, 4.8828125, 4.8828125] == list(curve["slippage"])
    assert [0.0, 1.0, 2.0] == pytest.approx(list(curve["borrow"]))
    assert [1.0, 1.0 + 0.99941171875] == pytest.approx(list(curve["interest"])[:2])


def test_ledger_of_sales_with_a_smallest_commission(fused: Fuse) -> None:
    bars = prices([100, 100, 104, 128], open=[100, 100, 102, 128])

    ledger = play(
        fused([]), bars, [0.5, 0.4, 0, None], commission_per_share=1 / 64, commission_rate=1 / 512, commission_min=6
    )

    # Bar 1: buys 50 at 100; fee 50/64 + 5,000/512 = 10.546875.  Cash 4,989.453125, equity 9,989.453125.
    #        0.4 x 9,989.453125 / 100 = 39.96, so 39 are wanted and 11 sold.
    # Bar 2: 11 at 102 are 1,122; 11/64 + 1,122/512 = 2.36 is below the smallest fee of 6.
    #        Cash 4,989.453125 + 1,122 - 6 = 6,105.453125; equity + 39 x 104 = 10,161.453125.  Entry stays 100.
    # Bar 3: 39 at 128 are 4,992; fee 39/64 + 4,992/512 = 10.359375.  Cash 11,087.09375.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (4_989.453125, 50, 100, None, -11, 9_989.453125, 0.9989453125),
            (6_105.453125, 39, 100, None, -39, 10_161.453125, 1.0161453125),
            (11_087.09375, 0, None, None, 0, 11_087.09375, 1.108709375),
        ],
        ledger.rows(),
    )
    assert [10.546875, 6.0, 10.359375] == [fill[6] for fill in ledger.fills()]
    assert pytest.approx(26.90625, abs=1e-12) == ledger.steps[-1].rows[0].fees


@pytest.mark.parametrize(
    ("costs", "bought", "cash"),
    [
        # 10,000 / 128 = 78.125.
        ({}, 78, 10_000 - 78 * 128),
        # 10,000 / (128 + 128/64 + 2) = 75.76; fee 75 x 2 + 9,600 / 64 = 300.
        ({"commission_per_share": 2, "commission_rate": 1 / 64, "commission_min": 16}, 75, 10_000 - 9_600 - 300),
        # The smallest fee binds: (10,000 - 144) / 128 is exactly 77, and all the cash is spent.
        ({"commission_min": 144}, 77, 0),
    ],
)
def test_ledger_of_a_gap_up_open_that_cash_cannot_pay(
    fused: Fuse, costs: dict[str, Any], bought: int, cash: float
) -> None:
    bars = prices([100, 128], open=[100, 128])

    ledger = play(fused([]), bars, [1.0, None], **costs)

    equity = cash + bought * 128
    assert_same(
        [(10_000, 0, None, None, 100, 10_000, 1), (cash, bought, 128, None, 0, equity, equity / 10_000)],
        ledger.rows(),
    )
    assert [0, 1] == ledger.run("cash_cuts")


def test_ledger_of_two_purchases_that_share_what_cash_there_is(fused: Fuse) -> None:
    bars = prices([[100, 100], [128, 128]], open=[[100, 100], [128, 128]])

    ledger = play(fused([]), bars, [[0.5, 0.5], None])

    # 50 x 128 = 6,400 for the first; 3,600 left / 128 = 28.125 for the second; 16 remain.
    assert [50.0, 28.0] == [fill[4] for fill in ledger.fills()]
    assert_same([(10_000, 10_000, 1), (16, 10_000, 1)], ledger.account())
    assert [0, 1] == ledger.run("cash_cuts")


def test_ledger_of_a_switch_that_sells_before_it_buys(fused: Fuse) -> None:
    bars = prices([[64, 64]] * 3, open=[[64, 64]] * 3)

    ledger = play(fused([]), bars, [[0, 1], [1, 0], None], capital=(6_400.0,))

    # Everything is in the second asset, and the first comes first in column order; its 6,400 exist only once
    # the second has been sold.
    assert_same(
        [(1, 0, 1, BY_ORDER, 100, 64, 0, 0), (2, 0, 1, BY_ORDER, -100, 64, 0, 0), (2, 0, 0, BY_ORDER, 100, 64, 0, 0)],
        ledger.fills(),
    )
    assert_same([(6_400, 6_400, 1), (0, 6_400, 1), (0, 6_400, 1)], ledger.account())


def test_ledger_of_a_purchase_cut_to_its_share_of_the_volume(fused: Fuse) -> None:
    bars = prices([100, 100, 100], open=[100, 100, 100], volume=[500, 500, 500])

    ledger = play(fused([]), bars, [0.5, None, None], participation=1 / 16)

    # 500 / 16 = 31.25, so 31 of the 50 are bought; the other 19 are dropped, an order lives for one bar.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (6_900, 31, 100, None, 0, 10_000, 1),
            (6_900, 31, 100, None, 0, 10_000, 1),
        ],
        ledger.rows(),
    )
    assert [0, 1, 1] == ledger.run("participation_cuts")
    assert [0, 0, 0] == ledger.run("expired")


def test_ledger_of_a_purchase_cut_by_volume_below_what_cash_can_pay(fused: Fuse) -> None:
    bars = prices([100, 128], open=[100, 128], volume=[500, 500])

    ledger = play(fused([]), bars, [1.0, None], participation=1 / 16)

    # Of 100 ordered, cash could pay 78; the volume allows 31 of them, and those cash need not cut.
    assert_same([(10_000 - 31 * 128, 31, 128, None, 0, 10_000, 1)], ledger.rows()[1:])
    assert ([0, 1], [0, 0]) == (ledger.run("participation_cuts"), ledger.run("cash_cuts"))


@pytest.mark.parametrize(("left", "held"), [(5e-10, 0.0), (2e-9, 2e-9)])
def test_ledger_of_a_sale_that_leaves_dust_leaves_nothing(fused: Fuse, left: float, held: float) -> None:
    bars = prices([64] * 3, open=[64] * 3, volume=[1, 1, 0.5 - left])

    ledger = play(fused([]), bars, [0.5, 0, None], capital=(64.0,), whole=False)

    # Half a unit is bought, and all but `left` of it sold.
    assert pytest.approx(held, abs=1e-15) == ledger.rows()[2][1]
    assert (None if held == 0.0 else 64.0) == ledger.rows()[2][2]
    assert pytest.approx(64 - left * 64, abs=1e-12) == ledger.rows()[2][0]


def test_ledger_of_two_books_that_share_the_volume(fused: Fuse) -> None:
    bars = prices([100, 100], open=[100, 100], volume=[500, 500])

    ledger = play(fused([]), bars, [[0.5, 0.5], None], capital=(4_000.0, 4_000.0), participation=1 / 16)

    # Each book orders 20; of 31 units in all, the first gets 20 and the second 11.
    assert [(0.0, 20.0), (1.0, 11.0)] == [(fill[1], fill[4]) for fill in ledger.fills()]
    assert_same([(2_000, 20, 100, None, 0, 4_000, 1)], ledger.rows(book=0)[1:])
    assert_same([(2_900, 11, 100, None, 0, 4_000, 1)], ledger.rows(book=1)[1:])
    assert_same([(8_000, 8_000, 1), (4_900, 8_000, 1)], ledger.account())
    assert [0, 1] == ledger.run("participation_cuts")


@pytest.mark.parametrize(
    ("decided", "ordered"),
    [(18, 50), (19, 20)],  # The average needs 20 traded bars, this one included; 320 / 16 = 20.
)
def test_ledger_of_an_order_planned_within_the_average_volume(fused: Fuse, decided: int, ordered: int) -> None:
    bars = prices([100] * 21, open=[100] * 21, volume=[320] * 21)
    wants = [0.5 if bar == decided else None for bar in range(21)]

    ledger = play(fused([]), bars, wants, participation=1 / 16)

    assert ordered == ledger.rows()[decided][4]
    # The bar's own volume limits the fill to 20 in both cases, but only an order of 50 is cut by it.
    assert 20 == ledger.rows()[decided + 1][1]
    assert int(ordered > 20) == ledger.run("participation_cuts")[-1]


def test_ledger_of_a_short_sale_with_borrow_fee_and_interest(fused: Fuse) -> None:
    bars = prices([100, 96, 90], open=[100, 96, 90])

    ledger = play(fused([]), bars, [-0.25, 0, None], cash_rate=0.252, borrow_rate=0.63)

    # Bar 0: interest 10,000 x 0.252 / 252 = 10.  -0.25 x 10,010 / 100 = -25.025, towards zero -25.
    # Bar 1: 25 sold at 96: cash 10,010 + 2,400 = 12,410, short value 2,400; interest on the difference 10.01,
    #        borrow 2,400 x 0.63 / 252 = 6; cash 12,414.01, equity less 2,400.
    # Bar 2: 25 bought at 90: cash 12,414.01 - 2,250 = 10,164.01; interest 10.16401, nothing borrowed.
    assert_same(
        [
            (10_010, 0, None, None, -25, 10_010, 1.001),
            (12_414.01, -25, 96, None, 25, 10_014.01, 1.001401),
            (10_174.17401, 0, None, None, 0, 10_174.17401, 1.017417401),
        ],
        ledger.rows(),
    )
    row = ledger.steps[-1].rows[0]
    assert pytest.approx((6.0, 30.17401), abs=1e-9) == (row.borrow, row.interest)


def test_ledger_of_a_market_that_never_closes_accrues_over_365_sessions(fused: Fuse) -> None:
    ledger = play(
        fused([]), prices([100] * 3), [-0.5, None, None], cash_rate=0.365, borrow_rate=0.73, sessions_per_year=365.0
    )

    # 50 are sold short on bar 1.  Interest is a thousandth of 10,000 - S, the fee two thousandths of S = 5,000.
    assert [10_000 + 10, 10_000 + 10 + 10.01 - 10, 10_000 + 10 + 0.01 + 10.01001 - 10] == pytest.approx(
        [row[1] for row in ledger.account()]
    )


def test_ledger_of_intraday_bars_accrues_once_per_session(fused: Fuse) -> None:
    bars = prices([100] * 3, open=[100] * 3, sessions=[0, 0, 1])

    ledger = play(fused([]), bars, [None] * 3, cash_rate=0.252)

    assert_same([(10_000, 10_000, 1), (10_010, 10_010, 1.001), (10_020.01, 10_020.01, 1.002001)], ledger.account())


@pytest.mark.parametrize(
    ("opening", "sold"),
    [
        (100, 100),  # u = 2 x 100 - 100 = 100: 10,000 / 100.
        (60, 71),  # u = 140: a lower price brings in less than the short will cost: 71.4.
        (200, 100),  # u = 0: no cut.
        (240, 100),  # u < 0: no cut.
    ],
)
def test_ledger_of_a_short_sale_at_a_gap(fused: Fuse, opening: float, sold: int) -> None:
    bars = prices([100, opening], open=[100, opening])

    ledger = play(fused([]), bars, [-1.0, None])

    assert_same([(10_000 + sold * opening, -sold, opening, None, 0, 10_000, 1)], ledger.rows()[1:])
    assert [0, int(sold < 100)] == ledger.run("cash_cuts")


def test_ledger_of_a_purchase_beside_a_short_that_binds_its_value_twice(fused: Fuse) -> None:
    bars = prices([[100, 100]] * 3, open=[[100, 100]] * 3)

    ledger = play(fused([]), bars, [[-0.25, 0], [-0.25, 0.8], None])

    # 25 sold short: cash 12,500, of which 2 x 2,500 are bound.  Of the 80 wanted, 7,500 pay for 75.
    assert_same([(12_500, 10_000, 1), (5_000, 10_000, 1)], ledger.account()[1:])
    assert_same([(5_000, 75, 100, None, 0, 10_000, 1)], ledger.rows(asset=1)[2:])
    assert [0, 0, 1] == ledger.run("cash_cuts")


def test_ledger_of_a_short_sale_and_a_purchase_that_share_what_cash_there_is(fused: Fuse) -> None:
    bars = prices([[100, 100]] * 2, open=[[100, 100]] * 2)

    ledger = play(fused([]), bars, [[-0.5, 0.8], None], commission_per_share=2)

    # The short of 50 takes 5,000 and its fee of 100; 4,900 / (100 + 2) = 48.04.
    # Cash 10,000 + 5,000 - 100 - 4,800 - 96.
    assert [-50.0, 48.0] == [fill[4] for fill in ledger.fills()]
    assert_same([(10_004, 9_804, 0.9804)], ledger.account()[1:])


def test_ledger_of_close_only_prices_fills_at_the_next_close(fused: Fuse) -> None:
    bars = prices([100, 96, 104])

    ledger = play(fused([]), bars, [0.5, None, None], half_spread_and_slippage=HALF)

    # 96 x (1 + 1/1024) = 96.09375; 50 of them are 4,804.6875.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (5_195.3125, 50, 96.09375, None, 0, 9_995.3125, 0.99953125),
            (5_195.3125, 50, 96.09375, None, 0, 10_395.3125, 1.03953125),
        ],
        ledger.rows(),
    )


def test_ledger_of_a_missing_bar_drops_the_order_and_keeps_the_mark(fused: Fuse) -> None:
    bars = prices([100, NAN, 112, NAN, 108], open=[100, NAN, 110, NAN, 106])

    ledger = play(fused([]), bars, [0.5, 0.5, None, 0, None])

    # Bar 1 does not trade: the order is dropped, and the strategy asks again at the old mark.
    # Bar 2 buys 50 at 110.  Bar 3 is valued at bar 2's close.  Bar 4 sells 50 at 106.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (10_000, 0, None, None, 50, 10_000, 1),
            (4_500, 50, 110, None, 0, 10_100, 1.01),
            (4_500, 50, 110, None, -50, 10_100, 1.01),
            (9_800, 0, None, None, 0, 9_800, 0.98),
        ],
        ledger.rows(),
    )
    assert [0, 0, 0, 0, 0] == ledger.run("expired")


def test_ledger_of_a_decision_that_stands_until_the_asset_trades(fused: Fuse) -> None:
    bars = prices([100, NAN, NAN, 112, NAN, 108], open=[100, NAN, NAN, 110, NAN, 106])

    ledger = play(fused([]), bars, [0.5, None, None, None, None, None])

    # The decision of bar 0 is planned anew on the bars without a trade and buys 50 on bar 3, at 110.
    # With that it is done: on bar 4, again without a trade, what is held is what is wanted.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (10_000, 0, None, None, 50, 10_000, 1),
            (10_000, 0, None, None, 50, 10_000, 1),
            (4_500, 50, 110, None, 0, 10_100, 1.01),
            (4_500, 50, 110, None, 0, 10_100, 1.01),
            (4_500, 50, 110, None, 0, 9_900, 0.99),
        ],
        ledger.rows(),
    )


def test_ledger_of_a_standing_decision_is_replaced_by_a_new_one(fused: Fuse) -> None:
    bars = prices([100, NAN, NAN, 100], open=[100, NAN, NAN, 100])

    ledger = play(fused([]), bars, [0.5, 0.25, None, None])

    assert [50, 25, 25, 0] == [row[4] for row in ledger.rows()]
    assert 25 == ledger.rows()[-1][1]


def test_ledger_of_a_decision_that_is_no_number_does_not_stand(fused: Fuse) -> None:
    bars = prices([100, NAN, 100], open=[100, NAN, 100])

    ledger = play(fused([]), bars, [NAN, None, None])

    assert [1, 1, 1] == ledger.run("breaches")
    assert [0, 0, 0] == [row[4] for row in ledger.rows()]


def test_ledger_of_an_asset_that_starts_later(fused: Fuse) -> None:
    bars = prices([[100, NAN], [100, NAN], [100, 50], [100, 50]], open=[[100, NAN], [100, NAN], [100, 50], [100, 50]])

    ledger = play(fused([]), bars, [[0.25, 0.25]] * 4)

    # Until it has traded its target is 0; on its first bar 2,500 / 50 = 50 are ordered.
    assert_same(
        [
            (10_000, 0, None, None, 25, 10_000, 1),
            (7_500, 25, 100, None, 0, 10_000, 1),
            (7_500, 25, 100, None, 0, 10_000, 1),
            (5_000, 25, 100, None, 0, 10_000, 1),
        ],
        ledger.rows(asset=0),
    )
    assert_same(
        [
            (10_000, 0, None, None, 0, 10_000, 1),
            (7_500, 0, None, None, 0, 10_000, 1),
            (7_500, 0, None, None, 50, 10_000, 1),
            (5_000, 50, 50, None, 0, 10_000, 1),
        ],
        ledger.rows(asset=1),
    )
    assert [0, 0, 0, 0] == ledger.run("expired") == ledger.run("breaches")


def test_ledger_of_a_change_of_sign_closes_first(fused: Fuse) -> None:
    bars = prices([100] * 4, open=[100] * 4)

    ledger = play(fused([]), bars, [0.5, -0.5, -0.5, None])

    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (5_000, 50, 100, None, -50, 10_000, 1),
            (10_000, 0, None, None, -50, 10_000, 1),
            (15_000, -50, 100, None, 0, 10_000, 1),
        ],
        ledger.rows(),
    )


def test_ledger_of_a_target_that_is_not_a_number_freezes_the_asset(fused: Fuse) -> None:
    bars = prices([100, 100, 100, 100], open=[100, 100, 100, 100])

    ledger = play(fused([]), bars, [0.5, NAN, 0.25, None])

    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (5_000, 50, 100, None, 0, 10_000, 1),
            (5_000, 50, 100, None, -25, 10_000, 1),
            (7_500, 25, 100, None, 0, 10_000, 1),
        ],
        ledger.rows(),
    )
    assert [0, 1, 1, 1] == ledger.run("breaches")


@pytest.mark.parametrize("close", [128, 132])
def test_ledger_of_a_book_without_equity_only_closes(fused: Fuse, close: float) -> None:
    bars = prices([64, 64, close, close, close], open=[64, 64, 96, close, close])

    ledger = play(fused([]), bars, [-1.0, None, 1.0, 1.0, None], capital=(6_400.0,))

    # 100 sold short at 64: cash 12,800, at 128 the short is worth as much, at 132 more than that.
    # Nothing is left to have weights of: every target is 0, so the short is bought back, and nothing else.
    left = 12_800 - 100 * close
    assert_same(
        [
            (6_400, 0, None, None, -100, 6_400, 1),
            (12_800, -100, 64, None, 0, 6_400, 1),
            (12_800, -100, 64, None, 100, left, left / 6_400),
            (left, 0, None, None, 0, left, left / 6_400),
            (left, 0, None, None, 0, left, left / 6_400),
        ],
        ledger.rows(),
    )
