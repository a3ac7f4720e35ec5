"""The same file with and without its limits: prepared once, played twice, and only the first play is the run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest
from tradewright import backtest, builtins
from tradewright.backtest import Backtest, Request
from tradewright.config import read
from tradewright.errors import ConfigError
from tradewright.host.components import OptimizerSpec, SignalSpec
from tradewright.host.loading import load
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.optimize.simple import EqualWeight
from tradewright.risk import rulebook
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

SETTINGS = """\
{top}
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["A"]
calendar = "24/7"
[strategies.hold]
data = ["mine"]
optimizer = "{optimizer}"
[strategies.hold.signals.always]
weight = 1.0
{more}
"""
N_BARS = 60
RISING = np.linspace(100.0, 130.0, N_BARS)
FALLING = np.append(np.linspace(100.0, 102.0, 30), np.linspace(90.0, 40.0, 30))


class Always:
    """Long, all the time."""

    warmup_bars = 0

    def compute(self, view: History) -> Forecast:
        score = np.ones((view.bars.n_bars, 1))
        return Forecast(score=score, confidence=score)


class Tires:
    """Equal weight for a number of rebalances, and an error ever after."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def solve(self, problem: Problem) -> Allocation:
        self.patience -= 1
        if self.patience < 0:
            raise RuntimeError("no more")
        return EqualWeight().solve(problem)


@attrs.frozen
class NoOptions:
    pass


@pytest.fixture
def play(workspace: Path, share_cache: Callable[[Path], None], rule_cache: Path) -> Callable[..., Backtest]:
    """Return what plays one symbol that a strategy always wants."""
    share_cache(workspace)

    def call(
        close: Any = RISING,
        *,
        optimizer: Callable[[], Any] | None = None,
        top: str = "",
        more: str = "",
        request: Request | None = None,
    ) -> Backtest:
        days = np.datetime64("2024-01-01") + np.arange(len(close))
        rows = [f"{day},{price!r}" for day, price in zip(days, np.asarray(close).tolist(), strict=True)]
        (workspace / "data").mkdir(exist_ok=True)
        (workspace / "data" / "A.csv").write_text("\n".join(["date,close", *rows, ""]), "utf-8")
        named = "equal-weight" if optimizer is None else "own"
        text = SETTINGS.format(top=top, optimizer=named, more=more)
        (workspace / "plugins.toml").write_text(text, "utf-8")
        own = (
            SignalSpec(name="always", factory=lambda _: Always(), config=NoOptions),
            OptimizerSpec(name="own", factory=lambda _: (optimizer or EqualWeight)(), config=NoOptions),
        )
        mine = PluginRecord(name="mine", status="active", components=own)
        plugins = Plugins((*load([], entry_points=[], builtin=builtins).records, mine))
        asked = Request(without_limits=True) if request is None else request
        return backtest.run(read(workspace / "plugins.toml"), plugins, asked, rule_cache)

    return call


def unlimited(ran: Backtest) -> Any:
    assert ran.unlimited is not None
    return ran.unlimited


def bytes_of(ran: Any) -> list[bytes]:
    return [getattr(ran.trace, part).tobytes() for part in ("equity", "curve", "fills", "actions", "events")]


# ---- two plays -------------------------------------------------------------------------------------------


def test_run_is_the_same_with_and_without_the_comparison(play: Callable[..., Backtest]) -> None:
    alone, beside = play(FALLING, request=Request()), play(FALLING)

    assert alone.unlimited is None
    assert bytes_of(alone) == bytes_of(beside)
    assert alone.warnings == beside.warnings
    assert (alone.engine, alone.rules[0][0]) == (beside.engine, beside.rules[0][0])


def test_play_without_limits_has_no_rule_and_the_checks_that_are_physics(play: Callable[..., Backtest]) -> None:
    ran = play(more="[risk]\nliquidity-floor = {}\n[checks]\norder-quantity = { limit = 1 }")
    other = unlimited(ran)

    assert () == other.rules
    assert ["finite", "session", "buying-power"] == [name for name, _ in other.checks]
    assert "liquidity-floor" in dict(ran.rules)
    assert [*rulebook.ALWAYS, "order-quantity"] == [name for name, _ in ran.checks]


def test_play_without_limits_holds_all_that_cash_pays_for(play: Callable[..., Backtest]) -> None:
    ran = play()
    largest, free = (one.trace.state.positions.largest.max() for one in (ran, unlimited(ran)))

    assert 0.30 < largest < 0.33  # Above the limit by what prices drift between two decisions.
    assert 0.99 < free <= 1.0


def test_check_of_the_file_does_not_hold_back_the_play_without_limits(play: Callable[..., Backtest]) -> None:
    ran = play(more="[checks]\norder-quantity = { limit = 1 }")

    assert 1.0 >= np.abs(ran.trace.fills.quantity).max(initial=0.0)
    assert 100.0 < np.abs(unlimited(ran).trace.fills.quantity).max()


def test_play_without_limits_goes_on_where_the_run_halts(play: Callable[..., Backtest]) -> None:
    ran = play(FALLING, more="[risk]\ndrawdown-halt = { limit = 0.06 }")
    other = unlimited(ran)

    assert {"drawdown-halt"} == {ran.rules[event.rule][0] for event in ran.trace.events}
    assert 0 == len(other.trace.events)
    assert 0.0 == ran.trace.curve.gross[-1, -1]
    assert 0.0 < other.trace.curve.gross[-1, -1]


def test_stages_are_timed_once_and_the_second_play_by_itself(
    play: Callable[..., Backtest], monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = itertools.count()
    monkeypatch.setattr(backtest, "time", SimpleNamespace(perf_counter=lambda: float(next(tick))))
    ran = play()

    # Every stage takes one tick, and the second play two: it prepares its rules and trades.
    expected = {"data": 1.0, "signals": 1.0, "rules": 1.0, "engine": 1.0, "without_limits": 2.0}
    assert list(expected.items()) == list(ran.seconds.items())
    assert {"rules": 1.0, "engine": 1.0} == unlimited(ran).seconds


def test_warnings_of_both_plays_are_kept_once(play: Callable[..., Backtest]) -> None:
    ran = play()

    assert any(line.startswith("mine: A: no volume") for line in ran.warnings)
    assert () == unlimited(ran).warnings


# ---- an optimizer that is asked in turn ------------------------------------------------------------------


@pytest.mark.parametrize(("patience", "breaches"), [(N_BARS, []), (N_BARS - 1, [59]), (10, [10, 11, 12])])
def test_optimizer_asked_in_turn_starts_afresh(
    play: Callable[..., Backtest], patience: int, breaches: list[int]
) -> None:
    """What it has been asked, and how often it has failed, is of the play that it was asked in."""
    made: list[Tires] = []

    def make() -> Tires:
        made.append(Tires(patience))
        return made[-1]

    ran = play(optimizer=make)
    plays = (ran, unlimited(ran))

    assert 2 == len(made)
    for one in plays:
        assert breaches == [breach.bar for breach in one.targets["hold"].breaches]
    assert ran.decisions is not plays[1].decisions
    assert bool(breaches) is any("replaced" in line for line in ran.warnings)
    assert () == plays[1].warnings


# ---- no file can do it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        {"top": "without_limits = true"},
        {"top": "without-limits = true"},
        {"more": "[risk]\nwithout_limits = true"},
        {"more": "[risk]\nwithout-limits = {}"},
        {"more": "[checks]\nwithout-limits = {}"},
        {"more": "[execution]\nwithout_limits = true"},
    ],
)
def test_key_of_a_file_cannot_take_the_limits_away(play: Callable[..., Backtest], text: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        play(**text, request=Request())

    assert caught.value.key is not None
    assert caught.value.key.rpartition(".")[2].replace("_", "-") == "without-limits"
    assert caught.value.line is not None
