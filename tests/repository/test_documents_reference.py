"""The reference leaves nothing out: what the code registers has its place on a page, in the code's own words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import click
import pytest
import tradewright
from generator.commands import contexts
from generator.components import TABLES, specs
from generator.docstrings import signature
from generator.interface import PUBLIC, error_classes
from mkdocs.config import load_config
from tradewright.config import one_of
from tradewright.host import hookspecs

KINDS = ["data-source", "signal", "optimizer", "target-rule", "order-check"]
SPECS = [spec for kind in KINDS for spec in specs(kind)]
HOLD_TABLES = {
    "": {"plugins", "capital", "data", "instruments", "strategies", "risk", "checks", "execution", "venues", "costs"},
    "strategies": {"signals"},
}
KEYS = [
    (name, field)
    for name, cls in TABLES.items()
    for field in attrs.fields(cls)
    if field.name not in HOLD_TABLES.get(name, set()) | {"options"}
]
HEADINGS = {
    "": "## The top",
    "data": "## `[data.NAME]`",
    "instruments": "## `[instruments.SYMBOL]`",
    "strategies": "## `[strategies.NAME]`",
    "signals": "## `[strategies.NAME.signals.SIGNAL]`",
    "venues": "## `[venues.NAME]`",
}
PAGES = {
    "data-source": "docs/reference/sources.md",
    "signal": "plugins/{name}/README.md",
    "optimizer": "docs/reference/optimizers.md",
    "target-rule": "docs/reference/rules/{name}.md",
    "order-check": "docs/reference/checks/README.md",
}
COMMAND_PAGES = tuple(f"docs/reference/{name}.md" for name in ("cli", "backtest", "paper", "ledger", "simtest"))


@pytest.fixture(scope="module")
def page(root: Path) -> Any:
    return lambda name: (root / name).read_text("utf-8")


def rows(text: str) -> list[str]:
    """Return the first cell of every row of a table, without links and code marks."""
    return [cell.strip("`") for cell in re.findall(r"^\| \[?(`[^|\]]+`)", text, flags=re.MULTILINE)]


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level."""
    marks = heading.split(maxsplit=1)[0]
    return text.split(f"\n{heading}\n", 1)[1].split(f"\n{marks} ", maxsplit=1)[0]


# ---- nothing is stale, nothing is left out of the site ------------------------------------------------------


def test_generated_parts_are_what_the_code_says(root: Path) -> None:
    pages = [
        path for path in root.glob("**/*.md") if "[[[cog" in path.read_text("utf-8") and ".venv" not in path.parts
    ]
    prologue = "import cog; from generator import *"
    command = [sys.executable, "-m", "cogapp", "--check", "--verbosity=1", "-p", prologue, *map(str, pages)]
    done = subprocess.run(command, cwd=root / "docs", capture_output=True, text=True, check=False)

    assert len(pages) > 20
    assert 0 == done.returncode, f"run make reference\n{done.stdout}{done.stderr}"


def test_navigation_names_every_page(root: Path, files: list[str]) -> None:
    """The strict build says so too, but this needs no build."""

    def named(entry: Any) -> list[str]:
        inner = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else None
        return [entry] if inner is None else [name for one in inner for name in named(one)]

    nav = [name for name in named(load_config(str(root / "mkdocs.yml")).nav) if not name.startswith("project/")]
    plugins = [
        f"reference/plugins/{name.split('/')[1]}.md" for name in files if re.match(r"plugins/[^/]+/README.md$", name)
    ]
    pages = [name.removeprefix("docs/") for name in files if re.match(r"docs/.*\.md$", name)]

    assert sorted([*pages, *plugins]) == sorted(nav)


# ---- plugins.toml ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "key"), [pytest.param(name, key, id=f"{name}.{key.name}") for name, key in KEYS])
def test_key_has_its_words_and_its_row(page: Any, name: str, key: attrs.Attribute[Any]) -> None:
    text = section(page("docs/reference/configuration.md"), HEADINGS.get(name, f"## `[{name}]`"))

    assert key.metadata.get("doc")
    assert key.name in rows(text)


def test_tables_of_the_file_have_their_sections(page: Any) -> None:
    headings = re.findall(r"^## `\[([a-z]+)", page("docs/reference/configuration.md"), flags=re.MULTILINE)

    assert HOLD_TABLES[""] == set(headings)


# ---- components ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind} {spec.name}")
def test_component_has_its_place_with_every_option(page: Any, spec: Any) -> None:
    text = page(PAGES[spec.kind].format(name=spec.name))
    options = [field.name for field in attrs.fields(spec.config)]
    own = section(text, f"## `{spec.name}`") if spec.kind == "data-source" else text
    own = section(text, f"### `{spec.name}`") if spec.kind == "order-check" and options else own

    assert spec.summary
    assert f"`{spec.name}`" in text or text.startswith(f"# {spec.name}\n")
    assert set(options) <= set(rows(own))
    assert [] == [field.name for field in attrs.fields(spec.config) if not field.metadata.get("doc")]


# ---- the command line ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", contexts())
def test_command_has_its_section_with_every_option(page: Any, name: str) -> None:
    context = contexts()[name]
    usage = " ".join(["usage:", name, *context.command.collect_usage_pieces(context)])
    text = next(text for text in map(page, COMMAND_PAGES) if f"\n{usage}\n" in text)
    table = text.split(f"\n{usage}\n")[1].split("[[[end]]]")[0]
    options = [one for one in context.command.params if isinstance(one, click.Option)]

    assert [] == [one.name for one in options if not one.help]
    assert [] == [one.name for one in options if f"| `{one.opts[0]}" not in table]


# ---- Python ----------------------------------------------------------------------------------------------------


def test_hooks_have_their_entries(page: Any) -> None:
    found = [name for name in vars(hookspecs) if name.startswith("tradewright_")]

    assert len(found) >= 5
    assert found == re.findall(r"^### `(\w+)`$", page("docs/reference/hooks.md"), flags=re.MULTILINE)


def test_errors_have_their_rows_and_exit_codes_their_meaning(page: Any) -> None:
    text = page("docs/reference/errors.md")
    codes = {str(error.exit_code) for error in error_classes()}

    assert {error.__name__ for error in error_classes()} == set(rows(text))
    assert codes <= set(re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE))


def test_every_error_of_the_kernel_is_known_to_the_page(sources: dict[str, ast.Module]) -> None:
    """The page's list is made from three modules; an error of a fourth would be left out."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in sources.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    derived = {"TradewrightError"}
    for _ in bases:
        derived |= {name for name, above in bases.items() if above & derived}

    assert {error.__name__ for error in error_classes()} == derived - {"TradewrightError"}


def test_plugins_and_templates_import_what_is_public(root: Path, files: list[str]) -> None:
    texts = [name for name in files if re.match(r"plugins/[^/]+/src/|platform/src/tradewright/scaffold/", name)]
    found = {
        module
        for name in texts
        if name.endswith((".py", ".jinja")) and not name.endswith(("names.py", "project.py"))
        for module in re.findall(r"^\s*(?:from|import) (tradewright[\w.]*)", (root / name).read_text(), re.MULTILINE)
    }

    assert len(found) > 6
    assert set() == {module for module in found if not module.startswith("tradewright_")} - PUBLIC.keys()


def test_public_modules_have_their_section(page: Any) -> None:
    text = page("docs/reference/python.md")

    assert [] == [name for name in PUBLIC if name != "tradewright.testing" and f"\n## `{name}`\n" not in text]


def test_signature_of_words_keeps_its_star() -> None:
    assert "one_of(*words: str, default:" in signature(one_of)


def test_names_for_plugins_have_their_entries(page: Any) -> None:
    entries = re.findall(r"^### `(\w+)`$", page("docs/reference/python.md"), flags=re.MULTILINE)

    assert {*tradewright.__all__} - {"hookimpl"} <= set(entries)
