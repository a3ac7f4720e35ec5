"""What the strategy did, and what became of the money: names and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.reports.wording import listed, money, percent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.reports.tree.part import Trades
    from tradewright.reports.tree.report import Report, WholeNet

_CUT = {
    "participation": "to the share of volume",
    "cash": "to the cash there was",
    "expired": "expired short of their limit",
}
_GAINS = {"realised": "realised", "unrealised": "unrealised", "income": "in dividends"}
_WEIGHT_SLACK = 1e-9  # Fraction of equity: rounding of a weight that is exactly at its limit.


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
