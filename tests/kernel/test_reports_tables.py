"""Every cell of every table is what its heading says: declared once, of a type that its unit can write."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest
from backtest_by_hand import HALT, LIFT, TICKET, backtest
from tradewright.reports import tables
from tradewright.reports.lines import UNITS, Line
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.tearsheet import lists
from tradewright.reports.tearsheet.contributions import Row
from tradewright.reports.tearsheet.page import page
from tradewright.reports.tearsheet.panels import Trip, panels
from tradewright.reports.terminal import text
from tradewright.reports.tree.curves import Fall, Interval, Performance, Year
from tradewright.reports.tree.form import printed
from tradewright.reports.tree.halts import Halt
from tradewright.reports.tree.part import Net, Strategy
from tradewright.reports.tree.report import Feed, Report, Rule

KINDS: dict[str, set[Any]] = {
    "text": {str},
    "texts": {tuple},
    "day": {date},
    "digits": {str},
    "year": {int},
    "count": {int},
    "percent": {float},
    "percent, fine": {float},
    "ratio": {float},
    "span": {Interval},
    "compared": {float},
    "money": {Decimal, float},
    "paid": {float},
}
"""What each unit can write; floats of money are the tearsheet's own, whose panels are drawn from arrays."""

OF_PANELS = (Row, Trip)
TABLES = [
    *((line, Performance) for line in tables.FIGURES if not line.path.startswith("deflated")),
    *((line, Net) for line in tables.FIGURES if line.path.startswith("deflated")),
    *((line, Year) for line in (*tables.YEARS, tables.HELD)),
    *((line, Fall) for line in tables.FALLS),
    *((line, Rule) for line in tables.RULES),
    *((line, Halt) for line in (*tables.LIFTS, *tables.CUTS)),
    *((line, Strategy) for line in tables.STRATEGIES),
    *((line, Row) for line in (*lists.PARTS, lists.PROFIT)),
    *((line, Trip) for line in lists.TRIPS),
    *((line, Feed) for line in lists.FEEDS),
]


def kind_at(thing: Any, path: str) -> Any:
    """Return the type that is found at the end of a path."""
    for name in path.split("."):
        if name.isdigit():
            thing = get_args(thing)[0]
        elif isinstance(getattr(thing, name, None), property):
            thing = get_type_hints(getattr(thing, name).fget)["return"]
        else:
            thing = get_type_hints(thing, localns=LATER)[name]
        if get_origin(thing) is UnionType:
            (thing,) = [one for one in get_args(thing) if one is not type(None)]
    return tuple if get_origin(thing) is tuple else thing


LATER = {"FloatArray": Any}
"""What classes of panels name for type-checkers alone."""


@pytest.mark.parametrize(
    ("line", "thing"), TABLES, ids=lambda one: one.head if isinstance(one, Line) else one.__name__
)
def test_cell_is_of_the_kind_that_its_unit_writes(line: Line, thing: Any) -> None:
    kind = kind_at(thing, line.path)

    assert kind in KINDS[line.unit]
    assert (kind is Decimal) is (line.unit == "money" and thing not in OF_PANELS)


def test_every_unit_has_kinds() -> None:
    assert set(UNITS) == set(KINDS)


# ---- what the pages show ---------------------------------------------------------------------------------

RULE_KEYS = {
    "rule": "name",
    "cuts": "cuts",
    "bars bound": "bars_bound",
    "held back": "held_back",
    "first": "first_on",
    "last": "last_on",
}
LIFT_KEYS = {
    "halted": "on",
    "lifted": "lifted_on",
    "rule": "kind",
    "book": "book",
    "observed": "observed",
    "limit": "limit",
}
DATA_KEYS = {
    "feed": "name",
    "source": "source",
    "symbols": "symbols",
    "first": "first_on",
    "last": "last_on",
    "adjustment": "adjustment",
    "SHA-256": "fingerprint",
    "bars": "bars",
}
FALL_KEYS = {
    "peak": "peak_on",
    "trough": "trough_on",
    "recovered": "recovered_on",
    "depth": "depth",
    "sessions": "sessions",
}


class Sheet(HTMLParser):
    """The tables of a page by caption: rows of cells by head."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str]]] = {}
        self._heads: list[str] = []
        self._cells: list[str] = []
        self._caption = self._text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, _: Any) -> None:
        if tag in {"caption", "th", "td"}:
            self._text = ""
        if tag == "thead":
            self._heads = []
        if tag == "tr":
            self._cells = []

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._caption = self._text
            self.found[self._caption] = []
        elif tag == "th":
            self._heads.append(self._text)
        elif tag == "td":
            self._cells.append(self._text)
        elif tag == "tr" and self._cells:
            self.found[self._caption].append(dict(zip(self._heads, self._cells, strict=False)))


def busy(folder: Path) -> tuple[Report, str]:
    """Return a report whose rules have cut and whose halt was lifted, and its tearsheet."""
    ran = backtest(folder, equity=[1000.0, 999.0, 1049.0, 1048.0, 1030.0], events=[HALT, LIFT])
    counter = ran.trace.state.counters[1]
    counter.cuts, counter.bars, counter.notional, counter.first, counter.last = 4_711, 2, 250.0, 1, 3
    summary = summarise(ran)
    found = report(summary, TICKET, {"tradewright": "0.1.0"})
    return found, page(found, panels(ran, summary))


def written(value: Any) -> str:
    """Write a value of the JSON object as a page has to, by what it is."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{100.0 * value:.2f} %"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)


def same(shown: str, value: Any) -> bool:
    """Say whether a cell shows a value, to the digits that it has."""
    if isinstance(value, float):
        number = re.fullmatch(r"(-?[\d.]+) %", shown)
        return number is not None and abs(float(number[1]) - 100.0 * value) <= 0.0501
    return written(value).startswith(shown) if shown else False


@pytest.mark.parametrize(
    ("caption", "keys", "rows"),
    [
        ("What the rules and checks cut, over the whole run", RULE_KEYS, lambda found: found["rules"][1:]),
        ("Halts lifted by the person whom --resume-after plays", LIFT_KEYS, lambda found: found["halts"]),
        ("Data", DATA_KEYS, lambda found: found["data"]),
        ("Deepest drawdowns, net", FALL_KEYS, lambda found: found["net"]["drawdowns"]),
    ],
)
def test_tearsheet_shows_below_each_heading_what_the_json_object_has(
    tmp_path: Path, caption: str, keys: dict[str, str], rows: Any
) -> None:
    found, content = busy(tmp_path)
    expected = rows(printed(found))
    shown = Sheet(content).found[caption][-len(expected) :]

    assert len(expected) > 0
    for row, values in zip(shown, expected, strict=True):
        assert list(keys) == list(row)
        for head, key in keys.items():
            if values[key] is not None:
                assert same(row[head], values[key]), (head, row[head], values[key])


def test_heading_that_names_a_currency_has_money_and_money_has_a_currency(tmp_path: Path) -> None:
    """A column of percents was once headed `notional cut, USD`."""
    money = re.compile(r"-?[\d,]+\.\d\d")
    seen = 0
    for caption, rows in Sheet(busy(tmp_path)[1]).found.items():
        if caption.startswith("Every setting"):  # These are numbers of the file, in the file's units.
            continue
        for row in rows:
            for head, cell in row.items():
                assert "USD" not in head or money.fullmatch(cell), (caption, head, cell)
                if money.fullmatch(cell) and "ratio" not in next(iter(row.values())).lower():
                    seen += 1
                    assert "USD" in caption + head, (caption, head, cell)
    assert seen


def test_terminal_shows_below_each_heading_what_the_json_object_has(tmp_path: Path) -> None:
    found, _ = busy(tmp_path)
    lines = text(found, width=112).splitlines()
    head = next(i for i, line in enumerate(lines) if line.split() == " ".join(RULE_KEYS).split())
    (cells,) = [re.split(" {2,}", line.strip()) for line in lines[head:] if line.startswith("  daily-loss ")]
    rule = printed(found)["rules"][1]

    assert all(same(cell, rule[key]) for cell, key in zip(cells, RULE_KEYS.values(), strict=True))


def test_unknown_values_are_dashes_on_the_whole_way_to_them(tmp_path: Path) -> None:
    found, _ = busy(tmp_path)
    halt = attrs.evolve(found.halts[0], cut=None)

    assert "-" == Line("sold", "money", "cut.saved.0.amount").cell(halt)
