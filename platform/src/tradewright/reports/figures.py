"""What an account earned, risked and paid between the first bar traded and some later bar."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.metrics import activity
from tradewright.metrics.benchmarks import held_at
from tradewright.reports.accounts import capital_at, costs_of, curve_of, fills_of, paid, session_closes
from tradewright.reports.benchmarks import beside, market
from tradewright.reports.executions import executions
from tradewright.reports.measures import measured, related, rolling
from tradewright.reports.plain import fields, money
from tradewright.reports.strategies import strategies
from tradewright.reports.trading import lots, shorts, trades
from tradewright.reports.tree.curves import BuyAndHold, Cash, Chosen
from tradewright.sentence.wiring import divide_capital
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from tradewright.engine.state import Table
    from tradewright.reports.accounts import Costs
    from tradewright.reports.tree.curves import Performance, Relative, Rolling
    from tradewright.reports.tree.part import Lots, Shorts, Strategy, Trades
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, TimeArray


@attrs.frozen(kw_only=True)
class Figures:
    """One period of a run.

    Attributes:
        on: Session of each close, with the first one twice: the curves begin before it, `(n + 1,)`.
        nav: Net value of one unit, 1 at the beginning, `(n + 1,)`.
        nav_gross: The same with each day's costs added back, `(n + 1,)`.
        market: The same of buy-and-hold, `(n + 1,)`.
        held: The same of buy-and-hold at the average exposure, `(n + 1,)`.
        cash: The same of cash at `risk_free`, `(n + 1,)`.
        beside: The same of the file's benchmark, None without one, `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        sessions_per_year: By which everything annual is made so.
        net: Of `nav`.
        gross: Of `nav_gross`.
        buy_and_hold: Of equal parts of everything traded, bought at the first close; without costs.
        buy_and_hold_at_exposure: Of a constant fraction `exposure_net` of that, the rest in cash; without costs.
        idle: Of `cash`.
        chosen: Of `beside`, None without one.
        relative: Of `nav` beside `beside`, or `market` without one.
        rolling: Of `nav`, in windows of a year.
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
        lots: Tax lots, first in, first out.
        shorts: What was assumed of them, None when nothing was ever short.
        strategies: The parts of the account, one per book.
    """

    on: TimeArray = array_field("datetime64[D]")
    nav: FloatArray = array_field()
    nav_gross: FloatArray = array_field()
    market: FloatArray = array_field()
    held: FloatArray = array_field()
    cash: FloatArray = array_field()
    beside: FloatArray | None = array_field(optional=True)
    risk_free: float
    sessions_per_year: int
    net: Performance
    gross: Performance
    buy_and_hold: BuyAndHold
    buy_and_hold_at_exposure: Performance
    idle: Cash
    chosen: Chosen | None
    relative: Relative
    rolling: Rolling
    costs: Costs
    equity: float
    equity_mean: float
    capital: float
    turnover: float | None
    exposure_gross: float
    exposure_net: float
    time_in_market: float | None
    fills: int
    trades: Trades
    lots: Lots
    shorts: Shorts | None
    strategies: tuple[Strategy, ...]

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return len(self.on) - 1


def figures(ran: Record, stop: int) -> Figures:
    """Return the figures of bars `ran.start` to `stop - 1`; `stop` must end a session."""
    closes = session_closes(ran, stop)
    account = curve_of(ran, stop)
    fills, moves = fills_of(ran, stop), executions(ran, stop)
    risk_free, per_year = ran.settings.costs.rate_without_risk, ran.sessions_per_year
    on = ran.bars.session[np.append(closes[0], closes)]
    nav = np.append(1.0, account.nav)
    nav_gross = without_costs(nav, account, float(divide_capital(ran.settings).sum()))
    exposure = activity.exposure(account.net, account.equity)
    everything, one = market(ran, stop, closes), beside(ran, closes)
    rival = (everything.curve, "buy_and_hold") if one is None else (one.curve, one.symbol)
    held = held_at(everything.curve, exposure, ran.settings.costs.cash_rate, sessions_per_year=per_year)
    cash = held_at(np.ones(len(nav)), 0.0, risk_free, sessions_per_year=per_year)
    measure = partial(measured, on=on, risk_free=risk_free, seed=ran.settings.seed, sessions_per_year=per_year)
    equity, capital, costs = float(account.equity[-1]), capital_at(ran, stop), paid(account[-1])
    return Figures(
        on=on,
        nav=nav,
        nav_gross=nav_gross,
        market=everything.curve,
        held=held,
        cash=cash,
        beside=None if one is None else one.curve,
        risk_free=risk_free,
        sessions_per_year=per_year,
        net=measure(nav),
        gross=measure(nav_gross),
        buy_and_hold=BuyAndHold(
            **fields(measure(everything.curve)), exposure=1.0, late=everything.late, in_cash=everything.in_cash
        ),
        buy_and_hold_at_exposure=measure(held),
        idle=Cash(**fields(measure(cash)), risk_free=risk_free),
        chosen=None if one is None else Chosen(**fields(measure(one.curve)), **one.facts),
        relative=related(nav, *rival, risk_free, per_year),
        rolling=rolling(nav, risk_free, per_year),
        costs=costs,
        equity=equity,
        equity_mean=float(account.equity.mean()),
        capital=capital,
        turnover=activity.turnover(traded(ran, fills), account.equity, sessions_per_year=per_year),
        exposure_gross=activity.exposure(account.gross, account.equity),
        exposure_net=exposure,
        time_in_market=activity.time_in_market(account.gross),
        fills=len(fills),
        trades=trades(ran, moves),
        lots=lots(ran, moves),
        shorts=shorts(ran, moves, stop, costs),
        strategies=strategies(ran, moves, stop, money(equity), money(capital), costs),
    )


def without_costs(nav: FloatArray, account: Table, capital: float) -> FloatArray:
    """Return the curve of daily returns with each day's costs added back, `(n + 1,)`."""
    return activity.gross_curve(nav, np.diff(costs_of(account), prepend=0.0), np.append(capital, account.equity[:-1]))


def traded(ran: Record, fills: Table) -> float:
    """Return the sum of the absolute values of all fills, in currency."""
    multiplier = np.array([one.multiplier for one in ran.bars.instruments])
    return float(np.abs(fills.quantity * fills.price * multiplier[fills.asset]).sum())
