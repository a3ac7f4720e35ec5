"""What every guard looks at: the files that git knows or would add, and the parsed Python among them."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[str]:
    """Return paths relative to the root, of files not yet added, too: a guard speaks before the commit."""
    # A clone may belong to another user than the one who tests it; git would refuse to look.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})
    assert len(found) > 50, "git lists hardly any file: the guards would pass without looking"
    return found


@pytest.fixture(scope="session")
def modules(files: list[str]) -> dict[str, ast.Module]:
    """Return every Python file, parsed."""
    return {name: ast.parse((ROOT / name).read_text("utf-8")) for name in files if name.endswith(".py")}


@pytest.fixture(scope="session")
def sources(modules: dict[str, ast.Module]) -> dict[str, ast.Module]:
    """Return what is shipped: the kernel and the plugins, without tests."""
    shipped = {name: tree for name, tree in modules.items() if "/src/" in name}
    assert "platform/src/tradewright/errors.py" in shipped
    return shipped


@pytest.fixture(scope="session")
def plugins(root: Path) -> list[Path]:
    """Return the folder of every plugin."""
    found = sorted(manifest.parent for manifest in root.glob("plugins/*/pyproject.toml"))
    assert found, "no plugin has a pyproject.toml"
    return found
