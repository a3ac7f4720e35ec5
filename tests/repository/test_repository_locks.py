"""Guards of the locks: complete, hashed, free of addresses and of what must not be installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ["requirements.lock", "requirements-dev.lock", ".ci/uv.txt"]


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


def declared(root: Path) -> list[Requirement]:
    """Return what the kernel and the plugins ask for."""
    manifests = [root / "platform/pyproject.toml", *root.glob("plugins/*/pyproject.toml")]
    tables = [tomllib.loads(manifest.read_text("utf-8")) for manifest in manifests]
    return [Requirement(text) for table in tables for text in table["project"].get("dependencies", [])]


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


def test_runtime_lock_holds_neither_torch_nor_this_workspace(root: Path) -> None:
    unwanted = r"torch|nvidia-|tradewright"

    assert [] == [name for name in pins(root / "requirements.lock") if re.match(unwanted, name)]
    assert [] == [name for name in pins(root / "requirements-dev.lock") if re.match(unwanted, name)]


def test_lock_satisfies_every_declared_dependency(root: Path) -> None:
    """`make locks` compares in full but needs the package index; this needs nothing."""
    locked = pins(root / "requirements.lock")
    outside = [wanted for wanted in declared(root) if canonicalize_name(wanted.name) != "tradewright"]
    missing = [
        str(wanted)
        for wanted in outside
        if not wanted.specifier.contains(locked.get(canonicalize_name(wanted.name), "0"))
    ]

    assert outside
    assert [] == missing


def test_locks_agree_with_each_other(root: Path) -> None:
    runtime, dev = pins(root / "requirements.lock"), pins(root / "requirements-dev.lock")

    assert {name: runtime[name] for name in runtime.keys() & dev.keys()} == {
        name: dev[name] for name in runtime.keys() & dev.keys()
    }
