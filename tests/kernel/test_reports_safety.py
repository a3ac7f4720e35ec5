"""What a report says of a run beside the same file without its limits; every number can be worked out on paper."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, TICKET, backtest, prices
from tradewright.backtest import Backtest
from tradewright.reports import safety
from tradewright.reports.machine import report
from tradewright.reports.summary import Summary, summarise
from tradewright.reports.tearsheet.page import page
from tradewright.reports.tearsheet.panels import panels
from tradewright.reports.terminal import brief_text, text
from tradewright.reports.tree.comparison import NOTICE, Outcome
from tradewright.reports.tree.form import kept, printed, read
from tradewright.reports.tree.report import Report

# From 1,000 up to 1,250, down to 750, and back to where it began.
FREE = [1000.0, 1250.0, 750.0, 875.0, 1000.0]
FREE_FILLS = [(1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0)]
VERSIONS = {"tradewright": "0.1.0"}


def pair(folder: Path, *, free: Any = FREE, free_warnings: tuple[str, ...] = (), **changes: Any) -> Backtest:
    """Return a run, and as its second play a curve without any rule: of two names it keeps one."""
    other = backtest(folder, equity=free, gross=np.array(free) * 0.8, fills=FREE_FILLS, warnings=free_warnings)
    other.trace.state.positions.largest[0] = 0.8, 0.1
    ran = backtest(folder, **changes)
    ran.trace.state.positions.largest[0] = 0.3, 0.0
    kept: Any = (("finite", ran.rules[0][1]), ran.rules[1])
    return attrs.evolve(ran, unlimited=attrs.evolve(other, rules=(), checks=kept))


def made(folder: Path, **changes: Any) -> tuple[Summary, Report]:
    summary = summarise(pair(folder, **changes))
    return summary, report(summary, TICKET, VERSIONS)


def other(found: Report) -> Any:
    assert found.without_limits is not None
    return found.without_limits


# ---- the tree --------------------------------------------------------------------------------------------


def test_report_has_no_comparison_unless_one_was_played(tmp_path: Path) -> None:
    found = report(summarise(backtest(tmp_path)), TICKET, VERSIONS)

    assert found.without_limits is None
    assert "without_limits" not in printed(found)
    assert "COMPARISON" not in text(found, width=80) + brief_text(found, width=80)


def test_comparison_has_the_outcomes_of_both_plays(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    outcomes = other(found).outcomes
    assert outcomes.without_limits == Outcome(
        total_return=0.0,
        max_drawdown=pytest.approx(500.0 / 1250.0),
        worst_day=pytest.approx(-0.4),
        worst_on=date(2024, 1, 4),
        largest_weight=0.8,
    )
    # 1,000, 999, 1,049, 1,048, 1,048.
    assert outcomes.with_limits == Outcome(
        total_return=pytest.approx(0.048),
        max_drawdown=pytest.approx(0.001),
        worst_day=pytest.approx(-0.001),
        worst_on=date(2024, 1, 3),
        largest_weight=0.3,
    )


def test_comparison_names_what_was_left_out_and_that_nobody_may_trade_it(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    assert ("drawdown-halt",) == other(found).left_out
    assert NOTICE == other(found).notice
    assert "nobody may trade it" in NOTICE


def test_comparison_of_a_halted_run_is_over_the_same_days(tmp_path: Path) -> None:
    """The figures of the run end at its halt, and those of the other play do not."""
    equity = [1000.0, 999.0, 1049.0, 1048.0, 1100.0]
    _, found = made(tmp_path, events=[HALT], equity=equity)

    assert (date(2024, 1, 5), date(2024, 1, 6)) == (found.period.last_on, other(found).period.last_on)
    assert found.net.total_return == pytest.approx(0.048)
    assert other(found).outcomes.with_limits.total_return == pytest.approx(0.1)


def test_comparison_proves_nothing(tmp_path: Path) -> None:
    """However good it looks: nobody may trade it, so it is judged beside no trial."""
    draw = np.random.default_rng(7)
    equity = 1000.0 * np.cumprod(1.0 + draw.normal(0.001, 0.01, 60))
    run = {
        "bars": prices(np.column_stack([equity, equity])),
        "equity": equity,
        "gross": equity / 2.0,
        "costs": [0.0] * 60,
        "fills": [],
    }
    ran = backtest(tmp_path, **run)
    summary = summarise(attrs.evolve(ran, unlimited=backtest(tmp_path, **run)))
    found = report(summary, attrs.evolve(TICKET, trials=1), VERSIONS)

    assert found.net.deflated_sharpe is not None
    assert other(found).net.deflated_sharpe is None


@pytest.mark.parametrize("events", [[], [HALT]])
def test_comparison_is_read_as_it_was_written(tmp_path: Path, events: list[Any]) -> None:
    _, found = made(tmp_path, events=events)

    assert found == read(json.loads(json.dumps(kept(found), allow_nan=False)))


def test_warnings_of_the_play_without_limits_come_last_and_say_whose_they_are(tmp_path: Path) -> None:
    _, found = made(tmp_path, warnings=("prices have gaps",), free_warnings=("hold: own was replaced once",))

    assert "prices have gaps" == found.warnings[0]
    assert "without limits: hold: own was replaced once" == found.warnings[-1]


def test_comparison_with_a_ruined_account_is_still_told(tmp_path: Path) -> None:
    _, found = made(tmp_path, free=[1000.0, 1250.0, 250.0, -125.0, -125.0])

    json.dumps(printed(found), allow_nan=False)
    assert other(found).outcomes.without_limits.total_return == pytest.approx(-1.125)
    assert "the account returned 4.8 % with limits and -112.5 % without them" in safety.verdict(found, other(found))


# ---- the words -------------------------------------------------------------------------------------------


def test_verdict_says_what_the_limits_cost_and_saved_in_points(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    assert (
        "Over the same days, 2024-01-02 to 2024-01-06, the account returned 4.8 % with limits and 0.0 % without them,"
        " and fell by at most 0.1 % and 40.0 %: the limits saved 4.8 points of return and saved 39.9 points of"
        " drawdown."
    ) == safety.verdict(found, other(found))


def test_verdict_says_cost_where_the_limits_have_cost(tmp_path: Path) -> None:
    _, found = made(tmp_path, free=[1000.0, 1000.0, 1250.0, 1250.0, 1250.0])

    said = safety.verdict(found, other(found))
    assert said.endswith("the limits cost 20.2 points of return and cost 0.1 points of drawdown.")


def test_verdict_on_a_halted_run_says_that_it_waited(tmp_path: Path) -> None:
    _, found = made(tmp_path, events=[HALT])

    said = safety.verdict(found, other(found))
    assert said.endswith(
        "of drawdown. With limits it waited for a person after 2024-01-05, where a halt ended its trading."
    )


def test_verdict_of_equal_plays_says_that_nothing_changed(tmp_path: Path) -> None:
    _, found = made(tmp_path, free=[1000.0, 999.0, 1049.0, 1048.0, 1048.0])

    said = safety.verdict(found, other(found))
    assert said.endswith("the limits changed 0.0 points of return and changed 0.0 points of drawdown.")


def test_table_has_the_rows_of_the_figures_and_the_extremes(tmp_path: Path) -> None:
    _, found = made(tmp_path)
    rows = {name.strip(): (ours, theirs) for name, ours, theirs in safety.rows(found, other(found))}

    assert ("4.8 %", "0.0 %") == rows["Return"]
    assert ("0.1 %", "40.0 %") == rows["Largest drawdown"]
    assert ("30.0 %", "80.0 %") == rows["Largest weight"]
    assert ("-0.10 %", "-40.00 %") == rows["Worst day"]
    assert ("2024-01-03", "2024-01-04") == rows["on"]
    assert "Last session" not in rows


def test_table_says_where_each_play_ends_when_they_differ(tmp_path: Path) -> None:
    _, found = made(tmp_path, events=[HALT])

    first = next(safety.rows(found, other(found)))
    assert ("Last session", "2024-01-05", "2024-01-06") == first


# ---- the pages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [text, brief_text])
@pytest.mark.parametrize("events", [[], [HALT]])
def test_page_leads_with_the_notice_and_shows_both_below_the_figures(
    tmp_path: Path, shown: Any, events: list[Any]
) -> None:
    _, found = made(tmp_path, events=events)
    page = shown(found, width=80)
    words = " ".join(page.split())

    assert words.startswith(NOTICE)
    assert words.index("CVaR 95 %") < words.index("What the limits cost and saved") < words.index("Run 2024")
    assert re.search(r"^  Worst day +-0\.10 % +-40\.00 %$", page, re.MULTILINE)
    assert safety.verdict(found, other(found)) in words
    assert "Left out: drawdown-halt." in words
    assert max(map(len, page.splitlines())) <= 80


def test_notice_is_red_and_bold_where_there_is_colour(tmp_path: Path) -> None:
    _, found = made(tmp_path)

    assert text(found, width=112, colour=True).startswith("\x1b[1;31mCOMPARISON: ")


def test_tearsheet_leads_with_the_notice_and_shows_both(tmp_path: Path) -> None:
    ran = pair(tmp_path)
    summary = summarise(ran)
    found = report(summary, TICKET, VERSIONS)
    words = " ".join(re.sub(r"<[^>]+>", " ", page(found, panels(ran, summary)).partition("<main>")[2]).split())

    notice, caption = (
        NOTICE.replace("'", "&#39;"),
        "What the limits cost and saved, net of all costs; nobody may trade",
    )
    assert words.startswith(notice)
    assert words.index("Net is after all costs") < words.index(caption) < words.index("Worst day -0.10 % -40.00 %")
    assert safety.verdict(found, other(found)) in words


def test_tearsheet_without_a_comparison_has_none(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    summary = summarise(ran)

    content = page(report(summary, TICKET, VERSIONS), panels(ran, summary))
    assert "COMPARISON" not in content
    assert "What the limits" not in content
