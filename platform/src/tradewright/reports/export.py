"""A run as CSV files for other programs: the curve, the fills, the closed lots and the targets.

Every file has a heading; numbers are in full precision, and nothing stands where nothing is known.  The columns are
explained in docs/reference/backtest.md.  They cover the whole run, the time after a halt included.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.engine.log import BY_EXIT, BY_ORDER, BY_STOP
from tradewright.errors import UsageError
from tradewright.metrics.drawdowns import drawdowns
from tradewright.metrics.lots import tax_lots
from tradewright.reports.accounts import ALL, curve_of, session_closes
from tradewright.reports.executions import executions
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tradewright.engine.state import Table
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray

    Rows = Iterable[tuple[Any, ...]]

CURVE = ("nav", "equity", "gross_exposure", "net_exposure", "drawdown")
FILLS = ("at", "session", "strategy", "symbol", "side", "quantity", "price", "fee", "slippage", "reason")
TRADES = (
    *("strategy", "symbol", "side", "quantity", "opened_on", "closed_on", "entry_price", "exit_price", "profit"),
    "sessions",
)
_REASONS = {BY_ORDER: "order", BY_STOP: "stop", BY_EXIT: "exit"}
TARGETS = ("at", "session", "strategy", "symbol", "weight")


def export(ran: Record, folder: Path) -> tuple[str, ...]:
    """Write the files, all or none of them, and return their names.

    Raises:
        UsageError: The folder cannot be written to.
    """
    writers: dict[str, Callable[[Record], tuple[tuple[str, ...], Rows]]] = {
        "equity.csv": equity,
        "fills.csv": fills,
        "trades.csv": trades,
        "targets.csv": targets,
    }
    try:
        write_all({folder / name: _csv(*rows(ran)) for name, rows in writers.items()})
    except OSError as error:
        message = f"the folder to export to cannot be written to: {error.strerror or error}"
        fix = "name another folder, or make room"
        raise UsageError(message, file=folder, key="--export", fix=fix) from error
    return tuple(writers)


def equity(ran: Record) -> tuple[tuple[str, ...], Rows]:
    """Return a row per session: the account, and then each strategy's book."""
    closes = session_closes(ran, ran.bars.n_bars)
    names = ("", *(f"{book}." for book in ran.books))
    heads = ("session", *(f"{name}{column}" for name in names for column in CURVE))
    curves = (curve_of(ran, ran.bars.n_bars, row) for row in (ALL, *range(len(ran.books))))
    columns = [column for curve in curves for column in _curve(curve)]
    return heads, zip(ran.bars.session[closes].astype(str), *columns, strict=True)


def fills(ran: Record) -> tuple[tuple[str, ...], Rows]:
    """Return a row per fill, in the order in which they happened, in prices and units of that day."""
    return FILLS, (_fill(ran, fill) for fill in ran.trace.fills)


def trades(ran: Record) -> tuple[tuple[str, ...], Rows]:
    """Return a row per lot that was closed, first in, first out, in units of the last bar."""
    sold, _ = tax_lots(*executions(ran, ran.bars.n_bars)[:5])
    session, on = ran.bars.session_number, ran.bars.session
    units, n_assets = np.abs(sold.quantity), ran.bars.n_assets
    long = sold.quantity > 0.0
    entry, exit_ = np.where(long, sold.cost, sold.proceeds) / units, np.where(long, sold.proceeds, sold.cost) / units
    return TRADES, (
        (
            ran.books[key // n_assets],
            ran.bars.symbols[key % n_assets],
            "long" if long[i] else "short",
            units[i],
            on[sold.opened[i]],
            on[sold.closed[i]],
            entry[i],
            exit_[i],
            sold.gain[i],
            session[sold.closed[i]] - session[sold.opened[i]],
        )
        for i, key in enumerate(sold.key)
    )


def targets(ran: Record) -> tuple[tuple[str, ...], Rows]:
    """Return a row per decision and symbol: the weight that the strategy wanted, before any rule."""
    return TARGETS, _targets(ran)


def _targets(ran: Record) -> Iterator[tuple[Any, ...]]:
    bars, traded = ran.bars, {book: _columns(ran, book) for book in ran.books}
    for bar, book in zip(*np.nonzero(ran.decisions.made), strict=True):
        if bar >= ran.start:
            name = ran.books[book]
            for asset in traded[name]:
                weight = ran.decisions.target[bar, book, asset]
                yield _instant(bars.closed_at[bar]), bars.session[bar], name, bars.symbols[asset], weight


def _columns(ran: Record, book: str) -> list[int]:
    feeds = ran.settings.strategies[book].data
    return ran.bars.columns([symbol for feed in feeds for symbol in ran.settings.data[feed].symbols])


def _curve(points: Table) -> tuple[FloatArray, ...]:
    worth = points.equity > 0.0
    gross, net = (
        np.divide(held, points.equity, out=np.zeros(len(points)), where=worth) for held in (points.gross, points.net)
    )
    return points.nav, points.equity, gross, net, drawdowns(np.append(1.0, points.nav))[1:]


def _fill(ran: Record, fill: Any) -> tuple[Any, ...]:
    execution, bars = ran.settings.execution, ran.bars
    ordered = fill.reason == BY_ORDER
    # The moment of a stop, or of an order that waited for its price, lies somewhere within the bar.
    sent_to_open = execution.fill == "next-open" and execution.order != "limit" and bars.open is not None
    at_open = fill.reason == BY_EXIT or (ordered and sent_to_open)
    return (
        _instant((bars.opened_at if at_open else bars.closed_at)[fill.bar]),
        bars.session[fill.bar],
        ran.books[fill.book],
        bars.symbols[fill.asset],
        "buy" if fill.quantity > 0.0 else "sell",
        abs(fill.quantity),
        fill.price,
        fill.fee,
        fill.slippage,
        _REASONS[int(fill.reason)],
    )


def _instant(at: np.datetime64) -> str:
    """Write an instant in UTC, to the second.

    >>> _instant(np.datetime64("2024-01-02T21:00:00.5"))
    '2024-01-02T21:00:00Z'
    """
    return f"{np.datetime_as_string(at, unit='s')}Z"


def _csv(heads: tuple[str, ...], rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(heads)
    lines.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Write a number in full precision, and nothing for what is not known.

    >>> _cell(np.float64(0.1)), _cell(float("nan")), _cell("A")
    ('0.1', '', 'A')
    """
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    return value
