"""The one file: template, style, script, chart library and numbers; a browser loads nothing beside it."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from bokeh.embed import components
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tradewright.reports import halts, notes, safety, tables, wording
from tradewright.reports.behaviour import behaviour_lines, money_lines
from tradewright.reports.tearsheet import lists
from tradewright.reports.tearsheet.charts import charts
from tradewright.reports.wording import printable

if TYPE_CHECKING:
    from bokeh.plotting import figure

    from tradewright.reports.tearsheet.canvas import Chart
    from tradewright.reports.tearsheet.panels import Panels
    from tradewright.reports.tree.report import Report


def page(report: Report, panels: Panels) -> str:
    """Return the tearsheet.

    Args:
        report: What is said.
        panels: What is drawn beside it.
    """
    drawn = {chart.key: chart for chart in charts(panels, report.currency)}
    script, places = components({key: _named(chart) for key, chart in drawn.items()}, wrap_script=False)
    # Every name and note is escaped by the template; what the chart library writes, it has escaped itself.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["printable"] = printable
    template = environment.from_string(_text("page.html"))
    return template.render(
        report=report,
        title=notes.title(report),
        period=notes.period(report),
        key_figures=list(key_figures(report)),
        standing=list(halts.halt_lines(report)),
        lifts=tables.lift_rows(report),
        notes=notes,
        behaviour_lines=behaviour_lines,
        money_lines=money_lines,
        halts=halts,
        lists=lists,
        safety=safety,
        panels=panels,
        charts=drawn,
        places={key: Markup(place) for key, place in places.items()},  # noqa: S704  # made by the chart library
        style=Markup(_text("page.css")),  # noqa: S704  # this and the next three are files of packages
        behaviour=Markup(_text("page.js")),  # noqa: S704  # see above
        library=Markup("\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)),  # noqa: S704  # see above
        drawing=Markup(script),  # noqa: S704  # see above
    )


def key_figures(report: Report) -> list[tuple[str, str, str]]:
    """Return name, value and note of the few numbers that a reader looks for first."""
    net, total, currency = report.net, report.costs.total, report.currency
    name, measure = ("Return", "total_return") if net.annual_return is None else ("Return per year", "annual_return")
    interval = net.sharpe_interval
    in_market = wording.percent(net.exposure.time_in_market)
    return [
        (
            name,
            wording.percent(getattr(net, measure), 2),
            f"net; gross {wording.percent(getattr(report.gross, measure), 2)}",
        ),
        (
            "Sharpe ratio",
            wording.ratio(net.sharpe),
            "net" if interval is None else f"net; 95 % interval {wording.span(interval)}",
        ),
        (
            "Largest drawdown",
            wording.percent(net.max_drawdown.depth),
            f"net; lowest on {net.max_drawdown.trough_on}",
        ),
        ("Profit", wording.money(net.profit), f"{currency}, net"),
        (
            "Costs",
            wording.money(total.amount),
            f"{currency}; {wording.percent(total.per_year, 2)} of equity per year",
        ),
        (
            "Exposure",
            wording.percent(net.exposure.gross),
            f"gross, on average; in the market on {in_market} of closes",
        ),
    ]


def _named(chart: Chart) -> figure:
    chart.figure.name = chart.key
    return chart.figure


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")
