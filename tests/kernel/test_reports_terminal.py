"""The page that a person reads: the numbers of the JSON object, in an order that puts halts first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backtest_by_hand import HALT, LIFT, STEP, TICKET, backtest, prices
from tradewright.reports.charts import charts
from tradewright.reports.machine import report
from tradewright.reports.summary import Summary, summarise
from tradewright.reports.terminal import WIDTH_MAX, text
from tradewright.risk.contract import REDUCING

PASSING = (1, 0, 0, 1, REDUCING, 0.06, 0.05, 0.0)
ESCAPE = "\x1b["


def made(folder: Path, **changes: Any) -> tuple[Summary, dict[str, Any]]:
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
    four = [found["net"], found["gross"], *found["benchmarks"].values()]

    for name, key, digits in (
        ("Return", "total_return", 1),
        ("Return per year", "annual_return", 2),
        ("Volatility per year", "volatility", 1),
    ):
        assert [pytest.approx(100 * one[key], abs=0.5 * 10**-digits) for one in four] == row(shown, name)
    assert [pytest.approx(one["sharpe"], abs=0.005) for one in four] == row(shown, "Sharpe ratio")
    depths = [pytest.approx(100 * one["max_drawdown"]["depth"], abs=0.05) for one in four]
    assert depths == row(shown, "Largest drawdown")


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


@pytest.mark.parametrize("width", [40, 79])
def test_page_on_a_narrow_terminal_leaves_out_nothing(tmp_path: Path, width: int) -> None:
    _, found = made(tmp_path, events=[HALT, LIFT])

    assert text(found, width=80).split() == text(found, width=width).split()


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
    assert said.endswith("by 2024-01-06 equity was 1,048.00 (-0.1 % since the halt).")


def test_page_of_lifted_halts_shows_each_and_both_results(tmp_path: Path) -> None:
    shown = page(tmp_path, events=[HALT, LIFT])
    before, whole = shown.index("Until the first halt"), shown.index("The whole period")

    assert shown.startswith("HALTED once, and lifted by the person whom --resume-after plays:")
    assert re.search(r"2024-01-04 +2024-01-06 +drawdown-halt +trend +12\.5 % +12\.0 %", shown)
    assert before < shown.index("3 sessions") < whole < shown.index("5 sessions")


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
    assert "fees 2.00, slippage 4.00, borrow 0.00" in " ".join(shown.split())


def test_page_puts_warnings_before_the_fine_print(tmp_path: Path) -> None:
    shown = page(tmp_path, warnings=("A: prices have gaps",))

    assert shown.index("- A: prices have gaps") < shown.index("How to read it")


def test_page_writes_out_what_a_stranger_hid_in_a_name(tmp_path: Path) -> None:
    shown = page(tmp_path, warnings=("\x1b[31mred [bold]bold[/bold]\rgone",))

    assert "\\x1b[31mred [bold]bold[/bold]\\rgone" in shown


def test_page_says_where_the_run_is_kept(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    assert f"Run {TICKET.run_id}, not saved\nTried here so far: 3 configurations;" in text(found, width=100)
    assert f"Run {TICKET.run_id}, saved in runs.db\n" in text(found, width=100, saved_to="runs.db")
    assert text(found, width=80).endswith("Seconds: 0.75 (data 0.25, engine 0.50)")


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
