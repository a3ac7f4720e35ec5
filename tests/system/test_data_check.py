"""`tradewright data check` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tradewright.cli import main

if TYPE_CHECKING:
    from click.testing import Result

GOOD = "date,open,high,low,close,volume\n2026-03-02,10,12,9,11,100\n2026-03-03,11,12,10,11.5,200\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace, whose calendars are computed once for all tests here."""
    path = tmp_path_factory.mktemp("workspace")
    (path / "plugins.toml").touch()
    return path


@pytest.fixture
def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["data", "check", *words])


def report(*words: str) -> tuple[int, dict[str, Any]]:
    result = run(*words, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_good_file_is_described_and_exits_0(workspace: Path) -> None:
    (workspace / "good.csv").write_text(GOOD)

    result = run("good.csv")

    assert result.exit_code == 0
    said = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert said[0] == "file good.csv"
    assert "rows 2" in said
    assert "range 2026-03-02 to 2026-03-03" in said
    assert "bar 1d on sessions of XNYS" in said
    assert "adjustment none, as declared by --adjustment: the file does not say" in said
    assert said[-1] == "Nothing is wrong."


def test_good_file_as_json_is_one_object(workspace: Path) -> None:
    (workspace / "good.csv").write_text(GOOD)

    code, said = report("good.csv")

    assert code == 0
    assert said == {
        "schema": "tradewright.data-check/1",
        "file": "good.csv",
        "ok": True,
        "rows": 2,
        "rounded": 0,
        "range": {"first_on": "2026-03-02", "last_on": "2026-03-03"},
        "bar": "1d",
        "calendar": "XNYS",
        "adjustment": "none",
        "columns": {name: name for name in ("date", "open", "high", "low", "close", "volume")},
        "findings": [],
        "more": False,
    }


def test_file_with_rounding_is_good_and_says_how_many_rows_have_it(workspace: Path) -> None:
    """As an adjusted file of a downloader has them: the close is 1e-9 above the high."""
    rows = "2026-03-02,10,12,9,12.000000001\n2026-03-03,10,12,9,11\n"
    (workspace / "rounded.csv").write_text(f"date,open,high,low,close\n{rows}")

    result = run("rounded.csv")

    assert 0 == result.exit_code
    assert "2, 1 with a price beyond high or low by rounding" in result.stdout
    assert 1 == report("rounded.csv")[1]["rounded"]


def test_bad_file_shows_each_finding_with_its_line_and_fix_and_exits_9(workspace: Path) -> None:
    (workspace / "bad.csv").write_text("date,close\n2026-03-02,N/A\n2026-03-09,0\n")

    result = run("bad.csv")

    assert result.exit_code == 9
    assert result.stderr == ""
    assert 'bad.csv:2: close: not a number, was "N/A" (2026-03-02)\n  fix: write a plain decimal' in result.stdout
    assert "bad.csv:3: close: must be > 0, was 0 (2026-03-09)\n  fix: " in result.stdout
    assert "bad.csv:3: date: gap 2026-03-03..06: no bar in 4 of XNYS's sessions\n  fix: " in result.stdout


def test_bad_file_as_json_lists_the_findings(workspace: Path) -> None:
    (workspace / "bad.csv").write_text("date,close\n2026-03-02,1\n2026-03-03,-1\n")

    code, said = report("bad.csv")

    assert code == 9
    assert said["ok"] is False
    (finding,) = said["findings"]
    assert finding.pop("fix")
    words = {"kind": "price", "line": 3, "on": "2026-03-03", "column": "close", "message": "must be > 0, was -1"}
    assert finding == words


@pytest.mark.parametrize(("bad", "shown"), [(19, 19), (20, 20), (21, 20)])
def test_at_most_twenty_findings_are_shown(workspace: Path, bad: int, shown: int) -> None:
    """Eleven rows without a price; the rest are rows without a volume."""
    rows = [f"2024-01-{day:02},x,{'x' if day <= bad - 11 else 1}" for day in range(1, 12)]
    (workspace / "bad.csv").write_text("\n".join(["date,close,volume", *rows]))
    words = ("bad.csv", "--calendar", "24/7")

    code, said = report(*words)

    assert code == 9
    assert len(said["findings"]) == shown
    assert said["more"] is (bad > 20)
    assert ("These are the first 20 findings; there are more." in run(*words).stdout) is (bad > 20)


def test_more_than_twenty_findings_of_one_kind_are_known_to_be_more(workspace: Path) -> None:
    rows = [f"2024-01-{day:02},x" for day in range(1, 32)]
    (workspace / "bad.csv").write_text("\n".join(["date,close", *rows]))

    _, said = report("bad.csv", "--calendar", "24/7")

    assert (len(said["findings"]), said["more"]) == (20, True)


def test_options_say_what_the_file_does_not(workspace: Path) -> None:
    (workspace / "hours.csv").write_text("when,Last\n2026-03-02 10:30,5\n2026-03-02 11:30,55\n")
    words = ["--column", "date=when", "--column", "close=Last", "--time-zone", "America/New_York"]
    words += ["--stamp", "end", "--adjustment", "all", "--bar", "1h"]

    code, said = report("hours.csv", *words)

    assert (code, said["bar"], said["adjustment"]) == (0, "1h", "all")
    assert said["columns"] == {"date": "when", "close": "Last"}


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("torn.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0", "corrupt file"),
        ("other.xlsx", b"PK", 'unknown kind of file ".xlsx"'),
        ("columns.csv", b"date,price\n2026-03-02,1\n", "missing 'close'"),
        ("none.csv", b"", "empty file"),
    ],
)
def test_file_that_cannot_be_read_is_a_finding(workspace: Path, name: str, contents: bytes, message: str) -> None:
    (workspace / name).write_bytes(contents)

    code, said = report(name)

    assert code == 9
    (finding,) = said["findings"]
    assert finding["kind"] == "file"
    assert finding["message"].startswith(message)
    assert (said["range"], said["bar"]) == (None, None)
    assert message in run(name).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["absent.csv"], "does not exist"),
        (["."], "is a directory"),
        (["good.csv", "--calendar", "EST5"], "--calendar: unknown calendar 'EST5'"),
        (["good.csv", "--time-zone", "New_York"], "--time-zone: unknown time zone 'New_York'"),
        (["good.csv", "--bar", "1w"], "--bar: unknown bar length '1w'"),
        (["good.csv", "--column", "clos=Last"], 'no column "clos"; did you mean close?'),
        (["good.csv", "--column", "close"], 'no name given for column "close"'),
        (["good.csv", "--stamp", "middle"], "'middle' is not one of 'start', 'end'"),
        (["good.csv", "--adjustment", "some"], "'some' is not one of"),
        ([], "Missing argument"),
    ],
)
def test_wrong_words_exit_2_and_leave_stdout_empty(workspace: Path, words: list[str], message: str) -> None:
    (workspace / "good.csv").write_text(GOOD)

    result = run(*words)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


def test_control_characters_of_a_file_do_not_reach_the_terminal(workspace: Path) -> None:
    (workspace / "evil.csv").write_text("date,close\n\x1b[2J2026-03-02,\x1b[31m\n")

    result = run("evil.csv")

    assert result.exit_code == 9
    assert "\x1b" not in result.stdout
    assert "\\u001b[2J" in result.stdout


def test_calendar_is_kept_only_in_a_workspace(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    (workspace / "good.csv").write_text(GOOD)

    run("good.csv")
    monkeypatch.chdir(tmp_path)
    run("good.csv")

    assert list((workspace / ".tradewright" / "cache").glob("sessions-XNYS-*.npz"))
    assert [path.name for path in tmp_path.iterdir()] == ["good.csv"]


def test_csv_check_with_a_warm_calendar_imports_nothing_heavy(workspace: Path) -> None:
    (workspace / "good.csv").write_text(GOOD)
    run("good.csv")
    program = (
        "import sys\nfrom tradewright.cli import main\n"
        "try: main(['data', 'check', 'good.csv', '--json'])\n"
        "except SystemExit as end: print(end.code, sorted(\n"
        "    {'pandas', 'pyarrow', 'numba', 'exchange_calendars', 'rich'} & set(sys.modules)))"
    )

    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out.splitlines()[-1] == "0 []"
