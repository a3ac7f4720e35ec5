"""What the agent does bar by bar: aims, and who measures them."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from peers import HERE, PeerError, call

if TYPE_CHECKING:
    from collections.abc import Mapping

PER_SECOND = {"us": 1e6, "ms": 1e3, "s": 1.0}


class Step(NamedTuple):
    """One thing that an agent does, and how long it may take.

    Attributes:
        key: Under which it is measured, and `TRIED` speaks of it.
        text: What the page calls it.
        limit: In `unit`.
        unit: `us`, `ms` or `s`, of processor time.
        what: What is timed.
        found: In `unit`; NaN for what was not measured.
    """

    key: str
    text: str
    limit: float
    unit: str
    what: str
    found: float = math.nan


CALLS = "one call of `engine/walk.py` by Python, compiled, what it has written down included"
STEPS = (
    Step("begin", "a bar begins", 7.0, "us", CALLS),
    Step("take", "a fill is booked", 7.0, "us", CALLS),
    Step("close", "a bar ends", 7.0, "us", CALLS),
    Step("decide", "a bar is decided on", 14.0, "us", CALLS),
    Step("check", "an order is put to the checks", 10.0, "us", CALLS),
    Step("outlook-0", "a row is prepared, 500 before it", 4.0, "ms", "signal, optimizer and features of all rows"),
    Step("outlook-1", "a row is prepared, 2,000 before it", 8.0, "ms", "the same"),
    Step("day", "a day of 26 rows, prepared ahead", 10.0, "ms", "agent, venue, stops and ledger in memory"),
    Step("start", "tradewright run, one row", 1.8, "s", "the process with rules compiled: start, one row, exit"),
)


class Amount(NamedTuple):
    """How much is measured: rows before the one that is prepared, days of a mean, and of how many the best counts."""

    rows: tuple[int, int] = (500, 2_000)
    days: int = 10
    times: int = 50
    starts: int = 5


FULL, QUICK = Amount(), Amount(rows=(60, 90), days=1, times=1, starts=1)


class Steps(NamedTuple):
    """What was found, and how many orders a day had."""

    steps: tuple[Step, ...] = ()
    orders: float = math.nan


def steps(folder: Path, how: Amount) -> Steps:
    """Return every step as it was measured, in processes of their own.

    Raises:
        PeerError: One of them failed.
    """
    result = folder / "steps.json"
    sizes = json.dumps([how.rows, how.days, how.times])
    call(sys.executable, str(HERE / "agent.py"), sizes, str(result), "0")
    seconds: dict[str, float] = json.loads(result.read_text(encoding="utf-8"))
    seconds["start"] = start_up(folder, how.starts)
    return Steps(tuple(told(seconds)), seconds["orders"])


def told(seconds: Mapping[str, float]) -> list[Step]:
    """Return the steps with what was found of each."""
    return [step._replace(found=seconds[step.key] * PER_SECOND[step.unit]) for step in STEPS]


def start_up(folder: Path, starts: int) -> float:
    """Return the processor time of `tradewright run` with one row of the sample, best of some after the first."""
    return min([one_start(folder) for _ in range(starts + 1)][1:])


def one_start(folder: Path) -> float:
    """Return the processor time of one process.

    Raises:
        PeerError: It failed.
    """
    command = [str(Path(sys.executable).with_name("tradewright")), "run", "--paper", "--replay", "sample"]
    command += ["--to", "1999-01-04", "--speed", "max", "--brief"]
    environment = {**os.environ, "TRADEWRIGHT_CACHE": str(folder.absolute() / "compiled")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603  # our own
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise PeerError(f"tradewright run failed: {done.stderr.strip()[-160:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
