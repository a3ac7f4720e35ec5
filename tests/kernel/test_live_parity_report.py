"""How paper compares with the backtest of the same file: which numbers differ, by how much, and how they are told."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tradewright.engine.known import Plan
from tradewright.engine.log import BY_ORDER, BY_STOP, FILL
from tradewright.engine.state import POSITION, ROW, table
from tradewright.live.account import Account
from tradewright.live.parity import NAMED_MAX, TOLERANCE, Comparison, Difference, Parity, differ
from venue_harness import NAN

FIRST = datetime(2024, 1, 1, 21, tzinfo=UTC)
STRATEGIES = ("trend", "other")
Fills = list[tuple[Any, ...]]


def fill(
    bar: int, quantity: float = 5.0, *, asset: int = 0, book: int = 0, reason: int = BY_ORDER, **more: float
) -> Any:
    return (bar, book, asset, reason, quantity, more.get("price", 100.0), more.get("fee", 1.0), 0.0)


class Side:
    """A backtest and a playback that are told what they have decided."""

    def __init__(self, backtest: Fills = (), paper: Fills = (), n_books: int = 2) -> None:  # type: ignore[assignment]  # never changed
        shape, n_rows = (n_books, 2), n_books + (n_books > 1)
        positions, rows = table(shape, POSITION, limit=NAN, stop=NAN), table((n_rows,), ROW, equity=100.0)
        self.plans = {  # What is changed in the one of the backtest, changes in its state.
            "backtest": Plan(positions.order, positions.limit, positions.stop),
            "paper": Plan(np.zeros(shape), np.full(shape, NAN), np.full(shape, NAN)),
        }
        self.equity = {"backtest": rows.equity, "paper": np.full(n_rows, 100.0)}
        self.fills = {"backtest": list(backtest), "paper": list(paper)}
        self.bar, self.advanced = 0, 0
        account = Account("simulated", "USD", STRATEGIES[:n_books], ("A0", "A1"), np.ones(2))
        self.chronicle = SimpleNamespace(
            plans=[], trace=lambda: self.trace("paper"), equity_of=lambda bar: self.equity["paper"]
        )
        self.agent = SimpleNamespace(account=account)
        self.backtest = SimpleNamespace(
            advance=self.advance,
            state=SimpleNamespace(positions=positions, rows=rows),
            trace=lambda: self.trace("backtest"),
        )

    def trace(self, who: str) -> Any:
        return SimpleNamespace(fills=np.array(self.fills[who], FILL).view(np.recarray))

    def advance(self, stop: int) -> None:
        assert self.bar + 1 == stop
        self.advanced = stop

    def step(self) -> None:
        assert self.bar + 1 == self.advanced, "the backtest plays first"
        self.chronicle.plans.append(self.plans["paper"])
        self.bar += 1

    def closed_at(self, bar: int) -> datetime:
        return FIRST + timedelta(days=int(bar))

    def compare(self, steps: int = 1) -> Parity:
        comparison = Comparison(self, self.backtest)  # type: ignore[arg-type]  # it stands in
        for _ in range(steps):
            comparison.step()
        return comparison.result()


# ---- one number ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1.0, 1.0, False),
        (0.0, TOLERANCE, False),
        (0.0, 1.001 * TOLERANCE, True),
        (0.0, -1.001 * TOLERANCE, True),
        (1e6, 1e6 + 0.999e-3, False),
        (1e6, 1e6 + 1.01e-3, True),
        (-1e6, -1e6 - 1.01e-3, True),
        (NAN, NAN, False),
        (NAN, 1.0, True),
        (1.0, NAN, True),
        (math.inf, 1.0, True),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_numbers_differ_beyond_the_tolerance(left: float, right: float, expected: bool) -> None:
    assert expected is bool(differ(np.array([left]), np.array([right]))[0])


# ---- plans and money -------------------------------------------------------------------------------------


def test_comparison_of_two_that_agree_holds() -> None:
    side = Side([fill(0), fill(1)], [fill(0), fill(1)])
    for plan in side.plans.values():
        plan.order[0, 0], plan.order[1, 1], plan.stop[0, 0] = 5.0, -3.0, 90.0
    parity = side.compare(3)

    assert Parity(bars=3, orders=6, fills=2, differing=0, differences=(), money=0.0) == parity
    assert parity.holds


def test_comparison_of_nothing_holds() -> None:
    assert Side().compare(0).holds


@pytest.mark.parametrize("what", ["order", "limit", "stop"])
def test_plan_that_differs_is_named_with_its_place_and_bar(what: str) -> None:
    side = Side()
    getattr(side.plans["paper"], what)[1, 0] = 7.5
    parity = side.compare(2)
    nothing = 0.0 if what == "order" else NAN

    assert (2, 2, False) == (parity.differing, parity.bars, parity.holds)
    for bar, one in enumerate(parity.differences):
        assert (what, side.closed_at(bar), "other", "A0", 7.5) == (
            one.what,
            one.at,
            one.strategy,
            one.symbol,
            one.paper,
        )
        assert one.backtest == nothing or (math.isnan(one.backtest) and math.isnan(nothing))


def test_equity_that_differs_is_named_by_strategy_and_account() -> None:
    side = Side()
    side.equity["paper"][0] = 101.0
    side.equity["backtest"][2] = 110.0
    parity = side.compare()

    assert [("equity", "trend", "", 100.0, 101.0), ("equity", "account", "", 110.0, 100.0)] == [
        (one.what, one.strategy, one.symbol, one.backtest, one.paper) for one in parity.differences
    ]
    assert 10.0 / 110.0 == parity.money


def test_equity_of_a_single_strategy_is_its_own() -> None:
    side = Side(n_books=1)
    side.equity["paper"][0] = 101.0

    assert ["trend"] == [one.strategy for one in side.compare().differences]


def test_money_is_the_largest_distance_of_any_bar_within_the_tolerance_too() -> None:
    side = Side()
    side.equity["paper"][1] = 100.0 + 5e-8
    parity = side.compare()

    assert parity.holds
    assert 5e-10 == pytest.approx(parity.money, rel=1e-5)


# ---- fills -----------------------------------------------------------------------------------------------


def test_fills_of_one_bar_may_come_in_another_order() -> None:
    mine = [fill(0, asset=1), fill(0), fill(0, asset=0, reason=BY_STOP), fill(0, book=1), fill(1)]

    assert Side(mine, mine[::-1]).compare().holds


@pytest.mark.parametrize(("name", "value"), [("quantity", 5.1), ("price", 100.1), ("fee", 1.1)])
def test_fill_that_differs_in_a_number_is_named_with_it(name: str, value: float) -> None:
    paper = fill(3, value) if name == "quantity" else fill(3, **{name: value})
    side = Side([fill(3), fill(4)], [paper, fill(4)])
    (one,) = side.compare().differences

    assert ("fill", side.closed_at(3), "trend", "A0", value) == (
        one.what,
        one.at,
        one.strategy,
        one.symbol,
        one.paper,
    )
    assert {"quantity": 5.0, "price": 100.0, "fee": 1.0}[name] == one.backtest


def test_fill_that_differs_in_slippage_alone_is_none() -> None:
    side = Side([fill(0)], [(*fill(0)[:-1], 3.0)])

    assert side.compare().holds


@pytest.mark.parametrize("changes", [{"bar": 4}, {"asset": 1}, {"book": 1}, {"reason": BY_STOP}])
def test_fill_of_another_place_ends_the_comparison(changes: dict[str, int]) -> None:
    """What follows is out of step, and would drown the one that matters."""
    other = fill(**{"bar": 3, **changes})  # type: ignore[arg-type]  # numbers all
    parity = Side([fill(3), fill(5), fill(6)], [other, fill(5, 7.0), fill(6, 7.0)]).compare()
    (one,) = parity.differences

    assert (1, 5.0, True) == (parity.differing, one.backtest, math.isnan(one.paper))


def test_fill_that_paper_lacks_is_named() -> None:
    (one,) = Side([fill(3), fill(4, 6.0), fill(5)], [fill(3)]).compare().differences

    assert (6.0, True) == (one.backtest, math.isnan(one.paper))


def test_fill_that_the_backtest_lacks_is_named() -> None:
    parity = Side([fill(3)], [fill(3), fill(4, 6.0)]).compare()
    (one,) = parity.differences

    assert (6.0, True, 1) == (one.paper, math.isnan(one.backtest), parity.fills)


# ---- how they are told -----------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [NAMED_MAX - 1, NAMED_MAX, NAMED_MAX + 1, 3 * NAMED_MAX])
def test_differences_are_counted_and_the_first_of_them_named(steps: int) -> None:
    side = Side()
    side.plans["paper"].order[0, 0] = 1.0
    parity = side.compare(steps)

    assert (steps, min(steps, NAMED_MAX)) == (parity.differing, len(parity.differences))
    assert [side.closed_at(bar) for bar in range(min(steps, NAMED_MAX))] == [one.at for one in parity.differences]


def test_difference_of_an_early_fill_is_told_before_later_orders() -> None:
    side = Side([fill(0)], [fill(0, 6.0)])
    comparison = Comparison(side, side.backtest)  # type: ignore[arg-type]  # it stands in
    comparison.step()
    side.plans["paper"].order[0, 0] = 1.0
    comparison.step()

    assert ["fill", "order"] == [one.what for one in comparison.result().differences]


def test_difference_of_an_early_fill_is_told_however_many_numbers_it_has_moved() -> None:
    """It is why they differ, and its comparison comes last."""
    side = Side([fill(1)], [fill(1, 6.0)])
    comparison = Comparison(side, side.backtest)  # type: ignore[arg-type]  # it stands in
    comparison.step()
    side.equity["paper"][0] = 101.0
    for _ in range(3 * NAMED_MAX):
        comparison.step()
    parity = comparison.result()

    assert (3 * NAMED_MAX + 1, NAMED_MAX) == (parity.differing, len(parity.differences))
    assert [("fill", side.closed_at(1)), ("equity", side.closed_at(1))] == [
        (one.what, one.at) for one in parity.differences[:2]
    ]
    assert parity.differences == comparison.result().differences, "asked again, it says the same"


def test_difference_is_a_value() -> None:
    fields: dict[str, Any] = {"at": FIRST, "strategy": "trend", "symbol": "A0", "backtest": 1.0, "paper": 2.0}

    assert Difference(what="order", **fields) == Difference(what="order", **fields)
