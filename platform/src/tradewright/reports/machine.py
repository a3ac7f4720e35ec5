"""A summary as the report that is printed, kept and shown: the one tree that every reader of a run walks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.metrics.activity import per_year
from tradewright.metrics.significance import deflated_sharpe
from tradewright.reports.plain import fields, money, number, total
from tradewright.reports.tree.comparison import NOTICE, Outcomes, WithoutLimits
from tradewright.reports.tree.curves import Benchmark, Benchmarks, Deflated
from tradewright.reports.tree.part import Cost, Costs, Exposure, Net, Part, Period
from tradewright.reports.tree.report import Capital, Report, WholeNet

if TYPE_CHECKING:
    from tradewright.reports.figures import Figures
    from tradewright.reports.summary import Summary
    from tradewright.workspace.kept import Ticket


def report(summary: Summary, ticket: Ticket, versions: dict[str, Any]) -> Report:
    """Return the report.

    Args:
        summary: What the run says.
        ticket: What the store of runs says about it.
        versions: Of everything that computed it.
    """
    whole = part(summary.figures, ticket)
    return Report(
        run_id=ticket.run_id,
        status=summary.status,
        config=summary.config,
        versions=versions,
        data=summary.data,
        period=whole.period,
        currency=summary.currency,
        capital=Capital(start=money(summary.capital_start), end=money(summary.figures.capital), steps=summary.steps),
        net=WholeNet(
            **fields(whole.net),
            largest_weights=summary.largest,
            cut_orders=summary.cuts,
            no_trades=summary.idle,
            unpriced=summary.unpriced,
            breaches=summary.breaches,
            verify_failures=summary.verify_failures,
            at_halt=summary.at_halt,
            after_halt=summary.after_halt,
        ),
        gross=whole.gross,
        benchmarks=whole.benchmarks,
        costs=whole.costs,
        rules=summary.rules,
        halts=summary.halts,
        trials=ticket.trials,
        warnings=(*summary.warnings, *([ticket.warning] if ticket.warning else [])),
        seconds={stage: round(seconds, 3) for stage, seconds in summary.seconds.items()},
        until_halt=None if summary.until_halt is None else part(summary.until_halt, ticket),
        without_limits=None if summary.unlimited is None else without_limits(summary, summary.unlimited, ticket),
    )


def part(figures: Figures, ticket: Ticket) -> Part:
    """Return the figures of one period."""
    return Part(
        period=Period(
            first_on=figures.on[0].astype(object),
            last_on=figures.on[-1].astype(object),
            sessions=figures.sessions,
            sessions_per_year=figures.sessions_per_year,
        ),
        net=net(figures, ticket),
        gross=figures.gross,
        benchmarks=Benchmarks(
            buy_and_hold=figures.buy_and_hold,
            buy_and_hold_at_average_exposure=Benchmark(
                **fields(figures.buy_and_hold_at_exposure), exposure=number(figures.exposure_net)
            ),
            cash=figures.idle,
            chosen=figures.chosen,
        ),
        costs=costs(figures),
    )


def without_limits(summary: Summary, other: Summary, ticket: Ticket) -> WithoutLimits:
    """Return the comparison with a play without limits."""
    # A comparison proves nothing, so its Sharpe ratio is judged beside no trial.
    unproved = part(other.figures, attrs.evolve(ticket, trials=None))
    kept = {rule.name for rule in other.rules}
    return WithoutLimits(
        **fields(unproved),
        notice=NOTICE,
        left_out=tuple(rule.name for rule in summary.rules if rule.name not in kept),
        outcomes=Outcomes(with_limits=summary.outcome, without_limits=other.outcome),
    )


def net(figures: Figures, ticket: Ticket) -> Net:
    """Return what the strategies earned after costs, how, and what it proves."""
    return Net(
        **fields(figures.net),
        deflated_sharpe=_deflated(figures, ticket),
        rolling_sharpe=figures.rolling,
        relative=figures.relative,
        profit=money(figures.equity) - money(figures.capital),
        equity=money(figures.equity),
        turnover=number(figures.turnover),
        exposure=Exposure(
            gross=number(figures.exposure_gross),
            net=number(figures.exposure_net),
            time_in_market=number(figures.time_in_market),
        ),
        fills=figures.fills,
        trades=figures.trades,
        shorts=figures.shorts,
        lots=figures.lots,
        strategies=figures.strategies,
    )


def costs(figures: Figures) -> Costs:
    """Return what was paid, and what cash earned; the total is that of the amounts as they are written."""
    paid = figures.costs
    equity, year = np.full(figures.sessions, figures.equity_mean), {"sessions_per_year": figures.sessions_per_year}
    written = {name: money(getattr(paid, name)) for name in ("fees", "slippage", "borrow", "interest")}
    written["total"] = total(written[name] for name in ("fees", "slippage", "borrow"))
    return Costs(
        **{
            name: Cost(amount=amount, per_year=number(per_year(getattr(paid, name), equity, **year)))
            for name, amount in written.items()
        }
    )


def _deflated(figures: Figures, ticket: Ticket) -> Deflated | None:
    """Return the Sharpe ratio judged as the best of the workspace's trials, this one among them."""
    if ticket.trials is None:
        return None
    mine = [] if figures.net.sharpe is None else [figures.net.sharpe]
    found = deflated_sharpe(
        figures.nav,
        ticket.trials,
        [*ticket.sharpes, *mine],
        figures.risk_free,
        sessions_per_year=figures.sessions_per_year,
    )
    return None if found is None else Deflated(**found._asdict())
