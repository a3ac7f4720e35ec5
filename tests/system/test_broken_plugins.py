"""Plugins that break in every known way, as wheels that pip installed: each is named, none stops a command."""

from __future__ import annotations

import json
import signal
import subprocess
import textwrap
import time
from pathlib import Path
from typing import Any

import attrs
import pytest
from fresh_environment import clean_environment, install, kernel, make

pytestmark = pytest.mark.install

SECONDS_MAX = 60.0
DEADLINE_SECONDS = 10.0

MANIFEST = """
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"
    [project]
    name = "tradewright-{name}"
    version = "1.0"
    dependencies = ["tradewright{kernel}"]
    [project.entry-points.tradewright]
    {name} = "{package}"
    [tool.hatch.build.targets.wheel]
    packages = ["{package}"]
"""

COMPONENT = """
    import attrs
    import tradewright as tw

    @attrs.frozen
    class Options:
        bars: int = 20

    def spec(**changes):
        given = {"name": "NAME", "factory": Options, "config": Options}
        return tw.SignalSpec(**(given | changes))
"""


@attrs.frozen(kw_only=True)
class Case:
    """One plugin and what must be said of it.

    Attributes:
        code: What follows the plugin's first lines, MARKER being the path of a file to write.
        status: Expected.
        reason: The reason, up to its place.
        line: Text of the line that the reason points at, None when it names no place.
        kernel: Which kernel it requires.
    """

    code: str
    status: str = "quarantined"
    reason: str | None = None
    line: str | None = None
    kernel: str = ""


CASES = {
    "healthy": Case(
        code="""
            print("Thank you for using this plugin!")

            @tw.hookimpl
            def tradewright_signals():
                yield spec()
        """,
        status="active",
    ),
    "raises": Case(
        code='raise RuntimeError("boom")',
        reason="raised RuntimeError while importing: boom",
        line="raise RuntimeError",
    ),
    "exits": Case(code="raise SystemExit(3)", reason="raised SystemExit while importing: 3", line="raise SystemExit"),
    "interrupts": Case(
        code="raise KeyboardInterrupt",
        reason="raised KeyboardInterrupt while importing",
        line="raise KeyboardInterrupt",
    ),
    "unparsable": Case(
        code="signals = = 1", reason="raised SyntaxError while importing: invalid syntax", line="signals = = 1"
    ),
    "lacks-a-package": Case(
        code="import no_such_package",
        reason="raised ModuleNotFoundError while importing: No module named 'no_such_package'",
        line="import no_such_package",
    ),
    "raises-in-hook": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals():
                yield spec()
                yield 1 / 0
        """,
        reason="raised ZeroDivisionError in tradewright_signals: division by zero",
        line="yield 1 / 0",
    ),
    "misspelled": Case(
        code="""
            @tw.hookimpl
            def tradewright_signal():
                yield spec()
        """,
        reason="no such hook tradewright_signal; did you mean tradewright_signals?",
        line="@tw.hookimpl",
    ),
    "wrong-argument": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals(settings):
                yield spec()
        """,
        reason="PluginValidationError: Plugin 'wrong-argument' for hook 'tradewright_signals'",
        line="@tw.hookimpl",
    ),
    "returns-text": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals():
                return "signal"
        """,
        reason="tradewright_signals returned str; an iterable of SignalSpec wanted",
        line="@tw.hookimpl",
    ),
    "returns-nothing": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals():
                spec()
        """,
        reason="tradewright_signals returned NoneType; an iterable of SignalSpec wanted",
        line="@tw.hookimpl",
    ),
    "coroutine": Case(
        code="""
            @tw.hookimpl
            async def tradewright_signals():
                return [spec()]
        """,
        reason="tradewright_signals is an async hook not awaited",
        line="@tw.hookimpl",
    ),
    "duplicate": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals():
                yield spec(name="healthy")
        """,
        reason="tradewright-healthy and tradewright-duplicate both claim healthy (signal); disable one",
    ),
    "other-api": Case(
        code="""
            @tw.hookimpl
            def tradewright_signals():
                yield spec(api=2)
        """,
        status="incompatible",
        reason="signal other-api is written for api 2, this kernel speaks api 1",
    ),
    "newer-kernel": Case(
        code='open(MARKER, "w").close()',
        kernel=">=99",
        status="incompatible",
        reason="requires tradewright >=99, this is tradewright 0.",
    ),
}

OFF = Case(code='open(MARKER, "w").close()', status="disabled")
HANGS = Case(
    code='import time; open(MARKER, "w").close(); time.sleep(3600)',
    reason="hung for 10 s while importing",
)


@attrs.frozen
class Desk:
    """A fresh environment with every plugin of this page installed by pip, on top of the kernel's.

    Attributes:
        python: Its interpreter.
        kernel: Where pip has installed the kernel.
        folder: The workspace, with a plugins.toml that enables `CASES`.
        markers: Where plugins leave a file when they are imported.
    """

    python: Path
    kernel: Path
    folder: Path
    markers: Path

    def command(self, *words: str) -> list[str]:
        return [str(self.python.with_name("tradewright")), *words]

    def run(self, *words: str, plugins: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=clean_environment(plugins),
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )


def write_project(folder: Path, name: str, case: Case, marker: Path) -> None:
    package = f"tradewright_{name.replace('-', '_')}"
    manifest = MANIFEST.format(name=name, package=package, kernel=case.kernel)
    code = textwrap.dedent(COMPONENT) + textwrap.dedent(case.code)
    (folder / package).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(textwrap.dedent(manifest), "utf-8")
    code = code.replace("NAME", name).replace("MARKER", repr(str(marker)))
    (folder / package / "__init__.py").write_text(code, "utf-8")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Build wheels and install them."""
    base = tmp_path_factory.mktemp("desk")
    projects, wheels, markers, folder = (base / name for name in ("projects", "wheels", "markers", "workspace"))
    for path in (markers, folder):
        path.mkdir()
    for name, case in {**CASES, "off": OFF, "hangs": HANGS}.items():
        write_project(projects / name, name, case, markers / name)
    kernels = kernel(tmp_path_factory)
    python = make(base / "venv", kernels)
    install(python, projects.iterdir(), wheels)
    enabled = ", ".join(f'"{name}"' for name in CASES)
    settings = f"""
        [plugins]
        enabled = [{enabled}]
        [data.daily]
        source = "files"
        symbols = ["SPX"]
        [strategies.trend]
        data = ["daily"]
        [strategies.trend.signals.healthy]
        weight = 1.0
    """
    (folder / "plugins.toml").write_text(textwrap.dedent(settings), "utf-8")
    return Desk(python, kernels.parents[1], folder, markers)


@pytest.fixture(scope="module")
def listed(desk: Desk) -> dict[str, Any]:
    """Return what `plugins list --json` says of each plugin on this page."""
    result = desk.run("plugins", "list", "--json")
    assert 0 == result.returncode, result.stderr
    records = json.loads(result.stdout)["plugins"]
    return {record["name"]: record for record in records if record["name"] in {*CASES, "off", "hangs"}}


def test_desk_runs_the_kernel_that_pip_installed(desk: Desk) -> None:
    """Otherwise this page would test the source tree."""
    command = [str(desk.python), "-c", "import tradewright; print(tradewright.__file__)"]
    found = subprocess.run(command, env=clean_environment(None), capture_output=True, text=True, check=True).stdout

    assert Path(found).is_relative_to(desk.kernel)


def test_plugins_list_when_plugins_break_keeps_the_order_of_the_file(listed: dict[str, Any]) -> None:
    assert [*CASES, "hangs", "off"] == list(listed)


@pytest.mark.parametrize("name", CASES)
def test_plugins_list_when_a_plugin_breaks_shows_its_reason_and_its_own_line(
    name: str, desk: Desk, listed: dict[str, Any]
) -> None:
    case, record = CASES[name], listed[name]
    reason, _, place = (record["reason"] or "").removesuffix(")").rpartition(" (")
    source, _, number = place.rpartition(":")

    assert (case.status, f"tradewright-{name}", "1.0") == (
        record["status"],
        record["distribution"],
        record["version"],
    )
    assert (record["reason"] or "").startswith(case.reason or "")
    assert (case.reason is None) == (record["reason"] is None)
    if case.line is not None:
        assert Path(source).is_relative_to(desk.python.parents[1])
        assert case.line in Path(source).read_text("utf-8").splitlines()[int(number) - 1]
        assert reason.startswith(str(case.reason))


def test_plugins_list_when_plugins_break_the_healthy_one_provides_its_signal(listed: dict[str, Any]) -> None:
    provided = {name: record["components"] for name, record in listed.items() if record["components"]}

    assert {"healthy": [{"kind": "signal", "name": "healthy"}]} == provided


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--help"], 0, "Start:"),
        (["--version"], 0, "tradewright, version"),
        (["plugins", "list"], 0, "raises is quarantined: raised RuntimeError while importing: boom"),
        (["plugins", "info", "healthy"], 0, "bars    20"),
        (["plugins", "info", "raises"], 0, "quarantined: raised RuntimeError while importing: boom"),
        (["plugins", "info", "off"], 0, "disabled"),
        (["doctor"], 9, "plugin exits 1.0: quarantined: raised SystemExit while importing: 3"),
        (["doctor", "healthy"], 0, "active"),
        (["doctor", "coroutine"], 9, "async hook not awaited"),
        (["doctor", "newer-kernel"], 9, "requires tradewright >=99"),
    ],
)
def test_command_when_plugins_break_still_works(words: list[str], code: int, expected: str, desk: Desk) -> None:
    result = desk.run(*words)

    assert code == result.returncode, result.stderr
    assert expected in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_command_when_a_plugin_is_not_enabled_never_imports_it(desk: Desk, listed: dict[str, Any]) -> None:
    for words in (["plugins", "list"], ["plugins", "info", "off"], ["doctor", "off"]):
        desk.run(*words)

    assert ["disabled", "disabled"] == [listed[name]["status"] for name in ("off", "hangs")]
    assert [] == [path.name for path in desk.markers.iterdir()]


def test_command_when_the_environment_allows_none_imports_none(desk: Desk) -> None:
    result = desk.run("plugins", "list", "--json", plugins="")
    found = json.loads(result.stdout)

    assert {"source": "TRADEWRIGHT_PLUGINS", "names": []} == found["allow_list"]
    assert {"disabled"} == {record["status"] for record in found["plugins"] if not record["builtin"]}
    assert "Thank you" not in result.stderr


def test_command_when_the_environment_names_a_plugin_loads_only_that(desk: Desk) -> None:
    result = desk.run("plugins", "list", "--json", plugins="healthy==1.0")
    records = json.loads(result.stdout)["plugins"]

    assert ["healthy"] == [r["name"] for r in records if r["status"] != "disabled" and not r["builtin"]]
    assert "Thank you for using this plugin!\n" == result.stderr


@pytest.mark.slow
def test_command_when_a_plugin_hangs_goes_on_after_ten_seconds_and_ends(desk: Desk) -> None:
    started = time.monotonic()
    result = desk.run("plugins", "list", "--json", plugins="hangs,healthy")
    seconds = time.monotonic() - started
    (desk.markers / "hangs").unlink()
    records = {record["name"]: record for record in json.loads(result.stdout)["plugins"]}

    assert 0 == result.returncode
    assert (HANGS.status, HANGS.reason) == (records["hangs"]["status"], records["hangs"]["reason"])
    assert "active" == records["healthy"]["status"]
    assert DEADLINE_SECONDS <= seconds < DEADLINE_SECONDS + 20.0


def test_command_when_ctrl_c_is_pressed_while_a_plugin_hangs_stops_at_once(desk: Desk) -> None:
    marker = desk.markers / "hangs"
    with subprocess.Popen(
        desk.command("plugins", "list"),
        cwd=desk.folder,
        env=clean_environment("hangs"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        marker.unlink()
        child.send_signal(signal.SIGINT)
        pressed = time.monotonic()
        out, err = child.communicate(timeout=SECONDS_MAX)
        seconds = time.monotonic() - pressed

    assert (130, "", "error: stopped by Ctrl-C\n") == (child.returncode, out, err)
    assert seconds < DEADLINE_SECONDS / 2
