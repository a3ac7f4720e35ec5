"""The commands `plugins` and `doctor`: what they show, and as which JSON."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
from tradewright import __version__, hookimpl
from tradewright.components import SignalSpec
from tradewright.config import count, fraction
from tradewright.engine import fuse, jit
from tradewright.errors import PluginError
from tradewright.risk import rulebook

Run = Callable[..., tuple[int, str, str]]

RECORD_KEYS = [
    "name",
    "distribution",
    "version",
    "api",
    "kernel_requires",
    "status",
    "reason",
    "builtin",
    "components",
]


# ---- plugins ---------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Options:
    fast: int = count(50, doc="short average", unit="bars")
    limit: float = fraction(doc="largest weight")
    mode: str = "long"
    never: float = float("inf")
    names: tuple[str, ...] = attrs.field(factory=tuple)


@hookimpl
def tradewright_signals() -> Iterator[SignalSpec]:
    yield SignalSpec(name="own", factory=lambda options: options, config=Options, summary="a [bold]summary\x1b[0m")


@pytest.fixture
def builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the kernel one component and install no plugin, whatever this environment holds."""
    carrier = SimpleNamespace(tradewright_signals=tradewright_signals)
    monkeypatch.setattr("tradewright.cli.inventory.own_components", carrier)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: metadata.EntryPoints(()))


@pytest.mark.usefixtures("builtin")
def test_plugins_list_when_json_has_exactly_the_keys_of_the_reference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "gone==1.0")
    code, out, err = run("plugins", "list", "--json")
    found = json.loads(out)

    assert (0, "") == (code, err)
    assert ["schema", "allow_list", "lock", "plugins"] == list(found)
    assert None is found["lock"]
    assert {"source": "TRADEWRIGHT_PLUGINS", "names": ["gone==1.0"]} == found["allow_list"]
    assert [RECORD_KEYS, RECORD_KEYS] == [list(plugin) for plugin in found["plugins"]]
    assert [{"kind": "signal", "name": "own"}] == found["plugins"][0]["components"]
    assert "not installed; pip install tradewright-gone" == found["plugins"][1]["reason"]


@pytest.mark.usefixtures("builtin")
def test_plugins_list_when_there_is_no_file_works_and_gives_a_hint(run: Run) -> None:
    code, out, err = run("plugins", "list")

    assert (0, "") == (code, err)
    assert re.search(r"built-in +active +0\.1\.0 +signal own", out)
    assert "There is no plugins.toml here" in out


@pytest.mark.usefixtures("builtin")
def test_plugins_list_when_the_named_file_is_missing_is_a_configuration_error(
    run: Run,
) -> None:
    code, out, err = run("plugins", "list", "--config", "desk.toml", "--json")

    assert (3, "") == (code, out)
    assert ("ConfigError", "desk.toml") == tuple(json.loads(err)["error"][key] for key in ("type", "file"))


@pytest.mark.usefixtures("builtin")
def test_plugins_list_when_the_environment_decides_does_not_read_the_file(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "plugins.toml").write_text("broken", "utf-8")
    assert 3 == run("plugins", "list")[0]

    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "")
    code, out, _ = run("plugins", "list")

    assert 0 == code
    assert "There is no plugins.toml" not in out


@pytest.mark.usefixtures("builtin")
def test_plugins_info_when_json_tells_every_option(run: Run) -> None:
    code, out, _ = run("plugins", "info", "built-in", "--json")
    found = json.loads(out)
    (component,) = found["components"]
    rows = [tuple(option.values()) for option in component["options"]]

    assert 0 == code
    assert ["schema", *RECORD_KEYS] == list(found)
    assert ["name", "type", "required", "default", "unit", "bounds", "doc"] == list(component["options"][0])
    assert [
        ("fast", "int", False, 50, "bars", ">= 1", "short average"),
        ("limit", "float", True, None, "fraction", "> 0, <= 1", "largest weight"),
        ("mode", "str", False, "long", None, None, None),
        ("never", "float", False, "inf", None, None, None),
        ("names", "tuple[str, ...]", False, None, None, None, None),
    ] == rows


@pytest.mark.usefixtures("builtin")
def test_plugins_info_as_text_shows_units_and_defaults_and_escapes_markup(
    run: Run,
) -> None:
    code, out, _ = run("plugins", "info", "built-in")

    assert 0 == code
    assert "signal own: a [bold]summary\\x1b[0m\n" in out
    assert re.search(r"fast +50 +bars +>= 1 +short average", out)
    assert re.search(r"limit +required +fraction", out)


@pytest.mark.usefixtures("builtin")
def test_plugins_info_when_the_name_is_unknown_names_the_nearest(run: Run) -> None:
    code, out, err = run("plugins", "info", "bilt-in")

    assert (2, "") == (code, out)
    assert 'error: plugin "bilt-in" is not installed; did you mean built-in?\n' in err


# ---- plugins lock ----------------------------------------------------------------------------------------


@pytest.fixture
def mine(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install one plugin beside the built-ins and enable it; return its code."""
    site = workspace / "site"
    dist_info = site / "tradewright_mine-1.0.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: tradewright-mine\nVersion: 1.0\n", "utf-8")
    (dist_info / "entry_points.txt").write_text("[tradewright]\nmine = tradewright_mine_of_the_cli\n", "utf-8")
    code = site / "tradewright_mine_of_the_cli.py"
    code.write_text("", "utf-8")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, code.stem, raising=False)
    (entry,) = metadata.PathDistribution(dist_info).entry_points
    carrier = SimpleNamespace(tradewright_signals=tradewright_signals)
    monkeypatch.setattr("tradewright.cli.inventory.own_components", carrier)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: (entry,))
    (workspace / "plugins.toml").write_text(textwrap.dedent(SETTINGS).replace("[]", '["mine"]'), "utf-8")
    return code


@pytest.mark.usefixtures("mine")
def test_plugins_lock_when_all_is_installed_writes_the_lock_beside_the_settings(run: Run, workspace: Path) -> None:
    code, out, err = run("plugins", "lock")
    text = (workspace / "plugins.lock").read_text("utf-8")
    (sha256,) = re.findall('sha256 = "(.*)"', text)

    assert (0, "") == (code, err)
    assert re.search(rf"^mine +1\.0 +{sha256}$", out, re.MULTILINE)
    assert "Wrote plugins.lock: the plugins that plugins.toml enables, as they are installed now.\n" in out
    assert '[plugins.mine]\ndistribution = "tradewright-mine"\nversion = "1.0"\n' in text


@pytest.mark.usefixtures("mine")
def test_plugins_lock_when_the_settings_lie_elsewhere_writes_and_obeys_the_lock_there(
    run: Run, workspace: Path
) -> None:
    desk = workspace / "desk"
    desk.mkdir()
    (workspace / "plugins.toml").rename(desk / "mine.toml")
    run("plugins", "lock", "--config", "desk/mine.toml")
    _, out, _ = run("plugins", "list", "--config", "desk/mine.toml", "--json")

    assert ["mine.toml", "plugins.lock"] == sorted(path.name for path in desk.iterdir())
    assert str(Path("desk/plugins.lock")) == json.loads(out)["lock"]


def test_plugins_list_when_a_plugin_differs_from_the_lock_says_so_and_that_the_lock_is_in_force(
    run: Run, mine: Path
) -> None:
    run("plugins", "lock")
    assert re.search(r"^mine +active", run("plugins", "list")[1], re.MULTILINE)

    mine.write_text("edited = True\n", "utf-8")
    code, out, _ = run("plugins", "list")

    assert 0 == code
    assert "mine is incompatible: content differs from plugins.lock (expected sha256 " in out
    assert out.endswith("plugins.lock is in force: only what is as it was locked is loaded.\n")


@pytest.mark.parametrize("words", [["doctor"], ["doctor", "mine"]])
def test_doctor_when_a_plugin_differs_from_the_lock_ends_with_9(words: list[str], run: Run, mine: Path) -> None:
    run("plugins", "lock")
    mine.write_text("edited = True\n", "utf-8")
    code, out, _ = run(*words)

    assert 9 == code
    assert "plugin mine 1.0: incompatible: content differs from plugins.lock (expected sha256 " in out


@pytest.mark.usefixtures("mine")
def test_plugins_lock_when_the_old_lock_is_damaged_replaces_it(run: Run, workspace: Path) -> None:
    (workspace / "plugins.lock").write_text("format = ", "utf-8")
    code, out, err = run("plugins", "list")

    assert (3, "") == (code, out)
    assert err.startswith("error: plugins.lock:1: invalid TOML at the end of the file: ")
    assert "fix: restore it, or write a new one with tradewright plugins lock\n" in err
    assert 9 == run("doctor", "mine")[0]
    assert 0 == run("plugins", "lock")[0]
    assert 0 == run("plugins", "list")[0]


@pytest.mark.usefixtures("mine")
def test_plugins_lock_when_a_plugin_is_not_installed_refuses_and_keeps_the_old_lock(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "plugins.lock").write_text("old", "utf-8")
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "mine,gone")
    code, out, err = run("plugins", "lock")

    assert (3, "", "old") == (code, out, (workspace / "plugins.lock").read_text("utf-8"))
    assert "error: plugin gone not installed; pip install tradewright-gone\n" in err


def test_plugins_lock_when_there_are_no_settings_refuses(run: Run, workspace: Path) -> None:
    code, _, err = run("plugins", "lock")

    assert (3, []) == (code, list(workspace.iterdir()))
    assert "error: plugins.toml: not found\n" in err


# ---- doctor ----------------------------------------------------------------------------------------------

SETTINGS = """
    [plugins]
    enabled = []
    [data.daily]
    source = "own"
    symbols = ["SPX"]
    [strategies.trend]
    data = ["daily"]
    [strategies.trend.signals.own]
    weight = 1.0
"""


def checks_of(out: str) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["found"]) for check in json.loads(out)["checks"]}


@pytest.fixture
def settings(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write settings, and spare every test but those of the rules to compile any."""
    fuses(monkeypatch)
    path = workspace / "plugins.toml"
    path.write_text(textwrap.dedent(SETTINGS), "utf-8")
    return path


def fuses(monkeypatch: pytest.MonkeyPatch, names: str = "a b", **interpreted: str) -> None:
    """Have two rules that compile, or others, whether or not this process compiles."""
    monkeypatch.setattr(jit, "COMPILING", True)
    rules = tuple((name, object()) for name in names.split())
    monkeypatch.setattr(rulebook, "rules", lambda *_: rules)
    monkeypatch.setattr(fuse, "fuse", lambda given, *_: SimpleNamespace(parts=given, interpreted=interpreted))
    monkeypatch.setattr(rulebook, "checks", lambda *_: ())


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_all_is_well_ends_with_0(run: Run, workspace: Path) -> None:
    code, out, err = run("doctor", "--json")
    checks = checks_of(out)

    assert (0, "", True) == (code, err, json.loads(out)["ok"])
    assert {"python", "numba", "settings", "workspace", "cache folder", "disk", "calendar XNYS"} < set(checks)
    assert (True, "active") == checks[f"plugin built-in {__version__}"]
    assert {None} == {check["fix"] for check in json.loads(out)["checks"]}
    assert (True, str(workspace)) == checks["workspace"]
    assert ["plugins.toml"] == [path.name for path in workspace.iterdir()]


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_a_plugin_is_broken_ends_with_9_and_its_reason(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "gone")
    code, out, _ = run("doctor")

    assert 9 == code
    assert "plugin gone: quarantined: not installed; pip install tradewright-gone\n  fix: pip install" in out


@pytest.mark.usefixtures("builtin")
@pytest.mark.parametrize(
    ("change", "check", "expected"),
    [
        (("enabled = []", "enabled ="), "settings", "plugins.toml:3: "),
        (
            ("[data.daily]", '[data.daily]\ncalendar = "XNYX"'),
            "calendar XNYX",
            "plugins.toml:5: data.daily.calendar: unknown calendar",
        ),
    ],
)
def test_doctor_when_the_settings_are_wrong_says_where_and_goes_on(
    change: tuple[str, str], check: str, expected: str, settings: Path, run: Run
) -> None:
    settings.write_text(settings.read_text("utf-8").replace(*change), "utf-8")
    code, out, _ = run("doctor", "--json")
    ok, found = checks_of(out)[check]

    assert (9, False) == (code, ok)
    assert expected in found
    assert f"plugin built-in {__version__}" in checks_of(out)


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(("free_mb", "expected"), [(499, False), (500, True), (501, True)])
def test_doctor_when_the_disk_is_nearly_full_wants_500_mb(
    free_mb: int, expected: bool, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free_mb * 10**6))
    code, out, _ = run("doctor", "--json")

    assert (expected, f"{free_mb} MB free") == checks_of(out)["disk"]
    assert (0 if expected else 9) == code


@pytest.mark.usefixtures("builtin")
def test_doctor_when_the_workspace_is_missing_does_not_crash(run: Run) -> None:
    code, out, _ = run("doctor", "--config", "nowhere/plugins.toml", "--json")

    assert 9 == code
    assert [False, False] == [checks_of(out)[name][0] for name in ("settings", "disk")]


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_the_environment_variable_is_wrong_reports_it_as_a_check(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "a b")

    for words in (["doctor", "--json"], ["doctor", "a", "--json"]):
        code, out, _ = run(*words)
        assert (9, False) == (code, checks_of(out)["plugins"][0])


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("name", "code", "found"),
    [("built-in", 0, (True, "active")), ("gone", 9, (False, "not installed"))],
)
def test_doctor_when_given_a_name_looks_only_at_that_plugin(
    name: str, code: int, found: tuple[bool, str], run: Run
) -> None:
    ended, out, _ = run("doctor", name, "--json")
    checks = checks_of(out)

    assert code == ended
    assert [found] == [result for check, result in checks.items() if check.startswith(f"plugin {name}")]
    assert "disk" not in checks


# ---- doctor: rules ---------------------------------------------------------------------------------------


def test_doctor_when_the_missions_rules_apply_compiles_them_into_the_cache(
    settings: Path, run: Run, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(settings.parent)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: metadata.EntryPoints(()))
    monkeypatch.setattr("tradewright.cli.checks.cache_folder", lambda _: rule_cache)
    code, out, err = run("doctor", "--json")

    said = "9 rules and checks compiled"
    said = said if jit.COMPILING else "9 rules and checks run interpreted: NUMBA_DISABLE_JIT is set"
    assert (0, "") == (code, err)
    assert (True, said) == checks_of(out)["rules"]
    assert list(rule_cache.glob("fused_*.py"))


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_a_rule_does_not_compile_warns_with_the_reason_and_ends_with_0(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuses(monkeypatch, "a odd", odd="unknown attribute 'dict'")
    code, out, _ = run("doctor")
    _, machine, _ = run("doctor", "--json")
    check = json.loads(machine)["checks"][-1]

    assert 0 == code
    assert re.search(r"^warning +rule odd +see below$", out, re.MULTILINE)
    assert (
        "\nrule odd: numba cannot compile it, so every rule runs interpreted: unknown attribute 'dict'\n  fix: "
        in out
    )
    assert "rules compiled" not in out
    assert (True, True, True) == (json.loads(machine)["ok"], check["ok"], check["warning"])
    assert check["fix"]


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("compiling", "expected", "warning"),
    [
        (True, "2 rules and checks compiled", False),
        (False, "2 rules and checks run interpreted: NUMBA_DISABLE_JIT is set", True),
    ],
)
def test_doctor_when_numba_is_switched_off_warns(
    compiling: bool, expected: str, warning: bool, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "COMPILING", compiling)
    code, out, _ = run("doctor", "--json")
    check = json.loads(out)["checks"][-1]

    assert (0, "rules", expected, warning) == (code, check["name"], check["found"], check["warning"])
    assert warning == (check["fix"] is not None)


@pytest.mark.usefixtures("builtin")
@pytest.mark.parametrize(("module", "function"), [(rulebook, "rules"), (fuse, "fuse")], ids=["rules", "fuse"])
def test_doctor_when_the_rules_cannot_be_fused_ends_with_9_and_the_error(
    module: object, function: str, settings: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PluginError("must return Halt, was none", key="odd", fix="return it on every path")

    monkeypatch.setattr(module, function, refuse)
    code, out, _ = run("doctor")

    assert 9 == code
    assert "rules: odd: must return Halt, was none\n  fix: return it on every path\n" in out


@pytest.mark.usefixtures("builtin")
@pytest.mark.parametrize("words", [["doctor"], ["doctor", "built-in"]])
@pytest.mark.parametrize("broken", ["settings", "plugin", "neither"])
def test_doctor_when_it_cannot_know_the_rules_or_was_asked_for_one_plugin_builds_none(
    broken: str, words: list[str], settings: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken == "settings":
        settings.write_text("broken", "utf-8")
    if broken == "plugin":
        monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "gone")
    _, out, _ = run(*words, "--json")

    assert (broken == "neither" and words == ["doctor"]) == ("rules" in checks_of(out))
