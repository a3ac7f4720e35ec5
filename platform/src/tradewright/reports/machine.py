"""A summary as one JSON object: money as texts with two decimals, instants in UTC, fractions as numbers.

What cannot be known is null, never NaN.  The keys are explained in docs/reference/backtest.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.reports import sections
from tradewright.reports.plain import day, instant, money, number

if TYPE_CHECKING:
    from tradewright.reports.events import HaltRow, RuleRow
    from tradewright.reports.summary import Summary
    from tradewright.workspace.runs import Ticket


def report(summary: Summary, ticket: Ticket, versions: dict[str, Any]) -> dict[str, Any]:
    """Return the object, without its `schema`.

    Args:
        summary: What the run says.
        ticket: What the store of runs says about it.
        versions: Of everything that computed it.
    """
    whole = sections.part(summary.figures, ticket)
    fields = {
        "run_id": ticket.run_id,
        "status": summary.status,
        "config": summary.config,
        "versions": versions,
        "data": [_feed(row) for row in summary.data],
        "period": whole["period"],
        "currency": summary.currency,
        "capital": _capital(summary),
        "net": {**whole["net"], **_run(summary)},
        "gross": whole["gross"],
        "benchmarks": whole["benchmarks"],
        "costs": whole["costs"],
        "rules": [_rule(row) for row in summary.rules],
        "halts": [_halt(row) for row in summary.halts],
        "trials": ticket.trials,
        "warnings": [*summary.warnings, *([ticket.warning] if ticket.warning else [])],
        "seconds": {stage: round(seconds, 3) for stage, seconds in summary.seconds.items()},
    }
    if summary.until_halt is None:
        return fields
    return {**fields, "until_halt": sections.part(summary.until_halt, ticket)}


def _run(summary: Summary) -> dict[str, Any]:
    """Return what the engine counted over the whole run."""
    after = summary.after_halt
    return {
        "largest_weights": summary.largest,
        "cut_orders": {**summary.cuts, "expired": summary.expired},
        "no_trades": list(summary.idle),
        "unpriced": [
            {
                "book": one.book,
                "symbol": one.symbol,
                "quantity": one.quantity,
                "value": money(one.value),
                "last_on": day(one.last_on),
            }
            for one in summary.unpriced
        ],
        "breaches": summary.breaches,
        "verify_failures": summary.verify_failures,
        "after_halt": None
        if after is None
        else {"on": day(after.on), "equity": money(after.equity), "change": number(after.change)},
    }


def _capital(summary: Summary) -> dict[str, Any]:
    return {
        "start": money(summary.capital_start),
        "end": money(summary.figures.capital),
        "steps": [
            {"on": day(step.on), "amount": money(step.amount), "gain": number(step.gain)} for step in summary.steps
        ],
    }


def _feed(row: Any) -> dict[str, Any]:
    names = ("name", "source", "symbols", "first_on", "last_on", "bars", "adjustment", "fingerprint")
    fields = {name: getattr(row, name) for name in names}
    fields |= {"symbols": list(row.symbols), "first_on": day(row.first_on), "last_on": day(row.last_on)}
    fields["last_on_by_symbol"] = {symbol: day(last) for symbol, last in row.last_on_by_symbol.items()}
    fetched_at = None if row.fetched_at is None else f"{row.fetched_at:%Y-%m-%dT%H:%M:%SZ}"
    return fields | {"origin": "source" if fetched_at is None else "cache", "fetched_at": fetched_at}


def _rule(row: RuleRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "cuts": row.cuts,
        "bars_bound": row.bars_bound,
        "notional_cut": money(row.notional_cut),
        "held_back": number(row.held_back),
        "first_at": instant(row.first_at),
        "last_at": instant(row.last_at),
        "first_on": day(row.first_on),
        "last_on": day(row.last_on),
    }


def _halt(row: HaltRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "level": row.level,
        "book": row.book,
        "at": instant(row.at),
        "on": day(row.on),
        "observed": number(row.observed),
        "limit": number(row.limit),
        "latched": row.latched,
        "lifted_at": instant(row.lifted_at),
        "lifted_on": day(row.lifted_on),
    }
