"""Where a workspace's files lie, and that no other module knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tradewright.sessions import cache_folder
from tradewright.workspace.paths import Workspace

HERE = "platform/src/tradewright/workspace/paths.py"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own", ".tradewright"),
        ("cache", ".tradewright/cache"),
        ("prices", ".tradewright/data"),
        ("passes", ".tradewright/passes"),
        ("locks", ".tradewright/locks"),
        ("runs", ".tradewright/runs.db"),
        ("live", ".tradewright/live"),
        ("plugins_lock", "plugins.lock"),
    ],
)
def test_path_of_a_workspace_lies_below_it_and_is_not_made(name: str, expected: str, tmp_path: Path) -> None:
    assert tmp_path / expected == getattr(Workspace(tmp_path), name)
    assert [] == list(tmp_path.iterdir())


def test_accounts_are_those_that_have_a_ledger(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert tmp_path / ".tradewright/live/desk/ledger.db" == workspace.ledger("desk")
    assert [] == workspace.accounts()
    for account in ("second", "desk"):
        workspace.ledger(account).parent.mkdir(parents=True)
        workspace.ledger(account).touch()
    (workspace.live / "none").mkdir()

    assert ["desk", "second"] == workspace.accounts()


def test_cache_folder_that_plugins_ask_for_is_the_workspaces(tmp_path: Path) -> None:
    assert Workspace(tmp_path).cache == cache_folder(tmp_path)
    assert cache_folder(None) is None


def test_names_below_a_workspace_are_joined_in_one_module_only(sources: dict[str, ast.Module]) -> None:
    joined = {
        name
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in {".tradewright", "runs.db", "plugins.lock", "ledger.db"}
    }

    assert {HERE} == joined
