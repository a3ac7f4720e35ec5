"""What happens to what is held before a bar opens: splits, dividends, delistings (docs/reference/engine.md, 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tradewright.engine.jit import compiled
from tradewright.engine.log import BY_EXIT, DIVIDEND, SPLIT, log_action, log_fill
from tradewright.engine.transitions import apply_fill, whole_lots

if TYPE_CHECKING:
    from tradewright.engine.log import Log
    from tradewright.engine.state import State
    from tradewright.engine.tape import Settings, Tape


@compiled
def apply_action(
    state: State, tape: Tape, settings: Settings, log: Log, bar: int, asset: int, ratio: float, dividend: float
) -> None:
    """Restate positions, stops, orders and the mark for a split, and pay a dividend, before the bar opens."""
    if ratio != 1.0:
        state.market[asset].mark /= ratio
        for book in range(state.positions.shape[0]):
            split_position(state, tape, settings, log, bar, book, asset, ratio)
    if dividend != 0.0:
        for book in range(state.positions.shape[0]):
            pay_dividend(state, tape, log, bar, book, asset, dividend)


@compiled
def pay_dividend(state: State, tape: Tape, log: Log, bar: int, book: int, asset: int, dividend: float) -> None:
    """Pay one position's dividend, or take it from a short, and lower the stop of a long by it."""
    position = state.positions[book, asset]
    if position.quantity == 0.0:
        return
    cash = position.quantity * dividend * tape.assets[asset].multiplier
    state.rows[book].cash += cash
    log_action(log, bar, book, asset, DIVIDEND, 1.0, position.quantity, dividend, cash)
    if position.quantity > 0.0:
        position.stop = position.stop - dividend if position.stop > dividend else math.nan


@compiled
def split_position(
    state: State, tape: Tape, settings: Settings, log: Log, bar: int, book: int, asset: int, ratio: float
) -> None:
    """Restate one position; what whole lots cannot hold is paid out at the new mark."""
    position = state.positions[book, asset]
    held, rest = position.quantity != 0.0, 0.0
    position.entry /= ratio
    position.stop /= ratio
    position.limit /= ratio
    position.quantity *= ratio
    position.order *= ratio
    position.wanted *= ratio if settings.in_units else 1.0
    if settings.whole:
        lot = tape.assets[asset].lot
        kept = whole_lots(position.quantity, lot)
        rest = position.quantity - kept
        position.quantity = kept
        position.order = whole_lots(position.order, lot)
        position.wanted = whole_lots(position.wanted, lot) if settings.in_units else position.wanted
    if not held:
        return  # A flat position's stop is that of its pending order, and stays.
    price = state.market[asset].mark
    cash = rest * price * tape.assets[asset].multiplier
    state.rows[book].cash += cash
    log_action(log, bar, book, asset, SPLIT, ratio, rest, price, cash)
    if position.quantity == 0.0:
        position.entry = math.nan
        position.stop = math.nan


@compiled
def delist(state: State, tape: Tape, log: Log, bar: int, asset: int) -> None:
    """Exchange every position for the exit's cash, and leave the asset as if it had never traded."""
    cash = tape.assets[asset].exit_cash
    for book in range(state.positions.shape[0]):
        position = state.positions[book, asset]
        if position.quantity != 0.0:
            log_fill(log, bar, book, asset, BY_EXIT, -position.quantity, cash, 0.0, 0.0)
            apply_fill(state, tape, book, asset, -position.quantity, cash, 0.0)
        position.order = 0.0
        position.limit = position.stop = position.wanted = math.nan
    state.market[asset].mark = math.nan
