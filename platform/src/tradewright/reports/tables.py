"""The rows of a report's tables on a screen."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradewright.reports.wording import day, percent, ratio, span

if TYPE_CHECKING:
    from collections.abc import Iterator

YEARS_ABREAST_MAX = 3
"""More columns of years would not fit into 80."""

_YEARS_BELOW_MIN = 5  # A shorter column beside another one is harder to read than one list.


def figure_columns(part: dict[str, Any]) -> tuple[str, ...]:
    """Return the heads of the table."""
    exposure = part["benchmarks"]["buy_and_hold_at_average_exposure"]["exposure"]
    return (
        "",
        "strategy\nnet",
        "strategy\ngross",
        "buy and hold\nat 100 %",
        f"buy and hold\nat {percent(exposure, 0)}",
    )


def figure_rows(part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: strategy net and gross, buy-and-hold at full and at our exposure."""
    benchmarks = part["benchmarks"]
    four = (part["net"], part["gross"], benchmarks["buy_and_hold"], benchmarks["buy_and_hold_at_average_exposure"])
    yield ("Return", *(percent(one["total_return"]) for one in four))
    yield ("Return per year", *(percent(one["annual_return"], 2) for one in four))
    yield ("Volatility per year", *(percent(one["volatility"]) for one in four))
    yield ("Sharpe ratio", *(ratio(one["sharpe"]) for one in four))
    # A report that an earlier version saved lacks what follows.
    yield ("  95 % interval", *(span(one.get("sharpe_interval")) for one in four))
    yield _deflated(part["net"].get("deflated_sharpe"))
    yield ("Sortino ratio", *(ratio(one.get("sortino")) for one in four))
    yield ("Calmar ratio", *(ratio(one.get("calmar")) for one in four))
    yield ("Largest drawdown", *(percent(one["max_drawdown"]["depth"]) for one in four))
    yield ("VaR 95 %, one day", *(percent(one.get("value_at_risk"), 2) for one in four))
    yield ("CVaR 95 %, one day", *(percent(one.get("expected_shortfall"), 2) for one in four))


def _deflated(found: dict[str, Any] | None) -> tuple[str, ...]:
    """Return the row that only the strategy can have: nobody chose the benchmarks from many."""
    if found is None:
        return ("  deflated", "-", "", "", "")
    trials = found["trials"]
    # From a thousand on, the word would push the table beyond 80 columns.
    word = " trial" if trials == 1 else " trials" if trials < 1_000 else ""
    return (f"  deflated, {trials:,}{word}", percent(found["probability"]), "", "", "")


def year_columns(part: dict[str, Any]) -> tuple[str, ...]:
    """Return the heads of the table of years, for as many years abreast as `year_rows` lays out."""
    return (*("year", "net", "held", "") * _abreast(part),)[:-1]


def year_rows(part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield rows of calendar years, read down and then across: the year, the strategy net, buy and hold."""
    pairs = zip(part["net"].get("years", []), part["benchmarks"]["buy_and_hold"].get("years", []), strict=True)
    cells = [(str(ours["year"]), percent(ours["total"]), percent(held["total"])) for ours, held in pairs]
    rows = -(-len(cells) // max(1, _abreast(part)))
    for row in range(rows):
        yield tuple(cell for year in cells[row::rows] for cell in (*year, ""))[:-1]


def _abreast(part: dict[str, Any]) -> int:
    return min(YEARS_ABREAST_MAX, -(-len(part["net"].get("years", [])) // _YEARS_BELOW_MIN))


def drawdown_rows(part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the deepest falls: peak, trough, recovery, depth, sessions from peak to recovery or to the end."""
    for fall in part["net"].get("drawdowns", []):
        back = fall["recovered_on"] or "not yet"
        yield (fall["peak_on"], fall["trough_on"], back, percent(fall["depth"]), f"{fall['sessions']:,}")


def rule_row(rule: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the table of rules; one that cut nothing is told from one that is not there."""
    if not rule["cuts"]:
        return (rule["name"], "-", "-", "-", "-", "-")
    counts = (f"{rule['cuts']:,}", f"{rule['bars_bound']:,}", f"{Decimal(rule['notional_cut']):,.0f}")
    return (rule["name"], *counts, day(rule["first_at"]), day(rule["last_at"]))
