"""What is known of a bar when, and what a walk says of it: plain values, made in one place for backtest and agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from tradewright.engine import state as states
from tradewright.engine.tape import OPENING, Decisions, make_tape

if TYPE_CHECKING:
    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.state import Table
    from tradewright.engine.tape import Tape
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars

SECOND_ASKING = "second-asking"
"""Stands in the place of a rule where all of them, asked again, lower more than they did."""


@attrs.frozen
class Prepared:
    """What prices alone say of every row up to one, and of that one last.

    Attributes:
        tape: Prices and features since the first row that is still held; it may hold later rows, which nobody reads.
        decisions: What the books want, likewise.
        bar: The row that has just closed.
    """

    tape: Tape
    decisions: Decisions
    bar: int


@attrs.frozen
class Opening:
    """What is known of a bar before its first price.

    Attributes:
        opens: Whether it is the first of its session.
        assets: `(n_assets,)` of `engine.tape.OPENING`: splits, dividends, and who is exchanged for cash.
    """

    opens: bool
    assets: Table


class Plan(NamedTuple):
    """What a decision leaves to be done; a copy, `(n_books, n_assets)` each."""

    order: FloatArray
    """Signed units to be ordered in the next bar, 0 for none."""
    limit: FloatArray
    """Limit price of the order, NaN for at the market."""
    stop: FloatArray
    """Price of the stop that guards the position, that of the order included, NaN for none."""


class News(NamedTuple):
    """What a call has written down; bars are counted as the walk counts them."""

    fills: Table
    """Of `engine.log.FILL`: those that were taken, and exchanges for cash."""
    actions: Table
    """Of `engine.log.ACTION`."""
    events: Table
    """Of `engine.log.EVENT`."""
    curve: Table
    """`(n, n_rows)` of `engine.log.CURVE`: a row where a session has ended."""


class Verdict(NamedTuple):
    """What one rule made of a target, or one check of an order."""

    book: int
    asset: int
    by: str
    """Name of the rule or check; `SECOND_ASKING` for what was held back since rules, asked again, lowered more."""
    before: float
    """Signed weight, or units of an order, >= 0."""
    after: float
    limit: float | None
    """The rule's or check's option of that name, None for one that has none."""


def opening_of(bars: Bars, bar: int) -> Opening:
    """Return the opening of a bar in a history, which knew it before its first price."""
    split, dividend = (None if one is None else one[bar] for one in (bars.split, bars.dividend))
    actions = {"split": 1.0} if split is None else {"split": split, "dividend": dividend}
    assets = states.table((bars.n_assets,), OPENING, exits=bars.exit_bar == bar, **actions)
    return Opening(bar == 0 or bool(bars.session_ends[bar - 1]), assets)


def nothing_known(bars: Bars, fused: FusedRules, n_books: int) -> Prepared:
    """Return what prices say before there is a first row: which instruments there will be."""
    n_features, n_matrices = (sum(len(getattr(part, of)) for part in fused.parts) for of in ("features", "matrices"))
    unknown = np.full((1, bars.n_assets, bars.n_assets), np.nan)
    features = np.empty((n_features, 0, bars.n_assets))
    tape = make_tape(bars.until(0), features, unknown, np.empty((n_matrices, 0), np.int64))
    made = np.zeros((0, n_books), bool)
    return Prepared(tape, Decisions(np.zeros((0, n_books, bars.n_assets)), made, made.copy()), -1)
