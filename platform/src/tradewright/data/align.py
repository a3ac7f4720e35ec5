"""Several instruments on one grid of bars, and a range of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.errors import DataError, UsageError
from tradewright.values.bars import GRIDS, Bars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from tradewright.sessions import Sessions
    from tradewright.values.arrays import TimeArray


_ABSENT = {"traded": False, "split": 1.0, "dividend": 0.0}
"""What stands where an instrument has no bar; prices and volumes are NaN there."""


def join(parts: Sequence[Bars]) -> Bars:
    """Join bars onto one grid that holds every close of any part; `traded` says whose bar each row is.

    Columns keep the order of the parts.  Where an instrument has no bar, before it was listed for instance,
    its prices are NaN and `traded` is False.  When one part has closes only, so has the result, and likewise
    for volume: nothing is invented.  `opened_at` of a shared row is the earliest of its parts.

    Raises:
        DataError: Nothing to join, a symbol comes twice, adjustments differ, or bars that close at the same
            instant name different sessions.
    """
    _compatible(parts)
    if len(parts) == 1:
        return parts[0]
    closed_at = np.unique(np.concatenate([part.closed_at for part in parts]))
    rows = [np.searchsorted(closed_at, part.closed_at) for part in parts]
    optional = ("open", "high", "low", "volume")
    kept = [name for name in optional if all(getattr(part, name) is not None for part in parts)]
    if not {"open", "high", "low"} <= set(kept):
        kept = [name for name in kept if name == "volume"]
    if any(part.split is not None for part in parts):
        kept += ["split", "dividend"]
    fields: dict[str, Any] = {name: _spread(parts, rows, len(closed_at), name) for name in ("close", *kept)}
    fields["instruments"] = tuple(instrument for part in parts for instrument in part.instruments)
    return Bars(
        **fields,
        opened_at=_earliest(parts, rows, len(closed_at)),
        closed_at=closed_at,
        session=_sessions(parts, rows, closed_at),
        traded=_spread(parts, rows, len(closed_at), "traded"),
        adjustment=parts[0].adjustment,
    )


def merge_overlaps(bars: Bars) -> Bars:
    """Return `bars` with rows that overlap in time made one, which opens with the first and closes with the last.

    Where two exchanges are open at once, what is decided at the close of the one comes too late for the other's
    open, so both are decided on at the later close.  Each price stays its instrument's own.

    Raises:
        DataError: An instrument has two bars in such a row, or the row would hold two sessions.
    """
    # A row ends where nothing later has opened yet.
    opens_next = np.minimum.accumulate(bars.opened_at[::-1])[::-1][1:]
    starts = np.append(0, np.flatnonzero(opens_next >= bars.closed_at[:-1]) + 1)
    if len(starts) == bars.n_bars or bars.n_bars == 0:
        return bars
    last = np.append(starts[1:], bars.n_bars) - 1
    _refuse_overlaps(bars, starts, last)
    # At most one row of each group has a number that is not NaN; splits multiply and dividends add to themselves.
    reduce = {"traded": np.logical_or, "split": np.multiply, "dividend": np.add}
    merged: dict[str, Any] = {
        name: reduce.get(name, np.fmax).reduceat(array, starts, axis=0)
        for name in GRIDS
        if (array := getattr(bars, name)) is not None
    }
    opened_at = np.minimum.reduceat(bars.opened_at, starts)
    return attrs.evolve(
        bars,
        opened_at=opened_at,
        closed_at=bars.closed_at[last],
        session=bars.session[last],
        ends=None,
        closes_at=None,
        **merged,
    )


def with_planned_closes(bars: Bars, calendars: Sequence[Sessions]) -> Bars:
    """Return bars that know when their sessions close by the calendars, the latest one where several trade.

    A bar whose session no calendar has keeps the close of the session's last bar.
    """
    closes_at = bars.session_closes_at.copy()
    planned = np.zeros(bars.n_bars, dtype=bool)
    for calendar in calendars:
        at = np.minimum(np.searchsorted(calendar.date, bars.session), len(calendar) - 1)
        known = calendar.date[at] == bars.session
        later = known & (~planned | (calendar.closed_at[at] > closes_at))
        closes_at[later] = calendar.closed_at[at][later]
        planned |= known
    return attrs.evolve(bars, closes_at=closes_at)


def select(bars: Bars, first_on: date | None = None, last_on: date | None = None) -> Bars:
    """Return the bars of sessions `first_on` to `last_on`, both included; None leaves that end open.

    Raises:
        UsageError: The range is empty.
    """
    first = bars.session[:1].astype(object)[0] if first_on is None and bars.n_bars else first_on
    last = bars.session[-1:].astype(object)[0] if last_on is None and bars.n_bars else last_on
    if first_on is not None and last_on is not None and first_on > last_on:
        fix = "swap the two days"
        raise UsageError(f"empty range: {first_on} is after {last_on}", key="first_on", fix=fix)
    wanted = np.ones(bars.n_bars, dtype=bool)
    if first is not None and last is not None:
        wanted = (bars.session >= np.datetime64(first)) & (bars.session <= np.datetime64(last))
    rows = np.flatnonzero(wanted)
    if rows.size == 0:
        covered = f"{bars.session[0]} to {bars.session[-1]}" if bars.n_bars else "nothing"
        message = f"empty range: no bar of {', '.join(bars.symbols)} from {first} to {last}"
        raise UsageError(message, key="first_on", fix=f"choose days within what the data covers: {covered}")
    # Sessions never go back, so the wanted rows lie together.
    return bars.between(int(rows[0]), int(rows[-1]) + 1)


def _compatible(parts: Sequence[Bars]) -> None:
    if not parts:
        raise DataError("no bars to join", fix="name at least one symbol")
    symbols = [symbol for part in parts for symbol in part.symbols]
    twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if twice:
        raise DataError(f"listed twice: {', '.join(twice)}", key="symbols", fix="name each symbol once")
    adjustments = sorted({part.adjustment for part in parts})
    if len(adjustments) > 1:
        found = ", ".join(f"{'/'.join(part.symbols)}: {part.adjustment}" for part in parts)
        fix = "take all of them with the same adjustment"
        raise DataError(f"adjustments differ ({found})", key="adjustment", fix=fix)


def _refuse_overlaps(bars: Bars, starts: NDArray[np.intp], last: NDArray[np.intp]) -> None:
    twice = np.argwhere(np.add.reduceat(bars.traded, starts, axis=0, dtype=np.int64) > 1)
    if len(twice):
        group, asset = twice[0]
        closed_at = bars.closed_at[starts[group]]
        fix = "trade feeds of different bar lengths in runs of their own"
        raise DataError(f"{bars.symbols[asset]} has several bars that longer ones overlap, at {closed_at}", fix=fix)
    mixed = np.flatnonzero(bars.session[starts] != bars.session[last])
    if len(mixed):
        first, final = starts[mixed[0]], last[mixed[0]]
        message = f"bars of sessions {bars.session[first]} and {bars.session[final]} overlap"
        raise DataError(f"{message} at {bars.closed_at[first]}", fix="trade these feeds in runs of their own")


def _spread(parts: Sequence[Bars], rows: list[NDArray[np.intp]], n_bars: int, name: str) -> NDArray[Any]:
    fill = _ABSENT.get(name, np.nan)
    blocks = []
    for part, row in zip(parts, rows, strict=True):
        block = np.full((n_bars, part.n_assets), fill)
        values = getattr(part, name)
        if values is not None:
            block[row] = values
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def _earliest(parts: Sequence[Bars], rows: list[NDArray[np.intp]], n_bars: int) -> TimeArray:
    opened_at = np.full(n_bars, np.iinfo(np.int64).max).astype("datetime64[ns]")
    for part, row in zip(parts, rows, strict=True):
        opened_at[row] = np.minimum(opened_at[row], part.opened_at)
    return opened_at


def _sessions(parts: Sequence[Bars], rows: list[NDArray[np.intp]], closed_at: TimeArray) -> TimeArray:
    session = np.full(len(closed_at), np.datetime64("NaT"), dtype="datetime64[D]")
    for part, row in zip(parts, rows, strict=True):
        clash = ~np.isnat(session[row]) & (session[row] != part.session)
        if clash.any():
            at = int(np.flatnonzero(clash)[0])
            found = f"{session[row[at]]} and {part.session[at]} ({', '.join(part.symbols)})"
            fix = "keep these two in separate strategies"
            raise DataError(f"bars closing at {part.closed_at[at]} name sessions {found}", fix=fix)
        session[row] = part.session
    return session
