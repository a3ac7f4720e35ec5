"""`tradewright data fetch` and `data list` in one process, on files as the source: what they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SETTINGS = """
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["A", "B"]
{feed}
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.some]
weight = 1.0
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(workspace: Path) -> Path:
    configure(workspace)
    for symbol in "AB":
        save(workspace, symbol, "2026-03-02,1", "2026-03-03,2", "2026-03-05,4")
    return workspace


def configure(desk: Path, feed: str = "") -> None:
    (desk / "plugins.toml").write_text(SETTINGS.format(feed=feed), "utf-8")


def save(desk: Path, symbol: str, *rows: str) -> None:
    (desk / "data").mkdir(exist_ok=True)
    (desk / "data" / f"{symbol}.csv").write_text("\n".join(["date,close", *rows, ""]), "utf-8")


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_fetch_shows_a_row_per_symbol_and_the_gaps(desk: Path, run: Run) -> None:
    code, out, err = run("data", "fetch")
    rows = words(out)

    assert (0, "") == (code, err)
    assert ["mine", "A", "1d", "2026-03-02", "2026-03-05", "3"] == rows[1][:6]
    assert "fetched" == rows[1][-1]
    assert "mine: A: gap 2026-03-04: no bar in 1 of XNYS's sessions" in out


def test_fetch_of_a_feed_that_refuses_gaps_fails_with_the_gap(desk: Path, run: Run) -> None:
    configure(desk, 'gaps = "refuse"')
    code, out, _ = run("data", "fetch")

    assert 5 == code
    assert ["mine", "A", "-", "-", "-", "-", "-", "failed"] in words(out)
    assert "mine A failed: A.date: gap 2026-03-04: no bar in 1 of XNYS's sessions\n  fix: " in out


def test_fetch_of_a_file_that_changed_tells_the_first_session_only_when_it_replaces(desk: Path, run: Run) -> None:
    run("data", "fetch")
    save(desk, "B", "2026-03-02,1", "2026-03-03,2.5", "2026-03-05,4")
    code, out, _ = run("data", "fetch", "--refresh")

    assert 0 == code
    assert "replaced" == words(out)[2][-1]
    assert (
        "mine B: close of 2026-03-03 was 2, now 2.5; 1 of 3 compared bars differ:"
        " revised by the source, and the file was replaced"
    ) in out
    assert "fix:" not in out


def test_fetch_as_json_holds_the_failure_and_the_success(desk: Path, run: Run) -> None:
    (desk / "data" / "B.csv").unlink()
    code, out, err = run("data", "fetch", "--json")
    found: dict[str, Any] = json.loads(out)

    assert (5, "", False) == (code, err, found["ok"])
    assert ["fetched", "failed"] == [one["status"] for one in found["files"]]
    assert list(found["files"][0]) == list(found["files"][1])
    assert found["files"][1]["error"]["message"].endswith("B.csv: file not found")
    assert [None, None] == [found["files"][1][name] for name in ("path", "fingerprint")]


def test_list_shows_sizes_and_times_and_names_what_is_damaged(desk: Path, run: Run) -> None:
    run("data", "fetch")
    good = run("data", "list", "--verify")
    damaged = desk / ".tradewright" / "data" / "mine" / "B.parquet"
    damaged.write_bytes(b"nothing of this kind")
    code, out, err = run("data", "list")

    assert 0 == good[0]
    assert [["mine", "files", "A"], ["mine", "files", "B"]] == [row[:3] for row in words(good[1])[1:3]]
    assert "kB" == words(good[1])[1][-1]
    assert (9, "") == (code, err)
    assert 1 == sum(row[:2] == ["mine", "files"] for row in words(out))
    assert f"{damaged}: corrupt file" in out
    assert [True, False] == [one["error"] is None for one in json.loads(run("data", "list", "--json")[1])["files"]]


def test_list_needs_no_settings(desk: Path, run: Run) -> None:
    run("data", "fetch")
    (desk / "plugins.toml").unlink()

    assert 0 == run("data", "list")[0]
