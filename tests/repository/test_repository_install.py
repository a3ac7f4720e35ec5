"""What `make` installs: heavy plugins only for who asks, and then the part of the full lock that they need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCK = """\
# by hand
attrs==25.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via tradewright
tabulate==0.10.0 ; python_version > '3' \\
    --hash=sha256:ba
"""


@pytest.fixture
def clone(root: Path, tmp_path: Path, plugins: list[Path]) -> Path:
    """Return what make reads of this repository, with one heavy plugin more."""
    for path in (root / "Makefile", root / "platform/pyproject.toml", *(one / "pyproject.toml" for one in plugins)):
        copy = tmp_path / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (tmp_path / "plugins/solver").mkdir()
    (tmp_path / "plugins/solver/pyproject.toml").write_text('[tool.tradewright]\nset = "heavy"\n')
    (tmp_path / ".ci").mkdir()
    for lock in (
        ".ci/prices.txt",
        "requirements.lock",
        "requirements-full.lock",
        "requirements-dev.lock",
        "pyproject.toml",
    ):
        (tmp_path / lock).touch()
    return tmp_path


def commands(clone: Path, *words: str) -> str:
    """Return what make would run."""
    made = subprocess.run(["make", "--dry-run", *words], cwd=clone, capture_output=True, text=True, check=True)
    return made.stdout


def test_install_leaves_heavy_plugins_out(clone: Path) -> None:
    said = commands(clone, "install")

    assert "--editable ./plugins/ma-crossover" in said
    assert "solver" not in said
    assert "requirements-full.lock" not in said


def test_test_installs_every_plugin_and_the_full_lock(clone: Path) -> None:
    said = commands(clone, "test")

    assert "--requirement requirements-full.lock" in said
    assert "--editable ./plugins/solver" in said


def test_plugin_installs_those_named_from_the_full_lock(clone: Path) -> None:
    said = commands(clone, "plugin", "NAME=solver ma-crossover")

    assert "platform/pyproject.toml plugins/solver/pyproject.toml plugins/ma-crossover/pyproject.toml" in said
    assert ".ci/part_of_lock.py requirements-full.lock" in said
    assert "--editable ./plugins/solver --editable ./plugins/ma-crossover" in said


@pytest.mark.parametrize(("words", "named"), [(["NAME=nothing"], "nothing"), ([], "")])
def test_plugin_that_is_none_is_refused_with_those_there_are(clone: Path, words: list[str], named: str) -> None:
    for stamp in (".venv/pyvenv.cfg", ".venv/.runtime"):
        (clone / stamp).parent.mkdir(exist_ok=True)
        (clone / stamp).touch()

    made = subprocess.run(["make", "plugin", *words], cwd=clone, capture_output=True, text=True, check=False)

    assert 2 == made.returncode
    assert f"no plugin {named}; NAME is one or several of: ma-crossover sample-data solver" in made.stderr


@pytest.mark.parametrize(
    ("names", "code", "out", "err"),
    [
        ("tabulate==0.10.0\n", 0, "tabulate==0.10.0 ; python_version > '3' \\\n    --hash=sha256:ba\n", ""),
        ("# none\nattrs==25.1.0\n", 0, LOCK[LOCK.index("attrs") : LOCK.index("tabulate")], ""),
        ("attrs==25.1.0\nscip==1.0\n", 1, "", "lacks scip: run make lock\n"),
    ],
)
def test_part_of_lock_prints_the_entries_of_the_names_with_their_hashes(
    root: Path, tmp_path: Path, names: str, code: int, out: str, err: str
) -> None:
    (tmp_path / "some.lock").write_text(LOCK)
    command = [sys.executable, str(root / ".ci/part_of_lock.py"), str(tmp_path / "some.lock")]
    done = subprocess.run(command, input=names, capture_output=True, text=True, check=False)

    assert (code, out) == (done.returncode, done.stdout)
    assert done.stderr.endswith(err)
