"""The words and numbers of a report on a screen: fractions as percents, money with separators, no value as `-`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.signals.passes import NO_VOTE, UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from tradewright.reports.tree.curves import Chosen, Interval, Late
    from tradewright.reports.tree.part import Part, Period, Trades
    from tradewright.reports.tree.report import Report, WholeNet

SYMBOLS_SHOWN_MAX = 8
_WEIGHT_SLACK = 1e-9  # Fraction of equity: rounding of a weight that is exactly at its limit.
FINGERPRINT_DIGITS_SHOWN = 12


def printable(text: str) -> str:
    r"""Write out whatever would move a terminal's cursor or change its colours.

    >>> print(printable("a\x1b[31mb"))
    a\x1b[31mb
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def percent(value: float | None, digits: int = 1) -> str:
    """Write a fraction.

    >>> percent(0.1234), percent(None), percent(-1e-9)
    ('12.3 %', '-', '0.0 %')
    """
    return "-" if value is None else f"{round(100.0 * value, digits) + 0.0:,.{digits}f} %"


def rate(value: float) -> str:
    """Write a fraction per year to as many digits as somebody gave it.

    >>> rate(0.02), rate(0.0125)
    ('2 %', '1.25 %')
    """
    return f"{100.0 * value:.6g} %"


def ratio(value: float | None) -> str:
    """Write a plain number.

    >>> ratio(0.6479), ratio(None)
    ('0.65', '-')
    """
    return "-" if value is None else f"{round(value, 2) + 0.0:.2f}"


def span(interval: Interval) -> str:
    """Write an interval of plain numbers, to the digit that it can bear: `-0.1 to 0.8`."""
    low, high = (f"{round(end, 1) + 0.0:.1f}" for end in (interval.low, interval.high))
    return f"{low} to {high}"


def money(amount: Decimal) -> str:
    """Write an amount with separators.

    >>> from decimal import Decimal
    >>> money(Decimal("-1234567.50"))
    '-1,234,567.50'
    """
    return f"{amount:,}"


def compared(value: float | None, limit: float | None) -> str:
    """Write what a rule compared; beyond a limit of 1 it is a ratio to what is usual (`risk.contract.Halt`).

    >>> compared(3.0021, 3.0), compared(0.125, 0.12)
    ('3.0 times usual', '12.5 %')
    """
    if value is None or limit is None or limit <= 1.0:
        return percent(value)
    return f"{value:.1f} times usual"


def listed(names: Sequence[str]) -> str:
    """Name the first few.

    >>> listed(["SPX", "COMP"]), listed([f"A{i}" for i in range(30)])
    ('SPX, COMP', 'A0, A1, A2, A3, A4, A5, A6, A7 and 22 more')
    """
    more = len(names) - SYMBOLS_SHOWN_MAX
    return ", ".join(names[:SYMBOLS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def unpriced_lines(report: Report) -> Iterator[str]:
    """Yield a line for each position whose prices ended before the run did."""
    for one in report.net.unpriced:
        yield (
            f"NO PRICE since {one.last_on}: {one.quantity:,.10g} {one.symbol} of {one.book} are valued at"
            f" {money(one.value)} to the end."
        )


# ---- figures ---------------------------------------------------------------------------------------------


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


def behaviour_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what the strategy did, beside what it earned."""
    net = report.net
    gross, net_of_shorts = percent(net.exposure.gross), percent(net.exposure.net)
    signed = "" if gross == net_of_shorts else f" ({net_of_shorts} net of shorts)"
    in_market = percent(net.exposure.time_in_market)
    yield "Exposure", f"{gross} of equity on average{signed}, in the market on {in_market} of closes"
    yield "Trades", _trades(net.trades, net.fills)
    yield "Turnover", f"{percent(net.turnover)} of equity bought and sold per year"
    for book, weights in net.largest_weights.items():
        heaviest = sorted(weights.items(), key=lambda pair: -pair[1])
        if heaviest:
            named = listed([f"{symbol} {percent(weight)}" for symbol, weight in heaviest])
            yield "Largest weight", f"{named} (of {book}){_drift(report, heaviest)}"
    cut = [f"{said} {count:,}" for name, said in _CUT.items() if (count := getattr(net.cut_orders, name))]
    if cut:
        yield "Orders cut", ", ".join(cut)
    broken = [f"{net.breaches:,} answers of optimizers and rules were replaced"] if net.breaches else []
    if net.verify_failures:
        broken.append(f"{net.verify_failures:,} decisions were lowered by a second pass through the rules")
    if broken:
        yield "Contracts broken", "; ".join(broken)
    yield from _risk_lines(net, report.period.sessions)


def _drift(report: Report, heaviest: Sequence[tuple[str, float]]) -> str:
    """Say why a weight may be above the limit: a rule sees decisions, and a price moves between two of them."""
    limit = report.config.get("risk", {}).get("position-limit", {}).get("limit")
    if limit is None or not heaviest[0][1] > limit + _WEIGHT_SLACK:
        return ""
    above = [symbol for symbol, weight in heaviest if weight > limit + _WEIGHT_SLACK]
    return f"; {listed(above)} drifted above {percent(limit, 0)} between two decisions"


def _trades(trades: Trades, fills: int) -> str:
    trips = "1 round trip" if trades.closed == 1 else f"{trades.closed:,} round trips"
    stopped = f", {trades.stopped:,} of them ended by a stop" if trades.stopped else ""
    many = f"{trips}{stopped}, {trades.open} open at the end, {fills:,} fills"
    if trades.hit_rate is None:
        return many
    ratios = f"profit factor {ratio(trades.profit_factor)}, payoff {ratio(trades.payoff)}"
    return f"{many}; hit rate {percent(trades.hit_rate)}, {ratios}"


def _risk_lines(net: WholeNet, sessions: int) -> Iterator[tuple[str, str]]:
    """Yield what a curve says beyond the table."""
    if net.time_under_water:
        longest = f"at most {net.longest_under_water:,} in a row"
        yield "Under water", f"{percent(net.time_under_water)} of sessions, {longest}"
    beside = net.relative
    if beside is not None and beside.beta is not None:
        ratios = f"beta {ratio(beside.beta)}, information ratio {ratio(beside.information_ratio)}"
        name = "holding" if beside.benchmark == "buy_and_hold" else beside.benchmark
        yield f"Beside {name}", f"alpha {percent(beside.alpha, 2)} per year, {ratios}"
    if net.probabilistic_sharpe is not None:
        needed = net.min_track_record
        enough = "" if needed is None else f"; {needed:,} sessions would show it at 95 %, there are {sessions:,}"
        yield "Evidence", f"Sharpe ratio above 0 with {percent(net.probabilistic_sharpe)} probability{enough}"


_CUT = {
    "participation": "to the share of volume",
    "cash": "to the cash there was",
    "expired": "expired short of their limit",
}


_GAINS = {"realised": "realised", "unrealised": "unrealised", "income": "in dividends"}


def money_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield capital, profit and what was paid."""
    capital, net, costs = report.capital, report.net, report.costs
    granted = f"{money(capital.start)} at the start{_shared(report)}, {money(capital.end)} at the end"
    yield "Capital", f"{granted}, {report.currency}"
    for step in capital.steps:
        yield "", f"{step.on}  +{money(step.amount)} after {percent(step.gain)} since the step before"
    yield "Profit", f"{money(net.profit)} after costs; equity {money(net.equity)}"
    if net.lots is not None:
        gains = (f"{money(getattr(net.lots, name))} {what}" for name, what in _GAINS.items())
        yield "Gains", f"{', '.join(gains)}; lots first in, first out"
    parts = ", ".join(f"{name} {money(getattr(costs, name).amount)}" for name in ("fees", "slippage", "borrow"))
    per_year = percent(costs.total.per_year, 2)
    yield "Costs", f"{money(costs.total.amount)} ({per_year} of equity per year): {parts}"
    earned = percent(report.config["costs"]["cash_rate"], 2)
    yield "Interest", f"{money(costs.interest.amount)} earned on idle cash at {earned} per year (cash_rate)"


def _shared(report: Report) -> str:
    """Say why less than `capital.start` was deployed."""
    shares = [one["capital_share"] for one in report.config["strategies"].values()]
    if sum(shares) > 1.0 - _WEIGHT_SLACK:
        return ""
    parts = " + ".join(f"{share:g}" for share in shares)
    whole = f"{report.config['capital']['start']:,.2f}"
    return f" ({100.0 * sum(shares):.4g} % of {whole}, as capital_share {parts})"


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
