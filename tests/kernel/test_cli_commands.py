"""The command `plugins`: what it shows, and as which JSON."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from one_signal import SETTINGS, install, tradewright_signals

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


@pytest.fixture
def builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one signal and nothing else."""
    install(monkeypatch)


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
    assert "not installed" == found["plugins"][1]["reason"]


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
@pytest.mark.parametrize("command", [("plugins", "info", "own"), ("doctor", "own")])
def test_plugin_is_found_by_the_name_of_its_component(run: Run, command: tuple[str, ...]) -> None:
    code, out, err = run(*command)

    # The settings that doctor looks for are missing here, which is another check.
    assert (0 if command[0] == "plugins" else 9, "") == (code, err)
    assert "built-in" in out
    assert "not installed" not in out


@pytest.mark.usefixtures("builtin")
def test_plugins_info_when_the_name_is_unknown_names_the_nearest(run: Run) -> None:
    code, out, err = run("plugins", "info", "bilt-in")

    assert (2, "") == (code, out)
    assert 'error: no plugin or component "bilt-in" is installed; did you mean built-in?\n' in err


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
    assert "error: plugin gone not installed\n" in err


def test_plugins_lock_when_there_are_no_settings_refuses(run: Run, workspace: Path) -> None:
    code, _, err = run("plugins", "lock")

    assert (3, []) == (code, list(workspace.iterdir()))
    assert "error: plugins.toml: not found\n" in err
