"""The halt that somebody asks for: what stands in the memory, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING, RUNNING, BookView
from tradewright.risk.requested_halt import NAME, RULE, Parameters, halt_on_request

LOST = BookView(100.0, 0.1, 1.0, 1.0, 1.0, 0.0, 0)


@pytest.mark.parametrize(
    ("asked", "level"),
    [
        (math.nan, RUNNING),
        (-1.0, RUNNING),
        (0.0, RUNNING),
        (0.999, RUNNING),
        (1.0, REDUCING),
        (2.0, FLATTEN),
        (3.0, FREEZE),
        (4.0, FREEZE),
        (1e9, FREEZE),
    ],
)
def test_request_is_the_level_that_stands_in_the_memory(asked: float, level: int) -> None:
    halt = halt_on_request(LOST, Parameters(), np.array([asked]))

    assert (level, 1.0) == (halt.level, halt.keep)


def test_request_is_not_moved_by_what_the_book_has_lost() -> None:
    books = [LOST._replace(equity=equity, nav=nav) for equity, nav in ((1.0, 1.0), (0.0, 0.0), (-5.0, -5.0))]

    assert [RUNNING] * 3 == [halt_on_request(book, Parameters(), np.array([np.nan])).level for book in books]


def test_request_leaves_the_memory_as_it_is() -> None:
    memory = np.array([2.0])
    halt_on_request(LOST, Parameters(), memory)

    assert [2.0] == memory.tolist()


def test_rule_is_of_books_latched_and_remembers_one_number() -> None:
    assert ("requested-halt", "book", True, 1) == (NAME, RULE.phase, RULE.latched, RULE.memory)
    assert ((), ()) == (RULE.features, RULE.matrices)
