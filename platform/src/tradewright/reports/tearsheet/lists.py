"""The tables of a tearsheet as rows of text, from the report and the panels; the page lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from tradewright.config.wording import dotted, show
from tradewright.reports import lines, safety, tables
from tradewright.reports.lines import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tradewright.reports.tearsheet.contributions import Row
    from tradewright.reports.tearsheet.panels import Panels
    from tradewright.reports.tree.comparison import WithoutLimits
    from tradewright.reports.tree.part import Part
    from tradewright.reports.tree.report import Report

HEAT_FULL = 0.08
"""Return of a month, or a third of a year's, at which its colour is deepest."""

CUTS_SHOWN_MAX = 250

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@attrs.frozen
class Table:
    """A table of text.

    Attributes:
        caption: What it shows, with net or gross and the currency.
        heads: One per column.
        rows: Cells.
        texts: How many of the first columns are text; the others are numbers, aligned to the right.
        totals: Whether the last row sums the others.
        sortable: Whether a click on a head sorts it.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    totals: bool = False
    sortable: bool = False


class Cell(NamedTuple):
    """A cell of the heat map: its text, `up`, `down` or nothing, and how deep its colour is, 0 to 1."""

    text: str
    sign: str
    depth: float


def listed(caption: str, columns: Sequence[Line], things: Iterable[Any], *, sortable: bool = False) -> Table:
    """Return a table of things, a row each."""
    rows = [lines.cells(columns, thing) for thing in things]
    return Table(caption, lines.heads(columns), rows, texts=lines.texts(columns), sortable=sortable)


def figures(part: Part | Report) -> Table:
    """Return strategy net and gross beside its benchmarks."""
    heads = [head.replace("\n", " ") for head in tables.figure_columns(part)]
    caption = "Net is after all costs, gross before them; the benchmarks pay none"
    return Table(caption, ["measure", *heads[1:]], list(tables.figure_rows(part)))


def without_limits(report: Report, other: WithoutLimits) -> Table:
    """Return the run beside the same file without its limits."""
    heads = [head.replace("\n", " ") for head in safety.COLUMNS]
    caption = "What the limits cost and saved, net of all costs; nobody may trade what stands to the right"
    return Table(caption, ["measure", *heads[1:]], list(safety.rows(report, other)))


def lifts(report: Report) -> Table:
    """Return the halts that a simulated person lifted."""
    caption = "Halts lifted by the person whom --resume-after plays"
    return Table(caption, lines.heads(tables.LIFTS), tables.lift_rows(report), texts=lines.texts(tables.LIFTS))


def falls(report: Report) -> Table:
    """Return the deepest drawdowns."""
    caption = "Deepest drawdowns, net"
    return Table(caption, lines.heads(tables.FALLS), tables.fall_rows(report), texts=lines.texts(tables.FALLS))


def cuts(report: Report) -> Table:
    """Return what the cuts of the daily-loss rule came to; the last row is all of them."""
    rows = tables.cut_rows(report, CUTS_SHOWN_MAX)
    caption = f"What the cuts of daily-loss saved, sessions later, in {report.currency}; negative: what they cost"
    return Table(caption, lines.heads(tables.CUTS), rows, texts=lines.texts(tables.CUTS), totals=True)


def rules(report: Report) -> Table:
    """Return what each rule cut."""
    caption = "What the rules and checks cut, over the whole run"
    return Table(caption, lines.heads(tables.RULES), [tables.rule_row(rule) for rule in report.rules])


PARTS = (
    Line("prices", "money", "parts.prices"),
    Line("dividends", "money", "parts.dividends"),
    Line("slippage", "paid", "parts.slippage"),
    Line("fees", "paid", "parts.fees"),
    Line("borrow", "paid", "parts.borrow"),
    Line("interest", "money", "parts.interest"),
)
PROFIT = Line("profit", "money", "total")


def contributors(whose: str, rows: Sequence[Row], currency: str) -> Table:
    """Return who earned what; the last row is the profit."""
    whole = all(row.parts is not None for row in rows)
    # A column in which nobody has anything is left out.
    parts = [line for line in PARTS if whole and any(line.value(row) for row in rows)]
    columns = (Line(whose, "text", "name"), *parts, PROFIT)
    sums = [lines.UNITS[one.unit](sum(one.value(row) for row in rows)) for one in columns[1:]]
    caption = f"Profit by {whose}, net, in {currency}"
    rows_of_text = [*(lines.cells(columns, row) for row in rows), ("together", *sums)]
    return Table(caption, lines.heads(columns), rows_of_text, totals=True)


TRIPS = (
    Line("closed", "text", "closed_on"),
    Line("opened", "text", "opened_on"),
    Line("book", "text", "book"),
    Line("symbol", "text", "symbol"),
    Line("side", "text", "side"),
    Line("sessions", "count", "sessions"),
    Line("invested", "money", "invested"),
    Line("profit", "money", "profit"),
    Line("of invested", "percent", "of_invested"),
)


def trips(panels: Panels, currency: str) -> Table:
    """Return the round trips."""
    shown = len(panels.trips)
    many = f"the newest {shown:,} of {panels.n_trips:,}" if shown < panels.n_trips else f"{shown:,}"
    caption = f"Round trips, flat to flat, {many}; profit net of fees and slippage, in {currency}"
    return listed(caption, TRIPS, panels.trips, sortable=True)


def settings(report: Report) -> Table:
    """Return every effective setting."""
    rows = [(dotted(path), value) for path, value in _flat(report.config)]
    return Table("Every setting that was in force", ("key", "value"), rows, texts=2)


def versions(report: Report) -> Table:
    """Return what computed the result."""
    rows = [(dotted(path), value) for path, value in _flat(report.versions)]
    return Table("Versions that computed it", ("part", "version"), rows, texts=2)


FEEDS = (
    Line("feed", "text", "name"),
    Line("source", "text", "source"),
    Line("symbols", "texts", "symbols"),
    Line("first", "day", "first_on"),
    Line("last", "day", "last_on"),
    Line("adjustment", "text", "adjustment"),
    Line("SHA-256", "digits", "fingerprint"),
    Line("bars", "count", "bars"),
)


def data(report: Report) -> Table:
    """Return what each feed brought."""
    return listed("Data", FEEDS, report.data)


def heat(report: Report) -> list[tuple[str, list[Cell], Cell]]:
    """Return a row per year, newest first: the year, its months, and the whole of it."""
    return [
        (str(year.year), [_cell(month, HEAT_FULL) for month in year.months], _cell(year.total, 3.0 * HEAT_FULL))
        for year in reversed(report.net.years)
    ]


def _cell(value: float | None, full: float) -> Cell:
    if value is None:
        return Cell("", "", 0.0)
    sign = "up" if value > 0.0 else "down" if value < 0.0 else ""
    return Cell(f"{round(100.0 * value, 1) + 0.0:.1f}", sign, round(min(abs(value) / full, 1.0), 2))


def _flat(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), ", ".join(map(str, value)) if isinstance(value, list | tuple) else _plain(value)


def _plain(value: object) -> str:
    """Write a setting as it stands in TOML, but texts as they are."""
    return value if isinstance(value, str) else "-" if value is None else show(value)
