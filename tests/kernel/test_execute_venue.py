"""The simulated venue: what it fills, when and at which price, and what it says of orders it knows or does not."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from engine_harness import prices
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st
from tradewright.engine.transitions import DUST
from tradewright.execute.news import Report
from tradewright.execute.venue import NO_VOLUME
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.values.order import Activity
from venue_harness import AT, NAN, Stall, asked

ONE = {"open": [100.0], "high": [104.0], "low": [96.0]}
"""A bar from 100 to 102 that has been at 104 and 96."""
SPLITS = np.array([[1.0], [1.0]])


def bar(**changes: Any) -> Bars:
    return prices([102.0], **{**ONE, **changes})


def acted(
    split: float = 1.0, dividend: float = 0.0, instrument: Instrument | None = None, traded: float = 50.0
) -> Bars:
    """Return two bars of one session each; before the second something happens."""
    one = prices([100.0, traded], open=[100.0, traded], instruments=None if instrument is None else [instrument])
    fields = {
        name: getattr(one, name) for name in ("opened_at", "closed_at", "close", "traded", "open", "high", "low")
    }
    session = np.array(["2024-01-01", "2024-01-02"], "datetime64[D]")
    return Bars(
        instruments=one.instruments, session=session, split=[[1.0], [split]], dividend=[[0.0], [dividend]], **fields
    )


# ---- at the market ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [7, -7])
def test_order_at_the_market_when_priced_fills_whole_at_the_first_price(quantity: int) -> None:
    stall = Stall(bar()).begin().send(asked(1, quantity))

    assert [(1, "accepted"), (1, "fill", quantity, 100.0)] == stall.said()
    assert (Decimal(quantity), -100.0 * quantity) == (stall.held(), stall.venue.cash["trend"])


def test_order_at_the_market_when_orders_fill_at_the_close_gets_the_close() -> None:
    assert (1, "fill", 7.0, 102.0) == Stall(bar(), at_close=True).begin().send(asked(1, 7)).said()[-1]


def test_order_at_the_market_when_prices_are_closes_alone_gets_the_close() -> None:
    assert (1, "fill", 7.0, 102.0) == Stall(prices([102.0])).begin().send(asked(1, 7)).said()[-1]


@pytest.mark.parametrize(("priced", "close"), [(False, 102.0), (True, NAN)])
def test_order_at_the_market_when_there_is_no_price_waits_and_the_row_does_not_fill_it(
    priced: bool, close: float
) -> None:
    stall = Stall(prices([close], open=[close])).begin(priced=priced).send(asked(1, 7)).end()
    stall.venue.query(UUID(int=1))

    assert [(1, "accepted"), (1, "found", "working")] == stall.said()


def test_order_at_the_market_pays_spread_slippage_tick_and_fee() -> None:
    tick = [Instrument(symbol="A0", tick=0.25, multiplier=2.0)]
    costs = {"half_spread_and_slippage": 0.001, "commission_per_share": 0.01, "commission_min": 1.0}
    stall = Stall(bar(instruments=tick), cash=10_000.0, **costs).begin().send(asked(1, 150), asked(2, -150))
    bought, sold = stall.fills()

    assert (Decimal("100.25"), Decimal("99.75")) == (bought.price, sold.price)
    assert (Decimal("1.5"), Decimal(100)) == (bought.fee, bought.reference)
    assert 10_000.0 - 150 * 0.5 * 2.0 - 3.0 == stall.venue.cash["trend"]


def test_order_of_less_than_the_least_fee_pays_the_least_fee() -> None:
    (fill,) = Stall(bar(), commission_per_share=0.01, commission_min=1.0).begin().send(asked(1, 99)).fills()

    assert (Decimal(1), "USD", AT, "simulated") == (fill.fee, fill.currency, fill.at, fill.venue)


# ---- at a limit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "limit"), [(7, 100.0), (7, 100.01), (-7, 100.0), (-7, 99.99)])
def test_limit_when_the_first_price_is_within_it_fills_at_that_price(quantity: int, limit: float) -> None:
    stall = Stall(bar()).begin().send(asked(1, quantity, limit=limit))

    assert (1, "fill", quantity, 100.0) == stall.said()[-1]


@pytest.mark.parametrize(("quantity", "limit"), [(7, 100.05), (-7, 99.95)])
def test_limit_when_costs_would_lead_beyond_it_is_never_passed(quantity: int, limit: float) -> None:
    stall = Stall(bar(), half_spread_and_slippage=0.001).begin().send(asked(1, quantity, limit=limit))

    assert (1, "fill", quantity, limit) == stall.said()[-1]


@pytest.mark.parametrize(
    ("quantity", "limit", "fills"),
    [
        (7, 99.99, True),
        (7, 96.01, True),
        (7, 96.0, True),
        (7, 95.99, False),
        (-7, 100.01, True),
        (-7, 104.0, True),
        (-7, 104.01, False),
    ],
)
def test_limit_beyond_the_first_price_fills_at_it_when_the_bar_reaches_it(
    quantity: int, limit: float, fills: bool
) -> None:
    stall = Stall(bar(), half_spread_and_slippage=0.01).begin().send(asked(1, quantity, limit=limit))
    assert [(1, "accepted")] == stall.said()

    stall.end()

    assert [(1, "fill", quantity, limit)] * fills == stall.said()


def test_limit_when_orders_fill_at_the_close_is_not_reached_within_the_bar() -> None:
    assert [(1, "accepted")] == Stall(bar(), at_close=True).begin().send(asked(1, 7, limit=97.0)).end().said()


def test_limit_when_the_asset_does_not_trade_is_not_reached() -> None:
    stall = Stall(prices([NAN], open=[NAN], high=[104.0], low=[96.0])).begin()

    assert [(1, "accepted")] == stall.send(asked(1, 7, limit=97.0)).end().said()


@pytest.mark.parametrize(("limit", "fills"), [(98.01, True), (98.0, False), (97.99, False)])
def test_limit_is_met_before_the_positions_stop_or_not_at_all(limit: float, fills: bool) -> None:
    """A bar that falls from its open meets the higher of the two first."""
    stall = Stall(bar()).hold(5).begin().send(asked(1, -9, stop=98.0), asked(2, 4, limit=limit)).end()
    expected = [(2, "fill", 4.0, limit), (1, "fill", -9.0, 98.0)] if fills else [(1, "fill", -5.0, 98.0)]

    assert expected == [one for one in stall.said() if one[1] == "fill"]


def test_limit_of_one_strategy_does_not_mind_the_stop_of_another() -> None:
    stall = Stall(bar()).hold(5, whose="other").begin()
    stall.send(asked(1, -5, stop=98.0, whose="other"), asked(2, 4, limit=97.0)).end()

    assert [(2, "fill", 4.0, 97.0), (1, "fill", -5.0, 98.0)] == stall.said()[2:]


# ---- volume ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "filled"), [(99.0, 4), (100.0, 5), (119.0, 5), (120.0, 6), (121.0, 6), (19.0, 0), (20.0, 1)]
)
def test_volume_when_it_does_not_suffice_fills_a_part_and_the_rest_is_cancelled(volume: float, filled: int) -> None:
    stall = Stall(bar(volume=[volume]), participation=0.05).begin().send(asked(1, 6))
    rest = [(1, "cancelled", NO_VOLUME)] * (filled < 6)

    assert [(1, "accepted"), *[(1, "fill", filled, 100.0)] * (filled > 0), *rest] == stall.said()
    assert Decimal(filled) == stall.held()


def test_volume_that_is_used_is_gone_for_every_other_order_until_the_next_bar() -> None:
    two = prices([100.0, 100.0], open=[100.0, 100.0], volume=[100.0, 100.0])
    stall = Stall(two, participation=0.05).begin()
    stall.send(asked(1, 3), asked(2, -3, whose="other"), asked(3, 1))

    assert [(1, 3.0), (2, -2.0)] == [(said[0], said[2]) for said in stall.said() if said[1] == "fill"]
    assert [(4, "accepted"), (4, "fill", 5.0, 100.0)] == stall.end().begin().send(asked(4, 5)).said()


def test_volume_when_units_are_fractional_fills_all_of_it_and_no_more() -> None:
    stall = Stall(bar(volume=[1.0]), participation=0.5, whole=False).begin()
    stall.send(asked(1, "0.375"), asked(2, "0.25"), asked(3, "0.25"))

    assert [(1, 0.375), (2, 0.125)] == [(said[0], said[2]) for said in stall.said() if said[1] == "fill"]


def test_limit_that_is_reached_fills_what_volume_is_left_and_the_rest_is_cancelled() -> None:
    stall = Stall(bar(volume=[100.0]), participation=0.05).begin().send(asked(1, 3), asked(2, 6, limit=97.0)).end()

    assert [(2, "fill", 2.0, 97.0), (2, "cancelled", NO_VOLUME)] == stall.said()[-2:]


# ---- stops -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "stop", "price"),
    [
        (5, 96.01, 96.01),
        (5, 96.0, 96.0),
        (5, 95.99, None),
        (5, 100.0, 100.0),
        (5, 100.01, 100.0),
        (5, 110.0, 100.0),
        (-5, 103.99, 103.99),
        (-5, 104.0, 104.0),
        (-5, 104.01, None),
        (-5, 99.0, 100.0),
    ],
)
def test_stop_when_the_bar_touches_it_closes_at_it_and_at_the_open_of_a_gap(
    held: int, stop: float, price: float | None
) -> None:
    stall = Stall(bar()).hold(held).begin().send(asked(1, -held, stop=stop)).end()

    assert [(1, "accepted"), *[(1, "fill", -held, price)] * (price is not None)] == stall.said()
    assert Decimal(held if price is None else 0) == stall.held()


def test_stop_when_it_fires_pays_the_costs_of_a_market_order() -> None:
    stall = Stall(bar(), half_spread_and_slippage=0.01).hold(5).begin().send(asked(1, -5, stop=98.0)).end()
    (fill,) = stall.fills()

    assert (Decimal("97.02"), Decimal(98)) == (fill.price, fill.reference)


def test_stop_when_its_asset_does_not_trade_waits() -> None:
    stall = Stall(prices([NAN], open=[NAN], high=[104.0], low=[96.0])).hold(5).begin()

    assert [(1, "accepted")] == stall.send(asked(1, -5, stop=98.0)).end().said()


@pytest.mark.parametrize("close", [97.99, 98.0, 98.01])
def test_stop_when_prices_are_closes_alone_looks_at_the_close(close: float) -> None:
    stall = Stall(prices([close])).hold(5).begin().send(asked(1, -5, stop=98.0)).end()

    assert [(1, "fill", -5.0, close)] * (close <= 98.0) == stall.said()[1:]


def test_stop_of_a_planned_entry_that_did_not_come_sells_what_is_there_and_ends() -> None:
    stall = Stall(bar()).hold(6).begin().send(asked(1, -10, stop=98.0)).end()

    assert [(1, "fill", -6.0, 98.0), (1, "cancelled", "nothing is left to guard")] == stall.said()[1:]
    assert Decimal(0) == stall.held()


def test_stop_when_volume_fills_a_part_stands_on_for_the_rest() -> None:
    two = prices([97.0, 97.0], open=[100.0, 97.0], volume=[60.0, 100.0])
    stall = Stall(two, participation=0.05).hold(5).begin().send(asked(1, -5, stop=98.0)).end()

    assert [(1, "accepted"), (1, "fill", -3.0, 98.0)] == stall.said()
    assert [(1, "fill", -2.0, 97.0)] == stall.begin().end().said()


@pytest.mark.parametrize(
    ("held", "fires"), [(Decimal(0), False), (Decimal("0.99e-9"), False), (Decimal("1e-9"), True), ("1.01e-9", True)]
)
def test_stop_when_only_dust_is_held_does_not_fire(held: Any, fires: bool) -> None:
    assert 1e-9 == DUST
    stall = Stall(bar(), whole=False).hold(held).begin().send(asked(1, -5, stop=98.0)).end()

    assert fires is ("fill" in [one[1] for one in stall.said()])


def test_stop_when_the_position_was_sold_before_stays_for_whoever_sent_it_to_cancel() -> None:
    stall = Stall(bar()).hold(5).begin().send(asked(1, -5, stop=98.0), asked(2, -5)).end()
    stall.venue.cancel(UUID(int=1), AT)

    assert [(2, "fill", -5.0, 100.0), (1, "cancelled", "as asked")] == stall.said()[2:]


# ---- splits, dividends, exits ----------------------------------------------------------------------------


def test_split_restates_the_position_and_ends_what_rests_on_old_units() -> None:
    stall = Stall(acted(split=3.0)).begin().send(asked(1, 5), asked(2, -5, stop=80.0), asked(3, 1, limit=90.0)).end()
    stall.venue.due()
    stall.begin()

    assert [(3, "expired", "split of 3 to 1"), (2, "expired", "split of 3 to 1")] == stall.said()
    assert (Decimal(15), -500.0) == (stall.held(), stall.venue.cash["trend"])


@pytest.mark.parametrize(("whole", "units", "paid"), [(True, 2, 100.0), (False, Decimal("2.5"), 0.0)])
def test_split_when_whole_lots_cannot_hold_it_pays_the_rest_at_the_restated_mark(
    whole: bool, units: Any, paid: float
) -> None:
    stall = Stall(acted(split=0.5), whole=whole).begin().send(asked(1, 5)).end().begin()

    assert (Decimal(units), -500.0 + paid) == (stall.held(), stall.venue.cash["trend"])


def test_split_of_what_nobody_holds_touches_nobody() -> None:
    stall = Stall(acted(split=3.0)).begin().end().begin()

    assert ([], Decimal(0), 0.0) == (stall.said(), stall.held(), stall.venue.cash["trend"])


@pytest.mark.parametrize("units", [4, -4])
def test_dividend_is_paid_on_a_long_and_taken_from_a_short(units: int) -> None:
    stall = Stall(acted(dividend=0.5, instrument=Instrument(symbol="A0", multiplier=10.0))).begin().hold(units).end()

    assert 5.0 * units == stall.begin().venue.cash["trend"]


def test_dividend_when_it_comes_with_a_split_is_paid_on_new_units() -> None:
    assert 6.0 == Stall(acted(split=3.0, dividend=0.5)).begin().hold(4).end().begin().venue.cash["trend"]


def test_exit_exchanges_every_position_for_cash_and_ends_its_orders() -> None:
    gone = Instrument(
        symbol="A0", delisted_on=np.datetime64("2024-01-02", "D").item(), delisted_cash=90.0, multiplier=2.0
    )
    stall = Stall(acted(instrument=gone, traded=NAN)).begin().hold(5).hold(-1, whose="other")
    stall.send(asked(1, -5, stop=50.0), asked(2, 1, limit=60.0)).end()
    stall.venue.due()
    stall.begin()

    assert [(2, "expired", "delisted"), (1, "expired", "delisted")] == stall.said()
    assert [Decimal(0)] * 2 == [stall.held(), stall.held(whose="other")]
    assert {"trend": 900.0, "other": -180.0} == stall.venue.cash


def test_exit_of_one_asset_leaves_the_orders_of_another() -> None:
    gone = Instrument(symbol="A0", delisted_on=np.datetime64("1970-01-02", "D").item(), delisted_cash=90.0)
    two = prices(
        [[100.0, 100.0], [NAN, 100.0]],
        open=[[100.0, 100.0], [NAN, 100.0]],
        instruments=[gone, Instrument(symbol="A1")],
    )
    stall = Stall(two).begin().hold(5).hold(5, "A1").send(asked(1, 1, limit=50.0, symbol="A1")).end().begin()

    assert [(1, "accepted")] == stall.said()
    assert (Decimal(0), Decimal(5)) == (stall.held(), stall.held("A1"))


# ---- interest and borrow ---------------------------------------------------------------------------------


def test_interest_and_borrow_are_posted_at_session_ends_alone() -> None:
    bars = prices([100.0] * 3, open=[100.0] * 3, sessions=[0, 0, 1])
    rates = {"cash_rate": 0.25, "borrow_rate": 0.5, "sessions_per_year": 256.0}
    stall = Stall(bars, cash=1_224.0, **rates).hold(-2)
    said = [stall.begin().end().said() for _ in range(3)]

    # What a short is worth earns nothing: 1,224 less 200 earn a 1,024th, and the 200 cost a 512th.
    assert [[], [("interest", "trend", 1.0), ("borrow", "trend", -0.390625)]] == said[:2]
    assert ("interest", "trend", 1.0 + 0.609375 / 1_024.0) == said[2][0]
    assert 1_224.0 + 2 * 0.609375 + 0.609375 / 1_024.0 == stall.venue.cash["trend"]


def test_interest_when_there_is_none_is_not_posted() -> None:
    assert [] == Stall(prices([100.0]), cash=1_000.0).begin().end().said()
    assert [] == Stall(prices([100.0]), cash=-1_000.0, cash_rate=0.252).begin().end().said()


def test_borrow_values_a_short_at_its_last_close_times_the_multiplier() -> None:
    bars = prices([64.0, NAN], instruments=[Instrument(symbol="A0", multiplier=4.0)])
    stall = Stall(bars, borrow_rate=0.25, sessions_per_year=256.0).hold(-1)

    assert [[("borrow", "trend", -0.25)]] * 2 == [stall.begin().end().said() for _ in range(2)]


def test_postings_have_ids_of_their_own() -> None:
    stall = Stall(prices([100.0] * 3), cash=1_000.0, cash_rate=0.01, borrow_rate=0.01).hold(-1)
    posted = [one for _ in range(3) for one in stall.begin().end().venue.due() if isinstance(one, Activity)]

    assert 6 == len({one.key for one in posted})
    assert {("USD", AT)} == {(one.currency, one.at) for one in posted}


# ---- cancel and query ------------------------------------------------------------------------------------


def test_cancel_of_a_resting_order_ends_it_once() -> None:
    stall = Stall(bar()).begin().send(asked(1, 7, limit=97.0))
    stall.venue.cancel(UUID(int=1), AT)
    stall.venue.cancel(UUID(int=1), AT)

    assert [(1, "accepted"), (1, "cancelled", "as asked"), (1, "found", "cancelled")] == stall.end().said()


def test_cancel_of_an_order_that_has_ended_says_how() -> None:
    stall = Stall(bar(volume=[100.0]), participation=0.05).begin().send(asked(1, 3), asked(2, 3))
    stall.venue.due()
    for number in (1, 2, 3):
        stall.venue.cancel(UUID(int=number), AT)

    assert [(1, "found", "filled"), (2, "found", "cancelled"), (3, "absent")] == stall.said()


@pytest.mark.parametrize("more", [{}, {"limit": 97.0}, {"stop": 98.0}])
def test_order_that_is_sent_again_is_a_duplicate_and_fills_once(more: dict[str, float]) -> None:
    stall = (
        Stall(bar()).begin().hold(7).send(asked(1, -7, **more), asked(1, -7, **more)).end().send(asked(1, -7, **more))
    )

    assert ["accepted", "fill", "duplicate", "duplicate"] == sorted(
        (one[1] for one in stall.said()), key=["accepted", "fill", "duplicate"].index
    )
    assert Decimal(0) == stall.held()


def test_query_says_where_an_order_stands() -> None:
    stall = Stall(acted(split=2.0)).begin().hold(5).send(asked(1, -5, stop=80.0)).end()
    stall.venue.due()
    stall.venue.query(UUID(int=1))
    stall.begin()
    stall.venue.query(UUID(int=1))

    assert [(1, "found", "working"), (1, "expired", "split of 2 to 1"), (1, "found", "expired")] == stall.said()


def test_due_forgets_what_it_has_told() -> None:
    stall = Stall(bar()).begin().send(asked(1, 7))

    assert (2, 0) == (len(stall.venue.due()), len(stall.venue.due()))


def test_row_when_none_has_begun_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no row has begun"):
        Stall(bar()).venue.close(AT)


def test_order_before_any_row_waits_for_its_first_price() -> None:
    assert [(1, "accepted"), (1, "fill", 7.0, 100.0)] == Stall(bar()).send(asked(1, 7)).begin().said()


# ---- money, ids, determinism -----------------------------------------------------------------------------


def test_fund_adds_and_takes_money_of_one_strategy() -> None:
    stall = Stall(bar(), cash=100.0)
    stall.venue.fund("trend", -30.0)

    assert {"trend": 70.0, "other": 0.0} == stall.venue.cash


def test_part_that_closes_all_is_the_exact_remainder() -> None:
    odd = Decimal("0.1234567890123456789")
    stall = Stall(bar(), whole=False).hold(odd).begin().send(asked(1, -odd))

    assert [-odd] == [fill.quantity for fill in stall.fills()]
    assert Decimal(0) == stall.held()


ORDERS = st.lists(
    st.tuples(st.integers(-9, 9).filter(bool), st.sampled_from([None, 96.0, 97.5, 99.0, 101.0, 104.5])),
    min_size=1,
    max_size=12,
)


@few(deadline=None, max_examples=40)
@given(orders=ORDERS, seed=st.integers(0, 99))
def test_venue_when_told_the_same_says_the_same_and_keeps_its_sums(
    orders: list[tuple[int, float | None]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    opens = 100.0 + random.integers(-3, 4, 4)
    bars = prices(opens + 1.0, open=opens, high=opens + 3.0, low=opens - 3.0, volume=random.integers(50, 300, 4))

    def play() -> tuple[list[Report | Activity], Stall]:
        stall, said = Stall(bars, cash=10_000.0, participation=0.05, commission_min=1.0), []
        for number, (quantity, limit) in enumerate(orders):
            if number % 3 == 0 and stall.bar < 3:
                stall.begin()
            more = {} if limit is None else {"limit": limit}
            stall.send(asked(number + 1, quantity, **more))
            if number % 3 == 2 and stall.bar < 3:
                stall.end()
            said += stall.venue.due()
        return said, stall

    said, stall = play()
    fills = [one.news.fill for one in said if isinstance(one, Report) and one.news.fill is not None]

    assert said == play()[0]
    assert len(fills) == len({fill.key for fill in fills})
    assert stall.held() == sum(fill.quantity for fill in fills)
    paid = math.fsum(float(fill.quantity * fill.price + fill.fee) for fill in fills)
    assert 10_000.0 - paid == pytest.approx(stall.venue.cash["trend"], abs=1e-9)
    for number, (quantity, _) in enumerate(orders):
        mine = sum(fill.quantity for fill in fills if fill.order_id == UUID(int=number + 1))
        assert abs(mine) <= abs(quantity)
        assert mine * quantity >= 0
