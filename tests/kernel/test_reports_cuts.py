"""What the cuts of the daily-loss rule saved or cost, worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, PASSING, TICKET, backtest, prices
from tradewright.engine.log import BY_ORDER, BY_STOP, HALTED
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.terminal import text
from tradewright.reports.tree.form import printed
from tradewright.reports.tree.halts import Cut
from tradewright.reports.tree.report import Report
from tradewright.risk.contract import REDUCING

FIRED = (2, 0, HALTED, PASSING, REDUCING, 0.06, 0.05, 0.0)
BOUGHT = (1, 0, 0, BY_ORDER, 50.0, 11.0, 1.0, 2.0)
DAYS = 30


def made(folder: Path, *sold: tuple[Any, ...], close: Any = None, bought: Any = BOUGHT, **changes: Any) -> Report:
    """Return the report of 30 sessions in which something was bought at 11 and cut at the close of the third."""
    path = np.array([10.0, 11.0, 12.0, 12.0, 11.0, 10.0, 9.0, 8.0] + [7.0] * 22) if close is None else close
    flat = [1000.0] * len(path)
    run = {"equity": flat, "gross": [0.0] * len(path), "costs": [0.0] * len(path), "events": [FIRED]}
    bars = prices(np.column_stack([path, path]))
    return report(summarise(backtest(folder, bars=bars, fills=[bought, *sold], **{**run, **changes})), TICKET, {})


def cut_of(found: Report) -> Cut:
    (halt,) = found.halts
    assert halt.cut is not None
    return halt.cut


def told(cut: Cut) -> tuple[str, str, list[str | None]]:
    saved = [None if one.amount is None else str(one.amount) for one in cut.saved]
    return str(cut.notional), str(cut.costs), saved


def test_cut_of_a_long_saves_what_the_price_then_falls(tmp_path: Path) -> None:
    """25 sold at 12, 12.08 before slippage; closes 1, 5 and 20 sessions after the firing are 12, 8 and 7."""
    found = made(tmp_path, (3, 0, 0, BY_ORDER, -25.0, 12.0, 1.0, 2.0))

    assert ("302.00", "3.00", ["2.00", "102.00", "127.00"]) == told(cut_of(found))


def test_cut_of_a_long_that_recovers_has_cost(tmp_path: Path) -> None:
    close = np.array([10.0, 11.0, 8.0, 8.0, *np.linspace(9.0, 20.0, 26)])
    found = made(tmp_path, (3, 0, 0, BY_ORDER, -25.0, 8.0, 0.0, 0.0), close=close)

    assert ("200.00", "0.00", "0.00") == (*told(cut_of(found))[:2], told(cut_of(found))[2][0])
    assert all(amount is not None and amount.startswith("-") for amount in told(cut_of(found))[2][1:])


def test_cut_of_a_short_saves_what_the_price_then_rises(tmp_path: Path) -> None:
    """25 bought back at 12, 11.92 before slippage."""
    rising = np.array([10.0, 11.0, 12.0, 12.0, 13.0, 13.0, 13.0, 14.0] + [15.0] * 22)
    found = made(
        tmp_path,
        (3, 0, 0, BY_ORDER, 25.0, 12.0, 1.0, 2.0),
        close=rising,
        bought=(1, 0, 0, BY_ORDER, -50.0, 11.0, 0.0, 0.0),
    )

    assert ("298.00", "3.00", ["2.00", "52.00", "77.00"]) == told(cut_of(found))


def test_cut_is_at_most_the_part_that_the_rule_sells(tmp_path: Path) -> None:
    """All 50 are sold on that bar: the other half was the strategy's own wish, and half of the costs are its own."""
    found = made(tmp_path, (3, 0, 0, BY_ORDER, -50.0, 12.0, 1.0, 2.0))

    assert ("301.00", "1.50", ["1.00", "101.00", "126.00"]) == told(cut_of(found))


@pytest.mark.parametrize("sessions", [23, 22, 8, 7, 3])
def test_cut_says_null_of_sessions_that_are_yet_to_come(tmp_path: Path, sessions: int) -> None:
    close = np.full(sessions, 12.0)
    sold = [(3, 0, 0, BY_ORDER, -25.0, 12.0, 0.0, 0.0)] if sessions > 3 else []
    (halt,) = made(tmp_path, *sold, close=close).halts
    known = {23: [True, True, True], 22: [True, True, False], 8: [True, True, False], 7: [True, False, False]}

    if sessions == 3:
        assert halt.cut is None
    else:
        assert halt.cut is not None
        assert known[sessions] == [one.amount is not None for one in halt.cut.saved]


@pytest.mark.parametrize(
    "sold",
    [
        (3, 0, 0, BY_STOP, -25.0, 12.0, 0.0, 0.0),
        (3, 0, 0, BY_ORDER, 25.0, 12.0, 0.0, 0.0),
        (4, 0, 0, BY_ORDER, -25.0, 12.0, 0.0, 0.0),
        (3, 0, 1, BY_ORDER, -25.0, 12.0, 0.0, 0.0),
    ],
    ids=["a stop", "an increase", "a later bar", "another symbol"],
)
def test_what_something_else_sold_is_no_cut(tmp_path: Path, sold: tuple[Any, ...]) -> None:
    assert made(tmp_path, sold).halts[0].cut is None


def test_halt_of_another_rule_has_no_cut(tmp_path: Path) -> None:
    assert made(tmp_path, (3, 0, 0, BY_ORDER, -25.0, 12.0, 0.0, 0.0), events=[HALT]).halts[0].cut is None


def test_cut_of_the_account_is_that_of_all_books(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        (1, 1, 0, BY_ORDER, 50.0, 11.0, 1.0, 2.0),
        (3, 0, 0, BY_ORDER, -25.0, 12.0, 1.0, 2.0),
        (3, 1, 0, BY_ORDER, -25.0, 12.0, 1.0, 2.0),
        books=("one", "two"),
        events=[(2, 2, *FIRED[2:])],
    )

    assert ("604.00", "6.00", ["4.00", "204.00", "254.00"]) == told(cut_of(found))


def test_split_between_the_cut_and_later_closes_is_no_fall(tmp_path: Path) -> None:
    """The price halves on the fifth session because it splits."""
    close = np.array([10.0, 11.0, 12.0, 12.0] + [6.0] * 26)
    bars = prices(np.column_stack([close, close]))
    split = np.ones((30, 2))
    split[4, 0] = 2.0
    bars = attrs.evolve(bars, split=split, dividend=np.zeros((30, 2)))
    flat = {"equity": [1000.0] * 30, "gross": [0.0] * 30, "costs": [0.0] * 30}
    sold = (3, 0, 0, BY_ORDER, -25.0, 12.0, 0.0, 0.0)
    ran = backtest(tmp_path, bars=bars, fills=[BOUGHT, sold], events=[FIRED], **flat)

    assert ("300.00", "0.00", ["0.00", "0.00", "0.00"]) == told(cut_of(report(summarise(ran), TICKET, {})))


def test_page_and_json_tell_each_cut_and_their_sum(tmp_path: Path) -> None:
    again = (7, 0, HALTED, PASSING, REDUCING, 0.07, 0.05, 0.0)
    found = made(
        tmp_path,
        (3, 0, 0, BY_ORDER, -25.0, 12.0, 1.0, 2.0),
        (8, 0, 0, BY_ORDER, -10.0, 7.0, 0.0, 0.0),
        events=[FIRED, again],
    )
    shown = [" ".join(line.split()) for line in text(found, width=100).splitlines()]
    head = shown.index("What the cuts of daily-loss saved, sessions later, USD; negative: what they cost")

    assert [
        "fired book loss sold costs saved after 1 after 5 after 20",
        "2024-01-04 trend 6.0 % 302.00 3.00 2.00 102.00 127.00",
        "2024-01-09 trend 7.0 % 70.00 0.00 0.00 0.00 0.00",
        "2 times 372.00 3.00 2.00 102.00 127.00",
    ] == shown[head + 1 : head + 5]
    assert {
        "notional": "302.00",
        "costs": "3.00",
        "saved": [
            {"sessions": 1, "amount": "2.00"},
            {"sessions": 5, "amount": "102.00"},
            {"sessions": 20, "amount": "127.00"},
        ],
    } == printed(found)["halts"][0]["cut"]
