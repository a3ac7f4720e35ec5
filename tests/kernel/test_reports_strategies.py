"""The parts of an account: each strategy's own figures, and sums that agree to the cent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import STEP, TICKET, backtest
from tradewright.backtest import Backtest
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.terminal import text
from tradewright.reports.tree.curves import Fall
from tradewright.reports.tree.report import Report

BOOKS = ("slow", "quick", "odd")
# Thirds of a cent: what is rounded apart does not add up.
FILLS = [
    (1, 0, 0, 0, 10.0, 11.0, 1.004, 0.004),
    (1, 1, 0, 0, 10.0, 11.0, 1.004, 0.004),
    (3, 1, 0, 1, -10.0, 12.0, 1.004, 0.004),
    (3, 2, 1, 0, 1.0, 30.0, 1.004, 0.004),
]


def parted(folder: Path, **changes: Any) -> Backtest:
    """Return a run of three books whose equities and costs are thirds of the account's."""
    ran = backtest(folder, books=BOOKS, fills=FILLS, **changes)
    curve = ran.trace.curve
    for book, share in enumerate((1 / 3, 1 / 3, 1 / 3)):
        for name in ("equity", "gross", "net", "fees", "slippage", "borrow", "interest"):
            curve[name][:, book] = curve[name][:, -1] * share
        curve["nav"][:, book] = [[1.0, 1.1, 1.2, 1.2, 1.2], [1.0, 0.9, 0.9, 0.8, 0.9], [1.0] * 5][book]
    return ran


def made(folder: Path, **changes: Any) -> Report:
    return report(summarise(parted(folder, **changes)), TICKET, {})


def test_strategy_has_the_figures_of_its_own_book(tmp_path: Path) -> None:
    slow, quick, odd = made(tmp_path).net.strategies

    assert list(BOOKS) == [one.name for one in (slow, quick, odd)]
    assert [0.2, -0.1, 0.0] == [pytest.approx(one.total_return) for one in (slow, quick, odd)]
    assert quick.max_drawdown == Fall(
        depth=pytest.approx(0.2),
        peak_on=date(2024, 1, 2),
        trough_on=date(2024, 1, 5),
        recovered_on=None,
        sessions=4,
    )
    assert [(0, 0, 1), (1, 1, 0), (0, 0, 1)] == [
        (one.trades.closed, one.trades.stopped, one.trades.open) for one in (slow, quick, odd)
    ]
    assert [1, 2, 1] == [one.fills for one in (slow, quick, odd)]
    assert slow.exposure.gross == pytest.approx((550 / 999 + 600 / 1049) / 5)


@pytest.mark.parametrize("events", [[], [STEP]])
def test_strategies_add_up_to_the_account_to_the_cent(tmp_path: Path, events: list[Any]) -> None:
    found = made(tmp_path, events=events)
    rows = found.net.strategies

    for name, whole in (
        ("equity", found.net.equity),
        ("profit", found.net.profit),
        ("capital", found.capital.end),
    ):
        assert whole == sum(getattr(row, name) for row in rows)
    for name, cost in attrs.asdict(found.costs, recurse=False).items():
        assert cost.amount == sum(getattr(row.costs, name) for row in rows)
    for row in rows:
        assert row.profit == row.equity - row.capital


def test_total_of_costs_is_the_sum_of_its_parts_as_printed(tmp_path: Path) -> None:
    """4.016 and 0.016 print as 4.02 and 0.02; their sum 4.032 would be 4.03."""
    found = made(tmp_path, costs=[0.0, 2.016, 2.016, 4.032, 4.032]).costs

    assert ("4.02", "0.02", "0.00", "4.04") == tuple(
        str(getattr(found, name).amount) for name in ("fees", "slippage", "borrow", "total")
    )


def test_page_has_a_table_of_strategies_only_when_there_are_several(tmp_path: Path) -> None:
    several = text(made(tmp_path), width=80)
    (head,) = [
        line.split() for line in several.splitlines() if "slow  " in line and "quick" in line and "odd" in line
    ]

    assert list(BOOKS) == head
    assert "Return                     20.0 %       -10.0 %         0.0 %" in several
    assert "Each strategy" not in text(report(summarise(backtest(tmp_path)), TICKET, {}), width=80)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_table_of_strategies_fits_its_page(tmp_path: Path, width: int) -> None:
    lines = text(made(tmp_path), width=width).splitlines()

    assert max(map(len, lines)) <= width
    assert {"slow", "quick", "odd"} <= set(" ".join(lines).split())


def test_equity_of_a_book_without_a_share_of_the_account_is_finite(tmp_path: Path) -> None:
    ran = parted(tmp_path)
    ran.trace.curve["equity"][:, 1] = 0.0
    rows = report(summarise(ran), TICKET, {}).net.strategies

    assert 0.0 == rows[1].exposure.gross
    assert all(np.isfinite(float(row.equity)) for row in rows)
