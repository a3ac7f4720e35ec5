"""The one door to a venue: what meets its quote there, and how much of it may go."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk_harness import PHYSICS, quote, walk_of
from engine_harness import prices
from tradewright.engine.state import as_bytes
from tradewright.engine.walk import Walk
from tradewright.execute import gate
from tradewright.execute.gate import Permit, Refusal, Wait, Wanted
from tradewright.risk.checks import always, order_size, price_collar
from tradewright.values.instrument import Instrument
from venue_harness import NAN

FEW = ("order-quantity", order_size.make_order_quantity(order_size.OrderQuantity(limit=4.0)))


def walk(folder: Path, held: float = 0.0, cash: float = 10_000.0, **more: Any) -> Walk:
    """Return a walk that has seen a close of 100, and holds units of its asset."""
    instrument = more.pop("instrument", Instrument(symbol="A0"))
    made = walk_of(prices([100.0], open=[100.0], instruments=[instrument]), folder, (cash,), **more)
    made.state.market[0].mark, made.state.positions[0, 0].quantity = 100.0, held
    return made


def wanted(quantity: float, limit: float = NAN) -> Wanted:
    return Wanted(book=0, asset=0, quantity=quantity, limit=limit)


def let(
    made: Walk,
    quantity: float,
    bid: Any = 100.0,
    ask: Any = None,
    *,
    limit: float = NAN,
    bound: float = 0.0,
    held: Any = None,
    may_wait: bool = False,
) -> Permit | Refusal | Wait:
    """Release an order at a quote; what is held exactly is what the state holds unless told otherwise."""
    exactly = Decimal(str(made.state.positions[0, 0].quantity if held is None else held))
    return gate.release(wanted(quantity, limit), quote("A0", bid, ask), made, bound, exactly, may_wait=may_wait)


def cut_by(answer: Any) -> tuple[str, ...]:
    """Return the names of the checks that cut an order."""
    return tuple(one.by for one in answer.cuts)


def told(refused: Permit | Refusal | Wait) -> tuple[str, tuple[str, ...]]:
    """Return why an order was refused, and the checks that cut it."""
    assert isinstance(refused, Refusal)
    return refused.reason, cut_by(refused)


# ---- quotes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bid", "ask"),
    [(None, 100), (0, 100), (-1, 100), ("NaN", 100), (100, "Infinity"), ("100.01", 100), (100, "-100")],
)
def test_release_when_the_quote_is_unsound_refuses_whatever_is_wanted(bid: Any, ask: Any, rule_cache: Path) -> None:
    made = walk(rule_cache, held=5.0)

    assert [Refusal(reason="quote")] * 2 == [let(made, quantity, bid, ask) for quantity in (3.0, -5.0)]


def test_release_when_bid_and_ask_are_one_price_is_sound(rule_cache: Path) -> None:
    permit = Permit(quantity=Decimal(3), waits=False, reduces=False, binds=300.0, cuts=())

    assert permit == let(walk(rule_cache), 3.0, 100, 100)


def test_release_finds_its_price_between_bid_and_ask(rule_cache: Path) -> None:
    permit = let(walk(rule_cache), 3.0, 99, 102)

    assert isinstance(permit, Permit)
    assert 3 * 100.5 == permit.binds


# ---- reductions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "quantity", "expected"),
    [(5, -4, -4), (5, -5, -5), (5, -6, -5), (-5, 4, 4), (-5, 5, 5), (-5, 6, 5), (5, 1, 1), (-5, -1, -1)],
)
def test_release_never_lets_a_reduction_cross_zero(
    held: float, quantity: float, expected: int, rule_cache: Path
) -> None:
    permit = let(walk(rule_cache, held), quantity)

    assert isinstance(permit, Permit)
    assert (Decimal(expected), held * quantity < 0) == (permit.quantity, permit.reduces)


def test_release_of_all_that_is_held_sells_the_exact_remainder(rule_cache: Path) -> None:
    exactly = Decimal("0.1000000000000000055")  # The nearest float64 of both is 0.1.
    permit = let(walk(rule_cache, 0.1, whole=False), -0.1, held=exactly)

    assert isinstance(permit, Permit)
    assert -exactly == permit.quantity


def test_release_of_a_part_sells_what_the_float_says(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, 0.3, whole=False), -0.1, held=Decimal("0.3"))

    assert isinstance(permit, Permit)
    assert Decimal("-0.1") == permit.quantity


def test_release_of_an_increase_as_large_as_the_position_is_no_exit(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, 0.1, whole=False), 0.1, held=Decimal("0.1000000000000000055"))

    assert isinstance(permit, Permit)
    assert (Decimal("0.1"), False) == (permit.quantity, permit.reduces)


def test_release_when_a_check_slices_an_exit_leaves_the_rest(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, 10.0, checks=[FEW]), -10.0)

    assert isinstance(permit, Permit)
    assert (Decimal(-4), ("order-quantity",)) == (permit.quantity, cut_by(permit))


# ---- limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "limit", "waits"),
    [
        (3, 99.99, True),
        (3, 100.0, False),
        (3, 100.01, False),
        (-3, 100.01, True),
        (-3, 100.0, False),
        (3, NAN, False),
    ],
)
def test_release_when_the_quote_is_beyond_the_limit_waits(
    quantity: float, limit: float, waits: bool, rule_cache: Path
) -> None:
    made = walk(rule_cache)
    permit = let(made, quantity, limit=limit)

    assert isinstance(permit, Permit)
    assert waits is permit.waits
    assert waits is gate.is_beyond(wanted(quantity, limit), quote("A0", 100), made)


def test_release_of_an_order_that_waits_binds_its_limit(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, half_spread_and_slippage=0.01), 3.0, limit=90.0)

    assert isinstance(permit, Permit)
    assert 270.0 == permit.binds


@pytest.mark.parametrize(("limit", "passes"), [(95.01, True), (95.0, True), (94.99, False)])
def test_release_of_an_order_that_waits_has_its_limit_checked_as_its_price(
    limit: float, passes: bool, rule_cache: Path
) -> None:
    collar = ("price-collar", price_collar.make(price_collar.PriceCollar(limit=0.05)))
    permit = let(walk(rule_cache, checks=[*PHYSICS, collar]), 3.0, limit=limit)

    assert passes is isinstance(permit, Permit)
    assert cut_by(permit) == (() if passes else ("price-collar",))


def test_release_of_a_reduction_waits_for_no_price(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, 5.0), -5.0, limit=120.0)

    assert isinstance(permit, Permit)
    assert not permit.waits


@pytest.mark.parametrize(("limit", "price"), [(NAN, 101.0), (100.5, 100.5), (102.0, 101.0)])
def test_release_binds_what_it_may_cost_never_more_than_its_limit(
    limit: float, price: float, rule_cache: Path
) -> None:
    permit = let(walk(rule_cache, half_spread_and_slippage=0.01, commission_min=7.0), 3.0, limit=limit)

    assert isinstance(permit, Permit)
    assert 3 * price + 7.0 == permit.binds


def test_release_of_a_short_binds_its_margin_beside_its_loss(rule_cache: Path) -> None:
    """Sold at 90 while the mark is 100: 10 are lost at once, and 100 are held back."""
    permit = let(walk(rule_cache, instrument=Instrument(symbol="A0", multiplier=2.0)), -3.0, 90)

    assert isinstance(permit, Permit)
    assert 3 * (200.0 - 90.0) * 2.0 == permit.binds


# ---- cash and checks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "expected"),
    [(0.0, 10), (500.0, 5), (500.01, 4), (499.99, 5), (900.0, 1), (900.01, None), (1_000.0, None)],
)
def test_release_of_an_increase_gets_what_other_orders_have_not_bound(
    bound: float, expected: int | None, rule_cache: Path
) -> None:
    permit = let(walk(rule_cache, cash=1_000.0), 10.0, bound=bound)

    if expected is None:
        assert ("checks", ("buying-power",)) == told(permit)
    else:
        assert isinstance(permit, Permit)
        assert Decimal(expected) == permit.quantity
        assert ("buying-power",) * (expected < 10) == cut_by(permit)


@pytest.mark.parametrize(("bound", "waits"), [(0.0, False), (0.01, True), (500.0, True), (1_000.0, True)])
def test_release_of_what_cash_would_cut_waits_where_it_may(bound: float, waits: bool, rule_cache: Path) -> None:
    made = walk(rule_cache, cash=1_000.0)
    found = let(made, 10.0, bound=bound, may_wait=True)

    assert waits is isinstance(found, Wait)
    assert (10.0 if waits else 0.0) == made.state.positions[0, 0].order


def test_release_that_waits_leaves_no_trace(rule_cache: Path) -> None:
    made = walk(rule_cache, cash=1_000.0)
    made.state.positions[0, 0].order = 10.0
    before = as_bytes(made.state)

    assert Wait() == let(made, 10.0, bound=500.0, may_wait=True)
    assert before == as_bytes(made.state)
    permit = let(made, 10.0, bound=0.0, may_wait=True)
    assert isinstance(permit, Permit)
    assert (Decimal(10), ()) == (permit.quantity, cut_by(permit))


def test_release_of_what_another_check_cuts_does_not_wait(rule_cache: Path) -> None:
    made = walk(rule_cache, 10.0, checks=[*PHYSICS, FEW])
    permit = let(made, -10.0, may_wait=True)

    assert isinstance(permit, Permit)
    assert (Decimal(-4), ("order-quantity",)) == (permit.quantity, cut_by(permit))
    assert [("order-quantity", 10.0, 4.0, 4.0)] == [one[2:] for one in permit.cuts], "units before, after, the limit"
    assert ("checks", ("order-quantity",)) == told(let(made, 10.0, may_wait=True))


def test_release_at_an_unsound_quote_does_not_wait(rule_cache: Path) -> None:
    assert Refusal(reason="quote") == let(walk(rule_cache, cash=1.0), 10.0, None, may_wait=True)


def test_release_of_a_reduction_needs_no_cash(rule_cache: Path) -> None:
    permit = let(walk(rule_cache, 5.0, cash=100.0), -5.0, bound=1e9)

    assert isinstance(permit, Permit)
    assert Decimal(-5) == permit.quantity


def test_refusal_names_every_check_that_has_cut(rule_cache: Path) -> None:
    tight = [*PHYSICS, ("order-quantity", order_size.make_order_quantity(order_size.OrderQuantity(limit=9.0)))]
    made = walk(rule_cache, cash=950.0, checks=tight)

    assert ("checks", ("buying-power",)) == told(let(made, 10.0, bound=900.0))
    assert ("checks", ("order-quantity",)) == told(let(walk(rule_cache, checks=tight), 10.0))


def test_refusal_names_no_check_that_cut_an_earlier_order(rule_cache: Path) -> None:
    made = walk(rule_cache, cash=1_000.0)
    let(made, 20.0)
    permit = let(made, 10.0)

    assert isinstance(permit, Permit)
    assert () == cut_by(permit)


def test_release_when_the_asset_has_never_traded_is_refused_by_the_session(rule_cache: Path) -> None:
    made = walk(rule_cache, checks=[*PHYSICS, ("session", always.make_session(always.NoOptions()))])
    made.state.market[0].mark = NAN
    refusal = let(made, 3.0)

    assert ("checks", ("session",)) == told(refusal)


@pytest.mark.parametrize(("quantity", "bound"), [(NAN, 0.0), (3.0, NAN), (3.0, math.inf)])
def test_release_of_what_is_not_a_number_is_refused(quantity: float, bound: float, rule_cache: Path) -> None:
    refusal = let(walk(rule_cache), quantity, bound=bound)

    assert isinstance(refusal, Refusal)
    assert "checks" == refusal.reason


def test_release_takes_the_order_from_the_state(rule_cache: Path) -> None:
    made = walk(rule_cache)
    made.state.positions[0, 0].order = 3.0
    let(made, 3.0)

    assert 0.0 == made.state.positions[0, 0].order


def test_release_at_an_unsound_quote_leaves_the_order_where_it_is(rule_cache: Path) -> None:
    made = walk(rule_cache)
    made.state.positions[0, 0].order = 3.0
    let(made, 3.0, None)

    assert 3.0 == made.state.positions[0, 0].order


@pytest.mark.parametrize(
    ("held", "quantity", "expected"), [(5, -1, True), (5, 1, False), (0, -1, False), (-5, 9, True)]
)
def test_reduces_says_whether_an_order_leads_towards_zero(
    held: float, quantity: float, expected: bool, rule_cache: Path
) -> None:
    assert expected is gate.reduces(wanted(quantity), walk(rule_cache, held))
