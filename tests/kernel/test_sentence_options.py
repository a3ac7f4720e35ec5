"""Optimizers and venues take options: written in plugins.toml, checked against the component's own class."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from tradewright import builtins
from tradewright.config import Settings, count, read
from tradewright.config.reading import restore
from tradewright.errors import ConfigError
from tradewright.host.components import ExecutorSpec, OptimizerSpec, SignalSpec
from tradewright.host.loading import load
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.sentence.strategies import build
from tradewright.sentence.venues import executor, venue
from tradewright.values.allocation import Allocation

FILE = """\
[plugins]
enabled = []
[data.a]
source = "files"
symbols = ["SPY"]
[strategies.s]
data = ["a"]
{optimizer}
[strategies.s.signals.x]
weight = 1
{rest}
"""
TABLE = '[strategies.s.optimizer]\nname = "picky"\npositions = 4'


@attrs.frozen
class Picky:
    """An optimizer with one option."""

    positions: int = count(10, doc="assets held at most")

    def solve(self, problem: Any) -> Allocation:
        return Allocation(weights=0.0 * problem.forecast)


@attrs.frozen
class Account:
    """What an executor needs."""

    paper: bool
    account: str = "main"


@attrs.frozen
class Silent:
    warmup_bars: int = 0

    def compute(self, view: Any) -> None:
        """Never asked here."""


def settings(folder: Path, optimizer: str = "", rest: str = "") -> Settings:
    path = folder / "plugins.toml"
    path.write_text(FILE.format(optimizer=optimizer, rest=rest), "utf-8")
    return read(path)


@pytest.fixture
def plugins() -> Plugins:
    made: Any = lambda config: config  # noqa: E731  # as every factory here
    specs = (
        OptimizerSpec(name="picky", factory=made, config=Picky),
        SignalSpec(name="x", factory=made, config=Silent),
        ExecutorSpec(name="broker", factory=made, config=Account),
    )
    own = load((), entry_points=[], builtin=builtins).records
    return Plugins((*own, PluginRecord(name="mine", status="active", components=specs)))


# ---- optimizers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ('optimizer = "picky"', Picky(10)),
        ('optimizer = { name = "picky" }', Picky(10)),
        ('optimizer = { name = "picky", positions = 4 }', Picky(4)),
        (TABLE, Picky(4)),
    ],
)
def test_optimizer_when_built_has_the_options_of_its_table(
    tmp_path: Path, plugins: Plugins, optimizer: str, expected: Picky
) -> None:
    assert ("picky", expected) == build(settings(tmp_path, optimizer), plugins, "s").optimizer


@pytest.mark.parametrize(
    ("optimizer", "stored"),
    [
        ("", "equal-weight"),
        ('optimizer = "picky"', "picky"),
        ('optimizer = { name = "picky" }', "picky"),
        (TABLE, {"name": "picky", "positions": 4}),
    ],
)
def test_optimizer_is_stored_as_a_word_unless_it_has_options(tmp_path: Path, optimizer: str, stored: Any) -> None:
    table = settings(tmp_path, optimizer).as_table()

    assert stored == table["strategies"]["s"]["optimizer"]
    assert table == restore(table, tmp_path / "again").as_table()


@pytest.mark.parametrize(
    ("optimizer", "line", "key", "message"),
    [
        ('optimizer = "pickie"', 8, "strategies.s.optimizer", 'no optimizer named "pickie"; did you mean picky?'),
        (TABLE + "\nseed = 3", 11, "strategies.s.optimizer.seed", "unknown key"),
        (TABLE + '\npeers = ["equal-weight"]', 11, "strategies.s.optimizer.peers", "unknown key"),
        (TABLE.replace("4", "0"), 10, "strategies.s.optimizer.positions", "must be >= 1, was 0"),
        (TABLE.replace("name", "nome"), 8, "strategies.s.optimizer.name", "required, and missing"),
        ("optimizer = 4", 8, "strategies.s.optimizer", "must be text in quotes or a table, was 4"),
        ('optimizer = "two words"', 8, "strategies.s.optimizer", 'must be one word, was "two words"'),
    ],
)
def test_optimizer_when_its_table_is_wrong_is_refused_with_the_place(
    tmp_path: Path, plugins: Plugins, optimizer: str, line: int, key: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build(settings(tmp_path, optimizer), plugins, "s")

    assert caught.value.message.startswith(message)
    assert (line, key) == (caught.value.line, caught.value.key)


# ---- venues ----------------------------------------------------------------------------------------------

VENUE = '[venues.home]\nexecutor = "broker"\npaper = true'


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", None),
        (VENUE, None),
        (VENUE + '\n[execution]\nexecutor = "home"', Account(paper=True)),
        (VENUE + '\naccount = "second"\n[execution]\nexecutor = "home"', Account(paper=True, account="second")),
    ],
)
def test_executor_when_it_names_a_venue_has_the_options_of_its_table(
    tmp_path: Path, plugins: Plugins, rest: str, expected: Account | None
) -> None:
    found = executor(settings(tmp_path, rest=rest), plugins)

    assert expected == (None if found is None else found.config)


@pytest.mark.parametrize(
    ("rest", "key", "message"),
    [
        ('[execution]\nexecutor = "hone"', "execution.executor", 'no executor named "hone"; available: broker'),
        ('[execution]\nexecutor = "broker"', "execution.executor.paper", "required, and missing"),
        (VENUE.replace("broker", "brokker"), "venues.home.executor", 'no executor named "brokker"; did you mean'),
        (VENUE + "\nleverage = 2", "venues.home.leverage", "unknown key"),
        (VENUE.replace("true", "1"), "venues.home.paper", "must be true or false, was 1"),
    ],
)
def test_executor_when_its_table_is_wrong_is_refused_with_the_place(
    tmp_path: Path, plugins: Plugins, rest: str, key: str, message: str
) -> None:
    told = settings(tmp_path, rest=rest)
    look = partial(venue, told, plugins, "home") if told.venues else partial(executor, told, plugins)

    with pytest.raises(ConfigError) as caught:
        look()

    assert caught.value.message.startswith(message)
    assert key == caught.value.key


def test_venues_are_stored_only_where_there_are_any(tmp_path: Path) -> None:
    without, with_one = (settings(tmp_path, rest=rest).as_table() for rest in ("", VENUE))

    assert "venues" not in without
    assert {"home": {"executor": "broker", "paper": True}} == with_one["venues"]
