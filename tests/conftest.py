"""Fixtures of all tests: one file, because doctests are collected everywhere and two would share a module name."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tradewright.cli import main
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.risk.contract import TargetRule
from tradewright.sessions import sessions
from tradewright.workspace.private import ENVIRONMENT, rules_folder

ROOT = Path(__file__).parents[1]

# A shell that runs the tests in the background lets all they start ignore Ctrl-C, which some of them press.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs whole commands: they compile, as they do for their user."""
    for item in items:
        if (ROOT / "tests" / "system") in item.path.parents:
            item.add_marker(pytest.mark.compiled)


# ---- commands and compiled rules -------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder, without what a developer's shell may have set."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRADEWRIGHT_PLUGINS", "TRADEWRIGHT_DEBUG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return what runs a command in this process and gives its code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        captured = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, captured.out, captured.err

    return call


@pytest.fixture(scope="session", autouse=True)
def rule_cache(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder for compiled rules of every process that a test starts, and of this one.

    It outlives the session, since a set takes 5 to 20 s to compile.  A module in it is named by a hash of everything
    that its machine code depends on, so it cannot be stale.
    """
    cache: pytest.Cache = request.config.cache
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT, str(cache.mkdir("tradewright")))
        folder = rules_folder(os.environ)
        assert folder is not None
        yield folder


@pytest.fixture(scope="session")
def share_cache(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Return what lets a workspace keep its calendars, which take a second, where the others do."""
    cache: pytest.Cache = request.config.cache
    shared = cache.mkdir("tradewright-calendars")

    def share(workspace: Path) -> None:
        (workspace / ".tradewright").mkdir()
        (workspace / ".tradewright" / "cache").symlink_to(shared)

    return share


@pytest.fixture(scope="session")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the calendars that tests use, which takes seconds once."""
    folder = tmp_path_factory.mktemp("calendars")
    for calendar in ("XNYS", "24/7"):
        sessions(calendar, cache=folder)
    return folder


@pytest.fixture(scope="session")
def fused(rule_cache: Path) -> Callable[[Sequence[tuple[str, TargetRule]]], FusedRules]:
    """Return what compiles a set of rules, or loads it."""
    return lambda rules: fuse(rules, rule_cache)


# ---- what the guards of the repository look at -------------------------------------------------------------


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
