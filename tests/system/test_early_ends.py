"""A series that ends before the others, through the whole sentence: held without a price, refused, or exchanged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import numpy as np
import pytest
from own_components import active, signal
from tradewright import backtest
from tradewright.backtest import Backtest, Request
from tradewright.config import read
from tradewright.engine.log import BY_EXIT
from tradewright.errors import DataError
from tradewright.reports.summary import summarise
from tradewright.sessions import sessions
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

SETTINGS = """\
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["NOW", "OLD"]
calendar = "24/7"
gaps = "{gaps}"
{table}
[strategies.trend]
data = ["mine"]
gross = 0.4
no_trade_band = 0.0
[strategies.trend.signals.always]
weight = 1.0
[risk]
risk-per-trade = {{ multiple = 20.0 }}
[execution]
units = "fractional"
"""
DAYS = sessions("24/7", date(2021, 1, 1), date(2021, 3, 1)).date
ENDED, GONE = 44, 47
"""The bars of OLD end on the one, and its shares are exchanged on the other."""

DELISTED = f"[instruments.OLD]\ndelisted_on = {DAYS[GONE]}\ndelisted_cash = 25.0\n"


@attrs.frozen
class Always:
    """Long in everything, from the first bar on."""

    warmup_bars: int = 0

    def compute(self, view: History) -> Forecast:
        ones = np.ones(view.bars.close.shape)
        return Forecast(score=ones, confidence=ones)


def trade(folder: Path, cache: Path, table: str = "", gaps: str = "mark") -> Backtest:
    (folder / "data").mkdir(parents=True)
    close = np.round(50.0 + 0.5 * np.sin(np.arange(len(DAYS)) / 4.0), 2)
    for symbol, count in (("NOW", len(DAYS)), ("OLD", ENDED + 1)):
        rows = [f"{day},{price}" for day, price in zip(DAYS[:count], close, strict=False)]
        (folder / "data" / f"{symbol}.csv").write_text("\n".join(["date,close", *rows, ""]))
    (folder / "plugins.toml").write_text(SETTINGS.format(table=table, gaps=gaps), encoding="utf-8")
    return backtest.run(read(folder / "plugins.toml"), active(signal("always", Always())), Request(), cache)


def test_backtest_when_a_series_ends_early_leads_with_what_is_still_held(tmp_path: Path, rule_cache: Path) -> None:
    ran = trade(tmp_path, rule_cache)
    found = summarise(ran)
    (one,) = found.unpriced

    assert ("trend", "OLD", DAYS[ENDED].item()) == (one.book, one.symbol, one.last_on)
    assert one.quantity == ran.trace.state.positions[0, 1].quantity > 0.0
    assert found.warnings[0].startswith("trend holds ")
    assert any(line.startswith("mine: OLD: gap 2021-02-15..2021-03-01") for line in found.warnings)


def test_backtest_when_a_series_ends_early_and_gaps_are_refused_is_an_error(tmp_path: Path, rule_cache: Path) -> None:
    with pytest.raises(DataError, match="its last bar is of 2021-02-14") as caught:
        trade(tmp_path, rule_cache, gaps="refuse")

    assert "[instruments.OLD] delisted_on, delisted_cash" in str(caught.value.fix)


def test_backtest_when_its_end_is_told_exchanges_the_position_and_gives_its_share_to_the_others(
    tmp_path: Path, rule_cache: Path
) -> None:
    ran = trade(tmp_path, rule_cache, DELISTED)
    exits = ran.trace.fills[ran.trace.fills.reason == BY_EXIT]

    assert [(GONE, 1, 25.0, 0.0)] == [(int(x.bar), int(x.asset), float(x.price), float(x.fee)) for x in exits]
    assert 0.0 == ran.trace.state.positions[0, 1].quantity
    assert not (ran.trace.fills.asset[ran.trace.fills.bar > GONE] == 1).any()
    assert [0.2, 0.4] == pytest.approx(ran.targets["trend"].weights[[GONE - 1, GONE], 0])
    assert () == summarise(ran).unpriced
    assert ran.trace.equity[GONE, 0] < ran.trace.equity[GONE - 1, 0]
