"""Where `--report` may write, and what it says where it may not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from backtest_by_hand import TICKET, backtest
from tradewright.cli import tearsheet
from tradewright.errors import UsageError
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise


def test_target_of_a_relative_path_starts_at_the_current_folder(workspace: Path) -> None:
    (workspace / "out").mkdir()

    assert workspace / "out/a.html" == tearsheet.target(Path("out/a.html"), workspace)


def test_target_of_an_absolute_path_may_lie_anywhere(
    workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.html"

    assert elsewhere == tearsheet.target(elsewhere, workspace)


@pytest.mark.parametrize(
    ("path", "said", "fix"),
    [
        ("../a.html", "must stay inside the workspace", "absolute path"),
        ("here/../../a.html", "must stay inside the workspace", "absolute path"),
        ("link/a.html", "must stay inside the workspace", "absolute path"),
        ("~/a.html", "must stay inside the workspace", "absolute path"),
        ("here", "must be a file, was the folder", "add a name: here/out.html"),
        ("", "must be a file, was the folder", "add a name"),
        ("nowhere/a.html", "there is no folder", "make it first"),
        ("file/a.html", "there is no folder", "make it first"),
        ("/proc/a.html", "cannot be written", "that you may write to"),
        ("a\0.html", "cannot be written", "that you may write to"),
        (f"{'a' * 300}.html", "cannot be written", "that you may write to"),
        ("loop/a.html", "", ""),
    ],
)
def test_target_that_cannot_be_is_refused_with_what_to_do(workspace: Path, path: str, said: str, fix: str) -> None:
    (workspace / "here").mkdir()
    (workspace / "file").touch()
    (workspace / "link").symlink_to(workspace.parent)
    (workspace / "loop").symlink_to(workspace / "loop")
    with pytest.raises(UsageError) as caught:
        tearsheet.target(Path(path), workspace)

    assert "--report" == caught.value.key
    assert said in caught.value.message
    assert fix in str(caught.value.fix)


def test_refused_path_ends_before_the_run_with_the_code_of_usage(workspace: Path, run: object) -> None:
    (workspace / "plugins.toml").write_text(
        '[plugins]\nenabled = []\n[data.a]\nsource = "files"\nsymbols = ["A"]\n'
        '[strategies.s]\ndata = ["a"]\n[strategies.s.signals.x]\nweight = 1.0\n',
        "utf-8",
    )
    code, out, err = run("backtest", "--report", "../a.html")  # type: ignore[operator]  # the fixture of every command

    assert (2, "") == (code, out)
    assert "error: --report: must stay inside the workspace" in err


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
