"""A backtest among broken signals: each loses its vote, for a reason shown, and the good one trades."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from own_components import active, signal
from tradewright.backtest import Request, run
from tradewright.config import read
from tradewright.host.plugins import PluginRecord
from tradewright.sessions import sessions
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

NAMES = ("good", "raises", "exits", "hangs", "prints", "writes", "text", "nan", "shape", "early", "absent")
SETTINGS = """\
[plugins]
enabled = []
[data.file]
source = "files"
symbols = ["AAA"]
[strategies.all]
data = ["file"]
deadline = 0.5
"""
REASONS = {
    "raises": "raised KeyError: 'AAA'",
    "exits": "raised SystemExit: 3",
    "hangs": "gave no answer within 0.5 s; a later one is discarded",
    "prints": "wrote to standard output: hello",
    "writes": "wrote to its input, which is read-only",
    "text": "returned str; Forecast wanted",
    "nan": "raised ValueError: score must be in [-1, 1], was nan",
    "shape": "shape (n_bars, n_assets) of float64 wanted, was score of shape (1, 1)",
    "early": "must have no opinion in its first warmup_bars=5 rows",
    "absent": "plugin absent is quarantined: raised ImportError while importing: no torch",
}


@attrs.frozen
class Says:
    """A signal that runs the function given to it."""

    answer: Callable[[History], Any]
    warmup_bars: int = 0

    def compute(self, view: History) -> Any:
        return self.answer(view)


def long(view: History) -> Forecast:
    score = np.ones(view.bars.close.shape)
    return Forecast(score, score)


def writes(view: History) -> Forecast:
    view.bars.close[0, 0] = 1.0
    return long(view)


def prints(view: History) -> Forecast:
    print("hello")  # noqa: T201  # what it is about
    return long(view)


def raises(view: History) -> Forecast:
    raise KeyError(view.bars.symbols[0])


def exits(view: History) -> Forecast:
    raise SystemExit(3)


@pytest.fixture
def hangs() -> Iterator[Callable[[History], Forecast]]:
    """Return a signal that hangs until the test is over."""
    over = threading.Event()

    def hang(view: History) -> Forecast:
        over.wait(60.0)
        return long(view)

    yield hang
    over.set()


@pytest.fixture
def workspace(tmp_path: Path, calendars: Path) -> Path:
    """Write prices and settings: one good signal among ten, each with a tenth of the votes."""
    days = sessions("XNYS", cache=calendars).date
    days = days[(days >= np.datetime64("2020-01-01")) & (days < np.datetime64("2020-07-01"))]
    prices = np.linspace(100.0, 110.0, len(days))
    (tmp_path / "data").mkdir()
    rows = [f"{day},{price}" for day, price in zip(days, prices, strict=True)]
    (tmp_path / "data" / "AAA.csv").write_text("\n".join(["date,close", *rows]))
    weights = dict.fromkeys(NAMES, 0.05) | {"good": 0.5}
    tables = "".join(f"[strategies.all.signals.{name}]\nweight = {weight}\n" for name, weight in weights.items())
    (tmp_path / "plugins.toml").write_text(SETTINGS + tables)
    return tmp_path


def test_backtest_among_broken_signals_trades_the_good_one_and_names_each(
    workspace: Path, rule_cache: Path, hangs: Callable[[History], Forecast]
) -> None:
    parts = {
        "good": Says(long),
        "raises": Says(raises),
        "exits": Says(exits),
        "hangs": Says(hangs),
        "prints": Says(prints),
        "writes": Says(writes),
        "text": Says(lambda view: "up"),
        "nan": Says(lambda view: Forecast(np.full(view.bars.close.shape, np.nan), np.ones(view.bars.close.shape))),
        "shape": Says(lambda view: Forecast([[1.0]], [[1.0]])),
        "early": Says(long, warmup_bars=5),
    }
    installed = active(*(signal(name, part) for name, part in parts.items()))
    broken = PluginRecord(
        name="absent",
        distribution="tradewright-absent",
        version="1.0",
        status="quarantined",
        reason="raised ImportError while importing: no torch",
    )
    plugins = attrs.evolve(installed, records=(*installed.records, broken))

    ran = run(read(workspace / "plugins.toml"), plugins, Request(), rule_cache)

    found = ran.targets["all"].missing
    assert set(REASONS) == set(found)
    assert {} == {name: found[name].message for name, said in REASONS.items() if said not in found[name].message}
    assert all(ran.warnings[i].startswith("NO VOTE: ") for i in range(len(REASONS)))
    assert all(any(f"NO VOTE: {name} of all: " in line for line in ran.warnings) for name in REASONS)
    assert len(ran.trace.fills) > 0
    # The good one keeps its half of the votes, and no more.
    assert 0.5 == np.nanmax(ran.targets["all"].votes["good"])
