"""What a report says of a small backtest, worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import CLOSE, COSTS, EQUITY, FILLS, GROSS, LATCHED, PASSING, backtest, prices
from tradewright.backtest import Backtest
from tradewright.engine.log import GRANTED, HALTED, LIFTED
from tradewright.reports.accounts import Costs, session_closes
from tradewright.reports.summary import Summary, refusals, summarise
from tradewright.reports.tree.curves import Fall
from tradewright.reports.tree.halts import AfterHalt, AtHalt
from tradewright.reports.tree.report import CutOrders, Rule
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING

JAN = [date(2024, 1, 2 + day) for day in range(5)]


def halted(bar: int, row: int = 0, rule: int = LATCHED, level: int = FLATTEN) -> tuple[Any, ...]:
    return (bar, row, HALTED, rule, level, 0.125, 0.12, 0.0)


def lifted(bar: int, row: int = 0) -> tuple[Any, ...]:
    return (bar, row, LIFTED, LATCHED, FLATTEN, 1.0, 1.0, 0.0)


def divide_capital(bar: int, money: float, row: int = 0) -> tuple[Any, ...]:
    return (bar, row, GRANTED, -1, 0, 0.16, 0.15, money)


# ---- figures ---------------------------------------------------------------------------------------------


def test_figures_of_the_whole_run(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path)).figures

    assert [JAN[0], *JAN] == found.on.astype(object).tolist()
    assert 5 == found.sessions
    assert [1.0, 1.0, 0.999, 1.049, 1.048, 1.048] == found.nav.tolist()
    assert found.net.total_return == pytest.approx(0.048)
    assert found.gross.total_return == pytest.approx(1.002 * 1051 / 999 - 1.0)
    assert (None, None, None) == (found.net.annual_return, found.net.volatility, found.net.sharpe)
    assert (1048.0, 1000.0) == (found.equity, found.capital)
    assert found.equity_mean == pytest.approx(1028.8)
    assert Costs(fees=2.0, slippage=4.0, borrow=0.0, interest=0.0) == found.costs
    assert 6.0 == found.costs.total
    assert found.turnover == pytest.approx((550 + 600) / 2 / 1028.8 * 252 / 5)
    assert found.exposure_gross == found.exposure_net == pytest.approx((550 / 999 + 600 / 1049) / 5)
    assert 0.4 == found.time_in_market
    assert (2, 1, 0) == (found.fills, found.trades.closed, found.trades.open)


def test_figures_of_buy_and_hold_begin_each_asset_at_its_first_close(tmp_path: Path) -> None:
    """A goes 10 11 12 12 6, B waits, then 20 20 30 30."""
    found = summarise(backtest(tmp_path)).figures
    whole = [1.0, 1.0, 1.05, 1.1, 1.35, 1.05]
    exposure = found.exposure_net
    part = np.cumprod([1.0 + exposure * (b / a - 1.0) for a, b in pairwise(whole)])

    assert found.buy_and_hold.total_return == pytest.approx(0.05)
    assert found.market.tolist() == pytest.approx(whole)
    assert found.buy_and_hold.max_drawdown == Fall(
        depth=pytest.approx(1.0 - 1.05 / 1.35), peak_on=JAN[3], trough_on=JAN[4], recovered_on=None, sessions=1
    )
    assert found.held[1:] == pytest.approx(part)
    assert found.buy_and_hold_at_exposure.total_return == pytest.approx(part[-1] - 1.0)


@pytest.mark.parametrize(("cash", "part"), [(18.0, 1.8), (0.0, 0.0)])
def test_buy_and_hold_of_what_is_delisted_ends_with_its_cash(tmp_path: Path, cash: float, part: float) -> None:
    """A goes 10 11 12 and is exchanged on the fourth day; B goes from 20 to 30."""
    close = np.array(CLOSE)
    close[3:, 0] = np.nan
    bars = prices(close)
    gone = attrs.evolve(bars.instruments[0], delisted_on=JAN[3], delisted_cash=cash)
    ran = backtest(tmp_path, bars=attrs.evolve(bars, instruments=[gone, bars.instruments[1]]))

    assert summarise(ran).figures.buy_and_hold.total_return == pytest.approx((part + 1.5) / 2 - 1.0)


def test_buy_and_hold_keeps_what_splits_and_dividends_give(tmp_path: Path) -> None:
    """A goes 10 11 12 12 6 and splits in two before the last bar; B waits, and pays 1 when it closes at 20."""
    ran = backtest(tmp_path)
    split, dividend = np.ones((5, 2)), np.zeros((5, 2))
    split[4, 0], dividend[2, 1] = 2.0, 1.0
    found = summarise(attrs.evolve(ran, bars=attrs.evolve(ran.bars, split=split, dividend=dividend))).figures

    assert found.buy_and_hold.total_return == pytest.approx((1.2 + 1.5 * 1.05) / 2 - 1.0)


def test_figures_tell_interest_and_borrow_apart(tmp_path: Path) -> None:
    ran = backtest(
        tmp_path, equity=[*EQUITY[:4], 1048.0 + 5.0 - 3.0], costs=[*COSTS[:4], 9.0], interest=[0, 0, 0, 0, 5.0]
    )

    assert Costs(fees=2.0, slippage=4.0, borrow=3.0, interest=5.0) == summarise(ran).figures.costs


def test_figures_with_shorts_have_a_smaller_net_exposure(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, net=[-one for one in GROSS])).figures

    assert found.exposure_net == -found.exposure_gross


def test_figures_leave_out_bars_before_the_first_traded(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, start=1)).figures

    assert [JAN[1], *JAN[1:]] == found.on.astype(object).tolist()
    assert found.buy_and_hold.total_return == pytest.approx((6 / 11 + 30 / 20) / 2 - 1.0)


def test_figures_of_shorter_bars_are_taken_at_session_closes(tmp_path: Path) -> None:
    ran = backtest(tmp_path, bars=prices(bars_per_session=2))

    assert [1, 3, 4] == session_closes(ran, 5).tolist()
    assert [1.0, 0.999, 1.048, 1.048] == summarise(ran).figures.nav.tolist()


def test_figures_of_a_ruined_account_are_finite(tmp_path: Path) -> None:
    ran = backtest(tmp_path, equity=[1000.0, 999.0, 0.0, -5.0, -5.0])
    found = summarise(ran).figures

    assert -1.005 == found.net.total_return
    assert found.net.max_drawdown.depth == 1.005
    assert found.gross.total_return is not None
    assert np.isfinite([found.exposure_gross, found.gross.total_return]).all()


def test_trades_that_are_open_or_reversed_are_told_from_closed_ones(tmp_path: Path) -> None:
    def fill(book: int, asset: int, quantity: float) -> tuple[Any, ...]:
        return (1, book, asset, 0, quantity, 1.0, 0.0, 0.0)

    quantities = [(0, 0.1), (0, 0.2), (1, -5.0), (0, -(0.1 + 0.2)), (0, 7.0), (1, 2.0)]
    ran = backtest(tmp_path, fills=[fill(0, asset, quantity) for asset, quantity in quantities])
    found = summarise(ran).figures

    assert (1, 2) == (found.trades.closed, found.trades.open)


# ---- capital ---------------------------------------------------------------------------------------------


def test_capital_step_is_money_and_no_profit(tmp_path: Path) -> None:
    equity = [1000.0, 999.0, 1549.0, 1548.0, 1548.0]
    ran = backtest(tmp_path, equity=equity, nav=[1.0, 0.999, 1.049, 1.048, 1.048], events=[divide_capital(2, 500.0)])
    found = summarise(ran)

    assert (1000.0, 1500.0) == (found.capital_start, found.figures.capital)
    assert [(JAN[2], 500.0, 0.16)] == [(step.on, step.amount, step.gain) for step in found.steps]
    assert 48.0 == found.figures.equity - found.figures.capital
    assert 0.0 == found.figures.costs.interest
    assert found.figures.net.total_return == pytest.approx(0.048)
    assert found.figures.gross.total_return == pytest.approx(1.002 * 1049 / 999 * (1048 / 1049 + 3 / 1549) - 1.0)


def test_capital_that_no_book_has_a_share_of_is_not_counted(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, invested=0.5, events=[divide_capital(2, 250.0)]))

    assert (500.0, 750.0) == (found.capital_start, found.figures.capital)
    assert [250.0] == [step.amount for step in found.steps]


# ---- halts -----------------------------------------------------------------------------------------------


def test_halt_that_sells_ends_the_figures_with_the_first_session_without_a_position(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, events=[halted(2)]))
    (halt,) = found.halts

    assert "halted" == found.status
    assert 4 == found.figures.sessions
    assert found.figures.net.total_return == pytest.approx(0.048)
    assert Costs(fees=2.0, slippage=4.0, borrow=0.0, interest=0.0) == found.figures.costs
    assert (2, 1, 0) == (found.figures.fills, found.figures.trades.closed, found.figures.trades.open)
    assert AtHalt(on=JAN[2], profit=Decimal("49.00"), max_drawdown=pytest.approx(0.001)) == found.at_halt
    assert (
        AfterHalt(on=JAN[4], equity=Decimal("1048.00"), change=0.0, annual_return=None, years=1 / 365.25, flat=True)
        == found.after_halt
    )
    assert found.until_halt is None
    assert ("drawdown-halt", "flatten", "trend", 0.125, 0.12, True) == (
        halt.kind,
        halt.level,
        halt.book,
        halt.observed,
        halt.limit,
        halt.latched,
    )
    assert (datetime(2024, 1, 4, 15, tzinfo=UTC), None) == (halt.at, halt.lifted_at)


def test_halt_on_a_shorter_bar_ends_the_figures_with_the_session(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, bars=prices(bars_per_session=2), events=[halted(2)]))

    assert [1.0, 0.999, 1.048] == found.figures.nav.tolist()


def test_halt_on_the_last_bar_is_still_a_halt(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, events=[halted(4)]))

    assert ("halted", 5) == (found.status, found.figures.sessions)
    assert found.after_halt is not None
    assert (JAN[4], 0.0, 0.0) == (found.after_halt.on, found.after_halt.change, found.after_halt.years)


@pytest.mark.parametrize(
    ("gross", "sessions", "flat"),
    [
        ([0.0, 550.0, 0.0, 0.0, 0.0], 3, True),
        ([0.0, 550.0, 600.0, 0.0, 0.0], 4, True),
        ([0.0, 550.0, 600.0, 1e-9, 0.0], 5, True),
        ([0.0, 550.0, 600.0, 300.0, 300.0], 5, False),
    ],
)
def test_halt_whose_sale_takes_time_ends_the_figures_when_it_is_done(
    tmp_path: Path, gross: list[float], sessions: int, flat: bool
) -> None:
    found = summarise(backtest(tmp_path, gross=gross, events=[halted(2)]))

    assert (sessions, flat) == (found.figures.sessions, found.after_halt is not None and found.after_halt.flat)


def test_halt_that_freezes_ends_the_figures_with_its_session(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, gross=[0.0, 550.0, 600.0, 600.0, 600.0], events=[halted(2, level=FREEZE)]))

    assert 3 == found.figures.sessions
    assert found.after_halt is not None
    assert (False, pytest.approx(1048 / 1049 - 1.0)) == (found.after_halt.flat, found.after_halt.change)


def test_halt_of_one_book_that_freezes_beside_one_that_sells_waits_for_the_sale(tmp_path: Path) -> None:
    ran = backtest(tmp_path, books=("one", "two"), events=[halted(1, row=0, level=FREEZE), halted(2, row=1)])
    ran.trace.curve["gross"][:, :2] = [[100.0, 100.0]] * 3 + [[100.0, 0.0]] * 2

    assert 4 == summarise(ran).figures.sessions


@pytest.mark.parametrize(("lifted_on", "sessions"), [(3, 3), (4, 4)])
def test_until_the_first_halt_holds_what_it_sold_before_the_lift(
    tmp_path: Path, lifted_on: int, sessions: int
) -> None:
    found = summarise(backtest(tmp_path, events=[halted(2), lifted(lifted_on)]))

    assert found.until_halt is not None
    assert sessions == found.until_halt.sessions


def test_time_after_a_halt_is_told_per_year(tmp_path: Path) -> None:
    """Two years of interest at 3 % are no gain of 6 %."""
    n = 731
    nav = np.append(np.full(3, 1.0), 1.0 * 1.03 ** (np.arange(n - 3) / 365.25))
    bars = prices(np.full((n, 2), 10.0))
    gross = np.append([0.0, 550.0, 550.0], np.zeros(n - 3))
    after = summarise(
        backtest(tmp_path, bars=bars, equity=1000.0 * nav, nav=nav, gross=gross, costs=[0.0] * n, events=[halted(2)])
    ).after_halt

    assert after is not None
    assert (after.years, after.annual_return) == (pytest.approx((n - 4) / 365.25), pytest.approx(0.03))


def test_halt_leaves_out_steps_of_capital_that_came_later(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, events=[divide_capital(1, 500.0), halted(2), divide_capital(4, 500.0)]))

    assert [JAN[1]] == [step.on for step in found.steps]
    assert 1500.0 == found.figures.capital


def test_halt_that_a_simulated_person_lifts_shows_both_results(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, events=[halted(2), lifted(4)]))

    assert ("complete", 5, None) == (found.status, found.figures.sessions, found.after_halt)
    assert found.until_halt is not None
    assert summarise(backtest(tmp_path, events=[halted(2)])).figures == found.until_halt
    assert datetime(2024, 1, 6, 14, tzinfo=UTC) == found.halts[0].lifted_at


def test_halt_after_a_lift_ends_the_figures_too(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, events=[halted(1), lifted(2), halted(3)]))

    assert ("halted", 4) == (found.status, found.figures.sessions)
    assert found.until_halt is not None
    assert 2 == found.until_halt.sessions


@pytest.mark.parametrize(("bar", "ended_at"), [(2, datetime(2024, 1, 5, 14, tzinfo=UTC)), (4, None)])
def test_halt_that_is_not_latched_ends_with_the_next_session(
    tmp_path: Path, bar: int, ended_at: datetime | None
) -> None:
    found = summarise(backtest(tmp_path, events=[halted(bar, rule=PASSING, level=REDUCING)]))

    assert ("complete", 5) == (found.status, found.figures.sessions)
    assert ("daily-loss", "reduce_only", False, ended_at) == (
        found.halts[0].kind,
        found.halts[0].level,
        found.halts[0].latched,
        found.halts[0].lifted_at,
    )


@pytest.mark.parametrize(
    ("events", "sessions", "status"),
    [
        ([halted(1, row=0)], 5, "complete"),
        ([halted(1, row=0), halted(3, row=1)], 4, "halted"),
        ([halted(1, row=2)], 2, "halted"),
        ([halted(1, row=0), halted(2, row=2), halted(3, row=1)], 3, "halted"),
    ],
)
def test_halt_with_several_books_ends_when_the_account_or_all_of_them_have(
    tmp_path: Path, events: list[tuple[Any, ...]], sessions: int, status: str
) -> None:
    found = summarise(backtest(tmp_path, books=("one", "two"), events=events))

    assert (status, sessions) == (found.status, found.figures.sessions)
    assert [("one", "two", "account")[event[1]] for event in events] == [halt.book for halt in found.halts]


# ---- the rest --------------------------------------------------------------------------------------------


def test_no_trades_is_a_status_of_its_own(tmp_path: Path) -> None:
    found = summarise(backtest(tmp_path, fills=[], equity=[1000.0] * 5, gross=[0.0] * 5, costs=[0.0] * 5))

    assert ("no_trades", 0.0) == (found.status, found.figures.net.total_return)


def test_rules_are_shown_with_what_they_cut(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    counter = ran.trace.state.counters[1]
    counter.cuts, counter.bars, counter.notional, counter.first, counter.last = 3, 2, 250.0, 1, 3
    idle, busy = summarise(ran).rules

    assert ("drawdown-halt", 0, None, None) == (idle.name, idle.cuts, idle.first_at, idle.last_at)
    assert ("daily-loss", 3, 2, 250.0) == (busy.name, busy.cuts, busy.bars_bound, busy.notional_cut)
    assert (datetime(2024, 1, 3, 15, tzinfo=UTC), datetime(2024, 1, 5, 15, tzinfo=UTC)) == (
        busy.first_at,
        busy.last_at,
    )


def test_largest_weights_name_only_what_was_held(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    ran.trace.state.positions.largest[0, 0] = 0.57

    assert {"trend": {"A": 0.57}} == summarise(ran).largest


def test_counts_of_the_engine_are_passed_on(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    counts = ran.trace.state.run[0]
    counts.participation_cuts, counts.cash_cuts, counts.expired, counts.breaches, counts.verify_failures = (
        1,
        2,
        3,
        4,
        5,
    )
    found = summarise(ran)

    assert (CutOrders(participation=1, cash=2, expired=3), 4, 5) == (
        found.cuts,
        found.breaches,
        found.verify_failures,
    )


def test_orders_that_the_check_of_cash_cut_are_counted_as_cut_by_cash(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    ran.trace.state.counters.cuts[:] = (7, 208)
    ran.trace.state.run[0].cash_cuts = 2
    found = summarise(attrs.evolve(ran, rules=ran.rules[:1], checks=(("buying-power", ran.rules[1][1]),)))

    assert CutOrders(participation=0, cash=210, expired=0) == found.cuts


def test_warnings_of_the_caller_come_first(tmp_path: Path) -> None:
    ran = backtest(tmp_path, warnings=("prices have gaps",))

    assert ("plugin x is off", "prices have gaps") == summarise(ran, ["plugin x is off"]).warnings


def test_check_that_held_orders_back_is_a_warning_but_halts_and_cash_are_told_elsewhere() -> None:
    at = datetime(2024, 1, 3, 21, tzinfo=UTC)
    busy = Rule(
        name="order-value",
        cuts=1234,
        bars_bound=617,
        notional_cut=Decimal("1.00"),
        held_back=0.1,
        first_at=at,
        last_at=at,
        first_on=JAN[1],
        last_on=JAN[1],
    )
    idle = attrs.evolve(busy, name="finite", cuts=0)
    others = [attrs.evolve(busy, name=name) for name in ("halt", "buying-power")]

    (warning,) = refusals([busy, idle, *others])

    assert warning.startswith("order-value refused or cut 1,234 orders on 617 bars, first on 2024-01-03: ")


def test_feeds_are_described(tmp_path: Path) -> None:
    summary: Summary = summarise(backtest(tmp_path))
    (row,) = summary.data

    assert ("mine", "files", ("A", "B"), JAN[0], JAN[4], 5, "none", "f" * 64) == (
        row.name,
        row.source,
        row.symbols,
        row.first_on,
        row.last_on,
        row.bars,
        row.adjustment,
        row.fingerprint,
    )


def test_the_example_is_what_the_engine_would_have_written(tmp_path: Path) -> None:
    """Cash and positions of the fills give the curve that the other tests start from."""
    ran: Backtest = backtest(tmp_path)
    cash, held = 1000.0, 0.0
    for bar, expected in enumerate(EQUITY):
        for _, _, _, _, quantity, price, fee, _ in (fill for fill in FILLS if fill[0] == bar):
            cash, held = cash - quantity * price - fee, held + quantity

        assert expected == cash + held * CLOSE[bar][0] == ran.trace.equity[bar, 0]
