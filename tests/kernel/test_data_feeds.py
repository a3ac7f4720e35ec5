"""What a configured feed must fit: the money of the file, and the time it is given."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import fake_source
import pytest
from tradewright import builtins
from tradewright.config import read
from tradewright.data import feeds
from tradewright.errors import ConfigError, PluginError
from tradewright.host.loading import load
from tradewright.sessions import sessions

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
    (tmp_path / "data").mkdir()
    days = sessions("24/7").date[:3]
    (tmp_path / "data" / "LON.csv").write_text("date,close\n" + "".join(f"{day},100\n" for day in days))
    return tmp_path


def load_feeds(folder: Path, money: str, prices: str) -> tuple[feeds.Feed, ...]:
    (folder / "plugins.toml").write_text(SETTINGS.format(money=money, prices=prices), encoding="utf-8")
    return feeds.load(read(folder / "plugins.toml"), load([], entry_points=[], builtin=builtins))


def test_load_when_prices_are_in_the_money_of_the_file_brings_them(workspace: Path) -> None:
    (feed,) = load_feeds(workspace, "GBP", "GBP")

    assert (3, 365) == (feed.bars.n_bars, feeds.sessions_per_year(read(workspace / "plugins.toml"), (feed,)))


def test_load_when_prices_are_in_other_money_is_refused_with_the_line(workspace: Path) -> None:
    with pytest.raises(ConfigError, match="prices of LON are in GBP, money is in EUR") as caught:
        load_feeds(workspace, "EUR", "GBP")

    assert (4, "data.mine") == (caught.value.line, caught.value.key)
    assert 'set currency = "GBP", or bring prices in EUR' == caught.value.fix


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
