"""Exchange sessions: what the calendar says, and the file that saves computing it again."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tradewright.errors import ConfigError, UsageError
from tradewright.sessions import Sessions, _write, cache_folder, sessions, sessions_per_year


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds XNYS and 24/7."""
    folder = tmp_path_factory.mktemp("calendars")
    for calendar in ("XNYS", "24/7"):
        sessions(calendar, cache=folder)
    return folder


def stored(cache: Path, calendar: str = "XNYS") -> Path:
    (file,) = cache.glob(f"sessions-{calendar}-*.npz")
    return file


@pytest.mark.parametrize(
    ("day", "opened_at", "closed_at"),
    [
        ("2024-01-02", "2024-01-02T14:30", "2024-01-02T21:00"),
        ("2024-07-02", "2024-07-02T13:30", "2024-07-02T20:00"),  # summer time
        ("2024-07-03", "2024-07-03T13:30", "2024-07-03T17:00"),  # a half day
    ],
)
def test_session_of_new_york_opens_and_closes_in_utc(cache: Path, day: str, opened_at: str, closed_at: str) -> None:
    on = date.fromisoformat(day)

    found = sessions("XNYS", on, on, cache=cache)

    assert found.date.tolist() == [on]
    assert np.datetime64(opened_at) == found.opened_at[0]
    assert np.datetime64(closed_at) == found.closed_at[0]


@pytest.mark.parametrize(
    ("first_on", "last_on", "expected"),
    [
        (date(2024, 7, 3), date(2024, 7, 5), ["2024-07-03", "2024-07-05"]),  # Independence Day between
        (date(2024, 7, 4), date(2024, 7, 7), ["2024-07-05"]),
        (date(2025, 1, 8), date(2025, 1, 10), ["2025-01-08", "2025-01-10"]),  # day of mourning
    ],
)
def test_sessions_between_two_days_hold_only_trading_days(
    cache: Path, first_on: date, last_on: date, expected: list[str]
) -> None:
    assert sessions("XNYS", first_on, last_on, cache=cache).date.astype(str).tolist() == expected


def test_sessions_of_a_calendar_that_never_closes_are_every_day(cache: Path) -> None:
    week = sessions("24/7", date(2024, 2, 26), date(2024, 3, 3), cache=cache)

    assert len(week) == 7
    assert (week.closed_at[:-1] == week.opened_at[1:]).all()


def test_sessions_without_days_start_in_1990_and_reach_into_the_future(cache: Path) -> None:
    known = sessions("XNYS", cache=cache)

    assert str(known.date[0]) == "1990-01-02"
    assert known.date[-1] > np.datetime64("2026-06-01")


def test_sessions_of_an_exchange_recorded_later_start_there(tmp_path: Path) -> None:
    known = sessions("XTKS", cache=tmp_path)

    assert str(known.date[0]) == "1997-01-06"
    assert sessions("XTKS", date(1997, 1, 1), date(1997, 1, 6), cache=tmp_path).date.size == 1
    with pytest.raises(UsageError, match="calendar XTKS starts 1997-01-06, asked for 1996-12-01"):
        sessions("XTKS", date(1996, 12, 1), cache=tmp_path)


@pytest.mark.parametrize("calendar", ["EST5", "NYSEE", "", "x" * 500, "../../etc/passwd", "a\0b"])
def test_sessions_of_an_unknown_calendar_are_refused_with_the_known_ones(tmp_path: Path, calendar: str) -> None:
    with pytest.raises(ConfigError, match="unknown calendar") as caught:
        sessions(calendar, cache=tmp_path)

    assert "XNYS" in str(caught.value.fix)
    assert list(tmp_path.iterdir()) == []


def test_sessions_of_a_misspelled_calendar_suggest_the_right_one() -> None:
    with pytest.raises(ConfigError) as caught:
        sessions("xnsy")

    assert str(caught.value.fix).startswith("did you mean XNYS")


def test_sessions_that_the_library_cannot_compute_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(calendar: str) -> None:
        raise NotImplementedError("implemented by subclasses")

    monkeypatch.setattr("tradewright.sessions._from_first_on", broken)

    with pytest.raises(ConfigError, match=r"exchange_calendars .*, pandas .* cannot compute calendar XNYS"):
        sessions("XNYS")


def test_sessions_beyond_the_calendar_name_its_last_session(cache: Path) -> None:
    last = sessions("XNYS", cache=cache).date[-1]

    with pytest.raises(UsageError, match=f"calendar XNYS ends {last}, asked for 2199-01-01") as caught:
        sessions("XNYS", last_on=date(2199, 1, 1), cache=cache)

    assert caught.value.key == "last_on"


@pytest.mark.parametrize(
    ("first_on", "last_on", "message"),
    [
        (date(1980, 1, 1), None, "calendar XNYS starts 1990-01-02, asked for 1980-01-01"),
        (None, date(1980, 1, 1), "calendar XNYS starts 1990-01-02, asked for 1980-01-01"),
        (date(2199, 1, 1), None, "calendar XNYS ends"),
        (date(2024, 7, 4), date(2024, 7, 4), "empty range"),
        (date(2024, 7, 6), date(2024, 7, 7), "empty range"),
        (date(2024, 7, 5), date(2024, 7, 3), "empty range"),
    ],
)
def test_sessions_of_an_impossible_range_are_refused(
    cache: Path, first_on: date | None, last_on: date | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        sessions("XNYS", first_on, last_on, cache=cache)


def test_sessions_with_a_warm_cache_import_neither_pandas_nor_exchange_calendars(cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tradewright.sessions import sessions;"
        "print(len(sessions('XNYS', cache=Path(sys.argv[1]))) > 9000,"
        " sorted({'pandas', 'exchange_calendars', 'numba'} & set(sys.modules)))"
    )

    out = subprocess.run(
        [sys.executable, "-c", program, str(cache)], capture_output=True, text=True, check=True
    ).stdout

    assert out == "True []\n"


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other", "missing", "unordered"])
def test_sessions_from_a_damaged_cache_are_computed_and_stored_again(
    cache: Path, tmp_path: Path, damage: str
) -> None:
    expected = sessions("24/7", cache=cache)
    file = tmp_path / stored(cache, "24%2F7").name
    whole = stored(cache, "24%2F7").read_bytes()
    middle = len(whole) // 2
    contents = {
        "truncated": whole[:middle],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "empty": b"",
        "other": b"not an archive",
    }
    if damage in contents:
        file.write_bytes(contents[damage])
    elif damage == "missing":
        np.savez(file, date=expected.date)
    else:
        np.savez(file, date=expected.date[::-1], opened_at=expected.opened_at, closed_at=expected.closed_at)

    found = sessions("24/7", cache=tmp_path)

    assert found == expected
    assert file.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_sessions_with_a_cache_that_cannot_be_written_are_still_computed(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert sessions("24/7", cache=tmp_path / "file" / "cache") == sessions("24/7", cache=cache)


def test_sessions_when_the_disk_is_full_leave_no_part_behind(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)  # The last step of writing a file.

    assert sessions("24/7", cache=tmp_path) == sessions("24/7", cache=cache)
    assert list(tmp_path.iterdir()) == []


def test_sessions_beyond_a_stale_cache_are_computed_anew(cache: Path, tmp_path: Path) -> None:
    """A workspace is kept for years; its calendar file must not end a backtest."""
    whole = sessions("24/7", cache=cache)
    np.savez(
        tmp_path / stored(cache, "24%2F7").name,
        date=whole.date[:1000],
        opened_at=whole.opened_at[:1000],
        closed_at=whole.closed_at[:1000],
    )

    assert len(sessions("24/7", cache=tmp_path)) == 1000
    assert len(sessions("24/7", last_on=date(2024, 1, 1), cache=tmp_path)) > 1000
    assert sessions("24/7", cache=tmp_path) == whole


@pytest.mark.parametrize(
    ("day", "opened", "closed"),
    [
        (
            ["2024-01-02", "2024-01-02"],
            ["2024-01-02T14", "2024-01-03T14"],
            ["2024-01-02T21", "2024-01-03T21"],
        ),
        (["2024-01-02"], ["2024-01-02T14"], ["2024-01-02T14"]),
        (["2024-01-02"], ["2024-01-02T14"], ["2024-01-02T21", "2024-01-03T21"]),
        ([], [], []),
    ],
)
def test_sessions_that_cannot_be_are_refused(day: list[str], opened: list[str], closed: list[str]) -> None:
    columns = {"date": np.array(day, dtype="datetime64[D]")}
    columns |= {"opened_at": np.array(opened, dtype="datetime64[ns]")}
    columns |= {"closed_at": np.array(closed, dtype="datetime64[ns]")}

    with pytest.raises(ValueError, match=r"must (be in order|have one)"):
        Sessions(calendar="X", **columns)


def test_cache_folder_lies_in_the_workspace(tmp_path: Path) -> None:
    assert cache_folder(tmp_path) == tmp_path / ".tradewright" / "cache"
    assert cache_folder(None) is None


@pytest.mark.parametrize(("calendar", "expected"), [("24/7", 365), ("XNYS", 252)])
def test_sessions_per_year_of_a_calendar_that_never_closes_are_all_days(
    cache: Path, calendar: str, expected: int
) -> None:
    assert expected == sessions_per_year(calendar, cache=cache)


def test_sessions_per_year_of_a_week_from_sunday_to_thursday_are_those_of_any_exchange(tmp_path: Path) -> None:
    days = np.arange("2024-01-07", "2026-12-31", dtype="datetime64[D]")
    open_on = days[~np.isin(days.astype(int) % 7, [1, 2])]  # Friday and Saturday, as 1970-01-01 was a Thursday.
    opened_at = open_on.astype("datetime64[ns]")
    _write(tmp_path, Sessions(calendar="XTAE", date=open_on, opened_at=opened_at, closed_at=opened_at + 1))

    assert 252 == sessions_per_year("XTAE", cache=tmp_path)
