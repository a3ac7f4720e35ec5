"""What a configured feed must fit: the money of the file, and the time it is given."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import fake_source
import flat_prices
import pytest
from flat_prices import days, save
from tradewright.config import read
from tradewright.data import feeds
from tradewright.errors import ConfigError, DataError, PluginError

SETTINGS = """\
currency = "{money}"
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["LON"]
calendar = "24/7"
currency = "{prices}"
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.any]
weight = 1.0
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    save(tmp_path / "data", "LON", days(3))
    return tmp_path


def load_feeds(folder: Path, money: str, prices: str) -> tuple[feeds.Feed, ...]:
    return flat_prices.load_feeds(folder, SETTINGS.format(money=money, prices=prices))


def test_load_when_prices_are_in_the_money_of_the_file_brings_them(workspace: Path) -> None:
    (feed,) = load_feeds(workspace, "GBP", "GBP")

    assert (3, 365) == (feed.bars.n_bars, feeds.sessions_per_year(read(workspace / "plugins.toml"), (feed,)))


def test_load_when_prices_are_in_other_money_is_refused_with_the_line(workspace: Path) -> None:
    with pytest.raises(ConfigError, match="prices of LON are in GBP, money is in EUR") as caught:
        load_feeds(workspace, "EUR", "GBP")

    assert (4, "data.mine") == (caught.value.line, caught.value.key)
    assert 'set currency = "GBP", or bring prices in EUR' == caught.value.fix


@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("split", ("", "2", ""), "a split of 2 is in the prices already"),
        ("dividend", ("", "1e300", ""), "must be at most 50% of the last price, 100, was 1e\\+300"),
        ("dividend", ("1e300", "", ""), "must be at most 50% of the last price, 100, was 1e\\+300"),
    ],
)
def test_load_when_an_action_cannot_be_true_ends_with_the_exit_code_of_data(
    workspace: Path, column: str, cells: tuple[str, ...], message: str
) -> None:
    file = workspace / "data" / "LON.csv"
    head, *lines = file.read_text().split()
    told = [f"{line},{cell}" for line, cell in zip(lines, cells, strict=True)]
    file.write_text("\n".join([f"{head},{column}", *told]))

    with pytest.raises(DataError, match=message) as caught:
        load_feeds(workspace, "GBP", "GBP")

    assert (5, column) == (caught.value.exit_code, caught.value.key)


# ---- ends ------------------------------------------------------------------------------------------------

PAIR = """\
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["NOW", "OLD"]
calendar = "24/7"
gaps = "{gaps}"
[data.other]
source = "files"
symbols = ["LON"]
calendar = "24/7"
[strategies.trend]
data = {used}
[strategies.trend.signals.any]
weight = 1.0
"""


def load_pair(
    folder: Path, last: dict[str, int], gaps: str = "mark", used: str = '["mine"]'
) -> tuple[feeds.Feed, ...]:
    """Write so many days of each symbol, and load the feeds that are used."""
    for symbol, count in last.items():
        save(folder / "data", symbol, days(count))
    return flat_prices.load_feeds(folder, PAIR.format(gaps=gaps, used=used))


def test_load_when_a_symbol_ends_early_warns_of_it_first_and_names_the_day(workspace: Path) -> None:
    (feed,) = load_pair(workspace, {"NOW": 6, "OLD": 3})
    last = days(3)[2]

    assert {"OLD": last.item()} == feed.ended
    assert f"its last bar is of {last}, 3 sessions before the others end" in feed.warnings[0]
    assert feed.warnings[0].startswith("OLD: gap ")


def test_load_when_a_symbol_ends_early_and_gaps_are_refused_is_an_error(workspace: Path) -> None:
    with pytest.raises(DataError, match=r"OLD\.date: gap .* 3 sessions before the others end"):
        load_pair(workspace, {"NOW": 6, "OLD": 3}, gaps="refuse")


def test_load_when_all_symbols_end_together_is_silent(workspace: Path) -> None:
    (feed,) = load_pair(workspace, {"NOW": 3, "OLD": 3}, gaps="refuse")

    assert ({}, []) == (feed.ended, [line for line in feed.warnings if "gap" in line])


def test_load_when_another_feed_goes_on_finds_the_end_of_this_one(workspace: Path) -> None:
    mine, other = load_pair(workspace, {"NOW": 4, "OLD": 4, "LON": 6}, used='["mine", "other"]')

    assert (["NOW", "OLD"], []) == (list(mine.ended), list(other.ended))


# ---- sources ---------------------------------------------------------------------------------------------


def test_load_when_the_source_is_late_names_the_key_that_gives_it_more_time(tmp_path: Path) -> None:
    release = threading.Event()

    class Hangs(fake_source.Source):
        def history(self, request: Any) -> Any:
            release.wait(30.0)
            return super().history(request)

    settings = fake_source.settings(tmp_path, feed="deadline = 0.05")
    with pytest.raises(PluginError) as caught:
        feeds.load(settings, fake_source.plugins(Hangs()))
    release.set()

    assert "fake.history: gave no answer within 0.05 s; a later one is discarded" == str(caught.value)
    assert "give it less to do, or more time: deadline in [data.mine]" == caught.value.fix


# ---- bars that cannot be true ----------------------------------------------------------------------------


def load_bad(folder: Path, bad_bars: str) -> feeds.Feed:
    """Load six days of which the third and the fifth have a range that cannot be."""
    rows = [f"{day},10,12,{13 if number in (2, 4) else 9},11" for number, day in enumerate(days(6))]
    (folder / "data" / "LON.csv").write_text("\n".join(["date,open,high,low,close", *rows, ""]))
    text = SETTINGS.format(money="USD", prices="USD").replace("[strategies.trend]", f"{bad_bars}\n[strategies.trend]")
    (feed,) = flat_prices.load_feeds(folder, text)
    return feed


@pytest.mark.parametrize("bad_bars", ["", 'bad_bars = "refuse"'])
def test_load_when_a_bar_cannot_be_true_is_refused_with_its_line_and_day(workspace: Path, bad_bars: str) -> None:
    with pytest.raises(DataError, match="high 12 < low 13") as caught:
        load_bad(workspace, bad_bars)

    assert 4 == caught.value.line
    assert f"({days(3)[2]})" in str(caught.value)


def test_load_when_bad_bars_are_marked_leaves_them_out_names_them_and_counts_them(workspace: Path) -> None:
    feed = load_bad(workspace, 'bad_bars = "mark"')
    day = days(3)[2]

    assert [True, True, False, True, False, True] == feed.bars.traded[:, 0].tolist()
    assert f"LON: 2 bars are left out as impossible, first {day}: high: high 12 < low 13" in feed.warnings
    assert 2 == sum("gap" in line for line in feed.warnings)


# ---- what [instruments] says -----------------------------------------------------------------------------


def told(folder: Path, table: str, last: dict[str, int], gaps: str = "refuse") -> feeds.Feed:
    """Load the pair with more of the file."""
    load_pair(folder, last, gaps="mark")
    text = PAIR.format(gaps=gaps, used='["mine"]') + table
    (feed,) = flat_prices.load_feeds(folder, text)
    return feed


def test_load_when_an_instrument_is_told_takes_lot_and_tick_from_there(workspace: Path) -> None:
    feed = told(workspace, "[instruments.OLD]\nlot = 0.001\ntick = 0.5\n", {"NOW": 6, "OLD": 6})

    assert [(1.0, 0.0), (0.001, 0.5)] == [(one.lot, one.tick) for one in feed.bars.instruments]


@pytest.mark.parametrize(("day", "missing"), [(3, 0), (4, 1), (6, 3)])
def test_load_when_a_symbol_is_delisted_counts_only_sessions_before_as_missing(
    workspace: Path, day: int, missing: int
) -> None:
    """It has bars of three days, numbered from 0, and the others have six."""
    on = days(7)[day]
    table = f"[instruments.OLD]\ndelisted_on = {on}\ndelisted_cash = 100\n"

    feed = told(workspace, table, {"NOW": 6, "OLD": 3}, gaps="mark")

    end = f"before {on}, when it is delisted" if day < 6 else "before the others end"
    assert [f"{missing} sessions {end}"] * bool(missing) == [
        line.split(", ", 1)[1] for line in feed.warnings if "gap" in line
    ]


@pytest.mark.parametrize("day", [2, 1])
def test_load_when_a_symbol_has_bars_after_its_delisting_is_refused(workspace: Path, day: int) -> None:
    on = days(7)[day]
    with pytest.raises(DataError, match=f"a bar of {on}, though delisted on {on}") as caught:
        told(workspace, f"[instruments.OLD]\ndelisted_on = {on}\ndelisted_cash = 100\n", {"NOW": 6, "OLD": 3})

    assert "OLD.date" == caught.value.key
    assert "[instruments.OLD]" in str(caught.value.fix)


# ---- lengths of bars -------------------------------------------------------------------------------------


def test_bar_length_that_an_error_advises_is_one_that_the_file_takes(workspace: Path) -> None:
    moments = [f"{days(1)[0]} 00:{minute:02}:{second}" for minute in range(3) for second in ("00", "30")]
    save(workspace / "data", "LON", moments)

    def load_bars(bar: str) -> feeds.Feed:
        more = f'bar = "{bar}"\ntime_zone = "UTC"\n[strategies.trend]'
        text = SETTINGS.format(money="USD", prices="USD").replace("[strategies.trend]", more)
        (feed,) = flat_prices.load_feeds(workspace, text)
        return feed

    with pytest.raises(DataError, match="bars are 30s apart, 1m declared") as caught:
        load_bars("1m")

    assert 'declare bar = "30s"' == caught.value.fix
    assert 6 == load_bars("30s").bars.n_bars
