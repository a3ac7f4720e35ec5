"""The feed of a benchmark that no strategy trades: loaded, checked, and no part of what is traded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import numpy as np
import pytest
from flat_prices import kernel_alone, save
from tradewright.config import Settings, read
from tradewright.data import feeds
from tradewright.errors import DataError, UsageError
from tradewright.host.plugins import Plugins

SETTINGS = """\
benchmark = "{benchmark}"
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["OWN"]
calendar = "24/7"
[data.market]
source = "files"
symbols = ["ALL", "OLD"]
calendar = "24/7"
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.any]
weight = 1.0
"""
DAYS = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")


@pytest.fixture
def plugins() -> Plugins:
    return kernel_alone()


def desk(folder: Path, benchmark: str, days: dict[str, slice], price: str = "100") -> Settings:
    """Write so many days of each symbol, and read the settings."""
    for symbol, some in days.items():
        save(folder / "data", symbol, DAYS[some], price)
    (folder / "plugins.toml").write_text(SETTINGS.format(benchmark=benchmark), "utf-8")
    return read(folder / "plugins.toml")


WHOLE = {"OWN": slice(0, 5), "ALL": slice(2, 9), "OLD": slice(2, 4)}


def test_benchmark_that_is_not_traded_has_its_feed_loaded_up_to_the_last_day_asked_for(
    tmp_path: Path, plugins: Plugins
) -> None:
    settings = desk(tmp_path, "ALL", WHOLE)
    (feed,) = feeds.load_benchmark(settings, plugins, date(2024, 1, 6))

    assert ("market", ("ALL", "OLD")) == (feed.name, feed.bars.symbols)
    assert [date(2024, 1, 3), date(2024, 1, 6)] == feed.bars.session[[0, -1]].tolist()
    assert any("OLD: gap" in line for line in feed.warnings)
    # What is held of a symbol of the same name has ended only where that one is traded.
    assert {} == feed.ended


def test_benchmark_of_a_saved_run_ends_where_its_feed_ended_then(tmp_path: Path, plugins: Plugins) -> None:
    settings = desk(tmp_path, "ALL", WHOLE)
    (feed,) = feeds.load_benchmark(settings, plugins, None, {"market": date(2024, 1, 7), "mine": date(2024, 1, 2)})

    assert date(2024, 1, 7) == feed.bars.session[-1].item()


def test_benchmark_that_is_traded_is_not_loaded_twice(tmp_path: Path, plugins: Plugins) -> None:
    assert () == feeds.load_benchmark(desk(tmp_path, "OWN", WHOLE), plugins)


def test_feeds_that_are_traded_do_not_hear_of_the_benchmark(tmp_path: Path, plugins: Plugins) -> None:
    """It goes on for longer, and nothing that is traded has ended early for that."""
    settings = desk(tmp_path, "ALL", WHOLE)
    loaded = feeds.load(settings, plugins)

    assert ["mine"] == [feed.name for feed in loaded]
    assert (5, {}) == (feeds.grid(settings, loaded).n_bars, loaded[0].ended)


def test_benchmark_that_begins_after_the_range_is_refused_with_its_symbols(tmp_path: Path, plugins: Plugins) -> None:
    with pytest.raises(UsageError, match="no bar of ALL, OLD"):
        feeds.load_benchmark(desk(tmp_path, "ALL", WHOLE), plugins, date(2024, 1, 2))


def test_benchmark_without_a_bar_is_an_error_of_its_key(
    tmp_path: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = desk(tmp_path, "ALL", WHOLE)
    (feed,) = feeds.load_benchmark(settings, plugins)
    monkeypatch.setattr(feeds, "load_feed", lambda *_: attrs.evolve(feed, bars=feed.bars.until(0)))

    with pytest.raises(DataError, match="the feed market brought no bar of the benchmark ALL") as caught:
        feeds.load_benchmark(settings, plugins)
    assert ("benchmark", 1) == (caught.value.key, caught.value.line)
    assert caught.value.fix


def test_benchmark_whose_prices_cannot_be_true_is_refused(tmp_path: Path, plugins: Plugins) -> None:
    with pytest.raises(DataError, match="-1"):
        feeds.load_benchmark(desk(tmp_path, "ALL", WHOLE, price="-1"), plugins)
