"""What Python calls: many bars in one go, resumable anywhere, or the parts of a single one.

The bytes are the same for any split of the bars, and for a bar in its parts.  `engine/generate.py` copies what
follows the imports behind its copy of `engine/bar.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.engine.bar import (
    anyone_waits,
    begin_bar,
    begin_unseen,
    close_bar,
    decide_bar,
    match_bar,
    take_fills,
)
from tradewright.engine.jit import cached, compiled
from tradewright.engine.matcher import expire_orders, order_view
from tradewright.engine.rules import ask_checks

if TYPE_CHECKING:
    from tradewright.engine.log import Log
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Decisions, Settings, Tape


@compiled
def play_bars(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
    start: int,
    stop: int,
) -> int:
    """Play bars `start` to `stop - 1` and return `stop`, or stop early and return the bar to go on with.

    It stops early before a bar that might overflow a log buffer, and between a bar's close and its decision when
    a book is still to be asked what it wants.
    """
    n_books, n_assets = state.positions.shape
    fills_max, events_max = 2 * n_books * n_assets, 2 * state.halts.size + 1
    for bar in range(start, stop):
        if log.counts[0] + fills_max > len(log.fills) or log.counts[1] + events_max > len(log.events):
            return bar
        if state.run[0].closed < bar:
            begin_bar(state, tape, settings, log, bar)
            match_bar(state, tape, settings, parameters, log, bar)
            close_bar(state, tape, settings, log, bar)
            for row in range(len(state.rows)):
                log.equity[bar, row] = state.rows[row].equity
            if anyone_waits(decisions, bar):
                return bar
        decide_bar(state, tape, decisions, settings, parameters, work, log, bar)
    return stop


@cached
def advance(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
    start: int,
    stop: int,
) -> int:
    """Play bars of any number of books and assets, as `play_bars` says."""
    return play_bars(state, tape, decisions, settings, parameters, work, log, start, stop)


@compiled
def is_single(tape: Tape) -> bool:
    """Say whether the prices are of one asset."""
    if tape.open.shape[1] != 1 or tape.high.shape[1] != 1 or tape.low.shape[1] != 1 or tape.close.shape[1] != 1:
        return False
    return bool(tape.traded.shape[1] == 1 and tape.features.shape[2] == 1)


@cached
def advance_single(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
    start: int,
    stop: int,
) -> int:
    """Play bars of one book with one asset, as `play_bars` says.

    The same code, three times as fast: once it is known that there is one of each, every inner loop is a straight
    line, and what one bar leaves to the next stays in registers.  That every table has one column, and that no bar
    counts from the end, saves the arithmetic of finding an entry.
    """
    if state.positions.shape != (1, 1) or work.shape[1] != 1 or start < 0:
        raise ValueError("there is more than one book or asset, or a bar before the first")
    if len(state.rows) != 1 or len(state.market) != 1 or state.halts.shape[0] != 1:
        raise ValueError("the tables of a state do not fit each other")
    if not (is_single(tape) and decisions.made.shape[1] == 1 and decisions.asked.shape[1] == 1):
        raise ValueError("the tape does not fit the state")
    if decisions.target.shape[1] != 1 or decisions.target.shape[2] != 1 or log.equity.shape[1] != 1:
        raise ValueError("the tape does not fit the state")
    return play_bars(state, tape, decisions, settings, parameters, work, log, start, stop)


@cached
def begin(state: State, tape: Tape, settings: Settings, log: Log, opening: Table, bar: int, opens: bool) -> None:
    """Begin a bar of which nothing but its opening is known."""
    begin_unseen(state, tape, settings, log, opening, bar, opens)


@cached
def check(
    state: State,
    tape: Tape,
    settings: Settings,
    parameters: Any,
    log: Log,
    bar: int,
    book: int,
    asset: int,
    quantity: float,
    base: float,
    price: float,
    free: float,
) -> float:
    """Return how many units of a signed order every check lets go that would fill at `price`, found at `base`."""
    order = order_view(state, tape, settings, book, asset, quantity, base, price, free)
    return ask_checks(order, state, tape, settings, parameters, log, bar, book, asset)


@cached
def take(state: State, tape: Tape, log: Log, fills: Table, bar: int) -> None:
    """Book reported fills."""
    take_fills(state, tape, log, fills, bar)


@cached
def close(state: State, tape: Tape, settings: Settings, log: Log, bar: int) -> None:
    """End a bar, and with it the orders that nothing has released."""
    for book in range(state.positions.shape[0]):
        expire_orders(state, tape, bar, book)
    close_bar(state, tape, settings, log, bar)


@cached
def decide(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
    bar: int,
) -> None:
    """Decide at the close of a bar."""
    decide_bar(state, tape, decisions, settings, parameters, work, log, bar)
