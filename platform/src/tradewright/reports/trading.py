"""What the trades were: round trips with their hits and misses, and tax lots with their gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.lots import tax_lots
from tradewright.metrics.trades import DUST, expectancy, hit_rate, payoff, profit_factor, round_trips
from tradewright.reports.accounts import curve_of
from tradewright.reports.plain import cash, money, number
from tradewright.reports.tree.part import GainOfYear, Lots, OpenLot, Shorts, Trades

if TYPE_CHECKING:
    from tradewright.metrics.lots import Disposals, OpenLots
    from tradewright.metrics.trades import RoundTrips
    from tradewright.reports.accounts import Costs
    from tradewright.reports.executions import Executions
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray

SLACK = 1e-9
"""Of what is held: what rounding makes of sums that are equal."""


def trades(ran: Record, moves: Executions) -> Trades:
    """Return what the round trips say."""
    trips = round_trips(*moves[:5])
    return Trades(
        closed=len(trips.profit),
        stopped=_stopped(moves, trips),
        open=trips.open,
        hit_rate=number(hit_rate(trips.profit)),
        profit_factor=number(profit_factor(trips.profit)),
        payoff=number(payoff(trips.profit)),
        expectancy=cash(expectancy(trips.profit)),
        sessions_held=_sessions_held(ran, trips),
    )


def lots(ran: Record, moves: Executions) -> Lots:
    """Return what was realised, and what is held at which cost."""
    sold, held = tax_lots(*moves[:5])
    return Lots(
        realised=money(sold.gain.sum()),
        unrealised=money(held.unrealised(moves.mark).sum()),
        income=money(moves.income),
        by_year=_by_year(ran, sold),
        open=tuple(_open_lots(ran, held, moves.mark)),
    )


def shorts(ran: Record, moves: Executions, stop: int, costs: Costs) -> Shorts | None:
    """Return what was assumed of shorts before bar `stop`, None when nothing was ever short.

    Args:
        ran: The run.
        moves: What moved positions before `stop`.
        stop: A bar that ends a session.
        costs: Paid by the account.
    """
    account = curve_of(ran, stop)
    closed_short = account.gross - account.net > SLACK * account.gross
    if not (closed_short.any() or _ever_short(moves)):
        return None
    return Shorts(
        borrow_rate=ran.settings.costs.borrow_rate,
        sessions=int(closed_short.sum()),
        borrow=money(costs.borrow),
    )


def _ever_short(moves: Executions) -> bool:
    """Say whether any position was below zero after any fill; one may be gone again by the close."""
    held = (np.cumsum(moves.quantity[moves.key == key]) for key in np.unique(moves.key))
    return any(one.min() < -DUST - SLACK * np.abs(one).max() for one in held)


def _stopped(moves: Executions, trips: RoundTrips) -> int:
    stops = set(zip(moves.bar[moves.stopped].tolist(), moves.key[moves.stopped].tolist(), strict=True))
    return sum(end in stops for end in zip(trips.closed.tolist(), trips.key.tolist(), strict=True))


def _sessions_held(ran: Record, trips: RoundTrips) -> float | None:
    if not len(trips.profit):
        return None
    session = ran.bars.session_number
    return float((session[trips.closed] - session[trips.opened]).mean())


def _by_year(ran: Record, sold: Disposals) -> tuple[GainOfYear, ...]:
    years = 1970 + ran.bars.session[sold.closed].astype("datetime64[Y]").astype(np.int64)
    return tuple(
        GainOfYear(year=int(year), realised=money(sold.gain[years == year].sum())) for year in np.unique(years)
    )


def _open_lots(ran: Record, held: OpenLots, mark: FloatArray) -> list[OpenLot]:
    order = np.argsort(held.key, kind="stable")
    return [
        OpenLot(
            book=ran.books[held.key[i] // ran.bars.n_assets],
            symbol=ran.bars.symbols[held.key[i] % ran.bars.n_assets],
            opened_on=ran.bars.session[held.opened[i]].astype(object),
            quantity=float(held.quantity[i]),
            basis=money(held.basis[i]),
            value=money(held.quantity[i] * mark[held.key[i]]),
        )
        for i in order
    ]
