"""Exact money and units on one side, the engine's arrays on the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from order_harness import fill
from tradewright.engine.known import News
from tradewright.engine.log import ACTION, BY_EXIT, BY_ORDER, BY_STOP, CURVE, DIVIDEND, EVENT, FILL, SPLIT
from tradewright.engine.state import State, initial, table
from tradewright.live.account import Account
from tradewright.values.order import EXTERNAL, ActivityKind, Reason
from venue_harness import AT

BOTH = ("trend", "other")


def account(multipliers: tuple[float, float] = (1.0, 10.0)) -> Account:
    return Account("simulated", "USD", BOTH, ("SPY", "ES"), np.array(multipliers))


def news(fills: list[Any] | None = None, actions: list[Any] | None = None) -> News:
    tables = (np.array(fills or [], FILL), np.array(actions or [], ACTION))
    return News(*(one.view(np.recarray) for one in tables), table((0,), EVENT), table((0, 3), CURVE))


def state(**quantities: float) -> State:
    made = initial(np.array([5_000.0, 5_000.0]), 2, 0, 0, 0, 0)
    for symbol, units in quantities.items():
        made.positions[0, ("SPY", "ES").index(symbol)].quantity = units
    return made


def split(ratio: float, rest: float, price: float, asset: int = 0, book: int = 0) -> tuple[Any, ...]:
    return (4, book, asset, SPLIT, ratio, rest, price, rest * price)


def dividend(units: float, paid: float, cash: float, asset: int = 0, book: int = 0) -> tuple[Any, ...]:
    return (4, book, asset, DIVIDEND, 1.0, units, paid, cash)


# ---- places and sums -------------------------------------------------------------------------------------


def test_place_is_strategy_and_symbol_and_back() -> None:
    one = account()

    assert [("trend", "ES"), ("other", "SPY")] == [one.place(0, 1), one.place(1, 0)]
    assert (1, 1) == (one.book("other"), one.asset("ES"))


@pytest.mark.parametrize("ask", [lambda one: one.book("third"), lambda one: one.asset("QQQ")])
def test_place_that_is_not_there_is_an_error(ask: Any) -> None:
    with pytest.raises(KeyError):
        ask(account())


def test_sums_of_nothing_are_zeros() -> None:
    cash, units, interest, borrow = account().sums()

    assert [[0.0, 0.0]] * 3 == [one.tolist() for one in (cash, interest, borrow)]
    assert [[0.0, 0.0]] * 2 == units.tolist()


def test_sums_are_rounded_once() -> None:
    """Ten dimes are a dollar, whatever floats make of them."""
    one = account()
    for number in range(10):
        one.holdings.book(one.capital("other", 0.1, AT, f"step {number}"))
        moved = fill(Decimal("0.1"), f"e{number}", symbol="ES", price=Decimal("1e-9"), fee=Decimal(0))
        one.holdings.book(attrs.evolve(moved, shares=[("trend", Decimal("0.1"))]))
    cash, units, _, _ = one.sums()

    assert (1.0, 1.0) == (cash[1], units[0, 1])
    assert -1e-8 == cash[0]


def test_sums_have_interest_and_borrow_as_amounts_above_zero() -> None:
    one = account()
    grant = one.capital("trend", 2.5, AT, "x")
    one.holdings.book(attrs.evolve(grant, kind=ActivityKind.INTEREST, id="i"))
    one.holdings.book(attrs.evolve(grant, kind=ActivityKind.BORROW, id="b", cash=Decimal(-1)))
    cash, _, interest, borrow = one.sums()

    assert (1.5, 2.5, 1.0) == (cash[0], interest[0], borrow[0])


def test_sums_leave_out_what_is_nobodys_here_and_other_currencies() -> None:
    one = account()
    one.holdings.book(fill(5))
    one.holdings.book(fill(5, "e2", symbol="QQQ", shares=[("trend", Decimal(5))], currency="EUR"))
    cash, units, _, _ = one.sums()

    assert ([0.0, 0.0], [[0.0, 0.0]] * 2) == (cash.tolist(), units.tolist())


# ---- fills -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "expected"), [(Reason.ORDER, BY_ORDER), (Reason.EXIT, BY_ORDER), (Reason.STOP, BY_STOP)]
)
def test_row_of_a_fill_is_what_the_engine_books(reason: Reason, expected: int) -> None:
    told = fill(
        -3, symbol="ES", shares=[("other", Decimal(-3))], reason=reason, reference=Decimal(101), fee=Decimal("0.5")
    )
    (row,) = account().row_of(told)

    assert (0, 1, 1, expected, -3.0, 100.25, 0.5, 3 * 10 * 0.75) == tuple(row)


def test_row_of_a_fill_without_a_reference_has_no_slippage() -> None:
    (row,) = account().row_of(fill(3, shares=[("trend", Decimal(3))]))

    assert (0.0, 100.25) == (row.slippage, row.price)


def test_row_of_a_fill_that_several_share_divides_units_and_fee() -> None:
    shared = [("other", Decimal(1)), ("trend", Decimal(2)), (EXTERNAL, Decimal(4))]
    rows = account().row_of(fill(7, shares=shared, fee=Decimal(1)))

    assert [(1, 1.0, 0.5), (0, 2.0, 0.5)] == [(row.book, row.quantity, row.fee) for row in rows]


def test_row_of_a_strangers_fill_is_none() -> None:
    assert 0 == len(account().row_of(fill(3)))


# ---- activities ------------------------------------------------------------------------------------------


def test_capital_is_an_activity_with_a_name_of_its_own() -> None:
    one = account()
    grants = [one.capital(name, 1_234.5, AT, step) for name in BOTH for step in ("start", "step 2024-01-02")]

    assert 4 == len({grant.key for grant in grants})
    assert (ActivityKind.CAPITAL, "trend", Decimal("1234.5"), "USD", None, AT) == (
        grants[0].kind,
        grants[0].strategy,
        grants[0].cash,
        grants[0].currency,
        grants[0].symbol,
        grants[0].at,
    )


def held(one: Account, units: Any, symbol: str = "SPY", strategy: str = "trend", name: str = "e1") -> Account:
    quantity = Decimal(str(units))
    one.holdings.book(fill(quantity, name, symbol=symbol, shares=[(strategy, quantity)]))
    return one


def brief(one: Account, told: News, after: State) -> list[tuple[str, str, float, float]]:
    """Return the activities of an opening, booked, as kind, symbol, units and cash."""
    found = list(one.actions(told, after, AT))
    for activity in found:
        assert one.holdings.book(activity), "its id is unique"
    return [(str(each.kind), each.symbol or "", float(each.units), float(each.cash)) for each in found]


def test_actions_of_nothing_are_none() -> None:
    assert [] == brief(account(), news(), state())


@pytest.mark.parametrize(
    ("ratio", "after", "rest", "cash"), [(3.0, 15.0, 0.0, 0.0), (0.5, 2.0, 0.5, 50.0), (0.1, 0.0, 0.5, 500.0)]
)
def test_split_moves_units_to_what_the_engine_has(ratio: float, after: float, rest: float, cash: float) -> None:
    one = held(account(), 5)
    told = news(actions=[split(ratio, rest, cash / rest if rest else 100.0)])

    assert [("split", "SPY", after - 5, cash)] == brief(one, told, state(SPY=after))
    assert Decimal(str(after)) == one.holdings.quantity("trend", "SPY")


def test_split_of_what_has_no_price_pays_nothing_yet() -> None:
    """What is paid for the part of a unit only the venue can say: its cash differs until it does."""
    (moved,) = account().actions(news(actions=[split(0.5, 0.5, float("nan"))]), state(SPY=1.0), AT)

    assert (ActivityKind.SPLIT, 0) == (moved.kind, moved.cash)


def test_split_of_a_short_moves_units_down() -> None:
    assert [("split", "SPY", -10.0, 0.0)] == brief(
        held(account(), -5), news(actions=[split(3.0, 0.0, 100.0)]), state(SPY=-15.0)
    )


@pytest.mark.parametrize("units", [5.0, -5.0])
def test_dividend_is_cash_alone(units: float) -> None:
    one = held(account(), units)
    told = news(actions=[dividend(units, 0.5, units * 0.5)])

    assert [("dividend", "SPY", 0.0, units * 0.5)] == brief(one, told, state(SPY=units))


def test_split_and_dividend_of_one_opening_have_ids_of_their_own() -> None:
    told = news(actions=[split(3.0, 0.0, 100.0), dividend(15.0, 0.5, 7.5)])

    assert ["split", "dividend"] == [one[0] for one in brief(held(account(), 5), told, state(SPY=15.0))]


@pytest.mark.parametrize("units", [5.0, -5.0])
def test_exit_moves_all_units_for_cash_times_the_multiplier(units: float) -> None:
    one = held(account(), units, "ES")
    told = news(fills=[(4, 0, 1, BY_EXIT, -units, 90.0, 0.0, 0.0)])

    assert [("delisting", "ES", -units, units * 900.0)] == brief(one, told, state())
    assert Decimal(0) == one.holdings.quantity("trend", "ES")


def test_exit_moves_the_exact_units_of_the_account() -> None:
    exactly = Decimal("0.1000000000000000055")
    one = held(account(), exactly)
    brief(one, news(fills=[(4, 0, 0, BY_EXIT, -0.1, 90.0, 0.0, 0.0)]), state())

    assert Decimal(0) == one.holdings.quantity("trend", "SPY")


def test_exit_after_a_split_of_the_same_opening_moves_new_units() -> None:
    one = held(account(), 5)
    told = news(fills=[(4, 0, 0, BY_EXIT, -15.0, 30.0, 0.0, 0.0)], actions=[split(3.0, 0.0, 30.0)])

    assert [("split", "SPY", 10.0, 0.0), ("delisting", "SPY", -15.0, 450.0)] == brief(one, told, state())
    assert Decimal(0) == one.holdings.quantity("trend", "SPY")


def test_fills_of_orders_are_no_exits() -> None:
    assert [] == brief(account(), news(fills=[(4, 0, 0, BY_ORDER, 5.0, 90.0, 0.0, 0.0)]), state())


def test_actions_of_two_books_have_ids_of_their_own() -> None:
    one = held(held(account(), 5), 2, strategy="other", name="e2")
    told = news(actions=[dividend(5.0, 0.5, 2.5), dividend(2.0, 0.5, 1.0, book=1)])

    assert [2.5, 1.0] == [found[3] for found in brief(one, told, state(SPY=5.0))]
