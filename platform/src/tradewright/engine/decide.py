"""From what the strategies want to checked targets (docs/reference/engine.md, 7 and 8).

These are the parts that do not depend on which rules there are; `engine/loop.py` puts them in order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.jit import compiled
from tradewright.engine.log import HALTED, Log, log_event, tell_change
from tradewright.risk.contract import (
    FLATTEN,
    FREEZE,
    FROZEN,
    NORMAL,
    REDUCE_ONLY,
    RUNNING,
    AssetView,
    BookView,
    Halt,
    Proposal,
    Sides,
)

if TYPE_CHECKING:
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Decisions, Settings, Tape


WORK = np.dtype([
    ("raw", "f8"),  # What the strategy wants, a weight.
    ("held", "f8"),
    ("target", "f8"),
    ("before", "f8"),  # Target before the two-sided rules.
    ("stop", "f8"),
    ("mode", "i8"),
])  # fmt: skip


@compiled
def book_view(state: State, settings: Settings, row: int) -> BookView:
    """Return what rules may know of a row."""
    rows = state.rows
    equity = rows.equity[row]
    smallest = quotient(settings.commission_min, equity) if equity > 0.0 else math.inf
    return BookView(
        equity,
        rows.nav[row],
        rows.peak[row],
        rows.day_base[row],
        rows.capital[row],
        smallest,
        state.run[0].session,
        settings.sessions_per_year,
    )


@compiled
def quotient(part: float, whole: float) -> float:
    """Return `part / whole` for a `whole` above 0, without the 4 ns of a division where `part` is 0."""
    return part / whole if part != 0.0 else 0.0


@compiled
def asset_view(state: State, tape: Tape, settings: Settings, book: int, asset: int, held: float) -> AssetView:
    """Return what rules may know of an asset; its mark is above 0."""
    price = state.market[asset].mark
    cost = settings.half_spread_and_slippage + settings.commission_rate
    cost += quotient(settings.commission_per_share, price * tape.assets[asset].multiplier)
    return AssetView(price, held, state.positions[book, asset].quantity, cost)


@compiled
def record_halt(state: State, log: Log, bar: int, row: int, rule: int, verdict: Halt) -> None:
    """Store a book rule's verdict; a level only rises."""
    halt = state.halts[row, rule]
    halt.keep = verdict.keep
    if verdict.level > halt.level:
        halt.level = verdict.level
        halt.since = state.run[0].session
        log_event(log, bar, row, HALTED, rule, verdict.level, verdict.observed, verdict.limit, 0.0)


@compiled
def want(
    state: State, tape: Tape, decisions: Decisions, settings: Settings, work: Table, bar: int, book: int
) -> None:
    """Fill `raw`, `held`, `stop` and `mode` with what the strategy wants, before any rule."""
    equity = state.rows[book].equity
    for asset in range(len(state.market)):
        position = state.positions[book, asset]
        quantity = position.quantity
        unit = state.market[asset].mark * tape.assets[asset].multiplier
        held = held_weight(quantity, unit, equity)
        raw, mode, blocked = held, NORMAL, position.blocked != 0
        if decisions.made[bar, book]:
            position.wanted = decisions.target[bar, book, asset]
        elif tape.traded[bar, asset] and not blocked:
            position.wanted = math.nan  # A decision that could not act yet stands until it can.
        if not equity > 0.0:
            raw, mode = 0.0, REDUCE_ONLY
        elif math.isnan(unit):
            raw = 0.0
        elif decisions.made[bar, book] or not math.isnan(position.wanted):
            raw = position.wanted * unit / equity if settings.in_units else position.wanted
            if not math.isfinite(raw):
                raw, mode = held, FROZEN
                state.run[0].breaches += 1
            elif raw * held < 0.0:
                raw = 0.0
        if blocked:
            raw, mode = held, FROZEN
        if math.isinf(position.wanted):
            position.wanted = math.nan  # What is no number does not stand.
        work[asset].raw, work[asset].held, work[asset].target, work[asset].mode = raw, held, raw, mode
        work[asset].stop = math.nan if quantity == 0.0 else position.stop


@compiled
def held_weight(quantity: float, unit: float, equity: float) -> float:
    """Return the weight held; a book without equity has no weights, so any position counts as a whole one."""
    if quantity == 0.0:
        return 0.0
    return quantity * unit / equity if equity > 0.0 else math.copysign(1.0, quantity)


@compiled
def apply_halts(state: State, work: Table, log: Log, bar: int, book: int) -> None:
    """Let the highest stored level, the account's included, act on every asset of the book."""
    account = len(state.rows) - 1
    level, keep, by = RUNNING, 1.0, 0
    for rule in range(state.halts.shape[1]):
        stored = max(state.halts[book, rule].level, state.halts[account, rule].level)
        if stored > level:
            level, by = stored, rule
        if stored > RUNNING:
            keep = min(keep, state.halts[book, rule].keep, state.halts[account, rule].keep)
    if level == RUNNING:
        return
    for asset in range(len(state.market)):
        if state.positions[book, asset].blocked:
            continue  # Not even a sale: what is held is not known.
        before = work[asset].target
        after = halt_asset(level, keep, before, work[asset].held, work[asset].mode)
        work[asset].target, work[asset].mode = after.target, after.mode
        tell_change(state, log, bar, book, asset, by, before, after.target, state.rows[book].equity)


@compiled
def halt_asset(level: int, keep: float, target: float, held: float, mode: int) -> Proposal:
    """Return what a halt leaves of a target; FLATTEN needs no opinion, so it also moves a frozen asset."""
    if level == FREEZE:
        return Proposal(held, math.nan, FROZEN)
    if level == FLATTEN:
        return Proposal(0.0, math.nan, REDUCE_ONLY)
    mode = max(mode, REDUCE_ONLY)
    if keep < 1.0:
        target = math.copysign(min(abs(target), keep * abs(held)), held)
    return Proposal(clamp(target, held, mode), math.nan, mode)


@compiled
def clamp(target: float, held: float, mode: int) -> float:
    """Return the target that the mode allows; target and held have the same sign or one is 0."""
    if mode == FROZEN:
        return held
    if mode == REDUCE_ONLY and abs(target) > abs(held):
        return held
    return target


@compiled
def accept(state: State, before: Proposal, after: Proposal, held: float) -> Proposal:
    """Return what a rule's answer may change: a smaller target, a tighter stop, a higher mode."""
    target, stop, mode = after.target, after.stop, max(before.mode, after.mode)
    if not math.isfinite(target):
        state.run[0].breaches += 1
        return Proposal(held, before.stop, FROZEN)
    if abs(target) > abs(before.target) or target * before.target < 0.0:
        state.run[0].breaches += 1
        target = before.target
    if not math.isnan(before.stop):
        side = before.target if before.target != 0.0 else held
        tighter = stop >= before.stop if side > 0.0 else stop <= before.stop
        if not tighter:
            state.run[0].breaches += 1
            stop = before.stop
    return Proposal(clamp(target, held, mode), stop, mode)


@compiled
def judge(
    state: State,
    log: Log,
    before: Proposal,
    answer: Proposal,
    held: float,
    equity: float,
    bar: int,
    book: int,
    asset: int,
    rule: int,
    counting: bool,
) -> Proposal:
    """Accept an asset rule's answer as far as it may go, and write down what it changed."""
    after = accept(state, before, answer, held)
    if counting:
        tell_change(state, log, bar, book, asset, rule, before.target, after.target, equity)
    return after


@compiled
def apply_sides(
    state: State, work: Table, log: Log, sides: Sides, rule: int, bar: int, book: int, counting: bool
) -> None:
    """Scale the longs and the shorts by a two-sided rule's factors."""
    sound = math.isfinite(sides.long) and math.isfinite(sides.short)
    state.run[0].breaches += 0 if sound else 1
    for asset in range(len(state.market)):
        before, held = work[asset].target, work[asset].held
        if work[asset].mode == FROZEN or before == 0.0:
            continue
        factor = sides.long if before > 0.0 else sides.short
        after = before * min(max(factor, 0.0), 1.0) if sound else smaller(before, held)
        work[asset].target = after
        if counting:
            tell_change(state, log, bar, book, asset, rule, before, after, state.rows[book].equity)


@compiled
def smaller(target: float, held: float) -> float:
    """Return whichever of the two has the smaller size, with the sign of what is held."""
    return math.copysign(min(abs(target), abs(held)), held)
