"""The state of a run: a few tables in plain memory, copied, compared bit for bit and stored.

A table is a numpy record array: `state.rows[row].cash` means the same in compiled code, where it is one memory
access, and in the interpreter.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tradewright.values.arrays import FloatArray

    Table = np.recarray[Any, Any]

_F, _I = "f8", "i8"

ROW = np.dtype([
    ("capital", _F),  # Money granted so far.
    ("units", _F),
    ("cash", _F),
    ("equity", _F),  # At the last mark.
    ("nav", _F),  # Equity per unit.
    ("peak", _F),  # Highest nav at a close.
    ("day_base", _F),  # Nav at the close of the previous session.
    ("fees", _F),  # This and the next three: sums since the start, in currency.
    ("slippage", _F),
    ("borrow", _F),
    ("interest", _F),
])  # fmt: skip
POSITION = np.dtype([
    ("quantity", _F),  # Signed, in units.
    ("entry", _F),  # Average price, NaN when flat.
    ("stop", _F),  # Price, NaN for none.
    ("order", _F),  # Signed quantity for the next bar, 0 for none.
    ("limit", _F),  # Limit price of the order, NaN for at the market.
    ("wanted", _F),  # Target of the last decision while the asset has not traded since, else NaN.
    ("largest", _F),  # Largest absolute weight at any close.
    ("blocked", _I),  # Whether nothing may be ordered, since the venue's word on the position is not known.
])  # fmt: skip
ASSET = np.dtype([
    ("mark", _F),  # Close of the last traded bar, NaN before the first.
    ("used", _F),  # Units filled so far in this bar, by every book.
])  # fmt: skip
HALT = np.dtype([
    ("level", _I),  # RUNNING, REDUCING, FLATTEN or FREEZE.
    ("since", _I),  # Session in which the level last rose.
    ("keep", _F),  # Fraction of positions that may remain, by this bar's verdict.
])  # fmt: skip
COUNTER = np.dtype([
    ("cuts", _I),  # How often the rule lowered a target.
    ("bars", _I),  # On how many bars.
    ("notional", _F),  # By how much altogether, in currency.
    ("first", _I),  # First and last such bar, -1 for none; `rebase` may move them below 0, so `bars` says whether.
    ("last", _I),
])  # fmt: skip
RUN = np.dtype([
    ("session", _I),  # Number of the current session, -1 before the first bar.
    ("closed", _I),  # Last bar that has been played up to its close, -1 before the first.
    ("step_base", _F),  # Account nav at the last capital step.
    ("breaches", _I),  # Answers that broke a contract.
    ("verify_failures", _I),
    ("participation_cuts", _I),
    ("cash_cuts", _I),
    ("expired", _I),  # Orders that never reached their limit in their bar.
])  # fmt: skip


class State(NamedTuple):
    """Everything that one bar hands to the next."""

    rows: Table
    """`(n_rows,)` of ROW: one per book and a last one for the account; a single book is its own account."""
    positions: Table
    """`(n_books, n_assets)` of POSITION."""
    market: Table
    """`(n_assets,)` of ASSET."""
    halts: Table
    """`(n_rows, n_book_rules)` of HALT."""
    counters: Table
    """`(n_rules,)` of COUNTER: book rules, asset rules, two-sided rules, then order checks."""
    run: Table
    """`(1,)` of RUN."""
    asset_memory: FloatArray
    """`(n_books, n_assets, n)`: what asset rules remember."""
    book_memory: FloatArray
    """`(n_rows, n)`: what book rules remember."""


def table(shape: tuple[int, ...], dtype: np.dtype[Any], **values: Any) -> Table:
    """Return a table of zeros with some columns set.

    >>> table((2,), ASSET, mark=np.nan).mark
    array([nan, nan])
    """
    result = np.zeros(shape, dtype).view(np.recarray)
    for column, value in values.items():
        result[column] = value
    return result


def bare(records: Table) -> NDArray[Any]:
    """Return a table as a plain array on the same memory, for Python that looks often: `bare(rows)["cash"]`.

    A record array takes 2 us to give a column, a plain one a tenth of that.
    """
    return records.view(np.ndarray)


def cells(records: Table) -> list[Any]:
    """Return the records of `(n,)` as named tuples of plain numbers, for Python that looks at many: `rows[0].cash`.

    A record array takes 2 us to give one number.  What is written to the table later is not seen.
    """
    return [*map(_cell(records.dtype)._make, records.tolist())]


@cache
def _cell(dtype: np.dtype[Any]) -> Any:
    return namedtuple("Cell", dtype.names or ())


def initial(
    capital: FloatArray, n_assets: int, n_book_rules: int, n_rules: int, asset_memory: int, book_memory: int
) -> State:
    """Return the state before the first bar.

    Args:
        capital: Cash of each book, `(n_books,)`.
        n_assets: Number of columns.
        n_book_rules: Rules of the book phase.
        n_rules: Rules of all phases, and order checks.
        asset_memory: Numbers that asset rules keep per book and asset.
        book_memory: Numbers that book rules keep per row.

    >>> state = initial(np.array([50_000.0]), 2, 1, 1, 0, 0)
    >>> state.rows.cash, state.rows.nav, state.positions.shape
    (array([50000.]), array([1.]), (1, 2))
    """
    granted = capital if len(capital) == 1 else np.append(capital, capital.sum())
    n_rows, grid = len(granted), (len(capital), n_assets)
    money = dict.fromkeys(("capital", "units", "cash", "equity"), granted)
    return State(
        rows=table((n_rows,), ROW, **money, nav=1.0, peak=1.0, day_base=1.0),
        positions=table(grid, POSITION, entry=np.nan, stop=np.nan, limit=np.nan, wanted=np.nan),
        market=table((n_assets,), ASSET, mark=np.nan),
        halts=table((n_rows, n_book_rules), HALT, keep=1.0),
        counters=table((n_rules,), COUNTER, first=-1, last=-1),
        run=table((1,), RUN, session=-1, closed=-1, step_base=1.0),
        asset_memory=np.full((*grid, asset_memory), np.nan),
        book_memory=np.full((n_rows, book_memory), np.nan),
    )


def held_weights(state: State, multiplier: FloatArray, book: int) -> FloatArray:
    """Return the weights that a book holds at the last marks, `(n_assets,)`, signed fractions of its equity."""
    quantity, equity = state.positions[book].quantity, state.rows[book].equity
    if not equity > 0.0:
        whole: FloatArray = np.sign(quantity)
        return whole
    # An asset that never traded has no mark, and is not held.
    unit = np.where(quantity == 0.0, 0.0, state.market.mark * multiplier)
    weights: FloatArray = quantity * unit / equity
    return weights


def rebase(state: State, rows: int) -> None:
    """Count bars from `rows` later on, since whoever plays them has let go of those before."""
    state.run[0].closed -= rows
    for counter in state.counters:
        if counter.bars > 0:
            counter.first -= rows
            counter.last -= rows


Tables = TypeVar("Tables", bound="tuple[Any, ...]")


def copy(tables: Tables) -> Tables:
    """Return a state, or any named tuple of arrays, with arrays of its own."""
    return type(tables)(*(array.copy() for array in tables))


def as_bytes(tables: tuple[Any, ...]) -> bytes:
    """Return every number of a state as bytes, for comparing two runs bit for bit."""
    return b"".join(array.tobytes() for array in tables)
