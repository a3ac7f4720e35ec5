"""What a reader must know beside the numbers: what was played, what they take for granted, where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.reports.wording import listed, money, percent, rate, ratio
from tradewright.signals.passes import NO_VOTE, UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.reports.tree.curves import Chosen, Late
    from tradewright.reports.tree.part import Part, Period
    from tradewright.reports.tree.report import Report

FINGERPRINT_DIGITS_SHOWN = 12


def title(report: Report) -> str:
    """Name the strategies and what they trade."""
    return f"Backtest of {', '.join(report.books)} on {listed(report.symbols)}"


def trust(warnings: Sequence[str]) -> str | None:
    """Return one line on what has no pass of the causality gate and who had no vote, None when all is well.

    >>> trust(["UNCHECKED: signal a has no pass", "NO VOTE: b of trend: raised", "prices have gaps"])
    '1 signal is unchecked, 1 had no vote: see Warnings'
    """
    kinds = [line.split()[1] for line in warnings if line.startswith(UNCHECKED)]
    counts = [f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}" for kind in dict.fromkeys(kinds)]
    missing = sum(line.startswith(NO_VOTE) for line in warnings)
    said = [f"{' and '.join(counts)} {'is' if len(kinds) == 1 else 'are'} unchecked"] if kinds else []
    if missing:
        said.append(
            f"{missing} had no vote" if kinds else f"{missing} signal{'s' if missing > 1 else ''} had no vote"
        )
    return f"{', '.join(said)}: see Warnings" if said else None


def period(part: Part | Report) -> str:
    """Say when."""
    span = part.period
    many = "1 session" if span.sessions == 1 else f"{span.sessions:,} sessions"
    return f"{span.first_on} to {span.last_on}, {many}"


def unpriced_lines(report: Report) -> Iterator[str]:
    """Yield a line for each position whose prices ended before the run did."""
    for one in report.net.unpriced:
        yield (
            f"NO PRICE since {one.last_on}: {one.quantity:,.10g} {one.symbol} of {one.book} are valued at"
            f" {money(one.value)} to the end."
        )


# ---- figures ---------------------------------------------------------------------------------------------


def figure_notes(part: Part | Report) -> Iterator[str]:
    """Yield what the figures take for granted: what waited in cash, prices that ended, shorts that were borrowed."""
    held, chosen, shorts = part.benchmarks.buy_and_hold, part.benchmarks.chosen, part.net.shorts
    if held.late:
        yield _waited(held.late, held.in_cash)
    if chosen is not None:
        yield from _chosen(chosen, part.period)
    if shorts is not None:
        closes = f"short at {shorts.sessions:,} of {part.period.sessions:,} closes"
        assumed = f"borrow at {rate(shorts.borrow_rate)} a year was assumed for every symbol, always available"
        yield f"Shorts: {assumed}; {closes}, {money(shorts.borrow)} paid."


def _waited(late: Sequence[Late], in_cash: float | None) -> str:
    begun = [one for one in late if one.first_on is not None]
    kept = f"Buy and hold kept {percent(in_cash, 0)} in cash"
    never = [one.symbol for one in late if one.first_on is None]
    without = f"{listed(never)} had no price in the period"
    if not begun:
        return f"{kept}: {without}."
    dates = listed([f"{one.symbol} began on {one.first_on}" for one in begun])
    if never:
        return f"{kept} on average: {dates}, {without}."
    return f"{kept} until {dates}." if len(late) == 1 else f"{kept} on average until the last of these: {dates}."


def _chosen(chosen: Chosen, span: Period) -> Iterator[str]:
    if chosen.first_on is None:
        yield f"{chosen.symbol} had no price in the period: its figures are those of idle cash."
    elif chosen.first_on > span.first_on:
        yield f"{chosen.symbol} began on {chosen.first_on}: until then its figures are those of idle cash."
    if chosen.last_on is not None and chosen.last_on < span.last_on:
        yield f"{chosen.symbol} has no price after {chosen.last_on}, and keeps that one to the end of the figures."


# ---- the end ---------------------------------------------------------------------------------------------


def notes(report: Report) -> Iterator[str]:
    """Yield what a reader must know to read the numbers."""
    yield "Net is after fees, slippage, spread and borrow; gross has each day's costs added back to its return."
    yield (
        "Buy and hold: equal parts of everything traded, bought at the first close and held, without costs; at"
        " our average net exposure it is set anew each session, the rest in cash, which earns cash_rate."
    )
    yield from _measures(report)
    yield "A rule cuts a target, a check an order; a target is cut anew on every bar on which a rule holds it down."
    yield "Held back: by how much it lowered them on an average bound bar, as a fraction of the account's equity."
    if report.until_halt is not None:
        yield "A lift sets the peak to the NAV of that day: drawdowns beyond the limit are made of several halts."
    if report.capital.steps:
        yield "Capital steps take for granted that the record is good enough for the next one."


def _riskless(report: Report) -> str:
    cash = report.benchmarks.cash
    return "the cash rate" if cash is None else f"{rate(cash.risk_free)} a year (risk_free)"


def _measures(report: Report) -> Iterator[str]:
    net, year = report.net, report.period.sessions_per_year
    excess = f"Sharpe is in excess of {_riskless(report)}"
    yield f"{excess} and annualised by {year} sessions. Drawdowns are of session closes."
    interval, deflated = net.sharpe_interval, net.deflated_sharpe
    if interval is not None:
        yield (
            f"The interval holds {percent(interval.level, 0)} of {interval.resamples:,} histories that were"
            f" drawn from this one, in blocks of {interval.block:.1f} sessions on average."
        )
    if deflated is not None:
        luck = f"{ratio(deflated.expected_best)}, what the best of as many trials would show by luck alone"
        above = "0" if deflated.trials == 1 else luck
        yield f"Deflated: the probability that the true Sharpe ratio is above {above}."
    if net.value_at_risk is not None:
        yield "VaR is the loss that one day in twenty exceeds, CVaR the mean loss of such days."


def imprint(report: Report, saved_to: str | None) -> Iterator[str]:
    """Yield what this run is called, where it is kept, and how long it took."""
    yield f"Run {report.run_id}, {'not saved' if saved_to is None else f'saved in {saved_to}'}"
    if report.trials is not None:
        many = f"{report.trials:,} configurations" if report.trials != 1 else "1 configuration"
        yield f"Tried here so far: {many}; the more there are, the less the best one means."
    for feed in report.data:
        origin = feed.source if feed.fetched_at is None else f"the cache of {feed.fetched_at:%Y-%m-%d %H:%M} UTC"
        yield f"Prices: {feed.name} from {origin}, fingerprint {feed.fingerprint[:FINGERPRINT_DIGITS_SHOWN]}"
    stages = ", ".join(f"{stage.replace('_', ' ')} {took:.2f}" for stage, took in report.seconds.items())
    yield f"Seconds: {sum(report.seconds.values()):.2f} ({stages})"
