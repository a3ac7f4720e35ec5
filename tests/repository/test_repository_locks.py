"""Guards of the locks: complete, hashed, free of addresses and of what must not be installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT_LOCKS = ["requirements.lock", "requirements-full.lock", "requirements-dev.lock"]
LOCKS = [*PROJECT_LOCKS, ".ci/uv.txt", ".ci/prices.txt"]


def entries(path: Path) -> list[str]:
    """Return one string per locked requirement, its hashes included."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", "").splitlines()


def pins(path: Path) -> dict[str, str]:
    """Return the locked version of each distribution: one for every Python, so that all compute alike."""
    requirements = [Requirement(entry.split("--hash")[0]) for entry in entries(path)]
    names = [canonicalize_name(found.name) for found in requirements]
    assert sorted(set(names)) == sorted(names)
    return {name: str(found.specifier).removeprefix("==") for name, found in zip(names, requirements, strict=True)}


def declared(root: Path, *, heavy: bool) -> list[Requirement]:
    """Return what the kernel and the plugins ask for, with the heavy ones or without."""
    manifests = [root / "platform/pyproject.toml", *root.glob("plugins/*/pyproject.toml")]
    tables = [tomllib.loads(manifest.read_text("utf-8")) for manifest in manifests]
    wanted = [table for table in tables if heavy or table["tool"].get("tradewright", {}).get("set") != "heavy"]
    return [Requirement(text) for table in wanted for text in table["project"].get("dependencies", [])]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_pinned_and_hashed(root: Path, lock: str) -> None:
    found = entries(root / lock)
    hashed = re.compile(r"[\w.-]+==[^\s;]+(?: ; .*?)?(?: +--hash=sha256:[0-9a-f]{64})+")
    loose = [entry for entry in found if not hashed.fullmatch(entry)]

    assert found
    assert [] == loose


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_no_address_and_no_path(root: Path, lock: str) -> None:
    text = (root / lock).read_text("utf-8")

    assert [] == re.findall(r"\S+:/{2}\S*|^-.*|.* @ .*|(?<= )/\S+", text, flags=re.MULTILINE)


@pytest.mark.parametrize("lock", PROJECT_LOCKS)
def test_lock_holds_neither_torch_nor_this_workspace(root: Path, lock: str) -> None:
    assert [] == [name for name in pins(root / lock) if re.match(r"torch|nvidia-|tradewright", name)]


@pytest.mark.parametrize(("lock", "heavy"), [("requirements.lock", False), ("requirements-full.lock", True)])
def test_lock_satisfies_every_declared_dependency(root: Path, lock: str, heavy: bool) -> None:
    """`make locks` compares in full but needs the package index; this needs nothing."""
    locked = pins(root / lock)
    outside = [one for one in declared(root, heavy=heavy) if canonicalize_name(one.name) != "tradewright"]
    missing = [
        str(wanted)
        for wanted in outside
        if not wanted.specifier.contains(locked.get(canonicalize_name(wanted.name), "0"))
    ]

    assert outside
    assert [] == missing


def test_locks_agree_with_each_other(root: Path) -> None:
    runtime, dev = pins(root / "requirements-full.lock"), pins(root / "requirements-dev.lock")

    assert {name: runtime[name] for name in runtime.keys() & dev.keys()} == {
        name: dev[name] for name in runtime.keys() & dev.keys()
    }
