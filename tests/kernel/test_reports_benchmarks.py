"""What a run is compared with: cash, the file's benchmark, and what buy-and-hold and shorts take for granted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import CLOSE, FILLS, GROSS, HALT, TICKET, backtest, prices
from tradewright.backtest import Backtest
from tradewright.data.feeds import Feed
from tradewright.metrics.performance import annual_return
from tradewright.metrics.relative import alpha
from tradewright.metrics.sharpe import sharpe
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.tearsheet.page import page
from tradewright.reports.tearsheet.panels import panels
from tradewright.reports.terminal import text
from tradewright.reports.tree.curves import Late
from tradewright.reports.tree.form import printed, read
from tradewright.reports.tree.part import Shorts
from tradewright.reports.tree.report import Report
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

JAN = [date(2024, 1, 2 + day) for day in range(5)]


def told(ran: Backtest) -> Report:
    return report(summarise(ran), TICKET, {"tradewright": "0.1.0"})


def paying(ran: Backtest, **rates: float) -> Backtest:
    """Return the run with other rates in its file."""
    return attrs.evolve(ran, settings=attrs.evolve(ran.settings, costs=attrs.evolve(ran.settings.costs, **rates)))


def wavy(folder: Path, n: int = 30) -> Backtest:
    """Return a run long enough for a Sharpe ratio, of A and B that both have a price on every day."""
    wave = 1.0 + 0.02 * np.sin(np.arange(n))
    close = np.column_stack([10.0 * wave, 20.0 + 0.1 * np.arange(n)])
    equity = 1000.0 * (1.0 + 0.01 * np.cos(np.arange(n)))
    return backtest(folder, bars=prices(close), equity=equity, gross=equity / 2.0, costs=np.full(n, 6.0))


# ---- the rate without risk -------------------------------------------------------------------------------


def test_ratios_when_risk_free_is_told_are_in_excess_of_it_and_cash_earns_the_cash_rate(tmp_path: Path) -> None:
    ran = paying(wavy(tmp_path), cash_rate=0.05, risk_free=0.01)
    found = summarise(ran).figures

    assert sharpe(found.nav, 0.01) == found.net.sharpe
    assert sharpe(found.market, 0.01) == found.buy_and_hold.sharpe
    assert alpha(found.nav, found.market, 0.01) == found.relative.alpha
    assert 0.01 == found.risk_free == found.idle.risk_free
    # What is bought at the first close has earned one session's interest as cash.
    assert 1.0 + 0.05 / 252 == found.market[1]


def test_ratios_when_risk_free_is_not_told_are_in_excess_of_the_cash_rate(tmp_path: Path) -> None:
    found = summarise(paying(wavy(tmp_path), cash_rate=0.05)).figures

    assert sharpe(found.nav, 0.05) == found.net.sharpe
    assert 0.05 == found.risk_free


def test_sharpe_of_each_strategy_is_in_excess_of_risk_free(tmp_path: Path) -> None:
    found = summarise(paying(wavy(tmp_path), cash_rate=0.05, risk_free=0.01)).figures

    assert found.net.sharpe == found.strategies[0].sharpe


def test_page_says_which_rate_is_subtracted_and_which_is_earned(tmp_path: Path) -> None:
    shown = " ".join(text(told(paying(wavy(tmp_path), cash_rate=0.05, risk_free=0.0125)), width=112).split())

    assert "Sharpe is in excess of 1.25 % a year (risk_free) and annualised by 252 sessions." in shown
    assert "earned on idle cash at 5.00 % per year (cash_rate)" in shown


# ---- cash ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.0252, -0.0252])
def test_cash_grows_by_risk_free_each_session_and_has_no_ratio(tmp_path: Path, rate: float) -> None:
    found = summarise(paying(wavy(tmp_path), cash_rate=0.5, risk_free=rate)).figures

    assert found.cash.tolist() == pytest.approx([(1.0 + rate / 252) ** i for i in range(31)], rel=1e-14)
    assert (None, None, None, None) == (
        found.idle.sharpe,
        found.idle.sortino,
        found.idle.omega,
        found.idle.sharpe_interval,
    )
    assert found.idle.max_drawdown.depth == pytest.approx(1.0 - min(1.0, (1.0 + rate / 252) ** 30), abs=1e-14)


def test_cash_of_a_year_earns_the_rate_compounded(tmp_path: Path) -> None:
    found = summarise(paying(wavy(tmp_path, 252), risk_free=0.02)).figures

    assert found.idle.annual_return == annual_return(found.cash) == pytest.approx((1 + 0.02 / 252) ** 252 - 1)


def test_cash_stands_beside_every_benchmark_in_json(tmp_path: Path) -> None:
    found = printed(told(paying(backtest(tmp_path), risk_free=0.02)))["benchmarks"]

    assert ["buy_and_hold", "buy_and_hold_at_average_exposure", "cash"] == list(found)
    assert 0.02 == found["cash"]["risk_free"]
    assert found["cash"]["total_return"] == pytest.approx((1 + 0.02 / 252) ** 5 - 1)


def test_cash_when_the_page_has_room_is_a_column_and_else_a_line_below_the_table(tmp_path: Path) -> None:
    found = told(paying(wavy(tmp_path, 252), risk_free=0.02))
    narrow, wide = (text(found, width=width) for width in (80, 112))
    heads, years = wide.splitlines()[3:5]

    assert "\n  Cash at 2 % a year: 2.0 %, 2.02 % per year\n" in narrow
    assert "Cash at" not in wide
    assert (heads.split()[-4:], years.split()[-2:]) == (["cash", "at", "2", "%"], ["a", "year"])
    (row,) = [line for line in wide.splitlines() if line.startswith("  Return per year")]
    assert row.endswith(" 2.02 %")


def test_line_of_cash_when_less_than_a_year_has_no_return_per_year(tmp_path: Path) -> None:
    assert "\n  Cash at 0 % a year: 0.0 %\n" in text(told(wavy(tmp_path)), width=80)


def test_tearsheet_has_cash_in_its_table_and_its_chart(tmp_path: Path) -> None:
    ran = paying(wavy(tmp_path), risk_free=0.02)
    shown = page(told(ran), panels(ran, summarise(ran)))

    assert "cash at 2 % a year</th>" in shown
    assert "cash at risk_free</button>" in shown


# ---- what buy-and-hold keeps in cash ---------------------------------------------------------------------


def test_buy_and_hold_when_a_symbol_begins_late_says_what_waits_in_cash_and_until_when(tmp_path: Path) -> None:
    """A goes 10 11 12 and B begins with the third close: half, and then 1 of 2.1, waits."""
    close = np.array(CLOSE)
    close[1, 1] = np.nan
    found = told(backtest(tmp_path, bars=prices(close)))
    held = found.benchmarks.buy_and_hold

    assert (Late(symbol="B", first_on=JAN[2]),) == held.late
    assert held.in_cash == pytest.approx((1.0 / 2.0 + 1.0 / 2.1) / 2.0)
    assert "\n  Buy and hold kept 49 % in cash until B began on 2024-01-04.\n" in text(found, width=80)
    assert [{"symbol": "B", "first_on": "2024-01-04"}] == printed(found)["benchmarks"]["buy_and_hold"]["late"]


def test_buy_and_hold_when_all_symbols_begin_together_says_nothing(tmp_path: Path) -> None:
    found = told(wavy(tmp_path))

    assert ((), None) == (found.benchmarks.buy_and_hold.late, found.benchmarks.buy_and_hold.in_cash)
    assert "Buy and hold kept" not in text(found, width=112)


def test_buy_and_hold_when_a_symbol_never_has_a_price_says_so(tmp_path: Path) -> None:
    close = np.array(CLOSE)
    close[:, 1] = np.nan
    found = told(backtest(tmp_path, bars=prices(close)))
    mean = np.mean([1 / (1 + price / 10) for price in (10, 11, 12, 12, 6)])

    assert (Late(symbol="B", first_on=None),) == found.benchmarks.buy_and_hold.late
    assert found.benchmarks.buy_and_hold.in_cash == pytest.approx(mean)
    assert f"Buy and hold kept {100 * mean:.0f} % in cash: B had no price in the period." in text(found, width=80)


def test_buy_and_hold_when_several_begin_late_names_each_with_its_day(tmp_path: Path) -> None:
    close = np.array(CLOSE)
    close[0, 0] = np.nan
    close[1, 1] = np.nan
    shown = " ".join(text(told(backtest(tmp_path, bars=prices(close))), width=112).split())

    assert (
        "Buy and hold kept 75 % in cash on average until the last of these: A began on 2024-01-03, B began on"
        " 2024-01-04." in shown
    )


def test_brief_page_and_tearsheet_say_what_waited_in_cash(tmp_path: Path) -> None:
    ran = backtest(tmp_path)

    assert "Buy and hold kept 50 % in cash until B began on 2024-01-03." in page(
        told(ran), panels(ran, summarise(ran))
    )


# ---- the file's benchmark --------------------------------------------------------------------------------


def market(closes: dict[str, float], **facts: Any) -> Bars:
    """Return the prices of SPY by the instant of each close, in UTC."""
    at = np.array(list(closes), "datetime64[ns]")
    split, dividend = facts.pop("split", None), facts.pop("dividend", None)
    return Bars(
        instruments=[Instrument(symbol="SPY", **facts)],
        opened_at=at - np.timedelta64(30, "m"),
        closed_at=at,
        session=at.astype("datetime64[D]"),
        close=np.array(list(closes.values()))[:, None],
        traded=np.ones((len(at), 1), bool),
        split=split,
        dividend=dividend,
    )


def compared(ran: Backtest, bars: Bars) -> Backtest:
    """Return the run with a benchmark that no strategy trades, from a feed of its own."""
    feed = attrs.evolve(ran.settings.data["mine"], symbols=("SPY",))
    settings = attrs.evolve(ran.settings, benchmark="SPY", data={**ran.settings.data, "market": feed})
    brought = Feed(name="market", source="files", bars=bars, fingerprint="e" * 64, warnings=())
    return attrs.evolve(ran, settings=settings, feeds=(*ran.feeds, brought))


# The run's bars close at 15:00 UTC on five days in a row.
EVERY_DAY = {f"2024-01-0{day}T15:00": price for day, price in zip(range(2, 7), (50, 55, 60, 66, 33), strict=True)}


def test_benchmark_when_it_closes_with_the_run_is_held_from_the_first_close(tmp_path: Path) -> None:
    found = summarise(compared(backtest(tmp_path), market(EVERY_DAY))).figures

    assert found.beside is not None
    assert found.beside.tolist() == pytest.approx([1.0, 1.0, 1.1, 1.2, 1.32, 0.66])
    assert found.chosen is not None
    assert ("SPY", JAN[0], JAN[4]) == (found.chosen.symbol, found.chosen.first_on, found.chosen.last_on)
    assert found.chosen.total_return == pytest.approx(-0.34)


def test_benchmark_of_other_sessions_has_the_last_close_known_at_each_of_the_runs(tmp_path: Path) -> None:
    """A close at the very instant is known, one a minute later is not; a day without one keeps the price."""
    closes = {"2024-01-01T21:00": 50.0, "2024-01-03T15:00": 55.0, "2024-01-04T15:01": 60.0, "2024-01-05T21:00": 66.0}
    found = summarise(compared(backtest(tmp_path), market(closes))).figures

    assert found.beside is not None
    assert found.beside.tolist() == pytest.approx([1.0, 1.0, 1.1, 1.1, 1.2, 1.32])


def test_benchmark_keeps_what_splits_and_dividends_give(tmp_path: Path) -> None:
    """It splits in two before the last bar, and pays 6 when it closes at 60."""
    split, dividend = np.ones((5, 1)), np.zeros((5, 1))
    split[4], dividend[2] = 2.0, 6.0
    found = summarise(compared(backtest(tmp_path), market(EVERY_DAY, split=split, dividend=dividend))).figures

    assert found.beside is not None
    assert found.beside[-1] == pytest.approx(0.66 * 2.0 * (1.0 + 6.0 / 60.0))


def test_benchmark_that_is_delisted_becomes_its_cash(tmp_path: Path) -> None:
    closes = dict(list(EVERY_DAY.items())[:3])
    bars = market(closes, delisted_on=JAN[3], delisted_cash=75.0)
    found = summarise(compared(backtest(tmp_path), bars)).figures

    assert found.beside is not None
    assert found.beside.tolist() == pytest.approx([1.0, 1.0, 1.1, 1.2, 1.5, 1.5])


def test_benchmark_that_begins_late_waits_in_cash_at_the_cash_rate_and_the_page_says_so(tmp_path: Path) -> None:
    ran = compared(backtest(tmp_path), market(dict(list(EVERY_DAY.items())[2:])))
    found = told(paying(ran, cash_rate=0.252, risk_free=0.0))
    curve = summarise(paying(ran, cash_rate=0.252, risk_free=0.0)).figures.beside

    assert curve is not None
    assert curve.tolist() == pytest.approx([1.0, 1.001, 1.001**2, 1.001**3, 1.001**3 * 1.1, 1.001**3 * 0.55])
    assert "SPY began on 2024-01-04: until then its figures are those of idle cash." in text(found, width=112)


@pytest.mark.parametrize(
    ("closes", "line"),
    [
        (dict(list(EVERY_DAY.items())[:4]), "SPY has no price after 2024-01-05, and keeps that one to the end"),
        ({"2024-02-01T15:00": 1.0}, "SPY had no price in the period: its figures are those of idle cash."),
    ],
)
def test_benchmark_whose_prices_do_not_cover_the_run_is_named(
    tmp_path: Path, closes: dict[str, float], line: str
) -> None:
    assert line in text(told(compared(backtest(tmp_path), market(closes))), width=112)


def test_benchmark_that_is_traded_is_taken_from_the_feed_of_the_strategies(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    found = summarise(attrs.evolve(ran, settings=attrs.evolve(ran.settings, benchmark="A"))).figures

    assert found.beside is not None
    assert found.beside.tolist() == pytest.approx([1.0, 1.0, 1.1, 1.2, 1.2, 0.6])


def test_benchmark_is_what_the_strategy_is_measured_beside_and_no_symbol_that_was_traded(tmp_path: Path) -> None:
    ran = wavy(tmp_path)
    at = [f"{day}T15:00" for day in ran.bars.session]
    ran = compared(ran, market(dict(zip(at, (50.0 * (1.0 + 0.02 * np.sin(np.arange(30)))).tolist(), strict=True))))
    found, figures = told(ran), summarise(ran).figures
    narrow, wide = (text(found, width=width) for width in (80, 112))

    assert figures.beside is not None
    assert ("SPY", alpha(figures.nav, figures.beside)) == (figures.relative.benchmark, figures.relative.alpha)
    assert ["A", "B"] == found.symbols
    assert found.data[1].name == "market"
    assert wide.splitlines()[4].split()[2:4] == ["SPY", "at"]
    assert "Beside SPY" in wide
    assert "\n  Buy and hold at 50 %: " in narrow
    assert max(map(len, narrow.splitlines())) <= 80


def test_json_has_the_benchmark_only_when_the_file_names_one(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    without, beside = (printed(told(one))["benchmarks"] for one in (ran, compared(ran, market(EVERY_DAY))))

    assert "chosen" not in without
    assert ("SPY", "2024-01-02", "2024-01-06") == tuple(
        beside["chosen"][name] for name in ("symbol", "first_on", "last_on")
    )


def test_tearsheet_has_the_benchmark_in_its_table_and_its_chart(tmp_path: Path) -> None:
    ran = compared(backtest(tmp_path), market(EVERY_DAY))
    shown = page(told(ran), panels(ran, summarise(ran)))

    assert "buy and hold SPY</th>" in shown
    assert "buy and hold SPY</button>" in shown


# ---- shorts ----------------------------------------------------------------------------------------------

SOLD = [(1, 0, 0, 0, -50.0, 11.0, 1.0, 2.0), (3, 0, 0, 0, 50.0, 12.0, 1.0, 2.0)]


def test_shorts_when_there_were_some_are_told_with_what_was_assumed_and_paid(tmp_path: Path) -> None:
    ran = backtest(tmp_path, fills=SOLD, net=[-one for one in GROSS], costs=[0.0, 3.0, 4.5, 7.5, 7.5])
    found = told(ran)
    line = "Shorts: borrow at 1 % a year was assumed for every symbol, always available; short at 2 of 5 closes"

    assert Shorts(borrow_rate=0.01, sessions=2, borrow=Decimal("1.50")) == found.net.shorts
    assert f"{line}, 1.50 paid." in " ".join(text(found, width=112).split())
    assert f"{line}, 1.50 paid." in page(found, panels(ran, summarise(ran)))
    assert {"borrow_rate": 0.01, "sessions": 2, "borrow": "1.50"} == printed(found)["net"]["shorts"]


def test_shorts_when_they_are_gone_by_the_close_are_told_all_the_same(tmp_path: Path) -> None:
    flat = [0.0] * 5
    fills = [(1, 0, 0, 0, -50.0, 11.0, 1.0, 2.0), (1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0)]
    found = told(backtest(tmp_path, fills=fills, gross=flat, costs=[0.0, 6.0, 6.0, 6.0, 6.0])).net.shorts

    assert Shorts(borrow_rate=0.01, sessions=0, borrow=Decimal("0.00")) == found


@pytest.mark.parametrize("dust", [0.0, 1e-12])
def test_shorts_when_there_were_none_are_not_told(tmp_path: Path, dust: float) -> None:
    fills = [FILLS[0], (*FILLS[1][:4], -50.0 - dust, *FILLS[1][5:])]
    found = told(backtest(tmp_path, fills=fills, net=[one * (1.0 - 1e-15) for one in GROSS]))

    assert found.net.shorts is None
    assert "Shorts:" not in text(found, width=112)


def test_shorts_of_one_strategy_are_told_when_another_is_long_of_the_same(tmp_path: Path) -> None:
    fills = [(1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0), (1, 1, 0, 0, -50.0, 11.0, 1.0, 2.0)]
    ran = backtest(
        tmp_path,
        books=("up", "down"),
        fills=fills,
        gross=[0.0, *[1100.0] * 4],
        net=[0.0] * 5,
        costs=[0.0, *[6.0] * 4],
    )
    found = told(ran).net.shorts

    assert found is not None
    assert 4 == found.sessions


def test_shorts_after_the_figures_have_ended_are_not_among_them(tmp_path: Path) -> None:
    late = [(4, 0, 0, 0, -50.0, 11.0, 1.0, 2.0)]
    found = told(backtest(tmp_path, fills=[*FILLS, *late], net=[*GROSS[:4], 0.0], events=[HALT]))

    assert found.net.shorts is None


# ---- saved before ----------------------------------------------------------------------------------------


def test_report_that_was_kept_before_says_unknown(tmp_path: Path) -> None:
    stored = {"form": 9, **printed(told(backtest(tmp_path)))}
    del stored["benchmarks"]["cash"], stored["net"]["shorts"]
    del stored["benchmarks"]["buy_and_hold"]["late"], stored["benchmarks"]["buy_and_hold"]["in_cash"]
    found = read(stored)

    assert (None, None, None) == (found.benchmarks.cash, found.benchmarks.chosen, found.net.shorts)
    assert ((), None) == (found.benchmarks.buy_and_hold.late, found.benchmarks.buy_and_hold.in_cash)
    assert "excess of the cash rate" in " ".join(text(found, width=112).split())
    assert "Cash at" not in text(found, width=80)
