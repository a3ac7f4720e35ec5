"""One history told twice, raw with its actions and adjusted without, is one result."""

from __future__ import annotations

import csv
import gzip
import os
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
from tradewright.values.bars import Bars
from tradewright.values.forecast import Forecast
from tradewright.values.history import History
from tradewright.values.instrument import Instrument

REAL = Path(os.environ.get("TRADEWRIGHT_SHARED_DATA", str(Path(__file__).parents[3] / "shared" / "data")))
SETTINGS = """\
[plugins]
enabled = []
[capital]
total = 100_000
start = 100_000
[data.file]
source = "files"
symbols = ["AAPL"]
adjustment = "{adjustment}"
[strategies.trend]
data = ["file"]
gross = {gross}
no_trade_band = {band}
[strategies.trend.signals.crossing]
weight = 1.0
[risk]
risk-per-trade = {{ multiple = {multiple} }}
[execution]
units = "fractional"
[costs]
commission_per_share = 0.0
commission_min = 0.0
spread_bps = 0.0
slippage_bps = 0.0
"""
FIELDS = ("open", "high", "low", "close")


@attrs.frozen
class Crossing:
    """Long while the mean of 5 closes is above that of 20, which any constant factor leaves alone."""

    warmup_bars: int = 19

    def compute(self, view: History) -> Forecast:
        close = view.bars.close
        fast, slow = (mean(close, n) for n in (5, 20))
        return Forecast(score=np.where(fast > slow, 1.0, 0.0), confidence=np.where(np.isnan(slow), 0.0, 1.0))


def mean(close: Any, n: int) -> Any:
    result = np.full(close.shape, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(close, n, axis=0)
    result[n - 1 :] = windows.mean(axis=-1)
    return result


@pytest.fixture
def tells(tmp_path: Path, rule_cache: Path) -> Any:
    """Return what writes rows to a file, and trades them with the mission's limits."""

    def call(name: str, days: Any, columns: dict[str, Any], **changes: Any) -> Backtest:
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        options = {"adjustment": "none", "gross": 0.10, "band": 0.0, "multiple": 20.0} | changes
        (folder / "plugins.toml").write_text(SETTINGS.format(**options), encoding="utf-8")
        with (folder / "data" / "AAPL.csv").open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file)
            write.writerow(["date", *columns])
            write.writerows(
                zip(days.astype(str), *(map(repr, np.asarray(c).tolist()) for c in columns.values()), strict=True)
            )
        plugins = active(signal("crossing", Crossing()))
        return backtest.run(read(folder / "plugins.toml"), plugins, Request(), rule_cache)

    return call


def value_of(run: Backtest) -> Any:
    """Return the notional of each fill by bar."""
    values = np.zeros(run.bars.n_bars)
    np.add.at(values, run.trace.fills.bar, run.trace.fills.quantity * run.trace.fills.price)
    return values


def total_return(run: Backtest) -> float:
    return float(run.trace.curve.nav[-1, 0]) - 1.0


# ---- a history made here ---------------------------------------------------------------------------------


def swings(n: int) -> tuple[dict[str, Any], Any, Any]:
    """Return raw prices, splits and dividends.

    Each bar opens where the last one closed, less the dividend, and stands still on an ex-bar: then the cash of
    a dividend misses no move before the next open puts it back to work, as adjusted prices have it at once.
    """
    move = 1.0 + 0.004 * np.sin(np.arange(n) / 9.0) + 0.001
    split, dividend = np.ones(n), np.zeros(n)
    split[90] = 4.0
    dividend[[60, 120, 150]] = 1.0, 0.25, 0.3
    close, opened = np.empty(n), np.empty(n)
    before = 100.0
    for bar in range(n):
        opened[bar] = before / split[bar] - dividend[bar]
        before = close[bar] = opened[bar] * (1.0 if dividend[bar] else move[bar])
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return {"open": opened, "high": high, "low": low, "close": close}, split, dividend


def test_split_and_dividends_raw_and_adjusted_give_the_same_return_and_trades(tells: Any, tmp_path: Path) -> None:
    days = sessions("XNYS", cache=tmp_path).date[-200:]
    prices, split, dividend = swings(200)
    # All folded back: a price before a split or a dividend is scaled down by it.
    growth = np.cumprod(split * (1.0 + dividend / prices["close"]))
    folded = {name: values * growth / growth[-1] for name, values in prices.items()}

    raw = tells("raw", days, {**prices, "split": split, "dividend": dividend})
    adjusted = tells("adjusted", days, folded, adjustment="all")

    assert total_return(raw) > 0.005
    assert total_return(raw) == pytest.approx(total_return(adjusted), abs=1e-6)
    np.testing.assert_allclose(raw.trace.curve.nav, adjusted.trace.curve.nav, rtol=1e-9)
    # The same trades on the same bars.  A quantity decided before an ex-bar is worth less there by the dividend, and
    # raw trades also put each dividend, paid on what was held, back to work on the next bar.
    bought, expected = value_of(raw), value_of(adjusted)
    held = raw.trace.curve.net[:, 0]
    paid = np.zeros(200)
    paid[1:] = (held * dividend / prices["close"])[:-1]
    ex = prices["open"] / (prices["open"] + dividend)
    np.testing.assert_allclose(bought, expected * ex + paid, atol=1e-6)
    assert np.count_nonzero(paid > 1.0) >= 2
    assert np.count_nonzero(expected < -5_000.0) >= 2  # Whole positions sold.


def test_split_alone_raw_and_adjusted_fill_the_same_but_for_the_units(tells: Any, tmp_path: Path) -> None:
    days = sessions("XNYS", cache=tmp_path).date[-200:]
    prices, split, _ = swings(200)
    ratio = np.cumprod(split)
    folded = {name: values * ratio / ratio[-1] for name, values in prices.items()}
    # A wide target and the usual stop: the limits bind and stops fire, alike in both.
    usual = {"gross": 0.9, "multiple": 3.0, "band": 0.02}
    raw = tells("raw", days, {**prices, "split": split}, **usual)
    adjusted = tells("adjusted", days, folded, adjustment="splits", **usual)

    assert raw.trace.fills.bar.tolist() == adjusted.trace.fills.bar.tolist()
    assert raw.trace.fills.reason.tolist() == adjusted.trace.fills.reason.tolist()
    units = raw.trace.fills.quantity * (ratio[-1] / ratio)[raw.trace.fills.bar]
    np.testing.assert_allclose(units, adjusted.trace.fills.quantity, rtol=1e-9)
    np.testing.assert_allclose(raw.trace.curve.nav, adjusted.trace.curve.nav, rtol=1e-9)
    assert len(raw.trace.fills) > 4


# ---- a history that happened -----------------------------------------------------------------------------


@attrs.frozen
class Share:
    days: Any
    prices: dict[str, Any]
    split: Any
    dividend: Any
    factor: Any
    """By which prices are multiplied to contain both, as vendors have it."""


def made() -> Share:
    """Return twelve years that were made: three splits, a dividend each quarter, whole cents."""
    draw = np.random.default_rng(9)
    days = sessions("XNYS", date(2000, 1, 3), date(2011, 12, 30)).date
    n = len(days)
    split, dividend = np.ones(n), np.zeros(n)
    split[[450, 1300, 2400]] = 2.0, 2.0, 7.0
    dividend[40::63] = 0.11
    close = 60.0 * np.exp(np.cumsum(draw.normal(0.0009, 0.02, n))) / np.cumprod(split)
    start = close * np.exp(draw.normal(0.0, 0.004, n))
    prices = {"open": start, "high": np.maximum(start, close) * 1.006, "low": np.minimum(start, close) * 0.994}
    prices = {name: np.round(values, 4) for name, values in {**prices, "close": close}.items()}
    ahead = np.append(1.0 / split[1:] * (1.0 - dividend[1:] * split[1:] / prices["close"][:-1]), 1.0)
    return Share(days, prices, split, dividend, np.cumprod(ahead[::-1])[::-1])


def apple() -> Share:
    """Return what happened to a company of Cupertino, where its prices are on this machine."""
    folder = REAL / "raw_daily_lean"
    if not (folder / "AAPL.csv.gz").is_file():
        pytest.skip("the real prices of AAPL are not on this machine; made ones have been played")
    with gzip.open(folder / "AAPL.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    prices = {name: np.array([float(row[name]) for row in rows]) for name in FIELDS}
    with (folder / "AAPL_factors.csv").open(encoding="utf-8") as file:
        table = [[float(cell) for cell in line] for line in csv.reader(file)]
    until = np.array([f"{int(line[0])}" for line in table])
    until = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in until], dtype="datetime64[D]")
    place = np.searchsorted(until, days)  # A line holds up to and including its day.
    price, splits, close = (np.array(column) for column in list(zip(*table, strict=True))[1:])
    split, dividend = np.ones(len(days)), np.zeros(len(days))
    for row in np.flatnonzero(np.diff(place)) + 1:
        line = place[row - 1]
        split[row] = round(splits[place[row]] / splits[line], 3)
        dividend[row] = close[line] * (1.0 - price[line] / price[place[row]]) / split[row]
    return Share(days, prices, split, dividend, (price * splits)[place])


@pytest.fixture(scope="module", params=[made, apple], ids=["made", "real"])
def share(request: pytest.FixtureRequest) -> Share:
    found: Share = request.param()
    return found


def test_real_splits_are_those_of_the_company() -> None:
    found = apple()
    rows = np.flatnonzero(found.split != 1.0)

    assert found.days[rows].astype(str).tolist() == ["2000-06-21", "2005-02-28", "2014-06-09"]
    assert found.split[rows].tolist() == [2.0, 2.0, 7.0]
    assert 0.45 < found.dividend[found.days == np.datetime64("2014-08-07")][0] < 0.48  # 0.47 was paid.


def test_prices_raw_and_split_adjusted_give_the_same_trades(share: Share, tells: Any) -> None:
    ratio = np.cumprod(share.split)
    folded = {name: values * ratio / ratio[-1] for name, values in share.prices.items()}
    usual = {"gross": 0.05, "multiple": 3.0, "band": 0.02}  # Small enough for no drawdown to end it.
    raw = tells("raw", share.days, {**share.prices, "split": share.split}, **usual)
    adjusted = tells("adjusted", share.days, folded, adjustment="splits", **usual)

    assert total_return(raw) == pytest.approx(total_return(adjusted), abs=1e-6)
    assert raw.trace.fills.bar.tolist() == adjusted.trace.fills.bar.tolist()
    np.testing.assert_allclose(value_of(raw), value_of(adjusted), atol=1e-3)
    assert len(raw.trace.fills) > 100


def test_prices_adjusted_forward_grow_as_the_factors_say(share: Share) -> None:
    """Vendors scale by 1 - d / close before the ex-day, the kernel by 1 + d / close of the ex-day: 0.1 % apart."""
    day = share.days.astype("datetime64[ns]")
    bars = Bars(
        instruments=[Instrument(symbol="AAPL")],
        opened_at=day,
        closed_at=day + np.timedelta64(1, "h"),
        session=share.days,
        close=share.prices["close"][:, None],
        traded=np.ones((len(day), 1), bool),
        split=share.split[:, None],
        dividend=share.dividend[:, None],
    )
    grown = bars.adjusted().close[:, 0]
    expected = share.prices["close"] * share.factor

    np.testing.assert_allclose(grown / grown[0], expected / expected[0], rtol=1e-3)
    assert grown[-1] / grown[0] > 5.0
