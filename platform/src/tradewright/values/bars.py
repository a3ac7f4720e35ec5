"""Prices of several instruments on one grid of bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tradewright.values.arrays import BoolArray, FloatArray, TimeArray
    from tradewright.values.instrument import Instrument

Adjustment = Literal["none", "splits", "all"]


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
        adjustment: What the source has already folded into prices: `none`, `splits`, `all` (dividends too).

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
    adjustment: Adjustment = "none"

    def __attrs_post_init__(self) -> None:
        shape = (len(self.closed_at), len(self.instruments))
        for name in ("close", "traded", "open", "high", "low", "volume"):
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"{name} must have shape (n_bars, n_assets) = {shape}, was {array.shape}")
        if len({self.open is None, self.high is None, self.low is None}) != 1:
            raise ValueError("open, high and low come together or not at all")
        if np.any(np.diff(self.closed_at) <= np.timedelta64(0)):
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

    def until(self, stop: int) -> Bars:
        """Return the first `stop` bars: what was known once bar `stop - 1` had closed."""
        return self.between(0, stop)

    def between(self, start: int, stop: int) -> Bars:
        """Return bars `start` to `stop - 1`."""
        fields = attrs.asdict(self, recurse=False)
        cut = {name: value[start:stop] for name, value in fields.items() if isinstance(value, np.ndarray)}
        return Bars(**{**fields, **cut})

    def only(self, symbols: Sequence[str]) -> Bars:
        """Return the columns of `symbols`, in that order.

        Raises:
            ValueError: One of them is not there.
        """
        columns = [self.symbols.index(symbol) for symbol in symbols]
        fields = attrs.asdict(self, recurse=False)
        grids = {name: value[:, columns] for name, value in fields.items() if getattr(value, "ndim", 0) == 2}
        return Bars(**{**fields, **grids, "instruments": tuple(self.instruments[i] for i in columns)})
