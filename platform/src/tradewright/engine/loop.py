"""The bars in their order (docs/reference/engine.md, 2 and 8): resumable anywhere, the same bytes for any split.

This file is also the pattern of the fused modules: `engine/fuse.py` copies it with another import of `rules`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tradewright.engine.decide import apply_halts, asset_view, book_view, smaller, want
from tradewright.engine.jit import cached, compiled
from tradewright.engine.matcher import (
    INCREASES,
    REDUCTIONS,
    WAITING,
    expire_orders,
    fill_order,
    fire_stops,
    free_cash,
    has_orders,
    is_due,
    release,
)
from tradewright.engine.plan import plan_book
from tradewright.engine.rules import ask_asset, ask_books, ask_checks, ask_sides
from tradewright.engine.transitions import apply_action, delist, grant, mark, open_session, write_session
from tradewright.risk.contract import FROZEN, Proposal

if TYPE_CHECKING:
    from tradewright.engine.log import Log
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Decisions, Settings, Tape

VERIFY_SLACK = 1e-12  # Rounding of the second pass; far below any limit's meaning.


@compiled
def fill_orders(state: State, tape: Tape, settings: Settings, parameters: Any, log: Log, bar: int, book: int) -> None:
    """Release one book's orders, reductions first; the checks and then the venue say how much of each fills."""
    for stage in (REDUCTIONS, INCREASES, WAITING):
        free = free_cash(state, tape, book)
        for asset in range(len(state.market)):
            if not is_due(state, tape, settings, bar, book, asset, stage):
                continue
            order = release(state, tape, settings, bar, book, asset, stage, free)
            size = ask_checks(order, state, tape, settings, parameters, bar, asset)
            if size > 0.0:
                free -= fill_order(state, tape, settings, log, bar, book, asset, stage, order, size)


@compiled
def open_bar(state: State, tape: Tape, settings: Settings, parameters: Any, log: Log, bar: int) -> None:
    """Do everything up to the close: session, fills, stops, mark, capital."""
    if bar == 0 or tape.session_ends[bar - 1]:
        open_session(state, settings, log, bar)
    for asset in range(len(state.market)):
        state.market[asset].used = 0.0
        if settings.has_actions:
            apply_action(state, tape, settings, log, bar, asset)
        if settings.has_exits and bar == tape.assets[asset].exit_bar:
            delist(state, tape, log, bar, asset)
    for book in range(state.positions.shape[0]):
        ordered = has_orders(state, book)
        if ordered and not settings.at_close:
            fill_orders(state, tape, settings, parameters, log, bar, book)
        fire_stops(state, tape, settings, log, bar, book)
        if ordered and settings.at_close:
            fill_orders(state, tape, settings, parameters, log, bar, book)
        if ordered:
            expire_orders(state, tape, bar, book)
    mark(state, tape, settings, bar)
    if tape.session_ends[bar]:
        grant(state, settings, log, bar)
        write_session(state, tape, log)
    for row in range(len(state.rows)):
        log.equity[bar, row] = state.rows[row].equity


@compiled
def ask_rules(
    state: State,
    tape: Tape,
    settings: Settings,
    parameters: Any,
    work: Table,
    bar: int,
    book: int,
    counting: bool,
) -> bool:
    """Pass one book through its asset and two-sided rules; return whether any target fell."""
    view = book_view(state, settings, book)
    fell, slack = False, 0.0 if counting else VERIFY_SLACK
    for asset in range(len(state.market)):
        before = work[asset].before = work[asset].target
        if math.isnan(state.market[asset].mark):
            continue
        proposal = Proposal(before, work[asset].stop, work[asset].mode)
        seen = asset_view(state, tape, settings, book, asset, work[asset].held)
        after = ask_asset(proposal, seen, view, state, tape, parameters, bar, book, asset, counting)
        work[asset].target, work[asset].stop, work[asset].mode = after.target, after.stop, after.mode
        work[asset].before = after.target
        fell = fell or abs(before) - abs(after.target) > slack
    ask_sides(view, state, tape, parameters, work, bar, book, counting)
    for asset in range(len(state.market)):
        fell = fell or abs(work[asset].before) - abs(work[asset].target) > slack
    return fell


@compiled
def hold_back(state: State, work: Table) -> None:
    """Add nothing anywhere in a book whose rules still ask for less than they were given."""
    state.run[0].verify_failures += 1
    for asset in range(len(state.market)):
        if work[asset].mode != FROZEN:
            work[asset].target = smaller(work[asset].target, work[asset].held)


@compiled
def decide_book(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    trial: Table,
    bar: int,
    book: int,
) -> None:
    """Leave one book's checked targets and modes in `work`, and store its stops; `trial` serves the second asking."""
    want(state, tape, decisions, settings, work, bar, book)
    apply_halts(state, work, bar, book)
    counting = True
    if ask_rules(state, tape, settings, parameters, work, bar, book, counting):
        for asset in range(len(state.market)):
            trial[asset] = work[asset]
        if ask_rules(state, tape, settings, parameters, trial, bar, book, not counting):
            hold_back(state, work)
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        wanted = work[asset].target != 0.0 or position.quantity != 0.0
        position.stop = work[asset].stop if wanted else math.nan


@compiled
def anyone_waits(decisions: Decisions, bar: int) -> bool:
    """Say whether a book is still to be asked what it wants on this bar."""
    for book in range(decisions.asked.shape[1]):  # noqa: SIM110  # numba compiles no generator without its runtime
        if decisions.asked[bar, book]:
            return True
    return False


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
            open_bar(state, tape, settings, parameters, log, bar)
            state.run[0].closed = bar
            if anyone_waits(decisions, bar):
                return bar
        ask_books(state, tape, settings, parameters, log, bar)
        for book in range(n_books):
            decide_book(state, tape, decisions, settings, parameters, work[0], work[1], bar, book)
            plan_book(state, tape, settings, work[0], bar, book)
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
