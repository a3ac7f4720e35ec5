"""Can these bars be true?  Every source's prices pass here before anything trades on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.sessions import Sessions
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars

FINDINGS_MAX = 21
"""Findings reported of one kind, column and instrument: a screen of twenty, and one to know there are more."""

JUMP_FALL = 0.10
"""A close at or below this share of the close before, a fall of 90 %, is a suspected split."""

JUMP_RISE = 10.0
"""A close at or above this multiple of the close before, a rise of 900 %, is a suspected reverse split."""

SPLIT_RATIOS = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
"""Splits that are made, and too small to be impossible as a move of the market."""

SPLIT_SLACK = 0.03
"""Relative: how far the market itself may have moved over the night of a split."""

_EQUAL = 1e-9  # Relative: 2.3 to 0.23 is a fall of exactly 90 %, whatever the last bit says.
_PRICES = ("open", "high", "low", "close")

FIX_NUMBER = "write a plain decimal such as 1234.5: no thousands separator, no decimal comma, no blank"
FIX_SESSION = "remove the row, or name the calendar and the time zone that it belongs to"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is wrong with prices.

    Attributes:
        kind: `number`, `price`, `range`, `volume`, `action`, `session`, `gap`, `jump` or `ratio`; of files also
            `row`, `date`, `time-zone`, `duplicate`, `order`, `calendar` and `bar`.
        message: What was expected and what was found.
        fix: What to do about it.
        symbol: Instrument at fault.
        column: Column at fault: `close`, `date`, ...
        row: Row of the bars, from 0; None once the bars could not be built.
        file: File at fault, when there is one.
        line: Line in that file, from 1; in Parquet, which has no lines, the row, from 1.

    >>> finding = Finding(kind="price", message="must be > 0, was 0.0", fix="remove it", symbol="SPY",
    ...                   column="close", file="spy.csv", line=91)
    >>> str(finding.error())
    'spy.csv:91: close: must be > 0, was 0.0'
    """

    kind: str
    message: str
    fix: str
    symbol: str
    column: str
    row: int | None = None
    file: str | None = None
    line: int | None = None

    @property
    def fatal(self) -> bool:
        """Whether the prices cannot be used: a gap can be marked, and a ratio may be the market's own move."""
        return self.kind not in {"gap", "ratio"}

    def error(self) -> DataError:
        """Return the finding as an error to raise; without a file, its key names the symbol."""
        key = self.column if self.file is not None else f"{self.symbol}.{self.column}"
        return DataError(self.message, file=self.file, line=self.line, key=key, fix=self.fix)


def check(bars: Bars, sessions: Sessions) -> tuple[Finding, ...]:
    """Return everything that cannot be true of `bars`, oldest first, at most 21 of a kind per column.

    A finding of kind `gap` is the caller's choice: an error where gaps are refused, otherwise a warning, because the
    `traded` mask carries it.  One of kind `ratio` is a warning.  Every other one makes the prices unusable.  Missing
    bars within a session are no gap: a quiet minute has no bar.

    Args:
        bars: Prices of instruments that all trade on one calendar.
        sessions: Sessions of that calendar, covering the bars.

    >>> from tradewright.sessions import Sessions
    >>> from tradewright.values.bars import Bars
    >>> from tradewright.values.instrument import Instrument
    >>> days = np.arange("2024-01-01", "2024-01-04", dtype="datetime64[D]")
    >>> week = Sessions(calendar="24/7", date=days, opened_at=days, closed_at=days + np.timedelta64(1, "D"))
    >>> bars = Bars(instruments=(Instrument(symbol="BTC"),), opened_at=week.opened_at, session=week.date,
    ...             closed_at=week.closed_at, close=[[100.0], [10.0], [0.0]], traded=[[True]] * 3)
    >>> [(finding.kind, finding.row) for finding in check(bars, week)]
    [('jump', 1), ('price', 2)]
    """
    found: list[Finding] = []
    for asset in range(bars.n_assets):
        # Not-a-number compares false throughout: only the check of numbers sees it.
        with np.errstate(invalid="ignore"):
            for part in (_numbers, _ranges, _volume, _actions, _jumps, _ratios):
                found.extend(part(bars, asset))
        found.extend(_outside(bars, asset, sessions))
        found.extend(_gaps(bars, asset, sessions))
    return tuple(sorted(found, key=lambda finding: -1 if finding.row is None else finding.row))


def _rows(mask: BoolArray) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)[:FINDINGS_MAX]]


def _column(bars: Bars, name: str, asset: int) -> FloatArray | None:
    values: FloatArray | None = getattr(bars, name)
    return None if values is None else values[:, asset]


def _numbers(bars: Bars, asset: int) -> Iterator[Finding]:
    symbol, traded = bars.symbols[asset], bars.traded[:, asset]
    for name in _PRICES:
        values = _column(bars, name, asset)
        if values is None:
            continue
        for row in _rows(traded & ~np.isfinite(values)):
            message = f"not a number, was {values[row]:g}"
            yield Finding(kind="number", message=message, fix=FIX_NUMBER, symbol=symbol, column=name, row=row)
        for row in _rows(traded & (values <= 0) & np.isfinite(values)):
            message, fix = f"must be > 0, was {values[row]:g}", "remove the bar, or correct the price"
            yield Finding(kind="price", message=message, fix=fix, symbol=symbol, column=name, row=row)


def _ranges(bars: Bars, asset: int) -> Iterator[Finding]:
    open_, high, low = (_column(bars, name, asset) for name in ("open", "high", "low"))
    if open_ is None or high is None or low is None:
        return
    symbol, traded = bars.symbols[asset], bars.traded[:, asset]
    fix = "correct the bar, or take it from another source"
    for row in _rows(traded & (high < low)):
        message = f"high {high[row]:.10g} < low {low[row]:.10g}"
        yield Finding(kind="range", message=message, fix=fix, symbol=symbol, column="high", row=row)
    for name, value in (("open", open_), ("close", bars.close[:, asset])):
        for row in _rows(traded & (high >= low) & ((value > high) | (value < low))):
            message = f"must be within [low {low[row]:.10g}, high {high[row]:.10g}], was {value[row]:.10g}"
            yield Finding(kind="range", message=message, fix=fix, symbol=symbol, column=name, row=row)


def _volume(bars: Bars, asset: int) -> Iterator[Finding]:
    values = _column(bars, "volume", asset)
    if values is None:
        return
    symbol, traded = bars.symbols[asset], bars.traded[:, asset]
    for row in _rows(traded & ~np.isfinite(values)):
        message = f"not a number, was {values[row]:g}"
        yield Finding(kind="number", message=message, fix=FIX_NUMBER, symbol=symbol, column="volume", row=row)
    for row in _rows(traded & (values < 0) & np.isfinite(values)):
        message, fix = f"must be >= 0, was {values[row]:g}", "correct the volume, or leave the column out"
        yield Finding(kind="volume", message=message, fix=fix, symbol=symbol, column="volume", row=row)


def _actions(bars: Bars, asset: int) -> Iterator[Finding]:
    symbol = bars.symbols[asset]
    for name, least in (("split", "> 0"), ("dividend", ">= 0")):
        values = _column(bars, name, asset)
        if values is None:
            continue
        wrong = ~np.isfinite(values) | (values < 0) | ((values == 0) & (name == "split"))
        for row in _rows(wrong):
            message, fix = f"must be {least}, was {values[row]:g}", "correct the action, or leave the cell empty"
            yield Finding(kind="action", message=message, fix=fix, symbol=symbol, column=name, row=row)


def _jumps(bars: Bars, asset: int) -> Iterator[Finding]:
    if bars.adjustment != "none":
        return
    rows = np.flatnonzero(bars.traded[:, asset] & (bars.close[:, asset] > 0))
    written = close = bars.close[rows, asset]
    if bars.split is not None:
        close = close * np.cumprod(bars.split[:, asset])[rows]
    fall = close[1:] <= JUMP_FALL * (1 + _EQUAL) * close[:-1]
    rise = close[1:] >= JUMP_RISE * (1 - _EQUAL) * close[:-1]
    fix = "supply the split as an action, or use split-adjusted prices and declare adjustment"
    for step in _rows(fall | rise):
        row, move = int(rows[step + 1]), close[step + 1] / close[step] - 1
        known = "" if bars.split is None or bars.split[row, asset] == 1.0 else " after its split"
        message = f"suspected split: {written[step]:.10g} to {written[step + 1]:.10g} ({move:+.0%}{known})"
        yield Finding(kind="jump", message=message, fix=fix, symbol=bars.symbols[asset], column="close", row=row)


def _ratios(bars: Bars, asset: int) -> Iterator[Finding]:
    if bars.adjustment != "none":
        return
    close = bars.close[:, asset]
    rows = np.flatnonzero(bars.traded[:, asset] & (close > 0))
    first = close if bars.open is None else bars.open[:, asset]
    before, after = close[rows[:-1]], first[rows[1:]]
    # A split takes effect between two sessions, and one that was told needs no guess.
    open_to = bars.session[rows[1:]] != bars.session[rows[:-1]]
    if bars.split is not None:
        open_to &= bars.split[rows[1:], asset] == 1.0
    for ratio in SPLIT_RATIOS:
        for step in _rows(open_to & (np.abs(before / after / ratio - 1) <= SPLIT_SLACK + _EQUAL)):
            yield _ratio(bars, asset, int(rows[step + 1]), f"{ratio:g}:1 split", before[step], after[step])
        for step in _rows(open_to & (np.abs(after / before / ratio - 1) <= SPLIT_SLACK + _EQUAL)):
            yield _ratio(bars, asset, int(rows[step + 1]), f"1:{ratio:g} reverse split", before[step], after[step])


def _ratio(bars: Bars, asset: int, row: int, guess: str, before: float, after: float) -> Finding:
    message = f"looks like a {guess} on {bars.session[row]}: {before:.10g} to {after:.10g} overnight"
    fix = "supply the split as an action, or use split-adjusted prices and declare adjustment"
    return Finding(kind="ratio", message=message, fix=fix, symbol=bars.symbols[asset], column="close", row=row)


def _outside(bars: Bars, asset: int, sessions: Sessions) -> Iterator[Finding]:
    place = np.minimum(np.searchsorted(sessions.date, bars.session), len(sessions) - 1)
    inside = (
        (sessions.date[place] == bars.session)
        & (bars.opened_at >= sessions.opened_at[place])
        & (bars.closed_at <= sessions.closed_at[place])
    )
    for row in _rows(bars.traded[:, asset] & ~inside):
        message = f"not a session time of {sessions.calendar}: {bars.session[row]}"
        symbol = bars.symbols[asset]
        yield Finding(kind="session", message=message, fix=FIX_SESSION, symbol=symbol, column="date", row=row)


def _gaps(bars: Bars, asset: int, sessions: Sessions) -> Iterator[Finding]:
    rows = np.flatnonzero(bars.traded[:, asset])
    if rows.size == 0:
        return
    held = bars.session[rows]
    expected = sessions.date[(sessions.date >= held[0]) & (sessions.date <= held[-1])]
    missing = np.flatnonzero(~np.isin(expected, held))
    holes = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1) if missing.size else []
    for hole in holes[:FINDINGS_MAX]:
        first, last = expected[hole[0]], expected[hole[-1]]
        after = int(rows[np.searchsorted(held, last)])
        message = f"gap {_span(str(first), str(last))}: no bar in {len(hole)} of {sessions.calendar}'s sessions"
        fix = 'fill the hole from another source, or accept it with gaps = "mark"'
        symbol = bars.symbols[asset]
        yield Finding(kind="gap", message=message, fix=fix, symbol=symbol, column="date", row=after)


def _span(first: str, last: str) -> str:
    """Write a range of days shortly.

    >>> _span("2026-03-02", "2026-03-06"), _span("2026-03-02", "2026-04-01")
    ('2026-03-02..06', '2026-03-02..2026-04-01')
    """
    if first == last:
        return first
    same_month = first[:8] == last[:8]
    return f"{first}..{last[8:] if same_month else last}"
