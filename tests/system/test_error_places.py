"""An error about something that plugins.toml says names the line, whoever found it: a source, a rule, a plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120.0
SETTINGS = (ROOT / "plugins.toml").read_text("utf-8")
PRICES = "date,close\n" + "".join(f"2024-01-{day:02},100\n" for day in (2, 3, 4, 5, 8, 9, 10))


def refused(folder: Path, settings: str, *words: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of a backtest and its error."""
    (folder / "plugins.toml").write_text(settings, "utf-8")
    clean = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("TRADEWRIGHT_PLUGINS", "TRADEWRIGHT_DEBUG"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "tradewright.cli", "backtest", "--no-save", "--json", *words],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )
    assert "" == done.stdout
    error: dict[str, Any] = json.loads(done.stderr)["error"]
    return done.returncode, error


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
    tmp_path: Path, pairs: list[tuple[str, str]], code: int, at: str, key: str, said: str
) -> None:
    settings = changed(*pairs)
    found, error = refused(tmp_path, settings)
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
    tmp_path: Path, pairs: list[tuple[str, str]], at: str, key: str, said: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/SPX.csv").write_text(PRICES)
    settings = changed(*pairs)
    code, error = refused(tmp_path, settings)
    (line,) = [row for row, text in enumerate(settings.splitlines(), start=1) if text.startswith(at)]

    assert (5, "plugins.toml", line, key) == (code, error["file"], error["line"], error["key"])
    assert said in error["message"]


def test_plugin_that_the_environment_leaves_out_is_explained_by_the_environment(tmp_path: Path) -> None:
    code, error = refused(tmp_path, SETTINGS, TRADEWRIGHT_PLUGINS="sample-data")

    assert (3, "plugin ma-crossover is installed but not enabled") == (code, error["message"])
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
def test_number_beyond_its_range_or_missing_is_a_usage_error(tmp_path: Path, words: list[str], said: str) -> None:
    code, error = refused(tmp_path, SETTINGS, *words)

    assert 2 == code
    assert said in error["message"]
    assert error["fix"]
