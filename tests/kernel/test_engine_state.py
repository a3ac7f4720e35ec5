"""What one bar hands to the next, and the tables beside it."""

from __future__ import annotations

import numpy as np
import pytest
from engine_harness import NAN, prices
from tradewright.engine import state as states
from tradewright.engine.log import ACTION, CURVE, EVENT, FILL, make_log
from tradewright.engine.state import ROW, as_bytes, initial, table
from tradewright.engine.tape import Tape, listings, make_tape
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument


def make_state(*capital: float) -> states.State:
    return initial(np.array(capital), n_assets=3, n_book_rules=2, n_rules=5, asset_memory=1, book_memory=2)


def test_initial_state_of_one_book_is_its_own_account() -> None:
    state = make_state(50_000.0)

    assert 1 == len(state.rows)
    row = state.rows[0]
    assert (50_000.0,) * 4 == (row.capital, row.units, row.cash, row.equity)
    assert (1.0, 1.0, 1.0) == (row.nav, row.peak, row.day_base)
    assert (0.0,) * 4 == (row.fees, row.slippage, row.borrow, row.interest)


def test_initial_state_of_two_books_has_a_row_for_their_sum() -> None:
    state = make_state(30_000.0, 20_000.0)

    for column in ("capital", "units", "cash", "equity"):
        assert [30_000.0, 20_000.0, 50_000.0] == list(state.rows[column])
    assert [1.0, 1.0, 1.0] == list(state.rows.nav)


def test_initial_state_is_flat_and_runs() -> None:
    state = make_state(30_000.0, 20_000.0)

    assert (2, 3) == state.positions.shape
    assert not state.positions.quantity.any()
    assert not state.positions.order.any()
    assert np.isnan(state.positions.entry).all()
    assert np.isnan(state.positions.stop).all()
    assert np.isnan(state.market.mark).all()
    assert (3, 2) == state.halts.shape
    assert not state.halts.level.any()
    assert (state.halts.keep == 1.0).all()
    assert [-1] * 5 == list(state.counters["first"]) == list(state.counters["last"])
    assert (-1, 1.0) == (state.run[0].session, state.run[0].step_base)


def test_initial_state_gives_each_rule_memory_that_it_has_not_written() -> None:
    state = make_state(30_000.0, 20_000.0)

    assert (2, 3, 1) == state.asset_memory.shape
    assert (3, 2) == state.book_memory.shape
    assert np.isnan(state.asset_memory).all()
    assert np.isnan(state.book_memory).all()


def test_copy_of_a_state_does_not_follow_the_original() -> None:
    state = make_state(50_000.0)
    before = states.copy(state)

    state.rows[0].cash = 1.0
    state.positions[0, 1].quantity = 2.0

    assert isinstance(before, states.State)
    assert (50_000.0, 0.0) == (before.rows[0].cash, before.positions[0, 1].quantity)


@pytest.mark.parametrize("name", states.State._fields)
def test_bytes_of_a_state_show_the_smallest_change(name: str) -> None:
    state, other = make_state(50_000.0), make_state(50_000.0)
    assert as_bytes(state) == as_bytes(other)

    raw = getattr(other, name).view(np.ndarray).reshape(-1).view(np.uint8)
    raw[-1] ^= 1

    assert as_bytes(state) != as_bytes(other)


def test_table_has_zeros_where_nothing_is_given() -> None:
    rows = table((2,), ROW, nav=1.0)

    assert [1.0, 1.0] == list(rows.nav)
    assert [0.0, 0.0] == list(rows.cash)


def test_log_has_room_for_what_is_asked() -> None:
    log = make_log(n_bars=4, n_sessions=2, n_rows=3, n_fills=5, n_actions=7, n_events=6)

    assert ((4, 3), (2, 3)) == (log.equity.shape, log.curve.shape)
    assert ((5,), (7,), (6,)) == (log.fills.shape, log.actions.shape, log.events.shape)
    for found, dtype in ((log.curve, CURVE), (log.fills, FILL), (log.actions, ACTION), (log.events, EVENT)):
        assert dtype.names == found.dtype.names
    assert [0, 0, 0, 0, 0] == list(log.counts)


# ---- the tape --------------------------------------------------------------------------------------------------


def tape_of(bars: Bars) -> Tape:
    none = np.empty((0, bars.n_bars, bars.n_assets))
    return make_tape(
        bars, none, np.full((1, bars.n_assets, bars.n_assets), NAN), np.empty((0, bars.n_bars), np.int64)
    )


def test_tape_knows_the_first_and_last_bar_of_each_session() -> None:
    tape = tape_of(prices([1, 1, 1, 1, 1, 1], sessions=[0, 0, 0, 3, 4, 4]))

    assert [False, False, True, True, False, True] == list(tape.session_ends)


def test_tape_of_close_only_prices_has_the_close_for_every_price_and_no_volume() -> None:
    tape = tape_of(prices([64, 65]))

    for name in ("open", "high", "low", "close"):
        assert [[64.0], [65.0]] == getattr(tape, name).tolist()
    assert (0, 1) == tape.volume.shape == tape.average_volume.shape


def test_tape_averages_the_volume_of_the_last_twenty_traded_bars() -> None:
    close = [100.0] * 10 + [NAN] + [100.0] * 11
    volume = [float(bar) for bar in range(22)]

    tape = tape_of(prices(close, open=close, volume=volume))

    # Bars 0 to 20 without bar 10 are 20 bars: (0 + ... + 20 - 10) / 20 = 10; one later 0 leaves and 21 comes.
    assert np.isnan(tape.average_volume[:20]).all()
    assert [10.0, 11.05] == tape.average_volume[20:, 0].tolist()


def test_listings_are_what_the_instruments_say() -> None:
    instruments = [Instrument(symbol="A"), Instrument(symbol="B", lot=0.5, tick=0.25, multiplier=50.0)]

    listed = listings(prices([[1, 1]], instruments=instruments))

    assert [(1.0, 0.0, 1.0, 1, 0.0), (0.5, 0.25, 50.0, 1, 0.0)] == [tuple(row) for row in listed]
