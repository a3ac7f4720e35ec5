"""How every chart looks and behaves: one time axis for all of them, quiet lines, colours for light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from bokeh.models import (
    ColumnDataSource,
    DatetimeTickFormatter,
    HoverTool,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bokeh.models.renderers import GlyphRenderer

    from tradewright.values.arrays import FloatArray, TimeArray

PERIOD = "period"
"""Name of the shared range, by which the page's script finds it."""

NET, GROSS, MARKET, HELD, FALL = "#2b7bba", "#7fb2d9", "#8d8f94", "#c8963e", "#c4574d"
CHOSEN, CASH = "#8a6fb8", "#4a9c6d"
PALETTE = (
    *("#2b7bba", "#d98032", "#4a9c6d", "#c4574d", "#8a6fb8", "#a0784f", "#cf7fb0"),
    *("#3aa6b0", "#b5a13a", "#6b86c9", "#7d9b3f", "#8d8f94"),
)
"""For what has no colour of its own; the last one is for all others together."""

_HEIGHT = 300
_TOOLS = "xpan,xbox_zoom,xwheel_zoom,reset,save"


@attrs.frozen(kw_only=True)
class Chart:
    """One chart of the page.

    Attributes:
        key: Its anchor.
        title: What it shows.
        caption: How to read it: net or gross, unit, currency.
        alt: What a reader who cannot see it should know.
        figure: What bokeh draws.
        keys: Name and colour of what it draws, as its renderers are named; the page's script shows and hides them.
    """

    key: str
    title: str
    caption: str
    alt: str
    figure: figure
    keys: Sequence[tuple[str, str]] = ()


def time_range(on: TimeArray) -> Range1d:
    """Return the range that every chart shares, so that they move together."""
    first, last = (int(day.astype("datetime64[ms]").astype(np.int64)) for day in (on[0], on[-1]))
    if first == last:
        last += 86_400_000
    return Range1d(start=first, end=last, bounds=(first, last), name=PERIOD)


def canvas(period: Range1d, label: str, *, number: str, height: int = _HEIGHT, **options: Any) -> figure:
    """Return an empty figure over the shared time axis.

    Args:
        period: The shared range.
        label: Of the vertical axis: what is measured, and in which unit.
        number: Format of its numbers, as bokeh's `NumeralTickFormatter` takes it; empty for names.
        height: In pixels.
        **options: For `bokeh.plotting.figure`.
    """
    drawn = figure(
        height=height,
        sizing_mode="stretch_width",
        x_axis_type="datetime",
        x_range=period,
        tools=_TOOLS,
        active_drag=None,  # A page that is scrolled by touch or wheel must not zoom instead.
        active_scroll=None,
        toolbar_location="above",
        y_axis_location="right",
        window_axis="x",
        min_border_left=8,
        min_border_right=84,  # So that the same day stands at the same place in every chart.
        **options,
    )
    drawn.toolbar.logo = None
    drawn.toolbar.autohide = True
    drawn.outline_line_color = drawn.xgrid.grid_line_color = None
    drawn.background_fill_color = drawn.border_fill_color = None
    drawn.ygrid.grid_line_alpha = 0.6
    drawn.axis.minor_tick_line_color = drawn.yaxis.axis_line_color = drawn.yaxis.major_tick_line_color = None
    drawn.axis.major_label_text_font = drawn.axis.axis_label_text_font = "system-ui, sans-serif"
    drawn.axis.axis_label_text_font_style = "normal"
    drawn.xaxis.formatter = DatetimeTickFormatter(days="%d %b %Y", months="%b %Y", years="%Y")
    drawn.yaxis.axis_label = label
    if number:
        drawn.yaxis.formatter = NumeralTickFormatter(format=number)
    return drawn


def columns(on: TimeArray, **values: FloatArray) -> ColumnDataSource:
    """Return the data of a chart; four bytes hold every digit that a screen can show."""
    days = on.astype("datetime64[ms]").astype(np.float64)
    return ColumnDataSource({"on": days, **{name: value.astype(np.float32) for name, value in values.items()}})


def hover(drawn: figure, on: GlyphRenderer[Any], rows: Sequence[tuple[str, str]]) -> None:
    """Show the day and some values where the pointer stands."""
    shown = HoverTool(
        renderers=[on],
        tooltips=[("", "@on{%F}"), *rows],
        formatters={"@on": "datetime"},
        mode="vline",
        point_policy="snap_to_data",
        line_policy="nearest",
    )
    drawn.add_tools(shown)
