"""What the loop writes down: the curve, the fills, the corporate actions, the events, the counters."""

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

CUT_SLACK = 1e-12  # Weight or units: a difference of rounding, far below any limit's meaning.
BY_ORDER, BY_STOP, BY_EXIT = 0, 1, 2
SPLIT, DIVIDEND = 0, 1
HALTED, LIFTED, GRANTED = 0, 1, 2


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
    counts: IntArray
    """`(4,)`: fills, events, sessions, actions."""


def make_log(n_bars: int, n_sessions: int, n_rows: int, n_fills: int, n_actions: int, n_events: int) -> Log:
    """Return empty buffers for so many bars, sessions and actions, and fills and events between two drains."""
    return Log(
        np.zeros((n_bars, n_rows)),
        table((n_sessions, n_rows), CURVE),
        table((n_fills,), FILL),
        table((n_actions,), ACTION),
        table((n_events,), EVENT),
        np.zeros(4, np.int64),
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
