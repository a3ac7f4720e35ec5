"""What the loop writes down: the curve, the fills, the corporate actions, the events, the verdicts, the counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.engine.jit import compiled
from tradewright.engine.state import table

if TYPE_CHECKING:
    from tradewright.engine.state import State, Table
    from tradewright.values.arrays import FloatArray, IntArray

_F, _I = "f8", "i8"

CURVE = np.dtype([
    ("equity", _F),
    ("nav", _F),
    ("gross", _F),  # Sum of absolute notionals, in currency.
    ("net", _F),  # Sum of signed notionals, in currency.
    ("fees", _F),  # This and the next three: so far, in currency, each >= 0.
    ("slippage", _F),
    ("borrow", _F),
    ("interest", _F),
])  # fmt: skip
FILL = np.dtype([
    ("bar", _I),
    ("book", _I),
    ("asset", _I),
    ("reason", _I),
    ("quantity", _F),  # Signed.
    ("price", _F),
    ("fee", _F),
    ("slippage", _F),  # In currency.
])  # fmt: skip
ACTION = np.dtype([
    ("bar", _I),
    ("book", _I),
    ("asset", _I),
    ("kind", _I),  # SPLIT or DIVIDEND.
    ("ratio", _F),  # New units per old one, 1 for a dividend.
    ("units", _F),  # Signed: what whole lots could not hold and a split paid out, or what a dividend was paid on.
    ("price", _F),  # Per unit: the mark after the split, or the dividend.
    ("cash", _F),  # units x price x multiplier, in currency; negative for a short.
])  # fmt: skip
EVENT = np.dtype([
    ("bar", _I),
    ("row", _I),
    ("kind", _I),
    ("rule", _I),  # Number of the book rule; -1 for a capital step.
    ("level", _I),
    ("observed", _F),
    ("limit", _F),
    ("money", _F),  # Granted, in currency.
])  # fmt: skip

VERDICT = np.dtype([
    ("book", _I),
    ("asset", _I),
    ("rule", _I),  # Number of the rule or check, SECOND_PASS for what the second asking of all rules held back.
    ("before", _F),  # Target weight, or size of an order in units.
    ("after", _F),
])  # fmt: skip

CUT_SLACK = 1e-12  # Weight or units: a difference of rounding, far below any limit's meaning.
BY_ORDER, BY_STOP, BY_EXIT = 0, 1, 2
SPLIT, DIVIDEND = 0, 1
HALTED, LIFTED, GRANTED = 0, 1, 2
SECOND_PASS = -1


class Log(NamedTuple):
    """Buffers with a count of what is in them; the loop stops before a bar that might overflow fills or events."""

    equity: FloatArray
    """`(n_bars, n_rows)`, at each close."""
    curve: Table
    """`(n_sessions, n_rows)` of CURVE, at the close of each session that was played."""
    fills: Table
    actions: Table
    """Of ACTION, with room for all that the prices tell of, in every book: how many there can be is known."""
    events: Table
    verdicts: Table
    """Of VERDICT; without room, as in a backtest, none is written down."""
    counts: IntArray
    """`(5,)`: fills, events, sessions, actions, verdicts."""


def make_log(
    n_bars: int, n_sessions: int, n_rows: int, n_fills: int, n_actions: int, n_events: int, n_verdicts: int = 0
) -> Log:
    """Return empty buffers for so many bars, sessions and actions, and fills and events between two drains."""
    return Log(
        np.zeros((n_bars, n_rows)),
        table((n_sessions, n_rows), CURVE),
        table((n_fills,), FILL),
        table((n_actions,), ACTION),
        table((n_events,), EVENT),
        table((n_verdicts,), VERDICT),
        np.zeros(5, np.int64),
    )


@compiled
def log_event(
    log: Log, bar: int, row: int, kind: int, rule: int, level: int, observed: float, limit: float, money: float
) -> None:
    """Append one event."""
    event = log.events[log.counts[1]]
    event.bar, event.row, event.kind, event.rule, event.level = bar, row, kind, rule, level
    event.observed, event.limit, event.money = observed, limit, money
    log.counts[1] += 1


@compiled
def log_fill(
    log: Log,
    bar: int,
    book: int,
    asset: int,
    reason: int,
    quantity: float,
    price: float,
    fee: float,
    slippage: float,
) -> None:
    """Append one fill."""
    fill = log.fills[log.counts[0]]
    fill.bar, fill.book, fill.asset, fill.reason = bar, book, asset, reason
    fill.quantity, fill.price, fill.fee, fill.slippage = quantity, price, fee, slippage
    log.counts[0] += 1


@compiled
def log_action(
    log: Log, bar: int, book: int, asset: int, kind: int, ratio: float, units: float, price: float, cash: float
) -> None:
    """Append one split or dividend that acted on a position."""
    action = log.actions[log.counts[3]]
    action.bar, action.book, action.asset, action.kind = bar, book, asset, kind
    action.ratio, action.units, action.price, action.cash = ratio, units, price, cash
    log.counts[3] += 1


@compiled
def tell_change(
    state: State, log: Log, bar: int, book: int, asset: int, rule: int, before: float, after: float, value: float
) -> None:
    """Write down what a rule made of a target, or a check of an order, where that is something else."""
    if before == after:
        return  # As on most bars: a backtest pays for no more than this.
    log_verdict(log, book, asset, rule, before, after)
    count_cut(state, bar, rule, abs(before) - abs(after), value)


@compiled
def log_verdict(log: Log, book: int, asset: int, rule: int, before: float, after: float) -> None:
    """Append one verdict where there is room for it."""
    if log.counts[4] < len(log.verdicts):
        verdict = log.verdicts[log.counts[4]]
        verdict.book, verdict.asset, verdict.rule = book, asset, rule
        verdict.before, verdict.after = before, after
        log.counts[4] += 1


@compiled
def count_cut(state: State, bar: int, rule: int, fell: float, value: float) -> None:
    """Count that a rule lowered a target, or a check an order, by `fell` of `value` each; rounding is no cut."""
    if not fell > CUT_SLACK:
        return
    counter = state.counters[rule]
    if counter.bars == 0:
        counter.first = bar
    if counter.bars == 0 or counter.last != bar:
        counter.bars += 1
        counter.last = bar
    counter.cuts += 1
    counter.notional += fell * value
