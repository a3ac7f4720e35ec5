"""What the loop reads and never writes: prices, decisions, settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradewright.risk.features import average_volume
from tradewright.sessions import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from tradewright.engine.state import Table
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray
    from tradewright.values.bars import Bars

VOLUME_WINDOW = 20  # Traded bars behind the average volume that planning is limited by.


LISTING = np.dtype([
    ("lot", "f8"),  # Smallest step of quantity, in units.
    ("tick", "f8"),  # Smallest step of price, 0 for none.
    ("multiplier", "f8"),  # Notional of one unit is price x multiplier.
    ("exit_bar", "i8"),  # Bar in which positions are exchanged for cash; the number of bars for none.
    ("exit_cash", "f8"),  # That cash, in currency per unit.
])  # fmt: skip
OPENING = np.dtype([
    ("split", "f8"),  # New units per old one, 1 for none.
    ("dividend", "f8"),  # Currency per new unit, 0 for none.
    ("exits", "?"),  # Whether positions are exchanged for cash in this bar.
])  # fmt: skip
BOOK = np.dtype([
    ("share", "f8"),  # Part of every grant of capital; they sum to 1.
    ("no_trade_band", "f8"),  # Smallest change of weight that is worth an order.
])  # fmt: skip


class Tape(NamedTuple):
    """Prices and what is derived from them alone; arrays are `(n_bars, n_assets)` unless said otherwise."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    average_volume: FloatArray
    traded: BoolArray
    split: FloatArray
    """New units per old one, 1 for none; empty without corporate actions."""
    dividend: FloatArray
    """Currency per new unit, 0 for none; empty without corporate actions."""
    session_ends: BoolArray
    """`(n_bars,)`: last bar of its session."""
    assets: Table
    """`(n_assets,)` of LISTING."""
    features: FloatArray
    """`(n_features, n_bars, n_assets)`: what rules asked for."""
    matrices: FloatArray
    """`(n, n_assets, n_assets)`: a block of the matrices that rules asked for; the last one is unknown (NaN)
    throughout."""
    matrix_at: IntArray
    """`(n_matrix_features, n_bars)`: the matrix known on each bar, -1 for the unknown one."""


class Decisions(NamedTuple):
    """What the strategies want."""

    target: FloatArray
    """`(n_bars, n_books, n_assets)`: weights, or quantities when `Settings.in_units`."""
    made: BoolArray
    """`(n_bars, n_books)`: where the book decided on this bar."""
    asked: BoolArray
    """`(n_bars, n_books)`: where its target is still to be asked for, once the bar has closed and it is known what
    the book holds; the loop then stops between close and decision."""


class Settings(NamedTuple):
    """Scalars and per-book numbers of a run; fractions, currency, basis points as named."""

    at_close: bool
    """Orders fill at the next close instead of the next open."""
    has_volume: bool
    whole: bool
    """Quantities are whole multiples of the lot."""
    in_units: bool
    """Decisions are quantities instead of weights."""
    participation: float
    half_spread_and_slippage: float
    """Fraction by which a fill is worse than its base price."""
    commission_per_share: float
    commission_rate: float
    commission_min: float
    cash_rate: float
    borrow_rate: float
    capital_total: float
    capital_step: float
    capital_step_return: float
    evidence_ok: bool
    """Whether the record is good enough for a capital step."""
    resume_after: int
    """Sessions after which a backtest plays the person who lifts a latched halt; 0 for never."""
    latched: BoolArray
    """`(n_book_rules,)`: whether only a person lifts the rule's halt."""
    books: Table
    """`(n_books,)` of BOOK."""
    has_actions: bool = False
    """Whether the tape carries splits and dividends."""
    has_exits: bool = False
    """Whether an asset is delisted in one of the bars."""
    sessions_per_year: float = float(SESSIONS_PER_YEAR)
    """Interest and borrow fees accrue per session."""
    limit_offset: float = math.nan
    """Increases carry a limit this fraction beyond the mark (negative: short of it); NaN sends them at the market."""


def listings(bars: Bars) -> Table:
    """Return what the instruments say of lot, tick, multiplier and exit."""
    exits = zip(bars.instruments, bars.exit_bar.tolist(), strict=True)
    rows = [(one.lot, one.tick, one.multiplier, bar, one.delisted_cash) for one, bar in exits]
    return np.array(rows, LISTING).view(np.recarray)


def make_tape(bars: Bars, features: FloatArray, matrices: FloatArray, matrix_at: IntArray) -> Tape:
    """Lay out `bars` for the loop, without copying prices.

    Close-only bars have the close in place of open, high and low, which is what their fills and stops look at;
    absent volumes are empty and never read.
    """
    # Frozen like the columns there are: to the compiler absent and present are then one type, and one machine code.
    absent = _frozen(np.empty((0, bars.n_assets)))
    return Tape(
        open=bars.close if bars.open is None else bars.open,
        high=bars.close if bars.high is None else bars.high,
        low=bars.close if bars.low is None else bars.low,
        close=bars.close,
        volume=absent if bars.volume is None else bars.volume,
        average_volume=absent if bars.volume is None else _frozen(average_volume(bars, VOLUME_WINDOW)),
        traded=bars.traded,
        split=absent if bars.split is None else bars.split,
        dividend=absent if bars.dividend is None else bars.dividend,
        session_ends=bars.session_ends,
        assets=listings(bars),
        features=features,
        matrices=matrices,
        matrix_at=matrix_at,
    )


def _frozen(array: FloatArray) -> FloatArray:
    array.setflags(write=False)
    return array
