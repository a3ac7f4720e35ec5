"""Several instruments on one grid, and ranges of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from tradewright.data.align import join, merge_overlaps, select
from tradewright.errors import DataError, UsageError
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

DAY = np.timedelta64(1, "D")


def bars(symbols: str, days: list[int], *, hour: int = 21, whole: bool = True, **fields: Any) -> Bars:
    """Return bars of January 2024 that close at `hour` UTC; each close is day + column / 10."""
    session = np.array([f"2024-01-{day:02}" for day in days], dtype="datetime64[D]")
    closed_at = session.astype("datetime64[ns]") + np.timedelta64(hour, "h")
    names = symbols.split()
    close = np.add.outer(np.array(days, dtype=float), np.arange(len(names)) / 10)
    ranges: dict[str, Any] = {"open": close, "high": close + 1, "low": close - 1, "volume": close * 100}
    columns: dict[str, Any] = {
        "instruments": tuple(Instrument(symbol=name) for name in names),
        "opened_at": closed_at - np.timedelta64(6, "h"),
        "closed_at": closed_at,
        "session": session,
        "close": close,
        "traded": np.ones(close.shape, dtype=bool),
        **(ranges if whole else {}),
    }
    return Bars(**(columns | fields))


def test_join_of_one_part_is_that_part() -> None:
    part = bars("SPY", [2, 3])

    assert join([part]) is part


def test_join_keeps_every_close_and_marks_who_traded() -> None:
    joined = join([bars("SPY", [2, 3, 5]), bars("QQQ", [3, 4])])

    assert joined.symbols == ("SPY", "QQQ")
    assert joined.session.astype(str).tolist() == ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]
    assert joined.traded.tolist() == [[True, False], [True, True], [False, True], [True, False]]
    np.testing.assert_array_equal(joined.close, [[2, np.nan], [3, 3], [np.nan, 4], [5, np.nan]])
    np.testing.assert_array_equal(joined.volume, [[200, np.nan], [300, 300], [np.nan, 400], [500, np.nan]])


def test_join_with_an_instrument_listed_later_has_it_untraded_before() -> None:
    joined = join([bars("OLD", [2, 3, 4, 5]), bars("NEW", [4, 5])])

    assert joined.traded[:, 1].tolist() == [False, False, True, True]
    assert joined.open is not None
    assert np.isnan(joined.open[:2, 1]).all()


def test_join_of_several_calendars_keeps_their_rows_apart_and_in_order() -> None:
    """Frankfurt closes before New York on the same day, and each row stays what it was."""
    joined = join([bars("SPY", [2, 3], hour=21), bars("DAX", [2, 3], hour=16)])

    assert joined.traded.tolist() == [[False, True], [True, False], [False, True], [True, False]]
    assert joined.session.astype(str).tolist() == ["2024-01-02"] * 2 + ["2024-01-03"] * 2


def test_join_of_bars_that_start_apart_takes_the_earliest_start() -> None:
    early = bars("A", [2])
    late = bars("B", [2], opened_at=early.opened_at + np.timedelta64(1, "h"))

    assert join([late, early]).opened_at.tolist() == early.opened_at.tolist()


def test_join_with_closes_only_has_closes_only() -> None:
    joined = join([bars("SPX", [2, 3]), bars("VIX", [2, 3], whole=False)])

    assert (joined.open, joined.high, joined.low, joined.volume) == (None, None, None, None)
    assert joined.close.tolist() == [[2, 2], [3, 3]]


def test_join_without_volume_in_one_part_keeps_the_prices() -> None:
    joined = join([bars("A", [2]), bars("B", [2], volume=None)])

    assert joined.volume is None
    assert joined.high is not None


def test_join_of_parts_with_several_instruments_keeps_their_order() -> None:
    joined = join([bars("C A", [2, 3]), bars("B", [2, 3])])

    assert joined.symbols == ("C", "A", "B")
    assert joined.close[0].tolist() == [2.0, 2.1, 2.0]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "no bars to join"),
        ([bars("SPY QQQ", [2]), bars("SPY", [3])], "listed twice: SPY"),
        (
            [bars("SPY", [2]), bars("QQQ", [2], adjustment="all")],
            r"adjustments differ \(SPY: none, QQQ: all\)",
        ),
        (
            [bars("A", [2]), bars("B", [2], session=np.array(["2024-01-03"], dtype="datetime64[D]"))],
            r"name sessions 2024-01-02 and 2024-01-03 \(B\)",
        ),
    ],
)
def test_join_of_parts_that_do_not_fit_is_refused(parts: list[Bars], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        join(parts)

    assert caught.value.fix


# ---- bars that overlap in time ---------------------------------------------------------------------------


def test_merge_overlaps_when_two_exchanges_are_open_at_once_makes_one_row_of_both() -> None:
    """New York opens at 15:00 here, an hour before Frankfurt closes; on the 3rd Frankfurt has a holiday."""
    york, frankfurt = bars("SPY", [2, 3, 4], hour=21), bars("DAX", [2, 4], hour=16)

    merged = merge_overlaps(join([york, frankfurt]))

    assert merged.closed_at.tolist() == york.closed_at.tolist()
    assert merged.session.tolist() == york.session.tolist()
    hours = (merged.opened_at - merged.session.astype("datetime64[ns]")) / np.timedelta64(1, "h")
    assert [10.0, 15.0, 10.0] == hours.tolist()
    assert [[True, True], [True, False], [True, True]] == merged.traded.tolist()
    np.testing.assert_array_equal(merged.close, [[2, 2], [3, np.nan], [4, 4]])
    np.testing.assert_array_equal(merged.volume, [[200, 200], [300, np.nan], [400, 400]])


def test_merge_overlaps_when_one_opens_as_the_other_closes_changes_nothing() -> None:
    joined = join([bars("SPY", [2, 3], hour=22), bars("DAX", [2, 3], hour=16)])

    assert merge_overlaps(joined) is joined


def test_merge_overlaps_a_second_before_the_other_closes_makes_one_row() -> None:
    york = bars("SPY", [2, 3], hour=22)
    early = bars("SPY", [2, 3], hour=22, opened_at=york.opened_at - np.timedelta64(1, "s"))

    assert 2 == merge_overlaps(join([early, bars("DAX", [2, 3], hour=16)])).n_bars


def test_merge_overlaps_of_a_chain_makes_one_row_of_all() -> None:
    """Each overlaps the next only; the first and the third do not touch."""
    joined = join([bars("A", [2], hour=8), bars("B", [2], hour=12), bars("C", [2], hour=16)])

    merged = merge_overlaps(joined)

    assert 1 == merged.n_bars
    assert [[True, True, True]] == merged.traded.tolist()


def test_merge_overlaps_when_a_long_bar_spans_rows_that_do_not_overlap_makes_one_row() -> None:
    short = [bars("A", [2], hour=8), bars("B", [2], hour=15)]
    long = bars("C", [2], hour=23, opened_at=short[0].opened_at)

    assert 1 == merge_overlaps(join([*short, long])).n_bars


def test_merge_overlaps_keeps_actions_where_they_were() -> None:
    acts = {"split": [[1.0], [2.0]], "dividend": [[0.5], [0.0]]}

    merged = merge_overlaps(join([bars("SPY", [2, 3], hour=21), bars("DAX", [2, 3], hour=16, **acts)]))

    np.testing.assert_array_equal(merged.split, [[1.0, 1.0], [1.0, 2.0]])
    np.testing.assert_array_equal(merged.dividend, [[0.0, 0.5], [0.0, 0.0]])


def test_merge_overlaps_when_an_instrument_would_come_twice_is_refused() -> None:
    whole_day = bars("BTC", [2], hour=23, opened_at=np.array(["2024-01-02T00"], dtype="datetime64[ns]"))
    hours = bars("SPY", [2, 2], closed_at=np.array(["2024-01-02T16", "2024-01-02T17"], dtype="datetime64[ns]"))

    with pytest.raises(DataError, match="SPY has several bars that longer ones overlap, at 2024-01-02T16") as caught:
        merge_overlaps(join([whole_day, hours]))

    assert caught.value.fix


def test_merge_overlaps_when_sessions_differ_is_refused() -> None:
    night = bars("FUT", [2], hour=20, session=np.array(["2024-01-01"], dtype="datetime64[D]"))

    with pytest.raises(DataError, match="bars of sessions 2024-01-01 and 2024-01-02 overlap") as caught:
        merge_overlaps(join([night, bars("SPY", [2], hour=21)]))

    assert caught.value.fix


# ---- a range ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, [2, 3, 4, 5]),
        (3, None, [3, 4, 5]),
        (None, 4, [2, 3, 4]),
        (3, 4, [3, 4]),
        (1, 31, [2, 3, 4, 5]),
        (5, 5, [5]),
    ],
)
def test_select_keeps_both_ends(first: int | None, last: int | None, expected: list[int]) -> None:
    first_on = None if first is None else date(2024, 1, first)
    last_on = None if last is None else date(2024, 1, last)

    assert select(bars("SPY", [2, 3, 4, 5]), first_on, last_on).close[:, 0].tolist() == expected


@pytest.mark.parametrize(
    ("first_on", "last_on", "message"),
    [
        (date(2024, 1, 4), date(2024, 1, 3), "empty range: 2024-01-04 is after 2024-01-03"),
        (date(2199, 1, 1), None, "empty range: no bar of SPY from 2199-01-01"),
        (None, date(2020, 1, 1), "empty range: no bar of SPY"),
    ],
)
def test_select_of_an_empty_range_is_refused(first_on: date | None, last_on: date | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        select(bars("SPY", [2, 3]), first_on, last_on)


def test_select_of_an_empty_range_says_what_is_covered() -> None:
    with pytest.raises(UsageError) as caught:
        select(bars("SPY", [2, 3]), date(2025, 1, 1))

    assert caught.value.fix == "choose days within what the data covers: 2024-01-02 to 2024-01-03"


def test_select_from_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="empty range"):
        select(bars("SPY", [2]).between(0, 0))
