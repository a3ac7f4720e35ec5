"""What each strategy did with its own book: parts of the account, over the same sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics import activity, performance
from tradewright.metrics.drawdowns import max_drawdown
from tradewright.metrics.sharpe import sharpe
from tradewright.reports.accounts import capital_at, curve_of, fills_of, paid, session_closes
from tradewright.reports.measures import dated
from tradewright.reports.plain import money, number, shares, total
from tradewright.reports.trading import trades
from tradewright.reports.tree.part import BookExposure, CostsOfBook, Strategy

if TYPE_CHECKING:
    from decimal import Decimal

    from tradewright.reports.accounts import Costs
    from tradewright.reports.executions import Executions
    from tradewright.sentence.record import Record


def strategies(
    ran: Record, moves: Executions, stop: int, equity: Decimal, capital: Decimal, costs: Costs
) -> tuple[Strategy, ...]:
    """Return a row per strategy, of bars `ran.start` to `stop - 1`; amounts add up to the account's, to the cent.

    Args:
        ran: The run.
        moves: What moved positions before `stop`.
        stop: A bar that ends a session.
        equity: The account's, as it is written.
        capital: Granted to the account, as it is written.
        costs: Paid by the account.
    """
    books = range(len(ran.books))
    equities = shares([float(curve_of(ran, stop, book).equity[-1]) for book in books], equity)
    capitals = shares([capital_at(ran, stop, book) for book in books], capital)
    parts = _costs([paid(curve_of(ran, stop, book)[-1]) for book in books], costs)
    return tuple(_row(ran, moves, stop, book, equities[book], capitals[book], parts[book]) for book in books)


def _costs(rows: list[Costs], whole: Costs) -> list[CostsOfBook]:
    names = ("fees", "slippage", "borrow", "interest")
    parts = {name: shares([getattr(row, name) for row in rows], money(getattr(whole, name))) for name in names}
    return [
        CostsOfBook(
            **{name: amounts[i] for name, amounts in parts.items()}, total=total(parts[name][i] for name in names[:3])
        )
        for i in range(len(rows))
    ]


def _row(
    ran: Record, moves: Executions, stop: int, book: int, equity: Decimal, capital: Decimal, costs: CostsOfBook
) -> Strategy:
    closes, curve = session_closes(ran, stop), curve_of(ran, stop, book)
    nav, year = np.append(1.0, curve.nav), {"sessions_per_year": ran.sessions_per_year}
    return Strategy(
        name=ran.books[book],
        total_return=number(performance.total_return(nav)),
        annual_return=number(performance.annual_return(nav, **year)),
        volatility=number(performance.volatility(nav, **year)),
        sharpe=number(sharpe(nav, ran.settings.costs.rate_without_risk, **year)),
        max_drawdown=dated(max_drawdown(nav), ran.bars.session[np.append(closes[0], closes)]),
        profit=equity - capital,
        equity=equity,
        capital=capital,
        costs=costs,
        exposure=BookExposure(
            gross=number(activity.exposure(curve.gross, curve.equity)),
            net=number(activity.exposure(curve.net, curve.equity)),
        ),
        fills=len(fills_of(ran, stop, book)),
        trades=trades(ran, moves.of(book, ran.bars.n_assets)),
    )
