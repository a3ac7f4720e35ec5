"""The tables of a tearsheet as rows of text, from the machine's report and the panels; the page lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from tradewright.config.wording import dotted, show
from tradewright.reports import tables
from tradewright.reports.halts import lift_rows
from tradewright.reports.plain import money as cents
from tradewright.reports.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.reports.tearsheet.contributions import Row
    from tradewright.reports.tearsheet.panels import Panels

HEAT_FULL = 0.08
"""Return of a month, or a third of a year's, at which its colour is deepest."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@attrs.frozen(kw_only=True)
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


def figures(part: dict[str, Any]) -> Table:
    """Return strategy net and gross beside its benchmarks."""
    heads = [head.replace("\n", " ") for head in tables.figure_columns(part)]
    caption = "Net is after all costs, gross before them; the benchmarks pay none"
    return Table(caption=caption, heads=["measure", *heads[1:]], rows=list(tables.figure_rows(part)))


def lifts(report: dict[str, Any]) -> Table:
    """Return the halts that a simulated person lifted."""
    heads = ("halted", "lifted", "rule", "book", "observed", "limit")
    caption = "Halts lifted by the person whom --resume-after plays"
    return Table(caption=caption, heads=heads, rows=list(lift_rows(report)), texts=4)


def falls(report: dict[str, Any]) -> Table:
    """Return the deepest drawdowns."""
    heads = ("peak", "trough", "recovered", "depth", "sessions")
    return Table(caption="Deepest drawdowns, net", heads=heads, rows=list(tables.drawdown_rows(report)), texts=3)


def rules(report: dict[str, Any]) -> Table:
    """Return what each rule cut."""
    heads = ("rule", "cuts", "bars bound", f"notional cut, {report['currency']}", "first", "last")
    caption = "What the rules and checks cut, over the whole run"
    return Table(caption=caption, heads=heads, rows=[tables.rule_row(rule) for rule in report["rules"]])


def contributors(whose: str, rows: Sequence[Row], currency: str) -> Table:
    """Return who earned what; the last row is the profit."""
    parts = [row for row in rows if row.parts is not None]
    cells: list[tuple[str, ...]] = [(row.name, _money(row.total)) for row in rows]
    heads = [whose, "profit"]
    if len(parts) == len(rows):
        names = ("prices", "dividends", "slippage", "fees", "borrow", "interest")
        # A column in which nobody has anything is left out.
        kept = [name for name in names if any(getattr(row.parts, name) for row in rows)]
        signs = {"slippage": -1.0, "fees": -1.0, "borrow": -1.0}
        values = [[signs.get(name, 1.0) * getattr(row.parts, name) for name in kept] for row in rows]
        cells = [(cell[0], *map(_money, value), cell[1]) for cell, value in zip(cells, values, strict=True)]
        heads = [whose, *kept, "profit"]
        sums = [_money(sum(column)) for column in zip(*values, strict=True)]
    else:
        sums = []
    last = ("together", *sums, _money(sum(row.total for row in rows)))
    caption = f"Profit by {whose}, net, in {currency}"
    return Table(caption=caption, heads=heads, rows=[*cells, last], totals=True)


def trips(panels: Panels, currency: str) -> Table:
    """Return the round trips."""
    heads = ("closed", "opened", "book", "symbol", "side", "sessions", "invested", "profit", "of invested")
    rows = [
        (
            *(trip.closed_on, trip.opened_on, trip.book, trip.symbol, trip.side, f"{trip.sessions:,}"),
            *(_money(trip.invested), _money(trip.profit)),
            percent(trip.profit / trip.invested) if trip.invested else "-",
        )
        for trip in panels.trips
    ]
    many = f"the newest {len(rows):,} of {panels.n_trips:,}" if len(rows) < panels.n_trips else f"{len(rows):,}"
    caption = f"Round trips, flat to flat, {many}; profit net of fees and slippage, in {currency}"
    return Table(caption=caption, heads=heads, rows=rows, texts=5, sortable=True)


def settings(report: dict[str, Any]) -> Table:
    """Return every effective setting."""
    rows = [(dotted(path), value) for path, value in _flat(report["config"])]
    return Table(caption="Every setting that was in force", heads=("key", "value"), rows=rows, texts=2)


def versions(report: dict[str, Any]) -> Table:
    """Return what computed the result."""
    rows = [(dotted(path), value) for path, value in _flat(report["versions"])]
    return Table(caption="Versions that computed it", heads=("part", "version"), rows=rows, texts=2)


def data(report: dict[str, Any]) -> Table:
    """Return what each feed brought."""
    rows = [
        (
            *(feed["name"], feed["source"], ", ".join(feed["symbols"]), feed["first_on"], feed["last_on"]),
            *(feed["adjustment"], feed["fingerprint"][:16], f"{feed['bars']:,}"),
        )
        for feed in report["data"]
    ]
    heads = ("feed", "source", "symbols", "first", "last", "adjustment", "SHA-256", "bars")
    return Table(caption="Data", heads=heads, rows=rows, texts=7)


def heat(report: dict[str, Any]) -> list[tuple[str, list[Cell], Cell]]:
    """Return a row per year, newest first: the year, its months, and the whole of it."""
    return [
        (
            str(year["year"]),
            [_cell(month, HEAT_FULL) for month in year["months"]],
            _cell(year["total"], 3.0 * HEAT_FULL),
        )
        for year in reversed(report["net"]["years"])
    ]


def _cell(value: float | None, full: float) -> Cell:
    if value is None:
        return Cell("", "", 0.0)
    sign = "up" if value > 0.0 else "down" if value < 0.0 else ""
    return Cell(f"{round(100.0 * value, 1) + 0.0:.1f}", sign, round(min(abs(value) / full, 1.0), 2))


def _money(amount: float) -> str:
    return money(cents(amount))


def _flat(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), ", ".join(map(str, value)) if isinstance(value, list | tuple) else _plain(value)


def _plain(value: object) -> str:
    """Write a setting as it stands in TOML, but texts as they are."""
    return value if isinstance(value, str) else "-" if value is None else show(value)
