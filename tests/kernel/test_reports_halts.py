"""What a report says of halts: which days, what stays at risk, and how far the figures run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, LATCHED, PASSING, backtest, prices
from tradewright.engine.log import HALTED
from tradewright.reports.halts import halt_lines, passing_halts
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.tables import lift_rows
from tradewright.reports.terminal import text
from tradewright.reports.tree.report import Report
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING
from tradewright.workspace.kept import Ticket

TICKET = Ticket(run_id="20240109-120000-abcdef", trials=1)


def event(bar: int, row: int = 0, level: int = FLATTEN, rule: int = LATCHED, **compared: float) -> tuple[Any, ...]:
    return (bar, row, HALTED, rule, level, compared.get("observed", 0.125), compared.get("limit", 0.12), 0.0)


def made(folder: Path, **changes: Any) -> Report:
    return report(summarise(backtest(folder, **changes)), TICKET, {})


def said(folder: Path, **changes: Any) -> str:
    return "\n".join(halt_lines(made(folder, **changes)))


# ---- days ------------------------------------------------------------------------------------------------


def test_halt_of_a_market_that_never_closes_is_dated_by_its_session(tmp_path: Path) -> None:
    """A bar of 4 January closes at midnight, when it is the 5th."""
    bars = prices()
    midnight = bars.session.astype("datetime64[ns]")
    bars = attrs.evolve(bars, opened_at=midnight, closed_at=midnight + np.timedelta64(24, "h"))
    found = made(tmp_path, bars=bars, events=[HALT])
    (halt,) = found.halts

    assert (datetime(2024, 1, 5, tzinfo=UTC), date(2024, 1, 4)) == (halt.at, halt.on)
    assert next(halt_lines(found)).startswith("HALTED on 2024-01-04:")
    assert date(2024, 1, 4) == summarise(backtest(tmp_path, bars=bars, events=[HALT])).halts[0].on


def test_rule_is_dated_by_sessions(tmp_path: Path) -> None:
    bars = prices()
    midnight = bars.session.astype("datetime64[ns]")
    ran = backtest(
        tmp_path, bars=attrs.evolve(bars, opened_at=midnight, closed_at=midnight + np.timedelta64(24, "h"))
    )
    counter = ran.trace.state.counters[1]
    counter.cuts, counter.bars, counter.notional, counter.first, counter.last = 3, 2, 102.4, 1, 2
    rule = report(summarise(ran), TICKET, {}).rules[1]

    assert (date(2024, 1, 3), date(2024, 1, 4)) == (rule.first_on, rule.last_on)
    assert (datetime(2024, 1, 4, tzinfo=UTC), datetime(2024, 1, 5, tzinfo=UTC)) == (rule.first_at, rule.last_at)
    assert rule.held_back == pytest.approx(102.4 / 2 / 1024.0)


def test_lift_is_a_row_with_its_days(tmp_path: Path) -> None:
    found = made(tmp_path, events=[HALT, (4, 0, 1, LATCHED, FLATTEN, 1.0, 1.0, 0.0)])

    assert [("2024-01-04", "2024-01-06", "drawdown-halt", "trend", "12.5 %", "12.0 %")] == lift_rows(found)


# ---- what a level means ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "meaning", "sessions"),
    [
        (REDUCING, "Nothing is added any more; what the strategy holds can only shrink.", 5),
        (FLATTEN, "What the strategy held was sold on the next bar.", 4),
        (FREEZE, "No order is sent any more: what the strategy holds stays", 3),
    ],
)
def test_latched_halt_says_what_its_level_leaves_at_risk(
    tmp_path: Path, level: int, meaning: str, sessions: int
) -> None:
    found = made(tmp_path, events=[event(2, level=level)])
    lines = "\n".join(halt_lines(found))

    assert ("halted", sessions) == (found.status, found.period.sessions)
    assert (found.net.after_halt is None) is (level == REDUCING)
    assert meaning in lines
    assert "Only a person lifts this halt." in lines
    assert ("run on to 2024-01-06, because positions stay at risk" in lines) is (level == REDUCING)


def test_halt_that_ends_trading_after_one_that_only_reduces_ends_the_figures(tmp_path: Path) -> None:
    found = made(tmp_path, events=[event(1, level=REDUCING), event(3, level=FLATTEN)])

    assert ("halted", 4) == (found.status, found.period.sessions)


def test_spike_is_told_in_times_usual_and_a_move_in_percent(tmp_path: Path) -> None:
    spike = event(2, level=REDUCING, rule=PASSING, observed=3.002, limit=3.0)
    move = event(3, level=REDUCING, rule=PASSING, observed=0.0701, limit=0.07)
    ((_, words),) = passing_halts(made(tmp_path, events=[move, spike]))

    assert "2 times in trend, reduce_only; the worst 7.0 % on 2024-01-05, limit 7.0 %" == words
    assert "at 3.0 times usual, limit 3.0 times usual" in said(
        tmp_path, events=[event(2, level=REDUCING, observed=3.002, limit=3.0)]
    )


def test_halt_tells_the_loss_with_what_it_sold_and_the_one_before(tmp_path: Path) -> None:
    """The loss at the halt's close is 120; the sale at the next open makes it 155."""
    lost = [1000.0, 1000.0, 880.0, 845.0, 845.0]
    lines = said(tmp_path, equity=lost, events=[HALT])

    assert (
        "The figures below stop on 2024-01-05, the first session without a position: with the sale, a largest"
        " drawdown of 15.50 % and a loss of 155.00; at the halt's close, on 2024-01-04, it was 12.00 % and a loss of"
        " 120.00. What followed is interest on idle cash, 0.0 % over less than a year: on 2024-01-06 equity was"
        " 845.00." in lines
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"annual_return": 0.0306, "years": 26.04}, "is interest on idle cash, 3.06 % per year over 26.0 years: on"),
        ({"flat": False, "years": 0.5}, "is of positions that nobody may sell, 119.0 % over less than a year: on"),
        ({"flat": None, "years": None}, "What followed, the sale included, was 119.0 %: on 2024-01-06 equity was"),
    ],
)
def test_time_after_a_halt_is_never_a_bare_percentage(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    found = made(tmp_path, events=[HALT])
    assert found.net.after_halt is not None
    after = attrs.evolve(found.net.after_halt, change=1.19, **changes)
    lines = "\n".join(halt_lines(attrs.evolve(found, net=attrs.evolve(found.net, after_halt=after))))

    assert words in lines


# ---- several books ---------------------------------------------------------------------------------------


BOOKS = ("slow", "quick")


@pytest.mark.parametrize(
    ("events", "status", "sessions", "words"),
    [
        (
            [event(2)],
            "complete",
            5,
            [
                "drawdown-halt in slow, one of 2 strategies, at 12.5 %",
                "What the book slow held was sold on the next bar.",
                "quick traded on. The figures of the account below run on to 2024-01-06",
            ],
        ),
        (
            [event(1), event(3, row=1)],
            "halted",
            4,
            ["in slow, one of 2", "in quick, one of 2", "The figures of the account below stop on 2024-01-05"],
        ),
        (
            [event(2, row=2)],
            "halted",
            3,
            ["drawdown-halt in the whole account at 12.5 %", "What the strategies held"],
        ),
        ([event(1), event(3, row=1, level=REDUCING)], "halted", 5, ["what the book quick holds can only shrink"]),
    ],
)
def test_halt_of_one_book_does_not_read_as_if_everything_stopped(
    tmp_path: Path, events: list[tuple[Any, ...]], status: str, sessions: int, words: list[str]
) -> None:
    found = made(tmp_path, books=BOOKS, events=events)
    lines = "\n".join(halt_lines(found))

    assert (status, sessions) == (found.status, found.period.sessions)
    for phrase in words:
        assert phrase in lines
    assert ("traded on" in lines) is (len(events) == 1 and events[0][1] == 0)


def test_cuts_of_a_rule_whose_halt_stands_are_marked(tmp_path: Path) -> None:
    ran = backtest(tmp_path, events=[event(2)])
    counter = ran.trace.state.counters[LATCHED]
    counter.cuts, counter.bars, counter.notional, counter.first, counter.last = 6_205, 3, 9.0, 2, 4
    shown = " ".join(text(report(summarise(ran), TICKET, {}), width=80).split())

    assert "drawdown-halt 6,205 * 3 " in shown
    assert "* drawdown-halt first halted on 2024-01-04; from a halt on it cuts whatever is asked for" in shown
