"""What the trades were: round trips with their hits and misses, and tax lots with their gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.lots import tax_lots
from tradewright.metrics.trades import expectancy, hit_rate, payoff, profit_factor, round_trips
from tradewright.reports.plain import cash, money, number
from tradewright.reports.tree.part import GainOfYear, Lots, OpenLot, Trades

if TYPE_CHECKING:
    from tradewright.metrics.lots import Disposals, OpenLots
    from tradewright.metrics.trades import RoundTrips
    from tradewright.reports.executions import Executions
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray


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
