"""The page of the house shows the rooms that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from generator.house import PICTURE, House, drawn, house


@pytest.fixture(scope="module")
def found() -> House:
    return house()


def test_picture_shows_the_imports_of_today(found: House) -> None:
    assert PICTURE.read_text("utf-8") == drawn(found), "run make reference"


def test_every_room_has_its_floor_and_its_paragraph(root: Path, found: House) -> None:
    text = (root / "docs/explanation/architecture.md").read_text("utf-8")
    rooms = [name for row in found.rows for name in row]

    assert sorted(found.modules) == sorted(rooms)
    assert sorted(rooms) == sorted(re.findall(r"^### `(\w+)`$", text, flags=re.MULTILINE))


def test_every_arrow_leads_down(found: House) -> None:
    floor = {name: number for number, row in enumerate(found.rows) for name in row}

    assert len(found.arrows) > 50
    assert [] == [(one, other) for one, other in found.arrows if floor[one] >= floor[other]]
