"""How a report reaches the screen: in colour and full width on a terminal, with charts where they can be shown."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from tradewright.cli.output import colour_allowed, printable

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.reports.figures import Figures
    from tradewright.reports.tree.report import Report

WIDTH_UNATTENDED = 80
"""Without a terminal nobody says how wide a page is."""

_DRAWN_WITH = "\u2500\u28ff"  # A line of a frame and a cell of braille.


def echo_report(
    report: Report,
    saved_to: Path | None,
    figures: Figures | None = None,
    tearsheet: tuple[Path, int] | None = None,
    *,
    brief: bool = False,
) -> None:
    """Write a report to stdout.

    Args:
        report: What is said, now or when it was kept.
        saved_to: Where it is kept.
        figures: What the charts are drawn from; a stored report has none.
        tearsheet: The file that was written beside it, and its size in bytes.
        brief: Whether halts, figures and warnings are enough.
    """
    # 0.1 s that `--help` must not pay.
    from tradewright.reports.charts import charts  # noqa: PLC0415  # see above
    from tradewright.reports.layout import WIDTH_MAX  # noqa: PLC0415  # see above
    from tradewright.reports.terminal import brief_text, text  # noqa: PLC0415  # see above

    attended = sys.stdout is not None and sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns if attended else WIDTH_UNATTENDED, WIDTH_MAX)
    colour = attended and colour_allowed()
    place = None if saved_to is None else os.path.relpath(saved_to)
    if brief:
        click.echo(brief_text(report, width=width, colour=colour, saved_to=place))
    else:
        drawable = figures is not None and figures.fills and _can_draw()
        drawn = charts(figures, width, colour=colour) if figures is not None and drawable else ()
        click.echo(text(report, drawn, width=width, colour=colour, saved_to=place))
    if tearsheet is not None:
        file, size = tearsheet
        click.echo(f"Tearsheet {printable(os.path.relpath(file))}, {size / 1e6:.1f} MB")


def _can_draw() -> bool:
    try:
        _DRAWN_WITH.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
