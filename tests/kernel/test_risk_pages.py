"""Every rule and check has its page, and page and code say the same of every option."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from engine_market import bounds_of
from tradewright.builtins import tradewright_risk_rules
from tradewright.config.fields import Range
from tradewright.config.wording import show

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
    page = REFERENCE / "rules" / f"{name}.md"

    assert page.read_text("utf-8").startswith(f"# {name}\n")
    assert [field.name for field in attrs.fields(SPECS[name].config)] == list(rows(page))


@pytest.mark.parametrize(("name", "key"), [pair for pair in OPTIONS if pair[0] in RULES])
def test_page_of_a_rule_says_what_the_code_does(name: str, key: str) -> None:
    _, unit, default, bounds, _ = rows(REFERENCE / "rules" / f"{name}.md")[key]
    field = option(name, key)

    if isinstance(field.default, str):
        assert (default, unit) == (field.default, "word")
        assert bounds.replace(", ", " | ") == field.metadata["bounds"]
        return
    assert float(default.replace(",", "")) == field.default
    assert unit == field.metadata["unit"]
    assert plain(bounds) == plain(bounds_of(field.metadata["range"]))


def plain(bounds: str) -> str:
    """Write every number the same way: 0.30 as 0.3."""
    return re.sub(r"\d+(\.\d+)?", lambda number: f"{float(number[0]):g}", bounds)


def test_pages_of_rules_are_those_of_the_rules_there_are() -> None:
    assert sorted(RULES) == sorted(page.stem for page in (REFERENCE / "rules").glob("*.md"))


def test_page_of_the_checks_has_a_row_for_each() -> None:
    assert list(rows(REFERENCE / "checks" / "README.md")) == CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_page_of_the_checks_says_what_the_code_does(name: str) -> None:
    line = rows(REFERENCE / "checks" / "README.md")[name][2]
    fields = attrs.fields(SPECS[name].config)
    if not fields:
        assert line == ""
        return
    (field,) = fields
    span: Range | None = field.metadata["range"]
    default = "" if field.default is attrs.NOTHING else f" ({show(field.default)})"
    bounds = "" if span is None else f", {plain(bounds_of(span))}"

    assert plain(line) == f"{field.name}{default}, {field.metadata['unit']}{bounds}"
