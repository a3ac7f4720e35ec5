"""Positions without a price: what is held at the end though its bars have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.reports.executions import marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from tradewright.backtest import Backtest


@attrs.frozen(kw_only=True)
class Unpriced:
    """A position whose value is that of its last bar, however long ago.

    Attributes:
        book: Name of the strategy.
        symbol: What is held.
        quantity: Signed, in units.
        value: Signed, at the last price there was, in currency.
        last_on: Session of the last bar.
    """

    book: str
    symbol: str
    quantity: float
    value: float
    last_on: date


def unpriced(ran: Backtest) -> Iterator[Unpriced]:
    """Yield the positions at the end of the run whose prices ended before."""
    ended = {symbol: last_on for feed in ran.feeds for symbol, last_on in feed.ended.items()}
    quantity, mark = ran.trace.state.positions.quantity, marks(ran.bars, ran.bars.n_bars)
    for book, asset in zip(*np.nonzero(quantity), strict=True):
        one = ran.bars.instruments[asset]
        if one.symbol in ended:
            yield Unpriced(
                book=ran.books[book],
                symbol=one.symbol,
                quantity=float(quantity[book, asset]),
                value=float(quantity[book, asset] * mark[asset] * one.multiplier),
                last_on=ended[one.symbol],
            )


def warnings(found: Sequence[Unpriced]) -> Iterator[str]:
    """Yield what a reader must know of them, one line each."""
    for one in found:
        yield (
            f"{one.book} holds {one.quantity:,.10g} {one.symbol} to the end, valued at {one.value:,.2f} with the"
            f" price of {one.last_on}: there is no later bar"
        )
