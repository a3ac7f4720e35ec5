"""Which settings differ between two saved runs, and how briefly that can be said."""

from __future__ import annotations

from typing import Any

import pytest
from tradewright.reports.changes import changes, shortened


def test_changes_of_equal_settings_are_none() -> None:
    assert {} == changes({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}})


def test_changes_name_what_is_new_other_and_gone() -> None:
    before = {"seed": 7, "risk": {"limit": 0.1, "old": 1}, "symbols": ["A"]}
    after = {"seed": 7, "risk": {"limit": 0.2, "new": True}, "symbols": ["A", "B"]}

    assert {"risk.limit": 0.2, "risk.new": True, "symbols": ["A", "B"], "risk.old": None} == changes(before, after)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"strategies.trend.fast": 20}, "fast=20"),
        ({"seed": 8}, "seed=8"),
        ({"a.limit": 0.1, "b.limit": 0.2}, "a.limit=0.1, b.limit=0.2"),
        ({"data.x.symbols": ["SPX", "COMP"]}, "symbols=SPX, COMP"),
        ({"data.x.symbols": ["S" * 30]}, f"symbols={'S' * 21}..."),
        ({"a": 1, "b": 2, "c": 3, "d": None, "e": 5}, "a=1, b=2, c=3 and 2 more"),
        ({"x.limit": 1, "limit": 2}, "x.limit=1, limit=2"),
    ],
)
def test_changes_are_shortened_to_what_tells_them_apart(changed: dict[str, Any], said: str) -> None:
    assert said == shortened(changed)
