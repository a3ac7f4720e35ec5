"""What moved positions, with splits and dividends folded in: the engine's own money must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import backtest, prices
from engine_market import actions, fused, market, play
from tradewright.backtest import Backtest
from tradewright.engine.run import Trace
from tradewright.metrics.lots import tax_lots
from tradewright.reports.executions import executions, marks
from tradewright.reports.trading import lots, trades
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def played(folder: Path, cache: Path, bars: Bars, wants: list[Any], **changes: Any) -> tuple[Backtest, Trace]:
    """Return a backtest with what the engine itself wrote for these prices."""
    trace = play(fused(cache), bars, wants, **changes)
    return attrs.evolve(backtest(folder), bars=bars, trace=trace, start=0), trace


def profit(trace: Trace) -> float:
    return float(trace.curve.equity[-1, 0] - 10_000.0)


def test_executions_without_actions_are_the_fills(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    found = executions(ran, ran.bars.n_bars)

    assert ([1, 3], [0, 0], [50.0, -50.0]) == (found.bar.tolist(), found.key.tolist(), found.quantity.tolist())
    assert ([11.0, 12.0], [1.0, 1.0], [6.0, 30.0]) == (found.price.tolist(), found.fee.tolist(), found.mark.tolist())


def test_executions_stop_before_the_bar_they_are_told(tmp_path: Path) -> None:
    found = executions(backtest(tmp_path), 3)

    assert ([1], [12.0, 20.0]) == (found.bar.tolist(), found.mark.tolist())


def test_executions_key_books_apart(tmp_path: Path) -> None:
    ran = backtest(tmp_path, books=("one", "two"), fills=[(1, 1, 1, 0, 5.0, 20.0, 0.0, 0.0)])
    found = executions(ran, ran.bars.n_bars)

    assert ([3], 4) == (found.key.tolist(), len(found.mark))
    assert [("two", "B")] == [(lot.book, lot.symbol) for lot in lots(ran, found).open]


def test_executions_count_the_multiplier_into_the_price(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    instruments = [attrs.evolve(one, multiplier=10.0) for one in ran.bars.instruments]
    ran = attrs.evolve(ran, bars=attrs.evolve(ran.bars, instruments=instruments))
    found = executions(ran, ran.bars.n_bars)

    assert ([110.0, 120.0], [60.0, 300.0]) == (found.price.tolist(), found.mark.tolist())


def test_round_trip_over_a_split_is_one(tmp_path: Path, cache: Path) -> None:
    """10 at 100 become 40, sold at 30: a gain of 200; without the split it would look like 30 sold too many."""
    ran, trace = played(
        tmp_path, cache, market([100, 100, 25, 30, 30], open=[100, 100, 25, 30, 30], split={2: 4.0}), [10, None, 0]
    )
    found = executions(ran, 5)

    assert ([40.0, -40.0], [25.0, 30.0]) == (found.quantity.tolist(), found.price.tolist())
    assert (1, 0, 200.0) == (trades(ran, found).closed, trades(ran, found).open, trades(ran, found).expectancy)
    assert profit(trace) == lots(ran, found).realised == 200.0


def test_split_that_whole_lots_cannot_hold_sells_the_rest(tmp_path: Path, cache: Path) -> None:
    """7 at 100 become 3.5 at 200; a half is paid out at 200, and the rest is sold at 210."""
    ran, trace = played(
        tmp_path,
        cache,
        market([100, 100, 200, 210, 210], open=[100, 100, 200, 210, 210], split={2: 0.5}),
        [7, None, 0],
    )
    found = executions(ran, 5)

    assert [3.5, -0.5, -3.0] == found.quantity.tolist()
    assert profit(trace) == pytest.approx(30.0)
    assert 30.0 == lots(ran, found).realised
    assert 1 == trades(ran, found).closed


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_executions_of_a_split_and_a_dividend_are_those_of_a_hand(tmp_path: Path, cache: Path, side: float) -> None:
    """In today's units 7 at 100 are 10.5 at 66.67; half of one is paid out, 10 get 2 each and leave at 60."""
    bars = market([100, 100, 66, 60, 60], open=[100, 100, 66, 60, 60], split={2: 1.5}, dividend={2: 2.0})
    ran, trace = played(tmp_path, cache, bars, [side * 7, None, 0, None, None], commission_min=1.0)
    found = executions(ran, 5)

    assert [1, 2, 2, 3] == found.bar.tolist()
    assert [side * 10.5, side * -0.5, 0.0, side * -10.0] == pytest.approx(found.quantity.tolist())
    assert [100 / 1.5, 100 / 1.5, 0.0, 60.0] == pytest.approx(found.price.tolist())
    assert [1.0, 0.0, side * -20.0, 1.0] == pytest.approx(found.fee.tolist())
    # The lots say cents.
    assert side * 20 == lots(ran, found).income
    assert profit(trace) == pytest.approx(side * (-700 + 50 / 1.5 + 20 + 600) - 2.0)
    assert f"{profit(trace):.2f}" == str(lots(ran, found).realised + lots(ran, found).income)
    assert (1, 0) == (trades(ran, found).closed, trades(ran, found).open)


def test_dividends_are_income_of_the_trip_and_of_no_lot(tmp_path: Path, cache: Path) -> None:
    """10 at 100, sold at 99 after a dividend of 3: a gain of 20, of which the lot has lost 10."""
    ran, trace = played(
        tmp_path, cache, market([100, 100, 98, 99, 99], open=[100, 100, 98, 99, 99], dividend={2: 3.0}), [10, None, 0]
    )
    found = executions(ran, 5)

    assert (30.0, -10.0) == (lots(ran, found).income, lots(ran, found).realised)
    assert profit(trace) == trades(ran, found).expectancy == 20.0


def test_short_position_pays_the_dividend(tmp_path: Path, cache: Path) -> None:
    ran, trace = played(
        tmp_path,
        cache,
        market([100, 100, 98, 99, 99], open=[100, 100, 98, 99, 99], dividend={2: 3.0}),
        [-10, None, 0],
    )
    found = executions(ran, 5)

    assert -30.0 == lots(ran, found).income
    assert profit(trace) == trades(ran, found).expectancy == -20.0


@pytest.mark.parametrize("whole", [True, False])
def test_money_of_random_actions_is_that_of_the_engine(tmp_path: Path, cache: Path, whole: bool) -> None:
    """Sixty bars with splits and dividends, positions turning at random: gains, income and marks give the equity."""
    draw = np.random.default_rng(7)
    n = 60
    closes = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.02, n)))
    wants = [draw.choice([None, 0.0, 7.0, 13.0, -5.0]) for _ in range(n)]
    bars = market(closes, open=closes, split={5: 2.0, 20: 0.5, 33: 1.5, 47: 3.0}, dividend={9: 1.0, 33: 2.0, 50: 0.5})
    ran, trace = played(tmp_path, cache, bars, wants, whole=whole)
    units = "whole" if whole else "fractional"
    settings = attrs.evolve(ran.settings, execution=attrs.evolve(ran.settings.execution, units=units))
    ran = attrs.evolve(ran, settings=settings)
    found = executions(ran, n)
    money = lots(ran, found)
    sold, held = tax_lots(*found[:5])
    gained = (sold.gain.sum(), held.unrealised(found.mark).sum(), found.income)

    assert 10 < len(trace.fills)
    assert 0.0 != found.income
    assert profit(trace) == pytest.approx(sum(gained), abs=1e-6)
    assert [f"{gain:.2f}" for gain in gained] == [str(money.realised), str(money.unrealised), str(money.income)]
    assert trace.state.positions[0, 0].quantity == pytest.approx(sum(lot.quantity for lot in money.open), abs=1e-6)


def test_mark_of_a_symbol_that_did_not_trade_since_a_split_is_restated() -> None:
    bars = Bars(
        instruments=[Instrument(symbol="A")],
        opened_at=np.arange(3).astype("datetime64[D]"),
        closed_at=np.arange(3).astype("datetime64[D]") + np.timedelta64(1, "h"),
        session=np.arange(3).astype("datetime64[D]"),
        close=np.array([[50.0], [np.nan], [np.nan]]),
        traded=np.array([[True], [False], [False]]),
        split=actions({1: 5.0}, (3, 1), absent=1.0),
        dividend=np.zeros((3, 1)),
    )

    assert ([50.0], [10.0]) == (marks(bars, 1).tolist(), marks(bars, 3).tolist())
    assert np.isnan(marks(bars, 0)).all()


def test_trades_of_shorter_bars_count_sessions(tmp_path: Path) -> None:
    ran = backtest(tmp_path, bars=prices(bars_per_session=2))

    assert 1.0 == trades(ran, executions(ran, 5)).sessions_held


def test_trades_of_no_fill_are_unknown(tmp_path: Path) -> None:
    ran = backtest(tmp_path, fills=[])
    found = trades(ran, executions(ran, 5))

    assert (0, 0, None, None, None) == (found.closed, found.open, found.hit_rate, found.payoff, found.sessions_held)
