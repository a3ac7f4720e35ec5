"""The list of the runs that a workspace has seen, each with what it changed from the one before."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.reports.changes import changes, shortened
from tradewright.reports.tree.form import printed, read
from tradewright.reports.wording import listed, percent, ratio

if TYPE_CHECKING:
    from tradewright.reports.tree.report import Report
    from tradewright.workspace.kept import Stored
    from tradewright.workspace.runs import RunStore

COLUMNS = ("run", "strategies", "symbols", "period", "return", "Sharpe", "drawdown", "status", "trials", "changed")


@attrs.frozen
class Row:
    """A saved run in the list, with the settings that it is told apart by."""

    stored: Stored
    report: Report
    changed: dict[str, Any]


def list_runs(store: RunStore) -> list[Row]:
    """Return the saved runs, newest first, each beside the one that was saved before it."""
    stored = store.stored()
    reports = [read(one.report) for one in stored]
    changed = [changes(before.config, report.config) for report, before in pairwise(reports)] + [{}]
    return [Row(*row) for row in zip(stored, reports, changed, strict=False)]


def fields(row: Row) -> dict[str, Any]:
    """Return what `--json` says of a run."""
    report = row.report
    return {
        "run_id": row.stored.run_id,
        "at": row.stored.at,
        "status": report.status,
        "strategies": report.books,
        "symbols": report.symbols,
        "period": printed(report.period),
        "total_return": report.net.total_return,
        "sharpe": report.net.sharpe,
        "max_drawdown": report.net.max_drawdown.depth,
        "trials": report.trials,
        "fingerprints": {feed.name: feed.fingerprint for feed in report.data},
        "changed": row.changed,
    }


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of its line, below `COLUMNS`."""
    report = row.report
    return (
        row.stored.run_id,
        ", ".join(report.books),
        listed(report.symbols),
        f"{report.period.first_on} to {report.period.last_on}",
        percent(report.net.total_return),
        ratio(report.net.sharpe),
        percent(report.net.max_drawdown.depth),
        report.status,
        str(report.trials),
        shortened(row.changed),
    )
