"""What is said to a paper venue and by it, as JSON has it, and back: amounts and instants stay as they are."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from tradewright.execute.news import News, Report
from tradewright.ledger.canonical import instant_of
from tradewright.values.bars import Bars, utc
from tradewright.values.instrument import Instrument
from tradewright.values.order import Activity, Fill, Status
from tradewright.values.plain import from_plain, to_plain
from tradewright.values.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradewright.engine.state import Table

Told = Report | Activity | Fill
"""What a venue says without being asked; a fill by itself is a stranger's."""

_GRIDS = ("open", "high", "low", "close", "volume")
_USUAL = {"split": 1.0, "dividend": 0.0, "exits": False}


# ---- what a venue says -----------------------------------------------------------------------------------


def told_to_plain(one: Told) -> dict[str, Any]:
    """Return what a venue tells, by its kind."""
    return {type(one).__name__.lower(): to_plain(one)}


def told_from_plain(plain: Mapping[str, Any]) -> Told:
    """Return what `told_to_plain` made `plain` of.

    Raises:
        ValueError: It is nothing that a venue tells.
    """
    ((kind, body),) = plain.items()
    if kind == "report":
        return report_from_plain(body)
    if kind not in {"activity", "fill"}:
        raise ValueError(f"a venue must tell a report, an activity or a fill, was {kind!r}")
    return from_plain(Activity, body) if kind == "activity" else from_plain(Fill, body)


def report_from_plain(plain: Mapping[str, Any]) -> Report:
    """Return the report that `to_plain` made `plain` of; a venue reverses nothing, that is the agent's work."""
    said = dict(plain["news"])
    said.pop("reversal", None)
    news = News(
        word=said["word"],
        status=None if said["status"] is None else Status(said["status"]),
        filled=None if said["filled"] is None else Decimal(said["filled"]),
        fill=None if said["fill"] is None else from_plain(Fill, said["fill"]),
        reason=said["reason"],
    )
    return Report(UUID(plain["id"]), news)


def snapshot_from_plain(plain: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that `to_plain` made `plain` of."""
    return Snapshot(
        at=instant_of(plain["at"]),
        cash={currency: Decimal(cash) for currency, cash in plain["cash"].items()},
        positions={symbol: Decimal(units) for symbol, units in plain["positions"].items()},
        orders={UUID(name): (Status(status), Decimal(filled)) for name, (status, filled) in plain["orders"].items()},
        symbols={UUID(name): symbol for name, symbol in plain["symbols"].items()},
        fills=tuple(from_plain(Fill, one) for one in plain["fills"]),
        activities=tuple(from_plain(Activity, one) for one in plain["activities"]),
        busts=tuple(from_plain(Fill, one) for one in plain["busts"]),
    )


# ---- what the market says --------------------------------------------------------------------------------


def row_to_plain(row: Bars) -> dict[str, Any]:
    """Return one row, as far as a venue reads it: times, and the prices of what traded."""
    grids = {name: grid[0].tolist() for name in _GRIDS if (grid := getattr(row, name)) is not None}
    traded = [column for column, is_traded in enumerate(row.traded[0].tolist()) if is_traded]
    return {
        "opened_at": utc(row.opened_at[0]),
        "closed_at": utc(row.closed_at[0]),
        "session": str(row.session[0]),
        "ends": bool(row.session_ends[0]),
        "columns": list(grids),
        "prices": {
            row.symbols[column]: {name: _or_none(grid[column]) for name, grid in grids.items()} for column in traded
        },
    }


def row_from_plain(plain: Mapping[str, Any], symbols: Sequence[str]) -> Bars:
    """Return the row that `row_to_plain` told.

    Args:
        plain: It.
        symbols: Of the columns; all that the row tells of are among them.

    Raises:
        KeyError: It lacks something.
        ValueError: A price is not above 0, a volume is below it, or a symbol or a column is unknown.
    """
    if unknown := [name for name in plain["prices"] if name not in symbols]:
        raise ValueError(f"symbol must be one of {', '.join(symbols)}, was {unknown[0]}")
    if unknown := [name for name in plain["columns"] if name not in _GRIDS]:
        raise ValueError(f"columns must be of {', '.join(_GRIDS)}, was {unknown[0]}")
    grids: dict[str, Any] = {name: np.full((1, len(symbols)), math.nan) for name in plain["columns"]}
    for symbol, prices in plain["prices"].items():
        for name, grid in grids.items():
            grid[0, symbols.index(symbol)] = _sound(symbol, name, prices[name])
    return Bars(
        instruments=[Instrument(symbol=symbol) for symbol in symbols],
        opened_at=_times(plain["opened_at"]),
        closed_at=_times(plain["closed_at"]),
        session=np.array([plain["session"]], "datetime64[D]"),
        traded=np.array([[symbol in plain["prices"] for symbol in symbols]]),
        ends=np.array([bool(plain["ends"])]),
        **grids,
    )


def opening_to_plain(opening: Table, symbols: Sequence[str]) -> dict[str, Any]:
    """Return splits, dividends and exits by symbol, what is usual left out; `opening` is `(n_assets,)` of OPENING."""
    return {
        name: {symbol: cell for symbol, cell in zip(symbols, opening[name].tolist(), strict=True) if cell != usual}
        for name, usual in _USUAL.items()
    }


def opening_from_plain(plain: Mapping[str, Any], symbols: Sequence[str]) -> Table:
    """Return the opening that `opening_to_plain` told.

    Raises:
        KeyError: It lacks something.
        ValueError: A split is not above 0, a dividend is below it or not finite, or a symbol is unknown.
    """
    from tradewright.engine import state, tape  # noqa: PLC0415  # an agent's side needs no engine

    opening = state.table((len(symbols),), tape.OPENING, split=1.0)
    for name in _USUAL:
        for symbol, cell in plain[name].items():
            if symbol not in symbols:
                raise ValueError(f"symbol must be one of {', '.join(symbols)}, was {symbol}")
            value = cell if name == "exits" else float(cell)
            if name != "exits" and not (math.isfinite(value) and (value > 0.0 or (name, value) == ("dividend", 0.0))):
                raise ValueError(f"{name} of {symbol} must be finite and above 0, was {cell}")
            opening[name][symbols.index(symbol)] = value
    return opening


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number


def _sound(symbol: str, name: str, told: str | None) -> float:
    number = math.nan if told is None else float(told)
    if math.isnan(number) or (math.isfinite(number) and (number > 0.0 or (name, number) == ("volume", 0.0))):
        return number
    raise ValueError(f"{name} of {symbol} must be finite and above 0, was {told}")


def _times(text: str) -> np.ndarray[Any, Any]:
    return np.array([instant_of(text).replace(tzinfo=None)], "datetime64[ns]")
