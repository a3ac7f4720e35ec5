"""What a newcomer meets first: `.ci/python` finds a Python that will do, or says what it found."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def interpreter(folder: Path, name: str, script: str) -> Path:
    """Write a stand-in for a Python."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def find_python(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(root / ".ci/python")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_find_python_when_named_returns_that_one(root: Path) -> None:
    found = find_python(root, PATH="", PYTHON=sys.executable)

    assert (0, sys.executable) == (found.returncode, found.stdout.strip())


def test_find_python_when_a_newer_name_is_a_stub_goes_on(root: Path, tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.13", "exit 127")
    interpreter(tmp_path, "python3", f'exec "{sys.executable}" "$@"')

    found = find_python(root, PATH=str(tmp_path))

    assert (0, sys.executable) == (found.returncode, found.stdout.strip())


def test_find_python_when_all_are_old_names_what_it_found(root: Path, tmp_path: Path) -> None:
    interpreter(tmp_path, "python3", 'case "$2" in *print*) echo 3.10.13 ;; *) exit 1 ;; esac')

    found = find_python(root, PATH=str(tmp_path))

    assert (1, "") == (found.returncode, found.stdout)
    assert (
        "found: python3.13 is absent, python3.12 is absent, python3.11 is absent, python3 is 3.10.13." in found.stderr
    )
    assert "make demo PYTHON=" in found.stderr


@pytest.mark.parametrize("named", ["/nowhere/python3", "/bin/false"])
def test_find_python_when_the_named_one_is_none_refuses(root: Path, named: str) -> None:
    found = find_python(root, PATH="", PYTHON=named)

    assert (1, "") == (found.returncode, found.stdout)
    assert f"found: {named} is absent." in found.stderr
