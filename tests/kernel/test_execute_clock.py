"""The venue's clock against ours, and our own against itself: limits at, just below and just above."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tradewright.execute.clock import CLEAN, HOLDS, UNITS, WARNS, Clock, Steady, is_absurd, offset_of

SECOND, MS = timedelta(seconds=1), timedelta(milliseconds=1)
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("offset", "known"),
    [
        (WARNS - MS, (False, False)),
        (WARNS, (False, False)),
        (WARNS + MS, (True, False)),
        (HOLDS - MS, (True, False)),
        (HOLDS, (True, False)),
        (HOLDS + MS, (True, True)),
    ],
)
def test_offset_beyond_one_second_warns_and_beyond_five_holds(
    offset: timedelta, known: tuple[bool, bool], sign: int
) -> None:
    clock = Clock().measured(sign * offset)

    assert known == (clock.is_warned, clock.holds)
    assert clock == clock.measured(sign * offset), "said twice, it says no more"


def test_hold_ends_with_the_third_measure_in_a_row_that_is_right() -> None:
    clock, held = Clock().measured(6 * SECOND), []
    for offset in (0.0, 1.0, 1.001, 0.0, 0.0, 0.0):
        clock = clock.measured(offset * SECOND)
        held.append(clock.holds)

    assert [True, True, True, True, True, False] == held
    assert Clock() == clock
    assert 3 == CLEAN


@pytest.mark.parametrize(
    ("offset", "absurd"), [(UNITS, False), (UNITS + MS, True), (-UNITS, False), (-UNITS - MS, True)]
)
def test_instant_further_than_thirty_days_is_of_other_units(offset: timedelta, *, absurd: bool) -> None:
    assert absurd is is_absurd(offset)


def test_offset_is_rounded_to_what_a_ledger_writes() -> None:
    assert WARNS == offset_of(AT + SECOND + timedelta(microseconds=400), AT)


# ---- our own ---------------------------------------------------------------------------------------------


def test_clock_that_is_set_back_takes_our_time_nowhere_back_and_is_told() -> None:
    steady = Steady()
    told, times = [], []
    for seconds in (0.0, 10.0, -3590.0, -3589.0):
        told.append(steady.read(AT + seconds * SECOND))
        times.append(steady.at)

    assert [timedelta(), timedelta(), -timedelta(hours=1), timedelta()] == told
    assert [AT, AT + 10 * SECOND, AT + 10 * SECOND, AT + 10.99 * SECOND] == times


def test_lead_over_a_clock_that_was_set_back_melts_by_a_hundredth() -> None:
    steady = Steady()
    for seconds in (10.0, 0.0, 1000.0, 1001.0):
        steady.read(AT + seconds * SECOND)

    assert timedelta() == steady.lag
    assert AT + 1001 * SECOND == steady.at


@pytest.mark.parametrize(("late", "told"), [(5.0, 0.0), (5.001, 5.001), (3600.0, 3600.0)])
def test_clock_that_is_read_too_late_has_leapt_or_slept(late: float, told: float) -> None:
    steady = Steady()
    steady.read(AT)
    steady.due_at = AT + 30 * SECOND

    assert told * SECOND == steady.read(AT + (30.0 + late) * SECOND)
    assert timedelta() == steady.read(AT + timedelta(days=1)), "nothing was due by itself"
