"""What each strategy did with its own book: parts of the account, over the same sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.metrics import activity, performance
from tradewright.metrics.drawdowns import max_drawdown
from tradewright.metrics.sharpe import sharpe
from tradewright.reports.accounts import capital_at, curve_of, fills_of, paid, session_closes
from tradewright.reports.measures import dated
from tradewright.reports.trading import trades

if TYPE_CHECKING:
    from tradewright.reports.accounts import Costs
    from tradewright.reports.executions import Executions
    from tradewright.reports.measures import Fall
    from tradewright.reports.trading import Trades
    from tradewright.sentence.record import Record


@attrs.frozen(kw_only=True)
class StrategyRow:
    """One book; returns are of its own NAV, None for what cannot be known.

    Attributes:
        name: Of the strategy.
        total_return: Over the whole period.
        annual_return: Geometric.
        volatility: Annual.
        sharpe: Annual, in excess of the cash rate.
        max_drawdown: Largest fall from a peak.
        equity: At the last close, in currency.
        capital: Granted by then, in currency.
        costs: Paid in the period.
        exposure_gross: Mean sum of absolute positions, a fraction of the book's equity.
        exposure_net: Mean sum of signed positions.
        fills: How many.
        trades: Round trips, flat to flat.
    """

    name: str
    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    max_drawdown: Fall
    equity: float
    capital: float
    costs: Costs
    exposure_gross: float
    exposure_net: float
    fills: int
    trades: Trades


def strategies(ran: Record, moves: Executions, stop: int) -> tuple[StrategyRow, ...]:
    """Return a row per strategy, of bars `ran.start` to `stop - 1`.

    Args:
        ran: The backtest.
        moves: What moved positions before `stop`.
        stop: A bar that ends a session.
    """
    return tuple(_row(ran, moves, stop, book) for book in range(len(ran.books)))


def _row(ran: Record, moves: Executions, stop: int, book: int) -> StrategyRow:
    closes = session_closes(ran, stop)
    curve, fills = curve_of(ran, stop, book), fills_of(ran, stop, book)
    nav, year = np.append(1.0, curve.nav), {"sessions_per_year": ran.sessions_per_year}
    return StrategyRow(
        name=ran.books[book],
        total_return=performance.total_return(nav),
        annual_return=performance.annual_return(nav, **year),
        volatility=performance.volatility(nav, **year),
        sharpe=sharpe(nav, ran.settings.costs.cash_rate, **year),
        max_drawdown=dated(max_drawdown(nav), ran.bars.session[np.append(closes[0], closes)]),
        equity=float(curve.equity[-1]),
        capital=capital_at(ran, stop, book),
        costs=paid(curve[-1], fills),
        exposure_gross=activity.exposure(curve.gross, curve.equity),
        exposure_net=activity.exposure(curve.net, curve.equity),
        fills=len(fills),
        trades=trades(ran, moves.of(book, ran.bars.n_assets)),
    )
