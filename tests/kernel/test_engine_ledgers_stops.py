"""Ledgers worked by hand from docs/reference/engine.md: stops, modes and halts, as scripted rules ask for them.

Rows are (cash, quantity, entry, stop, order, equity, nav) after each bar, the order being the one for the next bar;
fills are (bar, book, asset, reason, quantity, price, fee, slippage cost).
"""

from __future__ import annotations

import pytest
from engine_harness import NAN, Fuse, assert_same, play, prices
from scripted_rules import scripted
from tradewright.engine.log import BY_ORDER, BY_STOP, HALTED, LIFTED
from tradewright.risk.contract import FLATTEN, FREEZE, FROZEN, NORMAL, REDUCE_ONLY, REDUCING, RUNNING

HALF = 1.0 / 1024.0


def test_ledger_of_a_stop_hit_within_the_bar(fused: Fuse) -> None:
    bars = prices([100, 104, 92, 92], open=[100, 100, 98, 92], high=[100, 105, 99, 92], low=[100, 95, 89, 92])

    ledger = play(
        fused(scripted(stop=[90])),
        bars,
        [0.5, None, None, None],
        half_spread_and_slippage=HALF,
        commission_per_share=1 / 16,
    )

    # Bar 1: 50 at 100.09765625 are 5,004.8828125, fee 3.125, slippage 50 x 0.09765625.
    # Bar 2: opens at 98 and falls through 90: 90 x (1 - 1/1024) = 89.912109375; 50 of them 4,495.60546875.
    #        Cash 4,991.9921875 + 4,495.60546875 - 3.125.
    assert_same(
        [
            (10_000, 0, None, 90, 50, 10_000, 1),
            (4_991.9921875, 50, 100.09765625, 90, 0, 10_191.9921875, 1.01919921875),
            (9_484.47265625, 0, None, None, 0, 9_484.47265625, 0.948447265625),
            (9_484.47265625, 0, None, None, 0, 9_484.47265625, 0.948447265625),
        ],
        ledger.rows(),
    )
    assert_same(
        [
            (1, 0, 0, BY_ORDER, 50, 100.09765625, 3.125, 4.8828125),
            (2, 0, 0, BY_STOP, -50, 89.912109375, 3.125, 4.39453125),
        ],
        ledger.fills(),
    )


@pytest.mark.parametrize(("low", "held"), [(90 + 1 / 64, 50), (90, 0), (90 - 1 / 64, 0)])
def test_ledger_of_a_low_around_the_stop(fused: Fuse, low: float, held: int) -> None:
    bars = prices([100, 100, 100], open=[100, 100, 100], low=[100, 100, low])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None, None])

    cash = 5_000 if held else 5_000 + 50 * 90
    assert_same([(cash, held, 100 if held else None, 90 if held else None, 0)], [ledger.rows()[2][:5]])


def test_ledger_of_a_stop_that_the_open_gapped_through(fused: Fuse) -> None:
    bars = prices([100, 100, 92], open=[100, 100, 84], high=[100, 100, 92], low=[100, 100, 80])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None, None])

    # It fills at the open, 84, not at 90, and not at the low.
    assert_same([(2, 0, 0, BY_STOP, -50, 84, 0, 0)], ledger.fills()[1:])
    assert_same([(9_200, 0, None, None, 0, 9_200, 0.92)], ledger.rows()[2:])


@pytest.mark.parametrize(
    ("opening", "low", "exit_price"),
    [
        (100, 89, 90),  # Bought at 100, stopped at 90 in the same bar.
        (88, 86, 88),  # Bought below the stop: sold at once, at the price of the open.
    ],
)
def test_ledger_of_a_stop_on_the_entry_bar(fused: Fuse, opening: float, low: float, exit_price: float) -> None:
    bars = prices([100, 96], open=[100, opening], high=[100, 100], low=[100, low])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None])

    cash = 10_000 - 50 * opening + 50 * exit_price
    assert_same(
        [(1, 0, 0, BY_ORDER, 50, opening, 0, 0), (1, 0, 0, BY_STOP, -50, exit_price, 0, 0)],
        ledger.fills(),
    )
    assert_same([(cash, 0, None, None, 0, cash, cash / 10_000)], ledger.rows()[1:])


def test_ledger_of_a_short_that_is_stopped(fused: Fuse) -> None:
    bars = prices([100, 100, 108], open=[100, 100, 105], high=[100, 100, 112], low=[100, 100, 104])

    ledger = play(fused(scripted(stop=[110])), bars, [-0.25, None, None], half_spread_and_slippage=HALF)

    # Bar 1: 25 sold at 99.90234375 = 2,497.55859375.  Bar 2: 25 bought at 110 x (1 + 1/1024) = 110.107421875,
    # which is 2,752.685546875.
    assert_same(
        [
            (10_000, 0, None, 110, -25, 10_000, 1),
            (12_497.55859375, -25, 99.90234375, 110, 0, 9_997.55859375, 0.999755859375),
            (9_744.873046875, 0, None, None, 0, 9_744.873046875, 0.9744873046875),
        ],
        ledger.rows(),
    )
    assert BY_STOP == ledger.fills()[1][3]


@pytest.mark.parametrize(
    ("opening", "high", "price"),
    [(105, 110 - 1 / 64, None), (105, 110, 110), (105, 112, 110), (116, 118, 116)],
)
def test_ledger_of_a_high_around_the_stop_of_a_short(
    fused: Fuse, opening: float, high: float, price: float | None
) -> None:
    bars = prices([100, 100, 104], open=[100, 100, opening], high=[100, 100, high], low=[100, 100, 104])

    ledger = play(fused(scripted(stop=[110])), bars, [-0.25, None, None])

    assert ([] if price is None else [price]) == [fill[5] for fill in ledger.fills()[1:]]
    assert (12_500.0 if price is None else 12_500.0 - 25 * price) == ledger.rows()[2][0]


def test_ledger_of_a_stop_that_the_volume_cannot_fill_at_once(fused: Fuse) -> None:
    bars = prices(
        [100, 100, 92, 95],
        open=[100, 100, 98, 85],
        high=[100, 100, 98, 95],
        low=[100, 100, 89, 80],
        volume=[400, 400, 128, 1000],
    )

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None, None, None], participation=1 / 4)

    # Bar 2: 128 / 4 = 32 of 50 are sold at 90: cash 5,000 + 2,880; the other 18 keep the stop.
    # Bar 3: they go at the open, 85: 1,530.
    assert_same(
        [
            (10_000, 0, None, 90, 50, 10_000, 1),
            (5_000, 50, 100, 90, 0, 10_000, 1),
            (7_880, 18, 100, 90, 0, 9_536, 0.9536),
            (9_410, 0, None, None, 0, 9_410, 0.941),
        ],
        ledger.rows(),
    )
    assert [0, 0, 1, 1] == ledger.run("participation_cuts")


def test_ledger_of_a_stop_that_shares_the_volume_with_the_order_of_its_bar(fused: Fuse) -> None:
    bars = prices([100, 100], open=[100, 100], low=[100, 89], volume=[240, 240])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None], participation=1 / 4)

    # 240 / 4 = 60 in all: 50 bought at the open leave 10 for the stop.
    assert [50.0, -10.0] == [fill[4] for fill in ledger.fills()]
    assert_same([(5_900, 40, 100, 90, 0, 9_900, 0.99)], ledger.rows()[1:])


def test_ledger_of_a_stop_in_a_bar_that_did_not_trade(fused: Fuse) -> None:
    bars = prices([100, 100, NAN, 84], open=[100, 100, NAN, 88], high=[100, 100, NAN, 88], low=[100, 100, NAN, 84])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None, None, None])

    # Nothing happens on bar 2; bar 3 opens below the stop.
    assert_same([(5_000, 50, 100, 90, 0, 10_000, 1), (9_400, 0, None, None, 0, 9_400, 0.94)], ledger.rows()[2:])


def test_ledger_of_next_close_watches_stops_before_it_fills(fused: Fuse) -> None:
    bars = prices([100, 104, 96, 96], open=[100, 101, 98, 96], low=[100, 89, 89, 96])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, 0.75, None, None], at_close=True)

    # Bar 1: the low of 89 finds no position yet; 50 are bought at the close, 104.
    #        0.75 x 10,000 / 104 = 72.1, so 22 more are ordered.
    # Bar 2: the stop sells 50 at 90 and drops the order: cash 4,800 + 4,500.
    assert_same(
        [
            (10_000, 0, None, 90, 50, 10_000, 1),
            (4_800, 50, 104, 90, 22, 10_000, 1),
            (9_300, 0, None, None, 0, 9_300, 0.93),
            (9_300, 0, None, None, 0, 9_300, 0.93),
        ],
        ledger.rows(),
    )
    assert [BY_ORDER, BY_STOP] == [fill[3] for fill in ledger.fills()]


@pytest.mark.parametrize(("close", "price"), [(90 + 1 / 64, None), (90, 90), (88, 88)])
def test_ledger_of_close_only_prices_stops_on_closes(fused: Fuse, close: float, price: float | None) -> None:
    bars = prices([100, 96, close])

    ledger = play(fused(scripted(stop=[90])), bars, [0.5, None, None])

    # 50 bought at the close of 96 leave 5,200.
    cash = 5_200 if price is None else 5_200 + 50 * price
    assert (cash, 50.0 if price is None else 0.0) == ledger.rows()[2][:2]


def test_ledger_of_a_stop_is_tightened_and_never_loosened(fused: Fuse) -> None:
    bars = prices([100] * 5, open=[100] * 5)

    ledger = play(fused(scripted(stop=[90, 92, 88, NAN, 93])), bars, [0.5, None, None, None, None])

    # 88 and NaN are looser than 92: ignored, and counted as breaches.
    assert [90.0, 92.0, 92.0, 92.0, 93.0] == [row[3] for row in ledger.rows()]
    assert [0, 0, 1, 2, 2] == ledger.run("breaches")


def test_ledger_of_a_stop_of_a_short_is_tightened_downwards(fused: Fuse) -> None:
    bars = prices([100] * 3, open=[100] * 3)

    ledger = play(fused(scripted(stop=[110, 108, 112])), bars, [-0.25, None, None])

    assert [110.0, 108.0, 108.0] == [row[3] for row in ledger.rows()]
    assert [0, 0, 1] == ledger.run("breaches")


def test_ledger_of_reduce_only_clamps_between_nothing_and_held(fused: Fuse) -> None:
    bars = prices([100] * 6, open=[100] * 6)
    modes = [NORMAL, REDUCE_ONLY, REDUCE_ONLY, REDUCE_ONLY, REDUCE_ONLY, NORMAL]

    ledger = play(fused(scripted(mode=modes)), bars, [0.5, 0.75, 0.25, -0.25, 0.5, 0.5])

    # 0.75 becomes what is held, 0.25 passes, -0.25 stops at 0, and from 0 nothing is bought until the mode ends.
    assert_same(
        [
            (10_000, 0, None, None, 50, 10_000, 1),
            (5_000, 50, 100, None, 0, 10_000, 1),
            (5_000, 50, 100, None, -25, 10_000, 1),
            (7_500, 25, 100, None, -25, 10_000, 1),
            (10_000, 0, None, None, 0, 10_000, 1),
            (10_000, 0, None, None, 50, 10_000, 1),
        ],
        ledger.rows(),
    )
    # 0.75 to 0.5, and 0.5 to 0: one asset rule cut twice, by 0.25 and 0.5 of 10,000.
    counter = ledger.steps[-1].counters[1]
    assert (2, 2, 7_500.0, 1, 4) == (counter.cuts, counter.bars, counter.notional, counter["first"], counter["last"])


def test_ledger_of_a_frozen_asset_keeps_its_position_and_its_stop_works(fused: Fuse) -> None:
    bars = prices([100] * 4, open=[100] * 4, low=[100, 100, 100, 88])

    ledger = play(fused(scripted(stop=[90], mode=[NORMAL, FROZEN])), bars, [0.5, 0.25, 0, None])

    assert [50.0, 0.0, 0.0, 0.0] == [row[4] for row in ledger.rows()]
    assert_same([(9_500, 0, None, None, 0, 9_500, 0.95)], ledger.rows()[3:])


def test_ledger_of_a_freeze_sends_nothing_until_the_next_session(fused: Fuse) -> None:
    bars = prices([100] * 5, open=[100] * 5, sessions=[0, 0, 1, 1, 2])

    ledger = play(fused(scripted(level=[RUNNING, RUNNING, FREEZE, RUNNING])), bars, [0.5, None, 0, 0, 0])

    # Bar 2 freezes; bar 3 is of the same session, so the level stands though the rule no longer asks for it.
    # Bar 4 begins the next session, and the position is sold.
    assert [50.0, 0.0, 0.0, 0.0, -50.0] == [row[4] for row in ledger.rows()]
    assert [0, 0, FREEZE, FREEZE, RUNNING] == [step.halts[0, 0].level for step in ledger.steps]


@pytest.mark.parametrize(
    ("level", "orders"),
    [
        (REDUCING, [50.0, 0.0, 0.0, 0.0]),  # keep is 1: nothing is sold, nothing bought.
        (FLATTEN, [50.0, -50.0, 0.0, 0.0]),
        (FREEZE, [50.0, 0.0, 0.0, 0.0]),
    ],
)
def test_ledger_of_a_latched_level_outlasts_its_cause(fused: Fuse, level: int, orders: list[float]) -> None:
    bars = prices([100] * 4, open=[100] * 4)

    ledger = play(fused(scripted(level=[RUNNING, level, RUNNING], latched=True)), bars, [0.5, 0.75, 0.75, 0.75])

    assert orders == [row[4] for row in ledger.rows()]
    assert_same([(1, 0, HALTED, 0, level, level, 1)], ledger.events())
    assert [RUNNING, level, level, level] == [step.halts[0, 0].level for step in ledger.steps]


@pytest.mark.parametrize(
    ("sessions", "lifted_at"),
    [(0, None), (1, 2), (2, 3), (3, 4)],  # Halted in session 1.
)
def test_ledger_of_a_latched_level_lifted_after_so_many_sessions(
    fused: Fuse, sessions: int, lifted_at: int | None
) -> None:
    bars = prices([100] * 6, open=[100] * 6)

    ledger = play(
        fused(scripted(level=[RUNNING, REDUCING, RUNNING], latched=True)), bars, [0.5] * 6, resume_after=sessions
    )

    lifts = [event[:4] for event in ledger.events() if event[2] == LIFTED]
    assert ([] if lifted_at is None else [(float(lifted_at), 0.0, float(LIFTED), 0.0)]) == lifts
