"""The rows of a report's tables on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.reports.wording import day, money, percent, ratio, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def year_columns(part: dict[str, Any], most: int = YEARS_ABREAST_MAX) -> tuple[str, ...]:
    """Return the heads of the table of years, for as many years abreast as `year_rows` lays out."""
    return (*("year", "net", "held", "") * _abreast(part, most),)[:-1]


def year_rows(part: dict[str, Any], most: int = YEARS_ABREAST_MAX) -> Iterator[tuple[str, ...]]:
    """Yield rows of calendar years, read down and then across: the year, the strategy net, buy and hold."""
    pairs = zip(part["net"].get("years", []), part["benchmarks"]["buy_and_hold"].get("years", []), strict=True)
    cells = [(str(ours["year"]), percent(ours["total"]), percent(held["total"])) for ours, held in pairs]
    rows = -(-len(cells) // max(1, _abreast(part, most)))
    for row in range(rows):
        yield tuple(cell for year in cells[row::rows] for cell in (*year, ""))[:-1]


def _abreast(part: dict[str, Any], most: int) -> int:
    return min(most, -(-len(part["net"].get("years", [])) // _YEARS_BELOW_MIN))


def drawdown_rows(part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the deepest falls: peak, trough, recovery, depth, sessions from peak to recovery or to the end."""
    for fall in part["net"].get("drawdowns", []):
        back = fall["recovered_on"] or "not yet"
        yield (fall["peak_on"], fall["trough_on"], back, percent(fall["depth"]), f"{fall['sessions']:,}")


RULE_COLUMNS = ("rule", "cuts", "bars bound", "held back", "first", "last")


def rule_row(rule: dict[str, Any], *, starred: bool = False) -> tuple[str, ...]:
    """Return a row of the table of rules; one that cut nothing is told from one that is not there.

    A starred rule is one whose halt stands: it cuts whatever a strategy goes on asking for.
    """
    if not rule["cuts"]:
        return (rule["name"], "-", "-", "-", "-", "-")
    # A report that an earlier version saved lacks the days and what was held back.
    first, last = rule.get("first_on") or day(rule["first_at"]), rule.get("last_on") or day(rule["last_at"])
    cuts = f"{rule['cuts']:,}{' *' if starred else ''}"
    return (rule["name"], cuts, f"{rule['bars_bound']:,}", percent(rule.get("held_back"), 2), first, last)


def strategy_columns(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the heads of the table of strategies."""
    return ("", *(row["name"] for row in rows))


def strategy_rows(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield what is said of each strategy, a column each."""
    yield ("Return", *(percent(row["total_return"]) for row in rows))
    yield ("Return per year", *(percent(row["annual_return"], 2) for row in rows))
    yield ("Volatility per year", *(percent(row["volatility"]) for row in rows))
    yield ("Sharpe ratio", *(ratio(row["sharpe"]) for row in rows))
    yield ("Largest drawdown", *(percent(row["max_drawdown"]["depth"]) for row in rows))
    yield ("Profit", *(money(row["profit"]) for row in rows))
    yield ("Costs", *(money(row["costs"]["total"]) for row in rows))
    yield ("Exposure", *(percent(row["exposure"]["gross"]) for row in rows))
    yield ("Round trips", *(f"{row['trades']['closed']:,}" for row in rows))
    yield ("Equity", *(money(row["equity"]) for row in rows))
    yield ("Capital", *(money(row["capital"]) for row in rows))
