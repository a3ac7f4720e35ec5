"""The paper venue in its process, called as the one in memory is: its words, and what is said when it is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tradewright.engine.state import table
from tradewright.engine.tape import LISTING
from tradewright.execute.budget import Contact, Outcome
from tradewright.execute.news import Report
from tradewright.execute.paper.process import is_running, pid_of, stop
from tradewright.execute.venue import SimulatedVenue
from tradewright.live.paper_line import PaperLine
from tradewright.values.order import Fill
from venue_rows import OPENED, QUARTER, STRATEGY, SYMBOLS, costs, opening, row, sent


def terms() -> tuple[Any, ...]:
    assets = table((len(SYMBOLS),), LISTING, lot=1.0, tick=0.0, multiplier=1.0, exit_bar=9, exit_cash=7.0)
    return "simulated", "USD", costs(), assets, SYMBOLS, [STRATEGY]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PaperLine]:
    folder = tmp_path / "venue"
    with PaperLine(folder, *terms()) as one:
        yield one
    stop(folder)


def said(one: Any) -> list[Any]:
    """Return what is due: words of orders, outcomes of calls, prices of fills."""
    return [
        (report.news.word, report.news.fill.price if report.news.fill else None)
        if isinstance(report, Report)
        else report.outcome
        if isinstance(report, Contact)
        else report
        for report in one.due()
    ]


def killed(line: PaperLine, folder: Path) -> None:
    """Kill the venue, and wait until whoever calls it must notice."""
    pid = pid_of(folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while is_running(folder):
        time.sleep(0.01)


def play(one: Any) -> list[Any]:
    """Play a row with two orders, one cancel and a question, and return all that was said."""
    one.fund(STRATEGY, 10_000.0, "start")
    one.begin(opening(), row(close=100.0))
    one.price(OPENED)
    one.submit(sent(1, 3), OPENED)
    heard = said(one)
    one.submit(sent(2, 2, limit=Decimal(90)), OPENED)
    one.submit(sent(1, 3), OPENED)
    one.cancel(UUID(int=2), OPENED + QUARTER / 2)
    one.query(UUID(int=9))
    heard += said(one)
    one.match(OPENED + QUARTER)
    one.close(OPENED + QUARTER)
    return heard + said(one)


def test_line_says_what_a_venue_in_memory_says_in_the_same_order(line: PaperLine) -> None:
    memory = SimulatedVenue(*terms())

    assert play(memory) == play(line)
    assert memory.snapshot(OPENED, OPENED + QUARTER) == line.snapshot(OPENED, OPENED + QUARTER)


def test_row_and_grant_that_are_told_again_change_nothing(line: PaperLine) -> None:
    play(line)
    before = line.snapshot(OPENED, OPENED + QUARTER)
    play(line)

    assert before == line.snapshot(OPENED, OPENED + QUARTER)


def test_order_that_the_venue_does_not_take_is_refused_with_its_reason(line: PaperLine) -> None:
    line.submit(sent(1, 3, symbol="XYZ"), OPENED)
    (refused,) = line.due()

    assert ("refused", True) == (refused.news.word, "symbol must be one of SPY, QQQ" in refused.news.reason)


def test_order_whose_venue_is_lost_has_no_answer_and_the_next_call_finds_the_venue_again(
    line: PaperLine, tmp_path: Path
) -> None:
    line.begin(opening(), row(close=100.0))
    line.price(OPENED)
    line.submit(sent(1, 3), OPENED)
    line.due()
    killed(line, tmp_path / "venue")
    line.submit(sent(2, 1), OPENED)
    lost = said(line)
    line.query(UUID(int=1))
    line.query(UUID(int=2))

    assert [Outcome.CUT, ("unanswered", None)] == lost
    assert [("found", None), ("absent", None)] == said(line)


def test_market_goes_on_where_its_venue_was_lost(line: PaperLine, tmp_path: Path) -> None:
    line.begin(opening(), row(close=100.0))
    killed(line, tmp_path / "venue")
    line.price(OPENED)
    line.submit(sent(1, 3), OPENED)

    words = [one.news.word for one in line.due() if isinstance(one, Report)]
    assert ["accepted", "fill"] == words
    seen = line.snapshot(OPENED - timedelta(days=1), OPENED)
    assert seen is not None
    assert [3] == [fill.quantity for fill in seen.fills if isinstance(fill, Fill)]
