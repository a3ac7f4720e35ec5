"""The page of faults: each has its row, and every test and every bug that it names exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from tradewright.execute.faults import FAULTS

SPECIFIED = [f"F{number}" for number in range(1, 54)]
BUG = re.compile(r"\bbugs? ((?:`[a-z_]+`(?:, )?)+)")
TEST = re.compile(r"`(test_\w+)::(test_\w+)`")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/reference/faults.md").read_text("utf-8")


@pytest.fixture(scope="module")
def rows(page: str) -> dict[str, str]:
    """Return what proves each fault."""
    return dict(re.findall(r"^\| (F\d+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$", page, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def tests(root: Path) -> set[tuple[str, str]]:
    """Return every test of the kernel by its file and its name."""
    return {
        (path.stem, node.name)
        for folder in ("kernel", "system", "repository")
        for path in (root / "tests" / folder).glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_fault_has_one_row_with_a_test_or_is_called_open(page: str, rows: dict[str, str]) -> None:
    counts = Counter(re.findall(r"^\| (F\d+) \|", page, flags=re.MULTILINE))

    assert dict.fromkeys(SPECIFIED, 1) == dict(counts)
    assert set(SPECIFIED) == rows.keys()
    assert [] == [name for name, proof in rows.items() if not TEST.search(proof) and "Open: " not in proof]


def test_faults_that_are_simulated_are_called_so(rows: dict[str, str]) -> None:
    assert FAULTS.keys() == {name for name, proof in rows.items() if proof.startswith("simulated; ")}


def test_tests_of_the_page_exist(page: str, tests: set[tuple[str, str]]) -> None:
    named = set(TEST.findall(page))

    assert len(named) > 100
    assert set() == named - tests
    assert page.count("`test_") == len(TEST.findall(page)), "each is named as `file::test`"


def test_bugs_of_the_page_are_planted_and_each_is_named(page: str, root: Path) -> None:
    planted = ast.parse((root / "tests/kernel/planted_bugs.py").read_text("utf-8"))
    (bugs,) = (
        node.value
        for node in planted.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "BUGS"
    )
    assert isinstance(bugs, ast.Dict)
    keys = {key.id for key in bugs.keys if isinstance(key, ast.Name)}
    named = {name for some in BUG.findall(page) for name in re.findall(r"`([a-z_]+)`", some)}

    assert set() == named - keys
    assert {"sells_beside_a_stop"} >= keys - named
