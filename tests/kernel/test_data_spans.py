"""What is missing between the sessions that are kept and those that are wanted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fake_source import NOON
from tradewright.data.cached import Label
from tradewright.data.spans import Span, missing
from tradewright.values.instrument import Instrument


def label_of(asked_from: str | None, asked_to: str | None, first_on: str, last_on: str) -> Any:
    days = [None if day is None else date.fromisoformat(day) for day in (asked_from, asked_to, first_on, last_on)]
    return Label(
        feed="mine",
        question=dict.fromkeys(("source", "bar", "calendar", "adjustment"), "none"),
        plugin_version=None,
        asked_from=days[0],
        asked_to=days[1],
        fetched_at=NOON,
        first_on=days[2],  # type: ignore[arg-type]  # always given
        last_on=days[3],  # type: ignore[arg-type]  # likewise
        n_bars=1,
        instrument=Instrument(symbol="A"),
        fingerprint="",
    )


@pytest.mark.parametrize(
    ("kept_from", "span", "covered_to", "expected"),
    [
        (None, (None, None), 6, None),
        (None, (None, None), 5, ("2026-03-05", None)),
        (None, (None, "2026-03-05"), 5, None),
        (None, (None, "2026-03-06"), 5, ("2026-03-05", "2026-03-06")),
        (None, ("2026-03-01", "2026-03-04"), 5, None),
        ("2026-03-02", (None, None), 6, (None, None)),
        ("2026-03-02", (None, "2026-03-03"), 6, (None, "2026-03-05")),
        ("2026-03-02", ("2026-03-02", None), 6, None),
        ("2026-03-02", ("2026-03-01", None), 6, ("2026-03-01", None)),
        ("2026-03-02", ("2026-03-03", None), 6, None),
        ("2026-03-02", ("2026-03-01", "2026-12-31"), 6, ("2026-03-01", "2026-12-31")),
    ],
)
def test_missing_is_what_joins_kept_and_wanted(
    kept_from: str | None, span: tuple[str | None, str | None], covered_to: int, expected: Any
) -> None:
    """Prices up to the fifth are kept, and the sixth has closed."""
    asked = Span(*(None if day is None else date.fromisoformat(day) for day in span))
    label = label_of(kept_from, None, "2026-03-02", "2026-03-05")
    found = missing(label, asked, due=date(2026, 3, 6), covered_to=date(2026, 3, covered_to))

    wanted = None if expected is None else Span(*(None if d is None else date.fromisoformat(d) for d in expected))
    assert wanted == found
