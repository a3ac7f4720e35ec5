"""A backtest with an optimizer that looks at what is held: asked between a bar's close and its decision."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import own_components
import pytest
from own_components import active, signal
from tradewright import backtest
from tradewright.backtest import Backtest, Request
from tradewright.config import read
from tradewright.optimize.simple import EqualWeight
from tradewright.sessions import sessions
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

SETTINGS = """\
[plugins]
enabled = []
[data.file]
source = "files"
symbols = ["AAA", "BBB"]
[strategies.first]
data = ["file"]
capital_share = 0.5
optimizer = "{first}"
gross = 0.4
rebalance = "{rebalance}"
[strategies.first.signals.waves]
weight = 1.0
[strategies.second]
data = ["file"]
capital_share = 0.25
optimizer = "equal-weight"
gross = 0.3
[strategies.second.signals.waves]
weight = 1.0
"""
N_BARS = 160
STEP = 0.25


@attrs.frozen
class Waves:
    """Long or flat, each asset on its own time."""

    warmup_bars: int = 0

    def compute(self, view: History) -> Forecast:
        t = np.arange(view.bars.n_bars)[:, None]
        score = np.where(np.sin(t / np.array([7.0, 11.0])) > 0.0, 1.0, 0.0)
        return Forecast(score=score, confidence=np.ones(score.shape))


class Patient:
    """Goes a quarter of the way from what is held to equal weights, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def solve(self, problem: Problem) -> Allocation:
        self.told.append(problem.current)
        wanted = EqualWeight().solve(problem).weights
        return Allocation(weights=problem.current + STEP * (wanted - problem.current))


class SlowEqualWeight:
    """Equal weight without the method that answers all rows at once."""

    def solve(self, problem: Problem) -> Allocation:
        return EqualWeight().solve(problem)


class Sulks:
    """Fails after a while."""

    def __init__(self) -> None:
        self.asked = 0

    def solve(self, problem: Problem) -> Allocation:
        self.asked += 1
        if self.asked > 100:
            raise RuntimeError("no more")
        return EqualWeight().solve(problem)


def trade(folder: Path, cache: Path, optimizer: Any = None, rebalance: str = "session") -> Backtest:
    """Trade two made-up assets; `optimizer` serves the first strategy, None is the built-in equal weight."""
    (folder / "data").mkdir(parents=True)
    first = "equal-weight" if optimizer is None else "mine"
    (folder / "plugins.toml").write_text(SETTINGS.format(first=first, rebalance=rebalance), encoding="utf-8")
    days = sessions("XNYS", date(2021, 1, 4), date(2021, 12, 31)).date[:N_BARS]
    for number, symbol in enumerate(("AAA", "BBB")):
        close = np.round(50.0 + 10.0 * np.sin(np.arange(N_BARS) / (5.0 + number)), 2)
        rows = [f"{day},{c},{c},{c},{c},1000000" for day, c in zip(days, close, strict=True)]
        (folder / "data" / f"{symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows, ""]))
    plugins = active(signal("waves", Waves()), own_components.optimizer("mine", optimizer))
    return backtest.run(read(folder / "plugins.toml"), plugins, Request(), cache)


@pytest.mark.parametrize("rebalance", ["session", "week"])
def test_optimizer_asked_in_turn_gives_the_bytes_of_one_asked_at_once(
    tmp_path: Path, rule_cache: Path, rebalance: str
) -> None:
    at_once = trade(tmp_path / "a", rule_cache, rebalance=rebalance)
    in_turn = trade(tmp_path / "b", rule_cache, SlowEqualWeight(), rebalance=rebalance)

    assert len(at_once.trace.fills) > 20
    for name in ("equity", "curve", "fills", "events"):
        assert getattr(at_once.trace, name).tobytes() == getattr(in_turn.trace, name).tobytes()


def test_optimizer_is_told_the_weights_held_at_the_close(tmp_path: Path, rule_cache: Path) -> None:
    optimizer = Patient()

    ran = trade(tmp_path, rule_cache, optimizer)

    fills = ran.trace.fills[ran.trace.fills.book == 0]
    quantity = np.zeros((N_BARS, 2))
    np.add.at(quantity, (fills.bar, fills.asset), fills.quantity)
    held = quantity.cumsum(axis=0) * ran.bars.close / ran.trace.equity[:, :1]
    assert N_BARS == len(optimizer.told)
    assert np.abs(held).max() > 0.05
    np.testing.assert_allclose(held, optimizer.told, rtol=0, atol=1e-12)


def test_optimizer_that_fails_midway_is_replaced_and_named(tmp_path: Path, rule_cache: Path) -> None:
    ran = trade(tmp_path, rule_cache, Sulks())

    breaches = ran.targets["first"].breaches
    assert [100, 101, 102] == [breach.bar for breach in breaches]
    said = f"first: mine was replaced 3 times and then switched off, first on {ran.bars.session[100]}: "
    assert [said + breaches[0].reason] == [line for line in ran.warnings if "replaced" in line]
    assert "raised RuntimeError: no more" in breaches[0].reason
