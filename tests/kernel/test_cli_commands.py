"""The commands `plugins` and `doctor`: what they show, and as which JSON."""

from __future__ import annotations

import json
import re
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
    monkeypatch.setattr(metadata, "entry_points", lambda **_: ())


@pytest.mark.usefixtures("builtin")
def test_plugins_list_when_json_has_exactly_the_keys_of_the_reference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "gone==1.0")
    code, out, err = run("plugins", "list", "--json")
    found = json.loads(out)

    assert (0, "") == (code, err)
    assert ["schema", "allow_list", "plugins"] == list(found)
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
def settings(workspace: Path) -> Path:
    path = workspace / "plugins.toml"
    path.write_text(textwrap.dedent(SETTINGS), "utf-8")
    return path


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
        (("[data.daily]", '[data.daily]\ncalendar = "XNYX"'), "calendar XNYX", "unknown calendar"),
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
