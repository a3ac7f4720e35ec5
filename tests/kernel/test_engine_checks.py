"""Order checks at the release of orders, worked by hand: docs/reference/checks and engine.md, 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_market import NAN, OFF, checked, count_of, fills, free_settings, market, play
from tradewright.engine import state as states
from tradewright.engine.fuse import FusedRules
from tradewright.engine.log import BY_ORDER
from tradewright.engine.run import Simulation, Trace
from tradewright.engine.tape import Decisions
from tradewright.values.bars import Bars


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def flat(levels: list[Any], **fields: Any) -> Bars:
    """Return bars that trade at one price each."""
    return market(levels, open=levels, **fields)


@pytest.mark.parametrize(
    ("limit", "filled"),
    [
        pytest.param({"order_quantity": 10.0}, 10.0, id="quantity at the limit"),
        pytest.param({"order_quantity": 9.99}, 0.0, id="quantity just below it refuses"),
        pytest.param({"order_quantity": 10.01}, 10.0, id="quantity just above it"),
        pytest.param({"order_value": 1_000.0}, 10.0, id="value at the limit"),
        pytest.param({"order_value": 999.99}, 0.0, id="value just below it refuses"),
        pytest.param({"order_value": 1_000.01}, 10.0, id="value just above it"),
        pytest.param({"restricted": ("A0",)}, 0.0, id="restricted"),
        pytest.param({"restricted": ("A1",)}, 10.0, id="another one is restricted"),
    ],
)
def test_check_of_an_increase_lets_all_or_nothing_go(cache: Path, limit: dict[str, Any], filled: float) -> None:
    trace = play(checked(cache, **limit), flat([100, 100]), [10, None])

    assert [(1, BY_ORDER, 10.0, 100.0)] * bool(filled) == fills(trace)


@pytest.mark.parametrize(
    ("limit", "sold"),
    [
        # 10 are held and all of them are to go, at 100.
        pytest.param({"order_quantity": 4.0}, 4.0, id="quantity"),
        pytest.param({"order_quantity": 4.99}, 4.0, id="quantity, whole units"),
        pytest.param({"order_value": 400.0}, 4.0, id="value"),
        pytest.param({"order_value": 499.0}, 4.0, id="value, whole units"),
        pytest.param({"restricted": ("A0",)}, 10.0, id="restricted, yet an exit"),
        pytest.param({"price_collar": 0.01}, 10.0, id="far from the mark, yet an exit"),
    ],
)
def test_check_of_a_reduction_slices_it(cache: Path, limit: dict[str, Any], sold: float) -> None:
    """The position is there before the check is: one loop buys, the other, with the same state, sells."""
    opening = play(checked(cache), flat([100, 100]), [10, None])
    loop = checked(cache, **limit)
    trace = resumed(opening, loop, at=100.0 if "price_collar" not in limit else 150.0)

    assert sold == -sum(trace.fills.quantity)


def resumed(opening: Trace, loop: FusedRules, at: float) -> Trace:
    """Sell 10 at `at` from the state that `opening` left, whose mark is 100."""
    bars = flat([100, at])
    decisions = Decisions(np.zeros((2, 1, 1)), np.array([[True], [False]]), np.zeros((2, 1), dtype=bool))
    simulation = Simulation(bars, decisions, free_settings(), loop, np.array([10_000.0]))
    simulation.state = states.copy(opening.state)
    simulation.state.run[0].closed = -1  # None of these bars has been played.
    simulation.advance(2)
    return simulation.trace()


@pytest.mark.parametrize(("limit", "notional"), [("order_quantity", 4.0), ("order_value", 400.0)])
def test_check_that_refuses_every_day_counts_every_day(cache: Path, limit: str, notional: float) -> None:
    """10 wanted at 100, 110, 120: asked for after bars 0 to 2, refused on bars 1 to 3 at the prices there."""
    loop = checked(cache, **{limit: notional})
    trace = play(loop, flat([100, 100, 110, 120]), [10, 10, 10, None])

    assert [] == fills(trace)
    assert count_of(trace, loop, limit.replace("_", "-")) == (3, 3, 10 * (100 + 110 + 120), 1, 3)
    assert trace.state.run[0].expired == 0


def test_check_that_slices_counts_what_is_left_over(cache: Path) -> None:
    """Free cash of 450 buys 4 of 10; the other 6, at 100, are the cut."""
    loop = checked(cache)
    trace = play(loop, flat([100, 100]), [10, None], cash=450.0)

    assert [(1, BY_ORDER, 4.0, 100.0)] == fills(trace)
    assert count_of(trace, loop, "buying-power") == (1, 1, 600.0, 1, 1)


def test_check_that_has_nothing_left_to_cut_counts_nothing(cache: Path) -> None:
    """Both limits would refuse: the first one asked does, and only it is counted."""
    loop = checked(cache, order_value=1.0, order_quantity=1.0)
    trace = play(loop, flat([100, 100]), [10, None])

    assert count_of(trace, loop, "order-value") == (1, 1, 1_000.0, 1, 1)
    assert count_of(trace, loop, "order-quantity") == (0, 0, 0.0, -1, -1)


def test_check_counts_two_orders_of_one_bar_as_two_cuts_on_one_bar(cache: Path) -> None:
    loop = checked(cache, order_quantity=1.0)
    trace = play(loop, flat([[100, 50], [100, 50]]), [[10, 20], None])

    assert count_of(trace, loop, "order-quantity") == (2, 1, 1_000.0 + 1_000.0, 1, 1)


@pytest.mark.parametrize(
    ("price", "filled"),
    [(105, True), (105.01, False), (104.99, True), (95, True), (94.99, False), (95.01, True)],
)
def test_collar_of_an_increase_at_below_and_above_the_limit(cache: Path, price: float, filled: bool) -> None:
    """5 % of a mark of 100, either way."""
    trace = play(checked(cache, price_collar=0.05), flat([100, price]), [10, None])

    assert filled == bool(len(trace.fills))


@pytest.mark.parametrize(("wanted", "filled"), [(20, True), (21, False), (19, True)])
def test_volume_share_is_of_the_average_of_the_bar_before(cache: Path, wanted: float, filled: bool) -> None:
    """Twenty bars of 400 give an average of 400, of which 5 % are 20; the volume of the bar itself is not known."""
    volume = [400.0] * 20 + [10.0**6]
    loop = checked(cache, volume_share=0.05)
    trace = play(loop, flat([100.0] * 21, volume=volume), [None] * 19 + [wanted, None], has_volume=False)

    assert filled == bool(len(trace.fills))
    assert count_of(trace, loop, "volume-share")[0] == (0 if filled else 1)


def test_volume_share_that_is_unknown_lets_everything_go(cache: Path) -> None:
    """Nineteen bars do not make an average of twenty, and no volume makes none at all."""
    loop = checked(cache, volume_share=0.05)
    early = play(loop, flat([100.0] * 3, volume=[400.0] * 3), [50, None, None], has_volume=False)
    without = play(loop, flat([100.0] * 3), [50, None, None])

    assert [50.0] == early.fills.quantity.tolist() == without.fills.quantity.tolist()


def test_session_of_an_asset_that_has_not_traded_orders_nothing(cache: Path) -> None:
    trace = play(checked(cache), flat([[100, NAN], [100, 100]]), [[0, 10], None])

    assert [] == fills(trace)


def test_buying_power_covers_shorts_at_full_margin(cache: Path) -> None:
    """10,000 of cash: a short of 60 binds 6,000, so 4,000 are left for the second, at 100 a unit."""
    loop = checked(cache)
    trace = play(loop, flat([[100, 100], [100, 100]]), [[-60, -60], None])

    assert [-60.0, -40.0] == trace.fills.quantity.tolist()
    assert count_of(trace, loop, "buying-power")[:2] == (1, 1)


def test_buying_power_leaves_room_for_the_fee(cache: Path) -> None:
    """Exactly 1,000 buy 9 at 100 when the smallest fee is 1, and 10 with a unit more of cash."""
    loop = checked(cache)
    short, enough = (
        play(loop, flat([100, 100]), [10, None], cash=cash, commission_min=1.0) for cash in (1_000.0, 1_001.0)
    )

    assert [9.0] == short.fills.quantity.tolist()
    assert [10.0] == enough.fills.quantity.tolist()
    assert enough.state.rows[0].cash == 0.0


def test_checks_that_are_out_of_the_way_leave_everything_alone(cache: Path) -> None:
    loop = checked(cache, price_collar=OFF)
    trace = play(loop, flat([100, 150, 80]), [10, -5, 3])

    assert trace.state.counters.cuts.tolist() == [0] * 10
    assert [10.0, -10.0] == trace.fills.quantity.tolist()
