"""The one file: template, style, script, chart library and numbers; a browser loads nothing beside it."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bokeh.embed import components
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tradewright.reports import halts, wording
from tradewright.reports.tearsheet import lists
from tradewright.reports.tearsheet.charts import charts
from tradewright.reports.wording import printable

if TYPE_CHECKING:
    from bokeh.plotting import figure

    from tradewright.reports.tearsheet.canvas import Chart
    from tradewright.reports.tearsheet.panels import Panels


def page(report: dict[str, Any], panels: Panels) -> str:
    """Return the tearsheet.

    Args:
        report: What `machine.report` returned.
        panels: What is drawn beside it.
    """
    drawn = {chart.key: chart for chart in charts(panels, report["currency"])}
    script, places = components({key: _named(chart) for key, chart in drawn.items()}, wrap_script=False)
    # Every name and note is escaped by the template; what the chart library writes, it has escaped itself.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["printable"] = printable
    template = environment.from_string(_text("page.html"))
    return template.render(
        report=report,
        title=title(report),
        period=wording.period(report),
        key_figures=list(key_figures(report)),
        standing=list(halts.halt_lines(report)),
        wording=wording,
        halts=halts,
        lists=lists,
        panels=panels,
        charts=drawn,
        places={key: Markup(place) for key, place in places.items()},  # noqa: S704  # made by the chart library
        style=Markup(_text("page.css")),  # noqa: S704  # this and the next three are files of packages
        behaviour=Markup(_text("page.js")),  # noqa: S704  # see above
        library=Markup("\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)),  # noqa: S704  # see above
        drawing=Markup(script),  # noqa: S704  # see above
    )


def title(report: dict[str, Any]) -> str:
    """Name the strategies and what they trade."""
    symbols = [symbol for feed in report["data"] for symbol in feed["symbols"]]
    return f"Backtest of {', '.join(report['config']['strategies'])} on {wording.listed(symbols)}"


def key_figures(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value and note of the few numbers that a reader looks for first."""
    net, currency = report["net"], report["currency"]
    per_year = net["annual_return"] is not None
    interval = net["sharpe_interval"]
    exposure = report["net"]["exposure"]
    fall = net["max_drawdown"]
    return [
        (
            "Return per year" if per_year else "Return",
            wording.percent(net["annual_return"] if per_year else net["total_return"], 2),
            f"net; gross {wording.percent(report['gross']['annual_return' if per_year else 'total_return'], 2)}",
        ),
        (
            "Sharpe ratio",
            wording.ratio(net["sharpe"]),
            "net" if interval is None else f"net; 95 % interval {wording.span(interval)}",
        ),
        ("Largest drawdown", wording.percent(fall["depth"]), f"net; lowest on {fall['trough_on']}"),
        ("Profit", wording.money(net["profit"]), f"{currency}, net"),
        (
            "Costs",
            wording.money(report["costs"]["total"]["amount"]),
            f"{currency}; {wording.percent(report['costs']['total']['per_year'], 2)} of equity per year",
        ),
        (
            "Exposure",
            wording.percent(exposure["gross"]),
            f"gross, on average; in the market on {wording.percent(exposure['time_in_market'])} of closes",
        ),
    ]


def _named(chart: Chart) -> figure:
    chart.figure.name = chart.key
    return chart.figure


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")
