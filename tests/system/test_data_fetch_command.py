"""`tradewright data fetch` and `tradewright data list` as a user runs them, with a source that waits when told to.

What is stopped or killed, and the first fetch, are processes of their own.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from installed_module import install_module
from own_process import SECONDS_MAX, command, environment

# Random walks on every session of 2024 and 2025; it notes what it is asked, waits at symbols that the test names,
# and reads changed closes from a file.
PLUGIN = """
import json, time
from pathlib import Path

import attrs
import numpy as np
import tradewright as tw
from tradewright.sessions import sessions
from tradewright.data.align import join, select


@attrs.frozen
class Options:
    depth: int = 1


@attrs.frozen
class Paced:
    options: Options

    def history(self, request):
        parts = [self.bars(symbol, request) for symbol in request.symbols]
        return select(join(parts), request.first_on, request.last_on)

    def bars(self, symbol, request):
        desk = request.workspace
        with (desk / "asked.txt").open("a") as file:
            file.write(f"{symbol} {request.first_on}\\n")
        print("a banner")
        while (desk / f"wait-{symbol}").exists():
            time.sleep(0.02)
        if (desk / f"fail-{symbol}").exists():
            raise tw.DataError(f"no prices of {symbol} today", fix="ask tomorrow")
        last_on = (desk / "last_on").read_text() if (desk / "last_on").exists() else "2025-12-31"
        known = sessions(request.calendar, cache=desk / ".tradewright" / "cache")
        known = known.between(np.datetime64("2024-01-02"), np.datetime64(last_on))
        rng = np.random.default_rng(sum(symbol.encode()))
        close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 2000)))[: len(known)]
        changes = desk / f"changes-{symbol}"
        for row, value in json.loads(changes.read_text()).items() if changes.exists() else ():
            close[int(row)] = value
        return tw.Bars(
            instruments=(tw.Instrument(symbol=symbol),), opened_at=known.opened_at, closed_at=known.closed_at,
            session=known.date, close=close[:, np.newaxis], traded=np.ones((len(known), 1), bool),
            adjustment=request.adjustment,
        )


@tw.hookimpl
def tradewright_data_sources():
    yield tw.DataSourceSpec(name="paced", factory=Paced, config=Options)
"""
SETTINGS = """
[plugins]
enabled = ["paced", "ma-crossover"]
[data.walks]
source = "paced"
symbols = [{symbols}]
cache = {cache}
[data.others]
source = "paced"
symbols = ["Z"]
depth = 2
[strategies.trend]
data = ["walks"]
[strategies.trend.signals.ma-crossover]
weight = 1.0
fast = 5
slow = 20
"""

ENDED = ("--to", "2025-12-31")
"""A range that is over: for hours after any close, a file without that session is asked for again."""

Start = Callable[..., subprocess.Popen[str]]
Run = Callable[..., tuple[int, str, str]]


def configure(desk: Path, symbols: Sequence[str] = ("A", "B", "C"), *, cache: bool = False) -> None:
    listed = ", ".join(f'"{symbol}"' for symbol in symbols)
    (desk / "plugins.toml").write_text(SETTINGS.format(symbols=listed, cache=str(cache).lower()), "utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the plugin, which this process imports from, too."""
    site = tmp_path_factory.mktemp("installed")
    module = install_module(site, "paced", PLUGIN, "0.3")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        yield site
    sys.modules.pop(module.stem, None)


@pytest.fixture
def desk(workspace: Path, share_cache: Callable[[Path], None]) -> Path:
    """Return a workspace with three symbols."""
    share_cache(workspace)
    configure(workspace)
    return workspace


@pytest.fixture
def start(desk: Path, installed: Path) -> Iterator[Start]:
    """Return what starts a command; one that a failed test leaves behind is killed."""
    with ExitStack() as stack:

        def call(*words: str) -> subprocess.Popen[str]:
            child = subprocess.Popen(
                command(*words),
                cwd=desk,
                env=environment(PYTHONPATH=str(installed)),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield call


@pytest.fixture
def run(desk: Path, installed: Path, run: Run) -> Run:
    """Return what runs a command at the desk, in this process."""
    return run


def result(run: Run, *words: str, code: int = 0) -> dict[str, Any]:
    ended, out, err = run("data", *words, "--json")
    assert code == ended, err
    found: dict[str, Any] = json.loads(out)
    return found


def asked(desk: Path) -> list[str]:
    """Return symbols and first sessions that the source was asked for, and forget them."""
    path = desk / "asked.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def folder(desk: Path) -> list[str]:
    return sorted(file.name for file in (desk / ".tradewright/data/walks").iterdir())


# ---- fetching --------------------------------------------------------------------------------------------


def test_fetch_keeps_every_feed_and_list_shows_it(desk: Path, start: Start, run: Run) -> None:
    fetching = start("data", "fetch")
    fetched, _ = fetching.communicate(timeout=SECONDS_MAX)
    code, listed, err = run("data", "list", "--verify")
    columns = [line.split() for line in fetched.splitlines()]

    assert (0, 0, "") == (fetching.returncode, code, err)
    assert ["feed", "symbol", "bar", "first", "last", "bars", "fingerprint", "status"] == columns[0]
    assert [["walks", "A"], ["walks", "B"], ["walks", "C"], ["others", "Z"]] == [row[:2] for row in columns[1:5]]
    assert {"2024-01-02"} == {row[3] for row in columns[1:5]}
    assert {"fetched"} == {row[-1] for row in columns[1:5]}
    assert "a banner" not in fetched
    rows = [line.split() for line in listed.splitlines()]
    assert [["others", "paced", "Z"], ["walks", "paced", "A"]] == [row[:3] for row in rows[1:3]]
    assert "Every file holds the numbers that its fingerprint names." == listed.splitlines()[-1]
    assert ["A.parquet", "B.parquet", "C.parquet"] == folder(desk)


def test_fetch_as_json_says_what_each_file_is(desk: Path, run: Run) -> None:
    found = result(run, "fetch", "walks", "--to", "2024-12-31")
    (row, *_) = found["files"]

    assert ("tradewright.data-fetch/1", True, 3) == (found["schema"], found["ok"], len(found["files"]))
    assert {
        "feed": "walks",
        "symbol": "A",
        "status": "fetched",
        "path": ".tradewright/data/walks/A.parquet",
        "source": "paced",
        "plugin_version": "0.3",
        "bar": "1d",
        "calendar": "XNYS",
        "adjustment": "none",
        "asked_from": None,
        "asked_to": "2024-12-31",
        "first_on": "2024-01-02",
        "last_on": "2024-12-31",
        "bars": 252,
        "fingerprint": row["fingerprint"],
        "fetched_at": row["fetched_at"],
        "revision": None,
        "error": None,
        "warnings": [],
    } == row
    assert re.fullmatch(r"[0-9a-f]{64}", row["fingerprint"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["fetched_at"])
    listed = result(run, "list", "--verify")["files"]
    assert [one["fingerprint"] for one in found["files"]] == [one["fingerprint"] for one in listed]


def test_fetch_when_one_symbol_fails_keeps_the_others_and_ends_with_5(desk: Path, run: Run) -> None:
    (desk / "fail-B").touch()
    code, out, _ = run("data", "fetch", "walks", *ENDED)

    assert 5 == code
    assert "walks B failed: no prices of B today\n  fix: ask tomorrow\n" in out
    assert ["A.parquet", "C.parquet"] == folder(desk)
    (desk / "fail-B").unlink()
    asked(desk)
    assert ["complete", "fetched", "complete"] == [
        one["status"] for one in result(run, "fetch", "walks", *ENDED)["files"]
    ]
    assert ["B None"] == asked(desk)


def test_fetch_when_the_source_revised_its_prices_keeps_the_file_until_refreshed(desk: Path, run: Run) -> None:
    result(run, "fetch", "walks", "--to", "2024-01-31")
    (desk / "changes-B").write_text('{"20": 50.0}')
    code, out, _ = run("data", "fetch", "walks", "--to", "2024-02-29")

    assert 5 == code
    assert re.search(
        r"walks B: close of 2024-01-31 was [\d.]+, now 50; 1 of 1 compared bars differ: revised by the source, "
        r"and the file is left as it was\n  fix: tradewright data fetch walks --refresh",
        out,
    )
    files = result(run, "fetch", "walks", "--to", "2024-02-29", "--refresh")["files"]
    assert ["fetched", "replaced", "fetched"] == [one["status"] for one in files]
    assert {"on": "2024-01-31", "column": "close", "now": "50", "bars": 1} == {
        key: value for key, value in files[1]["revision"].items() if key != "was"
    }


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_fetch_that_is_stopped_leaves_whole_files_and_goes_on_later(
    desk: Path, start: Start, run: Run, number: signal.Signals, code: int
) -> None:
    (desk / "wait-B").touch()
    child = start("data", "fetch", "walks", *ENDED)
    wait_for(lambda: (desk / "asked.txt").exists() and "B" in (desk / "asked.txt").read_text())
    child.send_signal(number)
    _, err = child.communicate(timeout=SECONDS_MAX)

    assert code == child.returncode
    assert ["A.parquet"] == folder(desk)
    if number == signal.SIGINT:
        assert "error: stopped by Ctrl-C after 1 of 3 symbols; what was fetched is kept" in err
        assert "fix: run the same again: it goes on with what is missing" in err
    (desk / "wait-B").unlink()
    asked(desk)
    assert ["complete", "fetched", "fetched"] == [
        one["status"] for one in result(run, "fetch", "walks", *ENDED)["files"]
    ]
    assert ["B None", "C None"] == asked(desk)
    assert result(run, "list", "--verify")["ok"]


@pytest.mark.slow
def test_fetch_killed_while_it_writes_leaves_whole_files(desk: Path, start: Start, run: Run) -> None:
    """Three times, somewhere among a hundred files that follow each other within milliseconds."""
    names = [f"S{number}" for number in range(100)]
    configure(desk, names)
    counts = []
    for goal in (3, 30, 60):
        child = start("data", "fetch", "walks")
        wait_for(lambda goal=goal: len(list(desk.glob(".tradewright/data/walks/*.parquet"))) >= goal)
        child.kill()
        child.communicate(timeout=SECONDS_MAX)
        found = result(run, "list", "--verify")
        assert found["ok"]
        counts.append(len(found["files"]))

    assert counts == sorted(counts)
    assert result(run, "fetch", "walks")["ok"]
    assert 100 == len(result(run, "list", "--verify")["files"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["fetch", "walk"], 2, 'no feed "walk" in [data]; did you mean walks?'),
        (["fetch", "--from", "2024-02-01", "--to", "2024-01-01"], 2, "empty range: 2024-02-01 is after 2024-01-01"),
        (["fetch", "--to", "soon"], 2, "'soon' is not a date"),
        (["fetch", "--config", "absent.toml"], 3, "absent.toml: not found"),
        (["lits"], 2, "No such command 'lits'"),
    ],
)
def test_fetch_refuses_what_cannot_be(run: Run, words: list[str], code: int, said: str) -> None:
    found, out, err = run("data", *words)

    assert (code, "") == (found, out)
    assert said in err
    assert "Traceback" not in err


def test_fetch_where_the_cache_cannot_be_written_ends_with_5_before_it_asks(desk: Path, run: Run) -> None:
    (desk / ".tradewright/data").write_text("a file")
    code, out, err = run("data", "fetch")

    assert (5, "") == (code, out)
    assert "cached prices cannot be written: " in err
    assert [] == asked(desk)


def test_fetch_through_a_link_out_of_the_workspace_ends_with_3(desk: Path, run: Run, tmp_path: Path) -> None:
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (desk / ".tradewright/data").symlink_to(outside)

    for words in (("data", "fetch"), ("data", "list")):
        code, out, err = run(*words)
        assert (3, "") == (code, out)
        assert "must stay inside the workspace" in err
    assert [] == list(outside.iterdir())


# ---- listing ---------------------------------------------------------------------------------------------


def test_list_names_the_file_that_was_altered_and_ends_with_9(desk: Path, run: Run) -> None:
    result(run, "fetch", "walks")
    path = desk / ".tradewright/data/walks/B.parquet"
    table = pq.ParquetFile(path).read()
    close = table["close"].to_pylist()
    close[7] += 0.01
    pq.write_table(table.set_column(table.column_names.index("close"), "close", pa.array(close)), path)
    trusting, (code, verified, _) = run("data", "list"), run("data", "list", "--verify")
    found = result(run, "list", "--verify", code=9)

    assert (0, 9) == (trusting[0], code)
    assert f"{path}: altered: its label names fingerprint" in verified
    assert "  fix: tradewright data fetch walks --refresh" in verified
    assert [True, False, True] == [one["error"] is None for one in found["files"]]


def test_list_names_the_file_that_is_damaged(desk: Path, run: Run) -> None:
    result(run, "fetch", "walks")
    path = desk / ".tradewright/data/walks/B.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    found = result(run, "list", code=9)

    assert [None, "DataError", None] == [one["error"] and one["error"]["type"] for one in found["files"]]
    assert "corrupt file" in found["files"][1]["error"]["message"]


def test_list_without_any_file_says_how_to_get_one(run: Run) -> None:
    code, out, _ = run("data", "list")

    assert 0 == code
    assert "No prices are kept in .tradewright/data; `tradewright data fetch` brings them.\n" == out
    assert {"schema": "tradewright.data-list/1", "ok": True, "verified": False, "files": []} == result(run, "list")


# ---- using it --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_backtest_of_a_cached_feed_asks_no_source_and_gives_the_same(desk: Path, run: Run) -> None:
    """The same numbers are one trial, wherever they come from."""
    words = ("backtest", "--json")
    direct = json.loads(run(*words)[1])
    configure(desk, cache=True)
    code, out, err = run(*words)
    result(run, "fetch", "walks")
    asked(desk)
    cached = json.loads(run(*words)[1])

    assert (5, "") == (code, out)
    refused = json.loads(err)["error"]
    assert ("data.walks", "no cached prices of A") == (refused["key"], refused["message"])
    assert ("plugins.toml", "tradewright data fetch walks") == (refused["file"], refused["fix"])
    assert [] == asked(desk)
    assert direct["net"] == cached["net"]
    (told,), (kept,) = direct["data"], cached["data"]
    assert told["fingerprint"] == kept["fingerprint"]
    assert ("source", None, "cache") == (told["origin"], told["fetched_at"], kept["origin"])
    assert any(line.startswith("walks: A, B, C: from the cache, fetched at ") for line in cached["warnings"])
    assert (1, 1) == (direct["trials"], cached["trials"])
