"""`tradewright run --durable` and `tradewright drill`: real processes that are killed, and go on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from own_process import SECONDS_MAX, command, environment, process
from tradewright.cli import drill as drills
from tradewright.execute.paper.process import is_running, stop
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.entry import Kind
from tradewright.ledger.sql import SqlStore
from tradewright.live import drill
from tradewright.live.drill import Step
from tradewright.live.halt_file import HALT

OFTEN = "strategies.trend.signals.ma-crossover"
REPLAY = ("run", "--paper", "--replay", "sample", "--from", "2018-10-01", "--set", f"{OFTEN}.fast=3")
QUICK = (*REPLAY, "--set", f"{OFTEN}.slow=10")
PLAYED = (*QUICK, "--speed", "max", "--json", "--durable")


@contextmanager
def playing(folder: Path, rows: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield an agent that has begun to trade, and end it and its venue."""
    words = (*QUICK, "--speed", rows, "--durable", "desk")
    with subprocess.Popen(command(*words), cwd=folder, env=environment(), stderr=subprocess.PIPE) as agent:
        try:
            until = time.monotonic() + SECONDS_MAX
            anchor = Anchor(folder / "desk" / "ledger.anchor")
            while not ((head := anchor.last()) and head.seq > 5_000):
                assert agent.poll() is None, agent.stderr and agent.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.01)
            yield agent
        finally:
            agent.kill()
            agent.wait()
            stop(folder / "desk" / "venue")


def played(folder: Path, name: str) -> dict[str, Any]:
    done = process(folder, *PLAYED, name)
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_run_that_is_killed_goes_on_and_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    with playing(tmp_path, "20") as agent:
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        assert is_running(tmp_path / "desk" / "venue")
        again = played(tmp_path, "desk")
    calm = played(tmp_path, "calm")

    assert again["entries_before"] > 4_900
    assert again["first"] > 1 == calm["first"]
    assert (calm["rows"], calm["equity"], calm["positions"]) == (again["rows"], again["equity"], again["positions"])
    assert ("", []) == (again["freeze"], again["blocked"])
    assert not is_running(tmp_path / "desk" / "venue")
    for words in (("ledger", "verify"), ("replay",), ("why", "last")):
        done = process(tmp_path, *words, "--ledger", "desk/ledger.db")
        assert 0 == done.returncode, done.stderr


def test_second_agent_in_a_folder_is_refused_and_so_are_other_settings(tmp_path: Path) -> None:
    with playing(tmp_path, "2"):
        second = process(tmp_path, *PLAYED, "desk")
    other = process(tmp_path, *PLAYED, "desk", "--set", "seed=8")

    assert 6 == second.returncode
    assert "writing this ledger" in second.stderr
    assert 7 == other.returncode
    assert "begun with other settings" in other.stderr
    assert "name another folder" in other.stderr


def told(folder: Path, kind: Kind) -> list[dict[str, Any]]:
    with SqlStore(folder / "ledger.db", write=False) as store:
        return [entry.body for entry in store.read(kinds=frozenset({kind}))]


def test_halt_file_holds_orders_back_until_it_is_removed(tmp_path: Path) -> None:
    halt = tmp_path / "desk" / HALT
    halt.parent.mkdir(mode=0o700)
    halt.touch()
    with playing(tmp_path, "15") as agent:
        until = time.monotonic() + SECONDS_MAX
        while not any(one["reason"] == HALT for one in told(halt.parent, Kind.ORDER)):
            assert agent.poll() is None, agent.stderr and agent.stderr.read()
            assert time.monotonic() < until
            time.sleep(0.05)
        before = len(told(halt.parent, Kind.FILL))
        halt.unlink()
        assert 0 == agent.wait(SECONDS_MAX)
    refused = [one for body in told(halt.parent, Kind.DECISION) for one in body.get("refused", [])]
    replayed = process(tmp_path, "replay", "--ledger", "desk/ledger.db")

    assert (0, {HALT}) == (before, {one["reason"] for one in refused})
    assert len(told(halt.parent, Kind.FILL)) > 0
    assert {HALT} == {one["id"] for one in told(halt.parent, Kind.ALERT)}
    assert 0 == replayed.returncode, replayed.stderr


def test_run_that_ends_halted_says_so_and_how_to_lift_it(tmp_path: Path) -> None:
    (tmp_path / "desk" / HALT).mkdir(mode=0o700, parents=True)
    (tmp_path / "desk").chmod(0o700)
    done = played(tmp_path, "desk")
    said = process(tmp_path, *QUICK, "--speed", "max", "--durable", "desk").stdout

    assert (True, []) == (done["halted"], done["positions"])
    assert "HALTED: no order leaves until desk/HALT is removed" in said


def test_what_is_kept_on_the_disk_is_not_asked_ahead(tmp_path: Path) -> None:
    done = process(tmp_path, *PLAYED, "desk", "--ahead")

    assert (2, False) == (done.returncode, (tmp_path / "desk").exists())
    assert "leave --ahead out" in done.stderr


def test_drill_loses_nothing(tmp_path: Path) -> None:
    done = process(tmp_path, "drill", "--from", "2018-10-01", "--json")
    steps = json.loads(done.stdout)["steps"]

    assert (0, 10) == (done.returncode, len(steps)), done.stderr
    assert all(step["holds"] for step in steps)
    assert "the venue lives" in steps[1]["found"]
    assert "frozen" in steps[-1]["found"]
    assert [] == list(tmp_path.iterdir())


def test_drill_in_which_something_is_lost_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Any
) -> None:
    lost = Step("compare with the venue", "2 fills were lost", holds=False, seconds=1.0)

    def steps(_: drill.Drill) -> Iterator[Step]:
        yield Step("play it undisturbed", "9 rows", holds=True, seconds=2.0)
        yield lost

    monkeypatch.setattr(drill.Drill, "steps", steps)
    code, said, _ = run("drill")

    assert drills.drill.name == "drill"
    assert 9 == code
    assert "FAILED compare with the venue" in said
    assert "FAILED: compare with the venue" in said
