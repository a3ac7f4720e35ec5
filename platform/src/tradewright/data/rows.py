"""Rows of a table as bars: the prices, and the splits and dividends that these do not contain already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.values.bars import Bars

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tradewright.data.columns import Table
    from tradewright.data.declared import Declared
    from tradewright.data.stamps import Placed
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Adjustment


def bars_of(table: Table, declared: Declared, placed: Placed, rows: NDArray[np.intp]) -> Bars:
    """Return the rows that lie in a session as bars of one instrument, not yet checked.

    Args:
        table: The file's cells.
        declared: Whose prices they are.
        placed: Session and hours of each of `rows`.
        rows: Rows of the table, in order.
    """
    inside = placed.inside
    columns: dict[str, Any] = {
        part: values[rows[inside], np.newaxis]
        for part, values in table.numbers.items()
        if part not in {"split", "dividend"}
    }
    columns |= _actions(table, declared.adjustment, rows[inside])
    columns["instruments"] = (declared.instrument,)
    return Bars(
        **columns,
        opened_at=placed.opened_at[inside],
        closed_at=placed.closed_at[inside],
        session=placed.session[inside],
        traded=np.ones((int(inside.sum()), 1), dtype=bool),
        adjustment=declared.adjustment,
    )


def _actions(table: Table, adjustment: Adjustment, rows: NDArray[np.intp]) -> dict[str, FloatArray]:
    """Return the splits and dividends that the prices do not contain already; nothing when there are none."""
    split, dividend = np.ones((len(rows), 1)), np.zeros((len(rows), 1))
    if adjustment == "none":
        split = _action(table, "split", rows, absent=1.0)
    if adjustment != "all":
        dividend = _action(table, "dividend", rows, absent=0.0)
    acts = bool(np.any(split != 1.0) or np.any(dividend != 0.0))
    return {"split": split, "dividend": dividend} if acts else {}


def _action(table: Table, part: str, rows: NDArray[np.intp], absent: float) -> FloatArray:
    """Return one column of actions; 0, which an empty cell was read as, means that there is none."""
    if part not in table.numbers:
        return np.full((len(rows), 1), absent)
    values = table.numbers[part][rows]
    return np.where(values == 0.0, absent, values)[:, np.newaxis]
