"""The page of paper trading: what it tells of the ledger, of JSON and of the comparison is the code's."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tradewright.cli import paper
from tradewright.execute import orders
from tradewright.ledger.entry import Kind
from tradewright.live import checkpoint, entries
from tradewright.live.parity import NAMED_MAX, TOLERANCE, Difference, Parity

DIFFERENCE = Difference(
    what="stop", at=datetime(2018, 6, 1, tzinfo=UTC), strategy="trend", symbol="SPX", backtest=1.0, paper=2.0
)
PARITY = Parity(bars=1, orders=1, fills=1, differing=1, differences=(DIFFERENCE,), money=0.0)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/reference/paper.md").read_text("utf-8")


def section(page: str, heading: str) -> str:
    return page.split(f"\n{heading}\n", 1)[1].split("\n## ", maxsplit=1)[0].split("\n### ", maxsplit=1)[0]


def test_kinds_of_the_page_are_written_by_the_agent(page: str) -> None:
    listed = set(re.findall(r"^\| `([a-z]+)` \|", section(page, "## The ledger of a replay"), flags=re.MULTILINE))
    sources = inspect.getsource(entries) + inspect.getsource(checkpoint)
    written = set(re.findall(r"\bKind\.([A-Z]+)\b", sources))
    told = {kind.value for kind in Kind if kind.name in written}
    # The order protocol names its kinds in words, which `entries.said` hands on.
    told |= {kind.value for kind in Kind if f'"{kind.value}"' in inspect.getsource(orders)}

    assert len(listed) > 10
    assert set() == listed - told


def test_fields_of_the_json_have_their_rows(page: str) -> None:
    fields = paper.parity_fields(PARITY)
    text = section(page, "### JSON")
    rows = {name for cell in re.findall(r"^\| (`[^|]+`) \|", text, flags=re.MULTILINE) for name in cell.split(", ")}
    names = {name.strip("`").removesuffix("[]") for name in rows}

    assert {*fields, *fields["differences"][0]} == names
    assert f"`schema, {', '.join(fields)}[{{{', '.join(fields['differences'][0])}}}]`" in text


def test_numbers_of_the_page_are_those_of_the_comparison(page: str) -> None:
    text = " ".join(page.split())

    assert f"the first {NAMED_MAX} differences follow" in text
    assert f"the first {NAMED_MAX} of them, oldest first" in text
    assert 1e-9 == TOLERANCE
    assert "Two numbers are equal within 1e-9 of max(1, |x|)" in text
