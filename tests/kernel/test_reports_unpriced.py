"""Positions whose prices ended before the run did: where each reader of a result meets them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import CLOSE, TICKET, backtest, prices
from tradewright.backtest import Backtest
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.terminal import text
from tradewright.reports.tree.form import printed
from tradewright.reports.unpriced import Unpriced, unpriced

ENDED = date(2024, 1, 4)


def holding(folder: Path, quantity: float, ended: dict[str, date]) -> Backtest:
    """Return a run that holds A, whose last close of 12 is of the third day."""
    close = np.array(CLOSE)
    close[3:, 0] = np.nan
    ran = backtest(folder, bars=prices(close), warnings=("another",))
    ran.trace.state.positions.quantity[0, 0] = quantity
    return attrs.evolve(ran, feeds=(attrs.evolve(ran.feeds[0], bars=ran.bars, ended=ended),))


def told(ran: Backtest) -> dict[str, Any]:
    return report(summarise(ran), TICKET, {})


@pytest.mark.parametrize("quantity", [50.0, -50.0])
def test_position_when_its_prices_ended_early_is_named_with_units_value_and_day(
    tmp_path: Path, quantity: float
) -> None:
    found = tuple(unpriced(holding(tmp_path, quantity, {"A": ENDED})))

    assert (Unpriced(book="trend", symbol="A", quantity=quantity, value=quantity * 12.0, last_on=ENDED),) == found


@pytest.mark.parametrize(("quantity", "ended"), [(0.0, {"A": ENDED}), (50.0, {})])
def test_position_when_none_is_held_or_none_has_ended_is_not_named(
    tmp_path: Path, quantity: float, ended: dict[str, date]
) -> None:
    assert () == tuple(unpriced(holding(tmp_path, quantity, ended)))


def test_warnings_when_a_position_has_no_price_lead_with_it(tmp_path: Path) -> None:
    found = summarise(holding(tmp_path, 50.0, {"A": ENDED}), ("of the caller",)).warnings

    assert (
        "trend holds 50 A to the end, valued at 600.00 with the price of 2024-01-04: there is no later bar",
        "of the caller",
        "another",
    ) == found


def test_json_when_a_position_has_no_price_lists_it_and_the_last_bar_of_each_symbol(tmp_path: Path) -> None:
    found = printed(told(holding(tmp_path, 50.0, {"A": ENDED})))

    assert [{"book": "trend", "symbol": "A", "quantity": 50.0, "value": "600.00", "last_on": "2024-01-04"}] == found[
        "net"
    ]["unpriced"]
    assert {"A": "2024-01-04", "B": "2024-01-06"} == found["data"][0]["last_on_by_symbol"]


def test_page_when_a_position_has_no_price_says_so_before_anything_else(tmp_path: Path) -> None:
    shown = text(told(holding(tmp_path, 50.0, {"A": ENDED})), width=100)

    assert "NO PRICE since 2024-01-04: 50 A of trend are valued at 600.00 to the end." == shown.splitlines()[0]
