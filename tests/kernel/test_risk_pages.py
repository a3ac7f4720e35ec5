"""Every rule and check has its page, and every option its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from tradewright.builtins import tradewright_risk_rules

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SPECS = {spec.name: spec for spec in tradewright_risk_rules()}
RULES = [name for name, spec in SPECS.items() if spec.kind == "target-rule"]
CHECKS = [name for name, spec in SPECS.items() if spec.kind == "order-check"]
OPTIONS = [(name, field.name) for name, spec in SPECS.items() for field in attrs.fields(spec.config)]


def option(name: str, key: str) -> attrs.Attribute[Any]:
    return attrs.fields_dict(SPECS[name].config)[key]


def rows(page: Path) -> dict[str, list[str]]:
    """Return the cells of each row of the page's tables, without code marks, by the first cell."""
    found = {}
    for line in page.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.replace("`", "").strip("|").split(" |")]
            found[cells[0]] = [cell.strip() for cell in cells]
    return found


@pytest.mark.parametrize(("name", "key"), OPTIONS)
def test_option_says_what_it_is_and_in_which_unit(name: str, key: str) -> None:
    about = option(name, key).metadata
    words = isinstance(option(name, key).default, str)

    assert about["doc"]
    assert about["unit"] or words


@pytest.mark.parametrize("name", RULES)
def test_page_of_a_rule_has_a_row_for_each_option(name: str) -> None:
    """What the row says is filled in from the code."""
    page = REFERENCE / "rules" / f"{name}.md"

    assert page.read_text("utf-8").startswith(f"# {name}\n")
    assert [field.name for field in attrs.fields(SPECS[name].config)] == list(rows(page))


def test_pages_of_rules_are_those_of_the_rules_there_are() -> None:
    pages = [page.stem for page in (REFERENCE / "rules").glob("*.md")]

    assert sorted([*RULES, "README"]) == sorted(pages)


def test_page_of_the_checks_has_a_row_for_each() -> None:
    assert list(rows(REFERENCE / "checks" / "README.md"))[: len(CHECKS)] == CHECKS
