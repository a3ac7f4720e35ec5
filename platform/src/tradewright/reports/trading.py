"""What the trades were: round trips with their hits and misses, and tax lots with their gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.metrics.lots import tax_lots
from tradewright.metrics.trades import expectancy, hit_rate, payoff, profit_factor, round_trips

if TYPE_CHECKING:
    from datetime import date

    from tradewright.metrics.lots import Disposals, OpenLots
    from tradewright.metrics.trades import RoundTrips
    from tradewright.reports.executions import Executions
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray


@attrs.frozen(kw_only=True)
class Trades:
    """Round trips, flat to flat, per book and symbol; None for what cannot be known.

    Attributes:
        closed: How many.
        stopped: How many of these a stop ended.
        open: Positions not closed by the end.
        hit_rate: Fraction of the closed ones that gained, after fees.
        profit_factor: Sum of gains over sum of losses.
        payoff: Mean gain over mean loss.
        expectancy: Mean profit, in currency.
        sessions_held: Mean number of sessions from the first fill to the last.
    """

    closed: int
    stopped: int
    open: int
    hit_rate: float | None
    profit_factor: float | None
    payoff: float | None
    expectancy: float | None
    sessions_held: float | None


@attrs.frozen(kw_only=True)
class OpenLot:
    """A lot that is still held.

    Attributes:
        book: Name of the strategy.
        symbol: What is held.
        opened_on: Session of the fill.
        quantity: Signed, in units of the last bar.
        basis: Paid for it, fees included; negative for a short sale; in currency.
        value: At the last close, in currency.
    """

    book: str
    symbol: str
    opened_on: date
    quantity: float
    basis: float
    value: float


@attrs.frozen(kw_only=True)
class Lots:
    """Tax lots, first in, first out, in currency.

    Attributes:
        realised: Gains of what was closed, fees included.
        unrealised: Of what is held, at the last close and before the fees of selling it.
        income: Dividends received less those paid on shorts; in neither of the two.
        by_year: Realised gain of each calendar year with a closing fill.
        held: The lots that are open, oldest first within each book and symbol.
    """

    realised: float
    unrealised: float
    income: float
    by_year: tuple[tuple[int, float], ...]
    held: tuple[OpenLot, ...]


def trades(ran: Record, moves: Executions) -> Trades:
    """Return what the round trips say."""
    trips = round_trips(*moves[:5])
    return Trades(
        closed=len(trips.profit),
        stopped=_stopped(moves, trips),
        open=trips.open,
        hit_rate=hit_rate(trips.profit),
        profit_factor=profit_factor(trips.profit),
        payoff=payoff(trips.profit),
        expectancy=expectancy(trips.profit),
        sessions_held=_sessions_held(ran, trips),
    )


def lots(ran: Record, moves: Executions) -> Lots:
    """Return what was realised, and what is held at which cost."""
    sold, held = tax_lots(*moves[:5])
    return Lots(
        realised=float(sold.gain.sum()),
        unrealised=float(held.unrealised(moves.mark).sum()),
        income=moves.income,
        by_year=_by_year(ran, sold),
        held=tuple(_open_lots(ran, held, moves.mark)),
    )


def _stopped(moves: Executions, trips: RoundTrips) -> int:
    stops = set(zip(moves.bar[moves.stopped].tolist(), moves.key[moves.stopped].tolist(), strict=True))
    return sum(end in stops for end in zip(trips.closed.tolist(), trips.key.tolist(), strict=True))


def _sessions_held(ran: Record, trips: RoundTrips) -> float | None:
    if not len(trips.profit):
        return None
    session = ran.bars.session_number
    return float((session[trips.closed] - session[trips.opened]).mean())


def _by_year(ran: Record, sold: Disposals) -> tuple[tuple[int, float], ...]:
    years = 1970 + ran.bars.session[sold.closed].astype("datetime64[Y]").astype(np.int64)
    return tuple((int(year), float(sold.gain[years == year].sum())) for year in np.unique(years))


def _open_lots(ran: Record, held: OpenLots, mark: FloatArray) -> list[OpenLot]:
    order = np.argsort(held.key, kind="stable")
    return [
        OpenLot(
            book=ran.books[held.key[i] // ran.bars.n_assets],
            symbol=ran.bars.symbols[held.key[i] % ran.bars.n_assets],
            opened_on=ran.bars.session[held.opened[i]].astype(object),
            quantity=float(held.quantity[i]),
            basis=float(held.basis[i]),
            value=float(held.quantity[i] * mark[held.key[i]]),
        )
        for i in order
    ]
