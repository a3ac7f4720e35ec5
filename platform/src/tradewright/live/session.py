"""What an agent runs, as its ledger tells it: settings, versions, instruments; and all of it read back."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.errors import LedgerError
from tradewright.execute.budget import Budget
from tradewright.ledger.brief import prices_of
from tradewright.live.entries import ACTIONS, PRICES
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from tradewright.ledger.entry import Entry

_NEVER = {"traded": False, "split": 1.0, "dividend": 0.0}


def describe(
    bars: Bars, sessions_per_year: int, versions: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the body of a `session` entry.

    Args:
        bars: Of which instruments and columns the rows are.
        sessions_per_year: Of them.
        versions: Of everything that computes.
        config: The settings, as `Settings.as_table` tells them.
    """
    return {
        # As one text each: a ledger spells numbers that are no integers as text, and sorts keys, whose order tells
        # which rule comes first.
        "config": json.dumps(config),
        "versions": json.dumps(versions),
        "sessions_per_year": sessions_per_year,
        "instruments": [_spelled(attrs.asdict(one)) for one in bars.instruments],
        "columns": [name for name in (*PRICES, *(name for name, _ in ACTIONS)) if getattr(bars, name) is not None],
        "adjustment": bars.adjustment,
    }


def terms(budget: Budget, look_every: timedelta | None) -> dict[str, Any]:
    """Return what a `session` entry says of how often a venue is called; nothing of what has no limit.

    Args:
        budget: What the venue may be sent, its buckets full.
        look_every: How often the account is compared with the venue's word.
    """
    calls = {"size": budget.size, "per_second": budget.per_second} if math.isfinite(budget.size) else {}
    look = {} if look_every is None else {"look_seconds": look_every.total_seconds()}
    return {"calls": {**calls, **look}} if calls or look else {}


def terms_of(told: Mapping[str, Any]) -> tuple[Budget, timedelta | None]:
    """Return the full budget and the pace of comparisons that a session tells of."""
    calls = told.get("calls", {})
    budget = Budget(size=float(calls["size"]), per_second=float(calls["per_second"])) if "size" in calls else Budget()
    return budget, timedelta(seconds=float(calls["look_seconds"])) if "look_seconds" in calls else None


def config_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a session tells of, as `Settings.as_table` told them."""
    config: dict[str, Any] = json.loads(told["config"])
    return config


def nothing(told: Mapping[str, Any]) -> Bars:
    """Return bars without rows, of the instruments and columns that a session tells of."""
    instruments = [Instrument(**_numbers(one)) for one in told["instruments"]]
    empty = np.empty((0, len(instruments)))
    columns: dict[str, Any] = {name: empty for name in told["columns"] if name != "close"}
    times = np.empty(0, "datetime64[ns]")
    return Bars(
        instruments=instruments,
        opened_at=times,
        closed_at=times,
        session=np.empty(0, "datetime64[D]"),
        close=empty,
        traded=empty.astype(bool),
        adjustment=told["adjustment"],
        **columns,
    )


def rows_of(told: Iterable[Entry], like: Bars) -> Bars:
    """Return the bars that `row` entries tell of, each ending its session or not as it says.

    Args:
        told: In order.
        like: Instruments and columns.

    Raises:
        LedgerError: A row names a symbol that is not among them.
    """
    bodies = [entry.body for entry in told]
    columns = {symbol: column for column, symbol in enumerate(like.symbols)}
    shape = (len(bodies), like.n_assets)
    names = [name for name in (*PRICES, "split", "dividend") if getattr(like, name) is not None]
    grids = {name: np.full(shape, _NEVER.get(name, np.nan)) for name in names}
    traded = np.zeros(shape, bool)
    for number, body in enumerate(bodies):
        for symbol, prices in body["prices"].items():
            if symbol not in columns:
                raise LedgerError(f"a row has prices of {symbol}, which this session does not trade", key="row")
            traded[number, columns[symbol]] = True
            for name, price in prices_of(prices).items():
                grids[name][number, columns[symbol]] = float(price)
        for name, usual in ACTIONS:
            for symbol, value in body.get(name, {}).items():
                grids[name][number, columns[symbol]] = float(value) if value else usual
    # Ledgers write instants with a Z; numpy knows no zone, and has UTC here.
    closed_at = np.array([body["closed_at"].rstrip("Z") for body in bodies], "datetime64[ns]")
    return Bars(
        instruments=like.instruments,
        opened_at=(closed_at - _lengths(bodies, "seconds")).astype("datetime64[ns]"),
        closed_at=closed_at,
        session=np.array([body["session"] for body in bodies], "datetime64[D]"),
        traded=traded,
        adjustment=like.adjustment,
        ends=np.array([body.get("ends", False) for body in bodies], bool),
        closes_at=(closed_at + _lengths(bodies, "closes_in")).astype("datetime64[ns]"),
        **grids,
    )


def _lengths(bodies: list[dict[str, Any]], name: str) -> NDArray[np.timedelta64]:
    """Return lengths of time that rows tell in seconds, to the microsecond."""
    return np.array([round(float(body[name]) * 1_000_000) for body in bodies], "timedelta64[us]")


def _spelled(value: Any) -> Any:
    """Write what the canonical form does not know as text: days, and tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _spelled(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_spelled(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    """Read an instrument: numbers that are no integers stand as text in a ledger."""
    read = dict(told)
    for name in ("lot", "tick", "multiplier", "delisted_cash"):
        read[name] = float(read[name])
    if read.get("delisted_on"):
        read["delisted_on"] = date.fromisoformat(read["delisted_on"])
    return read
