"""Mistakes that are made on purpose: which there are, which are drawn, and that a test which notices one is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from judged_mutants import JUDGED
from mutation import draw, mutants

HERE = Path(__file__).parent
ORDER = '''\
"""What it is for, in 1 line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    LATER = 1


@attrs.frozen(kw_only=True)
class Order:
    """An order of 1 unit."""

    left: int = 2

    def __repr__(self) -> str:
        return "order" * 3

    def take(self, units: float) -> bool:
        """Take 1."""
        if not units:
            raise ValueError(f"units must not be {0}")
        self.left -= units
        self.told.append(units)
        return Status.OPEN if units < self.left and self.is_open else Status.ENDED
'''


def changes(source: str) -> list[str]:
    return [mutant.name.split(" | ")[-1] for mutant in mutants("order.py", source)]


def test_mistakes_of_a_file_are_in_what_it_does_and_nowhere_else() -> None:
    assert [
        "2 -> 3",
        "2 -> (1)",
        "not units -> (units)",
        "self.left -= units -> pass",
        "self.told.append(units) -> pass",
        "return Status.OPEN if units < self.left and self.is_open else Status.ENDED -> return False",
        "units < self.left and self.is_open -> (units < self.left or self.is_open)",
        "units < self.left -> (units <= self.left)",
        "Status.OPEN -> Status.ENDED",
        "Status.ENDED -> Status.OPEN",
    ] == changes(ORDER)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a == b", ["(a != b)"]),
        ("a < b <= c", ["(a <= b <= c)", "(a < b < c)"]),
        ("a is not None", ["(a is None)"]),
        ("a in b", ["(a not in b)"]),
        ("a or b", ["(a and b)"]),
        ("a - b * c", ["(a + b * c)", "(b / c)"]),
        ("-a", ["(a)"]),
        ("True", ["False"]),
        ("0.5", ["1.5", "(-0.5)"]),
        ("'text'", []),
        ("zip(a, b, strict=True)", ["pass"]),
        ("del a", ["pass"]),
        ("def f() -> list[int]:\n    return [*a]", ["return []"]),
        ("def f() -> None:\n    return a", ["return None"]),
        ("def f() -> bool:\n    return False", ["True"]),
    ],
)
def test_mistake_of_each_kind_is_what_is_easily_written(source: str, expected: list[str]) -> None:
    assert expected == [change.split(" -> ")[1] for change in changes(source)]


def test_mutant_is_the_source_with_its_mistake_alone() -> None:
    mutant = next(one for one in mutants("order.py", ORDER) if "told" in one.name)

    assert ORDER.replace("self.told.append(units)", "pass") == mutant.source
    assert "self.told.append(units)" == ORDER.splitlines()[mutant.line - 1].strip()


def test_drawn_mistakes_stay_drawn_when_lines_move_and_others_come() -> None:
    drawn = [one.name for one in draw({"order.py": ORDER}, 4, 1)]
    moved = draw({"order.py": f"# A comment.\n{ORDER}\n\nMORE = 7\n"}, 6, 1)

    assert drawn == [one.name for one in moved if one.name.endswith(("7 -> 8", "7 -> (6)")) is False][:4]
    assert drawn != [one.name for one in draw({"order.py": ORDER}, 4, 2)]


def test_judged_mistakes_still_exist_and_have_a_reason(root: Path) -> None:
    kernel = root / "platform/src/tradewright"
    files = {name.split(" ", 1)[0] for name in JUDGED}
    found = {one.name for file in files for one in mutants(file, (kernel / file).read_text("utf-8"))}

    assert set() == JUDGED.keys() - found
    assert all(reason.endswith(".") for reason in JUDGED.values())


@pytest.mark.parametrize(
    ("tests", "code", "counts"),
    [
        ("test_execute_budget.py", 0, "1 noticed, 0 judged to change nothing, 0 survived"),
        ("test_execute_client_id.py", 9, "0 noticed, 0 judged to change nothing, 1 survived"),
    ],
)
def test_mistake_is_noticed_by_tests_of_its_file_and_survives_others(tests: str, code: int, counts: str) -> None:
    command = [sys.executable, str(HERE / "mutants.py"), "--count", "1", "--only", "execute/budget.py Budget.spend"]
    ended = subprocess.run([*command, "--tests", tests], check=False, capture_output=True, text=True, timeout=600)

    assert (code, "") == (ended.returncode, ended.stderr)
    assert f"1 mutants: {counts}" in ended.stdout
