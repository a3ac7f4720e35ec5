"""plugins.lock as an operator meets it: wheels that pip installed, commands as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import attrs
import hatchling.build
import pytest

pytestmark = pytest.mark.install

SECONDS_MAX = 60.0
PACKAGE = "tradewright_locked_plugin"

MANIFEST = f"""
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"
    [project]
    name = "tradewright-locked-plugin"
    version = "1.0"
    [project.scripts]
    locked-plugin = "{PACKAGE}:tradewright_signals"
    [project.entry-points.tradewright]
    locked-plugin = "{PACKAGE}"
    [tool.hatch.build.targets.wheel]
    packages = ["{PACKAGE}"]
"""

CODE = """
    import sys
    import attrs
    import tradewright as tw

    print("imported", file=sys.stderr)

    @attrs.frozen
    class Options:
        bars: int = BARS

    @tw.hookimpl
    def tradewright_signals():
        yield tw.SignalSpec(name="locked-plugin", factory=Options, config=Options)
"""

SETTINGS = """
    [plugins]
    enabled = ["locked-plugin"]
    [data.daily]
    source = "files"
    symbols = ["SPX"]
    [strategies.trend]
    data = ["daily"]
    [strategies.trend.signals.locked-plugin]
    weight = 1.0
"""


@attrs.frozen
class Desk:
    """A workspace, and a folder that pip installs the plugin into.

    Attributes:
        folder: Where plugins.toml stands.
        site: What the commands import from besides this environment.
    """

    folder: Path
    site: Path

    @property
    def code(self) -> Path:
        return self.site / PACKAGE / "__init__.py"

    def install(self, wheel: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--upgrade"]
        command = [*pip, "--disable-pip-version-check", "--target", str(self.site), str(wheel)]
        subprocess.run(command, check=True, timeout=SECONDS_MAX, capture_output=True)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TRADEWRIGHT_PLUGINS", "TRADEWRIGHT_DEBUG"))
        }
        return subprocess.run(
            [sys.executable, "-m", "tradewright.cli", *words],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def record(self) -> dict[str, Any]:
        """Return what `plugins list --json` says of the plugin."""
        result = self.run("plugins", "list", "--json")
        assert 0 == result.returncode, result.stderr
        records: list[dict[str, Any]] = json.loads(result.stdout)["plugins"]
        return next(record for record in records if record["name"] == "locked-plugin")


def build(folder: Path, bars: int) -> Path:
    """Return a wheel of version 1.0, whatever its content."""
    (folder / PACKAGE).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(textwrap.dedent(MANIFEST), "utf-8")
    code = textwrap.dedent(CODE).replace("BARS", str(bars))
    (folder / PACKAGE / "__init__.py").write_text(code, "utf-8")
    with contextlib.chdir(folder):
        return folder / hatchling.build.build_wheel(str(folder))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with the plugin installed, enabled and locked."""
    made = Desk(tmp_path / "desk", tmp_path / "site")
    made.folder.mkdir()
    (made.folder / "plugins.toml").write_text(textwrap.dedent(SETTINGS), "utf-8")
    made.install(build(tmp_path / "first", bars=20))
    locked = made.run("plugins", "lock")
    assert (0, "") == (locked.returncode, locked.stderr)
    return made


def test_plugins_lock_when_nothing_changed_loads_the_plugin_and_locks_the_same_bytes(desk: Desk) -> None:
    before = (desk.folder / "plugins.lock").read_bytes()
    assert "active" == desk.record()["status"]
    again = desk.run("plugins", "lock")

    assert (0, "") == (again.returncode, again.stderr)
    assert before == (desk.folder / "plugins.lock").read_bytes()
    assert {"plugins.toml", "plugins.lock"} == {path.name for path in desk.folder.iterdir()}


def test_plugins_lock_when_the_same_wheel_is_installed_elsewhere_still_holds(desk: Desk, tmp_path: Path) -> None:
    """A lock is made on one machine and obeyed on another: scripts and installers' notes differ there."""
    other = attrs.evolve(desk, site=tmp_path / "another machine")
    other.install(next((tmp_path / "first").glob("*.whl")))

    assert "active" == other.record()["status"]


def test_plugins_lock_when_a_file_is_edited_refuses_the_plugin_before_it_is_imported(desk: Desk) -> None:
    desk.code.write_text(desk.code.read_text("utf-8") + "\n# a change\n", "utf-8")
    record = desk.record()
    listed = desk.run("plugins", "list")

    expected = (
        r"content differs from plugins\.lock \(expected sha256 [0-9a-f]{12}\.\.\., was [0-9a-f]{12}\.\.\.\); "
        "reinstall it, or run tradewright plugins lock"
    )
    assert "incompatible" == record["status"]
    assert re.fullmatch(expected, record["reason"])
    assert (0, "") == (listed.returncode, listed.stderr)
    assert f"locked-plugin is incompatible: {record['reason']}\n" in listed.stdout


def test_plugins_lock_when_another_build_of_the_version_is_installed_refuses_until_locked_again(
    desk: Desk, tmp_path: Path
) -> None:
    desk.install(build(tmp_path / "second", bars=21))
    doctor = desk.run("doctor", "locked-plugin")
    assert 9 == doctor.returncode
    assert "content differs from plugins.lock" in doctor.stdout

    relocked = desk.run("plugins", "lock")

    assert 0 == relocked.returncode
    assert "active" == desk.record()["status"]


def test_plugins_lock_when_the_first_wheel_is_installed_again_accepts_it(desk: Desk, tmp_path: Path) -> None:
    desk.code.write_text("raise SystemExit", "utf-8")
    assert "incompatible" == desk.record()["status"]

    desk.install(next((tmp_path / "first").glob("*.whl")))

    assert "active" == desk.record()["status"]


def test_plugins_lock_when_damaged_stops_every_command_that_loads_plugins(desk: Desk) -> None:
    lock = desk.folder / "plugins.lock"
    lock.write_text(lock.read_text("utf-8").replace('sha256 = "', 'sha256 = "?'), "utf-8")
    result = desk.run("plugins", "list", "--json")
    error = json.loads(result.stderr)["error"]

    assert (3, "") == (result.returncode, result.stdout)
    assert ("ConfigError", "plugins.lock", 7) == (error["type"], error["file"], error["line"])
    assert "plugins.locked-plugin.sha256" == error["key"]
    assert "restore it, or write a new one with tradewright plugins lock" == error["fix"]


def test_plugins_lock_when_removed_checks_nothing(desk: Desk) -> None:
    (desk.folder / "plugins.lock").unlink()
    desk.code.write_text(desk.code.read_text("utf-8") + "\n# a change\n", "utf-8")

    assert "active" == desk.record()["status"]
