"""The words of a report about halts: which rule, where, what it leaves at risk, and what the figures then cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.reports.wording import compared, listed, money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from tradewright.reports.tree.halts import AfterHalt, Halt
    from tradewright.reports.tree.report import Report

HALTS_SHOWN_MAX = 5

_ACCOUNT = "account"
_MEANING = {
    "reduce_only": "Nothing is added any more; what {whose} hold can only shrink.",
    "flatten": "What {whose} held was sold on the next bar.",
    "freeze": "No order is sent any more: what {whose} hold stays, and only a stop set before may still sell.",
}


def halt_lines(report: Report) -> Iterator[str]:
    """Yield a paragraph for each halt that still stands, and up to which day the figures run."""
    books = report.books
    standing = standing_halts(report)
    for halt in standing[:HALTS_SHOWN_MAX]:
        yield f"{_headline(halt, books)} {_meaning(halt, books)} Only a person lifts this halt."
    if len(standing) > HALTS_SHOWN_MAX:
        yield f"{len(standing) - HALTS_SHOWN_MAX} more halts stand."
    if standing:
        yield " ".join(_figures(report, standing, books))


def standing_halts(report: Report) -> list[Halt]:
    """Return the halts that a person would still have to lift."""
    return [halt for halt in report.halts if halt.stands]


def passing_halts(report: Report) -> Iterator[tuple[str, str]]:
    """Yield, for each rule and book, its halts that lasted until the next session."""
    passing = [halt for halt in report.halts if not halt.latched]
    for kind, book in dict.fromkeys((halt.kind, halt.book) for halt in passing):
        those = [halt for halt in passing if (halt.kind, halt.book) == (kind, book)]
        # One rule may compare several things; the worst is furthest beyond its own limit.
        worst = max(those, key=lambda halt: (halt.observed or 0.0) / (halt.limit or 1.0))
        times = "once" if len(those) == 1 else f"{len(those):,} times"
        limit = compared(worst.limit, worst.limit)
        extreme = f"the worst {compared(worst.observed, worst.limit)} on {worst.on}, limit {limit}"
        yield kind, f"{times} in {book}, {those[0].level}; {extreme}"


def cuts_of_halt(halt: Halt) -> str:
    """Say why a rule whose halt stands has cut so often."""
    return (
        f"* {halt.kind} first halted on {halt.on}; from a halt on it cuts whatever is asked for, and all of this"
        " is counted, to the end of the prices."
    )


def _headline(halt: Halt, books: Sequence[str]) -> str:
    where = halt.book
    if len(books) > 1:
        where = "the whole account" if where == _ACCOUNT else f"{where}, one of {len(books)} strategies,"
    observed, limit = compared(halt.observed, halt.limit), compared(halt.limit, halt.limit)
    return f"HALTED on {halt.on}: {halt.kind} in {where} at {observed}, limit {limit}, {halt.level}."


def _meaning(halt: Halt, books: Sequence[str]) -> str:
    alone = len(books) > 1 and halt.book != _ACCOUNT
    whose = f"the book {halt.book}" if alone else "the strategies" if len(books) > 1 else "the strategy"
    said = _MEANING[halt.level].format(whose=whose)
    return said if whose == "the strategies" else said.replace(" hold ", " holds ")


def _figures(report: Report, standing: Sequence[Halt], books: Sequence[str]) -> Iterator[str]:
    """Yield who traded on, how far the figures run, and what became of the account after them."""
    last_on, after = report.period.last_on, report.net.after_halt
    several = len(books) > 1
    stopped = {halt.book for halt in standing}
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
    yield f"{whose} below stop on {last_on}{_sale(report)}."
    if after.on != last_on:
        yield f"{_followed(after)}: on {after.on} equity was {money(after.equity)}."


def _sale(report: Report) -> str:
    """Say what the sale that a halt causes has added to the loss since the halt's close."""
    net, at = report.net, report.net.at_halt
    if at is None or at.on == report.period.last_on:
        return ""
    return (
        f", the first session without a position: with the sale, a largest drawdown of"
        f" {percent(net.max_drawdown.depth, 2)} and a {_result(net.profit)}; at the halt's close, on {at.on}, it was"
        f" {percent(at.max_drawdown, 2)} and a {_result(at.profit)}"
    )


def _result(profit: Decimal) -> str:
    return f"loss of {money(-profit)}" if profit < 0 else f"profit of {money(profit)}"


def _followed(after: AfterHalt) -> str:
    """Say what the time after the figures was: interest alone, or something that was still at risk."""
    whole = percent(after.change)
    if after.years is None:
        return f"What followed, the sale included, was {whole}"
    time = f"{after.years:.1f} years" if after.years >= 1.0 else "less than a year"
    rate = f"{percent(after.annual_return, 2)} per year" if after.annual_return is not None else whole
    if after.flat:
        return f"What followed is interest on idle cash, {rate} over {time}"
    return f"What followed is of positions that nobody may sell, {rate} over {time}"
