"""An error about something that plugins.toml says names the line, whoever found it: a source, a rule, a plugin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_process import process

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "plugins.toml").read_text("utf-8")
PRICES = "date,close\n" + "".join(f"2024-01-{day:02},100\n" for day in (2, 3, 4, 5, 8, 9, 10))


Refused = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def refused(
    workspace: Path, share_cache: Callable[[Path], None], run: Callable[..., tuple[int, str, str]]
) -> Refused:
    """Return what gives the exit code of a backtest and its error."""
    share_cache(workspace)

    def call(settings: str, *words: str) -> tuple[int, dict[str, Any]]:
        (workspace / "plugins.toml").write_text(settings, "utf-8")
        code, out, err = run("backtest", "--no-save", "--json", *words)
        assert "" == out
        error: dict[str, Any] = json.loads(err)["error"]
        return code, error

    return call


def changed(*pairs: tuple[str, str]) -> str:
    settings = SETTINGS
    for before, after in pairs:
        assert 1 == settings.count(before)
        settings = settings.replace(before, after)
    return settings


SIGNAL = "strategies.trend.signals.ma-crossover"
FILES = ('source = "sample-data"', 'source = "files"')


@pytest.mark.parametrize(
    ("pairs", "code", "at", "key", "said"),
    [
        ([('"sample-data" ', '"smaple-data" ')], 3, "source =", "data.indices.source", "no data-source named"),
        ([(f"[{SIGNAL}]", f"[{SIGNAL}s]")], 3, f"[{SIGNAL}s]", f"{SIGNAL}s", "no signal named"),
        ([('"equal-weight"  ', '"equal-wieght"  ')], 3, "optimizer =", "strategies.trend.optimizer", "no optimizer"),
        ([('"XNYS"  ', '"EST5"  ')], 3, "calendar =", "data.indices.calendar", "unknown calendar"),
        ([('["SPX", "COMP"]', '["SPX", "ZZZ"]')], 5, "symbols =", "data.indices.symbols", "unknown symbol ZZZ"),
        (
            [FILES, ('gaps = "mark"', 'path = "../{symbol}.csv"')],
            3,
            "path =",
            "data.indices.path",
            "must stay inside",
        ),
        (
            [FILES, ('gaps = "mark"', 'time_zone = "EST5"')],
            3,
            "time_zone =",
            "data.indices.time_zone",
            "unknown time",
        ),
        ([('"sample-data", ', '"sample-data==9.9", ')], 4, "source =", "data.indices.source", "0.1.0 installed, 9.9"),
    ],
)
def test_error_of_a_component_names_the_line_that_asked_for_it(
    refused: Refused, pairs: list[tuple[str, str]], code: int, at: str, key: str, said: str
) -> None:
    settings = changed(*pairs)
    found, error = refused(settings)
    (line,) = [row for row, text in enumerate(settings.splitlines(), start=1) if text.startswith(at)]

    assert (code, "plugins.toml", line, key) == (found, error["file"], error["line"], error["key"])
    assert said in error["message"]
    assert error["fix"]


@pytest.mark.parametrize(
    ("pairs", "at", "key", "said"),
    [
        ([("[risk]\n", "[risk]\ntrading-window = {}\n")], "trading-window =", "risk.trading-window", "several bars"),
        (
            [FILES, ('["SPX", "COMP"]', '["SPX"]'), ('stop = "volatility", m', 'stop = "atr", m')],
            "risk-per-trade =",
            "risk.risk-per-trade.stop",
            "needs open, high and low",
        ),
    ],
)
def test_rule_that_these_prices_cannot_serve_is_refused_at_its_line(
    refused: Refused, workspace: Path, pairs: list[tuple[str, str]], at: str, key: str, said: str
) -> None:
    (workspace / "data").mkdir()
    (workspace / "data/SPX.csv").write_text(PRICES)
    settings = changed(*pairs)
    code, error = refused(settings)
    (line,) = [row for row, text in enumerate(settings.splitlines(), start=1) if text.startswith(at)]

    assert (5, "plugins.toml", line, key) == (code, error["file"], error["line"], error["key"])
    assert said in error["message"]


def test_plugin_that_the_environment_leaves_out_is_explained_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_text(SETTINGS, "utf-8")
    done = process(tmp_path, "backtest", "--no-save", "--json", TRADEWRIGHT_PLUGINS="sample-data")
    error = json.loads(done.stderr)["error"]

    assert "" == done.stdout
    assert (3, "plugin ma-crossover is installed but not enabled") == (done.returncode, error["message"])
    assert "add ma-crossover to TRADEWRIGHT_PLUGINS" in error["fix"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume-after", "1000001"], "must be an integer from 1 to 1000000, was '1000001'"),
        (["--seed", str(2**63)], f"must be an integer from 0 to {2**63 - 1}, was"),
        (["--set", "#=1"], '--set must begin with a dotted key, was "#"'),
        (["--from"], "Option '--from' requires an argument"),
    ],
)
def test_number_beyond_its_range_or_missing_is_a_usage_error(refused: Refused, words: list[str], said: str) -> None:
    code, error = refused(SETTINGS, *words)

    assert 2 == code
    assert said in error["message"]
    assert error["fix"]
