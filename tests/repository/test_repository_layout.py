"""Guards of the folders: what may lie where, and under which name."""

from __future__ import annotations

import platform
import re
import sys
from collections import Counter
from pathlib import Path, PurePosixPath

VAGUE = {"common", "helper", "helpers", "misc", "util", "utils"}
# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/")
REGISTRY = re.compile(r"file:/{2}|find[-]links|index[-]url|p[y]pi\.org|python[h]osted|npm[j]s\.")


def test_platform_folder_holds_only_the_package(files: list[str]) -> None:
    """A module below platform/ but outside src/ would shadow the standard library's `platform`."""
    below = [name for name in files if name.startswith("platform/") and name.endswith(".py")]
    astray = [name for name in below if not name.startswith("platform/src/tradewright/")]
    tests = [name for name in below if re.match(r"test_|.*_test\.py$|conftest\.py$", PurePosixPath(name).name)]

    assert below
    assert [] == astray
    assert [] == tests


def test_standard_platform_module_inside_the_test_session_still_works() -> None:
    assert platform.system() in {"Linux", "Darwin", "Windows"}
    assert sys.modules["platform"].__file__ is not None


def test_test_files_have_unique_names(files: list[str]) -> None:
    names = [PurePosixPath(name).name for name in files if re.search(r"(^|/)test_[^/]*\.py$", name)]
    twice = [name for name, count in Counter(names).items() if count > 1]

    assert names
    assert [] == twice


def test_test_folders_are_no_packages(files: list[str]) -> None:
    assert [] == [name for name in files if re.search(r"(^|/)tests/(.*/)?__init__\.py$", name)]


def test_modules_have_telling_names(modules: dict[str, object]) -> None:
    vague = [name for name in modules if VAGUE & {*PurePosixPath(name).with_suffix("").parts}]

    assert [] == vague


def test_package_folders_are_at_most_two_deep(sources: dict[str, object]) -> None:
    inside = {name: PurePosixPath(name.split("/src/", 1)[1]).parent for name in sources}
    deep = [name for name, folder in inside.items() if len(folder.parts) > 3]

    assert [] == deep


def test_no_file_names_a_machine_path_or_a_registry(root: Path, files: list[str]) -> None:
    found = []
    for name in files:
        text = (root / name).read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE_PATH.search(line) or REGISTRY.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")

    assert [] == found


def test_licences_are_all_the_same(root: Path, plugins: list[Path]) -> None:
    licence = (root / "LICENSE").read_text("utf-8")
    different = [
        folder.name
        for folder in [root / "platform", *plugins]
        if not (folder / "LICENSE").is_file() or (folder / "LICENSE").read_text("utf-8") != licence
    ]

    assert "Apache License" in licence
    assert [] == different
