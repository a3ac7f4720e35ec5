"""A planted signal in a process that has never met a bar, quick to start: forked from a server that only imports."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import planted_leaks
import tradewright as tw

FORKED = multiprocessing.get_context("forkserver")
# What takes long to import; the server of Python 3.11 does not find the folder of the tests.
FORKED.set_forkserver_preload(["pandas", "tradewright"])


class Fresh:
    """A component that answers from there."""

    warmup_bars = 0

    def __init__(self, name: str) -> None:
        self._pipe, theirs = FORKED.Pipe()
        self._process = FORKED.Process(target=serve, args=(theirs, name), daemon=True)
        self._process.start()
        theirs.close()

    def compute(self, view: tw.History) -> tw.Forecast:
        self._pipe.send(view)
        return self._pipe.recv()

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def serve(pipe, name: str) -> None:
    """Answer until nobody asks any more."""
    signal = planted_leaks.FromFrames(planted_leaks.MEMORIES[name])
    try:
        while True:
            pipe.send(signal.compute(pipe.recv()))
    except EOFError:
        return


@contextmanager
def fresh(name: str) -> Iterator[Callable[[], Fresh]]:
    """Yield what makes components of one signal that have seen nothing, one at a time."""
    made: list[Fresh] = []

    def make() -> Fresh:
        while made:
            made.pop().close()
        made.append(Fresh(name))
        return made[-1]

    try:
        yield make
    finally:
        while made:
            made.pop().close()
