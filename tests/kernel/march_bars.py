"""Daily bars of two weeks of March 2026, the sessions that they belong to, and findings told shortly."""

from __future__ import annotations

from typing import Any

import numpy as np
from tradewright.data.findings import Finding
from tradewright.sessions import Sessions
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

# Two weeks of March 2026, Monday to Friday.
DAYS: Any = np.array([f"2026-03-{day:02}" for day in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13)], dtype="datetime64[D]")
HOUR: Any = np.timedelta64(1, "h")
OPENED_AT: Any = DAYS.astype("datetime64[ns]") + 14 * HOUR
WEEKS = Sessions(calendar="XNYS", date=DAYS, opened_at=OPENED_AT, closed_at=OPENED_AT + 6 * HOUR)


def instruments(*symbols: str) -> Any:
    return tuple(Instrument(symbol=symbol) for symbol in symbols)


def bars(close: list[float], *, rows: list[int] | None = None, **columns: Any) -> Bars:
    """Return daily bars of one instrument on the first sessions, or on those numbered `rows`."""
    at = np.arange(len(close)) if rows is None else np.array(rows)
    fields: dict[str, Any] = {
        "instruments": instruments("SPY"),
        "opened_at": OPENED_AT[at],
        "closed_at": OPENED_AT[at] + 6 * HOUR,
        "session": DAYS[at],
        "close": np.array(close)[:, np.newaxis],
        "traded": np.ones((len(close), 1), dtype=bool),
    }
    for name, values in columns.items():
        array = name in {"open", "high", "low", "volume"}
        fields[name] = np.array(values, dtype=float)[:, np.newaxis] if array else values
    return Bars(**fields)


def kinds(found: tuple[Finding, ...]) -> list[tuple[str, str, int | None]]:
    return [(finding.kind, finding.column, finding.row) for finding in found]
