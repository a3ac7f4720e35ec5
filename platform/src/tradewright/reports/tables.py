"""The tables of a report: each column, or row, is declared once, with its head, its unit and where it comes from.

A page lays out heads and cells that were made from the same declaration, so that neither can part from the other.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tradewright.reports.lines import UNITS, Line, cells, heads
from tradewright.reports.wording import percent, rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.reports.tree.curves import Deflated, Performance
    from tradewright.reports.tree.part import Part, Strategy
    from tradewright.reports.tree.report import Report, Rule

YEARS_ABREAST_MAX = 3
"""More columns of years would not fit into 80."""

_YEARS_BELOW_MIN = 5  # A shorter column beside another one is harder to read than one list.


# ---- figures ---------------------------------------------------------------------------------------------


class Curve(NamedTuple):
    """A column of the table of figures.

    Attributes:
        head: What it is called, in two lines.
        told: What it says.
        benchmark: Whether a page that has no room for the column says so in a line.
    """

    head: str
    told: Performance
    benchmark: bool = True


def curves(part: Part | Report) -> Iterator[Curve]:
    """Yield the columns: strategy net and gross, the file's benchmark, holding at full and at our exposure, cash."""
    beside = part.benchmarks
    held, chosen, cash = beside.buy_and_hold_at_average_exposure, beside.chosen, beside.cash
    yield Curve("strategy\nnet", part.net, benchmark=False)
    yield Curve("strategy\ngross", part.gross, benchmark=False)
    if chosen is not None:
        yield Curve(f"buy and hold\n{chosen.symbol}", chosen)
    yield Curve("buy and hold\nat 100 %", beside.buy_and_hold)
    yield Curve(f"buy and hold\nat {percent(held.exposure, 0)}", held)
    if cash is not None:
        yield Curve(f"cash at {rate(cash.risk_free)}\na year", cash)


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
    return ("", *(curve.head for curve in curves(part)))


def figure_rows(part: Part | Report) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table, a cell for each of `curves`."""
    told = [curve.told for curve in curves(part)]
    for line in FIGURES:
        if line.path.startswith("deflated_sharpe"):
            # Only the strategy can have it: nobody chose the benchmarks from many.
            label = f"{line.head}{_trials(part.net.deflated_sharpe)}"
            yield (label, line.cell(part.net), *[""] * (len(told) - 1))
        else:
            yield (line.head, *(line.cell(one) for one in told))


def left_out(part: Part | Report, shown: Sequence[int]) -> Iterator[str]:
    """Yield a line for each benchmark whose column a table of `shown` columns has no room for."""
    for column, curve in enumerate(curves(part), 1):
        if curve.benchmark and column not in shown:
            words = curve.head.replace("\n", " ")
            year = curve.told.annual_return
            yearly = "" if year is None else f", {percent(year, 2)} per year"
            yield f"{words[0].upper()}{words[1:]}: {percent(curve.told.total_return)}{yearly}"


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


CUTS = (
    Line("fired", "day", "on"),
    Line("book", "text", "book"),
    Line("loss", "compared", "observed"),
    Line("sold", "money", "cut.notional"),
    Line("costs", "money", "cut.costs"),
    Line("saved after 1", "money", "cut.saved.0.amount"),
    Line("after 5", "money", "cut.saved.1.amount"),
    Line("after 20", "money", "cut.saved.2.amount"),
)
"""Of the daily-loss rule; a sum of money is negative where the cut has cost."""


def cut_rows(report: Report, most: int) -> list[tuple[str, ...]]:
    """Return a row for each of the newest cuts of the daily-loss rule, and what all of them came to."""
    firings = [halt for halt in report.halts if halt.cut is not None]
    sums = [
        UNITS[line.unit](sum(filter(None, (line.value(halt) for halt in firings)), Decimal("0.00")))
        for line in CUTS
        if line.unit == "money"
    ]
    many = "once" if len(firings) == 1 else f"{len(firings):,} times"
    shown = [cells(CUTS, halt) for halt in firings[-most:]]
    return [*shown, (many, "", "", *sums)] if firings else []


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
