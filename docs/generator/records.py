"""The list of decision records."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "explanation" / "decisions"


def records() -> str:
    """Return a link to each record, named by its heading."""
    pages = sorted(FOLDER.glob("[0-9]*.md"))
    titles = [page.read_text("utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    lines = [f"- [{title.replace('. ', ' ', 1)}]({page.name})" for title, page in zip(titles, pages, strict=True)]
    return "\n".join(["", *lines, "", ""])
