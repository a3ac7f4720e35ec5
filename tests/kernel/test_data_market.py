"""Everything that a file's strategies trade on: on one grid, with what stands beside it, from some day on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from engine_harness import prices
from paper_file import HALF, OTHER, RISING, parts, write
from tradewright.data import market
from tradewright.data.feeds import Feed
from tradewright.data.market import Market
from tradewright.errors import ConfigError, DataError, UsageError

DAYS = np.array(["2024-01-02", "2024-01-02", "2024-01-04", "2024-01-05"], "datetime64[D]")
BARS = attrs.evolve(prices([100.0, 101.0, 102.0, 103.0]), session=DAYS)


def holds(bars: Any = BARS, feeds: tuple[Feed, ...] = ()) -> Market:
    return Market(feeds=feeds, beside=(), bars=bars, sessions_per_year=252)


@pytest.fixture
def folder(workspace: Path, share_cache: Callable[[Path], None]) -> Path:
    share_cache(workspace)
    return workspace


def loaded(folder: Path, last_on: date | None = None, **changes: Any) -> Market:
    return market.load(write(folder, **changes), parts(), last_on)


# ---- the first bar ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_on", "bar"),
    [
        (None, 0),
        (date(2024, 1, 1), 0),
        (date(2024, 1, 2), 0),
        (date(2024, 1, 3), 2),
        (date(2024, 1, 4), 2),
        (date(2024, 1, 5), 3),
    ],
)
def test_first_bar_is_that_of_the_first_session_from_a_day_on(first_on: date | None, bar: int) -> None:
    assert bar == holds().first_bar(first_on, None)


def test_first_bar_when_prices_end_before_it_says_where_they_do() -> None:
    with pytest.raises(UsageError, match="empty range: the prices end on 2024-01-05, before 2024-01-06") as caught:
        holds().first_bar(date(2024, 1, 6), None)

    assert ("--from", "ask for a first day up to 2024-01-05") == (caught.value.key, caught.value.fix)


def test_first_bar_when_an_end_was_asked_for_says_which_is_the_last_before() -> None:
    with pytest.raises(
        UsageError, match="no price from 2024-01-06 to 2024-01-07, the last one before is of 2024-01-05"
    ):
        holds().first_bar(date(2024, 1, 6), date(2024, 1, 7))


@pytest.mark.parametrize("first_on", [None, date(2024, 1, 1)])
def test_first_bar_when_there_is_none_at_all_is_an_error_of_the_data(first_on: date | None) -> None:
    with pytest.raises(DataError, match="the feeds brought no bar"):
        holds(BARS.until(0)).first_bar(first_on, None)


# ---- loaded ----------------------------------------------------------------------------------------------


def test_load_brings_every_feed_on_one_grid(folder: Path) -> None:
    two = write(folder, {"A": RISING, "B": RISING[:50]}, more=OTHER.format(symbol="B"), overrides=HALF)
    found = market.load(two, parts())

    assert (["mine", "second"], (), 60, ("A", "B"), 365) == (
        [feed.name for feed in found.feeds],
        found.beside,
        found.bars.n_bars,
        found.bars.symbols,
        found.sessions_per_year,
    )
    assert [True] * 50 + [False] * 10 == found.bars.traded[:, 1].tolist()


@pytest.mark.parametrize(
    ("last_on", "n_bars"), [(date(2024, 1, 9), 9), (date(2024, 1, 10), 10), (date(2030, 1, 1), 60)]
)
def test_load_ends_on_the_last_day_that_is_asked_for(last_on: date, n_bars: int, folder: Path) -> None:
    assert n_bars == loaded(folder, last_on).bars.n_bars


def test_load_with_ends_of_its_own_ends_a_feed_there(folder: Path) -> None:
    found = market.load(write(folder), parts(), None, {"mine": date(2024, 1, 5)})

    assert 5 == found.feeds[0].bars.n_bars


def test_load_has_the_benchmark_beside_and_not_on_the_grid(folder: Path) -> None:
    feed = '[data.index]\nsource = "files"\nsymbols = ["I"]\ncalendar = "24/7"'
    found = loaded(folder, closes={"A": RISING, "I": RISING}, top='benchmark = "I"', more=feed)

    assert (["mine"], ["index"], ("A",)) == (
        [one.name for one in found.feeds],
        [one.name for one in found.beside],
        found.bars.symbols,
    )
    assert ["mine", "index"] == [one.name for one in found.all_feeds]


def test_load_when_the_benchmark_is_traded_brings_it_once(folder: Path) -> None:
    found = loaded(folder, top='benchmark = "A"')

    assert (["mine"], ()) == ([one.name for one in found.all_feeds], found.beside)


def test_load_when_a_source_is_unknown_is_an_error_of_the_file(folder: Path) -> None:
    settings = write(folder, overrides=("data.mine.source=nobodys",))

    with pytest.raises(ConfigError, match="nobodys"):
        market.load(settings, parts())


def test_load_when_prices_are_missing_is_an_error_of_the_data(folder: Path) -> None:
    settings = write(folder)
    (folder / "data" / "A.csv").unlink()

    with pytest.raises((DataError, ConfigError)):
        market.load(settings, parts())


# ---- warnings --------------------------------------------------------------------------------------------


def test_warnings_name_the_feed_that_they_are_of(folder: Path) -> None:
    lines = [*loaded(folder).warnings()]

    assert "mine: A: no volume" == lines[0][:18]
    assert {"mine"} == {line.partition(":")[0] for line in lines}


def test_warnings_have_those_of_the_benchmark_too(folder: Path) -> None:
    feed = '[data.index]\nsource = "files"\nsymbols = ["I"]\ncalendar = "24/7"'
    found = loaded(folder, closes={"A": RISING, "I": RISING}, top='benchmark = "I"', more=feed)

    assert {"mine", "index"} == {line.partition(":")[0] for line in found.warnings()}
