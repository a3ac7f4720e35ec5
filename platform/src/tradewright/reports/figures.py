"""What an account earned, risked and paid between the first bar traded and some later bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.backtest import granted
from tradewright.engine.log import GRANTED
from tradewright.metrics import benchmarks, performance
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from datetime import date

    from tradewright.backtest import Backtest
    from tradewright.engine.state import Table
    from tradewright.values.arrays import FloatArray, IntArray, TimeArray


@attrs.frozen(kw_only=True)
class Performance:
    """Return and risk of one curve; fractions, None for what cannot be known.

    Attributes:
        total_return: Over the whole period.
        annual_return: Geometric, per 252 sessions; None for less than a year.
        volatility: Annual.
        sharpe: Annual, in excess of the cash rate.
        drawdown: Largest fall from a peak, at session closes.
        peak_on: Session of that peak.
        trough_on: Session of the lowest close after it.
        recovered_on: Session that reached the peak again, None when none did.
    """

    total_return: float | None
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    drawdown: float | None
    peak_on: date
    trough_on: date
    recovered_on: date | None


@attrs.frozen(kw_only=True)
class Costs:
    """What trading cost, in currency, >= 0; interest is what cash earned."""

    fees: float
    slippage: float
    borrow: float
    interest: float

    @property
    def total(self) -> float:
        """Fees, slippage and borrow together."""
        return self.fees + self.slippage + self.borrow


@attrs.frozen(kw_only=True)
class Figures:
    """One period of a run.

    Attributes:
        on: Session of each close, with the first one twice: the curves begin before it, `(n + 1,)`.
        nav: Net value of one unit, 1 at the beginning, `(n + 1,)`.
        held: The same of buy-and-hold at the average exposure, `(n + 1,)`.
        net: After costs.
        gross: Of the daily returns with that day's costs added back.
        buy_and_hold: Of equal parts of everything traded, bought at the first close; without costs.
        buy_and_hold_at_exposure: Of a constant fraction `exposure_net` of that, the rest in cash; without costs.
        costs: Paid in the period.
        equity: At the last close, in currency.
        equity_mean: Mean over the closes, in currency.
        capital: Granted by then, in currency.
        turnover: Per year; 1 is the whole account bought and sold.
        exposure_gross: Mean sum of absolute positions, a fraction of equity.
        exposure_net: Mean sum of signed positions, a fraction of equity.
        time_in_market: Fraction of closes with a position.
        fills: How many.
        trades: Round trips, flat to flat, per book and symbol.
        trades_open: Positions open at the end.
    """

    on: TimeArray = array_field("datetime64[D]")
    nav: FloatArray = array_field()
    held: FloatArray = array_field()
    net: Performance
    gross: Performance
    buy_and_hold: Performance
    buy_and_hold_at_exposure: Performance
    costs: Costs
    equity: float
    equity_mean: float
    capital: float
    turnover: float | None
    exposure_gross: float
    exposure_net: float
    time_in_market: float
    fills: int
    trades: int
    trades_open: int

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return len(self.on) - 1


def figures(ran: Backtest, stop: int) -> Figures:
    """Return the figures of bars `ran.start` to `stop - 1`; `stop` must end a session."""
    closes = session_closes(ran, stop)
    account = ran.trace.curve[closes, -1]
    fills = ran.trace.fills[ran.trace.fills.bar < stop]
    cash_rate = ran.settings.costs.cash_rate
    on = ran.bars.session[np.append(closes[0], closes)]
    nav = np.append(1.0, account.nav)
    exposure = fraction_of_equity(account.net, account.equity)
    bars = ran.bars.between(ran.start, stop)
    whole = benchmarks.buy_and_hold(benchmarks.marks(bars.close, bars.traded)[closes - ran.start], cash_rate)
    held = benchmarks.held_at(whole, exposure, cash_rate)
    trades, trades_open = round_trips(fills)
    return Figures(
        on=on,
        nav=nav,
        held=held,
        net=measured(nav, on, cash_rate),
        gross=measured(without_costs(nav, account, float(granted(ran.settings).sum())), on, cash_rate),
        buy_and_hold=measured(whole, on, cash_rate),
        buy_and_hold_at_exposure=measured(held, on, cash_rate),
        costs=paid(ran, fills, closes[-1]),
        equity=float(account.equity[-1]),
        equity_mean=float(account.equity.mean()),
        capital=capital_at(ran, stop),
        turnover=performance.turnover(float(np.abs(flows(ran, fills)).sum()), account.equity),
        exposure_gross=fraction_of_equity(account.gross, account.equity),
        exposure_net=exposure,
        time_in_market=float((account.gross > 0.0).mean()),
        fills=len(fills),
        trades=trades,
        trades_open=trades_open,
    )


def session_closes(ran: Backtest, stop: int) -> IntArray:
    """Return the last bar of each session from `ran.start` on, before `stop`."""
    session = ran.bars.session[ran.start : stop]
    return ran.start + np.flatnonzero(np.append(session[1:] != session[:-1], True))


def measured(values: FloatArray, on: TimeArray, cash_rate: float) -> Performance:
    """Return what one curve says."""
    fall = performance.max_drawdown(values)
    days = on.astype(object)
    return Performance(
        total_return=performance.total_return(values),
        annual_return=performance.annual_return(values),
        volatility=performance.volatility(values),
        sharpe=performance.sharpe(values, cash_rate),
        drawdown=fall.depth,
        peak_on=days[fall.peak],
        trough_on=days[fall.trough],
        recovered_on=None if fall.recovered is None else days[fall.recovered],
    )


def without_costs(nav: FloatArray, account: Table, capital: float) -> FloatArray:
    """Return the curve of daily returns with each day's costs added back, `(n + 1,)`."""
    equity_before = np.append(capital, account.equity[:-1])
    costs = np.diff(account.costs, prepend=0.0)
    added = np.divide(costs, equity_before, out=np.zeros_like(costs), where=equity_before > 0.0)
    curve: FloatArray = np.cumprod(np.append(1.0, 1.0 + performance.returns(nav) + added))
    return curve


def fraction_of_equity(notional: FloatArray, equity: FloatArray) -> float:
    """Return the mean of `notional / equity` over the closes at which there is equity, 0 without any."""
    known = equity > 0.0
    return float((notional[known] / equity[known]).mean()) if known.any() else 0.0


def flows(ran: Backtest, fills: Table) -> FloatArray:
    """Return the signed value of each fill, in currency: what a purchase takes from cash."""
    multiplier = np.array([one.multiplier for one in ran.bars.instruments])
    value: FloatArray = fills.quantity * fills.price * multiplier[fills.asset]
    return value


def paid(ran: Backtest, fills: Table, last: int) -> Costs:
    """Return what was paid up to and with bar `last`."""
    point = ran.trace.curve[last, -1]
    fees, slippage = float(fills.fee.sum()), float(fills.slippage.sum())
    borrow = _cleared(float(point.costs) - fees - slippage)
    return Costs(fees=fees, slippage=slippage, borrow=borrow, interest=float(point.interest))


def _cleared(amount: float) -> float:
    """Return the amount without what adding and subtracting large numbers left behind."""
    return round(amount, 6) + 0.0


def capital_at(ran: Backtest, stop: int) -> float:
    """Return the money granted to the books before bar `stop`, in currency."""
    events = ran.trace.events
    steps = events.money[(events.kind == GRANTED) & (events.bar < stop)]
    return float(granted(ran.settings).sum() + steps.sum())


def round_trips(fills: Table) -> tuple[int, int]:
    """Return how many positions were opened and closed again, and how many are open; per book and asset."""
    held: dict[tuple[int, int], float] = {}
    closed = 0
    for book, asset, quantity in zip(fills.book, fills.asset, fills.quantity, strict=True):
        # Added in the engine's order, so that its exact zero is met here as well.
        held[book, asset] = held.get((book, asset), 0.0) + quantity
        closed += bool(held[book, asset] == 0.0)
    return closed, sum(bool(quantity != 0.0) for quantity in held.values())
