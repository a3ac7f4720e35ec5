"""A state is told column by column, and read bit for bit: by this kernel, and by one with more columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.engine import columns
from tradewright.engine.state import State, as_bytes, initial
from tradewright.errors import LedgerError

NUMBERS = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 1e-7, np.nan, np.inf, -np.inf]),
    st.integers(0, 2**51 - 1).map(lambda bits: float(np.array(bits | 0xFFF8 << 48, "u8").view("f8"))),  # Other NaNs.
)
KNOWN = """
asset_memory book_memory counters.bars counters.cuts counters.first counters.last counters.notional halts.keep
halts.level halts.since market.mark market.used positions.blocked positions.entry positions.largest positions.limit
positions.order positions.quantity positions.stop positions.wanted rows.borrow rows.capital rows.cash rows.day_base
rows.equity rows.fees rows.interest rows.nav rows.peak rows.slippage rows.units run.breaches run.cash_cuts run.closed
run.expired run.participation_cuts run.session run.step_base run.verify_failures
"""


def state(n_books: int = 2, n_assets: int = 3) -> State:
    return initial(np.full(n_books, 1000.0), n_assets, 2, 4, 1, 3)


def everything(one: State, value: Any, whole: int = 7) -> State:
    """Return the state with one number everywhere."""
    for table in one:
        for name in table.dtype.names or ("",):
            column = table[name] if name else table
            column[...] = value if column.dtype.kind == "f" else whole
    return one


def test_columns_of_this_layout_are_these() -> None:
    """Whoever adds one raises `LAYOUT`, says in `SINCE` which one it came with, and adds it here."""
    told = columns.tell(everything(state(), 3.25))

    assert (KNOWN.split(), 2) == (sorted(told), columns.LAYOUT)
    assert columns.SINCE.keys() <= set(told)
    assert columns.LAYOUT == max(columns.SINCE.values())


@given(st.lists(NUMBERS, min_size=6, max_size=6), st.integers(-(2**63), 2**63 - 1), st.data())
def test_state_when_told_and_read_has_its_bytes(numbers: list[float], whole: int, data: st.DataObject) -> None:
    one = everything(state(), data.draw(NUMBERS), whole)
    one.positions["quantity"] = np.array(numbers).reshape(2, 3)

    assert as_bytes(one) == as_bytes(columns.read(columns.tell(one), state()))


def test_column_that_stands_at_its_default_is_not_told() -> None:
    one = state()
    one.counters["first"][2] = 5
    told = columns.tell(one)

    assert {"rows.capital", "rows.cash", "rows.equity", "rows.units", "counters.first"} == told.keys()
    assert ("-1*2 5 -1", "1000*2 2000") == (told["counters.first"], told["rows.cash"])


def test_column_that_was_not_told_has_its_default_whatever_the_money() -> None:
    other = columns.read({}, everything(state(), 5.0))

    assert [0.0] * 3 == other.rows.cash.tolist()
    assert as_bytes(columns.read({}, state())) == as_bytes(other)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"rows.luck": "1 2 3"}, r"must have columns that this version knows, was 'rows.luck'"),
        ({"rows.cash": "1 2"}, r"rows.cash must have 3 numbers with these strategies, symbols and rules, had 2"),
        ({"rows.cash": "1*4"}, r"rows.cash must have 3 numbers .*, had more"),
        ({"rows.cash": "1*999999999999"}, r"rows.cash must have 3 numbers .*, had more"),
        ({"rows.cash": "1 2 three"}, r"rows.cash must be numbers: .*three"),
        ({"rows.cash": "1 2 nan:99999999999999999999"}, r"rows.cash must be numbers"),
        ({"run.session": "1.5"}, r"run.session must be numbers"),
        ({"run.session": "99999999999999999999"}, r"run.session must be numbers"),
    ],
)
def test_columns_that_are_none_of_this_state_are_refused(told: dict[str, str], message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        columns.read(told, state())


def test_fingerprint_is_of_the_columns_of_its_layout() -> None:
    one, other = state(), state()
    other.positions["blocked"] = 1

    assert columns.fingerprint(one, 1) == columns.fingerprint(other, 1)
    assert columns.fingerprint(one) != columns.fingerprint(other)
    assert ["1:", "2:"] == [columns.fingerprint(one, layout)[:2] for layout in columns.LAYOUTS]


def test_fingerprint_of_another_bit_is_another() -> None:
    one, other = state(), state()
    other.rows["cash"] = -0.0
    one.rows["cash"] = 0.0

    assert columns.fingerprint(one) != columns.fingerprint(other)
