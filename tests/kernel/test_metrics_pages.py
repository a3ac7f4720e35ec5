"""Every measure has its entry in the reference, and an example that runs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tradewright.metrics

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
MODULES = sorted(
    module.name for module in pkgutil.iter_modules(tradewright.metrics.__path__) if module.name[0] != "_"
)
COLUMNS = ["function", "formula", "unit", "None or edge", "source"]


def functions(module: str) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines."""
    found = importlib.import_module(f"tradewright.metrics.{module}")
    return {
        name: one
        for name, one in inspect.getmembers(found, inspect.isfunction)
        if one.__module__ == found.__name__ and not name.startswith("_")
    }


def entries(module: str) -> dict[str, list[str]]:
    """Return the cells of each row of the module's table, by the name of the function."""
    section = re.split(rf"^## {module}$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1].split("\n## ")[0]
    head, _, *rows = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" |")] for line in (head, *rows)]
    assert COLUMNS == cells[0]
    return {row[0].strip("` "): row for row in cells[1:]}


def test_reference_has_a_section_for_each_module() -> None:
    headings = re.findall(r"^## ([a-z]+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)

    assert MODULES == sorted(headings)


@pytest.mark.parametrize("module", MODULES)
def test_reference_has_an_entry_for_each_function_and_no_other(module: str) -> None:
    assert sorted(functions(module)) == sorted(entries(module))


@pytest.mark.parametrize("module", MODULES)
def test_entry_says_formula_and_unit(module: str) -> None:
    lacking = [name for name, row in entries(module).items() if len(row) != len(COLUMNS) or not (row[1] and row[2])]

    assert [] == lacking


@pytest.mark.parametrize("module", MODULES)
def test_function_has_an_example(module: str) -> None:
    assert [] == [name for name, one in functions(module).items() if ">>> " not in (one.__doc__ or "")]


def test_example_of_the_reference_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    *lines, last = code.strip().splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    ratio, interval = eval(last, names)

    assert interval.low < ratio < interval.high
