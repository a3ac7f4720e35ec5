"""The sections of a report that hold figures of a period, as JSON: net, gross, benchmarks, costs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.metrics.activity import per_year
from tradewright.metrics.significance import deflated_sharpe
from tradewright.reports.plain import cash, day, money, number, shares, total

if TYPE_CHECKING:
    from tradewright.reports.figures import Figures
    from tradewright.reports.measures import Fall, Performance
    from tradewright.reports.trading import Lots, Trades
    from tradewright.workspace.runs import Ticket

_RATIOS = (
    *("sortino", "calmar", "omega", "downside_deviation", "value_at_risk", "expected_shortfall"),
    *("cornish_fisher_value_at_risk", "cornish_fisher_expected_shortfall", "skew", "kurtosis", "tail_ratio"),
)

_COSTS = ("fees", "slippage", "borrow")
_OF_A_BOOK = ("total_return", "annual_return", "volatility", "sharpe")


def part(figures: Figures, ticket: Ticket) -> dict[str, Any]:
    """Return the sections of one period."""
    return {
        "period": period(figures),
        "net": net(figures, ticket),
        "gross": performance(figures.gross),
        "benchmarks": benchmarks(figures),
        "costs": costs(figures),
    }


def period(figures: Figures) -> dict[str, Any]:
    """Return from when to when."""
    return {
        "first_on": str(figures.on[0]),
        "last_on": str(figures.on[-1]),
        "sessions": figures.sessions,
        "sessions_per_year": figures.sessions_per_year,
    }


def performance(one: Performance) -> dict[str, Any]:
    """Return the measures of one curve."""
    return {
        "total_return": number(one.total_return),
        "annual_return": number(one.annual_return),
        "volatility": number(one.volatility),
        "sharpe": number(one.sharpe),
        "sharpe_interval": None if one.sharpe_interval is None else one.sharpe_interval._asdict(),
        "probabilistic_sharpe": number(one.probabilistic_sharpe),
        "min_track_record": one.min_track_record,
        **{name: number(getattr(one, name)) for name in _RATIOS},
        "max_drawdown": _fall(one.max_drawdown),
        "drawdowns": [_fall(fall) for fall in one.worst],
        "time_under_water": number(one.time_under_water),
        "longest_under_water": one.longest_under_water,
        "years": [
            {"year": year.year, "total": number(year.total), "months": [number(month) for month in year.months]}
            for year in one.years
        ],
    }


def net(figures: Figures, ticket: Ticket) -> dict[str, Any]:
    """Return what the strategy earned after costs, how, and what it proves."""
    return {
        **performance(figures.net),
        "deflated_sharpe": _deflated(figures, ticket),
        "rolling_sharpe": attrs.asdict(figures.rolling),
        "relative": {"benchmark": "buy_and_hold", **attrs.asdict(figures.relative)},
        "profit": str(Decimal(money(figures.equity)) - Decimal(money(figures.capital))),
        "equity": money(figures.equity),
        "turnover": number(figures.turnover),
        "exposure": {
            "gross": number(figures.exposure_gross),
            "net": number(figures.exposure_net),
            "time_in_market": number(figures.time_in_market),
        },
        "fills": figures.fills,
        "trades": _trades(figures.trades),
        "lots": _lots(figures.lots),
        "strategies": strategies(figures),
    }


def benchmarks(figures: Figures) -> dict[str, Any]:
    """Return what holding would have earned, at full and at our exposure."""
    exposure = number(figures.exposure_net)
    return {
        "buy_and_hold": {"exposure": 1.0, **performance(figures.buy_and_hold)},
        "buy_and_hold_at_average_exposure": {
            "exposure": exposure,
            **performance(figures.buy_and_hold_at_exposure),
        },
    }


def costs(figures: Figures) -> dict[str, Any]:
    """Return what was paid, and what cash earned."""
    paid = figures.costs
    written = {name: money(getattr(paid, name)) for name in _COSTS}
    written |= {"total": total(written.values()), "interest": money(paid.interest)}
    equity, year = np.full(figures.sessions, figures.equity_mean), {"sessions_per_year": figures.sessions_per_year}
    return {
        name: {"amount": amount, "per_year": number(per_year(getattr(paid, name), equity, **year))}
        for name, amount in written.items()
    }


def strategies(figures: Figures) -> list[dict[str, Any]]:
    """Return the parts of the account: what they earned and paid adds up to the account's, to the cent."""
    rows = figures.strategies
    equity = shares([row.equity for row in rows], money(figures.equity))
    capital = shares([row.capital for row in rows], money(figures.capital))
    paid = {
        name: shares([getattr(row.costs, name) for row in rows], money(getattr(figures.costs, name)))
        for name in (*_COSTS, "interest")
    }
    return [
        {
            "name": row.name,
            **{name: number(getattr(row, name)) for name in _OF_A_BOOK},
            "max_drawdown": _fall(row.max_drawdown),
            "profit": str(Decimal(equity[i]) - Decimal(capital[i])),
            "equity": equity[i],
            "capital": capital[i],
            "costs": {name: amounts[i] for name, amounts in paid.items()}
            | {"total": total(paid[name][i] for name in _COSTS)},
            "exposure": {"gross": number(row.exposure_gross), "net": number(row.exposure_net)},
            "fills": row.fills,
            "trades": _trades(row.trades),
        }
        for i, row in enumerate(rows)
    ]


def _fall(fall: Fall) -> dict[str, Any]:
    return {
        "depth": number(fall.depth),
        "peak_on": day(fall.peak_on),
        "trough_on": day(fall.trough_on),
        "recovered_on": day(fall.recovered_on),
        "sessions": fall.sessions,
    }


def _deflated(figures: Figures, ticket: Ticket) -> dict[str, Any] | None:
    """Return the Sharpe ratio judged as the best of the workspace's trials, this one among them."""
    if ticket.trials is None:
        return None
    mine = [] if figures.net.sharpe is None else [figures.net.sharpe]
    found = deflated_sharpe(
        figures.nav,
        ticket.trials,
        [*ticket.sharpes, *mine],
        figures.cash_rate,
        sessions_per_year=figures.sessions_per_year,
    )
    return None if found is None else found._asdict()


def _trades(trades: Trades) -> dict[str, Any]:
    fields = {name: number(getattr(trades, name)) for name in ("hit_rate", "profit_factor", "payoff")}
    return {
        "closed": trades.closed,
        "stopped": trades.stopped,
        "open": trades.open,
        **fields,
        "expectancy": cash(trades.expectancy),
        "sessions_held": number(trades.sessions_held),
    }


def _lots(lots: Lots) -> dict[str, Any]:
    return {
        "realised": money(lots.realised),
        "unrealised": money(lots.unrealised),
        "income": money(lots.income),
        "by_year": [{"year": year, "realised": money(gain)} for year, gain in lots.by_year],
        "open": [
            {
                "book": lot.book,
                "symbol": lot.symbol,
                "opened_on": day(lot.opened_on),
                "quantity": lot.quantity,
                "basis": money(lot.basis),
                "value": money(lot.value),
            }
            for lot in lots.held
        ],
    }
