"""One bar in five parts (docs/reference/engine.md, 2 and 8): begin, match or take, close, decide.

A backtest matches orders with the bar's prices, an agent takes the fills that a venue reports; the rest is the same.
This file is also the pattern of the fused modules: `engine/generate.py` copies it with another import of `rules`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tradewright.engine.actions import apply_action, delist
from tradewright.engine.decide import apply_halts, asset_view, book_view, smaller, want
from tradewright.engine.jit import compiled
from tradewright.engine.log import SECOND_PASS, log_fill, log_verdict
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
from tradewright.engine.transitions import (
    apply_fill,
    grant,
    mark,
    open_session,
    write_session,
)
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
            size = ask_checks(order, state, tape, settings, parameters, log, bar, book, asset)
            if size > 0.0:
                free -= fill_order(state, tape, settings, log, bar, book, asset, stage, order, size)


@compiled
def begin_bar(state: State, tape: Tape, settings: Settings, log: Log, bar: int) -> None:
    """Begin a bar: its session, and what happens before its first price."""
    if bar == 0 or tape.session_ends[bar - 1]:
        open_session(state, settings, log, bar)
    for asset in range(len(state.market)):
        state.market[asset].used = 0.0
        if settings.has_actions:
            apply_action(state, tape, settings, log, bar, asset, tape.split[bar, asset], tape.dividend[bar, asset])
        if settings.has_exits and bar == tape.assets[asset].exit_bar:
            delist(state, tape, log, bar, asset)


@compiled
def begin_unseen(
    state: State, tape: Tape, settings: Settings, log: Log, opening: Table, bar: int, opens: bool
) -> None:
    """Begin a bar that the tape does not hold yet; `opens` says whether it is the first of its session."""
    if opens:
        open_session(state, settings, log, bar)
    for asset in range(len(state.market)):
        state.market[asset].used = 0.0
        if settings.has_actions:
            apply_action(state, tape, settings, log, bar, asset, opening[asset].split, opening[asset].dividend)
        if opening[asset].exits:
            delist(state, tape, log, bar, asset)


@compiled
def match_bar(state: State, tape: Tape, settings: Settings, parameters: Any, log: Log, bar: int) -> None:
    """Fill orders and stops from the bar's prices, as a venue would."""
    for book in range(state.positions.shape[0]):
        ordered = has_orders(state, book)
        if ordered and not settings.at_close:
            fill_orders(state, tape, settings, parameters, log, bar, book)
        fire_stops(state, tape, settings, log, bar, book)
        if ordered and settings.at_close:
            fill_orders(state, tape, settings, parameters, log, bar, book)
        if ordered:
            expire_orders(state, tape, bar, book)


@compiled
def take_fills(state: State, tape: Tape, log: Log, fills: Table, bar: int) -> None:
    """Book the fills that a venue has reported of this bar, in their order."""
    for i in range(len(fills)):
        fill = fills[i]
        state.market[fill.asset].used += abs(fill.quantity)
        apply_fill(state, tape, fill.book, fill.asset, fill.quantity, fill.price, fill.fee)
        state.rows[fill.book].slippage += fill.slippage
        log_fill(log, bar, fill.book, fill.asset, fill.reason, fill.quantity, fill.price, fill.fee, fill.slippage)


@compiled
def close_bar(state: State, tape: Tape, settings: Settings, log: Log, bar: int) -> None:
    """End a bar: the marks, the capital, the curve."""
    mark(state, tape, settings, bar)
    if tape.session_ends[bar]:
        grant(state, settings, log, bar)
        write_session(state, tape, log)
    state.run[0].closed = bar


@compiled
def ask_rules(
    state: State,
    tape: Tape,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
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
        after = ask_asset(proposal, seen, view, state, tape, parameters, log, bar, book, asset, counting)
        work[asset].target, work[asset].stop, work[asset].mode = after.target, after.stop, after.mode
        work[asset].before = after.target
        fell = fell or abs(before) - abs(after.target) > slack
    ask_sides(view, state, tape, parameters, work, log, bar, book, counting)
    for asset in range(len(state.market)):
        fell = fell or abs(work[asset].before) - abs(work[asset].target) > slack
    return fell


@compiled
def hold_back(state: State, work: Table, log: Log, book: int) -> None:
    """Add nothing anywhere in a book whose rules still ask for less than they were given."""
    state.run[0].verify_failures += 1
    for asset in range(len(state.market)):
        before = work[asset].target
        if work[asset].mode == FROZEN:
            continue
        work[asset].target = smaller(before, work[asset].held)
        if work[asset].target != before:
            log_verdict(log, book, asset, SECOND_PASS, before, work[asset].target)


@compiled
def decide_book(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    trial: Table,
    log: Log,
    bar: int,
    book: int,
) -> None:
    """Leave one book's checked targets and modes in `work`, and store its stops; `trial` serves the second asking."""
    want(state, tape, decisions, settings, work, bar, book)
    apply_halts(state, work, log, bar, book)
    counting = True
    if ask_rules(state, tape, settings, parameters, work, log, bar, book, counting):
        for asset in range(len(state.market)):
            trial[asset] = work[asset]
        if ask_rules(state, tape, settings, parameters, trial, log, bar, book, not counting):
            hold_back(state, work, log, book)
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        wanted = work[asset].target != 0.0 or position.quantity != 0.0
        position.stop = work[asset].stop if wanted else math.nan


@compiled
def decide_bar(
    state: State,
    tape: Tape,
    decisions: Decisions,
    settings: Settings,
    parameters: Any,
    work: Table,
    log: Log,
    bar: int,
) -> None:
    """Turn what every book wants at the close of a bar into its orders for the next; each leaves a row of `work`."""
    ask_books(state, tape, settings, parameters, log, bar)
    n_books = state.positions.shape[0]
    for book in range(n_books):
        decide_book(state, tape, decisions, settings, parameters, work[book], work[n_books], log, bar, book)
        plan_book(state, tape, settings, work[book], bar, book)


@compiled
def anyone_waits(decisions: Decisions, bar: int) -> bool:
    """Say whether a book is still to be asked what it wants on this bar."""
    for book in range(decisions.asked.shape[1]):  # noqa: SIM110  # numba compiles no generator without its runtime
        if decisions.asked[bar, book]:
            return True
    return False
