"""The words of a report about halts: which rule, where, what it leaves at risk, and what the figures then cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.reports.wording import day, listed, money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HALTS_SHOWN_MAX = 5

_ACCOUNT = "account"
_MEANING = {
    "reduce_only": "Nothing is added any more; what {whose} hold can only shrink.",
    "flatten": "What {whose} held was sold on the next bar.",
    "freeze": "No order is sent any more: what {whose} hold stays, and only a stop set before may still sell.",
}


def halt_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield a paragraph for each halt that still stands, and up to which day the figures run."""
    books = list(report["config"]["strategies"])
    standing = standing_halts(report)
    for halt in standing[:HALTS_SHOWN_MAX]:
        yield f"{_headline(halt, books)} {_meaning(halt, books)} Only a person lifts this halt."
    if len(standing) > HALTS_SHOWN_MAX:
        yield f"{len(standing) - HALTS_SHOWN_MAX} more halts stand."
    if standing:
        yield " ".join(_figures(report, standing, books))


def standing_halts(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the halts that a person would still have to lift."""
    return [halt for halt in report["halts"] if halt["latched"] and halt["lifted_at"] is None]


def lift_rows(report: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each halt that a simulated person lifted."""
    for halt in report["halts"]:
        if halt["latched"] and halt["lifted_at"] is not None:
            compared = (_amount(halt, "observed"), _amount(halt, "limit"))
            yield (_on(halt), halt.get("lifted_on") or day(halt["lifted_at"]), halt["kind"], halt["book"], *compared)


def passing_halts(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield, for each rule and book, its halts that lasted until the next session."""
    passing = [halt for halt in report["halts"] if not halt["latched"]]
    for kind, book in dict.fromkeys((halt["kind"], halt["book"]) for halt in passing):
        those = [halt for halt in passing if (halt["kind"], halt["book"]) == (kind, book)]
        # One rule may compare several things; the worst is furthest beyond its own limit.
        worst = max(those, key=lambda halt: (halt["observed"] or 0.0) / (halt["limit"] or 1.0))
        times = "once" if len(those) == 1 else f"{len(those):,} times"
        extreme = f"the worst {_amount(worst, 'observed')} on {_on(worst)}, limit {_amount(worst, 'limit')}"
        yield kind, f"{times} in {book}, {those[0]['level']}; {extreme}"


def cuts_of_halt(halt: dict[str, Any]) -> str:
    """Say why a rule whose halt stands has cut so often."""
    return (
        f"* {halt['kind']} first halted on {_on(halt)}; from a halt on it cuts whatever is asked for, and all of this"
        " is counted, to the end of the prices."
    )


def _headline(halt: dict[str, Any], books: Sequence[str]) -> str:
    where = halt["book"]
    if len(books) > 1:
        where = "the whole account" if where == _ACCOUNT else f"{where}, one of {len(books)} strategies,"
    compared = f"{_amount(halt, 'observed')}, limit {_amount(halt, 'limit')}"
    return f"HALTED on {_on(halt)}: {halt['kind']} in {where} at {compared}, {halt['level']}."


def _meaning(halt: dict[str, Any], books: Sequence[str]) -> str:
    alone = len(books) > 1 and halt["book"] != _ACCOUNT
    whose = f"the book {halt['book']}" if alone else "the strategies" if len(books) > 1 else "the strategy"
    said = _MEANING[halt["level"]].format(whose=whose)
    return said if whose == "the strategies" else said.replace(" hold ", " holds ")


def _figures(report: dict[str, Any], standing: Sequence[dict[str, Any]], books: Sequence[str]) -> Iterator[str]:
    """Yield who traded on, how far the figures run, and what became of the account after them."""
    last_on, after = report["period"]["last_on"], report["net"].get("after_halt")
    several = len(books) > 1
    stopped = {halt["book"] for halt in standing}
    if several and _ACCOUNT not in stopped:
        others = [book for book in books if book not in stopped]
        if others:
            yield f"{listed(others)} traded on."
    whose = "The figures of the account" if several else "The figures"
    if after is None:
        why = (
            "; they would stop with a halt of the account or of every strategy that ends its trading"
            if several
            else ""
        )
        reason = why or ", because positions stay at risk"
        yield f"{whose} below run on to {last_on}{reason}."
        return
    yield f"{whose} below stop on {last_on}; by {after['on']} equity was {money(after['equity'])}"
    yield f"({percent(after['change'])} since then)."


def _on(halt: dict[str, Any]) -> str:
    # A report that an earlier version saved has the instant alone.
    on: str = halt.get("on") or day(halt["at"])
    return on


def _amount(halt: dict[str, Any], name: str) -> str:
    """Write what was compared; beyond a limit of 1 it is a ratio to what is usual (`risk.contract.Halt`).

    >>> _amount({"observed": 3.0021, "limit": 3.0}, "observed"), _amount({"observed": 0.125, "limit": 0.12}, "limit")
    ('3.0 times usual', '12.0 %')
    """
    value, limit = halt[name], halt["limit"]
    if value is None or limit is None or limit <= 1.0:
        return percent(value)
    return f"{value:.1f} times usual"
