"""The numbers behind the charts, worked by hand."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, LIFT, STEP, backtest, prices
from tradewright.backtest import Backtest
from tradewright.engine.state import COUNTER, table
from tradewright.reports.summary import summarise
from tradewright.reports.tearsheet import panels as module
from tradewright.reports.tearsheet.interventions import Cut
from tradewright.reports.tearsheet.panels import Panels, Trip, panels


def drawn(ran: Backtest) -> Panels:
    return panels(ran, summarise(ran))


def counted(ran: Backtest, ends: list[int], cuts: list[list[int]]) -> Backtest:
    """Return the run with what its two rules had cut by the end of each segment, at 10 each."""
    counters = table((len(ends), 2), COUNTER, cuts=cuts, notional=10.0 * np.array(cuts), first=-1, last=-1)
    return attrs.evolve(ran, trace=attrs.evolve(ran.trace, counted=np.array(ends), counters=counters))


def test_curves_are_those_of_the_report(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path)).curves

    assert [1.0, 1.0, 0.999, 1.049, 1.048, 1.048] == found.net.tolist()
    assert [0.0, 0.0, -0.001, 0.0, -1 / 1049, -1 / 1049] == pytest.approx(found.fall.tolist())
    assert 6 == len(found.on) == len(found.gross) == len(found.market) == len(found.held)


def test_windows_of_a_short_run_are_none(tmp_path: Path) -> None:
    assert 0 == len(drawn(backtest(tmp_path)).sharpe.on)


@pytest.mark.parametrize("sessions_per_year", [252, 365])
def test_windows_end_with_the_ratio_of_the_report(tmp_path: Path, sessions_per_year: int) -> None:
    n = 400
    equity = 1000.0 * np.cumprod(1.0 + np.random.default_rng(7).normal(0.001, 0.01, n))
    run = {"bars": prices(np.full((n, 2), 10.0)), "equity": equity, "gross": [0.0] * n, "costs": [0.0] * n}
    ran = backtest(tmp_path, sessions_per_year=sessions_per_year, **run)
    windows, rolling = drawn(ran).sharpe, summarise(ran).figures.rolling

    assert sessions_per_year == windows.window == rolling.window
    assert (rolling.last, rolling.low, rolling.high) == (windows.value[-1], windows.low[-1], windows.high[-1])


def test_exposure_names_only_what_was_held(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path)).exposure

    assert ("A",) == found.symbols
    assert [0.0, 550 / 999, 600 / 1049, 0.0, 0.0] == pytest.approx(found.weights[:, 0].tolist())
    assert found.net.tolist() == found.weights[:, 0].tolist()


def test_exposure_of_a_long_run_is_thinned_and_keeps_its_last_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLES_MAX", 2)
    found = drawn(backtest(tmp_path)).exposure

    assert ["2024-01-02", "2024-01-05", "2024-01-06"] == found.on.astype(str).tolist()


def test_costs_rise_with_what_was_paid(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path, costs=[0.0, 3.0, 3.5, 6.5, 6.5])).costs

    assert ([0, 1, 1, 2, 2], [0, 2, 2, 4, 4]) == (found.fees.tolist(), found.slippage.tolist())
    assert [0.0, 0.0, 0.5, 0.5, 0.5] == found.borrow.tolist()


def test_cuts_are_told_segment_by_segment(tmp_path: Path) -> None:
    ran = counted(backtest(tmp_path), [1, 3, 4], [[0, 0], [0, 3], [2, 4]])
    found = drawn(ran).interventions
    days = [np.datetime64(f"2024-01-0{day}") for day in range(2, 7)]

    assert (
        Cut(rule="daily-loss", first_on=days[2], last_on=days[3], cuts=3, notional=30.0),
        Cut(rule="drawdown-halt", first_on=days[4], last_on=days[4], cuts=2, notional=20.0),
        Cut(rule="daily-loss", first_on=days[4], last_on=days[4], cuts=1, notional=10.0),
    ) == found.cuts
    assert (("drawdown-halt", "daily-loss"), ()) == (found.names, found.idle)


def test_first_segment_begins_where_trading_does(tmp_path: Path) -> None:
    found = drawn(counted(backtest(tmp_path, start=1), [4], [[1, 0]])).interventions

    assert (np.datetime64("2024-01-03"), ("daily-loss",)) == (found.cuts[0].first_on, found.idle)


def test_time_line_marks_halts_lifts_and_steps_of_capital(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path, events=[HALT, STEP, LIFT])).interventions

    assert [
        ("drawdown-halt", "2024-01-04", "halt of trend, flatten"),
        ("capital", "2024-01-04", "500.00 USD granted"),
        ("drawdown-halt", "2024-01-06", "halt of trend lifted"),
    ] == [(mark.rule, str(mark.on), mark.what) for mark in found.marks]
    assert ("drawdown-halt", "capital") == found.names


def test_trips_are_those_of_the_period(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path))

    assert (
        Trip(
            book="trend", symbol="A", side="long", opened_on="2024-01-03", closed_on="2024-01-05",
            sessions=2, invested=550.0, profit=48.0,
        ),
    ) == found.trips  # fmt: skip


@pytest.mark.parametrize(("most", "shown"), [(1, ["B"]), (2, ["B", "A"]), (3, ["B", "A"])])
def test_trips_beyond_the_most_are_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, shown: list[str]
) -> None:
    monkeypatch.setattr(module, "TRIPS_MAX", most)
    fills = [
        *[(1, 0, 0, 0, 5.0, 11.0, 0.0, 0.0), (2, 0, 0, 0, -5.0, 12.0, 0.0, 0.0)],
        *[(3, 0, 1, 0, -5.0, 30.0, 0.0, 0.0), (4, 0, 1, 0, 5.0, 30.0, 0.0, 0.0)],
    ]
    found = drawn(backtest(tmp_path, fills=fills))

    assert (2, shown) == (found.n_trips, [trip.symbol for trip in found.trips])
    assert "short" == found.trips[0].side


def test_panels_of_a_halted_run_stop_with_its_figures(tmp_path: Path) -> None:
    found = drawn(backtest(tmp_path, events=[HALT]))

    assert 4 == len(found.costs.on)
    assert (1, 48.0) == (found.n_trips, found.contributions.profit)
