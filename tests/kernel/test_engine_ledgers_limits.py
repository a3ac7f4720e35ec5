"""Ledgers worked by hand from docs/reference: the mission's limits, capital steps, several books.

Rows are (cash, quantity, entry, stop, order, equity, nav) after each bar, the order being the one for the next bar;
halts, lifts and grants are (bar, row, kind, rule, level, observed, limit).  Limits are dyadic, so that a loss can
equal one exactly.
"""

from __future__ import annotations

import math

import pytest
from engine_harness import NAN, Fuse, Ledger, assert_same, limits, mission, play, prices
from scripted_rules import scripted, tallying
from tradewright.engine.log import GRANTED, HALTED, LIFTED
from tradewright.risk.contract import FLATTEN, REDUCING, RUNNING
from tradewright.risk.risk_per_trade import RiskPerTrade

CAPITAL = (6_400.0,)  # 0.5 of it buys 50 units at 64.
CENT = 1 / 64  # The step of all prices here.
DRAWDOWN, DAY, WEIGHT = 0, 1, 2  # Numbers of the rules.


# ---- drawdown-halt ---------------------------------------------------------------------------------------------


def drop(fused: Fuse, close: float, wants: list[float | None]) -> Ledger:
    """Buy 50 units at 64, fall to `close` on bar 2, and recover."""
    bars = prices([64, 64, close, 64, 64], open=[64, 64, 60, 64, 64])
    return play(fused(limits(drawdown=1 / 16)), bars, wants, CAPITAL)


def test_ledger_of_a_drawdown_of_exactly_the_limit_sells_and_stays_out(fused: Fuse) -> None:
    ledger = drop(fused, 56, [0.5, None, None, 0.5, 0.5])

    # Bar 2: 3,200 + 50 x 56 = 6,000 is 15/16 of the peak: exactly the limit, so everything is sold.
    # Bar 3: sold at 64, nav is back at 1, and the strategy wants in again: the halt is latched.
    assert_same(
        [
            (6_400, 0, None, None, 50, 6_400, 1),
            (3_200, 50, 64, None, 0, 6_400, 1),
            (3_200, 50, 64, None, -50, 6_000, 0.9375),
            (6_400, 0, None, None, 0, 6_400, 1),
            (6_400, 0, None, None, 0, 6_400, 1),
        ],
        ledger.rows(),
    )
    assert_same([(2, 0, HALTED, DRAWDOWN, FLATTEN, 1 / 16, 1 / 16)], ledger.events())
    # The position on bar 2 was cut by 2,800; on bars 3 and 4 the wish for 0.5 x 6,400 was.
    counter = ledger.steps[-1].counters[DRAWDOWN]
    assert (3, 3, 2, 4) == (counter.cuts, counter.bars, counter["first"], counter["last"])
    assert pytest.approx(2_800 + 3_200 + 3_200, rel=1e-12) == counter.notional


@pytest.mark.parametrize(
    ("close", "observed"),
    [
        (56 + CENT, None),
        (56, 1 / 16),
        (56 - CENT, (400 + 50 / 64) / 6_400),  # One step lower costs 50/64 more.
    ],
)
def test_ledger_of_a_drawdown_around_the_limit(fused: Fuse, close: float, observed: float | None) -> None:
    ledger = drop(fused, close, [0.5, None, None, None, None])

    halts = [] if observed is None else [(2, 0, HALTED, DRAWDOWN, FLATTEN, observed, 1 / 16)]
    assert_same(halts, ledger.events())
    assert (0.0 if observed is None else -50.0) == ledger.rows()[2][4]


def test_ledger_of_a_drawdown_flattens_even_what_is_frozen(fused: Fuse) -> None:
    ledger = drop(fused, 56, [0.5, None, NAN, None, None])

    assert -50.0 == ledger.rows()[2][4]
    assert [0, 0, 1, 1, 1] == ledger.run("breaches")


@pytest.mark.parametrize(
    ("factor", "quantity", "breaches"),
    [
        pytest.param(1.0, 50.0, 0, id="the same"),
        pytest.param(0.0, 0.0, 0, id="nothing"),
        # A smaller one falls again when the rules are asked a second time, so nothing is added.
        pytest.param(0.5, 0.0, 0, id="ever smaller"),
        pytest.param(1.25, 50.0, 1, id="larger"),
        pytest.param(-0.5, 50.0, 1, id="smaller on the other side"),
        pytest.param(-1.0, 50.0, 1, id="the other side"),
        # Frozen with nothing held, of which no rule is asked again.
        pytest.param(NAN, 0.0, 1, id="no number"),
    ],
)
def test_ledger_of_a_rule_that_may_only_shrink_a_target(
    fused: Fuse, factor: float, quantity: float, breaches: int
) -> None:
    bars = prices([64] * 2, open=[64] * 2)

    ledger = play(fused(scripted(factor=[factor])), bars, [0.5, None], CAPITAL)

    assert quantity == ledger.rows()[1][1]
    assert breaches == ledger.run("breaches")[0]


def test_ledger_of_a_rule_with_memory_that_is_asked_on_every_bar(fused: Fuse) -> None:
    bars = prices([64] * 5, open=[64] * 5)

    # Neither wanted nor held on the first bar and the last, when a rule without memory is not asked.
    ledger = play(fused(tallying()), bars, [None, 0.5, None, 0.0, None], CAPITAL)

    assert [0, 0, 50, 50, 0] == [row[1] for row in ledger.rows()]
    assert [1, 2, 3, 4, 5] == [step.asset_memory[0, 0, 0] for step in ledger.steps]


def test_ledger_of_a_rule_without_memory_that_is_asked_only_where_something_can_fall(fused: Fuse) -> None:
    bars = prices([64] * 5, open=[64] * 5)

    # What is no number is a breach: bar 1 when it is asked about 0.5, twice, and no bar about nothing.
    rules = (*tallying(), *scripted(factor=[NAN]))
    ledger = play(fused(rules), bars, [None, 0.5, None, 0.0, None], CAPITAL)

    assert [0, 1, 1, 1, 1] == ledger.run("breaches")
    assert [1, 3, 4, 5, 6] == [step.asset_memory[0, 0, 0] for step in ledger.steps]


def test_ledger_of_a_halt_that_a_person_lifts(fused: Fuse) -> None:
    bars = prices([64, 64, 56, 60, 60, 60], open=[64, 64, 60, 60, 60, 60])

    ledger = play(fused(limits(drawdown=1 / 16)), bars, [0.5, None, None, 0.5, 0.5, None], CAPITAL, resume_after=2)

    # Bar 3: sold at 60: 6,200, nav 0.96875.  Bar 4, two sessions after bar 2: lifted, the peak becomes 0.96875;
    # 0.5 x 6,200 / 60 = 51.67.  Bar 5: 51 at 60 are 3,060; no drawdown from the new peak.
    assert_same(
        [
            (6_400, 0, None, None, 50, 6_400, 1),
            (3_200, 50, 64, None, 0, 6_400, 1),
            (3_200, 50, 64, None, -50, 6_000, 0.9375),
            (6_200, 0, None, None, 0, 6_200, 0.96875),
            (6_200, 0, None, None, 51, 6_200, 0.96875),
            (3_140, 51, 60, None, 0, 6_200, 0.96875),
        ],
        ledger.rows(),
    )
    assert_same(
        [(2, 0, HALTED, DRAWDOWN, FLATTEN, 1 / 16, 1 / 16), (4, 0, LIFTED, DRAWDOWN, FLATTEN, 0.96875, 1)],
        ledger.events(),
    )
    assert [1.0, 1.0, 1.0, 1.0, 0.96875, 0.96875] == [step.rows[0].peak for step in ledger.steps]


# ---- daily-loss ------------------------------------------------------------------------------------------------


def test_ledger_of_a_daily_loss_on_daily_bars_halves_at_the_next_open(fused: Fuse) -> None:
    bars = prices([64, 64, 60, 60, 60], open=[64, 64, 64, 60, 60])

    ledger = play(fused(limits(day=1 / 32)), bars, [0.5, None, 0.75, 0.5, None], CAPITAL)

    # Bar 2: 50 x 4 = 200 of 6,400 are lost: 1/32.  Half of 50 is sold though the strategy wants more.
    # Bar 3: a new session: 25 sold at 60, nothing lost since the last close; 0.5 x 6,200 / 60 = 51.67, 26 more.
    # Bar 4: entry (25 x 64 + 26 x 60) / 51 = 3,160 / 51.
    assert_same(
        [
            (6_400, 0, None, None, 50, 6_400, 1),
            (3_200, 50, 64, None, 0, 6_400, 1),
            (3_200, 50, 64, None, -25, 6_200, 0.96875),
            (4_700, 25, 64, None, 26, 6_200, 0.96875),
            (3_140, 51, 3_160 / 51, None, 0, 6_200, 0.96875),
        ],
        ledger.rows(),
    )
    assert_same([(2, 0, HALTED, DAY, REDUCING, 1 / 32, 1 / 32)], ledger.events())
    assert [RUNNING, RUNNING, REDUCING, RUNNING, RUNNING] == [step.halts[0, DAY].level for step in ledger.steps]


@pytest.mark.parametrize(("close", "order"), [(60 + CENT, 0), (60, -25), (60 - CENT, -25)])
def test_ledger_of_a_daily_loss_around_the_limit(fused: Fuse, close: float, order: float) -> None:
    bars = prices([64, 64, close], open=[64, 64, 64])

    ledger = play(fused(limits(day=1 / 32)), bars, [0.5, None, None], CAPITAL)

    assert order == ledger.rows()[2][4]
    assert int(order != 0) == len(ledger.events())


def test_ledger_of_a_daily_loss_within_a_session_halves_once(fused: Fuse) -> None:
    bars = prices([64, 64, 60, 56, 88, 88, 88], open=[64, 64, 64, 60, 56, 88, 88], sessions=[0, 0, 1, 1, 1, 2, 2])

    ledger = play(fused(limits(day=1 / 32)), bars, [0.5, None, None, 0.125, 0.75, 0.5, None], CAPITAL)

    # Bar 2: 1/32 is lost since the close of session 0: half of 50 is to be sold.
    # Bar 3: 25 sold at 60: cash 4,700; 6,100 at 56, a loss of 3/64: not halved again.  Less may still be held:
    #        0.125 x 6,100 / 56 = 13.6, so 12 are sold.
    # Bar 4: 12 sold at 56: 5,372; at 88 equity is 6,516, more than at the start, but buying waits for ...
    # Bar 5: ... the next session: 0.5 x 6,516 / 88 = 37.02, so 24 more.
    # Bar 6: 24 at 88 are 2,112; entry (13 x 64 + 24 x 88) / 37 = 2,944 / 37.
    assert_same(
        [
            (6_400, 0, None, None, 50, 6_400, 1),
            (3_200, 50, 64, None, 0, 6_400, 1),
            (3_200, 50, 64, None, -25, 6_200, 0.96875),
            (4_700, 25, 64, None, -12, 6_100, 0.953125),
            (5_372, 13, 64, None, 0, 6_516, 1.018125),
            (5_372, 13, 64, None, 24, 6_516, 1.018125),
            (3_260, 37, 2_944 / 37, None, 0, 6_516, 1.018125),
        ],
        ledger.rows(),
    )
    assert_same([(2, 0, HALTED, DAY, REDUCING, 1 / 32, 1 / 32)], ledger.events())


# ---- position-limit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "cuts", "notional"),
    [(0.25 - 1 / 1024, 0, 0), (0.25, 0, 0), (0.25 + 1 / 1024, 1, 6_400 / 1024), (0.5, 1, 1_600)],
)
def test_ledger_of_a_target_around_the_position_limit(fused: Fuse, wanted: float, cuts: int, notional: float) -> None:
    bars = prices([64, 64], open=[64, 64])

    ledger = play(fused(limits(weight=0.25)), bars, [wanted, None], CAPITAL)

    # 0.25 x 6,400 / 64 = 25; a little less makes 24.
    assert (24 if wanted < 0.25 else 25) == ledger.rows()[0][4]
    counter = ledger.steps[0].counters[WEIGHT]
    assert (cuts, notional) == (counter.cuts, counter.notional)


@pytest.mark.parametrize("wanted", [None, 0.5])
@pytest.mark.parametrize(
    ("close", "order"),
    [
        (68 - CENT, 0),
        (68, 0),  # 25 x 68 = 1,700 of 6,400: exactly the limit plus the band, 17/64.
        (68 + CENT, -2),  # 0.25 x 6,400.390625 / 68.015625 = 23.5.
        (68.5, -2),  # 0.25 x 6,412.5 / 68.5 = 23.4.
    ],
)
def test_ledger_of_a_position_that_drifts_above_its_limit(
    fused: Fuse, close: float, order: float, wanted: float | None
) -> None:
    """Below the limit plus its band it is held and not added to; above, it is trimmed to the limit.

    The no-trade band is wider than the trim, and does not hold back what a rule asks for.
    """
    bars = prices([60, 60, close, close], open=[60, 60, 60, close])

    # 0.25 x 6,200 / 60 = 25.8, so 25 for 1,500.
    ledger = play(
        fused(limits(weight=1 / 4, band=1 / 64)), bars, [0.25, None, wanted, None], (6_200.0,), no_trade_band=1 / 16
    )

    equity = 4_700 + 25 * close
    assert_same([(4_700, 25, 60, None, order, equity, equity / 6_200)], ledger.rows()[2:3])
    assert_same([(4_700 - order * close, 25 + order, 60, None, 0, equity, equity / 6_200)], ledger.rows()[3:])


# ---- risk-per-trade --------------------------------------------------------------------------------------------


def risk_a_trade(fused: Fuse, last_want: float | None) -> Ledger:
    """Want 0.5 before and after the volatility is known, and `last_want` on bar 4; a stop is hit on bar 5."""
    bars = prices(
        [256, 272, 272, 255, 255, 230],
        open=[256, 272, 272, 255, 255, 240],
        low=[256, 272, 272, 255, 255, 220],
    )
    return play(
        fused(mission(RiskPerTrade(limit=1 / 64, multiple=2.0, lookback=3))),
        bars,
        [None, None, 0.5, 0.5, last_want, None],
        (1_000_000.0,),
        half_spread_and_slippage=1 / 1024,
        commission_per_share=0.255,
        commission_min=240.0,
    )


def test_ledger_of_a_purchase_sized_by_its_loss_at_the_stop_costs_included(fused: Fuse) -> None:
    ledger = risk_a_trade(fused, None)

    # Bar 2: two returns are not three: no volatility, no stop, and so no purchase.
    # Bar 3: returns 1/16, 0, -1/16 deviate by v = 1/16; stop 255 x (1 - 2/16) = 223.125, distance d = 1/8.
    #        c = 1/1024 + 0.255/255 = 0.0019765625, f = 240 / 1,000,000.
    #        w_max = (1/64 - 2 f) / (d + 2 c) = 0.015145 / 0.128953125 = 0.117446; x 1,000,000 / 255 = 460.6.
    # Bar 4: 460 at 255 x (1 + 1/1024) = 255.2490234375 are 117,414.55078125; 460 x 0.255 = 117.3 is below 240.
    # Bar 5: stopped at 223.125 x (1 - 1/1024) = 222.9071044921875: 102,537.26806640625, fee 240.
    bought, sold = 882_345.44921875, 984_642.71728515625
    assert_same(
        [
            (1_000_000, 0, None, None, 0, 1_000_000, 1),
            (1_000_000, 0, None, None, 0, 1_000_000, 1),
            (1_000_000, 0, None, None, 0, 1_000_000, 1),
            (1_000_000, 0, None, 223.125, 460, 1_000_000, 1),
            (bought, 460, 255.2490234375, 223.125, 0, bought + 460 * 255, (bought + 460 * 255) / 1_000_000),
            (sold, 0, None, None, 0, sold, sold / 1_000_000),
        ],
        ledger.rows(),
    )
    assert 1_000_000 - sold <= 1_000_000 / 64


def test_ledger_of_an_addition_sized_by_the_loss_of_the_whole_position(fused: Fuse) -> None:
    ledger = risk_a_trade(fused, 0.5)

    # Bar 4: equity 882,345.44921875 + 460 x 255 = 999,645.44921875.  What is held has been paid for entering, so
    #        w_max x equity = (equity / 64 - 2 x 240 + 117,300 x c) / (d + 2 c) = 15,371.3109 / 0.128953125,
    #        which is 119,200.8; / 255 = 467.5, so 7 more; the stop stays where it is.
    assert (223.125, 7.0) == ledger.rows()[4][3:5]


# ---- capital steps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close", "granted"),
    [(80 - CENT, 0), (80, 6_400), (80 + CENT, 6_400), (160, 6_400)],  # 50 x 16 = 800 is 1/8 of 6,400.
)
def test_ledger_of_a_capital_step_around_its_return(fused: Fuse, close: float, granted: float) -> None:
    bars = prices([64, 64, close], open=[64, 64, 64])

    ledger = play(fused([]), bars, [0.5, None, None], CAPITAL, capital_total=19_200, capital_step=6_400)

    # However large the gain, one step is taken.
    equity = 3_200 + 50 * close
    nav = equity / 6_400
    row = ledger.steps[2].rows[0]
    assert_same([(3_200 + granted, 50, 64, None, 0, equity + granted, nav)], ledger.rows()[2:])
    assert pytest.approx((6_400 + granted, 6_400 + granted / nav, nav), rel=1e-12) == (
        row.capital,
        row.units,
        row.peak,
    )


def test_ledger_of_capital_steps_up_to_the_total(fused: Fuse) -> None:
    bars = prices([64, 64, 80, 116, 256, 256], open=[64, 64, 80, 116, 256, 256])

    ledger = play(fused([]), bars, [0.5] + [None] * 5, CAPITAL, capital_total=16_000, capital_step=6_400)

    # Bar 2: equity 7,200, nav 9/8 = 1.125: 6,400 buy 6,400 / 1.125 units, so 13,600 are 12,088.9 units.
    # Bar 3: 9,600 + 50 x 116 = 15,400; nav 15,400 x 1.125 / 13,600 = 1.27389..., 13.2 % above 1.125:
    #        the rest up to 16,000, 3,200, is granted: cash 12,800.
    # Bar 4: nav grows by 25,600 / 18,600, but there is nothing more to grant.
    second = 15_400 * 1.125 / 13_600
    third = second * 25_600 / 18_600
    assert_same(
        [
            (6_400, 0, None, None, 50, 6_400, 1),
            (3_200, 50, 64, None, 0, 6_400, 1),
            (9_600, 50, 64, None, 0, 13_600, 1.125),
            (12_800, 50, 64, None, 0, 18_600, second),
            (12_800, 50, 64, None, 0, 25_600, third),
            (12_800, 50, 64, None, 0, 25_600, third),
        ],
        ledger.rows(),
    )
    gain = second / 1.125 - 1
    assert_same([(2, 0, GRANTED, -1, 0, 1 / 8, 1 / 8), (3, 0, GRANTED, -1, 0, gain, 1 / 8)], ledger.events())
    assert [6_400.0, 3_200.0] == list(ledger.trace.events.money)
    assert [6_400.0, 6_400.0, 12_800.0, 16_000.0, 16_000.0, 16_000.0] == [s.rows[0].capital for s in ledger.steps]


def test_ledger_of_a_capital_step_waits_for_the_close_of_the_session(fused: Fuse) -> None:
    bars = prices([64, 64, 96, 96, 96], open=[64, 64, 96, 96, 96], sessions=[0, 0, 1, 1, 1])

    ledger = play(fused([]), bars, [0.5] + [None] * 4, CAPITAL, capital_total=19_200, capital_step=6_400)

    assert [6_400.0, 6_400.0, 6_400.0, 6_400.0, 12_800.0] == [step.rows[0].capital for step in ledger.steps]


def test_ledger_of_a_capital_step_without_evidence_is_not_taken(fused: Fuse) -> None:
    bars = prices([64, 64, 96], open=[64, 64, 96])

    ledger = play(
        fused([]), bars, [0.5, None, None], CAPITAL, capital_total=19_200, capital_step=6_400, evidence_ok=False
    )

    assert [6_400.0] * 3 == [step.rows[0].capital for step in ledger.steps]


def test_ledger_of_a_capital_step_is_not_taken_in_a_halt(fused: Fuse) -> None:
    bars = prices([64, 64, 62, 96, 96], open=[64, 64, 64, 62, 96], sessions=[0, 0, 1, 1, 2])

    ledger = play(
        fused(limits(day=1 / 32)), bars, [1.0] + [None] * 4, CAPITAL, capital_total=12_800, capital_step=6_400
    )

    # Bar 2: 100 x 2 = 200 of 6,400 are lost: half of 100 is sold, at 62 on bar 3: cash 3,100.
    # Bar 3: 3,100 + 50 x 96 = 7,900, nav 1.234375 at the close of the session: enough, but halted.
    # Bar 4: the next session has no halt, and at its close 6,400 are granted.
    assert_same(
        [
            (6_400, 0, None, None, 100, 6_400, 1),
            (0, 100, 64, None, 0, 6_400, 1),
            (0, 100, 64, None, -50, 6_200, 0.96875),
            (3_100, 50, 64, None, 0, 7_900, 1.234375),
            (9_500, 50, 64, None, 0, 14_300, 1.234375),
        ],
        ledger.rows(),
    )


def test_ledger_of_a_capital_step_leaves_peak_and_drawdown_alone(fused: Fuse) -> None:
    bars = prices([64, 64, 80, 76], open=[64, 64, 80, 80])

    ledger = play(
        fused(limits(drawdown=1 / 16)),
        bars,
        [0.5, None, None, None],
        CAPITAL,
        capital_total=12_800,
        capital_step=6_400,
    )

    # Bar 2: nav 1.125 and 6,400 more cash.  Bar 3: 50 x 4 = 200 of 13,600 are lost, 1.5 %.
    nav = 1.125 * 13_400 / 13_600
    assert_same([(9_600, 50, 64, None, 0, 13_400, nav)], ledger.rows()[3:])
    assert math.isclose(1.125, ledger.steps[3].rows[0].peak, rel_tol=1e-12)
    assert [GRANTED] == [event[2] for event in ledger.events()]


# ---- several books ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close", "account", "second_order"),
    [
        (48 + CENT, None, 0),
        (48, 1 / 16, -50),  # 50 x 16 = 800: 1/8 of the first book, 1/16 of the account.
        (48 - CENT, (800 + 50 / 64) / 12_800, -50),
    ],
)
def test_ledger_of_two_books_halted_by_their_account(
    fused: Fuse, close: float, account: float | None, second_order: float
) -> None:
    bars = prices([[64, 64], [64, 64], [close, 64], [64, 64]], open=[[64, 64], [64, 64], [64, 64], [64, 64]])
    wants = [[[0.5, 0], [0, 0.5]], None, None, [[0.5, 0], [0, 0.5]]]

    ledger = play(fused(limits(drawdown=1 / 16)), bars, wants, CAPITAL * 2)

    lost = 50 * (64 - close)
    halts = [(2, 0, HALTED, DRAWDOWN, FLATTEN, lost / 6_400, 1 / 16)]
    if account is not None:
        halts.append((2, 2, HALTED, DRAWDOWN, FLATTEN, account, 1 / 16))
    assert_same(halts, ledger.events())
    nav = (6_400 - lost) / 6_400
    assert_same([(3_200, 50, 64, None, -50, 6_400 - lost, nav)], ledger.rows(book=0, asset=0)[2:3])
    # The second book has lost nothing, and is sold all the same when the account has.
    assert_same([(3_200, 50, 64, None, second_order, 6_400, 1)], ledger.rows(book=1, asset=1)[2:3])
    assert_same([(6_400, 12_800 - lost, (12_800 - lost) / 12_800)], ledger.account()[2:3])
    # Everything is back at 64, and who was halted stays out.
    stays = 50 if account is None else 0
    assert (0.0, stays) == (ledger.rows(book=0, asset=0)[3][1], ledger.rows(book=1, asset=1)[3][1])
    assert (0.0, 0.0) == (ledger.rows(book=0, asset=0)[3][4], ledger.rows(book=1, asset=1)[3][4])


def test_ledger_of_two_books_that_hold_opposite_positions(fused: Fuse) -> None:
    bars = prices([64, 64, 72], open=[64, 64, 64])

    ledger = play(fused([]), bars, [[[0.5], [-0.5]], None, None], CAPITAL * 2)

    # One book gains 50 x 8 = 400, the other loses as much: the account stands still.
    assert_same([(3_200, 50, 64, None, 0, 6_800, 1.0625)], ledger.rows(book=0)[2:])
    assert_same([(9_600, -50, 64, None, 0, 6_000, 0.9375)], ledger.rows(book=1)[2:])
    assert_same([(12_800, 12_800, 1)] * 3, ledger.account())
    curve = ledger.trace.curve[2]
    assert ([3_600.0, 3_600.0, 7_200.0], [3_600.0, -3_600.0, 0.0]) == (list(curve.gross), list(curve.net))


def test_ledger_of_two_books_that_share_a_capital_step(fused: Fuse) -> None:
    bars = prices([64, 64, 96], open=[64, 64, 64])

    ledger = play(
        fused([]),
        bars,
        [[[0.5], [0]], None, None],
        (6_400.0, 19_200.0),
        capital_total=51_200,
        capital_step=12_800,
        capital_step_return=1 / 16,
    )

    # The first book gains 50 x 32 = 1,600, which is 1/16 of the account's 25,600.  Of 12,800 it gets a quarter,
    # 3,200, at its own nav of 1.25: 2,560 units; the second 9,600 at 1; the account 12,800 at 1.0625.
    books = ledger.steps[2].rows
    assert_same([(6_400, 50, 64, None, 0, 11_200, 1.25)], ledger.rows(book=0)[2:])
    assert_same([(28_800, 0, None, None, 0, 28_800, 1)], ledger.rows(book=1)[2:])
    assert_same([(35_200, 40_000, 1.0625)], ledger.account()[2:])
    assert pytest.approx([8_960.0, 28_800.0, 25_600 + 12_800 / 1.0625], rel=1e-12) == list(books.units)
    assert [9_600.0, 28_800.0, 38_400.0] == list(books.capital)
