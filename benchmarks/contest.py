"""Ask one contestant for one workload, in a process of its own, and keep what it says."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import market
import numpy as np
from peers import HERE, PEERS, PeerError, call, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stopwatch import Arrays

OURS = "tradewright"
SECONDS_MAX = 400.0  # A peer that takes longer is left out, with this as the reason.


class Sizes(NamedTuple):
    """How much is played; peers that take microseconds a bar are given fewer."""

    bars: int = 1_000_000
    some: int = 100_000
    few: int = 20_000
    days: int = 2_520
    assets: int = 500
    bars_per_session: int = market.MINUTES


class Entry(NamedTuple):
    """One line of a table.

    Attributes:
        who: `tradewright` or the folder of a peer.
        label: What the table calls it.
        workload: A key of the contestant's own workloads.
        source: Name of the prices, as `Stand.source` knows them.
        both: Whether it is also run twice at once, on both cores.
        kind: What it is compared in: `crossover`, `rules` or `portfolio`.
    """

    who: str
    label: str
    workload: str
    source: str
    both: bool = False
    kind: str = "crossover"


class Measure(NamedTuple):
    """What an entry came to; without seconds it was not measured, and `reason` says why."""

    entry: Entry
    seconds: float = float("nan")
    bars: int = 0
    fills: int = 0
    last_fill: int = -1
    cuts: tuple[tuple[str, int], ...] = ()
    rate_on_both: float = float("nan")
    reason: str = ""

    @property
    def rate(self) -> float:
        """Bars per second on one core."""
        return self.bars / self.seconds

    @property
    def traded_to_the_end(self) -> bool:
        """Whether orders still filled in the last 1 % of the bars."""
        return self.last_fill >= self.bars - max(self.bars // 100, 1)


def best(found: Sequence[Measure]) -> Measure:
    """Return the shortest of an entry's measures, with the highest rate on both cores of any of them."""
    timed = [one for one in found if not one.reason]
    if not timed:
        return found[0]
    return min(timed, key=lambda one: one.seconds)._replace(rate_on_both=max(one.rate_on_both for one in timed))


class Point(NamedTuple):
    """The loop at one size: its seconds, and what one more of it costs in ns, None for the size compared with."""

    count: int
    seconds: float
    ns: float | None


class Scale(NamedTuple):
    """The loop at several sizes; `unit` says what `Point.ns` is per."""

    name: str
    unit: str
    points: tuple[Point, ...]


class Stand:
    """Prices on disk, and the asking of contestants."""

    def __init__(self, folder: Path, sizes: Sizes, *, once: bool = False) -> None:
        self._folder, self._sizes, self._once = folder, sizes, once

    def source(self, name: str, **more: int) -> Path:
        """Return the file of some prices, made on first use.

        Args:
            name: `intraday`, `some`, `few`, `daily`, `universe`, or `bars` and `assets` with a number of them.
            more: Numbers that go with the prices.
        """
        path = self._folder / f"{name}{''.join(f'-{key}-{value}' for key, value in more.items())}.npz"
        if not path.exists():
            np.savez(path, **self._prices(name), **{key: np.array(value) for key, value in more.items()})
        return path

    def _prices(self, name: str) -> Arrays:
        sizes = self._sizes
        kind, _, number = name.partition(":")
        if kind == "assets":
            return market.universe(sizes.days, int(number))
        if kind == "universe":
            return market.universe(sizes.days, sizes.assets)
        if kind == "daily":
            return market.daily(sizes.days)
        bars = {"intraday": sizes.bars, "some": sizes.some, "few": sizes.few}
        return market.intraday(int(number) if kind == "bars" else bars[kind], sizes.bars_per_session)

    def measure(self, entry: Entry, **more: int) -> Measure:
        """Return what a contestant says of a workload on one core, and on both where that is asked."""
        try:
            python = Path(sys.executable) if entry.who == OURS else environment(entry.who)
            said = ask(python, entry, self.source(entry.source, **more), 0, once=self._once)
            both = float("nan")
            if entry.both and (os.cpu_count() or 1) > 1:
                both = self._rate_on_both(python, entry)
        except PeerError as error:
            return Measure(entry, reason=str(error))
        cuts = said.get("cuts") or {}
        pairs = cuts.items() if isinstance(cuts, dict) else ((str(i + 1), cut) for i, cut in enumerate(cuts))
        return Measure(entry, said["seconds"], said["bars"], said["fills"], said["last_fill"], tuple(pairs), both)

    def _rate_on_both(self, python: Path, entry: Entry) -> float:
        with ThreadPoolExecutor(2) as pool:
            source = self.source(entry.source)
            answers = list(pool.map(lambda core: ask(python, entry, source, core), (0, 1)))
        return sum(said["bars"] / said["seconds"] for said in answers)


def ask(python: Path, entry: Entry, source: Path, core: int, *, once: bool = False) -> dict[str, Any]:
    """Return one answer, from a process that is bound to a core."""
    script = HERE / "ours.py" if entry.who == OURS else PEERS / entry.who / "measure.py"
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        words = (str(python), str(script), entry.workload, str(source), str(result), str(core))
        call(*words, seconds=SECONDS_MAX, once=once)
        answer: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return answer
