"""A paper venue in a folder, called by hand or by numbers that a test draws."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
from tradewright.engine.tape import LISTING
from tradewright.execute.paper import journal
from tradewright.execute.paper.desk import Desk
from tradewright.execute.paper.keeper import Keeper
from tradewright.execute.paper.spelling import opening_to_plain, row_to_plain, told_to_plain
from tradewright.execute.paper.terms import Terms
from tradewright.ledger.canonical import canonical, instant_text
from tradewright.values.bars import Bars, utc
from tradewright.values.instrument import Instrument
from tradewright.values.order import Order, Purpose
from tradewright.values.plain import to_plain
from tradewright.values.venue import Refused
from venue_rows import OPENED, QUARTER, STRATEGY, SYMBOLS, costs, opening, row, sent

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
Call = tuple[str, dict[str, Any]]


def terms(**changes: Any) -> Terms:
    lots = {"lot": 1.0, "tick": 0.25, "multiplier": 1.0, "exit_bar": 9, "exit_cash": 7.0}
    assets = np.array([tuple(lots.values())] * len(SYMBOLS), LISTING).view(np.recarray)
    return Terms.of("simulated", "USD", costs(**changes), assets, SYMBOLS, [STRATEGY])


def ticking(start: datetime = START) -> Any:
    """Return a clock that goes on by a second whenever it is read."""
    now = [start]

    def clock() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    return clock


def begun(folder: Path, **changes: Any) -> Path:
    """Begin a journal, and return its file."""
    path = folder / "venue.journal"
    journal.begin(path, terms(**changes), START)
    return path


@contextmanager
def kept(path: Path, clock: Any = None) -> Iterator[Keeper]:
    keeper = Keeper(path, clock or ticking())
    try:
        yield keeper
    finally:
        keeper.journal.close()


@contextmanager
def unsynced() -> Iterator[None]:
    """Wait for no disk: a test that pulls no plug reads what was written all the same."""
    with patch.object(journal.os, "fsync"):
        yield


# ---- calls -----------------------------------------------------------------------------------------------


def submit(order: Order) -> Call:
    return "submit", to_plain(order)


def fund(key: str = "grant", cash: str = "10000.5", strategy: str = STRATEGY) -> Call:
    return "fund", {"key": key, "strategy": strategy, "cash": cash}


def begin(bars: Bars | None = None, **cells: Any) -> Call:
    bars = row() if bars is None else bars
    return "begin", {"opening": told(opening_to_plain(opening(**cells), SYMBOLS)), "row": told(row_to_plain(bars))}


def stage(name: str, bars: Bars | None = None) -> Call:
    return name, {"closed_at": instant_text(utc((row() if bars is None else bars).closed_at[0]))}


def about(name: str, number: int) -> Call:
    return name, {"id": str(UUID(int=number))}


def told(body: Any) -> Any:
    """Return a body as it arrives: through the text of the socket."""
    return json.loads(canonical({"body": body}))["body"]


def priced() -> list[Call]:
    """Return the calls after which orders fill: money, and the first prices of a row."""
    return [fund(), begin(), stage("price")]


# ---- what comes of them ----------------------------------------------------------------------------------


def outcome(keeper: Keeper | Desk, call: Call, now: datetime | None = None) -> tuple[str, list[str]]:
    """Return what a call is answered and what is told, as text; of a desk without a journal as well."""
    try:
        if isinstance(keeper, Keeper):
            answer, said = keeper.call(*call, now)
        else:
            assert now is not None
            settled = keeper.settle(*call, now)
            answer, said = (settled, []) if settled is not None else keeper.play(*call, now)
    except Refused as refused:
        return f"refused: {refused.reason}", []
    return canonical({"answer": answer}), [canonical(told_to_plain(one)) for one in said]


def state(desk: Desk) -> str:
    """Return all that a desk holds, to the last bit: two of one text are the same."""
    venue = desk.venue
    seen = None if venue._row is None else canonical(row_to_plain(venue._row))
    held = {name: value for name, value in vars(venue).items() if name not in _PARTS}
    return repr((held, vars(venue.told), seen, desk._funded, desk._row, sorted(desk._stages)))


_PARTS = {"_row", "told", "_settings", "_assets", "_fills", "_transitions"}


# ---- calls that are drawn --------------------------------------------------------------------------------


def drawn(numbers: tuple[int, int, int], row_number: int) -> Call:
    """Return the call of three numbers: what, how, and how much; some make no sense, and some are made twice."""
    what, how, size = numbers
    bars = _row(row_number, how, size)
    calls: list[Callable[[], Call]] = [
        *[lambda: begin(_row(row_number + 1, how, size), split=[1.0 + how % 2, 1.0], dividend=[0.0, size / 8])] * 2,
        *[lambda: stage("price", bars)] * 4,
        *[lambda: stage("match", bars)] * 2,
        *[lambda: stage("close", bars)] * 2,
        lambda: fund(f"{how}", f"{size * 1000}.25"),
        lambda: about("cancel", 10 * (row_number % 5) + size),
        lambda: about("query", 10 * (row_number % 5) + size),
        lambda: ("cancel_all", {"stops": how % 2 == 0}),
        lambda: ("snapshot", {"since": instant_text(START + how * QUARTER)}),
        *[lambda: submit(_order(row_number % 5, how, size))] * 9,
    ]
    return calls[what % len(calls)]()


def _row(number: int, how: int, size: int) -> Bars:
    """Return row `number`, its prices from the two other numbers; a symbol may have none."""
    close, opened = 90.0 + 5 * how + size / 3, OPENED + number * QUARTER
    at = np.datetime64(opened.replace(tzinfo=None), "ns")
    grid = np.array([[close, math.nan if size % 5 == 0 else close / 3]])
    return Bars(
        instruments=[Instrument(symbol=symbol) for symbol in SYMBOLS],
        opened_at=np.array([at]),
        closed_at=np.array([at + np.timedelta64(15, "m")]),
        session=np.array([np.datetime64(opened.date(), "D")]),
        close=grid,
        traded=~np.isnan(grid),
        open=grid * (1.0 + (how - 3) / 50),
        high=grid * 1.08,
        low=grid * 0.92,
        volume=np.where(np.isnan(grid), np.nan, 40.0 * size),
        ends=np.array([number % 3 == 2]),
    )


def _order(series: int, how: int, size: int) -> Order:
    """Return an order, always the same for the same numbers; one in eight is of an unknown symbol."""
    symbol = (*SYMBOLS, "XYZ")[0 if how < 4 else 1 if how < 7 else 2]
    quantity, number = size - 4 or 1, 10 * series + size
    if how in {1, 5}:
        return sent(number, -quantity, Purpose.STOP, symbol=symbol, stop=Decimal(95 - how))
    return sent(number, quantity, symbol=symbol, **({"limit": Decimal(92 + how)} if how in {2, 6} else {}))
