"""How large an agent's ledger grows, and how long it takes to verify.

Run as `python tests/kernel/ledger_sizes.py`.  The file at the top of the repository is traded, with its components
and limits; prices are in cents, as those of shares are.  Exits 9 when ten years of sessions take 10 s or more to
verify, or a year of minute bars of five symbols 100 MB or more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tradewright import config
from tradewright.cli.inventory import take_inventory
from tradewright.data.market import Market
from tradewright.ledger.entry import Draft, Head
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.store import MemoryStore
from tradewright.ledger.verify import verify_store
from tradewright.live.playback import Playback
from tradewright.sentence.parts import Sentence
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.workspace.private import rules_folder

CHECK_FAILED = 9
ROOT = Path(__file__).parents[2]
SESSIONS_A_YEAR, MINUTES = 252, 390
WARM = 25
"""Sessions before those that are measured: a stop is sized by the volatility of 20."""
LUMP = 2_000  # Entries of one commit: what is measured is the file, not the wait for the disk.
ANCHOR_LINE = 77
"""Bytes of one commit in the anchor, at the length that numbers of a year have."""
MB = 1_000_000


class Case(NamedTuple):
    """What is traded.

    Attributes:
        name: In words.
        symbols: How many.
        sessions: Sessions that are measured.
        minutes: Bars of a session.
        rebalance: When the strategy decides.
        part: What part of the year, or years, that is.
    """

    name: str
    symbols: int
    sessions: int
    minutes: int
    rebalance: str
    part: float


CASES = (
    Case("ten years of sessions, 2 symbols", 2, 10 * SESSIONS_A_YEAR, 1, "session", 1.0),
    Case("ten years of sessions, 5 symbols", 5, 10 * SESSIONS_A_YEAR, 1, "session", 1.0),
    Case("a year of minutes, 5 symbols, decided on at each close", 5, 10, MINUTES, "session", 10 / SESSIONS_A_YEAR),
    Case("a year of minutes, 5 symbols, decided on at each bar", 5, 10, MINUTES, "bar", 10 / SESSIONS_A_YEAR),
)


class Counting(MemoryStore):
    """A ledger that counts its commits."""

    commits = 0

    def append(self, entries: Sequence[Draft], *, sync: bool = True) -> Head:
        self.commits += 1
        return super().append(entries, sync=sync)


class Measured(NamedTuple):
    """What a case has come to.

    Attributes:
        entries: Of the whole time.
        ledger: Bytes of the database, projections and indices among them.
        anchor: Bytes of the anchor.
        seconds: To verify what was written.
        kinds: Entries and mean bytes of a body, by kind.
    """

    entries: float
    ledger: float
    anchor: float
    seconds: float
    kinds: dict[str, tuple[int, float]]


def bars_of(case: Case) -> Bars:
    """Return prices in cents and volumes that bind nobody."""
    chance = np.random.default_rng(5)
    n_sessions = case.sessions + WARM
    n_bars, shape = n_sessions * case.minutes, (n_sessions * case.minutes, case.symbols)
    deviation = 0.012 / np.sqrt(case.minutes)
    close = np.round(120.0 * np.exp(np.cumsum(chance.normal(0.0, deviation, shape), axis=0)), 2)
    opening = np.vstack([close[:1], close[:-1]])
    wide = np.abs(chance.normal(0.0, deviation / 2.0, (2, *shape)))
    session = np.busday_offset("2010-01-04", np.arange(n_bars) // case.minutes)
    length = np.timedelta64(MINUTES // case.minutes, "m")
    opened = session.astype("datetime64[ns]") + np.timedelta64(870, "m") + np.arange(n_bars) % case.minutes * length
    return Bars(
        instruments=[Instrument(symbol=f"SYM{number}", tick=0.01) for number in range(case.symbols)],
        opened_at=opened,
        closed_at=opened + length,
        session=session,
        traded=np.ones(shape, bool),
        open=opening,
        high=np.round(np.maximum(opening, close) * (1.0 + wide[0]), 2),
        low=np.round(np.minimum(opening, close) * (1.0 - wide[1]), 2),
        close=close,
        volume=chance.integers(1_000_000, 9_000_000, shape).astype("float64"),
    )


def played(case: Case) -> tuple[Counting, int]:
    """Return the ledger of a case, and where what is measured begins: the rows before are known from the start."""
    symbols = json.dumps([f"SYM{number}" for number in range(case.symbols)])
    settings = config.read(
        ROOT / "plugins.toml",
        (
            f"data.indices.symbols={symbols}",
            f"strategies.trend.rebalance={json.dumps(case.rebalance)}",
            "strategies.trend.signals.ma-crossover.fast=10",
            "strategies.trend.signals.ma-crossover.slow=40",
        ),
    )
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    sentence = Sentence.build(settings, plugins, None).on_request()
    fused, bars, store = sentence.fuse(rules_folder(os.environ)), bars_of(case), Counting()
    market = Market(feeds=(), beside=(), bars=bars, sessions_per_year=SESSIONS_A_YEAR)
    paper = Playback(sentence, market, fused, WARM * case.minutes, ahead=True, store=store)
    begun = store.head.seq
    while paper.bar < bars.n_bars:
        paper.step()
    return store, begun


def measure(case: Case, folder: Path) -> Measured:
    """Write what a case has led to to the disk, and measure it there."""
    store, begun = played(case)
    entries = list(store.read())
    drafts = [Draft(one.at, one.kind, one.body) for one in entries]
    path = folder / "ledger.db"
    _write(path, drafts[:begun])
    before = path.stat().st_size
    _write(path, drafts[begun:])
    size = path.stat().st_size
    with SqlStore(path, write=False) as kept:
        began = time.perf_counter()
        verify_store(kept)
        seconds = time.perf_counter() - began
    counted: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for one in entries[begun:]:
        counted[one.kind.value] += 1
        sizes[one.kind.value] += len(one.text)
    n_new = len(entries) - begun
    return Measured(
        entries=n_new / case.part,
        ledger=(size - before) / case.part,
        anchor=store.commits * ANCHOR_LINE / case.part,
        seconds=seconds / len(entries) * n_new / case.part,
        kinds={kind: (n, sizes[kind] / n) for kind, n in counted.most_common()},
    )


def _write(path: Path, drafts: list[Draft]) -> None:
    with SqlStore(path) as kept:
        for first in range(0, len(drafts), LUMP):
            kept.append(drafts[first : first + LUMP])


def is_too_much(case: Case, found: Measured) -> bool:
    """Say whether a case breaks what is promised of it; nothing is of one that trades from minute to minute."""
    if case.rebalance == "bar":
        return False
    return found.ledger >= 100 * MB if case.minutes > 1 else found.seconds >= 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    failed = False
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="sizes-") as folder:
            found = measure(case, Path(folder))
        failed |= is_too_much(case, found)
        much = "  TOO MUCH" if is_too_much(case, found) else ""
        ledger, anchor = found.ledger / MB, found.anchor / MB
        sys.stdout.write(
            f"{case.name}: {found.entries:,.0f} entries, {ledger:.1f} MB, anchor {anchor:.1f} MB, "
            f"verified in {found.seconds:.1f} s{much}\n"
        )
        for kind, (n, size) in found.kinds.items():
            sys.stdout.write(f"    {n / case.part:9,.0f} {kind:9} {size:6.0f} bytes each\n")
    return CHECK_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
