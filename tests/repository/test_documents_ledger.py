"""The page of the ledger: every kind and every column has its place, and figures in the text are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tradewright.ledger.canonical import BYTES_MAX, DEPTH_MAX, DIGITS_MAX
from tradewright.ledger.entry import Kind
from tradewright.ledger.lines import BATCH, FOLLOWED
from tradewright.ledger.projection import NUMBERS, PARTIES, TABLES


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/reference/ledger.md").read_text("utf-8")


def test_every_kind_is_told_as_what_it_is(page: str) -> None:
    found = dict(re.findall(r"^\| `([a-z]+)` \| (input|output) \|", page, flags=re.MULTILINE))

    assert {kind.value: "input" if kind.is_input else "output" for kind in Kind} == found


def test_every_table_is_told_with_its_key_and_columns(page: str) -> None:
    for table in TABLES:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{table.name}` |"))
        cells = [re.findall(r"`(\w+)`", cell) for cell in row.strip("|").split("|")]
        assert [table.name] == cells[0]
        assert list(table.key) == cells[1]
        assert list(table.fields) == cells[4]
    assert [] == [name for name in (*PARTIES, *NUMBERS, "at") if f"`{name}`" not in page]


def test_limits_in_the_text_are_those_of_the_code(page: str) -> None:
    text = " ".join(page.split())

    assert f"more than {DIGITS_MAX} digits on either side of the point, {DEPTH_MAX} levels or 1 MiB" in text
    assert 1 << 20 == BYTES_MAX
    assert f"added {BATCH} to a commit" in text
    assert f"`{FOLLOWED}`" in text
