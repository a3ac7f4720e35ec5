"""What changes the money: a fill, a session, a mark, a grant (docs/reference/engine.md, 2, 3 and 6)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.jit import compiled
from tradewright.engine.log import GRANTED, LIFTED, log_event
from tradewright.risk.contract import FLATTEN, RUNNING

if TYPE_CHECKING:
    from tradewright.engine.log import Log
    from tradewright.engine.state import State
    from tradewright.engine.tape import Settings, Tape

LOT_SLACK = 1e-9  # Lots: a quantity this close to a whole lot is one.
ROUNDING = 1e-15  # What a handful of multiplications and divisions leave of a whole number, as a fraction of it.
DUST = 1e-9  # Units: what rounding leaves of a fractional quantity; no venue takes or holds it.


@compiled
def apply_fill(state: State, tape: Tape, book: int, asset: int, quantity: float, price: float, fee: float) -> None:
    """Book one fill of signed `quantity`, which never crosses zero."""
    position, row = state.positions[book, asset], state.rows[book]
    before = position.quantity
    after = before + quantity
    row.cash -= quantity * price * tape.assets[asset].multiplier + fee
    row.fees += fee
    if abs(after) < DUST:
        after = 0.0
    position.quantity = after
    if after == 0.0:
        position.entry = math.nan
        position.stop = math.nan
    elif before == 0.0:
        position.entry = price
    elif abs(after) > abs(before):
        position.entry = (position.entry * before + price * quantity) / after


@compiled
def open_session(state: State, settings: Settings, log: Log, bar: int) -> None:
    """Begin a session: end the halts that end by themselves, and take the last mark as the day's base."""
    state.run[0].session += 1
    for row in range(len(state.rows)):
        state.rows[row].day_base = state.rows[row].nav
        for rule in range(state.halts.shape[1]):
            halt = state.halts[row, rule]
            if halt.level == RUNNING:
                continue
            if not settings.latched[rule]:
                halt.level = RUNNING
            elif 0 < settings.resume_after <= state.run[0].session - halt.since:
                lift(state, log, bar, row, rule)


@compiled
def lift(state: State, log: Log, bar: int, row: int, rule: int) -> None:
    """Play the person who lifts a latched halt: end it, and after a flattening one measure drawdown from here."""
    halt, money = state.halts[row, rule], state.rows[row]
    log_event(log, bar, row, LIFTED, rule, halt.level, money.nav, money.peak, 0.0)
    if halt.level >= FLATTEN:
        money.peak = money.nav
    halt.level = RUNNING


@compiled
def whole(number: float, slack: float) -> float:
    """Return the whole number at or below `number`, or the next one where that is no further than `slack`.

    It stays a float, since 64 bits do not count the lots of a cheap coin; and what rounding left of a whole number
    is one at any size, where a fixed slack is lost beyond some millions.
    """
    nearest: float = np.rint(number)
    if abs(number - nearest) <= max(slack, ROUNDING * abs(number)):
        return nearest
    below: float = np.floor(number)
    return below


@compiled
def whole_lots(quantity: float, lot: float) -> float:
    """Return a signed quantity cut to whole lots, towards zero."""
    if not math.isfinite(quantity):
        return quantity
    return math.copysign(whole(abs(quantity) / lot, LOT_SLACK) * lot, quantity)


@compiled
def short_value(state: State, tape: Tape, book: int) -> float:
    """Return the notional of the book's short positions at the marks, >= 0."""
    total = 0.0
    for asset in range(len(state.market)):
        quantity = state.positions[book, asset].quantity
        if quantity < 0.0:
            total -= quantity * state.market[asset].mark * tape.assets[asset].multiplier
    return total


@compiled
def mark(state: State, tape: Tape, settings: Settings, bar: int) -> None:
    """Value every row at the close of `bar`."""
    for asset in range(len(state.market)):
        if tape.traded[bar, asset]:
            state.market[asset].mark = tape.close[bar, asset]
    n_books = state.positions.shape[0]
    for book in range(n_books):
        if tape.session_ends[bar]:
            accrue(state, tape, settings, book)
        value_book(state, tape, book)
    if len(state.rows) > n_books:
        value_account(state)
    for i in range(len(state.rows)):
        row = state.rows[i]
        row.nav = row.equity / row.units
        row.peak = max(row.peak, row.nav)


@compiled
def accrue(state: State, tape: Tape, settings: Settings, book: int) -> None:
    """Add one session's interest on idle cash, and take one session's borrow fee on shorts."""
    row = state.rows[book]
    short = short_value(state, tape, book)
    interest = max(row.cash - short, 0.0) * settings.cash_rate / settings.sessions_per_year
    borrow = short * settings.borrow_rate / settings.sessions_per_year
    row.cash += interest - borrow
    row.interest += interest
    row.borrow += borrow


@compiled
def value_book(state: State, tape: Tape, book: int) -> None:
    """Set the book's equity, and its positions' largest weights."""
    net = 0.0
    for asset in range(len(state.market)):
        net += notional(state, tape, book, asset)
    equity = state.rows[book].cash + net
    state.rows[book].equity = equity
    if not equity > 0.0:
        return
    for asset in range(len(state.market)):
        position, value = state.positions[book, asset], abs(notional(state, tape, book, asset))
        if value > position.largest * equity:  # Most bars set no record, and pay no division.
            position.largest = value / equity


@compiled
def notional(state: State, tape: Tape, book: int, asset: int) -> float:
    """Return the signed value of a position at the mark, 0 for none."""
    quantity: float = state.positions[book, asset].quantity
    return quantity * state.market[asset].mark * tape.assets[asset].multiplier if quantity != 0.0 else 0.0


@compiled
def value_account(state: State) -> None:
    """Set the account's sums over the books."""
    last = len(state.rows) - 1
    account = state.rows[last]
    account.cash = account.equity = account.fees = account.slippage = account.borrow = account.interest = 0.0
    for book in range(last):
        row = state.rows[book]
        account.cash += row.cash
        account.equity += row.equity
        account.fees += row.fees
        account.slippage += row.slippage
        account.borrow += row.borrow
        account.interest += row.interest


@compiled
def grant(state: State, settings: Settings, log: Log, bar: int) -> None:
    """Add a step of capital when the account has earned it; nav does not move."""
    last = len(state.rows) - 1
    account = state.rows[last]
    left = settings.capital_total - account.capital
    gain = account.nav / state.run[0].step_base - 1.0
    if not settings.evidence_ok or left <= 0.0 or not gain >= settings.capital_step_return or halted(state):
        return
    money = min(settings.capital_step, left)
    n_books = state.positions.shape[0]
    for i in range(last + 1):
        row = state.rows[i]
        part = money * settings.books[i].share if i < n_books else money
        row.capital += part
        row.cash += part
        row.units += part / row.nav
        row.equity += part
    state.run[0].step_base = account.nav
    log_event(log, bar, last, GRANTED, -1, 0, gain, settings.capital_step_return, money)


@compiled
def write_session(state: State, tape: Tape, log: Log) -> None:
    """Write every row's entry of the curve, at the close of a session."""
    session, account, n_books = log.counts[2], len(state.rows) - 1, state.positions.shape[0]
    for i in range(len(state.rows)):
        row, point = state.rows[i], log.curve[session, i]
        point.equity, point.nav = row.equity, row.nav
        point.fees, point.slippage, point.borrow, point.interest = row.fees, row.slippage, row.borrow, row.interest
    for book in range(n_books):
        point = log.curve[session, book]
        for asset in range(len(state.market)):
            value = notional(state, tape, book, asset)
            point.gross += abs(value)
            point.net += value
        if account >= n_books:
            log.curve[session, account].gross += point.gross
            log.curve[session, account].net += point.net
    log.counts[2] += 1


@compiled
def halted(state: State) -> bool:
    """Say whether any row stands in a halt of any level."""
    for row in range(state.halts.shape[0]):
        for rule in range(state.halts.shape[1]):
            if state.halts[row, rule].level > RUNNING:
                return True
    return False
