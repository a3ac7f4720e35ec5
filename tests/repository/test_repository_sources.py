"""Guards of the code: sizes, fences and who may import what.  Each permission states its reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50

LONG_FUNCTIONS: dict[str, str] = {}

BROAD_EXCEPT = {
    "platform/src/tradewright/host/fence.py": "every call of a plugin's component goes through it",
    "platform/src/tradewright/host/awaiting.py": "and every one that is awaited through it",
    "platform/src/tradewright/host/questions.py": "whatever a component raises in its own thread",
    "platform/src/tradewright/host/isolation.py": "to pickle a plugin's options runs its code",
    "platform/src/tradewright/config/secrets.py": "a keyring raises what the system behind it raises",
    "platform/src/tradewright/simtest/campaign.py": "an agent that raises under faults is what is looked for",
    "platform/src/tradewright/cli/program.py": "the last resort: a bug must not look like a crash",
}

PRINTS = "platform/src/tradewright/cli/"
# A peer's script is not this project's code: vectorbt asks for compiled order functions.
NUMBA = re.compile(
    r"platform/src/tradewright/(engine|risk)/|(platform|plugins/[^/]+)/src/[^/]+/([^/]+/)?_kernels\.py$|(tests|plugins/[^/]+/tests)/"
    r"|benchmarks/peers/vectorbt/"
)


def broad(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches more than it can name."""
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except (ValueError, BaseException) as e:", True),
        ("except (ValueError, OSError):", False),
        ("except ExceptionGroup:", False),
    ],
)
def test_broad_when_given_a_handler_tells_whether_it_catches_all(code: str, expected: bool) -> None:
    tree = ast.parse(f"try:\n    pass\n{code}\n    pass\n")
    handler = next(node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))

    assert expected == broad(handler)


def test_broad_excepts_stand_only_at_the_fence(sources: dict[str, ast.Module]) -> None:
    """A permission that is no longer used fails as well."""
    found = {
        name
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and broad(node)
    }

    assert set(BROAD_EXCEPT) == found


def test_files_end_before_the_wall(root: Path, modules: dict[str, ast.Module]) -> None:
    lengths = {name: len((root / name).read_text("utf-8").splitlines()) for name in modules}

    assert {} == {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}


def test_functions_end_before_the_wall(modules: dict[str, ast.Module]) -> None:
    lengths = {
        f"{name}:{node.name}": body_lines(node)
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX}

    assert len(lengths) > 100
    assert {} == {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS}
    assert set(LONG_FUNCTIONS) <= set(long)


def test_no_module_imports_a_star(modules: dict[str, ast.Module]) -> None:
    stars = [
        name
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]

    assert [] == stars


def test_only_the_command_line_prints(sources: dict[str, ast.Module]) -> None:
    prints = [
        f"{name}:{node.lineno}"
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert [] == [place for place in prints if not place.startswith(PRINTS)]


def test_numba_is_imported_only_where_loops_are_compiled(modules: dict[str, ast.Module]) -> None:
    users = [name for name, tree in modules.items() if "numba" in imported(tree)]

    assert any(name.startswith("platform/src/tradewright/engine/") for name in users)
    assert [] == [name for name in users if not NUMBA.match(name)]
