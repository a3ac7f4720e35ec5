"""Bars: shapes, ranges, columns, and prices adjusted forward."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from engine_market import NAN, market, walk
from hypothesis import given
from hypothesis import strategies as st
from tradewright.data.align import with_planned_closes
from tradewright.risk.features import volatility
from tradewright.risk.market import minutes_since_open, minutes_to_close
from tradewright.sessions import Sessions
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

DAYS = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], dtype="datetime64[D]")
ARRAYS = ("close", "traded", "open", "high", "low", "volume", "split", "dividend")


def three(**changes: Any) -> Bars:
    """Return three whole bars of one asset, with some fields changed."""
    fields: dict[str, Any] = {
        "instruments": [Instrument(symbol="SPY")],
        "opened_at": DAYS,
        "closed_at": DAYS + np.timedelta64(1, "D"),
        "session": DAYS,
        "close": [[10.0], [11.0], [12.0]],
        "traded": [[True]] * 3,
    }
    return Bars(**(fields | changes))


def whole(n_bars: int = 3, n_assets: int = 2) -> Bars:
    """Return bars with every field."""
    return walk(n_bars, n_assets, split={}, dividend={})


def changed(**fields: Any) -> Bars:
    """Return bars with every field, some of them changed."""
    return attrs.evolve(whole(), **fields)


# ---- what they are ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("shape", [(3,), (2, 2), (3, 1), (3, 3), (2, 3)])
def test_bars_with_an_array_of_another_shape_are_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"{name} must have shape \(n_bars, n_assets\) = \(3, 2\), was"):
        changed(**{name: np.ones(shape)})


@pytest.mark.parametrize("absent", [("open",), ("high",), ("low",), ("open", "high"), ("high", "low")])
def test_bars_with_part_of_open_high_low_are_refused(absent: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="open, high and low come together or not at all"):
        changed(**dict.fromkeys(absent))


@pytest.mark.parametrize("absent", ["split", "dividend"])
def test_bars_with_one_of_split_and_dividend_are_refused(absent: str) -> None:
    with pytest.raises(ValueError, match="split and dividend come together or not at all"):
        changed(**{absent: None})


@pytest.mark.parametrize("order", [[0, 1, 1], [0, 2, 1], [1, 0, 2]])
def test_bars_whose_closes_do_not_go_forward_are_refused(order: list[int]) -> None:
    with pytest.raises(ValueError, match="closed_at must be strictly increasing"):
        three(closed_at=DAYS[order])


def test_bars_hold_copies_that_nobody_can_write() -> None:
    close = np.array([[10.0], [11.0], [12.0]])
    bars = three(close=close)
    close[0] = 99.0

    assert bars.close[0, 0] == 10.0
    for name, value in attrs.asdict(whole(), recurse=False).items():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1.0


def test_bars_are_equal_when_they_hold_the_same() -> None:
    assert three() == three()
    assert three(close=[[NAN], [1.0], [2.0]]) == three(close=[[NAN], [1.0], [2.0]])
    assert whole() == whole()


@pytest.mark.parametrize(
    "changes",
    [
        {"close": [[10.0], [11.0], [12.5]]},
        {"traded": [[True], [False], [True]]},
        {"volume": [[1.0]] * 3},
        {"split": [[1.0]] * 3, "dividend": [[0.0]] * 3},
        {"adjustment": "all"},
        {"instruments": [Instrument(symbol="QQQ")]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_bars_that_differ_in_one_field_are_not_equal(changes: dict[str, Any]) -> None:
    assert three() != three(**changes)


# ---- ranges and columns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (0, 0), (1, 2), (1, 9), (3, 3)])
def test_between_cuts_every_array_alike(start: int, stop: int) -> None:
    bars = whole()
    part = bars.between(start, stop)

    assert part.n_bars == len(range(start, min(stop, 3)))
    assert part.n_assets == 2
    for name, value in attrs.asdict(bars, recurse=False).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(part, name), value[start:stop])
    assert part.instruments == bars.instruments


def test_until_is_what_was_known_then() -> None:
    bars = whole()

    assert bars.until(2) == bars.between(0, 2)
    assert bars.until(3) == bars


def test_only_takes_the_columns_in_the_order_asked_for() -> None:
    bars = walk(4, 3, split={(2, 0): 2.0}, dividend={(1, 2): 0.5})
    part = bars.only(["A2", "A0"])

    assert part.symbols == ("A2", "A0")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(part, name), getattr(bars, name)[:, [2, 0]])
    np.testing.assert_array_equal(part.closed_at, bars.closed_at)
    assert bars.only(bars.symbols) is bars


def test_only_of_a_symbol_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        whole().only(["A0", "ZZZ"])


def test_only_of_closes_alone_has_closes_alone() -> None:
    part = market([[10, 20], [11, 21]]).only(["A1"])

    assert (part.open, part.volume, part.split) == (None, None, None)
    assert part.close.tolist() == [[20.0], [21.0]]


# ---- adjusted forward ------------------------------------------------------------------------------------


def test_adjusted_without_actions_is_the_same_object() -> None:
    bars = walk(5)

    assert bars.adjusted() is bars


def test_adjusted_by_a_split_and_a_dividend_by_hand() -> None:
    """4:1 on bar 1, 1 per unit on bar 2: the factors are 1, 4 and 4 x (1 + 1 / 24)."""
    bars = market(
        [100, 25, 24, 26],
        open=[100, 25, 24, 24],
        volume=[10, 40, 40, 80],
        split={1: 4.0},
        dividend={2: 1.0},
    )
    adjusted = bars.adjusted()

    factor = 4 * (1 + 1 / 24)
    assert adjusted.close[:, 0] == pytest.approx([100, 100, 24 * factor, 26 * factor])
    assert adjusted.open is not None
    assert adjusted.open[:, 0] == pytest.approx([100, 100, 24 * factor, 24 * factor])
    # Whoever held 1 unit at 100 has 4 of 24 and 4 in cash: 100 again.
    assert adjusted.close[2, 0] == pytest.approx(100.0)
    assert adjusted.volume is not None
    assert adjusted.volume[:, 0].tolist() == [10, 10, 10, 20]
    assert (adjusted.split, adjusted.dividend) == (None, None)


def test_adjusted_return_of_an_ex_bar_is_price_and_dividend_over_the_price_before() -> None:
    bars = walk(30, 2, split={(9, 0): 3.0}, dividend={(4, 0): 1.5, (9, 0): 0.25, (20, 1): 2.0})
    assert bars.split is not None
    assert bars.dividend is not None

    expected = bars.split[1:] * (bars.close[1:] + bars.dividend[1:]) / bars.close[:-1]
    adjusted = bars.adjusted().close
    np.testing.assert_allclose(adjusted[1:] / adjusted[:-1], expected, rtol=1e-12)
    np.testing.assert_array_equal(adjusted[0], bars.close[0])


def test_adjusted_over_a_missing_bar_carries_the_factors_on() -> None:
    bars = market([100, NAN, 25, 26], split={2: 4.0}, dividend={3: 1.0})

    adjusted = bars.adjusted().close[:, 0]
    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2, 3]] == pytest.approx([100, 100, 4 * (26 + 1)])


def test_adjusted_on_an_ex_bar_without_a_trade_has_the_last_close_in_new_units() -> None:
    """100 is 25 after the split, so the dividend of 1 is a twenty-fifth of the price."""
    bars = market([100, NAN, 26], split={1: 4.0}, dividend={1: 1.0})

    assert bars.adjusted().close[2, 0] == pytest.approx(26 * 4 * (1 + 1 / 25))


def test_adjusted_before_the_first_trade_stays_unknown() -> None:
    bars = market([NAN, 100, 101], dividend={0: 5.0})

    np.testing.assert_array_equal(bars.adjusted().close[:, 0], [NAN, 100, 101])


def test_adjusted_keeps_what_is_no_price() -> None:
    bars = walk(6, split={2: 2.0})
    adjusted = bars.adjusted()

    for name in ("instruments", "adjustment"):
        assert getattr(adjusted, name) == getattr(bars, name)
    for name in ("opened_at", "closed_at", "session", "traded"):
        np.testing.assert_array_equal(getattr(adjusted, name), getattr(bars, name))


_cells = st.tuples(st.integers(0, 19), st.integers(0, 1))


@given(
    splits=st.dictionaries(_cells, st.sampled_from([0.1, 0.5, 1.5, 2.0, 4.0, 20.0]), max_size=5),
    dividends=st.dictionaries(_cells, st.floats(0.0, 5.0), max_size=5),
    stop=st.integers(1, 20),
    seed=st.integers(0, 9),
)
def test_adjusted_knows_nothing_of_the_future(splits: Any, dividends: Any, stop: int, seed: int) -> None:
    bars = walk(20, 2, seed=seed, split=splits, dividend=dividends)
    early, late = bars.until(stop).adjusted(), bars.adjusted().until(stop)

    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(early, name), getattr(late, name))


@given(
    splits=st.dictionaries(_cells, st.sampled_from([0.5, 2.0, 4.0]), max_size=4),
    dividends=st.dictionaries(_cells, st.floats(0.0, 5.0), max_size=4),
)
def test_adjusted_keeps_the_order_of_a_bars_prices_and_its_notional(splits: Any, dividends: Any) -> None:
    bars = walk(20, 2, split=splits, dividend=dividends)
    adjusted = bars.adjusted()
    assert adjusted.high is not None
    assert adjusted.low is not None
    assert adjusted.open is not None

    assert np.all(adjusted.low <= np.minimum(adjusted.open, adjusted.close))
    assert np.all(adjusted.high >= np.maximum(adjusted.open, adjusted.close))
    assert np.all(adjusted.close > 0)


def quarter_hours() -> Bars:
    """Return two sessions of three bars."""
    opened_at = np.array(["2024-01-02T14:30", "2024-01-02T14:45", "2024-01-02T15:00"], "datetime64[ns]")
    opened_at = np.concatenate([opened_at, opened_at + np.timedelta64(1, "D")])
    return Bars(
        instruments=(Instrument(symbol="SPY"),),
        opened_at=opened_at,
        closed_at=opened_at + np.timedelta64(15, "m"),
        session=opened_at.astype("datetime64[D]"),
        close=np.arange(6.0)[:, None] + 1.0,
        traded=np.ones((6, 1), bool),
    )


@pytest.mark.parametrize("stop", range(1, 7))
def test_bars_cut_within_a_session_know_that_it_goes_on(stop: int) -> None:
    whole = quarter_hours()
    cut = whole.until(stop)

    assert whole.session_ends[:stop].tolist() == cut.session_ends.tolist()
    assert whole.session_closes_at[:stop].tolist() == cut.session_closes_at.tolist()
    assert whole.session_number[:stop].tolist() == cut.session_number.tolist()
    assert cut.until(stop) == cut


def test_bars_cut_where_a_session_ends_have_nothing_to_tell() -> None:
    cut = quarter_hours().until(3)

    assert (None, None) == (cut.ends, cut.closes_at)
    assert {np.datetime64("2024-01-02T15:15", "ns")} == set(cut.session_closes_at)


def test_session_closes_as_planned_when_its_last_bar_is_missing() -> None:
    planned = np.array(["2024-01-02", "2024-01-03"], "datetime64[D]")
    opens_at, closes_at = planned + np.timedelta64(14, "h"), planned + np.timedelta64(21, "h")
    known = Sessions(calendar="X", date=planned, opened_at=opens_at, closed_at=closes_at)
    early = attrs.evolve(known, closed_at=planned + np.timedelta64(18, "h"))
    bars = with_planned_closes(quarter_hours(), [early, known])

    assert {"2024-01-02T21", "2024-01-03T21"} == {str(at)[:13] for at in bars.session_closes_at}
    assert quarter_hours().session_ends.tolist() == bars.session_ends.tolist()
    assert 375.0 == minutes_to_close(bars.until(4), 0)[3, 0]


def test_session_that_no_calendar_has_closes_with_its_last_bar() -> None:
    day = np.array(["2024-01-03"], "datetime64[D]")
    known = Sessions(calendar="X", date=day, opened_at=day, closed_at=day + np.timedelta64(21, "h"))
    bars = with_planned_closes(quarter_hours(), [known])

    assert ["2024-01-02T15:15", "2024-01-03T21:00"] == [str(at)[:16] for at in bars.session_closes_at[[0, 5]]]


@pytest.mark.parametrize("stop", [1, 2, 4, 5])
def test_numbers_of_sessions_do_not_change_when_the_rest_of_one_comes(stop: int) -> None:
    """What is known within a session is what a whole history says of that row."""
    whole = quarter_hours()
    for compute in (minutes_to_close, minutes_since_open, volatility):
        whole_row, cut_row = compute(whole, 2)[stop - 1], compute(whole.until(stop), 2)[stop - 1]

        assert np.array_equal(whole_row, cut_row, equal_nan=True), compute.__name__
