"""A backtest as one HTML file that needs nothing else.

    profits, shares -> panels (numbers) -> charts, markup -> page

Only `panels` knows the backtest; what follows lays numbers out.  What the terminal says too comes from the same
machine's report and the same wording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.reports.summary import Summary
    from tradewright.reports.tree.report import Report
    from tradewright.sentence.record import Record

SEGMENTS = 500
"""Parts of the history between which the time line of the rules tells cuts apart: two weeks each in 20 years."""


def write(path: Path, ran: Record, summary: Summary, report: Report) -> int:
    """Write the tearsheet at once or not at all, and return its size in bytes.

    Args:
        path: Where to.
        ran: The run.
        summary: What it says.
        report: The whole of it.
    """
    # The chart library costs a second to import, which only this pays.
    from tradewright.reports.tearsheet.page import page  # noqa: PLC0415  # see above
    from tradewright.reports.tearsheet.panels import panels  # noqa: PLC0415  # see above
    from tradewright.workspace.writing import write_all  # noqa: PLC0415  # see above

    content = page(report, panels(ran, summary)).encode()
    write_all({path: content})
    return len(content)
