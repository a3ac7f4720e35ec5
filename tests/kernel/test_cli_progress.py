"""The progress bar: for a person who watches, and at once."""

from __future__ import annotations

import io
import sys

import pytest
from tradewright.cli.progress import progress_bar


class Terminal(io.StringIO):
    """Stderr of somebody who watches."""

    def isatty(self) -> bool:
        return True


def test_progress_bar_shows_each_stage_as_soon_as_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short a stage is; between two stages pictures come at their own pace."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar() as show:
        assert show is not None
        show("data", 0, 1)
        assert "reading prices" in terminal.getvalue()
        show("compile", 0, 1)
        assert "compiling this set of rules" in terminal.getvalue()


def test_progress_bar_of_an_unknown_stage_shows_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as show:
        assert show is not None
        show("fetching indices SPX", 0, 2)

        assert "fetching indices SPX" in terminal.getvalue()


def test_progress_bar_that_nobody_watches_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar() as show:
        assert show is None
