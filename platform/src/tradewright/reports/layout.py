"""Lines of a report in the making, for a terminal or a file of text: paragraphs, pairs, points and tables."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tradewright.reports.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH_MAX = 112
"""Longer lines are hard to read, however wide the terminal is."""

GAP = 2  # Blanks between two columns, and before the first one.


class Page:
    """Lines in the making; every text is taken literally, because it may come from a stranger."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self._file = StringIO()
        self.width = min(width, WIDTH_MAX)
        self._console = Console(
            file=self._file,
            width=self.width,
            color_system="standard" if colour else None,
            force_terminal=colour,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def line(self, content: str = "", style: str = "") -> None:
        """Add a paragraph."""
        self._console.print(Text(printable(content), style=style))

    def remark(self, content: str) -> None:
        """Add a paragraph to the table above it."""
        self._indented(Text(printable(content)))

    def raw(self, content: str) -> None:
        """Add lines that are as wide as they must be."""
        self._file.write(f"{content}\n")

    def heading(self, content: str) -> None:
        """Begin a part."""
        self.line()
        self.line(content, "bold")

    def pairs(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Add a part of names and what is said of them."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column()
        for name, said in rows:
            grid.add_row(name, Text(printable(said)))
        self.heading(title)
        self._indented(grid)

    def points(self, title: str, sentences: Sequence[str], style: str) -> None:
        """Add a part of sentences, or nothing when there is none."""
        if not sentences:
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style=style)
        grid.add_column()
        for line in sentences:
            grid.add_row("-", Text(printable(line), style=style if style == "dim" else ""))
        self.heading(title)
        self._indented(grid)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        texts: int,
        width: int = 0,
        instead: Sequence[Sequence[int]] = (),
    ) -> Sequence[int]:
        """Add a table, and return which of its columns are shown.

        Args:
            columns: Heads.
            rows: Cells.
            texts: How many of the first columns are text; the others are numbers.
            width: Least width of a column of numbers.
            instead: Choices of fewer columns where all of them do not fit: half a name says nothing.
        """
        cells = [[Text(printable(cell), no_wrap=True) for cell in row] for row in rows]
        for shown in (range(len(columns)), *instead):
            table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
            for i in shown:
                number = i >= texts
                table.add_column(
                    columns[i], justify="right" if number else "left", min_width=width if number else None
                )
            for row in cells:
                table.add_row(*(row[i] for i in shown if i < len(row)))
            if self._console.measure(table).maximum + GAP <= self.width:
                break
        # Even the fewest take what they need: a line that wraps is better than a number cut in two.
        width_of_page, self._console.width = self._console.width, WIDTH_MAX
        self._indented(table)
        self._console.width = width_of_page
        return shown

    def text(self) -> str:
        """Return the page without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._file.getvalue().strip("\n").splitlines())

    def _indented(self, content: Table | Text) -> None:
        self._console.print(Padding(content, (0, 0, 0, 2), expand=False))
