"""Guard of the twin: it says something about the engine only while it takes nothing from it."""

from __future__ import annotations

import ast

import pytest

PARTS = ("actions", "books", "case", "checks", "decide", "features", "fills", "optional", "rules")
TWIN = ("tests/kernel/twin.py", *(f"tests/kernel/twin_{part}.py" for part in PARTS))
STANDARD = {"__future__", "dataclasses", "itertools", "math", "typing"}


def imported(tree: ast.Module) -> set[str]:
    """Return the full names of the modules that are imported, wherever in the file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def called(tree: ast.Module) -> set[str]:
    """Return the bare names that are called."""
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import tradewright.engine", {"tradewright.engine"}),
        ("from tradewright.risk import exposure", {"tradewright.risk"}),
        ("def f():\n    import numpy as np", {"numpy"}),
        ("from . import twin", {"."}),
    ],
)
def test_imported_when_given_code_returns_every_module(code: str, expected: set[str]) -> None:
    assert expected == imported(ast.parse(code))


@pytest.mark.parametrize("name", TWIN)
def test_twin_imports_only_itself_and_plain_python(name: str, modules: dict[str, ast.Module]) -> None:
    """No part of the platform and no numpy: neither may lend the twin its arithmetic."""
    own = {path.rpartition("/")[2].removesuffix(".py") for path in TWIN}

    assert imported(modules[name]) <= STANDARD | own
    assert not called(modules[name]) & {"__import__", "eval", "exec"}
