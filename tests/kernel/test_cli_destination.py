"""Where `--report` and `--export` may write, and what they say where they may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tradewright.cli import destination
from tradewright.errors import UsageError


def test_report_file_of_a_relative_path_starts_at_the_current_folder(workspace: Path) -> None:
    (workspace / "out").mkdir()

    assert workspace / "out/a.html" == destination.report_file(Path("out/a.html"), workspace)


def test_report_file_of_an_absolute_path_may_lie_anywhere(
    workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.html"

    assert elsewhere == destination.report_file(elsewhere, workspace)


@pytest.mark.parametrize(
    ("path", "said", "fix"),
    [
        ("../a.html", "must stay inside the workspace", "absolute path"),
        ("here/../../a.html", "must stay inside the workspace", "absolute path"),
        ("link/a.html", "must stay inside the workspace", "absolute path"),
        ("~/a.html", "must stay inside the workspace", "absolute path"),
        ("here", "must be a file, was the folder", "add a name: here/out.html"),
        ("plugins.toml", "must end in .html or .htm, was", "such as out.html"),
        (".tradewright/runs.db", "must end in .html or .htm", "such as out.html"),
        ("html", "must end in .html or .htm", "such as out.html"),
        ("page.html", "must end in .html or .htm", "such as out.html"),
        ("", "must be a file, was the folder", "add a name"),
        ("nowhere/a.html", "there is no folder", "make it first"),
        ("file/a.html", "there is no folder", "make it first"),
        ("/proc/a.html", "cannot be written", "that you may write to"),
        ("a\0.html", "cannot be written", "that you may write to"),
        (f"{'a' * 300}.html", "cannot be written", "that you may write to"),
        ("loop/a.html", "", ""),
    ],
)
def test_report_file_that_cannot_be_is_refused_with_what_to_do(
    workspace: Path, path: str, said: str, fix: str
) -> None:
    (workspace / "here").mkdir()
    (workspace / "file").touch()
    (workspace / "link").symlink_to(workspace.parent)
    (workspace / "loop").symlink_to(workspace / "loop")
    (workspace / "page.html").symlink_to(workspace / "plugins.toml")
    with pytest.raises(UsageError) as caught:
        destination.report_file(Path(path), workspace)

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


def test_export_folder_is_made_below_the_current_folder_or_where_an_absolute_path_says(
    workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("else") / "where"

    assert workspace / "deep" / "er" == destination.export_folder(Path("deep/er"), workspace)
    assert elsewhere == destination.export_folder(elsewhere, workspace)
    assert (workspace / "deep" / "er").is_dir()
    assert elsewhere.is_dir()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../elsewhere", "must stay inside the workspace"),
        ("~/out", "must stay inside the workspace"),
        ("taken", "must be a folder, was the file"),
        ("taken/below", "cannot be written"),
        ("/proc/out", "cannot be written"),
        ("a\0", "cannot be written"),
    ],
)
def test_export_folder_that_cannot_be_is_refused_with_what_to_do(workspace: Path, path: str, said: str) -> None:
    (workspace / "taken").touch()
    with pytest.raises(UsageError) as caught:
        destination.export_folder(Path(path), workspace)

    assert "--export" == caught.value.key
    assert said in caught.value.message
    assert caught.value.fix
