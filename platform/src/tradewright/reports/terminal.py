"""A report for a person: what `machine.report` says, laid out for a terminal or a file of text.

    halts -> what traded -> strategy beside buy-and-hold -> charts -> behaviour -> money -> years and drawdowns
        -> rules -> warnings -> how to read it

Every number is taken from the machine's report, so that the two cannot differ.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tradewright.reports import tables, wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH_MAX = 112
"""Longer lines are hard to read, however wide the terminal is."""

_NUMBER_COLUMN = 12


def text(
    report: dict[str, Any],
    charts: Sequence[tuple[str, str]] = (),
    *,
    width: int,
    colour: bool = False,
    saved_to: str | None = None,
) -> str:
    """Return the report as lines of text.

    Args:
        report: What `machine.report` returned.
        charts: Titles and texts, already drawn in that width.
        width: Columns that a line may take.
        colour: Whether the text may hold colour codes.
        saved_to: Where the run is kept, None when it is not.
    """
    page = _Page(width, colour=colour)
    _halts(page, report)
    page.line(_headline(report), "bold")
    if "until_halt" in report:
        page.heading("Until the first halt, where the run ends without --resume-after")
        _figures(page, report["until_halt"])
        page.heading("The whole period, every halt lifted as listed above")
    _figures(page, report)
    for name, chart in charts:
        page.heading(name)
        page.raw(chart.rstrip("\n"))
    page.pairs("Behaviour", wording.behaviour_lines(report))
    page.pairs("Money", wording.money_lines(report))
    _history(page, report)
    _rules(page, report["rules"])
    passing = list(wording.passing_halts(report))
    if passing:
        page.pairs("Halts that ended by themselves", passing)
    page.points("Warnings", report["warnings"], style="yellow")
    page.points("How to read it", list(wording.notes(report)), style="dim")
    _imprint(page, report, saved_to)
    return page.text()


class _Page:
    """Lines in the making; every text is taken literally, because it may come from a stranger."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self._file = StringIO()
        self._console = Console(
            file=self._file,
            width=min(width, WIDTH_MAX),
            color_system="standard" if colour else None,
            force_terminal=colour,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def line(self, content: str = "", style: str = "") -> None:
        """Add a paragraph."""
        self._console.print(Text(wording.printable(content), style=style))

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
            grid.add_row(name, Text(wording.printable(said)))
        self.heading(title)
        self._indented(grid)

    def points(self, title: str, lines: Sequence[str], style: str) -> None:
        """Add a part of sentences, or nothing when there is none."""
        if not lines:
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style=style)
        grid.add_column()
        for line in lines:
            grid.add_row("-", Text(wording.printable(line), style=style if style == "dim" else ""))
        self.heading(title)
        self._indented(grid)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int, width: int = 0) -> None:
        """Add a table whose first `texts` columns are text and whose others are numbers, at least so wide."""
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for i, name in enumerate(columns):
            number = i >= texts
            table.add_column(name, justify="right" if number else "left", min_width=width if number else None)
        for row in rows:
            table.add_row(*(Text(wording.printable(cell), no_wrap=True) for cell in row))
        # A table takes what it needs: on a narrow terminal a line that wraps is better than a column left out.
        width_of_page, self._console.width = self._console.width, WIDTH_MAX
        self._indented(table)
        self._console.width = width_of_page

    def text(self) -> str:
        """Return the page without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._file.getvalue().strip("\n").splitlines())

    def _indented(self, content: Table) -> None:
        self._console.print(Padding(content, (0, 0, 0, 2), expand=False))


def _halts(page: _Page, report: dict[str, Any]) -> None:
    """Lead with what a person would have to act on."""
    lifted = list(wording.lift_rows(report))
    standing = list(wording.halt_lines(report))
    for line in standing:
        page.line(line, "bold red")
    if lifted:
        times = "once" if len(lifted) == 1 else f"{len(lifted)} times"
        page.line(f"HALTED {times}, and lifted by the person whom --resume-after plays:", "bold yellow")
        page.table(("halted", "lifted", "rule", "book", "observed", "limit"), lifted, texts=4)
    if report["status"] == "no_trades":
        page.line("NO TRADES: nothing was bought or sold, so there is nothing to judge.", "bold yellow")
    if standing or lifted or report["status"] == "no_trades":
        page.line()


def _headline(report: dict[str, Any]) -> str:
    symbols = [symbol for feed in report["data"] for symbol in feed["symbols"]]
    return f"Backtest of {', '.join(report['config']['strategies'])} on {wording.listed(symbols)}"


def _figures(page: _Page, part: dict[str, Any]) -> None:
    page.line(wording.period(part), "dim")
    page.line()
    page.table(tables.figure_columns(part), tables.figure_rows(part), texts=1, width=_NUMBER_COLUMN)


def _history(page: _Page, report: dict[str, Any]) -> None:
    """Tell the years and the deepest falls, when there is more than one year and any fall."""
    years, falls = list(tables.year_rows(report)), list(tables.drawdown_rows(report))
    if len(report["net"].get("years", [])) > 1:
        page.heading("Calendar years, beside buy and hold at 100 %")
        page.table(tables.year_columns(report), years, texts=0)
    if falls:
        page.heading("Deepest drawdowns")
        page.table(("peak", "trough", "recovered", "depth", "sessions"), falls, texts=3, width=_NUMBER_COLUMN)


def _rules(page: _Page, rules: Sequence[dict[str, Any]]) -> None:
    page.heading("What the rules cut")
    page.table(("rule", "cuts", "bars bound", "notional cut", "first", "last"), map(tables.rule_row, rules), texts=1)


def _imprint(page: _Page, report: dict[str, Any], saved_to: str | None) -> None:
    page.line()
    for line in wording.imprint(report, saved_to):
        page.line(line, "dim")
