"""What every contract asks: options, documents, imports, repeatable answers, and where it finds the plugin."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import attrs
import pytest
import tradewright as tw
from contract_harness import FRESH_PROCESS, assert_only, contract_tests, failures
from test_testing_signal import Contract, Sound, of
from tradewright.config import count, option
from tradewright.config.ranges import Range
from tradewright.testing import ComponentContract, SignalContract, home, options

# ---- broken options and documents ------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Doubled(Sound):
    size: int = attrs.field(
        default=4,
        converter=lambda value: value * 2,
        validator=Range(kind="count"),
        metadata={"doc": "a size"},
    )


@attrs.frozen(kw_only=True)
class TakesAll(Sound):
    others: dict[str, Any] = attrs.field(factory=dict, metadata={"doc": "whatever else", "rest": True})


@attrs.frozen(kw_only=True)
class TakesNaN(Sound):
    scale: float = option(0.5, doc="a scale without a validator")


@attrs.frozen(kw_only=True)
class Mute(Sound):
    size: int = count(5)


@attrs.frozen(kw_only=True)
class Sized(Sound):
    size: int = count(5, doc="a divisor", at_least=0)


def divides(sized: Sized) -> Sized:
    assert 1 / sized.size > 0.0
    return sized


class Dividing(Contract):
    made_of = Sized

    def spec(self):
        return attrs.evolve(super().spec(), factory=divides)


class Unsummarised(Contract):
    summary = " "


class Hashed(Sound):
    def scores(self, bars):
        return super().scores(bars) * (0.5 + 0.4 * (hash("A0") % 1000) / 1000.0)


class HashedContract(Contract):
    made_of = Hashed


class Lonely(Contract):
    def answer(self):
        if "pytest" not in sys.argv[0]:
            raise RuntimeError("cannot answer elsewhere")
        return b""


class Undocumented(Contract):
    def readme(self):
        return "# A page without a table"


BROKEN = {
    "test_plugin_registers_the_component": (Unsummarised, "an empty text"),
    "test_options_survive_a_round_trip": (of(Doubled), "size=16"),
    "test_options_that_are_unknown_are_refused": (of(TakesAll), "it is accepted"),
    "test_options_that_are_not_finite_are_refused": (of(TakesNaN), "scale = nan to be refused"),
    "test_options_at_their_bounds_work_or_are_refused_in_a_sentence": (Dividing, "raised ZeroDivisionError"),
    "test_options_say_what_they_mean": (of(Mute), "none for size"),
    "test_readme_lists_every_option_with_its_default": (Undocumented, "rows of nothing"),
    "test_answer_is_the_same_in_every_process": (HashedContract, " and "),
}


@pytest.mark.parametrize("test", BROKEN)
def test_contract_when_a_component_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN[test][0], test, BROKEN[test][1])


def test_every_test_of_every_contract_has_a_broken_component():
    assert contract_tests(ComponentContract) <= {*BROKEN, *FRESH_PROCESS}


def test_contract_when_a_component_is_sound_passes_in_a_fresh_process(plugin_module):
    plugin_module("light_plugin", "import attrs, numpy")

    assert {} == failures(Contract, also=FRESH_PROCESS)


def test_answer_when_no_process_can_give_it_is_no_agreement():
    assert_only(Lonely, "test_answer_is_the_same_in_every_process", "RuntimeError: cannot answer elsewhere")


# ---- the page --------------------------------------------------------------------------------------------------

TABLE = "| option | unit | default |\n|---|---|---|\n"


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (TABLE + "| `lookback` | bars | 5 |\n", None),
        (TABLE + "| `lookback` | bars | 6 |\n", "6"),
        (TABLE + "| `look_back` | bars | 5 |\n", "rows of look_back"),
        (TABLE + "| `lookback` | bars | 5 |\n| `gone` | | 1 |\n", "gone, which no component of this plugin has"),
        ("| symbol | default |\n|---|---|\n| `lookback` | 5 |\n", "rows of nothing"),
    ],
)
def test_readme_when_its_table_differs_from_the_options_says_where(page, found):
    contract = type("Page", (Contract,), {"readme": lambda _: page})

    failed = failures(contract)

    assert ([] if found is None else ["test_readme_lists_every_option_with_its_default"]) == list(failed)
    assert found is None or f"found     {found}" in failed["test_readme_lists_every_option_with_its_default"]


@pytest.mark.parametrize(
    ("cell", "default", "expected"),
    [
        ("0.30", 0.3, True),
        ("0.3", 0.30000001, False),
        ("200_000", 200_000, True),
        ("none", 5, False),
        ('`"long-flat"`', "long-flat", True),
        ("long-flat", "long-flat", False),
        ("`true`", True, True),
        ("1", True, False),
        ("`[]`", (), True),
        ('`["A"]`', ("A",), True),
    ],
)
def test_says_when_a_cell_shows_the_default_agrees(cell, default, expected):
    assert expected == options.says(cell, default)


# ---- imports ---------------------------------------------------------------------------------------------------


@pytest.fixture
def plugin_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what writes a module of a plugin where Python finds it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), "utf-8")

    return write


def importing(module: str, **more: Any) -> type[SignalContract]:
    return type("Importing", (Contract,), {"module": lambda _: module, **more})


HEAVY = "import pandas\n"
INSIDE = "def late():\n    import pandas\n"
IN_HOOK = """
    import tradewright as tw

    @tw.hookimpl
    def tradewright_signals():
        import pandas
        return []
"""


@pytest.mark.parametrize(
    ("name", "text", "light", "found"),
    [
        ("heavy_at_the_top", HEAVY, (), "pandas"),
        ("heavy_inside", INSIDE, (), None),
        ("heavy_in_a_hook", IN_HOOK, (), "pandas"),
        ("heavy_numba", "import numba\n", (), "llvmlite, numba"),
        ("heavy_declared", "import packaging, rich\n", ("rich",), None),
    ],
)
def test_import_when_something_heavy_comes_along_is_named(plugin_module, name, text, light, found):
    plugin_module(name, text)
    contract = importing(name, light=light)

    failed = failures(contract, also={"test_import_is_light"})

    assert ([] if found is None else ["test_import_is_light"]) == list(failed)
    assert found is None or found in failed["test_import_is_light"]


TOUCHING = {
    "time": ("import time\nstarted = time.time()\n", "the clock, time.time"),
    "time_from": ("from time import monotonic\nstarted = monotonic()\n", "the clock, time.monotonic"),
    "datetime": ("from datetime import UTC, datetime\nstarted = datetime.now(UTC)\n", "the clock, datetime.now"),
    "socket": ("import socket\nsocket.socket().close()\n", "a socket"),
    "process": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''], check=True)\n",
        "subprocess.Popen",
    ),
    "file": ("import os\nopen(os.devnull, 'w').close()\n", "a file that it writes"),
    "nothing": ("import socket, subprocess, time\nfrom datetime import datetime\nday = datetime(2024, 1, 2)\n", None),
}


@pytest.mark.parametrize("what", TOUCHING)
def test_import_when_it_touches_something_names_it_and_its_line(plugin_module, what):
    text, found = TOUCHING[what]
    plugin_module(f"touching_{what}", text)

    failed = failures(importing(f"touching_{what}"), also={"test_import_touches_nothing"})

    assert ([] if found is None else ["test_import_touches_nothing"]) == list(failed)
    if found is not None:
        assert f"found     {found}" in failed["test_import_touches_nothing"]
        assert f"touching_{what}.py:2" in failed["test_import_touches_nothing"]


def test_import_when_it_raises_says_what(plugin_module):
    plugin_module("raising", "raise RuntimeError('boom')\n")

    failed = failures(importing("raising"), also={"test_import_is_light"})

    assert "found     RuntimeError: boom" in failed["test_import_is_light"]


# ---- where it finds the plugin ---------------------------------------------------------------------------------

SUITE = "from tradewright.testing import SignalContract\nclass Suite(SignalContract):\n    pass\n"


@pytest.fixture
def suite(plugin_module, tmp_path: Path):
    """Return what makes a contract class in a folder with this manifest, None for no manifest at all."""

    def make(manifest: str | None) -> type[SignalContract]:
        if manifest is not None:
            (tmp_path / "pyproject.toml").write_text(manifest, "utf-8")
        plugin_module("suite_of_a_plugin", SUITE)
        sys.modules.pop("suite_of_a_plugin", None)
        found: type[SignalContract] = __import__("suite_of_a_plugin").Suite
        return found

    return make


def entries(*names: str) -> str:
    return "[project.entry-points.tradewright]\n" + "".join(f'{name} = "module"\n' for name in names)


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        (entries(), "none"),
        (entries("one", "two"), "one, two"),
        (entries("not-installed"), "it is not installed"),
    ],
)
def test_plugin_when_it_cannot_be_told_says_what_is_missing(suite, manifest, found):
    with pytest.raises(pytest.fail.Exception, match=f"found     {found}"):
        suite(manifest)().spec()


def test_plugin_when_the_folder_names_it_is_found_installed(suite):
    contract = suite(entries("ma-crossover"))

    assert "ma-crossover" == contract().spec().name
    assert "tradewright_ma_crossover" == contract().module()


def test_plugin_when_it_has_no_such_component_says_which_it_has(suite):
    contract = suite(entries("sample-data"))

    with pytest.raises(pytest.fail.Exception, match="it registers none of this kind"):
        contract().spec()


def test_plugin_when_it_has_no_page_says_where_it_belongs(suite):
    with pytest.raises(pytest.fail.Exception, match=r"README\.md, which says what each option means"):
        suite(entries("ma-crossover"))().readme()


def test_plugin_when_it_does_not_load_says_why(monkeypatch: pytest.MonkeyPatch):
    class Entry:
        module = "broken"

        def load(self):
            raise RuntimeError("boom")

    monkeypatch.setattr(home, "entry_point", lambda _: Entry())

    with pytest.raises(pytest.fail.Exception, match="raised RuntimeError while importing: boom"):
        home.specs_of("broken")


def test_component_when_an_option_is_required_says_to_name_it():
    @attrs.frozen(kw_only=True)
    class Needy(Sound):
        size: int = count(doc="no default")

    with pytest.raises(pytest.fail.Exception, match=r"name those it needs in `options`|add size"):
        of(Needy)().component()

    assert 3 == type("Given", (of(Needy),), {"options": {"size": 3}})().component().size


def test_component_when_its_factory_makes_something_else_is_told():
    class Odd(Contract):
        def component(self):
            return object()

    with pytest.raises(pytest.fail.Exception, match=r"tradewright\.Signal"):
        Odd().test_plugin_registers_the_component()


def test_page_lists_every_test_and_no_other():
    import tradewright.testing as kit

    page = (Path(__file__).parents[2] / "docs" / "reference" / "testing.md").read_text("utf-8")
    contracts = [getattr(kit, name) for name in kit.__all__ if name.endswith("Contract")]

    assert set().union(*map(contract_tests, contracts)) == set(re.findall(r"^\| `(test_\w+)` \|", page, re.MULTILINE))


def test_names_that_an_author_needs_are_in_one_place():
    import tradewright.testing as kit

    assert {name for name in kit.__all__ if name.endswith("Contract")} == {
        "ComponentContract",
        "DataSourceContract",
        "ExecutorContract",
        "OptimizerContract",
        "OrderCheckContract",
        "SignalContract",
        "TargetRuleContract",
    }
    assert tw.Signal is SignalContract.protocol
