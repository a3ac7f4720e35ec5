"""Rules as a plugin brings them: compiled or interpreted, cached, refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import llvmlite
import llvmlite.binding
import numba
import numpy as np
import pytest
from engine_harness import Fuse, assert_same, mission, play, prices
from engine_wild import everything, trade
from tradewright.engine.fuse import content_hash, fuse
from tradewright.engine.jit import compiled, compiled_rule
from tradewright.errors import PluginError
from tradewright.risk.contract import OrderCheck, TargetRule
from tradewright.risk.daily_loss import DailyLoss
from tradewright.risk.drawdown_halt import DrawdownHalt
from tradewright.risk.exposure import Exposure
from tradewright.risk.risk_per_trade import RiskPerTrade

RULES = """
from __future__ import annotations

import json
import math
from typing import NamedTuple

import numpy as np

from tradewright.risk.contract import FLATTEN, RUNNING, Halt, Proposal, Sides


class Level(NamedTuple):
    value: float


def set_stop(proposal, asset, book, p):
    stop = p.value if math.isnan(proposal.stop) else proposal.stop
    return Proposal(proposal.target, stop, proposal.mode)


def cap(proposal, asset, book, p):
    size = min(abs(proposal.target), p.value)
    return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)


def cap_with_dict(proposal, asset, book, p):
    caps = {"every asset": [p.value]}
    size = min(abs(proposal.target), *caps["every asset"])
    return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)


def cap_with_try(proposal, asset, book, p):
    try:
        size = min(abs(proposal.target), float(json.dumps(p.value)))
    except ValueError as error:
        raise AssertionError(str(error)) from error
    return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)


def never(book, p):
    return Halt(RUNNING, 1.0, 0.0, p.value)


def allow_with_json(target, held, book, p):
    return Sides(json.loads("1.0"), 1.0)


def raise_with_json(proposal, asset, book, p):
    return json.loads("{")


def float_with_json(proposal, asset, book, p):
    return json.loads("1.0")


def write_with_json(target, held, book, p):
    target[0] = json.loads("0.0")
    return Sides(1.0, 1.0)


def half_with_json(order, p):
    return json.loads(json.dumps(p.value)) * abs(order.quantity)


def text_with_json(order, p):
    return json.dumps(p.value)


def allow_with_room(target, held, book, p):
    room = np.empty(len(target))
    room[:] = p.value * 4.0
    return Sides(room[0], 1.0)


def write_target(target, held, book, p):
    target[0] = p.value
    return Sides(1.0, 1.0)


def write_held(target, held, book, p):
    held[:] = 0.0
    return Sides(1.0, 1.0)


def asset_to_float(proposal, asset, book, p):
    return p.value


def asset_to_tuple(proposal, asset, book, p):
    return (proposal.target, proposal.stop, proposal.mode)


def book_to_none(book, p):
    return None


def sides_to_halt(target, held, book, p):
    return Halt(FLATTEN, 1.0, 0.0, p.value)
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A package of rules, installed for this module."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "rules_of_a_plugin.py").write_text(RULES, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield __import__("rules_of_a_plugin")
        sys.modules.pop("rules_of_a_plugin")


def rule(plugin: ModuleType, name: str, value: float = 0.25, phase: Any = "asset") -> tuple[str, TargetRule]:
    """Return one of the plugin's rules, under its function's name."""
    return name, TargetRule(phase=phase, function=getattr(plugin, name), parameters=plugin.Level(value))


# ---- compiled and interpreted ----------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["cap_with_dict", "cap_with_try"])
def test_fuse_of_a_rule_that_does_not_compile_runs_it_interpreted_with_the_same_bytes(
    fused: Fuse, plugin: ModuleType, name: str
) -> None:
    compiled, interpreted = fused([rule(plugin, "cap")]), fused([rule(plugin, name)])

    assert {} == compiled.interpreted
    assert [name] == list(interpreted.interpreted)
    expected, found = trade(compiled), trade(interpreted)
    assert len(expected.fills) > 100
    assert everything(expected) == everything(found)


@pytest.mark.compiled
def test_fuse_of_a_two_sided_rule_that_allocates_compiles_it(fused: Fuse, plugin: ModuleType) -> None:
    """The loop itself has no runtime to allocate with."""
    found = fused([rule(plugin, "allow_with_room", phase="sides")])

    assert {} == found.interpreted
    assert trade(fused([])).fills.tobytes() == trade(found).fills.tobytes()


@pytest.mark.compiled
def test_fuse_of_the_mission_interpreted_gives_the_bytes_of_the_compiled(fused: Fuse, plugin: ModuleType) -> None:
    rules = mission(DrawdownHalt(limit=0.04), DailyLoss(limit=0.01), RiskPerTrade(lookback=5), Exposure(gross=0.25))
    compiled = fused(rules)
    interpreted = fused([*rules, rule(plugin, "allow_with_json", phase="sides")])

    assert ({}, ["allow_with_json"]) == (compiled.interpreted, list(interpreted.interpreted))
    expected, found = trade(compiled), trade(interpreted)
    # The run is no proof of a rule that it never needed.
    assert all(expected.state.counters.cuts > 0), dict(zip(dict(rules), expected.state.counters.cuts, strict=True))
    assert len(expected.events) > 0
    assert len(expected.fills) > 100
    # The interpreted set has one more rule, which never cut anything; all else is the same.
    assert 0 == found.state.counters[-1].cuts
    same = found.state._replace(counters=found.state.counters[:-1].view(np.recarray))
    assert everything(expected) == everything(attrs.evolve(found, state=same))


@pytest.mark.compiled
def test_fuse_of_a_check_that_does_not_compile_runs_it_interpreted(tmp_path: Path, plugin: ModuleType) -> None:
    half = OrderCheck(function=plugin.half_with_json, parameters=plugin.Level(0.5))
    chosen = fuse([], tmp_path, [("half", half)])

    ledger = play(chosen, prices([100, 100], open=[100, 100]), [0.5, None])

    assert ["half"] == list(chosen.interpreted)
    assert [0.0, 25.0] == [row[1] for row in ledger.rows()]


@pytest.mark.compiled
def test_fuse_of_an_interpreted_check_that_answers_with_text_names_it(tmp_path: Path, plugin: ModuleType) -> None:
    text = OrderCheck(function=plugin.text_with_json, parameters=plugin.Level(0.5))
    chosen = fuse([], tmp_path, [("text", text)])

    with pytest.raises(PluginError, match="text: returned str; float wanted"):
        play(chosen, prices([100, 100], open=[100, 100]), [0.5, None])


@pytest.mark.compiled
def test_fuse_of_a_rule_that_does_not_compile_says_why(fused: Fuse, plugin: ModuleType) -> None:
    """The reason is for the rule's author: what was not understood, not the name of a compiler's pass."""
    reason = fused([rule(plugin, "allow_with_json", phase="sides")]).interpreted["allow_with_json"]

    assert "loads" in reason


# ---- order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "stop"), [((90.0, 80.0), 90.0), ((80.0, 90.0), 80.0)])
def test_fuse_asks_the_rules_of_a_phase_in_the_order_of_the_list(
    fused: Fuse, plugin: ModuleType, order: tuple[float, float], stop: float
) -> None:
    """Each rule sets a stop where there is none, so the first one has its way."""
    rules = [rule(plugin, "set_stop", value) for value in order]

    ledger = play(fused(rules), prices([100, 100], open=[100, 100]), [0.5, None])

    assert_same([(10_000, 0, None, stop, 50, 10_000, 1)], ledger.rows()[:1])


def test_fuse_numbers_rules_by_phase_and_then_by_the_list(fused: Fuse, plugin: ModuleType) -> None:
    names = [("allow_with_json", "sides"), ("cap", "asset"), ("never", "book"), ("set_stop", "asset")]

    chosen = fused([rule(plugin, name, phase=phase) for name, phase in names])

    assert ["never", "cap", "set_stop", "allow_with_json"] == [name for name, _ in chosen.rules]
    assert (plugin.Level(0.25),) * 4 == chosen.parameters


# ---- refused ---------------------------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["write_target", "write_held"])
def test_fuse_refuses_a_rule_that_writes_to_its_arrays(tmp_path: Path, plugin: ModuleType, name: str) -> None:
    with pytest.raises(PluginError, match="writes to its arguments") as caught:
        fuse([rule(plugin, "cap"), rule(plugin, name, phase="sides")], tmp_path)

    assert name == caught.value.key
    assert caught.value.fix
    assert [] == list(tmp_path.glob("*.py"))


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("name", "phase", "wanted"),
    [
        ("asset_to_float", "asset", "Proposal"),
        ("asset_to_tuple", "asset", "Proposal"),
        ("book_to_none", "book", "Halt"),
        ("sides_to_halt", "sides", "Sides"),
    ],
)
def test_fuse_refuses_a_rule_that_returns_another_type(
    tmp_path: Path, plugin: ModuleType, name: str, phase: str, wanted: str
) -> None:
    with pytest.raises(PluginError, match=f"must return {wanted}, was ") as caught:
        fuse([rule(plugin, name, phase=phase)], tmp_path)

    assert name == caught.value.key
    assert wanted in str(caught.value.fix)
    assert [] == list(tmp_path.glob("*.py"))


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("name", "phase"), [("raise_with_json", "asset"), ("float_with_json", "asset"), ("write_with_json", "sides")]
)
def test_fuse_of_an_interpreted_rule_that_breaks_the_contract_names_it(
    fused: Fuse, plugin: ModuleType, name: str, phase: str
) -> None:
    """What the compiler refuses beforehand is refused by name when the rule is asked."""
    chosen = fused([rule(plugin, name, phase=phase)])

    with pytest.raises(PluginError) as caught:
        play(chosen, prices([100], open=[100]), [0.5])

    assert name == caught.value.key


# ---- the cache -------------------------------------------------------------------------------------------------


def test_fuse_without_a_folder_that_can_be_written_still_works(tmp_path: Path, plugin: ModuleType) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = tmp_path / "file" / "cache"

    ledger = play(fuse([rule(plugin, "cap_with_dict")], cache), prices([100, 100], open=[100, 100]), [0.5, None])

    assert 25.0 == ledger.rows()[0][4]
    assert not cache.exists()


def test_content_hash_does_not_depend_on_options(plugin: ModuleType) -> None:
    quarter, eighth = (rule(plugin, "cap", limit)[1].function for limit in (0.25, 0.125))

    assert content_hash("", [quarter]) == content_hash("", [eighth])


@pytest.mark.parametrize(
    ("module", "name"), [(numba, "__version__"), (llvmlite, "__version__")], ids=["numba", "llvmlite"]
)
def test_content_hash_depends_on_the_compiler(
    plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    before = content_hash("", [rule(plugin, "cap")[1].function])
    monkeypatch.setattr(module, name, "0.0.1")

    assert before != content_hash("", [rule(plugin, "cap")[1].function])


def test_content_hash_depends_on_the_processor(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_hash("", [rule(plugin, "cap")[1].function])
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "abacus")

    assert before != content_hash("", [rule(plugin, "cap")[1].function])


@pytest.mark.compiled
def test_function_called_with_several_constants_is_compiled_once() -> None:
    def count(number: int) -> int:
        return number + 1

    counted: Any = compiled(count)

    def both() -> tuple[int, int]:
        return counted(1), counted(2)

    assert (2, 3) == compiled_rule(both)()
    assert 1 == len(counted.overloads)
