"""The charts of a tearsheet, in the order of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models.annotations import Span

from tradewright.reports.plain import money as cents
from tradewright.reports.tearsheet import canvas
from tradewright.reports.tearsheet.canvas import Chart
from tradewright.reports.tearsheet.panels import thinned
from tradewright.reports.tearsheet.time_line import time_line
from tradewright.reports.wording import money, percent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bokeh.models import Range1d

    from tradewright.reports.tearsheet.contributions import Row
    from tradewright.reports.tearsheet.panels import Costs as CostCurves
    from tradewright.reports.tearsheet.panels import Curves, Exposure, Panels, SharpeWindows
    from tradewright.values.arrays import FloatArray, TimeArray

SERIES_MAX = 11
"""More lines of their own nobody can tell apart; the rest is drawn as one."""

_OTHERS = "all others"
_HALF_A_CENT = 0.005  # A line that never leaves it would be drawn on zero, and is left out.


def charts(panels: Panels, currency: str) -> Iterator[Chart]:
    """Yield every chart that has something to show."""
    period = canvas.time_range(panels.curves.on)
    yield equity(panels.curves, period)
    yield fall(panels.curves, period)
    if len(panels.sharpe.on):
        yield sharpe(panels.sharpe, period)
    if panels.exposure.symbols:
        yield exposure(panels.exposure, period)
    told = panels.contributions
    for key, whose, rows in (
        ("by-strategy", "strategy", told.strategies),
        ("by-signal", "signal", told.signals),
        ("by-asset", "asset", told.assets),
    ):
        yield contribution(key, whose, rows, panels.costs.on, period, currency)
    yield costs(panels.costs, period, currency)
    if panels.interventions.names:
        yield time_line(panels.interventions, period, currency)


def equity(curves: Curves, period: Range1d) -> Chart:
    """Draw what one unit became, beside its benchmarks."""
    drawn = canvas.canvas(period, "value of one unit", number="0.00", height=360)
    lines = [
        ("cash", "cash at risk_free", canvas.CASH, 1.2),
        ("market", "buy and hold at 100 %", canvas.MARKET, 1.2),
        ("held", "buy and hold at the average exposure", canvas.HELD, 1.2),
        ("gross", "strategy gross", canvas.GROSS, 1.2),
        ("net", "strategy net", canvas.NET, 2.2),
    ]
    if curves.beside is not None:
        lines.insert(1, ("beside", f"buy and hold {curves.benchmark}", canvas.CHOSEN, 1.2))
    data = canvas.columns(curves.on, **{name: getattr(curves, name) for name, *_ in lines})
    for name, label, colour, width in lines:
        line = drawn.line("on", name, source=data, color=colour, line_width=width, name=label)
    canvas.hover(drawn, line, [(label, f"@{name}{{0.000}}") for name, label, *_ in reversed(lines)])
    return Chart(
        key="equity",
        title="Equity against benchmarks",
        caption="Value of one unit of deployed capital at session closes. Net is after fees, slippage, spread and"
        " borrow; gross has each day's costs added back; the benchmarks pay none.",
        alt=f"Line chart. One unit became {ratio(curves.net[-1])} net, {ratio(curves.gross[-1])} gross,"
        f" {ratio(curves.market[-1])} bought and held, {ratio(curves.held[-1])} held at the average exposure,"
        f" {ratio(curves.cash[-1])} as cash{_chosen(curves)}.",
        figure=drawn,
        keys=[(label, colour) for _, label, colour, _ in reversed(lines)],
    )


def _chosen(curves: Curves) -> str:
    return "" if curves.beside is None else f", {ratio(curves.beside[-1])} as {curves.benchmark}"


def fall(curves: Curves, period: Range1d) -> Chart:
    """Draw how far one unit stood below its peak."""
    drawn = canvas.canvas(period, "below the highest close", number="0 %", height=240)
    data = canvas.columns(curves.on, net=curves.fall, market=curves.market_fall)
    drawn.line("on", "market", source=data, color=canvas.MARKET, line_width=1.0, name="buy and hold at 100 %")
    drawn.varea("on", 0, "net", source=data, color=canvas.FALL, alpha=0.3, name="strategy net")
    line = drawn.line("on", "net", source=data, color=canvas.FALL, line_width=1.4, name="strategy net")
    canvas.hover(drawn, line, [("strategy net", "@net{0.0 %}"), ("buy and hold", "@market{0.0 %}")])
    worst = int(np.argmin(curves.fall))
    return Chart(
        key="drawdowns",
        title="Drawdowns",
        caption="Fall from the highest session close so far, net, as a fraction of that peak.",
        alt=f"Area chart. The deepest fall was {percent(-float(curves.fall[worst]))}, reached on {curves.on[worst]};"
        f" buy and hold fell by {percent(-float(curves.market_fall.min()))}.",
        figure=drawn,
        keys=[("strategy net", canvas.FALL), ("buy and hold at 100 %", canvas.MARKET)],
    )


def sharpe(windows: SharpeWindows, period: Range1d) -> Chart:
    """Draw the Sharpe ratio of the year before each close, with its band."""
    drawn = canvas.canvas(period, "Sharpe ratio, annual", number="0.0", height=260)
    data = canvas.columns(windows.on, value=windows.value, low=windows.low, high=windows.high)
    drawn.varea("on", "low", "high", source=data, color=canvas.NET, alpha=0.16, name="95 % band")
    line = drawn.line("on", "value", source=data, color=canvas.NET, line_width=1.6, name="strategy net")
    drawn.add_layout(Span(location=0.0, dimension="width", line_color=canvas.MARKET, line_dash="dotted"))
    rows = [("Sharpe ratio", "@value{0.00}"), ("95 % band", "@low{0.00} to @high{0.00}")]
    canvas.hover(drawn, line, rows)
    low, high = float(windows.value.min()), float(windows.value.max())
    return Chart(
        key="sharpe",
        title="Rolling Sharpe ratio",
        caption=f"Of the {windows.window} sessions before each close, net, in excess of cash at risk_free; the band"
        " is 1.96 standard errors to either side. Neighbouring windows overlap and say nearly the same.",
        alt=f"Line chart with a band. Between {ratio(low)} and {ratio(high)}, the last {ratio(windows.value[-1])}.",
        figure=drawn,
        keys=[("strategy net", canvas.NET), ("95 % band", f"{canvas.NET}44")],
    )


def exposure(held: Exposure, period: Range1d) -> Chart:
    """Draw what was held, longs above zero and shorts below it."""
    drawn = canvas.canvas(period, "part of equity", number="0 %")
    names, weights = _series(held.symbols, held.weights)
    keys = [f"s{i}" for i in range(len(names))]
    drawn.varea_stack(
        keys,
        x="on",
        source=canvas.columns(held.on, **dict(zip(keys, np.maximum(weights, 0.0).T, strict=True))),
        color=_colours(names),
        alpha=0.75,
        name=list(names),
    )
    if (weights < 0.0).any():
        short = canvas.columns(held.on, **dict(zip(keys, np.minimum(weights, 0.0).T, strict=True)))
        drawn.varea_stack(keys, x="on", source=short, color=_colours(names), alpha=0.75, name=list(names))
    data = canvas.columns(held.on, net=held.net, **dict(zip(keys, weights.T, strict=True)))
    line = drawn.line("on", "net", source=data, color=canvas.MARKET, line_width=1.0, name="net of shorts")
    canvas.hover(drawn, line, [*_tooltips(names, "0.0 %"), ("net of shorts", "@net{0.0 %}")])
    peak = float(np.abs(held.weights).sum(axis=1).max())
    return Chart(
        key="exposure",
        title="Exposure by asset",
        caption="Position over the account's equity at closes, stacked: longs above zero, shorts below. The grey"
        " line is the sum, net of shorts.",
        alt=f"Stacked areas of {len(held.symbols)} assets; at most {percent(peak)} of equity gross, at the end"
        f" {percent(float(held.net[-1]))} net.",
        figure=drawn,
        keys=[*zip(names, _colours(names), strict=True), ("net of shorts", canvas.MARKET)],
    )


def contribution(key: str, whose: str, rows: Sequence[Row], on: TimeArray, period: Range1d, currency: str) -> Chart:
    """Draw what each strategy, signal or asset had earned so far."""
    drawn = canvas.canvas(period, f"profit so far, net, {currency}", number="0,0", height=280)
    ordered = sorted(rows, key=lambda row: -abs(row.total))
    shown = [row for row in ordered if np.abs(row.curve).max() >= _HALF_A_CENT] or list(rows[:1])
    kept = thinned(len(on))
    names, curves = _series([row.name for row in shown], np.stack([row.curve[kept] for row in shown], axis=1))
    keys = [f"s{i}" for i in range(len(names))]
    data = canvas.columns(on[kept], **dict(zip(keys, curves.T, strict=True)))
    for name, column, colour in reversed(list(zip(names, keys, _colours(names), strict=True))):
        line = drawn.line("on", column, source=data, color=colour, line_width=1.6, name=name)
    drawn.add_layout(Span(location=0.0, dimension="width", line_color=canvas.MARKET, line_dash="dotted"))
    canvas.hover(drawn, line, _tooltips(names, "0,0"))
    told = ", ".join(f"{row.name} {money(cents(row.total))} {currency}" for row in shown[:SERIES_MAX])
    return Chart(
        key=key,
        title=f"Contribution by {whose}",
        caption=f"Profit so far by {whose}, net of its costs, in {currency}; the table has the end of each line.",
        alt=f"Line chart. At the end: {told}.",
        figure=drawn,
        keys=list(zip(names, _colours(names), strict=True)),
    )


def costs(paid: CostCurves, period: Range1d, currency: str) -> Chart:
    """Draw what trading had cost so far."""
    drawn = canvas.canvas(period, f"paid so far, {currency}", number="0,0", height=240)
    parts = [name for name in ("slippage", "fees", "borrow") if getattr(paid, name).any()] or ["fees"]
    data = canvas.columns(paid.on, **{name: getattr(paid, name) for name in parts})
    total = sum(float(getattr(paid, name)[-1]) for name in parts)
    colours = canvas.PALETTE[1 : 1 + len(parts)]
    drawn.varea_stack(parts, x="on", source=data, color=colours, alpha=0.7, name=parts)
    line = drawn.line("on", parts[0], source=data, line_alpha=0.0)
    canvas.hover(drawn, line, [(name, f"@{name}{{0,0.00}}") for name in parts])
    return Chart(
        key="costs",
        title="Costs",
        caption=f"Fees, slippage with half the spread, and borrow fees so far, in {currency}.",
        alt=f"Stacked areas. {money(cents(total))} {currency} by the end.",
        figure=drawn,
        keys=list(zip(parts, colours, strict=True)),
    )


def _series(names: Sequence[str], values: FloatArray) -> tuple[tuple[str, ...], FloatArray]:
    """Return the first few columns, and the rest as one."""
    if len(names) <= SERIES_MAX:
        return tuple(names), values
    rest = values[:, SERIES_MAX:].sum(axis=1, keepdims=True)
    return (*names[:SERIES_MAX], _OTHERS), np.concatenate([values[:, :SERIES_MAX], rest], axis=1)


def _colours(names: Sequence[str]) -> list[str]:
    return [canvas.PALETTE[min(i, len(canvas.PALETTE) - 1)] for i in range(len(names))]


def _tooltips(names: Sequence[str], number: str) -> list[tuple[str, str]]:
    return [(name, f"@s{i}{{{number}}}") for i, name in enumerate(names)]
