"""Two tellings of the same prices: the first difference, and the joining of what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from tradewright.data.revision import Revision, compare, extended
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

FULL = ("open", "high", "low", "close", "volume", "split", "dividend")


def bars(days: int = 4, first: int = 2, **columns: Any) -> Bars:
    session = np.arange(np.datetime64(f"2026-03-0{first}"), np.datetime64(f"2026-03-0{first}") + days)
    given = {name: columns.pop(name) for name in FULL if name in columns}
    facts = {name: columns.pop(name) for name in ("lot", "tick", "multiplier", "currency", "note") if name in columns}
    close = given.pop("close", np.arange(first, first + days, dtype=float))
    return Bars(
        instruments=(Instrument(symbol="A", **facts),),
        opened_at=columns.pop("opened_at", session),
        closed_at=session + np.timedelta64(1, "D"),
        session=session,
        close=np.asarray(close)[:, np.newaxis],
        traded=np.asarray(columns.pop("traded", np.ones(days, bool)))[:, np.newaxis],
        **{name: np.asarray(column, dtype=float)[:, np.newaxis] for name, column in given.items()},
    )


def prices(**changes: Any) -> Bars:
    return bars(**{name: [1.0, np.nan, 3.0, 4.0] for name in ("open", "high", "low", "volume")} | changes)


def test_compare_of_equal_prices_finds_nothing() -> None:
    assert compare(prices(), prices()) is None
    assert compare(prices(note="a"), prices(note="b")) is None
    assert compare(bars(), bars(split=[1.0] * 4, dividend=[0.0] * 4)) is None
    assert compare(bars(0), bars(0)) is None


@pytest.mark.parametrize("column", ["open", "high", "low", "volume"])
@pytest.mark.parametrize("row", [0, 1, 3])
def test_compare_names_the_first_bar_and_column_that_differ(column: str, row: int) -> None:
    values = [1.0, np.nan, 3.0, 4.0]
    changed = [*values[:row], 9.5, *values[row + 1 :]]
    found = compare(prices(), prices(**{column: changed}))

    expected = Revision(
        symbol="A", on=date(2026, 3, 2 + row), column=column, was=f"{values[row]:g}", now="9.5", bars=1, of=4
    )
    assert expected == found


def test_compare_counts_the_bars_and_names_the_earliest() -> None:
    found = compare(bars(close=[1.0, 2.0, 3.0, 4.0]), bars(close=[1.0, 2.5, 3.0, 4.5]))

    assert "A: close of 2026-03-03 was 2, now 2.5; 2 of 4 compared bars differ" == str(found)


@pytest.mark.parametrize(
    ("held", "fresh", "said"),
    [
        (bars(3), bars(4), "A: bar of 2026-03-05 was absent, now there; 1 of 4"),
        (bars(4), bars(3, first=3), "A: bar of 2026-03-02 was there, now absent; 1 of 4"),
        (bars(traded=[True] * 4), bars(traded=[True, True, False, True]), "traded of 2026-03-04 was True, now False"),
        (bars(), bars(volume=[7.0] * 4), "volume of 2026-03-02 was nan, now 7; 4 of 4"),
        (bars(split=[1, 1, 2, 1], dividend=[0] * 4), bars(), "split of 2026-03-04 was 2, now 1; 1 of 4"),
        (bars(), bars(split=[1] * 4, dividend=[0, 0.5, 0, 0]), "dividend of 2026-03-03 was 0, now 0.5; 1 of 4"),
        (bars(lot=1.0), bars(lot=5.0), "A: lot was 1.0, now 5.0"),
        (bars(tick=0.0), bars(tick=0.01), "A: tick was 0.0, now 0.01"),
        (bars(multiplier=1.0), bars(multiplier=50.0), "A: multiplier was 1.0, now 50.0"),
        (bars(currency="USD"), bars(currency="EUR"), "A: currency was USD, now EUR"),
    ],
)
def test_compare_says_what_kind_of_difference_it_is(held: Bars, fresh: Bars, said: str) -> None:
    assert said in str(compare(held, fresh))


def test_compare_sees_a_bar_that_opened_at_another_time() -> None:
    found = compare(bars(), bars(opened_at=bars().session + np.timedelta64(1, "h")))

    assert found is not None
    assert ("opened_at", 4) == (found.column, found.bars)


@pytest.mark.parametrize("first", [3, 5, 6])
def test_extended_takes_the_new_bars_from_their_first_session_on(first: int) -> None:
    joined = extended(bars(4), bars(3, first=first, close=[70.0, 80.0, 90.0]))

    assert [*(float(day) for day in range(2, first)), 70.0, 80.0, 90.0] == joined.close[:, 0].tolist()
    assert first - 2 + 3 == joined.n_bars


def test_extended_keeps_actions_of_either_side() -> None:
    acting = {"split": [1.0, 2.0], "dividend": [0.0, 0.5]}
    after = extended(bars(2), bars(2, first=4, **acting))
    before = extended(bars(2, **acting), bars(2, first=4))

    assert ([1, 1, 1, 2], [0, 0, 0, 0.5]) == (after.split[:, 0].tolist(), after.dividend[:, 0].tolist())
    assert ([1, 2, 1, 1], [0, 0.5, 0, 0]) == (before.split[:, 0].tolist(), before.dividend[:, 0].tolist())
    assert extended(bars(2), bars(2, first=4)).split is None
