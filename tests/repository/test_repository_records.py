"""Guards of the pages: decision records in sequence and in form, and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HEADINGS = ["Context", "Choice", "Price paid"]


@pytest.fixture
def records(root: Path) -> list[Path]:
    found = sorted((root / "docs/explanation/decisions").glob("[!R]*.md"))
    assert found
    return found


def test_decision_records_are_numbered_without_gaps(records: list[Path]) -> None:
    numbers = [re.match(r"(\d{4})-[a-z0-9-]+\.md$", path.name) for path in records]

    assert [f"{n:04}" for n in range(1, len(records) + 1)] == [match and match[1] for match in numbers]


def test_decision_records_say_context_choice_and_price(records: list[Path]) -> None:
    headings = {path.name: re.findall(r"^## (.+)$", path.read_text("utf-8"), flags=re.MULTILINE) for path in records}

    assert {path.name: HEADINGS for path in records} == headings


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_pages_name_only_make_targets_that_exist(root: Path, page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    text = (root / page).read_text("utf-8")
    # A command stands alone on its line, before a comment or a variable, or in backticks; prose does not.
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)(?=`| +#| [A-Z]+=|$)", text, flags=re.MULTILINE))

    assert named
    assert set() == named - targets
