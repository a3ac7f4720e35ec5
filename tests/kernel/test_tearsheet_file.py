"""The file that `--report` writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from backtest_by_hand import TICKET, backtest
from tradewright.reports import tearsheet
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise


def test_write_replaces_a_file_and_returns_its_size(tmp_path: Path) -> None:
    ran, file = backtest(tmp_path), tmp_path / "out.html"
    file.write_text("older", "utf-8")
    summary = summarise(ran)
    fields = report(summary, TICKET, {"tradewright": "0.1.0"})
    size = tearsheet.write(file, ran, summary, fields)

    assert size == file.stat().st_size
    assert ["out.html", "plugins.toml"] == sorted(path.name for path in tmp_path.iterdir())
    assert 0o644 == file.stat().st_mode & 0o644


def test_write_that_fails_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran, file = backtest(tmp_path), tmp_path / "out.html"
    file.write_text("older", "utf-8")
    summary = summarise(ran)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(OSError, match="No space"):
        tearsheet.write(file, ran, summary, report(summary, TICKET, {"tradewright": "0.1.0"}))

    assert "older" == file.read_text("utf-8")
    assert ["out.html", "plugins.toml"] == sorted(path.name for path in tmp_path.iterdir())


def test_chart_library_is_not_imported_without_report() -> None:
    code = (
        "import sys, tradewright.cli.backtest, tradewright.backtest, tradewright.reports.summary,"
        " tradewright.reports.machine, tradewright.reports.terminal;"
        "print([name for name in ('bokeh', 'jinja2', 'PIL', 'tornado') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()
