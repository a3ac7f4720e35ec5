"""Why a run bought nothing: counted from targets, rules and orders, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.transitions import LOT_SLACK
from tradewright.reports.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.sentence.record import Record
    from tradewright.values.arrays import BoolArray

REASONS_MAX = 6
_CUTS_MAX = 3  # Rules, and checks, that are named: those with the most cuts.


def reasons(ran: Record) -> tuple[str, ...]:
    """Return sentences that say where every wish of the strategies ended, in the order of a decision's way."""
    found = [*_never_traded(ran)]
    for book in range(len(ran.books)):
        found += _targets(ran, book)
    return tuple([*found, *_blind(ran), *_cuts(ran), *_orders(ran)][:REASONS_MAX])


def _never_traded(ran: Record) -> Iterator[str]:
    traded = ran.bars.traded[ran.start :].any(axis=0)
    for symbol in np.array(ran.bars.symbols)[~traded]:
        yield f"{symbol} never traded in the period"


def _targets(ran: Record, book: int) -> Iterator[str]:
    """Say how many targets a strategy had, and how many were too small to be one lot."""
    name, bars = ran.books[book], ran.bars
    made = ran.decisions.made[ran.start :, book]
    if not made.any():
        yield f"{name} never came to decide: the period is shorter than its rebalancing"
        return
    wanted = np.where(made[:, None], ran.decisions.target[ran.start :, book], 0.0)
    asked = np.isfinite(wanted) & (wanted != 0.0)
    if not asked.any():
        yield f"{name} never asked for anything: no signal was for a position at any of its {made.sum():,} decisions"
        return
    if not asked[:-1].any():
        yield f"{name} asked for something on the last bar alone, and no bar is left to buy it on"
        return
    bar, asset = np.nonzero(asked)
    mark = _marks(ran)[bar, asset]
    multiplier, lot = (
        np.array([getattr(one, key) for one in bars.instruments])[asset] for key in ("multiplier", "lot")
    )
    equity = ran.trace.equity[ran.start + bar, book]
    size = np.abs(wanted[bar, asset]) * equity / (mark * multiplier)
    small = size < lot * (1.0 - LOT_SLACK) if ran.settings.execution.units == "whole" else np.zeros(len(size), bool)
    if small.any():
        largest = np.flatnonzero(small)[np.argmax((size / lot)[small])]
        symbol = bars.symbols[asset[largest]]
        unit = "one unit" if lot[largest] == 1.0 else f"the lot of {lot[largest]:g}"
        yield (
            f"{small.sum():,} of the {len(size):,} targets of {name} were below {unit}: the largest was for"
            f" {size[largest] * mark[largest] * multiplier[largest]:,.2f} of {symbol} at"
            f" {mark[largest] * multiplier[largest]:,.2f} a unit, with {equity[largest]:,.2f} in the book"
        )


def _marks(ran: Record) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the last close of each asset at each bar traded, NaN before its first."""
    close = np.where(ran.bars.traded, ran.bars.close, np.nan)
    rows = np.where(np.isnan(close), 0, np.arange(len(close))[:, None])
    last = np.take_along_axis(close, np.maximum.accumulate(rows, axis=0), axis=0)
    if ran.bars.split is not None:
        grown = np.cumprod(ran.bars.split, axis=0)
        last = last * np.take_along_axis(grown, np.maximum.accumulate(rows, axis=0), axis=0) / grown
    return last[ran.start :]


def _blind(ran: Record) -> Iterator[str]:
    """Name the rules that let nothing through because a number of theirs was unknown, and what it lacked."""
    asked = _asked(ran)
    for (name, rule), cuts in zip(ran.rules, ran.trace.state.counters.cuts.tolist(), strict=False):
        for feature in rule.features if cuts else ():
            unknown = asked & np.isnan(feature.compute(ran.bars, feature.window)[ran.start :])
            if not unknown.any():
                continue
            asset = int(np.argmax(unknown.sum(axis=0)))
            last = ran.start + int(np.flatnonzero(unknown[:, asset])[-1])
            symbol = ran.bars.symbols[asset]
            yield (
                f"{name} knew no {feature.name} of {symbol} at {unknown[:, asset].sum():,} of the"
                f" {asked[:, asset].sum():,} targets for it: it looks back over {feature.window}, and"
                f" {_history(ran, asset, last)}"
            )


def _asked(ran: Record) -> BoolArray:
    """Return where any strategy asked for a position, from the first bar traded on, `(n_bars, n_assets)`."""
    wanted = np.where(ran.decisions.made[ran.start :, :, None], ran.decisions.target[ran.start :], 0.0)
    asked: BoolArray = (np.isfinite(wanted) & (wanted != 0.0)).any(axis=1)
    return asked


def _history(ran: Record, asset: int, last: int) -> str:
    """Say in how many sessions an asset has traded up to a bar, and in which of the grid's it has not."""
    bars = ran.bars
    held = np.unique(bars.session[: last + 1][bars.traded[: last + 1, asset]])
    missing = [str(day) for day in np.setdiff1d(bars.session[: last + 1], held)]
    without = f", without {listed(missing)}" if missing else ""
    return f"{bars.symbols[asset]} has {len(held):,} sessions with a price up to {bars.session[last]}{without}"


def _cuts(ran: Record) -> Iterator[str]:
    """Name the rules that cut targets most often, and then the checks that cut orders."""
    counters = ran.trace.state.counters
    cuts, bars = counters.cuts.tolist(), counters.bars.tolist()
    names, n_rules = [name for name, _ in (*ran.rules, *ran.checks)], len(ran.rules)
    for numbers, what in ((range(n_rules), "targets"), (range(n_rules, len(names)), "orders")):
        for i in sorted(numbers, key=lambda i: -cuts[i])[:_CUTS_MAX]:
            if cuts[i]:
                times = "once" if cuts[i] == 1 else f"{cuts[i]:,} times"
                yield f"{names[i]} cut {what} {times}, on {bars[i]:,} bar{'s' if bars[i] > 1 else ''}"


def _orders(ran: Record) -> Iterator[str]:
    """Say what became of the orders that were sent."""
    counts = ran.trace.state.run[0]
    for count, said in (
        (counts.participation_cuts, "orders were above the share of the bar's volume (execution.participation)"),
        (counts.cash_cuts, "orders were above the cash there was"),
        (counts.expired, "orders expired short of their limit price (execution.limit_offset)"),
        (counts.breaches, "targets were no numbers"),
    ):
        if count:
            yield f"{count:,} {said}"
