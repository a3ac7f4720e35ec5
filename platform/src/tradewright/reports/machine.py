"""A summary as one JSON object: money as texts with two decimals, instants in UTC, fractions as numbers.

What cannot be known is null, never NaN.  The keys are explained in docs/reference/backtest.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.metrics.performance import per_year

if TYPE_CHECKING:
    from datetime import date

    from tradewright.reports.events import HaltRow, RuleRow
    from tradewright.reports.figures import Figures, Performance
    from tradewright.reports.summary import Summary
    from tradewright.runs import Ticket


def report(summary: Summary, ticket: Ticket, versions: dict[str, Any]) -> dict[str, Any]:
    """Return the object, without its `schema`.

    Args:
        summary: What the run says.
        ticket: What the store of runs says about it.
        versions: Of everything that computed it.
    """
    figures = summary.figures
    fields = {
        "run_id": ticket.run_id,
        "status": summary.status,
        "config": summary.config,
        "versions": versions,
        "data": [_feed(row) for row in summary.data],
        "period": _period(figures),
        "currency": summary.currency,
        "capital": _capital(summary),
        "net": {**_net(figures), **_run(summary)},
        "gross": _performance(figures.gross),
        "benchmarks": _benchmarks(figures),
        "costs": _costs(figures),
        "rules": [_rule(row) for row in summary.rules],
        "halts": [_halt(row) for row in summary.halts],
        "trials": ticket.trials,
        "warnings": [*summary.warnings, *([ticket.warning] if ticket.warning else [])],
        "seconds": {stage: round(seconds, 3) for stage, seconds in summary.seconds.items()},
    }
    return fields if summary.until_halt is None else {**fields, "until_halt": _part(summary.until_halt)}


def money(amount: float) -> str:
    """Write an amount with two decimals and no exponent.

    >>> money(1234.5), money(-0.001)
    ('1234.50', '0.00')
    """
    text = f"{amount:.2f}"
    return "0.00" if text == "-0.00" else text


def instant(at: np.datetime64 | None) -> str | None:
    """Write an instant in UTC, to the second.

    >>> instant(np.datetime64("2024-01-02T21:00:00"))
    '2024-01-02T21:00:00Z'
    """
    return None if at is None else f"{np.datetime_as_string(at, unit='s')}Z"


def _fraction(value: float | None) -> float | None:
    """Return a number that JSON can hold."""
    return None if value is None or not math.isfinite(value) else float(value)


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _period(figures: Figures) -> dict[str, Any]:
    return {"first_on": str(figures.on[0]), "last_on": str(figures.on[-1]), "sessions": figures.sessions}


def _performance(one: Performance) -> dict[str, Any]:
    return {
        "total_return": _fraction(one.total_return),
        "annual_return": _fraction(one.annual_return),
        "volatility": _fraction(one.volatility),
        "sharpe": _fraction(one.sharpe),
        "max_drawdown": {
            "depth": _fraction(one.drawdown),
            "peak_on": _day(one.peak_on),
            "trough_on": _day(one.trough_on),
            "recovered_on": _day(one.recovered_on),
        },
    }


def _net(figures: Figures) -> dict[str, Any]:
    return {
        **_performance(figures.net),
        "profit": money(figures.equity - figures.capital),
        "equity": money(figures.equity),
        "turnover": _fraction(figures.turnover),
        "exposure": {
            "gross": _fraction(figures.exposure_gross),
            "net": _fraction(figures.exposure_net),
            "time_in_market": _fraction(figures.time_in_market),
        },
        "fills": figures.fills,
        "trades": {"closed": figures.trades, "open": figures.trades_open},
    }


def _run(summary: Summary) -> dict[str, Any]:
    """Return what the engine counted over the whole run."""
    after = summary.after_halt
    return {
        "largest_weights": summary.largest,
        "cut_orders": {**summary.cuts, "expired": summary.expired},
        "strikes": summary.strikes,
        "verify_failures": summary.verify_failures,
        "after_halt": None
        if after is None
        else {"on": _day(after.on), "equity": money(after.equity), "change": _fraction(after.change)},
    }


def _benchmarks(figures: Figures) -> dict[str, Any]:
    exposure = _fraction(figures.exposure_net)
    return {
        "buy_and_hold": {"exposure": 1.0, **_performance(figures.buy_and_hold)},
        "buy_and_hold_at_average_exposure": {
            "exposure": exposure,
            **_performance(figures.buy_and_hold_at_exposure),
        },
    }


def _costs(figures: Figures) -> dict[str, Any]:
    costs = figures.costs
    amounts = {name: getattr(costs, name) for name in ("fees", "slippage", "borrow", "total", "interest")}
    equity = np.full(figures.sessions, figures.equity_mean)
    return {
        name: {"amount": money(amount), "per_year": _fraction(per_year(amount, equity))}
        for name, amount in amounts.items()
    }


def _capital(summary: Summary) -> dict[str, Any]:
    return {
        "start": money(summary.capital_start),
        "end": money(summary.figures.capital),
        "steps": [
            {"on": _day(step.on), "amount": money(step.amount), "gain": _fraction(step.gain)}
            for step in summary.steps
        ],
    }


def _feed(row: Any) -> dict[str, Any]:
    names = ("name", "source", "symbols", "first_on", "last_on", "bars", "adjustment", "fingerprint")
    fields = {name: getattr(row, name) for name in names}
    fields |= {"symbols": list(row.symbols), "first_on": _day(row.first_on), "last_on": _day(row.last_on)}
    fetched_at = None if row.fetched_at is None else f"{row.fetched_at:%Y-%m-%dT%H:%M:%SZ}"
    return fields | {"origin": "source" if fetched_at is None else "cache", "fetched_at": fetched_at}


def _rule(row: RuleRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "cuts": row.cuts,
        "bars_bound": row.bars_bound,
        "notional_cut": money(row.notional_cut),
        "first_at": instant(row.first_at),
        "last_at": instant(row.last_at),
    }


def _halt(row: HaltRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "level": row.level,
        "book": row.book,
        "at": instant(row.at),
        "observed": _fraction(row.observed),
        "limit": _fraction(row.limit),
        "latched": row.latched,
        "lifted_at": instant(row.lifted_at),
    }


def _part(figures: Figures) -> dict[str, Any]:
    """Return the figures of a part of the run under the names of the whole."""
    return {
        "period": _period(figures),
        "net": _net(figures),
        "gross": _performance(figures.gross),
        "benchmarks": _benchmarks(figures),
        "costs": _costs(figures),
    }
