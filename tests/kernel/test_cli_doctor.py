"""The command `doctor`: what it looks at, and as which JSON."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
from one_signal import SETTINGS, install, tradewright_signals
from tradewright import __version__, hookimpl
from tradewright.engine import fuse, jit, warm
from tradewright.errors import PluginError
from tradewright.host.components import ExecutorSpec
from tradewright.risk import rulebook

Run = Callable[..., tuple[int, str, str]]


def checks_of(out: str) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["found"]) for check in json.loads(out)["checks"]}


@pytest.fixture
def builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one signal and nothing else."""
    install(monkeypatch)


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
    monkeypatch.setattr(warm, "warm", lambda *_: False)


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_all_is_well_ends_with_0(run: Run, workspace: Path) -> None:
    code, out, err = run("doctor", "--json")
    checks = checks_of(out)

    assert (0, "", True) == (code, err, json.loads(out)["ok"])
    assert {"python", "numba", "settings", "workspace", "cache folder", "disk", "calendar XNYS"} < set(checks)
    assert (True, "active") == checks[f"plugin built-in {__version__}"]
    assert {None, "tradewright signals check own"} == {check["fix"] for check in json.loads(out)["checks"]}
    assert (True, str(workspace)) == checks["workspace"]
    assert ["plugins.toml"] == [path.name for path in workspace.iterdir()]


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_a_plugin_is_broken_ends_with_9_and_its_reason(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWRIGHT_PLUGINS", "gone")
    code, out, _ = run("doctor")

    assert 9 == code
    assert (
        "plugin gone: quarantined: not installed\n  fix: correct the name, or install the package that brings gone"
        in out
    )


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
    code, out, err = run("doctor", "--json")
    ok, said = checks_of(out)["rules"]

    # The signal of these settings is not installed here, which is another check.
    assert (9, "") == (code, err)
    assert ok
    compiled = r"9 rules and checks (compiled in \d+\.\d s|kept since they were compiled)"
    assert re.fullmatch(compiled if jit.COMPILING else "9 rules and checks run interpreted: .+ is set", said)
    assert (True, str(rule_cache)) == checks_of(out)["compiled rules"]
    assert list(rule_cache.glob("fused_*.py"))


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("compiled", "expected"), [(True, r"2 rules and checks compiled in 0\.\d s"), (False, "2 .+ kept since .+")]
)
def test_doctor_when_the_rules_are_warm_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, compiled: bool, expected: str
) -> None:
    asked = []
    monkeypatch.setattr(warm, "warm", lambda _, *sizes: (asked.append(sizes), compiled)[1])
    _, out, _ = run("doctor", "--json")

    assert [(1, 1)] == asked
    assert re.fullmatch(expected, checks_of(out)["rules"][1])


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_others_may_write_compiled_rules_ends_with_9(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules").chmod(0o777)
    monkeypatch.setenv("TRADEWRIGHT_CACHE", str(tmp_path))
    code, out, _ = run("doctor", "--json")
    ok, found = checks_of(out)["compiled rules"]

    assert (9, False) == (code, ok)
    assert f"{tmp_path / 'rules'}: compiled rules are only kept where nobody else may write" in found
    assert "rules" not in checks_of(out)


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_compiled_rules_cannot_be_kept_warns(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TRADEWRIGHT_CACHE", str(tmp_path / "file"))
    code, out, _ = run("doctor")

    assert 0 == code
    assert "cannot be written, so every backtest compiles its rules anew\n  fix: name a folder" in out


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (True, "reads the secret env:OWN_KEY, which is not set")),
        ({"OWN_KEY": ""}, (True, "reads the secret env:OWN_KEY, which is not set")),
        ({"OWN_KEY": "s3cret"}, (True, "reads the secret env:OWN_KEY")),
    ],
)
def test_doctor_when_a_component_declares_what_it_reaches_shows_it_and_no_secret(
    run: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[bool, str]
) -> None:
    reaching = attrs.evolve(next(tradewright_signals()), hosts=("api.example.com",), secrets=("env:OWN_KEY",))
    install(monkeypatch, hookimpl(lambda: [reaching]))
    monkeypatch.delenv("OWN_KEY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    _, out, _ = run("doctor", "--json")
    _, info, _ = run("plugins", "info", "built-in")

    found = [(check["ok"], check["found"]) for check in json.loads(out)["checks"] if check["name"] == "signal own"]
    assert [(True, "talks to api.example.com"), expected] == found
    assert "  talks to api.example.com\n  reads env:OWN_KEY\n" in info
    assert "s3cret" not in out + info


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("option", "expected"),
    [("paper = true", (True, "broker of plugin built-in")), ("paper = 1", (False, "must be true or false, was 1"))],
)
def test_doctor_when_there_are_venues_checks_their_options(
    run: Run, monkeypatch: pytest.MonkeyPatch, settings: Path, option: str, expected: tuple[bool, str]
) -> None:
    @attrs.frozen
    class Account:
        paper: bool

    broker = ExecutorSpec(name="broker", factory=lambda config: config, config=Account)
    install(monkeypatch, tradewright_executors=hookimpl(lambda: [broker]))
    text = f'[venues.home]\nexecutor = "broker"\n{option}\n[execution]\nexecutor = "home"\n'
    settings.write_text(settings.read_text("utf-8") + text, "utf-8")

    _, out, _ = run("doctor", "--json")
    ok, found = checks_of(out)["venue home"]

    assert expected[0] is ok
    assert expected[1] in found


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_a_signals_option_is_wrong_says_so(run: Run, settings: Path) -> None:
    settings.write_text(settings.read_text("utf-8").replace("limit = 0.5", "limit = 50"), "utf-8")

    code, out, _ = run("doctor", "--json")
    ok, found = checks_of(out)["signal own of trend"]

    assert (9, False) == (code, ok)
    assert "strategies.trend.signals.own.limit: must be" in found


@pytest.mark.usefixtures("builtin", "settings")
def test_doctor_when_a_rule_does_not_compile_warns_with_the_reason_and_ends_with_0(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuses(monkeypatch, "a odd", odd="unknown attribute 'dict'")
    code, out, _ = run("doctor")
    _, machine, _ = run("doctor", "--json")
    check = next(check for check in json.loads(machine)["checks"] if check["name"] == "rule odd")

    assert 0 == code
    assert re.search(r"^warning +rule odd +see below$", out, re.MULTILINE)
    assert (
        "\nrule odd: numba cannot compile it, so every rule runs interpreted: unknown attribute 'dict'\n  fix: "
        in out
    )
    assert "rules and checks" not in out
    assert (True, True, True) == (json.loads(machine)["ok"], check["ok"], check["warning"])
    assert check["fix"]


@pytest.mark.usefixtures("builtin", "settings")
@pytest.mark.parametrize(
    ("compiling", "expected", "warning"),
    [
        (True, "2 rules and checks kept since they were compiled", False),
        (False, "2 rules and checks run interpreted: NUMBA_DISABLE_JIT is set", True),
    ],
)
def test_doctor_when_numba_is_switched_off_warns(
    compiling: bool, expected: str, warning: bool, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "COMPILING", compiling)
    code, out, _ = run("doctor", "--json")
    check = next(check for check in json.loads(out)["checks"] if check["name"] == "rules")

    assert (0, expected, warning) == (code, check["found"], check["warning"])
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
