"""Tables of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a table with an empty line on both sides, as a comment beside it needs.

    >>> table(("a", "b"), [("x | y", "")])
    '\n| a | b |\n|---|---|\n| x \\| y | |\n\n'
    """
    lines = [head, *rows]
    written = ["|".join(["", *(f" {cell(text)} ".replace("  ", " ") for text in line), ""]) for line in lines]
    return "\n".join(["", written[0], "|---" * len(head) + "|", *written[1:], "", ""])


def cell(text: str) -> str:
    """Return `text` in one line, such that it cannot end its cell."""
    return " ".join(text.split()).replace("|", r"\|")


def code(text: str) -> str:
    """Return `text` as code, nothing for nothing."""
    return f"`{text}`" if text else ""
