"""Whole processes, from the shell's point of view: start, imports, work, exit, in seconds of the clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from peers import HERE, PEERS, PeerError, call, environment

if TYPE_CHECKING:
    from contest import Stand

RUNS = 3
OUR_RUNS = 9  # Short enough to wait for a moment without a neighbour.
PEERS_ASKED = ("raptorbt", "backtesting", "vectorbt", "backtrader", "bt", "nautilus")


class Process(NamedTuple):
    """A command and its seconds, or why there are none."""

    label: str
    seconds: float = float("nan")
    reason: str = ""


def ours(folder: Path) -> list[Process]:
    """Return the first call of `tradewright backtest` in a new folder, and the best of later ones.

    Compiled rules are kept in that folder, too: those of the user would make the first call a later one.
    """
    shutil.copy(HERE.parent / "plugins.toml", folder)
    first = timed(folder)
    later = min(timed(folder) for _ in range(OUR_RUNS))
    return [
        Process("tradewright backtest, caches warm", later),
        Process("tradewright backtest, first call, compiling included", first),
    ]


def timed(folder: Path) -> float:
    """Return the seconds of one call in `folder`.

    Raises:
        PeerError: The command failed.
    """
    command = [str(Path(sys.executable).with_name("tradewright")), "backtest", "--no-save"]
    environment = {**os.environ, "TRADEWRIGHT_CACHE": str(folder.absolute() / "compiled")}
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603  # our own
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise PeerError(f"tradewright backtest failed: {done.stderr.strip()[-160:]}")
    return seconds


def theirs(stand: Stand, result: Path) -> list[Process]:
    """Return a process of each peer that plays 2,520 daily bars once, from arrays to metrics, and ends."""
    found = []
    for peer in PEERS_ASKED:
        try:
            python, script = str(environment(peer)), str(PEERS / peer / "measure.py")
            words = (python, script, "daily", str(stand.source("daily")), str(result))
            found.append(Process(peer, min(once(*words) for _ in range(RUNS))))
        except PeerError as error:
            found.append(Process(peer, reason=str(error)))
    return found


def once(*words: str) -> float:
    """Return the seconds of a call that plays its workload a single time."""
    began = time.perf_counter()
    call(*words, once=True)
    return time.perf_counter() - began
