"""Prices of several instruments on one grid of bars."""

from __future__ import annotations

from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from tradewright.values.arrays import array_field, read_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tradewright.values.arrays import BoolArray, FloatArray, IntArray, TimeArray
    from tradewright.values.instrument import Instrument

GRIDS = ("close", "traded", "open", "high", "low", "volume", "split", "dividend")
"""Fields of `Bars` with a number per bar and asset."""

Adjustment = Literal["none", "splits", "all"]


def utc(at: np.datetime64) -> datetime:
    """Return an instant of bars as an aware one in UTC, to the microsecond.

    >>> str(utc(np.datetime64("2026-03-02T21:00")))
    '2026-03-02 21:00:00+00:00'
    """
    moment: datetime = at.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def _carried(close: FloatArray) -> FloatArray:
    """Return the last close of each asset at each bar; infinite before the first, where nothing can be paid."""
    rows = np.where(np.isfinite(close), np.arange(len(close))[:, None], -1)
    latest = np.maximum.accumulate(rows, axis=0)
    last: FloatArray = np.take_along_axis(close, np.maximum(latest, 0), axis=0)
    return np.where(latest >= 0, last, np.inf)


def _last_of_each(session: TimeArray) -> BoolArray:
    """Return where the next row is of another session; the last row is the last of its own."""
    day, ends = session.view(np.int64), np.ones(len(session), bool)
    np.not_equal(day[1:], day[:-1], out=ends[:-1])
    ends.setflags(write=False)
    return ends


def _tuple(instruments: Iterable[Instrument]) -> tuple[Instrument, ...]:
    return tuple(instruments)


@attrs.frozen(kw_only=True)
class Bars:
    """Prices on a grid of bars, oldest first; a cell without a trade is NaN and `traded` is False there.

    Attributes:
        instruments: One per column, symbols unique.
        opened_at: Start of each bar, UTC, `(n_bars,)` datetime64[ns].
        closed_at: End of each bar, UTC, `(n_bars,)`, strictly increasing; deciding on bar t knows rows 0 to t.
        session: Exchange session each bar belongs to, `(n_bars,)` datetime64[D].
        close: Last price, `(n_bars, n_assets)`, > 0 where traded.
        traded: Where a bar exists, `(n_bars, n_assets)` bool.
        open: First price, or None for all three of open, high and low: nothing is invented.
        high: Highest price.
        low: Lowest price.
        volume: Units traded, >= 0, or None when the source has none.
        split: New units per old one, effective before the bar opens, 1 for none; or None when prices need none.
        dividend: Currency per new unit, paid to whoever held it before the bar opened, 0 for none; or None.
        adjustment: What the source has already folded into prices: `none`, `splits`, `all` (dividends too).
        ends: Where a session has its last bar, `(n_bars,)`; None for the last row of each.  A history that stops
            within a session tells it, since its last row ends nothing.
        closes_at: When the session of each bar closes by the calendar, UTC, `(n_bars,)`; None for the close of its
            last bar.

    >>> from tradewright.values.instrument import Instrument
    >>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
    >>> bars = Bars(instruments=(Instrument(symbol="SPY"),), opened_at=days, closed_at=days, session=days,
    ...             close=[[472.0], [468.0]], traded=[[True], [True]])
    >>> bars.n_bars, bars.symbols, bars.until(1).n_bars
    (2, ('SPY',), 1)
    """

    instruments: tuple[Instrument, ...] = attrs.field(converter=_tuple)
    opened_at: TimeArray = array_field("datetime64[ns]")
    closed_at: TimeArray = array_field("datetime64[ns]")
    session: TimeArray = array_field("datetime64[D]")
    close: FloatArray = array_field()
    traded: BoolArray = array_field("bool")
    open: FloatArray | None = array_field(optional=True)
    high: FloatArray | None = array_field(optional=True)
    low: FloatArray | None = array_field(optional=True)
    volume: FloatArray | None = array_field(optional=True)
    split: FloatArray | None = array_field(optional=True)
    dividend: FloatArray | None = array_field(optional=True)
    adjustment: Adjustment = "none"
    ends: BoolArray | None = array_field("bool", optional=True)
    closes_at: TimeArray | None = array_field("datetime64[ns]", optional=True)

    def __attrs_post_init__(self) -> None:
        shape = (len(self.closed_at), len(self.instruments))
        for name in GRIDS:
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"{name} must have shape (n_bars, n_assets) = {shape}, was {array.shape}")
        if len({self.open is None, self.high is None, self.low is None}) != 1:
            raise ValueError("open, high and low come together or not at all")
        if (self.split is None) != (self.dividend is None):
            raise ValueError("split and dividend come together or not at all")
        closed_at = self.closed_at.view(np.int64)  # Comparing times takes four times as long.
        if (closed_at[1:] <= closed_at[:-1]).any():
            raise ValueError("closed_at must be strictly increasing")

    @property
    def n_bars(self) -> int:
        """Number of rows."""
        return len(self.closed_at)

    @property
    def n_assets(self) -> int:
        """Number of columns."""
        return len(self.instruments)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbol of each column."""
        return tuple(instrument.symbol for instrument in self.instruments)

    @cached_property
    def session_ends(self) -> BoolArray:
        """Where a session has its last bar, `(n_bars,)`."""
        if self.ends is not None:
            return self.ends
        return _last_of_each(self.session)

    @cached_property
    def session_closes_at(self) -> TimeArray:
        """When the session of each bar closes, UTC, `(n_bars,)`."""
        if self.closes_at is not None:
            return self.closes_at
        ends = _last_of_each(self.session)
        return read_only(self.closed_at[ends][np.cumsum(ends) - ends], "datetime64[ns]")

    @cached_property
    def session_number(self) -> IntArray:
        """The number of each bar's session, from 0 on, `(n_bars,)`."""
        return read_only(np.cumsum(self.session_ends) - self.session_ends, "int64")

    @cached_property
    def exit_bar(self) -> IntArray:
        """The first bar on which each instrument is delisted, `(n_assets,)`; `n_bars` where there is none."""
        days = [one.delisted_on for one in self.instruments]
        bar = [self.n_bars if day is None else np.searchsorted(self.session, np.datetime64(day)) for day in days]
        return read_only(np.array(bar), "int64")

    def until(self, stop: int) -> Bars:
        """Return the first `stop` bars: what was known once bar `stop - 1` had closed."""
        return self.between(0, stop)

    def between(self, start: int, stop: int) -> Bars:
        """Return bars `start` to `stop - 1`."""
        fields = attrs.asdict(self, recurse=False)
        if 0 < stop < self.n_bars and not self.session_ends[stop - 1]:
            fields["ends"], fields["closes_at"] = self.session_ends, self.session_closes_at
        cut = {name: value[start:stop] for name, value in fields.items() if isinstance(value, np.ndarray)}
        return Bars(**{**fields, **cut})

    def adjusted(self) -> Bars:
        """Return prices adjusted forward, for whoever compares one bar with another.

        Each bar is multiplied by the splits so far and by `1 + dividend / close` of the ex-bars so far: the first bar
        is as traded, a return is that of holding and reinvesting, and no bar depends on a later one.  An ex-bar
        without a trade has the last close before it, in its own units.  Volumes are divided by the splits so far.
        """
        if self.split is None or self.dividend is None:
            return self
        splits = np.cumprod(self.split, axis=0)
        paid = np.where(self.dividend > 0.0, self.dividend, 0.0)
        last = _carried(self.close * splits) / splits  # In units of the bar: a split may fall on one without a trade.
        growth = splits * np.cumprod(1.0 + paid / last, axis=0)
        fields = attrs.asdict(self, recurse=False) | {"split": None, "dividend": None}
        for name, factor in (
            *((price, growth) for price in ("open", "high", "low", "close")),
            ("volume", 1.0 / splits),
        ):
            if fields[name] is not None:
                fields[name] = fields[name] * factor
        return Bars(**fields)

    def columns(self, symbols: Sequence[str]) -> list[int]:
        """Return the column of each of `symbols`.

        Raises:
            ValueError: One of them is not there.
        """
        known = self.symbols
        return [known.index(symbol) for symbol in symbols]

    def only(self, symbols: Sequence[str]) -> Bars:
        """Return the columns of `symbols`, in that order.

        Raises:
            ValueError: One of them is not there.
        """
        if tuple(symbols) == self.symbols:
            return self
        columns = self.columns(symbols)
        fields = attrs.asdict(self, recurse=False)
        grids = {name: value[:, columns] for name, value in fields.items() if getattr(value, "ndim", 0) == 2}
        return Bars(**{**fields, **grids, "instruments": tuple(self.instruments[i] for i in columns)})
