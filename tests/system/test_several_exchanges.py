"""London, New York and a market that never closes, traded together: every fill lies after its decision."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from own_components import active, signal
from tradewright import backtest
from tradewright.backtest import Backtest, Request
from tradewright.config import read
from tradewright.sessions import sessions
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

SETTINGS = """\
[plugins]
enabled = []
{feeds}
[strategies.world]
data = [{names}]
gross = 0.6
rebalance = "{rebalance}"
no_trade_band = 0.0
[strategies.world.signals.always]
weight = 1.0
[risk]
risk-per-trade = {{ multiple = 20.0 }}
[execution]
units = "fractional"
"""
FEED = """\
[data.{name}]
source = "files"
symbols = ["{symbol}"]
calendar = "{calendar}"
"""
MARKETS = {"london": ("LON", "XLON"), "york": ("NYC", "XNYS"), "tokyo": ("TYO", "XTKS"), "coins": ("BTC", "24/7")}
FIRST, LAST = date(2021, 1, 4), date(2021, 6, 30)


@attrs.frozen
class Always:
    """Long in everything, from the first bar on."""

    warmup_bars: int = 0

    def compute(self, view: History) -> Forecast:
        ones = np.ones(view.bars.close.shape)
        return Forecast(score=ones, confidence=ones)


def trade(folder: Path, cache: Path, names: list[str], rebalance: str = "session") -> Backtest:
    (folder / "data").mkdir(parents=True)
    for number, name in enumerate(names):
        symbol, calendar = MARKETS[name]
        days = sessions(calendar, FIRST, LAST).date
        close = np.round(50.0 + 0.5 * np.sin(np.arange(len(days)) / (4.0 + number)), 2)
        rows = [f"{day},{c},{c},{c},{c},1000000" for day, c in zip(days, close, strict=True)]
        (folder / "data" / f"{symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows, ""]))
    feeds = "".join(FEED.format(name=n, symbol=MARKETS[n][0], calendar=MARKETS[n][1]) for n in names)
    listed = ", ".join(f'"{name}"' for name in names)
    text = SETTINGS.format(feeds=feeds, names=listed, rebalance=rebalance)
    (folder / "plugins.toml").write_text(text, encoding="utf-8")
    return backtest.run(read(folder / "plugins.toml"), active(signal("always", Always())), Request(), cache)


def decided_before(ran: Backtest) -> Any:
    """Return, per fill, by how much its own market opened after the row that it was decided on had closed."""
    opened = {feed.bars.symbols[0]: feed.bars for feed in ran.feeds}
    waits = []
    for fill in ran.trace.fills:
        own = opened[ran.bars.symbols[fill.asset]]
        row = int(np.searchsorted(own.session, ran.bars.session[fill.bar]))
        waits.append(own.opened_at[row] - ran.bars.closed_at[fill.bar - 1])
    return np.array(waits)


@pytest.mark.parametrize(
    "names", [["london", "york"], ["york", "coins"], ["tokyo", "london", "york"], ["tokyo", "york"]]
)
def test_markets_traded_together_fill_after_their_decisions(
    tmp_path: Path, rule_cache: Path, names: list[str]
) -> None:
    ran = trade(tmp_path, rule_cache, names)

    traded = {ran.bars.symbols[fill.asset] for fill in ran.trace.fills}
    assert {MARKETS[name][0] for name in names} == traded
    assert decided_before(ran).min() >= np.timedelta64(0)
    assert (["tokyo", "york"] == names) != any("overlap in time" in line for line in ran.warnings)


def test_decision_of_a_month_that_begins_on_a_weekend_is_not_lost(tmp_path: Path, rule_cache: Path) -> None:
    """2021-05-01 was a Saturday: only coins trade, and New York's order waits for Monday the 3rd."""
    ran = trade(tmp_path, rule_cache, ["york", "coins"], rebalance="month")

    fills = ran.trace.fills[ran.trace.fills.asset == 0]
    days = ran.bars.session[fills.bar]
    # Until February no stop can be set: its volatility takes 20 returns.
    assert ["2021-03-02", "2021-04-05", "2021-05-03", "2021-06-02"] == days.astype(str).tolist()
