"""Who earned the profit: strategies, signals and assets, each list adding up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.reports.accounts import curve_of, session_closes
from tradewright.reports.tearsheet.profits import Parts, positions
from tradewright.reports.tearsheet.shares import OTHER, shares
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.reports.tearsheet.profits import Position
    from tradewright.sentence.record import Record
    from tradewright.values.arrays import FloatArray, IntArray

    Positions = dict[tuple[int, int], Position]

CASH = "interest on cash"


@attrs.frozen(kw_only=True)
class Row:
    """One contributor.

    Attributes:
        name: A strategy, a signal or a symbol.
        total: Net profit, in currency.
        parts: What it is made of; None for a signal, which owns no fill.
        curve: Net profit up to each session's close, in currency, `(n,)`.
    """

    name: str
    total: float
    parts: Parts | None
    curve: FloatArray = array_field()


@attrs.frozen(kw_only=True)
class Contributions:
    """The same profit, told three times; each list sums to `profit`.

    Attributes:
        strategies: One row per book.
        signals: One row per book and signal, `other`, and the interest on cash.
        assets: One row per symbol that was ever held, and the interest on cash.
        profit: Equity at the end less the capital granted, in currency.
    """

    strategies: tuple[Row, ...]
    signals: tuple[Row, ...]
    assets: tuple[Row, ...]
    profit: float


def contributions(ran: Record, stop: int) -> Contributions:
    """Return who earned what from `ran.start` to bar `stop - 1`."""
    held, closes = positions(ran, stop), session_closes(ran, stop)
    strategies = tuple(_strategy(ran, held, closes, book) for book in range(len(ran.books)))
    cash = curve_of(ran, stop).interest
    interest = Row(name=CASH, total=float(cash[-1]), parts=Parts(interest=float(cash[-1])), curve=cash)
    return Contributions(
        strategies=strategies,
        signals=(*_signals(ran, held, closes, stop), interest),
        assets=(*_assets(ran, held, closes), interest),
        profit=sum(row.total for row in strategies),
    )


def _strategy(ran: Record, held: Positions, closes: IntArray, book: int) -> Row:
    cash = ran.trace.curve.interest[: len(closes), book]
    mine = [one for (owner, _), one in held.items() if owner == book]
    parts = sum((one.parts for one in mine), Parts(interest=float(cash[-1])))
    curve = sum((one.profit(closes) for one in mine), cash)
    return Row(name=ran.books[book], total=parts.total, parts=parts, curve=curve)


def _assets(ran: Record, held: Positions, closes: IntArray) -> Iterator[Row]:
    for asset, symbol in enumerate(ran.bars.symbols):
        mine = [one for (_, column), one in held.items() if column == asset]
        if mine:
            parts = sum((one.parts for one in mine), Parts())
            curve = sum((one.profit(closes) for one in mine), np.zeros(len(closes)))
            yield Row(name=symbol, total=parts.total, parts=parts, curve=curve)


def _signals(ran: Record, held: Positions, closes: IntArray, stop: int) -> Iterator[Row]:
    """Yield a row per book and signal, and what none of them explains."""
    rest: FloatArray = sum((one.profit(closes) for one in held.values()), np.zeros(len(closes)))
    for book, strategy in enumerate(ran.books):
        for name, earned in _claims(ran, held, book, stop).items():
            curve = _at(earned, closes)
            rest = rest - curve
            named = name if len(ran.books) == 1 else f"{strategy}: {name}"
            yield Row(name=named, total=float(curve[-1]), parts=None, curve=curve)
    yield Row(name=OTHER, total=float(rest[-1]), parts=None, curve=rest)


def _claims(ran: Record, held: Positions, book: int, stop: int) -> dict[str, tuple[IntArray, FloatArray]]:
    """Return, by signal, the bars at which its profit is known, and the profit up to each."""
    targets = ran.targets.get(ran.books[book])
    if targets is None or not targets.votes:
        return {}
    decided = np.flatnonzero(targets.decided)
    kept = (decided >= ran.start) & (decided < stop)
    if not kept.any():
        return {}
    bars = np.append(decided[kept], stop - 1)
    symbols = _traded(ran, book)
    claims = {name: np.zeros(len(bars)) for name in targets.votes}
    for name, share in shares(targets.votes).items():
        for (owner, asset), one in held.items():
            if owner == book and ran.bars.symbols[asset] in symbols:
                column = symbols.index(ran.bars.symbols[asset])
                claims[name][1:] += share[kept, column] * np.diff(one.profit(bars))
    return {name: (bars, np.cumsum(claim)) for name, claim in claims.items()}


def _traded(ran: Record, book: int) -> list[str]:
    """Return the symbols of the columns of a book's votes."""
    strategy = ran.settings.strategies[ran.books[book]]
    return [symbol for feed in strategy.data for symbol in ran.settings.data[feed].symbols]


def _at(earned: tuple[IntArray, FloatArray], closes: IntArray) -> FloatArray:
    """Return what had been earned by each close: what was last known, 0 before anything was."""
    bars, profit = earned
    curve: FloatArray = np.append(0.0, profit)[np.searchsorted(bars, closes, side="right")]
    return curve
