"""The page that a person reads: the numbers of the JSON object, in an order that puts halts first."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, LIFT, STEP, TICKET, backtest, prices
from tradewright.reports.charts import charts
from tradewright.reports.layout import WIDTH_MAX
from tradewright.reports.machine import report
from tradewright.reports.summary import Summary, summarise
from tradewright.reports.terminal import brief_text, text
from tradewright.reports.tree.report import Report
from tradewright.risk.contract import REDUCING

PASSING = (1, 0, 0, 1, REDUCING, 0.06, 0.05, 0.0)
ESCAPE = "\x1b["


def made(folder: Path, **changes: Any) -> tuple[Summary, Report]:
    summary = summarise(backtest(folder, **changes))
    return summary, report(summary, TICKET, {})


def page(folder: Path, width: int = 80, **changes: Any) -> str:
    return text(made(folder, **changes)[1], width=width)


def year(folder: Path) -> dict[str, Any]:
    """Return a run of 300 sessions, long enough for every number of the table."""
    n = 300
    close = 100.0 + 10.0 * np.sin(np.arange(n) / 7.0)
    equity = 1000.0 * close / close[0]
    return {
        "bars": prices(np.column_stack([close, close + 1.0])),
        "equity": equity,
        "gross": equity / 2.0,
        "costs": np.linspace(0.0, 6.0, n),
    }


def row(shown: str, name: str) -> list[float]:
    (line,) = [line for line in shown.splitlines() if line.strip().startswith(name + "  ")]
    return [float(number.replace(",", "")) for number in re.findall(r"-?[\d,]+\.\d+", line)]


def test_table_shows_the_numbers_of_the_json_object(tmp_path: Path) -> None:
    _, found = made(tmp_path, **year(tmp_path))
    shown = text(found, width=80)
    beside = found.benchmarks
    four = [found.net, found.gross, beside.buy_and_hold, beside.buy_and_hold_at_average_exposure]

    for name, key, digits in (
        ("Return", "total_return", 1),
        ("Return per year", "annual_return", 2),
        ("Volatility per year", "volatility", 1),
    ):
        assert [pytest.approx(100 * getattr(one, key), abs=0.5 * 10**-digits) for one in four] == row(shown, name)
    for name, key in (("Sharpe ratio", "sharpe"), ("Sortino ratio", "sortino"), ("Calmar ratio", "calmar")):
        assert [pytest.approx(getattr(one, key), abs=0.005) for one in four] == row(shown, name)
    for name, key in (("VaR 95 %, one day", "value_at_risk"), ("CVaR 95 %, one day", "expected_shortfall")):
        assert [pytest.approx(100 * getattr(one, key), abs=0.005) for one in four] == row(shown, name)
    ends = [getattr(one.sharpe_interval, end) for one in four for end in ("low", "high")]
    assert [pytest.approx(end, abs=0.05) for end in ends] == row(shown, "95 % interval")
    depths = [pytest.approx(100 * one.max_drawdown.depth, abs=0.05) for one in four]
    assert depths == row(shown, "Largest drawdown")


@pytest.mark.parametrize(
    ("trials", "sharpes", "label"),
    [
        (1, (), "deflated, 1 trial"),
        (12, (0.5, 1.0), "deflated, 12 trials"),
        (12_345, (0.5, 1.0), "deflated, 12,345"),
        (3, (), "deflated"),
        (None, (), "deflated"),
    ],
)
def test_table_deflates_the_sharpe_ratio_by_the_trials(
    tmp_path: Path, trials: int | None, sharpes: tuple[float, ...], label: str
) -> None:
    ticket = attrs.evolve(TICKET, trials=trials, sharpes=sharpes)
    found = report(summarise(backtest(tmp_path, **year(tmp_path))), ticket, {})
    shown = text(found, width=80)
    deflated = found.net.deflated_sharpe

    (line,) = [line.strip() for line in shown.splitlines() if line.strip().startswith("deflated")]
    if deflated is None:
        assert ["deflated", "-"] == line.split()
        assert "Deflated: " not in shown
        return
    assert f"{label} {100.0 * deflated.probability:.1f} %" == " ".join(line.split())
    assert max(map(len, shown.splitlines())) <= 80
    above = "0." if trials == 1 else f"{deflated.expected_best:.2f}, what the best of as many trials"
    assert f"Deflated: the probability that the true Sharpe ratio is above {above}" in " ".join(shown.split())


def test_page_shows_unknown_numbers_as_a_dash(tmp_path: Path) -> None:
    shown = page(tmp_path)

    assert re.search(r"Sharpe ratio +- +- +- +-$", shown, re.MULTILINE)
    assert "nan" not in shown
    assert "None" not in shown


@pytest.mark.parametrize("width", [80, 100, 112, 140])
def test_page_fits_its_width_and_has_no_colour_unless_asked(tmp_path: Path, width: int) -> None:
    summary, found = made(tmp_path, **year(tmp_path))
    shown = text(found, charts(summary.figures, min(width, WIDTH_MAX), colour=False), width=width)

    assert max(map(len, shown.splitlines())) <= min(width, WIDTH_MAX)
    assert ESCAPE not in shown
    assert not any(line.endswith(" ") for line in shown.splitlines())


@pytest.mark.parametrize(("width", "beginning"), [(79, "HALTED"), (112, "Behaviour\n")])
def test_page_on_a_narrow_terminal_leaves_out_nothing(tmp_path: Path, width: int, beginning: str) -> None:
    """What the table of figures does with columns that it has no room for, test_reports_benchmarks.py tells."""
    _, found = made(tmp_path, events=[HALT, LIFT])
    usual, other = (text(found, width=columns) for columns in (80, width))

    assert usual[usual.index(beginning) :].split() == other[other.index(beginning) :].split()


def test_page_in_colour_says_the_same(tmp_path: Path) -> None:
    _, found = made(tmp_path, events=[HALT])
    coloured = text(found, width=80, colour=True)

    assert ESCAPE + "1;31mHALTED" in coloured
    assert text(found, width=80).split() == re.sub(r"\x1b\[[\d;]*m", "", coloured).split()


def test_page_leads_with_a_halt_and_says_what_came_after(tmp_path: Path) -> None:
    first, *_ = page(tmp_path, events=[HALT]).split("\n\n")
    said = " ".join(first.split())

    assert said.startswith("HALTED on 2024-01-04: drawdown-halt in trend at 12.5 %, limit 12.0 %, flatten.")
    assert "Only a person lifts this halt." in said
    assert "What the strategy held was sold on the next bar." in said
    assert (
        "stop on 2024-01-05, the first session without a position: with the sale, a largest drawdown of 0.10 %"
        " and a profit of 48.00; at the halt's close, on 2024-01-04, it was 0.10 % and a profit of 49.00." in said
    )
    assert said.endswith("interest on idle cash, 0.0 % over less than a year: on 2024-01-06 equity was 1,048.00.")


def test_page_of_lifted_halts_shows_each_and_both_results(tmp_path: Path) -> None:
    shown = page(tmp_path, events=[HALT, LIFT])
    before, whole = shown.index("Until the first halt"), shown.index("The whole period")

    assert shown.startswith("HALTED once, and lifted by the person whom --resume-after plays:")
    assert re.search(r"2024-01-04 +2024-01-06 +drawdown-halt +trend +12\.5 % +12\.0 %", shown)
    assert before < shown.index("4 sessions") < whole < shown.index("5 sessions")


def test_page_of_passing_halts_counts_them_by_rule(tmp_path: Path) -> None:
    worse = (3, 0, 0, 1, REDUCING, 0.07, 0.05, 0.0)
    shown = " ".join(page(tmp_path, events=[PASSING, worse]).split())

    assert "daily-loss 2 times in trend, reduce_only; the worst 7.0 % on 2024-01-05, limit 5.0 %" in shown
    assert not shown.startswith("HALTED")


def test_page_without_trades_says_so_first(tmp_path: Path) -> None:
    shown = page(tmp_path, fills=[], equity=[1000.0] * 5, gross=[0.0] * 5, costs=[0.0] * 5)

    assert shown.startswith("NO TRADES")
    assert "Drawdown  " not in shown


def test_page_shows_money_with_separators_and_steps(tmp_path: Path) -> None:
    shown = page(tmp_path, events=[STEP])

    assert "1,000.00 at the start, 1,500.00 at the end, USD" in shown
    assert "2024-01-04  +500.00 after 16.0 % since the step before" in shown
    assert "Gains     48.00 realised, 0.00 unrealised, 0.00 in dividends; lots first in" in shown
    assert "fees 2.00, slippage 4.00, borrow 0.00" in " ".join(shown.split())


def test_page_puts_warnings_before_the_fine_print(tmp_path: Path) -> None:
    shown = page(tmp_path, warnings=("A: prices have gaps",))

    assert shown.index("- A: prices have gaps") < shown.index("How to read it")


UNASKED = "UNCHECKED: signal a has no pass of the causality gate; run tradewright signals check a"
UNHEARD = "NO VOTE: b of trend: raised KeyError"


@pytest.mark.parametrize(
    ("warnings", "line"),
    [
        ([UNASKED], "1 signal is unchecked: see Warnings"),
        ([UNHEARD, UNASKED], "1 signal is unchecked, 1 had no vote: see Warnings"),
        ([UNHEARD], "1 signal had no vote: see Warnings"),
        ([UNHEARD, UNHEARD], "2 signals had no vote: see Warnings"),
        (
            [UNASKED, UNASKED, UNASKED.replace("signal a", "rule c")],
            "2 signals and 1 rule are unchecked: see Warnings",
        ),
    ],
)
def test_page_begins_with_what_is_unchecked_and_who_had_no_vote(
    tmp_path: Path, warnings: list[str], line: str
) -> None:
    shown = page(tmp_path, warnings=("A: prices have gaps", *warnings))

    headline, second, *_ = shown.splitlines()
    assert headline.startswith("Backtest of ")
    assert line == second
    assert shown.index(warnings[-1][:20]) < shown.index("A: prices have gaps")


def test_page_when_all_is_checked_and_heard_has_no_such_line(tmp_path: Path) -> None:
    shown = page(tmp_path, warnings=("A: prices have gaps",))

    assert "see Warnings" not in shown


def test_page_tells_trades_by_their_ratios(tmp_path: Path) -> None:
    fills = [(1, 0, 0, 0, 10.0, 11.0, 0.0, 0.0), (2, 0, 0, 0, -10.0, 12.0, 0.0, 0.0)]
    losing = [(3, 0, 1, 0, 1.0, 30.0, 2.5, 0.0), (4, 0, 1, 0, -1.0, 30.0, 2.5, 0.0)]
    shown = " ".join(page(tmp_path, fills=[*fills, *losing]).split())

    assert (
        "Trades 2 round trips, 0 open at the end, 4 fills; hit rate 50.0 %, profit factor 2.00, payoff 2.00" in shown
    )


def test_page_lists_calendar_years_down_and_then_across(tmp_path: Path) -> None:
    n = 2_500
    close = 100.0 * np.exp(np.linspace(0.0, 1.0, n) + 0.1 * np.sin(np.arange(n) / 20.0))
    run = {
        "bars": prices(np.column_stack([close, close])),
        "equity": 10.0 * close,
        "gross": close,
        "costs": [0.0] * n,
    }
    _, found = made(tmp_path, **run)
    shown = text(found, width=80).splitlines()
    years = {row.year: row.total for row in found.net.years}
    head = shown.index("Calendar years, beside buy and hold at 100 %")

    assert ["year", "net", "held", "year", "net", "held"] == shown[head + 1].split()
    assert [["2024", "2028"], ["2025", "2029"], ["2026", "2030"], ["2027"]] == [
        re.findall(r"20\d\d", line) for line in shown[head + 2 : head + 6]
    ]
    assert f"2025 {100.0 * years[2025]:.1f} %" in " ".join(shown[head + 3].split())


def test_page_lists_the_deepest_drawdowns(tmp_path: Path) -> None:
    shown = page(tmp_path, equity=[1000.0, 999.0, 1049.0, 1048.0, 1030.0])

    assert re.search(r"^  2024-01-04 +2024-01-06 +not yet +1\.8 % +2$", shown, re.MULTILINE)
    assert re.search(r"^  2024-01-02 +2024-01-03 +2024-01-04 +0\.1 % +2$", shown, re.MULTILINE)
    assert "Calendar years" not in shown


def test_page_writes_out_what_a_stranger_hid_in_a_name(tmp_path: Path) -> None:
    shown = page(tmp_path, warnings=("\x1b[31mred [bold]bold[/bold]\rgone",))

    assert "\\x1b[31mred [bold]bold[/bold]\\rgone" in shown


def test_brief_page_is_the_beginning_of_the_page_and_its_warnings(tmp_path: Path) -> None:
    found = attrs.evolve(made(tmp_path)[1], warnings=("prices were made up",))
    whole, brief = text(found, width=100, saved_to="runs.db"), brief_text(found, width=100, saved_to="runs.db")
    figures = whole[: whole.index("VaR 95 %")]

    assert brief.startswith(figures)
    assert "Warnings\n  - prices were made up\n" in brief
    assert f"Run {TICKET.run_id}, saved in runs.db\n" in brief
    assert {"Behaviour", "Money", "How to read it"}.isdisjoint(brief.splitlines())
    assert {"Behaviour", "Money", "How to read it"} <= set(whole.splitlines())


def test_page_says_where_the_run_is_kept(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    assert f"Run {TICKET.run_id}, not saved\nTried here so far: 3 configurations;" in text(found, width=100)
    assert f"Run {TICKET.run_id}, saved in runs.db\n" in text(found, width=100, saved_to="runs.db")
    assert text(found, width=80).endswith("Seconds: 0.75 (data 0.25, engine 0.50)")


@pytest.mark.parametrize(
    ("fetched_at", "origin"),
    [(None, "files"), (datetime(2024, 1, 7, 1, 2, 3, tzinfo=UTC), "the cache of 2024-01-07 01:02 UTC")],
)
def test_page_names_the_prices_it_stands_on(tmp_path: Path, fetched_at: datetime | None, origin: str) -> None:
    _, found = made(tmp_path)
    (feed,) = found.data
    moved = attrs.evolve(found, data=(attrs.evolve(feed, fetched_at=fetched_at),))

    assert f"\nPrices: mine from {origin}, fingerprint ffffffffffff\n" in text(moved, width=100)


@pytest.mark.parametrize(("sessions", "labels"), [(5, ["2024-01-02", "2024-01-06"]), (300, ["2024-02", "2024-10"])])
def test_charts_label_their_time_axis(tmp_path: Path, sessions: int, labels: list[str]) -> None:
    summary, _ = made(tmp_path, **(year(tmp_path) if sessions == 300 else {}))

    for _, chart in charts(summary.figures, 80, colour=False):
        axis = chart.rstrip().splitlines()[-1].split()
        assert labels == [axis[0], axis[-1]]


def test_charts_use_colour_only_when_asked(tmp_path: Path) -> None:
    summary, _ = made(tmp_path)

    assert [False, False] == [ESCAPE in chart for _, chart in charts(summary.figures, 80, colour=False)]
    assert [True, True] == [ESCAPE in chart for _, chart in charts(summary.figures, 80, colour=True)]


@pytest.mark.parametrize("sessions", [252, 365])
def test_page_says_by_how_many_sessions_it_is_annualised(tmp_path: Path, sessions: int) -> None:
    shown = " ".join(page(tmp_path, sessions_per_year=sessions).split())

    assert f"annualised by {sessions} sessions." in shown


def test_page_says_why_less_than_the_start_is_deployed(tmp_path: Path) -> None:
    shown = " ".join(page(tmp_path, books=("one", "two"), invested=0.9).split())

    assert "900.00 at the start (90 % of 1,000.00, as capital_share 0.45 + 0.45)" in shown
    assert "capital_share" not in page(tmp_path)


@pytest.mark.parametrize(("weight", "drifted"), [(0.30, False), (0.3001, True), (0.332, True)])
def test_page_says_why_a_weight_is_above_the_limit(tmp_path: Path, weight: float, drifted: bool) -> None:
    ran = backtest(tmp_path)
    ran.trace.state.positions.largest[0] = weight, 0.1
    found = report(summarise(ran), TICKET, {})
    found.config["risk"] = {"position-limit": {"limit": 0.30}}

    assert drifted is ("; A drifted above 30 % between two decisions" in " ".join(text(found, width=80).split()))


def test_page_counts_round_trips_that_a_stop_ended(tmp_path: Path) -> None:
    fills = [(1, 0, 0, 0, 10.0, 11.0, 0.0, 0.0), (2, 0, 0, 1, -10.0, 12.0, 0.0, 0.0)]
    shown = " ".join(page(tmp_path, fills=fills).split())

    assert "1 round trip, 1 of them ended by a stop, 0 open" in shown
    assert "ended by a stop" not in page(tmp_path)


def test_page_of_few_columns_leaves_columns_out_instead_of_half_names(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    counter = ran.trace.state.counters[1]
    counter.cuts, counter.bars, counter.notional, counter.first, counter.last = 4_711, 2, 250.0, 1, 3
    found = report(summarise(ran), TICKET, {})
    narrow, wide = (text(found, width=width) for width in (40, 80))

    assert re.search(r"^  daily-loss +4,711 +2$", narrow, re.MULTILINE)
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= 40
    assert re.search(r"^  daily-loss +4,711 +2 +12\.\d\d % +2024-01-03 +2024-01-05$", wide, re.MULTILINE)


@pytest.mark.parametrize(("sessions", "step", "doubted"), [(252, 0.0, False), (253, 0.0, True), (253, 0.01, False)])
def test_warning_doubts_a_sharpe_ratio_above_three_over_more_than_a_year(
    tmp_path: Path, sessions: int, step: float, doubted: bool
) -> None:
    draw = np.random.default_rng(7)
    equity = 1000.0 * np.cumprod(1.0 + draw.normal(0.002, 0.001 + step, sessions))
    close = np.column_stack([equity, equity])
    found = made(tmp_path, bars=prices(close), equity=equity, gross=equity, costs=[0.0] * sessions)[1]
    (ratio,) = (found.net.sharpe,)
    warning = f"Sharpe {ratio:.1f} is rarely real: check the signal for look-ahead"

    assert doubted is (warning in found.warnings)
    assert (ratio > 3.0) is (step == 0.0)


def test_page_tells_how_often_contracts_were_broken(tmp_path: Path) -> None:
    found = made(tmp_path)[1]
    broken = attrs.evolve(found, net=attrs.evolve(found.net, breaches=1_002, verify_failures=3))

    assert "Contracts broken" not in text(found, width=100)
    said = "Contracts broken 1,002 answers of optimizers and rules were replaced; 3 decisions were lowered"
    assert said in " ".join(text(broken, width=200).split())
