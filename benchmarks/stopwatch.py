"""Time one workload in a process of its own: `python SCRIPT WORKLOAD SOURCE.npz RESULT.json [CORE]`.

Ours and every peer use this file, so that all are timed alike; it needs nothing but numpy.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Arrays = Mapping[str, np.ndarray[Any, Any]]
    Workload = Callable[[Arrays], "dict[str, Any]"]

RUNS = 15  # Best of so many, or of as many as fit into the seconds below, and of at least one after the first.
SECONDS = 4.0
ONCE = "STOPWATCH_ONCE" in os.environ  # The whole process is timed from outside, and works once.


def best_of(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return the shortest processor time of an action in seconds, and its result.

    The first run is left out, since it may compile.  On a core of its own processor time is the clock's, and it does
    not count what other programs on the machine take.
    """
    began = time.process_time()
    result = action()
    shortest = time.process_time() - began
    if ONCE:
        return shortest, result
    shortest, began = float("inf"), time.perf_counter()
    for _ in range(RUNS):
        started = time.process_time()
        result = action()
        ended = time.process_time()
        shortest = min(shortest, ended - started)
        if time.perf_counter() - began > SECONDS:
            break
    return shortest, result


def answer(seconds: float, n_bars: int, fill_bars: Any, **more: Any) -> dict[str, Any]:
    """Return what a workload reports: its time, and the proof that it traded to the end."""
    fills = np.asarray(fill_bars)
    last = int(fills.max()) if len(fills) else -1
    return {"seconds": seconds, "bars": n_bars, "fills": len(fills), "last_fill": last, **more}


def main(workloads: Mapping[str, Workload]) -> None:
    """Run the workload that the command line names, on one core when it names one."""
    name, source, result, *core = sys.argv[1:]
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core[0])})
    with np.load(source) as arrays:
        # Arrays of their own, for what is loaded is a view that its owner could still write to.
        given = {key: array.copy() for key, array in arrays.items()}
    for array in given.values():
        array.setflags(write=False)  # What everyone is given, nobody changes; whoever knows that need not copy it.
    Path(result).write_text(json.dumps(workloads[name](given)), encoding="utf-8")
