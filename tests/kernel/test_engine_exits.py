"""Delistings, worked by hand: docs/reference/engine.md, 10."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from engine_market import NAN, checked, fills, market, play
from tradewright.engine.log import BY_EXIT, BY_ORDER
from tradewright.engine.run import Trace
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def delisted(day: int, cash: float, **facts: Any) -> list[Instrument]:
    """Return one instrument that is gone from that session of the market on, 0 being the first."""
    return [Instrument(symbol="A0", delisted_on=date(2024, 1, 1 + day), delisted_cash=cash, **facts)]


def flat(levels: list[float], instruments: list[Instrument], **fields: Any) -> Bars:
    return market(levels, open=levels, instruments=instruments, **fields)


def money(trace: Trace) -> tuple[float, float]:
    row = trace.state.rows[0]
    return float(row.cash), float(row.equity)


@pytest.mark.parametrize(
    ("want", "cash", "left"),
    [
        pytest.param(10, 30.0, 9_000 + 300, id="a long gets what the merger pays"),
        pytest.param(10, 0.0, 9_000, id="a long gets nothing"),
        pytest.param(-10, 30.0, 11_000 - 300, id="a short pays"),
    ],
)
def test_delisting_of_a_position_is_a_fill_at_its_cash(cache: Path, want: int, cash: float, left: float) -> None:
    prices = flat([100, 100, NAN, NAN], delisted(2, cash))
    trace = play(checked(cache, stop=80.0 if want > 0 else NAN), prices, [want, None, None, None])

    assert [(1, BY_ORDER, want, 100.0), (2, BY_EXIT, -want, cash)] == fills(trace)
    assert (left, left) == money(trace)
    held = trace.state.positions[0, 0]
    assert (0.0, 0.0) == (held.quantity, held.order)
    assert all(math.isnan(held[name]) for name in ("entry", "stop", "limit", "wanted"))


def test_delisting_costs_nothing_and_meets_no_tick_and_no_volume(cache: Path) -> None:
    prices = flat([100, 100, NAN], delisted(2, 30.3, tick=0.25), volume=[100, 100, NAN])
    trace = play(
        checked(cache),
        prices,
        [10, None, None],
        half_spread_and_slippage=0.01,
        commission_min=5.0,
        participation=0.1,
    )

    assert (2, BY_EXIT, -10.0, 30.3) == fills(trace)[-1]
    assert (0.0, 0.0) == (trace.fills.fee[-1], trace.fills.slippage[-1])
    assert (10_000 - 10 * 101 - 5 + 303,) * 2 == pytest.approx(money(trace))


def test_delisting_counts_the_multiplier(cache: Path) -> None:
    trace = play(checked(cache), flat([10, 10, NAN], delisted(2, 4.0, multiplier=50.0)), [3, None, None])

    assert (10_000 - 3 * 10 * 50 + 3 * 4 * 50,) * 2 == money(trace)


def test_delisting_comes_after_the_split_and_dividend_of_its_bar(cache: Path) -> None:
    """10 become 20 and earn 2 each; then each is exchanged for 30."""
    prices = flat([100, 100, NAN], delisted(2, 30.0), split={2: 2.0}, dividend={2: 2.0})
    trace = play(checked(cache), prices, [10, None, None])

    assert (2, BY_EXIT, -20.0, 30.0) == fills(trace)[-1]
    assert (9_000 + 40 + 600,) * 2 == money(trace)


def test_delisting_drops_the_order_that_waits_and_nothing_is_bought_afterwards(cache: Path) -> None:
    trace = play(checked(cache), flat([100, NAN, NAN, NAN], delisted(1, 30.0)), [10, 10, 10, 10])

    assert [] == fills(trace)
    assert (10_000.0, 10_000.0) == money(trace)
    assert 0.0 == trace.state.positions[0, 0].order


@pytest.mark.parametrize(
    ("day", "bar"),
    [
        pytest.param(1, 2, id="on the day of a row"),
        pytest.param(2, 3, id="on a day without a row: the next"),
        pytest.param(3, 3, id="that next day itself"),
        pytest.param(4, None, id="after the last row"),
    ],
)
def test_delisting_takes_effect_in_the_first_row_of_its_day_or_later(cache: Path, day: int, bar: int | None) -> None:
    """Two rows of the first day, one of the second, and one of the fourth, by another asset."""
    instruments = [*delisted(day, 30.0), Instrument(symbol="A1")]
    levels = [[100, 10], [100, 10], [NAN, 10], [NAN, 10]]
    prices = market(levels, open=levels, instruments=instruments, sessions=[0, 0, 1, 3])
    trace = play(checked(cache), prices, [[5, 0], None, None, None])

    assert [bar] * (bar is not None) == [fill[0] for fill in fills(trace) if fill[1] == BY_EXIT]


def test_delisting_before_the_first_bar_played_does_nothing(cache: Path) -> None:
    trace = play(checked(cache), flat([NAN, NAN], delisted(0, 30.0)), [10, None])

    assert [] == fills(trace)
    assert (10_000.0, 10_000.0) == money(trace)


def test_delisting_of_one_asset_leaves_the_others_alone(cache: Path) -> None:
    instruments = [*delisted(2, 30.0), Instrument(symbol="A1")]
    levels = [[100, 10], [100, 10], [NAN, 12], [NAN, 12]]
    trace = play(checked(cache), market(levels, open=levels, instruments=instruments), [[5, 20], None, [5, 20], None])

    assert [(1, BY_ORDER, 5.0, 100.0), (1, BY_ORDER, 20.0, 10.0), (2, BY_EXIT, -5.0, 30.0)] == fills(trace)
    assert [0.0, 20.0] == trace.state.positions[0].quantity.tolist()
    assert 9_300 + 150 + 240 == money(trace)[1]
