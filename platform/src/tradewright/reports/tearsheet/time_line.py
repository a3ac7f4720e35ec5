"""The time line of the rules: when each of them cut, and when trading was halted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from bokeh.models import ColumnDataSource, FactorRange, HoverTool

from tradewright.reports.tearsheet import canvas
from tradewright.reports.tearsheet.canvas import Chart

if TYPE_CHECKING:
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    from tradewright.reports.tearsheet.interventions import Interventions

_DAY_MS = 86_400_000


def time_line(found: Interventions, period: Range1d, currency: str) -> Chart:
    """Draw when each rule cut, and the halts and steps of capital."""
    drawn = canvas.canvas(
        period,
        "",
        number="",
        height=90 + 34 * len(found.names),
        y_range=FactorRange(factors=[*reversed(found.names)]),
    )
    drawn.ygrid.grid_line_color = None
    drawn.yaxis.axis_label = None
    most = {name: max((cut.notional for cut in found.cuts if cut.rule == name), default=0.0) for name in found.names}
    cuts = ColumnDataSource({
        "rule": [cut.rule for cut in found.cuts],
        "left": np.array([_ms(cut.first_on) for cut in found.cuts]),
        "right": np.array([_ms(cut.last_on) + _DAY_MS - 1.0 for cut in found.cuts]),
        "cuts": np.array([cut.cuts for cut in found.cuts], np.float32),
        "notional": np.array([cut.notional for cut in found.cuts], np.float32),
        "depth": np.array([_depth(cut.notional, most[cut.rule]) for cut in found.cuts], np.float32),
    })  # fmt: skip
    bars = drawn.hbar(
        y="rule", left="left", right="right", height=0.6, source=cuts, color=canvas.PALETTE[1], fill_alpha="depth",
        line_alpha="depth", line_width=1,
    )  # fmt: skip
    rows = [("", "@rule"), ("from", "@left{%F}"), ("to", "@right{%F}"), ("cuts", "@cuts{0,0}")]
    days: dict[str, Literal["datetime"]] = {"@left": "datetime", "@right": "datetime"}
    rows.append((f"notional, {currency}", "@notional{0,0}"))
    drawn.add_tools(HoverTool(renderers=[bars], tooltips=rows, formatters={**days}))
    _draw_marks(drawn, found)
    told = ", ".join(f"{name} in {sum(cut.rule == name for cut in found.cuts)} spans" for name in found.names)
    return Chart(
        key="rules",
        title="Interventions of the rules",
        caption="Bars: spans of sessions in which a rule or a check cut something, the stronger the more (against the"
        " rule's own most). Diamonds: halts (red), their end by a person (green), steps of capital (blue).",
        alt=f"Time line. {told}; {len(found.marks)} halts, lifts and steps of capital.",
        figure=drawn,
    )


def _draw_marks(drawn: figure, found: Interventions) -> None:
    marks = ColumnDataSource({
        "rule": [mark.rule for mark in found.marks],
        "at": np.array([_ms(mark.on) for mark in found.marks]),
        "what": [mark.what for mark in found.marks],
        "day": [str(mark.on) for mark in found.marks],
        "colour": [_mark_colour(mark.what) for mark in found.marks],
    })  # fmt: skip
    dots = drawn.scatter("at", "rule", source=marks, size=11, marker="diamond", color="colour", line_color="white")
    drawn.add_tools(HoverTool(renderers=[dots], tooltips=[("", "@day"), ("@rule", "@what")]))


def _depth(notional: float, most: float) -> float:
    """Return how dark a span is drawn; one without a notional is not lost."""
    return 0.25 + (0.75 * (notional / most) ** 0.5 if most > 0.0 else 0.0)


def _mark_colour(what: str) -> str:
    if what.endswith("lifted"):
        return canvas.PALETTE[2]
    return canvas.FALL if what.startswith("halt") else canvas.NET


def _ms(day: np.datetime64) -> float:
    return float(day.astype("datetime64[ms]").astype(np.int64))
