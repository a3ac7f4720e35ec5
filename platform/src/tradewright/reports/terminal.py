"""A report for a person: the tree, laid out for a terminal or a file of text.

    halts -> what traded -> strategy beside buy-and-hold, and beside itself without limits -> charts
        -> each strategy -> behaviour -> money -> years and drawdowns -> rules -> warnings -> how to read it

Every number is one of the tree, which `--json` prints, so that the two cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.reports import halts, lines, notes, safety, tables
from tradewright.reports.behaviour import behaviour_lines, money_lines
from tradewright.reports.layout import GAP, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.reports.tree.part import Part
    from tradewright.reports.tree.report import Report

CUTS_SHOWN_MAX = 5

_NUMBER_COLUMN = 12
_LABEL_COLUMN = 21  # The longest name of a measure.
_CURVES_SHOWN_MIN = 4  # Strategy and benchmarks, as many as fit into 80 columns.
_YEAR_COLUMN = 26  # A year, two returns and a gap.


def text(
    report: Report,
    charts: Sequence[tuple[str, str]] = (),
    *,
    width: int,
    colour: bool = False,
    saved_to: str | None = None,
) -> str:
    """Return the report as lines of text.

    Args:
        report: What is said.
        charts: Titles and texts, already drawn in that width.
        width: Columns that a line may take.
        colour: Whether the text may hold colour codes.
        saved_to: Where the run is kept, None when it is not.
    """
    page = Page(width, colour=colour)
    _halts(page, report)
    _title(page, report)
    if report.until_halt is not None:
        page.heading("Until the first halt, where the run ends without --resume-after")
        _figures(page, report.until_halt)
        page.heading("The whole period, every halt lifted as listed above")
    _figures(page, report)
    _without_limits(page, report)
    for name, chart in charts:
        page.heading(name)
        page.raw(chart.rstrip("\n"))
    _strategies(page, report)
    page.pairs("Behaviour", behaviour_lines(report))
    page.pairs("Money", money_lines(report))
    _history(page, report)
    _rules(page, report)
    _cuts(page, report)
    passing = list(halts.passing_halts(report))
    if passing:
        page.pairs("Halts that ended by themselves", passing)
    page.points("Warnings", report.warnings, style="yellow")
    page.points("How to read it", list(notes.notes(report)), style="dim")
    _imprint(page, report, saved_to)
    return page.text()


def brief_text(report: Report, *, width: int, colour: bool = False, saved_to: str | None = None) -> str:
    """Return what must be known before anything else: halts, the figures, and every warning; as `text` has them."""
    page = Page(width, colour=colour)
    _halts(page, report)
    _title(page, report)
    _figures(page, report)
    _without_limits(page, report)
    page.points("Warnings", report.warnings, style="yellow")
    _imprint(page, report, saved_to)
    return page.text()


def _title(page: Page, report: Report) -> None:
    """Say what was played, and whether the signals behind it can be believed."""
    page.line(notes.title(report), "bold")
    if (trust := notes.trust(report.warnings)) is not None:
        page.line(trust, "yellow")


def _halts(page: Page, report: Report) -> None:
    """Lead with what a person would have to act on."""
    if report.without_limits is not None:
        page.line(report.without_limits.notice, "bold red")
        page.line()
    lifted = tables.lift_rows(report)
    standing = list(halts.halt_lines(report))
    for line in standing:
        page.line(line, "bold red")
    if lifted:
        times = "once" if len(lifted) == 1 else f"{len(lifted)} times"
        page.line(f"HALTED {times}, and lifted by the person whom --resume-after plays:", "bold yellow")
        page.table(lines.heads(tables.LIFTS), lifted, texts=lines.texts(tables.LIFTS), instead=((0, 1, 2),))
    if report.status == "no_trades":
        page.line("NO TRADES: nothing was bought or sold, so there is nothing to judge.", "bold yellow")
        for reason in report.net.no_trades:
            page.line(f"  {reason}.", "yellow")
    unpriced = list(notes.unpriced_lines(report))
    for line in unpriced:
        page.line(line, "bold yellow")
    if standing or lifted or unpriced or report.status == "no_trades":
        page.line()


def _figures(page: Page, part: Part | Report) -> None:
    page.line(notes.period(part), "dim")
    page.line()
    columns = tables.figure_columns(part)
    fewer = [range(n) for n in range(len(columns) - 1, _CURVES_SHOWN_MIN, -1)]
    shown = page.table(
        columns,
        tables.figure_rows(part),
        texts=1,
        width=_NUMBER_COLUMN,
        instead=(*fewer, (0, 1, 3), (0, 1)),
    )
    for line in (*tables.left_out(part, shown), *notes.figure_notes(part)):
        page.remark(line)


def _without_limits(page: Page, report: Report) -> None:
    """Tell what the limits cost and saved, when a comparison was asked for."""
    other = report.without_limits
    if other is None:
        return
    page.heading("What the limits cost and saved")
    page.table(safety.COLUMNS, safety.rows(report, other), texts=1, width=_NUMBER_COLUMN)
    page.line()
    page.line(safety.verdict(report, other))
    page.line(safety.left_out(other), "dim")


def _history(page: Page, report: Report) -> None:
    """Tell the years and the deepest falls, when there is more than one year and any fall."""
    abreast = max(1, min(tables.YEARS_ABREAST_MAX, page.width // _YEAR_COLUMN))
    falls = tables.fall_rows(report)
    if len(report.net.years) > 1:
        page.heading("Calendar years, beside buy and hold at 100 %")
        page.table(tables.year_columns(report, abreast), tables.year_rows(report, abreast), texts=0)
    if falls:
        page.heading("Deepest drawdowns")
        page.table(lines.heads(tables.FALLS), falls, texts=lines.texts(tables.FALLS), instead=((0, 1, 3),))


def _strategies(page: Page, report: Report) -> None:
    """Tell the parts of an account that has several, as many abreast as fit."""
    rows = report.net.strategies
    if len(rows) < 2:
        return
    page.heading("Each strategy, after costs, with its own part of the capital")
    column = max(_NUMBER_COLUMN, *(len(row.name) for row in rows)) + GAP
    abreast = max(1, (page.width - _LABEL_COLUMN - 2 * GAP) // column)
    for first in range(0, len(rows), abreast):
        some = rows[first : first + abreast]
        page.table(tables.strategy_columns(some), tables.strategy_rows(some), texts=1, width=_NUMBER_COLUMN)


def _rules(page: Page, report: Report) -> None:
    """Tell what each rule and check cut, and which of it a standing halt did."""
    halted = {halt.kind: halt for halt in reversed(halts.standing_halts(report))}
    rows = (tables.rule_row(rule, starred=rule.name in halted) for rule in report.rules)
    page.heading("What the rules cut")
    page.table(lines.heads(tables.RULES), rows, texts=lines.texts(tables.RULES), instead=((0, 1, 2, 3), (0, 1, 2)))
    for rule in report.rules:
        if rule.name in halted and rule.cuts:
            page.line(halts.cuts_of_halt(halted[rule.name]), "dim")


def _cuts(page: Page, report: Report) -> None:
    """Tell what the newest cuts of the daily-loss rule have saved or cost."""
    rows = tables.cut_rows(report, CUTS_SHOWN_MAX)
    if rows:
        page.heading(
            f"What the cuts of daily-loss saved, sessions later, {report.currency}; negative: what they cost"
        )
        page.table(
            lines.heads(tables.CUTS), rows, texts=lines.texts(tables.CUTS), instead=((0, 3, 4, 5, 6, 7), (0, 5, 7))
        )


def _imprint(page: Page, report: Report, saved_to: str | None) -> None:
    page.line()
    for line in notes.imprint(report, saved_to):
        page.line(line, "dim")
