"""Limit orders, worked by hand: docs/reference/engine.md, 4 and 4b."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine_market import NAN, checked, count_of, fills, market, play
from tradewright.engine.log import BY_ORDER, BY_STOP


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def bar_after(open_: float, high: float, low: float, close: float, before: float = 100.0) -> dict[str, Any]:
    """Return a first bar that trades at `before` throughout, and the one in which its order is released."""
    rows = {"close": (before, close), "open": (before, open_), "high": (before, high), "low": (before, low)}
    return {name: list(values) for name, values in rows.items()}


@pytest.mark.parametrize(
    ("want", "offset", "prices", "expected"),
    [
        # Mark 100.  A buy at 100 x 0.98 = 98; a short sale at 100 x (1 + 0.02) = 102.
        pytest.param(10, -0.02, (98, 99, 97, 98), (10, 98.0), id="buy: open at the limit fills at the open"),
        pytest.param(10, -0.02, (97, 99, 96, 98), (10, 97.0), id="buy: open below the limit fills at the open"),
        pytest.param(10, -0.02, (98.5, 99, 98, 98.5), (10, 98.0), id="buy: low at the limit fills at the limit"),
        pytest.param(10, -0.02, (98.5, 99, 97, 98.5), (10, 98.0), id="buy: low below the limit fills at the limit"),
        pytest.param(10, -0.02, (98.5, 99, 98.01, 98.5), None, id="buy: low just above the limit does not fill"),
        pytest.param(10, 0.02, (102, 103, 101, 102), (10, 102.0), id="buy above the mark: open at the limit"),
        pytest.param(10, 0.02, (102.5, 103, 102.01, 103), None, id="buy above the mark: the market ran away"),
        pytest.param(-10, -0.02, (102, 103, 101, 102), (-10, 102.0), id="short: open at the limit"),
        pytest.param(-10, -0.02, (103, 104, 102, 103), (-10, 103.0), id="short: open above the limit"),
        pytest.param(-10, -0.02, (101, 102, 100, 101), (-10, 102.0), id="short: high at the limit"),
        pytest.param(-10, -0.02, (101, 101.99, 100, 101), None, id="short: high just below the limit"),
        pytest.param(10, 0.0, (100, 101, 99, 100), (10, 100.0), id="offset 0 waits for the mark"),
        pytest.param(10, NAN, (120, 121, 119, 120), (10, 120.0), id="at the market any price will do"),
    ],
)
def test_limit_of_an_increase_decides_whether_and_at_which_price_it_fills(
    cache: Path, want: float, offset: float, prices: tuple[float, ...], expected: tuple[float, float] | None
) -> None:
    rows = bar_after(*prices)
    trace = play(checked(cache), market(rows.pop("close"), **rows), [want, None], limit_offset=offset)

    wanted = [] if expected is None else [(1, BY_ORDER, *expected)]
    assert wanted == fills(trace)
    assert trace.state.run[0].expired == (1 if expected is None else 0)


def test_limit_worse_than_the_price_with_costs_is_never_exceeded(cache: Path) -> None:
    """Spread and slippage of 1 %: the open 99.5 would cost 100.495, and the limit is 100."""
    rows = bar_after(99.5, 101, 99, 100)
    trace = play(
        checked(cache),
        market(rows.pop("close"), **rows),
        [10, None],
        limit_offset=0.0,
        half_spread_and_slippage=0.01,
        commission_min=1.0,
    )

    assert [(1, BY_ORDER, 10.0, 100.0)] == fills(trace)
    # Slippage is what was paid beyond the base price: 10 x (100 - 99.5); cash pays 1,000 and the fee of 1.
    assert trace.fills[0].slippage == pytest.approx(5.0)
    assert trace.state.rows[0].cash == pytest.approx(10_000 - 1_000 - 1)


def test_limit_reached_within_the_bar_pays_neither_spread_nor_slippage(cache: Path) -> None:
    rows = bar_after(99.5, 101, 97, 100)
    trace = play(
        checked(cache),
        market(rows.pop("close"), **rows),
        [10, None],
        limit_offset=-0.02,
        half_spread_and_slippage=0.01,
    )

    assert [(1, BY_ORDER, 10.0, 98.0)] == fills(trace)
    assert trace.fills[0].slippage == 0.0


def test_limit_on_a_reduction_is_not_set_so_exits_never_wait(cache: Path) -> None:
    """Bought at 100 on bar 1 (the limit is the mark); sold on bar 2 at an open of 90, 10 % below the mark."""
    trace = play(
        checked(cache),
        market([100, 100, 90], open=[100, 100, 90]),
        [10, 0, None],
        limit_offset=0.0,
    )

    assert [(1, BY_ORDER, 10.0, 100.0), (2, BY_ORDER, -10.0, 90.0)] == fills(trace)
    assert trace.state.run[0].expired == 0


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        # The order buys at 98 within the bar, whose low is 95.
        pytest.param(96.0, [(1, BY_ORDER, 10.0, 98.0), (1, BY_STOP, -10.0, 96.0)], id="stop below: bought, stopped"),
        pytest.param(94.0, [(1, BY_ORDER, 10.0, 98.0)], id="stop below the low: bought and kept"),
        pytest.param(97.99, [(1, BY_ORDER, 10.0, 98.0), (1, BY_STOP, -10.0, 97.99)], id="stop just below the limit"),
        pytest.param(98.0, [], id="stop at the limit: not bought"),
        pytest.param(98.01, [], id="stop just above the limit: not bought"),
    ],
)
def test_limit_within_the_bar_beyond_the_stop_does_not_fill(
    cache: Path, stop: float, expected: list[tuple[int, int, float, float]]
) -> None:
    rows = bar_after(99, 99, 95, 99)
    trace = play(checked(cache, stop=stop), market(rows.pop("close"), **rows), [10, None], limit_offset=-0.02)

    assert expected == fills(trace)


@pytest.mark.parametrize(("stop", "n_fills"), [(102.0, 0), (101.99, 0), (102.01, 2), (105.0, 1)])
def test_limit_of_a_short_within_the_bar_beyond_the_stop_does_not_fill(
    cache: Path, stop: float, n_fills: int
) -> None:
    """Sold at 102 within a bar whose high is 104: a stop at or below 102 would have fired first."""
    rows = bar_after(101, 104, 100, 101)
    trace = play(checked(cache, stop=stop), market(rows.pop("close"), **rows), [-10, None], limit_offset=-0.02)

    assert n_fills == len(trace.fills)


@pytest.mark.parametrize(("close", "filled"), [(98.0, True), (97.0, True), (98.01, False)])
def test_limit_in_mode_next_close_is_released_at_the_close_or_expires(
    cache: Path, close: float, filled: bool
) -> None:
    """The low of 90 reached the limit of 98, but orders are released at the close only."""
    rows = bar_after(100, 101, 90, close)
    trace = play(checked(cache), market(rows.pop("close"), **rows), [10, None], limit_offset=-0.02, at_close=True)

    assert [(1, BY_ORDER, 10.0, close)] * filled == fills(trace)
    assert trace.state.run[0].expired == (0 if filled else 1)


def test_limit_lives_for_one_bar(cache: Path) -> None:
    """98 is reached on bar 2 only; nothing was decided on bar 1, so nothing is left of the order."""
    trace = play(
        checked(cache),
        market([100, 100, 97], open=[100, 100, 97]),
        [10, None, None],
        limit_offset=-0.02,
    )

    assert [] == fills(trace)


def test_limit_shares_the_bars_volume_with_what_filled_before_it(cache: Path) -> None:
    """Half of the volume of 20 may be taken: the first asset has its own, each order is cut to 10."""
    prices = market(
        [[100, 100], [99, 99]],
        open=[[100, 100], [98, 99]],
        high=[[100, 100], [99, 99]],
        low=[[100, 100], [97, 97]],
        volume=[[20, 20], [20, 20]],
    )
    trace = play(checked(cache), prices, [[15, 15], None], limit_offset=-0.02, participation=0.5)

    assert [(1, BY_ORDER, 10.0, 98.0), (1, BY_ORDER, 10.0, 98.0)] == fills(trace)
    assert trace.state.run[0].participation_cuts == 2


def test_limit_orders_share_free_cash_with_those_of_the_open(cache: Path) -> None:
    """1,500 buy 10 of the first at its open of 98 (980); the rest, 520, buys 5 of the second at 98 within the bar."""
    prices = market(
        [[100, 100], [99, 99]],
        open=[[100, 100], [98, 99]],
        high=[[100, 100], [99, 99]],
        low=[[100, 100], [97, 97]],
    )
    loop = checked(cache)
    trace = play(loop, prices, [[10, 10], None], limit_offset=-0.02, cash=1_500.0)

    assert [10.0, 5.0] == trace.fills.quantity.tolist()
    assert [98.0, 98.0] == trace.fills.price.tolist()
    assert trace.state.rows[0].cash == pytest.approx(1_500 - 15 * 98)
    # The check cut 5 units at the limit of 98; then the venue had nothing to cut.
    assert count_of(trace, loop, "buying-power") == (1, 1, 490.0, 1, 1)
    assert trace.state.run[0].cash_cuts == 0


def test_limit_checks_see_the_limit_as_the_price(cache: Path) -> None:
    """A collar of 1 % refuses a fill at 98 when the mark is 100, and lets one at 99.5 go."""
    wide, near = bar_after(99, 99, 97, 99), bar_after(100, 100, 99.5, 100)
    loop = checked(cache, price_collar=0.01)
    refused = play(loop, market(wide.pop("close"), **wide), [10, None], limit_offset=-0.02)
    passed = play(loop, market(near.pop("close"), **near), [10, None], limit_offset=-0.005)

    assert [] == fills(refused)
    assert count_of(refused, loop, "price-collar") == (1, 1, pytest.approx(980.0), 1, 1)
    assert [(1, BY_ORDER, 10.0, 99.5)] == fills(passed)


def test_limit_of_an_asset_that_did_not_trade_waits_for_its_next_bar(cache: Path) -> None:
    prices = market([100, NAN, 90], open=[100, NAN, 90])
    trace = play(checked(cache), prices, [10, None, None], limit_offset=-0.02)

    assert [(2, BY_ORDER, 10.0, 90.0)] == fills(trace)
    assert trace.state.run[0].expired == 0
