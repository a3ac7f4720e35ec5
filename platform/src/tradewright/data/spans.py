"""Ranges of sessions: what is wanted, what is kept, and what is missing between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import date

    from tradewright.data.cached import Label


@attrs.frozen
class Span:
    """A range of sessions, both included; None leaves that end open."""

    first_on: date | None = None
    last_on: date | None = None


def missing(label: Label, span: Span, *, due: date | None, covered_to: date) -> Span | None:
    """Return what to ask for, so that kept and asked sessions make one range; None when nothing is missing.

    Args:
        label: What is kept.
        span: What is wanted.
        due: Last session that has closed by now.
        covered_to: Last session that the kept file has told of, or could have.
    """
    if label.asked_from is not None and (span.first_on is None or span.first_on < label.asked_from):
        return Span(span.first_on, None if span.last_on is None else max(span.last_on, label.last_on))
    wanted_to = earlier(span.last_on, due)
    return None if wanted_to is None or covered_to >= wanted_to else Span(label.last_on, span.last_on)


def joined(label: Label, ask: Span) -> Span:
    """Return the range that the kept and the new bars cover together."""
    open_ended = label.asked_from is None or ask.first_on is None
    return Span(None if open_ended else earlier(label.asked_from, ask.first_on), ask.last_on)


def earlier(*days: date | None) -> date | None:
    """Return the earliest of the days that are known, None when none is."""
    return min((day for day in days if day is not None), default=None)
