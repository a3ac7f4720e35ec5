"""A small backtest whose every number can be worked out on paper: what the tests of the reports start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tradewright import config
from tradewright.backtest import Backtest, Request
from tradewright.data.feeds import Feed
from tradewright.engine import state as states
from tradewright.engine.log import ACTION, CURVE, EVENT, FILL, GRANTED, HALTED, LIFTED
from tradewright.engine.run import Trace
from tradewright.engine.tape import Decisions
from tradewright.risk import daily_loss, drawdown_halt
from tradewright.risk.contract import FLATTEN
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.workspace.kept import Ticket

SETTINGS = """
[plugins]
enabled = []
[capital]
total = 2000
start = 1000
step = 500
[data.mine]
source = "files"
symbols = ["A", "B"]
[costs]
cash_rate = 0.0
"""
STRATEGY = """
[strategies.{name}]
data = ["mine"]
capital_share = {share}
[strategies.{name}.signals.some]
weight = 1.0
"""
RULES = (
    ("drawdown-halt", drawdown_halt.make(drawdown_halt.DrawdownHalt())),
    ("daily-loss", daily_loss.make(daily_loss.DailyLoss())),
)
LATCHED, PASSING = 0, 1
"""Numbers of the two rules."""

CLOSE = [[10.0, np.nan], [11.0, 20.0], [12.0, 20.0], [12.0, 30.0], [6.0, 30.0]]
# 50 A bought at 11 and sold at 12, each fill with a fee of 1 and a slippage of 2.
FILLS = [(1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0), (3, 0, 0, 0, -50.0, 12.0, 1.0, 2.0)]
EQUITY = [1000.0, 999.0, 1049.0, 1048.0, 1048.0]
GROSS = [0.0, 550.0, 600.0, 0.0, 0.0]
COSTS = [0.0, 3.0, 3.0, 6.0, 6.0]

TICKET = Ticket(run_id="20240109-120000-abcdef", trials=3)
# Events as the engine writes them: bar, row, kind, rule, level, observed, limit, money.
HALT = (2, 0, HALTED, LATCHED, FLATTEN, 0.125, 0.12, 0.0)
LIFT = (4, 0, LIFTED, LATCHED, FLATTEN, 1.0, 1.0, 0.0)
STEP = (2, 0, GRANTED, -1, 0, 0.16, 0.15, 500.0)


def settings(folder: Path, books: Sequence[str] = ("trend",), invested: float = 1.0) -> config.Settings:
    path = folder / "plugins.toml"
    strategies = "".join(STRATEGY.format(name=name, share=invested / len(books)) for name in books)
    path.write_text(SETTINGS + strategies, "utf-8")
    return config.read(path)


def prices(close: Any = CLOSE, bars_per_session: int = 1) -> Bars:
    close = np.array(close)
    n = len(close)
    day, hour = np.timedelta64(24, "h"), np.timedelta64(1, "h")
    opened_at = np.array([np.datetime64("2024-01-02T14:00", "ns")] * n)
    opened_at += np.arange(n) // bars_per_session * day + np.arange(n) % bars_per_session * hour
    return Bars(
        instruments=[Instrument(symbol=symbol) for symbol in ("A", "B")],
        opened_at=opened_at,
        closed_at=np.add(opened_at, hour),
        session=opened_at.astype("datetime64[D]"),
        close=close,
        traded=~np.isnan(close),
    )


def decided(bars: Bars, n_books: int, target: Any) -> Decisions:
    """Return decisions on every bar for `target`, `(n_bars, n_assets)` or a number, in every book."""
    weights = np.broadcast_to(np.asarray(target, float), bars.close.shape)
    return Decisions(
        target=np.stack([weights] * n_books, axis=1),
        made=np.ones((bars.n_bars, n_books), bool),
        asked=np.zeros((bars.n_bars, n_books), bool),
    )


def backtest(
    folder: Path,
    *,
    equity: Any = EQUITY,
    gross: Any = GROSS,
    net: Any = None,
    costs: Any = COSTS,
    interest: Any = 0.0,
    nav: Any = None,
    fills: Sequence[tuple[Any, ...]] = FILLS,
    events: Sequence[tuple[Any, ...]] = (),
    bars: Bars | None = None,
    start: int = 0,
    books: Sequence[str] = ("trend",),
    invested: float = 1.0,
    sessions_per_year: int = 252,
    target: Any = 0.0,
    warnings: tuple[str, ...] = (),
) -> Backtest:
    """Return a backtest whose account has this curve; the rows of several books stay zero.

    `costs` are all of them so far, at each bar: what the fills do not explain is borrow.
    """
    bars = prices() if bars is None else bars
    n_rows = len(books) + (len(books) > 1)
    curve = states.table((bars.n_bars, n_rows), CURVE)
    account = curve[:, -1]
    account["equity"], account["gross"], account["interest"] = equity, gross, interest
    written = np.array(list(fills), FILL).view(np.recarray)
    for bar in range(bars.n_bars):
        until = written[written.bar <= bar]
        account["fees"][bar], account["slippage"][bar] = until.fee.sum(), until.slippage.sum()
    account["borrow"] = np.round(costs - account["fees"] - account["slippage"], 6)
    account["net"] = gross if net is None else net
    account["nav"] = np.array(equity) / 1000.0 if nav is None else nav
    state = states.initial(np.full(len(books), 1000.0 / len(books)), 2, len(RULES), len(RULES), 0, 0)
    made = settings(folder, books, invested)
    return Backtest(
        settings=made,
        request=Request(),
        feeds=(Feed(name="mine", source="files", bars=bars, fingerprint="f" * 64, warnings=()),),
        bars=bars,
        start=start,
        sessions_per_year=sessions_per_year,
        books=tuple(books),
        targets={},
        decisions=decided(bars, len(books), target),
        rules=RULES,
        checks=(),
        engine="0" * 32,
        interpreted={},
        trace=Trace(
            equity=curve["equity"].copy(),
            curve=curve[start:][bars.session_ends[start:]],
            fills=written,
            actions=states.table((0,), ACTION),
            events=np.array(list(events), EVENT).view(np.recarray),
            state=state,
            counted=np.array([bars.n_bars - 1]),
            counters=state.counters[None],
        ),
        warnings=warnings,
        seconds={"data": 0.25, "engine": 0.5},
    )
