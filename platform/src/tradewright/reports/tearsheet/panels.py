"""The numbers behind every chart and list of a tearsheet, ready to be drawn; nothing here knows of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.metrics.drawdowns import drawdowns
from tradewright.metrics.sharpe import rolling_sharpe
from tradewright.metrics.trades import round_trips
from tradewright.reports.accounts import curve_of, session_closes
from tradewright.reports.executions import executions
from tradewright.reports.tearsheet.contributions import contributions
from tradewright.reports.tearsheet.interventions import interventions
from tradewright.reports.tearsheet.profits import positions
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from tradewright.reports.figures import Figures
    from tradewright.reports.summary import Summary
    from tradewright.reports.tearsheet.contributions import Contributions
    from tradewright.reports.tearsheet.interventions import Interventions
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, IntArray, TimeArray

SAMPLES_MAX = 1_100
"""Points of a stack of many areas: about a week each in 20 years, and finer than a screen can show."""

TRIPS_MAX = 2_000
"""Rows of the table of trades; the newest are shown."""


@attrs.frozen(kw_only=True)
class Curves:
    """Values of one unit, and how far they stood below their peaks.

    Attributes:
        on: Session of each close, the first one twice, `(n + 1,)`.
        net: After all costs.
        gross: With each day's costs added back.
        market: Buy and hold, without costs.
        held: Buy and hold at the average exposure, without costs.
        cash: Cash at `risk_free`.
        beside: The file's benchmark, without costs; None without one.
        benchmark: Its symbol.
        fall: Of `net` below its peak, a fraction <= 0.
        market_fall: Of `market`.
    """

    on: TimeArray = array_field("datetime64[D]")
    net: FloatArray = array_field()
    gross: FloatArray = array_field()
    market: FloatArray = array_field()
    held: FloatArray = array_field()
    cash: FloatArray = array_field()
    beside: FloatArray | None = array_field(optional=True)
    benchmark: str | None = None
    fall: FloatArray = array_field()
    market_fall: FloatArray = array_field()


@attrs.frozen(kw_only=True)
class SharpeWindows:
    """Annual Sharpe ratios of windows of `window` sessions, with their 95 % band; arrays of one length."""

    window: int
    on: TimeArray = array_field("datetime64[D]")
    value: FloatArray = array_field()
    low: FloatArray = array_field()
    high: FloatArray = array_field()


@attrs.frozen(kw_only=True)
class Exposure:
    """What was held, at some closes.

    Attributes:
        on: Session of each close, `(k,)`.
        symbols: What was ever held, the largest mean absolute weight first.
        weights: Signed fractions of the account's equity, `(k, n_symbols)`.
        net: Their sum, `(k,)`.
    """

    on: TimeArray = array_field("datetime64[D]")
    symbols: tuple[str, ...]
    weights: FloatArray = array_field()
    net: FloatArray = array_field()


@attrs.frozen(kw_only=True)
class Costs:
    """What had been paid by each session's close, in currency, >= 0; arrays of one length."""

    on: TimeArray = array_field("datetime64[D]")
    fees: FloatArray = array_field()
    slippage: FloatArray = array_field()
    borrow: FloatArray = array_field()


@attrs.frozen(kw_only=True)
class Trip:
    """A round trip, flat to flat; money in currency, after fees, dividends included."""

    book: str
    symbol: str
    side: str
    opened_on: str
    closed_on: str
    sessions: int
    invested: float
    profit: float

    @property
    def of_invested(self) -> float | None:
        """Profit as a fraction of what was invested, None of nothing."""
        return self.profit / self.invested if self.invested else None


@attrs.frozen(kw_only=True)
class Panels:
    """Everything that a tearsheet draws; `trips` are the newest `TRIPS_MAX` of `n_trips`, newest first."""

    curves: Curves
    sharpe: SharpeWindows
    exposure: Exposure
    contributions: Contributions
    costs: Costs
    interventions: Interventions
    trips: tuple[Trip, ...]
    n_trips: int


def panels(ran: Record, summary: Summary) -> Panels:
    """Return what a tearsheet draws, over the bars that the summary's figures cover."""
    figures = summary.figures
    stop = 1 + int(np.flatnonzero(ran.bars.session <= figures.on[-1])[-1])
    trips, n_trips = _trips(ran, stop)
    return Panels(
        curves=_curves(figures),
        sharpe=_sharpe(figures),
        exposure=_exposure(ran, stop),
        contributions=contributions(ran, stop),
        costs=_costs(ran, stop),
        interventions=interventions(ran, summary.halts),
        trips=trips,
        n_trips=n_trips,
    )


def thinned(n: int) -> IntArray:
    """Return the rows to draw of `n`, evenly spaced, at most `SAMPLES_MAX` and the last one.

    >>> len(thinned(1_100)), thinned(5_000)[:3].tolist(), int(thinned(5_000)[-1])
    (1100, [0, 5, 10], 4999)
    """
    return np.unique(np.append(np.arange(0, n, -(-n // SAMPLES_MAX)), n - 1))


def _curves(figures: Figures) -> Curves:
    return Curves(
        on=figures.on,
        net=figures.nav,
        gross=figures.nav_gross,
        market=figures.market,
        held=figures.held,
        cash=figures.cash,
        beside=figures.beside,
        benchmark=None if figures.chosen is None else figures.chosen.symbol,
        fall=-drawdowns(figures.nav),
        market_fall=-drawdowns(figures.market),
    )


def _sharpe(figures: Figures) -> SharpeWindows:
    window = figures.rolling.window
    found = rolling_sharpe(figures.nav, figures.risk_free, window, sessions_per_year=figures.sessions_per_year)
    return SharpeWindows(window=window, on=figures.on[found.rows], value=found.value, low=found.low, high=found.high)


def _exposure(ran: Record, stop: int) -> Exposure:
    closes = session_closes(ran, stop)
    kept = thinned(len(closes))
    closes, equity = closes[kept], curve_of(ran, stop).equity[kept]
    value = np.zeros((len(closes), ran.bars.n_assets))
    for (_, asset), position in positions(ran, stop).items():
        value[:, asset] += position.value(closes)
    weights = np.divide(value, equity[:, None], out=np.zeros_like(value), where=equity[:, None] > 0.0)
    order = [i for i in np.argsort(-np.abs(weights).mean(axis=0), kind="stable") if weights[:, i].any()]
    return Exposure(
        on=ran.bars.session[closes],
        symbols=tuple(ran.bars.symbols[i] for i in order),
        weights=weights[:, order],
        net=weights.sum(axis=1),
    )


def _costs(ran: Record, stop: int) -> Costs:
    on, curve = ran.bars.session[session_closes(ran, stop)], curve_of(ran, stop)
    return Costs(on=on, fees=curve.fees, slippage=curve.slippage, borrow=curve.borrow)


def _trips(ran: Record, stop: int) -> tuple[tuple[Trip, ...], int]:
    found = round_trips(*executions(ran, stop)[:5])
    session = ran.bars.session
    number = ran.bars.session_number
    newest = range(len(found.profit) - 1, max(len(found.profit) - 1 - TRIPS_MAX, -1), -1)
    rows = tuple(
        Trip(
            book=ran.books[found.key[i] // ran.bars.n_assets],
            symbol=ran.bars.symbols[found.key[i] % ran.bars.n_assets],
            side="long" if found.side[i] > 0 else "short",
            opened_on=str(session[found.opened[i]]),
            closed_on=str(session[found.closed[i]]),
            sessions=int(number[found.closed[i]] - number[found.opened[i]]),
            invested=float(found.invested[i]),
            profit=float(found.profit[i]),
        )
        for i in newest
    )
    return rows, len(found.profit)
