"""Guards of the plugins: the same words four times, and contracts that forget no one."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement


def manifest(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def package(folder: Path) -> str:
    return f"tradewright_{folder.name.replace('-', '_')}"


def test_plugin_folders_are_complete(plugins: list[Path]) -> None:
    lacking = [
        f"{folder.name} lacks {needed}"
        for folder in plugins
        for needed in ("README.md", "LICENSE", "tests/test_*.py", f"src/{package(folder)}/__init__.py")
        if not list(folder.glob(needed))
    ]

    assert [] == lacking


def test_plugin_folders_all_have_a_manifest(root: Path, files: list[str], plugins: list[Path]) -> None:
    """A folder without one would be left out of every other guard."""
    assert {name.split("/")[1] for name in files if name.startswith("plugins/")} == {
        folder.name for folder in plugins
    }


def test_distribution_entry_point_and_import_are_named_like_the_folder(plugins: list[Path]) -> None:
    projects = {folder.name: manifest(folder)["project"] for folder in plugins}
    names = {name: (project["name"], project["entry-points"]) for name, project in projects.items()}

    assert {
        folder.name: (f"tradewright-{folder.name}", {"tradewright": {folder.name: package(folder)}})
        for folder in plugins
    } == names


def test_plugins_depend_on_the_kernel_and_on_no_other_plugin(plugins: list[Path]) -> None:
    ours = {
        folder.name: [
            name
            for name in (Requirement(text).name for text in manifest(folder)["project"]["dependencies"])
            if name.startswith("tradewright")
        ]
        for folder in plugins
    }

    assert {folder.name: ["tradewright"] for folder in plugins} == ours


def test_plugins_import_what_the_page_calls_public_and_nothing_else(root: Path, plugins: list[Path]) -> None:
    """Whoever reads our plugins learns from them what may be used."""
    page = (root / "docs/reference/plugin-api.md").read_text("utf-8").split("## What is public")[1].split("\n## ")[0]
    public = {
        name
        for row in page.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([\w.]+)`", row.split("|")[1])
    }
    used = {
        f"{folder.name}: {module}"
        for folder in plugins
        for path in folder.rglob("*.py")
        for module in kernel_modules(path)
        if module not in public
    }

    assert {"tradewright", "tradewright.testing"} <= public
    assert set() == used


def test_plugins_inherit_a_contract(plugins: list[Path]) -> None:
    """A suite by hand alone would promise less than any third party's does."""
    inheriting = {
        folder.name
        for folder in plugins
        for path in folder.glob("tests/test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith("Contract") for base in node.bases)
    }

    assert {folder.name for folder in plugins} == inheriting


def kernel_modules(path: Path) -> set[str]:
    """Return the modules of the kernel that a file imports from, wherever in it."""
    tree = ast.parse(path.read_text("utf-8"))
    froms = [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return {name for name in (*froms, *names) if name.partition(".")[0] == "tradewright"}


def test_plugins_are_built_by_the_locked_backend(root: Path, plugins: list[Path]) -> None:
    """Make installs with hashes for the build, too, and only hatchling's are locked."""
    backends = {
        folder.name: manifest(folder)["build-system"]["build-backend"] for folder in [root / "platform", *plugins]
    }

    assert {"hatchling.build"} == set(backends.values())


def test_import_contracts_name_every_plugin(root: Path, plugins: list[Path]) -> None:
    linter = manifest(root)["tool"]["importlinter"]
    contracts = {contract["type"]: contract for contract in linter["contracts"]}
    packages = [package(folder) for folder in plugins]

    assert sorted(linter["root_packages"]) == ["tradewright", *packages]
    assert sorted(contracts["independence"]["modules"]) == packages
    assert sorted(contracts["forbidden"]["forbidden_modules"]) == packages
    assert contracts["layers"]["exhaustive"] is True
