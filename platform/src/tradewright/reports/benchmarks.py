"""What a run is compared with: everything it traded, the symbol that the file names, and cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import numpy as np

from tradewright.metrics import benchmarks
from tradewright.reports.tree.curves import Late

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, IntArray, TimeArray
    from tradewright.values.bars import Bars


class Market(NamedTuple):
    """Equal parts of everything traded.

    Attributes:
        curve: Value of one unit, `(n + 1,)`.
        late: Symbols whose part waited in cash.
        in_cash: Mean fraction that waited until the last of them began, None when none did.
    """

    curve: FloatArray
    late: tuple[Late, ...]
    in_cash: float | None


class Beside(NamedTuple):
    """The symbol that the file calls its benchmark.

    Attributes:
        curve: Value of one unit, `(n + 1,)`.
        symbol: Its name.
        first_on: Session of the first close at which it had a price.
        last_on: Its own last session.
    """

    curve: FloatArray
    symbol: str
    first_on: date | None
    last_on: date | None

    @property
    def facts(self) -> dict[str, Any]:
        """All but the curve."""
        return {name: getattr(self, name) for name in self._fields if name != "curve"}


def market(ran: Record, stop: int, closes: IntArray) -> Market:
    """Return what the symbols traded would have earned from `ran.start` to bar `stop - 1`.

    Args:
        ran: The run.
        stop: A bar that ends a session.
        closes: Last bar of each session, `(n,)`.
    """
    bars = with_exits(ran.bars.between(ran.start, stop)).adjusted()
    mark = benchmarks.marks(bars.close, bars.traded)[closes - ran.start]
    rate, year = ran.settings.costs.cash_rate, {"sessions_per_year": ran.sessions_per_year}
    late = _late(mark, bars.symbols, ran.bars.session[closes])
    waited = benchmarks.waiting(mark, rate, **year)
    waited = waited[waited > 0.0]
    return Market(
        curve=benchmarks.buy_and_hold(mark, rate, **year),
        late=late,
        in_cash=float(waited.mean()) if late and len(waited) else None,
    )


def _late(mark: FloatArray, symbols: Sequence[str], on: TimeArray) -> tuple[Late, ...]:
    """Return the symbols without a mark at the first close, and where each has its first one."""
    known = ~np.isnan(mark)
    return tuple(
        Late(symbol=symbol, first_on=on[known[:, i].argmax()].item() if known[:, i].any() else None)
        for i, symbol in enumerate(symbols)
        if not known[0, i]
    )


def beside(ran: Record, closes: IntArray) -> Beside | None:
    """Return what the benchmark would have earned, at its last known price at each close; None without one."""
    symbol = ran.settings.benchmark
    if symbol is None:
        return None
    (bars,) = (feed.bars.only((symbol,)) for feed in ran.feeds if feed.name == ran.settings.benchmark_feed)
    at, on = ran.bars.closed_at[closes], ran.bars.session[closes]
    mark = _marks_at(bars, at, on)
    own = bars.session[bars.traded[:, 0] & (bars.closed_at <= at[-1])]
    known = on[~np.isnan(mark)]
    return Beside(
        curve=benchmarks.buy_and_hold(
            mark[:, None], ran.settings.costs.cash_rate, sessions_per_year=ran.sessions_per_year
        ),
        symbol=symbol,
        first_on=known[0].item() if len(known) else None,
        last_on=own[-1].item() if len(own) else None,
    )


def _marks_at(bars: Bars, at: TimeArray, on: TimeArray) -> FloatArray:
    """Return the last close known at each instant, splits and dividends counted, NaN before the first, `(n,)`."""
    adjusted = bars.adjusted()
    known = benchmarks.marks(adjusted.close, adjusted.traded)[:, 0]
    mark: FloatArray = np.append(np.nan, known)[np.searchsorted(bars.closed_at, at, side="right")]
    rows, (one,) = np.flatnonzero(bars.traded[:, 0]), bars.instruments
    if one.delisted_on is not None and len(rows):
        # No bar is of that day or later, so its own prices cannot tell what it was exchanged for.
        growth = known[rows[-1]] / bars.close[rows[-1], 0]
        mark = np.where(on >= np.datetime64(one.delisted_on), one.delisted_cash * growth, mark)
    return mark


def with_exits(bars: Bars) -> Bars:
    """Return the bars with each delisting told as a last close at its cash, as holding it would have been worth."""
    if not (bars.exit_bar < bars.n_bars).any():
        return bars
    close, traded = bars.close.copy(), bars.traded.copy()
    for asset, row in enumerate(bars.exit_bar.tolist()):
        if row < bars.n_bars and traded[:row, asset].any():
            close[row, asset], traded[row, asset] = bars.instruments[asset].delisted_cash, True
    return attrs.evolve(bars, close=close, traded=traded)
