"""The benchmark and the rate without risk that a file may name: bounded, and no other trial while they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tradewright.config import Settings, restore
from tradewright.errors import ConfigError
from tried_settings import trial, written

PLAIN = """\
seed = 7
{top}
[plugins]
enabled = ["sample-data"]
[data.other]
source = "files"
symbols = ["SPY", "GLD"]
[data.mine]
source = "files"
symbols = ["SPY", "BRK.B"]
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.some]
weight = 1.0
[costs]
cash_rate = 0.03
{costs}
"""
BEFORE = "e824e3633a52b6958fc142c93042173a3817c23be2286b82625731804a1deabf"
"""What the same file counted as by the version that knew neither key."""


def settings(folder: Path, top: str = "", costs: str = "", overrides: tuple[str, ...] = ()) -> Settings:
    return written(folder, PLAIN.format(top=top, costs=costs), overrides)


def test_file_without_the_keys_is_the_trial_that_it_was_before(tmp_path: Path) -> None:
    assert BEFORE == trial(settings(tmp_path))


def test_file_with_the_keys_says_them_and_is_restored(tmp_path: Path) -> None:
    made = settings(tmp_path, 'benchmark = "GLD"', "risk_free = 0.02")

    assert ("GLD", 0.02) == (made.as_table()["benchmark"], made.as_table()["costs"]["risk_free"])
    assert made == restore(made.as_table(), tmp_path / "plugins.toml")
    assert 0.02 == made.costs.rate_without_risk


def test_rate_without_risk_that_is_not_told_is_the_cash_rate(tmp_path: Path) -> None:
    made = settings(tmp_path)

    assert (None, 0.03) == (made.costs.risk_free, made.costs.rate_without_risk)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-1", None),
        ("-1.001", "must be >= -1, was -1.001"),
        ("1", None),
        ("1.001", "must be a fraction -1-1, was 1.001"),
        ("nan", "must be finite, was nan"),
        ('"2 %"', 'must be a fraction -1-1, was "2 %"; did you mean 0.02?'),
    ],
)
def test_rate_without_risk_is_bounded(tmp_path: Path, value: str, message: str | None) -> None:
    if message is None:
        assert float(value) == settings(tmp_path, costs=f"risk_free = {value}").costs.rate_without_risk
        return
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, costs=f"risk_free = {value}")

    assert ("costs.risk_free", 17) == (caught.value.key, caught.value.line)
    assert message in str(caught.value)


@pytest.mark.parametrize(("symbol", "feed"), [("GLD", "other"), ("BRK.B", "mine"), ("SPY", "other")])
def test_benchmark_is_taken_from_the_first_feed_that_has_it(tmp_path: Path, symbol: str, feed: str) -> None:
    made = settings(tmp_path, f'benchmark = "{symbol}"')

    assert (symbol, feed) == (made.benchmark, made.benchmark_feed)


def test_file_without_a_benchmark_has_no_feed_of_it(tmp_path: Path) -> None:
    assert None is settings(tmp_path).benchmark_feed


@pytest.mark.parametrize(
    ("value", "message"),
    [('"SPX"', 'no feed has the symbol "SPX"; did you mean SPY?'), ('""', "no feed has the symbol"), ("1", "text")],
)
def test_benchmark_that_no_feed_has_is_an_error_with_those_there_are(
    tmp_path: Path, value: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, f"benchmark = {value}")

    assert ("benchmark", 2) == (caught.value.key, caught.value.line)
    assert message in str(caught.value)
    if value != "1":
        assert "name one of: SPY, GLD, BRK.B" == caught.value.fix


def test_benchmark_can_be_set_for_one_run(tmp_path: Path) -> None:
    made = settings(tmp_path, overrides=("benchmark=GLD", "costs.risk_free=0.01"))

    assert ("GLD", 0.01) == (made.benchmark, made.costs.rate_without_risk)
