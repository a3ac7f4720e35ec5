"""An author's way, as on a machine of their own: make a plugin, install it, run its suite, see it active."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
from fresh_environment import ROOT, clean_environment, install, kernel, make
from tradewright.cli.new_plugin import KINDS

pytestmark = [pytest.mark.install, pytest.mark.slow]

SECONDS_MAX = 600.0
FIRST_PARTY = sorted(manifest.parent.name for manifest in ROOT.glob("plugins/*/pyproject.toml"))


@attrs.frozen
class Desk:
    """A fresh environment on top of the kernel's wheel, and folders outside of the repository.

    Attributes:
        python: Its interpreter.
        kernel: Where pip has installed the kernel.
        folder: Where projects are written.
        wheels: Where they are built.
    """

    python: Path
    kernel: Path
    folder: Path
    wheels: Path

    def run(self, *words: str, cwd: Path, plugins: str | None = None) -> subprocess.CompletedProcess[str]:
        program, *more = words
        return subprocess.run(
            [str(self.python.with_name(program)), *more],
            cwd=cwd,
            env=clean_environment(plugins),
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def suite(self, folder: Path) -> str:
        """Run the tests below a folder and return what pytest said in the end."""
        done = self.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk of the test's own: it sees nothing that another one has installed."""
    kernels = kernel(tmp_path_factory)
    return Desk(make(tmp_path / "venv", kernels), kernels.parents[1], tmp_path, tmp_path / "wheels")


@pytest.mark.parametrize("kind", KINDS)
def test_new_plugin_of_every_kind_installs_passes_its_suite_and_is_active(desk: Desk, kind: str) -> None:
    name = f"new-{kind}"
    made = desk.run("tradewright", "plugins", "new", name, "--kind", kind, cwd=desk.folder)
    assert 0 == made.returncode, made.stderr
    project = desk.folder / name
    assert (ROOT / "LICENSE").read_text("utf-8") == (project / "LICENSE").read_text("utf-8")
    install(desk.python, [project], desk.wheels)

    said = desk.suite(project)

    assert " passed" in said
    assert "failed" not in said
    listed = desk.run("tradewright", "plugins", "list", "--json", cwd=desk.folder, plugins=name)
    records = {record["name"]: record for record in json.loads(listed.stdout)["plugins"]}
    assert ("active", [{"kind": kind, "name": name}]) == (records[name]["status"], records[name]["components"])


@pytest.mark.parametrize("name", FIRST_PARTY)
def test_suite_of_every_plugin_of_ours_passes_as_a_strangers_would(desk: Desk, name: str) -> None:
    """Only the wheel, the page, the manifest and the tests are there: no file of this repository is in reach."""
    ours, theirs = ROOT / "plugins" / name, desk.folder / f"theirs-{name}"
    theirs.mkdir()
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ours / file, theirs)
    shutil.copytree(ours / "tests", theirs / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    install(desk.python, [ours], desk.wheels)

    assert " passed" in desk.suite(theirs)


def test_desk_tests_the_kernel_that_pip_installed(desk: Desk) -> None:
    """Otherwise this page would test the source tree."""
    program = "import tradewright, tradewright.testing as kit; print(tradewright.__file__, kit.__file__)"

    found = desk.run("python", "-c", program, cwd=desk.folder).stdout.split()

    assert [True, True] == [Path(file).is_relative_to(desk.kernel) for file in found]
