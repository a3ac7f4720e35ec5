"""The tables of a report: each column, or row, is declared once, with its head, its unit and where it comes from.

A page lays out heads and cells that were made from the same declaration, so that neither can part from the other.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from tradewright.reports.plain import money as cents
from tradewright.reports.tree.report import Halt
from tradewright.reports.wording import compared, money, percent, ratio, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tradewright.reports.tree.curves import Deflated
    from tradewright.reports.tree.part import Part, Strategy
    from tradewright.reports.tree.report import Report, Rule

YEARS_ABREAST_MAX = 3
"""More columns of years would not fit into 80."""

_YEARS_BELOW_MIN = 5  # A shorter column beside another one is harder to read than one list.


class Line(NamedTuple):
    """A column of a table whose rows are things, or a row of one whose columns are things.

    Attributes:
        head: What it is called.
        unit: A key of `UNITS`.
        path: Where a thing has the value: names of attributes, joined by dots.
    """

    head: str
    unit: str
    path: str

    def value(self, thing: Any) -> Any:
        """Return what a thing has there, None when it has not even the way to it."""
        for name in self.path.split("."):
            thing = None if thing is None else getattr(thing, name)
        return thing

    def cell(self, thing: Any) -> str:
        """Write what a thing has there."""
        value = self.value(thing)
        # What was compared beyond a limit of 1 is told in times usual: only the halt itself knows.
        if self.unit == "compared" and isinstance(thing, Halt):
            return compared(value, thing.limit)
        return "-" if value is None else UNITS[self.unit](value)


def _cash(amount: Decimal | float) -> str:
    return money(amount if isinstance(amount, Decimal) else cents(amount))


UNITS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "texts": ", ".join,
    "day": date.isoformat,
    "digits": lambda text: text[:16],
    "year": str,
    "count": "{:,}".format,
    "percent": percent,
    "percent, fine": lambda value: percent(value, 2),
    "ratio": ratio,
    "span": span,
    "compared": percent,
    "money": _cash,
    "paid": lambda amount: _cash(-amount),
}
"""How a value of each unit is written; `paid` is money that is shown as what it took."""

TEXTUAL = ("text", "texts", "day", "digits")
"""Units that are read from the left; all others are numbers."""


def heads(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the heads of columns."""
    return tuple(line.head for line in lines)


def texts(lines: Sequence[Line]) -> int:
    """Return how many of the first columns are text."""
    return next((i for i, line in enumerate(lines) if line.unit not in TEXTUAL), len(lines))


def cells(lines: Sequence[Line], thing: Any) -> tuple[str, ...]:
    """Return a row."""
    return tuple(line.cell(thing) for line in lines)


# ---- figures ---------------------------------------------------------------------------------------------

CURVES = (
    ("strategy\nnet", "net"),
    ("strategy\ngross", "gross"),
    ("buy and hold\nat 100 %", "benchmarks.buy_and_hold"),
    ("buy and hold\nat {exposure}", "benchmarks.buy_and_hold_at_average_exposure"),
)
"""Heads of the table of figures, and where a part of a report has the curve."""

FIGURES = (
    Line("Return", "percent", "total_return"),
    Line("Return per year", "percent, fine", "annual_return"),
    Line("Volatility per year", "percent", "volatility"),
    Line("Sharpe ratio", "ratio", "sharpe"),
    Line("  95 % interval", "span", "sharpe_interval"),
    Line("  deflated", "percent", "deflated_sharpe.probability"),
    Line("Sortino ratio", "ratio", "sortino"),
    Line("Calmar ratio", "ratio", "calmar"),
    Line("Largest drawdown", "percent", "max_drawdown.depth"),
    Line("VaR 95 %, one day", "percent, fine", "value_at_risk"),
    Line("CVaR 95 %, one day", "percent, fine", "expected_shortfall"),
)


def figure_columns(part: Part | Report) -> tuple[str, ...]:
    """Return the heads of the table."""
    exposure = percent(part.benchmarks.buy_and_hold_at_average_exposure.exposure, 0)
    return ("", *(head.format(exposure=exposure) for head, _ in CURVES))


def figure_rows(part: Part | Report) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: strategy net and gross, buy-and-hold at full and at our exposure."""
    curves = [Line(head, "text", path).value(part) for head, path in CURVES]
    for line in FIGURES:
        if line.path.startswith("deflated_sharpe"):
            # Only the strategy can have it: nobody chose the benchmarks from many.
            yield (f"{line.head}{_trials(part.net.deflated_sharpe)}", line.cell(part.net), "", "", "")
        else:
            yield (line.head, *(line.cell(curve) for curve in curves))


def _trials(found: Deflated | None) -> str:
    if found is None:
        return ""
    # From a thousand on, the word would push the table beyond 80 columns.
    word = " trial" if found.trials == 1 else " trials" if found.trials < 1_000 else ""
    return f", {found.trials:,}{word}"


# ---- years and falls -------------------------------------------------------------------------------------

YEARS = (Line("year", "year", "year"), Line("net", "percent", "total"))
HELD = Line("held", "percent", "total")
"""The same year of buy and hold."""


def year_columns(part: Report, most: int = YEARS_ABREAST_MAX) -> tuple[str, ...]:
    """Return the heads of the table of years, for as many years abreast as `year_rows` lays out."""
    return (*(*heads(YEARS), HELD.head, "") * _abreast(part, most),)[:-1]


def year_rows(part: Report, most: int = YEARS_ABREAST_MAX) -> Iterator[tuple[str, ...]]:
    """Yield rows of calendar years, read down and then across: the year, the strategy net, buy and hold."""
    pairs = zip(part.net.years, part.benchmarks.buy_and_hold.years, strict=True)
    found = [(*cells(YEARS, ours), HELD.cell(held)) for ours, held in pairs]
    rows = -(-len(found) // max(1, _abreast(part, most)))
    for row in range(rows):
        yield tuple(cell for year in found[row::rows] for cell in (*year, ""))[:-1]


def _abreast(part: Report, most: int) -> int:
    return min(most, -(-len(part.net.years) // _YEARS_BELOW_MIN))


FALLS = (
    Line("peak", "day", "peak_on"),
    Line("trough", "day", "trough_on"),
    Line("recovered", "day", "recovered_on"),
    Line("depth", "percent", "depth"),
    Line("sessions", "count", "sessions"),
)


def fall_rows(part: Report) -> list[tuple[str, ...]]:
    """Return the deepest falls; a dash for one that has not been recovered would read as unknown."""
    return [tuple("not yet" if cell == "-" else cell for cell in cells(FALLS, fall)) for fall in part.net.drawdowns]


# ---- rules, halts, strategies ----------------------------------------------------------------------------

RULES = (
    Line("rule", "text", "name"),
    Line("cuts", "count", "cuts"),
    Line("bars bound", "count", "bars_bound"),
    Line("held back", "percent, fine", "held_back"),
    Line("first", "day", "first_on"),
    Line("last", "day", "last_on"),
)


def rule_row(rule: Rule, *, starred: bool = False) -> tuple[str, ...]:
    """Return a row of the table of rules; one that cut nothing is told from one that is not there.

    A starred rule is one whose halt stands: it cuts whatever a strategy goes on asking for.
    """
    name, cuts, *others = cells(RULES, rule)
    if not rule.cuts:
        return (name, *["-"] * (len(RULES) - 1))
    return (name, f"{cuts}{' *' if starred else ''}", *others)


LIFTS = (
    Line("halted", "day", "on"),
    Line("lifted", "day", "lifted_on"),
    Line("rule", "text", "kind"),
    Line("book", "text", "book"),
    Line("observed", "compared", "observed"),
    Line("limit", "compared", "limit"),
)


def lift_rows(report: Report) -> list[tuple[str, ...]]:
    """Return a row for each halt that a simulated person lifted."""
    return [cells(LIFTS, halt) for halt in report.halts if halt.latched and halt.lifted_at is not None]


STRATEGIES = (
    Line("Return", "percent", "total_return"),
    Line("Return per year", "percent, fine", "annual_return"),
    Line("Volatility per year", "percent", "volatility"),
    Line("Sharpe ratio", "ratio", "sharpe"),
    Line("Largest drawdown", "percent", "max_drawdown.depth"),
    Line("Profit", "money", "profit"),
    Line("Costs", "money", "costs.total"),
    Line("Exposure", "percent", "exposure.gross"),
    Line("Round trips", "count", "trades.closed"),
    Line("Equity", "money", "equity"),
    Line("Capital", "money", "capital"),
)


def strategy_columns(rows: Sequence[Strategy]) -> tuple[str, ...]:
    """Return the heads of the table of strategies."""
    return ("", *(row.name for row in rows))


def strategy_rows(rows: Sequence[Strategy]) -> Iterator[tuple[str, ...]]:
    """Yield what is said of each strategy, a column each."""
    for line in STRATEGIES:
        yield (line.head, *(line.cell(row) for row in rows))
