"""The page of one bar names what there is: modules, functions and tests, in its text and in its picture."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from generator.one_bar import PICTURE, STEPS, Step, drawn, shown
from tradewright.live.outlook import ROWS_MIN, WINDOWS_KEPT
from tradewright.live.parity import TOLERANCE

PAGE = "docs/explanation/one-bar.md"
FILE = re.compile(r"[\w/]+/[\w/]+\.py")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
CALLS = [step for step in STEPS if step.both]


@pytest.fixture(scope="module")
def spans(root: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", (root / PAGE).read_text("utf-8"))


@pytest.fixture(scope="module")
def kernel(root: Path) -> Path:
    return root / "platform/src/tradewright"


def defined(source: Path) -> set[str]:
    """Return the names that a module defines: functions, classes, `Class.method`, constants."""
    found: set[str] = set()
    for node in ast.parse(source.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def module(kernel: Path, dotted: str) -> Path:
    return kernel / f"{dotted.replace('.', '/')}.py"


# ---- the picture -----------------------------------------------------------------------------------------------


def test_picture_of_a_bar_is_drawn_from_its_steps() -> None:
    assert PICTURE.read_text("utf-8") == drawn(), "run make reference"


def test_every_name_of_the_picture_is_in_its_module(kernel: Path) -> None:
    names = {one for step in STEPS for part in (step.backtest, step.both, step.paper) for one in part}

    assert len(names) > 40
    assert [] == [f"{where}.{name}" for where, name in sorted(names) if name not in defined(module(kernel, where))]


@pytest.mark.parametrize("step", CALLS, ids=lambda step: step.title.split(":")[0])
def test_every_arrow_of_the_picture_is_a_call(kernel: Path, step: Step) -> None:
    """A module of each side calls what stands in the middle."""
    called = [name.split(".")[-1] for _, name in step.both]
    for side in (step.backtest, step.paper):
        told = " ".join(module(kernel, where).read_text("utf-8") for where, _ in side)
        assert [] == [name for name in called if not re.search(rf"\b{name}\(", told)]


def test_text_of_the_picture_can_be_read_and_lies_within_it() -> None:
    picture = ET.fromstring(drawn())
    sizes = [int(size) for size in re.findall(r"font: (?:\d+ )?(\d+)px", drawn())]
    _, _, width, height = map(int, picture.attrib["viewBox"].split())
    boxes = [one.attrib for one in picture.iter() if one.tag.endswith("rect")]
    longest = max(len(shown(*one)) for step in STEPS for part in step[1:] for one in part)

    assert min(sizes) >= 12
    assert width <= 720, "wider pictures are shown smaller, and their text with them"
    assert all(int(box["x"]) + int(box["width"]) <= width for box in boxes)
    assert all(int(box["y"]) + int(box["height"]) <= height for box in boxes)
    assert longest * 8.43 <= int(boxes[1]["width"]), "14 px of a monospaced font are 8.43 px wide"


# ---- the page --------------------------------------------------------------------------------------------------


def test_every_file_that_the_page_names_exists(root: Path, kernel: Path, spans: list[str]) -> None:
    named = {span for span in spans if FILE.fullmatch(span)}
    there = {name for name in named if (kernel / name).is_file() or (root / name).is_file()}

    assert len(named) > 10
    assert [] == sorted(named - there)


def test_every_function_that_the_page_names_exists(kernel: Path, spans: list[str]) -> None:
    """In a module that the page or its picture names; `gate.release` is the name of a module and one of its own."""
    files = {kernel / span for span in spans if FILE.fullmatch(span) and (kernel / span).is_file()}
    files |= {module(kernel, where) for step in STEPS for part in step[1:] for where, _ in part}
    known = {name for file in files for name in defined(file)}
    known |= {f"{file.stem}.{name}" for file in files for name in defined(file)}
    named = {span for span in spans if NAME.fullmatch(span)}

    assert len(named) > 30
    assert [] == sorted(named - known)


def test_numbers_of_the_page_are_those_of_the_code(root: Path) -> None:
    text = " ".join((root / PAGE).read_text("utf-8").split())

    assert f"at least N rows: {ROWS_MIN:,} (`ROWS_MIN`), or {WINDOWS_KEPT} times (`WINDOWS_KEPT`)" in text
    assert f"within {TOLERANCE:.0e} of max(1, |x|)".replace("e-09", "e-9") in text


def test_page_shows_its_picture_and_the_navigation_has_both(root: Path) -> None:
    assert "](../images/one-bar.svg)" in (root / PAGE).read_text("utf-8")
    assert "explanation/one-bar.md" in (root / "mkdocs.yml").read_text("utf-8")
