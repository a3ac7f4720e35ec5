"""What a reader of a result must know of it, and errors about rules that get their place in the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from engine_harness import prices
from paper_file import parts, write
from tradewright.errors import ConfigError, DataError, PluginError
from tradewright.host.components import OptimizerSpec, SignalSpec
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.optimize.solve import BREACHES_MAX
from tradewright.sentence.doubts import find_doubts, place_errors, warnings
from tradewright.sentence.pipeline import Targets
from tradewright.values.weights import Breach

BARS = prices([100.0] * 5)
"""From the first of January 1970 on."""


def made(**changes: Any) -> Targets:
    nothing: dict[str, Any] = {"missing": {}, "breaches": (), "fitted": {}}
    return Targets(weights=np.zeros((5, 1)), decided=np.ones(5, bool), **(nothing | changes))


def installed(name: str, *, builtin: bool = False, distribution: str | None = "tradewright-x") -> Plugins:
    own: Any = (
        SignalSpec(name=name, factory=lambda _: None, config=object),
        OptimizerSpec(name=name, factory=lambda _: None, config=object),
    )
    fields: dict[str, Any] = {"distribution": distribution, "version": "1.2", "builtin": builtin}
    return Plugins((PluginRecord(name="x", status="active", components=own, **fields),))


def told(plugins: Plugins, start: int = 0, **targets: Targets) -> list[str]:
    return [*find_doubts(plugins, targets, BARS, start)]


def test_doubts_of_nothing_are_none() -> None:
    assert [] == told(parts(), trend=made())


def test_doubt_of_a_vote_that_was_lost_says_whose_and_why() -> None:
    lost = made(missing={"ma": PluginError("raised ValueError: no")})
    (line,) = told(parts(), trend=lost)

    assert line.endswith("ma of trend: raised ValueError: no")


@pytest.mark.parametrize(
    ("number", "times"),
    [(1, "once"), (2, "2 times"), (BREACHES_MAX, f"{BREACHES_MAX} times and then switched off")],
)
def test_doubt_of_an_optimizer_says_how_often_it_was_replaced(number: int, times: str) -> None:
    breaches = [Breach(component="keeps", reason="gross 1.5", bar=bar) for bar in range(1, number + 1)]

    assert [f"trend: keeps was replaced {times}, first on 1970-01-02: gross 1.5"] == told(
        parts(), trend=made(breaches=breaches)
    )


def test_doubt_of_an_optimizer_that_failed_on_every_row_names_none() -> None:
    breach = Breach(component="keeps", reason="raised")

    assert ["trend: keeps was replaced once, first: raised"] == told(parts(), trend=made(breaches=[breach]))


@pytest.mark.parametrize(("until", "start", "doubted"), [(1, 2, False), (2, 2, True), (3, 2, True), (2, 3, False)])
def test_doubt_of_a_model_is_told_when_it_has_seen_a_price_that_is_traded(
    until: int, start: int, doubted: bool
) -> None:
    day = date(1970, 1, 1 + until)
    expected = [f"trend: ml is in-sample up to {day}: its model has seen these prices"]

    assert expected * doubted == told(parts(), start, trend=made(fitted={"ml": day}))


def test_doubts_name_the_package_that_a_component_came_from() -> None:
    lost, breach = PluginError("raised"), Breach(component="one", reason="raised")
    lines = told(installed("one"), trend=made(missing={"one": lost}, breaches=[breach]))

    assert ["one (tradewright-x 1.2)"] * 2 == [
        next(w for w in ["one (tradewright-x 1.2)"] if w in line) for line in lines
    ]


@pytest.mark.parametrize(
    "plugins", [installed("one", builtin=True), installed("one", distribution=None), installed("two")]
)
def test_doubts_name_no_package_where_there_is_none(plugins: Plugins) -> None:
    (line,) = told(plugins, trend=made(breaches=[Breach(component="one", reason="raised")]))

    assert "trend: one was replaced" == line[:23]


def test_doubts_begin_with_votes_of_every_strategy() -> None:
    lost = {"ma": PluginError("raised")}
    breach = [Breach(component="keeps", reason="raised")]
    lines = told(parts(), one=made(breaches=breach), other=made(missing=lost))

    assert ["ma of other", "one: keeps"] == [lines[0][-19:-8], lines[1][:10]]


def test_warnings_are_doubts_then_rules_then_prices() -> None:
    sentence: Any = SimpleNamespace(plugins=parts())
    traded: Any = SimpleNamespace(bars=BARS, warnings=lambda: iter(["mine: gap"]))
    wanted: Any = SimpleNamespace(targets={"trend": made(missing={"ma": PluginError("raised")})})
    fused: Any = SimpleNamespace(interpreted={"own-rule": "it is a generator"})
    lines = [*warnings(sentence, traded, wanted, 0, fused)]

    assert (3, "mine: gap") == (len(lines), lines[2])
    assert "own-rule runs interpreted, hundreds of times slower: it is a generator" == lines[1]


# ---- places ----------------------------------------------------------------------------------------------


@pytest.fixture
def settings(workspace: Path, share_cache: Callable[[Path], None]) -> Any:
    share_cache(workspace)
    return write(workspace, more="[risk]\nliquidity-floor = {}")


def test_place_of_an_error_about_a_rule_is_its_line_in_the_file(settings: Any) -> None:
    with pytest.raises(DataError) as caught, place_errors(settings):
        raise DataError("there is no volume", key="risk.liquidity-floor")

    text = (Path("plugins.toml")).read_text("utf-8").splitlines()
    assert caught.value.line is not None
    assert text[caught.value.line - 1].startswith("liquidity-floor")
    assert "there is no volume" == caught.value.message


@pytest.mark.parametrize(
    "error",
    [
        DataError("x", key="data.mine"),
        DataError("x"),
        DataError("x", key="risk.liquidity-floor", file="other.toml"),
        ConfigError("x", key="risk.liquidity-floor"),
    ],
)
def test_place_of_any_other_error_is_left_to_it(error: Exception, settings: Any) -> None:
    with pytest.raises(type(error)) as caught, place_errors(settings):
        raise error

    assert error is caught.value


def test_place_of_no_error_is_nothing(settings: Any) -> None:
    with place_errors(settings):
        pass
