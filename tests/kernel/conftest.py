"""What the tests of the command line, and those of the engine, share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tradewright.cli import main
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.risk.contract import TargetRule


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


@pytest.fixture(scope="session")
def rule_cache(request: pytest.FixtureRequest) -> Path:
    """A folder for compiled rules that outlives the session, since a set takes 5 to 10 s to compile.

    A module in it is named by a hash of everything its machine code depends on, so it cannot be stale.
    """
    cache: pytest.Cache = request.config.cache
    return cache.mkdir("tradewright-rules")


@pytest.fixture(scope="session")
def fused(rule_cache: Path) -> Callable[[Sequence[tuple[str, TargetRule]]], FusedRules]:
    """Return what compiles a set of rules, or loads it."""
    return lambda rules: fuse(rules, rule_cache)
