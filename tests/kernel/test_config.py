"""plugins.toml becomes frozen settings, and settings become the same file again."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.config import (
    CapitalSettings,
    CostSettings,
    ExecutionSettings,
    FeedSettings,
    OptimizerSettings,
    Pin,
    PluginSettings,
    Settings,
    SignalSettings,
    StrategySettings,
    read,
)
from tradewright.errors import ConfigError
from tradewright.values.bars import Adjustment

if TYPE_CHECKING:
    from collections.abc import Callable

FULL = """\
format = 1
currency = "EUR"
seed = 11
[plugins]
enabled = ["sample-data", "ma-crossover==0.1.0"]
[capital]
total = 100_000
start = 25_000
step = 25_000.5
step_return = 0.1
[data.indices]
source = "sample-data"
symbols = ["SPX", "^COMP"]
bar = "1h"
calendar = "XLON"
adjustment = "all"
gaps = "refuse"
folder = "prices"
[strategies.trend]
data = ["indices"]
capital_share = 0.5
optimizer = "inverse-volatility"
gross = 0.40
rebalance = "month"
no_trade_band = 0
[strategies.trend.signals.ma-crossover]
weight = 0.3
fast = 50
[strategies.trend.signals.sentiment]
weight = 0.7
[risk]
position-limit = { limit = 0.30, trim_band = 0.02 }
drawdown-halt = {}
[checks.price-collar]
limit = 0.05
[execution]
fill = "next-close"
units = "fractional"
participation = 1
executor = "paper"
[costs]
commission_per_share = 0.0
commission_rate = 0.001
commission_min = 0
spread_bps = 1
slippage_bps = 0.5
borrow_rate = 0.02
cash_rate = -0.005
"""

SHORT = """\
[plugins]
enabled = []
[data.a]
source = "files"
symbols = ["SPY"]
[strategies.s]
data = ["a"]
[strategies.s.signals.x]
weight = 1
"""

EXPECTED = Settings(
    currency="EUR",
    seed=11,
    plugins=PluginSettings(enabled=(Pin("sample-data"), Pin("ma-crossover", "0.1.0"))),
    capital=CapitalSettings(total=100_000.0, start=25_000.0, step=25_000.5, step_return=0.1),
    data={
        "indices": FeedSettings(
            source="sample-data",
            symbols=("SPX", "^COMP"),
            bar="1h",
            calendar="XLON",
            adjustment="all",
            gaps="refuse",
            options={"folder": "prices"},
        )
    },
    strategies={
        "trend": StrategySettings(
            data=("indices",),
            signals={
                "ma-crossover": SignalSettings(weight=0.3, options={"fast": 50}),
                "sentiment": SignalSettings(weight=0.7),
            },
            capital_share=0.5,
            optimizer=OptimizerSettings(name="inverse-volatility"),
            gross=0.4,
            rebalance="month",
            no_trade_band=0.0,
        )
    },
    risk={"position-limit": {"limit": 0.30, "trim_band": 0.02}, "drawdown-halt": {}},
    checks={"price-collar": {"limit": 0.05}},
    execution=ExecutionSettings(fill="next-close", units="fractional", participation=1.0, executor="paper"),
    costs=CostSettings(
        commission_per_share=0.0,
        commission_rate=0.001,
        commission_min=0.0,
        spread_bps=1.0,
        slippage_bps=0.5,
        borrow_rate=0.02,
        cash_rate=-0.005,
    ),
)


@pytest.fixture
def reads(tmp_path: Path) -> Callable[..., Settings]:
    def read_text(text: str, *overrides: str) -> Settings:
        path = tmp_path / "plugins.toml"
        path.write_bytes(text.encode())
        return read(path, overrides)

    return read_text


# ---- reading ---------------------------------------------------------------------------------------------


def test_read_when_every_key_is_set_gives_exactly_these_settings(reads: Callable[..., Settings]) -> None:
    assert EXPECTED == reads(FULL)


def test_read_when_only_the_required_is_set_gives_the_documented_defaults(
    reads: Callable[..., Settings],
) -> None:
    expected = Settings(
        plugins=PluginSettings(enabled=()),
        data={"a": FeedSettings(source="files", symbols=("SPY",))},
        strategies={"s": StrategySettings(data=("a",), signals={"x": SignalSettings(weight=1.0)})},
    )

    settings = reads(SHORT)

    assert expected == settings
    assert ("USD", 7) == (settings.currency, settings.seed)
    assert (200_000.0, 50_000.0, 50_000.0, 0.15) == attrs.astuple(settings.capital)
    assert ("next-open", "whole", "market", 0.0, 0.05, "simulated") == attrs.astuple(settings.execution)
    assert (0.005, 0.0, 1.0, 2.0, 3.0, 0.01, 0.0, None) == attrs.astuple(settings.costs)
    assert ("1d", "XNYS", "none", "mark") == attrs.astuple(settings.data["a"])[2:6]
    strategy = settings.strategies["s"]
    assert (1.0, ("equal-weight", {}), 1.0, "session", 0.02, "auto", 60.0) == attrs.astuple(strategy)[2:]


def test_read_when_lines_end_in_crlf_is_the_same(reads: Callable[..., Settings]) -> None:
    assert EXPECTED == reads(FULL.replace("\n", "\r\n"))


def test_settings_when_read_know_their_place(
    reads: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(SHORT)
    monkeypatch.chdir(tmp_path)

    settings = read(Path("plugins.toml"))

    assert Path("plugins.toml") == settings.path
    assert tmp_path.resolve() == settings.workspace


def test_settings_when_changed_are_frozen_and_survive_pickling(reads: Callable[..., Settings]) -> None:
    settings = reads(FULL)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.seed = 3  # type: ignore[misc]  # what the test is about
    assert settings == pickle.loads(pickle.dumps(settings))


def test_settings_error_when_a_later_layer_objects_names_the_line(reads: Callable[..., Settings]) -> None:
    error = reads(FULL).error("risk.position-limit.limit", "must be below exposure.gross", "lower it")

    assert isinstance(error, ConfigError)
    assert (32, "risk.position-limit.limit", "lower it") == (error.line, error.key, error.fix)


def test_names_of_adjustments_are_those_of_bars() -> None:
    """The settings repeat the words, because importing bars imports numpy."""
    feed = attrs.resolve_types(FeedSettings)

    assert get_args(Adjustment) == get_args(attrs.fields(feed).adjustment.type)


# ---- --set -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=12", 12),
        (" seed = 12 ", 12),
        ("currency=GBP", "GBP"),
        ('currency="GBP"', "GBP"),
        ("data.indices.symbols=['SPY', \"QQQ\"]", ("SPY", "QQQ")),
        ("data.indices.calendar=24/7", "24/7"),
        ("strategies.trend.signals.ma-crossover.fast=20", 20),
        ("strategies.trend.signals.sentiment.model=finbert", "finbert"),
        ("execution.participation=1e-2", 0.01),
        ("risk.exposure={gross = 0.5}", {"gross": 0.5}),
        ("checks.volume-share.limit=0.1", 0.1),
    ],
)
def test_set_when_well_formed_changes_that_key_alone(
    reads: Callable[..., Settings], text: str, expected: object
) -> None:
    settings = reads(FULL, text)

    found: Any = settings
    for part in text.partition("=")[0].strip().split("."):
        found = getattr(found, "options", {}).get(part, found) if not isinstance(found, Mapping) else found[part]
        found = getattr(found, part, found)
    assert expected == found
    assert EXPECTED != settings


def test_set_when_repeated_the_last_one_wins(reads: Callable[..., Settings]) -> None:
    assert 3 == reads(FULL, "seed=1", "seed=2", "seed=3").seed


def test_set_when_applied_leaves_the_file_and_its_text_alone(reads: Callable[..., Settings]) -> None:
    settings = reads(FULL, "seed=12")

    assert FULL == settings.path.read_text()
    assert FULL == settings.document.text


# ---- as_table --------------------------------------------------------------------------------------------


def toml(table: Mapping[str, Any]) -> str:
    """Write plain data as TOML; JSON's scalars and arrays are TOML's."""
    return "".join(f"{json.dumps(name)} = {_inline(value)}\n" for name, value in table.items())


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {_inline(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def test_as_table_when_read_again_is_the_same(reads: Callable[..., Settings]) -> None:
    table = reads(FULL).as_table()

    assert table == reads(toml(table)).as_table()
    assert 50 == table["strategies"]["trend"]["signals"]["ma-crossover"]["fast"]
    assert ["sample-data", "ma-crossover==0.1.0"] == table["plugins"]["enabled"]
    assert ["position-limit", "drawdown-halt"] == list(table["risk"])
    assert json.loads(json.dumps(table)) == table


def test_as_table_when_defaults_are_spelled_out_is_the_same(reads: Callable[..., Settings]) -> None:
    assert reads(SHORT).as_table() == reads("seed = 7\n" + SHORT + "[costs]\nspread_bps = 2\n").as_table()


def test_as_table_when_options_hold_dates_writes_them_as_text(reads: Callable[..., Settings]) -> None:
    table = reads(SHORT + "from = 2020-01-02\n").as_table()

    assert "2020-01-02" == table["strategies"]["s"]["signals"]["x"]["from"]


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)
symbols = st.from_regex(r"[A-Z][A-Z0-9.]{0,5}", fullmatch=True)
fractions = st.floats(0.0, 1.0, exclude_min=True, allow_subnormal=False)
scalars = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f:"), max_size=12),
)
options = st.dictionaries(
    st.sampled_from(["fast", "slow", "my option", 'quo"ted', "dot.ted", "equal=s", "größe", "options"]),
    scalars | st.lists(scalars, max_size=3) | st.dictionaries(names, scalars, max_size=2),
    max_size=3,
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    feeds = draw(st.dictionaries(names, options, min_size=1, max_size=3))
    data = {
        name: {
            "source": "files",
            "symbols": draw(st.lists(symbols, min_size=1, max_size=3, unique=True)),
            **rest,
        }
        for name, rest in feeds.items()
    }
    strategies = {
        name: {
            "data": [draw(st.sampled_from(sorted(feeds)))],
            "capital_share": draw(fractions) / 3,
            "gross": draw(fractions),
            "signals": {"one": {"weight": 0.25, **draw(options)}, "two": {"weight": 0.75}},
        }
        for name in draw(st.lists(names, min_size=1, max_size=3, unique=True))
    }
    return {
        "format": 1,
        "seed": draw(st.integers(0, 2**63 - 1)),
        "plugins": {"enabled": ["ma-crossover==1.2", "sample-data"]},
        "data": data,
        "strategies": strategies,
        "risk": draw(st.dictionaries(names, options, max_size=3)),
        "costs": {"spread_bps": draw(st.floats(0.0, 10_000.0)), "cash_rate": draw(fractions)},
    }


@given(table=tables())
def test_read_when_written_from_its_own_table_gives_equal_settings(
    table: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("desk") / "plugins.toml"
    path.write_text(toml(table), encoding="utf-8", newline="\n")
    first = read(path)
    path.write_text(toml(first.as_table()), encoding="utf-8", newline="\n")
    second = read(path)

    assert first == second
    assert first.as_table() == second.as_table()
    for name, strategy in table["strategies"].items():
        expected = {key: value for key, value in strategy["signals"]["one"].items() if key != "weight"}
        assert expected == second.strategies[name].signals["one"].options


# ---- weight ----------------------------------------------------------------------------------------------


def test_import_of_config_leaves_arrays_and_calendars_alone() -> None:
    code = (
        "import sys, tradewright.config\n"
        "heavy = {'numpy', 'numba', 'pandas', 'pyarrow', 'rich', 'exchange_calendars'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
