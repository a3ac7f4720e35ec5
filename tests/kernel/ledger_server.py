"""A PostgreSQL of the tests' own, where the machine has one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

STRANGER = "postgres"  # PostgreSQL refuses to run as root; its package brings this user.


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server in a folder of its own, reached by a socket alone, and give its URL; skip without one."""
    pg_ctl = _program("pg_ctl")
    if pg_ctl is None:
        pytest.skip("no PostgreSQL server is installed here (Debian: apt-get install postgresql)")
    as_root = os.geteuid() == 0
    if as_root and STRANGER not in {one.pw_name for one in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user for it")
    with TemporaryDirectory(prefix="pg") as name:  # A socket's path may have 107 letters.
        folder = Path(name)
        if as_root:
            shutil.chown(folder, STRANGER)
        data = folder / "data"
        user = ["runuser", "-u", STRANGER, "--"] if as_root else []
        _call([*user, pg_ctl, "init", "-s", "-D", str(data), "-o", "-A trust -U ledger --no-sync -E UTF8"], folder)
        options = f"-k {folder} -c listen_addresses="
        _call([*user, pg_ctl, "start", "-s", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options], folder)
        try:
            yield f"postgresql://ledger@/postgres?host={folder}"
        finally:
            _call([*user, pg_ctl, "stop", "-s", "-D", str(data), "-m", "immediate"], folder)


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _call(words: Sequence[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        pytest.skip(f"no PostgreSQL server can be started: {done.stdout}{done.stderr}"[:300])
