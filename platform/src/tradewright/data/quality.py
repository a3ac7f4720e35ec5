"""Can these bars be true?  Every source's prices pass here before anything trades on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.data.actions import check_actions, told_splits
from tradewright.data.coverage import after_exit, ending, gaps, outside
from tradewright.data.findings import FINDINGS_MAX, FIX_NUMBER, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.sessions import Sessions
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars

ROUNDING = 1e-9
"""Relative: by so much a price may lie beyond its bar's high or low, because adjusting rounds each by itself."""

SPIKE = 1.4
"""A close by this factor above or below the close before is a spike, if the next bar goes back."""

SPIKE_BACK = 0.1
"""Relative: how near to the close before the spike the next one must be."""

_PRICES = ("open", "high", "low", "close")
_DATED = {"number", "price", "range", "volume", "action", "jump"}
"""Kinds whose message does not tell the day by itself."""


def check(bars: Bars, sessions: Sessions, ends_at: np.datetime64 | None = None) -> tuple[Finding, ...]:
    """Return everything that cannot be true of `bars`, oldest first, at most 21 of a kind per column.

    A finding of kind `gap` is the caller's choice: an error where gaps are refused, otherwise a warning, because the
    `traded` mask carries it.  One of kind `ratio` or `spike` is a warning.  Every other one makes the prices
    unusable.  Missing bars within a session are no gap: a quiet minute has no bar.

    Args:
        bars: Prices of instruments that all trade on one calendar.
        sessions: Sessions of that calendar, covering the bars.
        ends_at: Instant up to which every instrument should have bars, UTC; None for the last close of `bars`.

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
            for part in (_numbers, _ranges, _volume, check_actions, _spikes):
                found.extend(part(bars, asset))
        found.extend(outside(bars, asset, sessions))
        found.extend(after_exit(bars, asset))
        found.extend(gaps(bars, asset, sessions))
    found.extend(endings(bars, sessions, ends_at))
    found = [attrs.evolve(one, on=moment(bars, one.row)) if one.kind in _DATED else one for one in found]
    return tuple(sorted(found, key=lambda finding: -1 if finding.row is None else finding.row))


def moment(bars: Bars, row: int | None) -> str | None:
    """Return the day of a bar, and when it opened, in UTC, where its session has several."""
    if row is None:
        return None
    day = str(bars.session[row])
    alone = np.count_nonzero(bars.session == bars.session[row]) == 1
    return day if alone else f"{str(bars.opened_at[row].astype('datetime64[s]')).replace('T', ' ')} UTC"


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
    for row in _rows(traded & (high < low * (1 - ROUNDING))):
        message = f"high {high[row]:.10g} < low {low[row]:.10g}"
        yield Finding(kind="range", message=message, fix=fix, symbol=symbol, column="high", row=row)
    for name, value in (("open", open_), ("close", bars.close[:, asset])):
        beyond = (value > high * (1 + ROUNDING)) | (value < low * (1 - ROUNDING))
        for row in _rows(traded & (high >= low * (1 - ROUNDING)) & beyond):
            message = f"must be within [low {low[row]:.10g}, high {high[row]:.10g}], was {value[row]:.10g}"
            yield Finding(kind="range", message=message, fix=fix, symbol=symbol, column=name, row=row)


def marked(bars: Bars) -> tuple[Bars, tuple[Finding, ...]]:
    """Return the bars without those that cannot be true, not traded instead, and one finding for each of these.

    Only what is wrong within one bar counts: a price, a volume or a range.
    """
    if _is_sound(bars):
        return bars, ()
    bad = np.zeros_like(bars.traded)
    found: list[Finding] = []
    with np.errstate(invalid="ignore"):
        for asset in range(bars.n_assets):
            while True:  # Each look finds at most a screen of a kind.
                clean = attrs.evolve(bars, traded=bars.traded & ~bad)
                here = [one for part in (_numbers, _ranges, _volume) for one in part(clean, asset)]
                if not here:
                    break
                first = {one.row or 0: one for one in reversed(here)}
                bad[list(first), asset] = True
                found += [attrs.evolve(first[row], on=moment(bars, row)) for row in sorted(first)]
    if not found:
        return bars, ()
    columns = {name: getattr(bars, name) for name in (*_PRICES, "volume")}
    kept: dict[str, Any] = {name: np.where(bad, np.nan, of) for name, of in columns.items() if of is not None}
    return attrs.evolve(bars, traded=bars.traded & ~bad, **kept), tuple(found)


def _is_sound(bars: Bars) -> bool:
    """Say at one glance whether nothing within a bar is impossible: an agent asks it of every row."""
    where = bars.traded
    prices = [grid[where] for name in _PRICES if (grid := getattr(bars, name)) is not None]
    if not all(bool(((grid > 0) & (grid < np.inf)).all()) for grid in prices):
        return False
    if bars.volume is not None and not bool(((bars.volume[where] >= 0) & (bars.volume[where] < np.inf)).all()):
        return False
    if len(prices) < len(_PRICES):
        return True
    begin, high, low, close = prices
    top, bottom = high * (1 + ROUNDING), low * (1 - ROUNDING)
    inner = (begin <= top) & (begin >= bottom) & (close <= top) & (close >= bottom)
    return bool(((high >= bottom) & inner).all())


def rounded(bars: Bars) -> int:
    """Return how many bars have a price beyond their high or low by rounding, which is let pass."""
    if bars.open is None or bars.high is None or bars.low is None:
        return 0
    with np.errstate(invalid="ignore"):
        beyond = bars.high < bars.low
        for value in (bars.open, bars.close):
            beyond |= (value > bars.high) | (value < bars.low)
    wrong = {(one.symbol, one.row) for asset in range(bars.n_assets) for one in _ranges(bars, asset)}
    return int(np.count_nonzero(beyond & bars.traded)) - len(wrong)


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


def _spikes(bars: Bars, asset: int) -> Iterator[Finding]:
    """Find closes that leap away and are back at the next bar: a wrong price, more often than the market's."""
    close = bars.close[:, asset]
    rows = np.flatnonzero(bars.traded[:, asset] & (close > 0) & np.isfinite(close))
    level = np.log((close * np.cumprod(told_splits(bars, asset)))[rows])
    before, here, after = level[:-2], level[1:-1], level[2:]
    leapt = np.abs(here - before) >= np.log(SPIKE) * (1 - ROUNDING)
    back = np.abs(after - before) <= np.log1p(SPIKE_BACK) * (1 + ROUNDING)
    for place in _rows(leapt & back):
        row = int(rows[place + 1])
        move, prices = np.expm1(here[place] - before[place]), close[rows[place : place + 3]]
        shown = ", ".join(f"{price:.10g}" for price in prices)
        message = f"spike of {move:+.0%} on {moment(bars, row)}, gone at the next bar: {shown}"
        fix = "compare it with another source, and correct it or remove the bar"
        yield Finding(kind="spike", message=message, fix=fix, symbol=bars.symbols[asset], column="close", row=row)


def endings(bars: Bars, sessions: Sessions, ends_at: np.datetime64 | None = None) -> tuple[Finding, ...]:
    """Return a gap for each instrument whose bars end before the others do: nobody knows what it is worth since.

    Only sessions count that had closed by `ends_at`, or of which another instrument here has a bar.  The finding's
    row is that of the last bar.
    """
    if bars.n_bars == 0:
        return ()
    until = bars.closed_at[-1] if ends_at is None else ends_at
    return tuple(finding for asset in range(bars.n_assets) for finding in ending(bars, asset, sessions, until))
