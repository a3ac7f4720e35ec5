"""Live recordings through the agent, and their ledgers again: what is decided then must be what was, bit by bit.

Run as `python tests/kernel/replays.py --sessions 250 --seed 1`.  Prices have half days, holidays, gaps, splits,
dividends and delistings; signals lose votes and optimizers break their bounds, and in the replay none of them does.
Each ledger is also lived with another parameter, and without one of its rows: both have to part, and to be told in
words.  Exits 9 when a ledger does not lead to itself, when one of the others does, or when something never happened.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":  # Compiling each set of rules would take longer than the campaign.
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

from losing import WAYS
from replay_recordings import SESSIONS, Recorded, record, rules_of, trader
from tradewright.engine.state import as_bytes
from tradewright.ledger.entry import Draft, Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live.parting import parting
from tradewright.live.playback import Playback
from tradewright.live.replay import Replay, Replayed
from tradewright.sessions import all_sessions

CHECK_FAILED = 9
COUNTED = {
    Kind.DECISION: "decisions",
    Kind.INTENT: "orders",
    Kind.FILL: "fills",
    Kind.HALT: "halts",
    Kind.BREACH: "answers replaced",
}
WANTED = (
    *("sessions", "half days", "holidays and weekends", "rows", "gaps", "splits", "dividends", "delistings"),
    *(*COUNTED.values(), "votes lost", *(f"votes lost: {way}" for way in WAYS)),
)
"""What has to have happened."""


def live(recorded: Recorded, folder: Path) -> tuple[Playback, Any]:
    """Return the agent that has traded a recording, and who lost votes."""
    told = trader(recorded.seed)
    paper = Playback(told, recorded.market, rules_of(recorded.seed, folder), recorded.start)
    while paper.bar < recorded.market.bars.n_bars:
        paper.step()
    return paper, told


def again(store: Any, seed: int, folder: Path, told: Any) -> Replayed:
    """Live a ledger again in new objects."""
    return Replay(store, told, rules_of(seed, folder)).run()


def campaign_of(number: int, calendar: str, sessions: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Live one recording, and return what it was made of and what is wrong."""
    recorded = record(number, all_sessions(calendar), sessions)
    paper, losing = live(recorded, folder)
    counts = Counter(recorded.counts)
    for entry in paper.store.read():
        counts[COUNTED.get(entry.kind, "further entries")] += 1
        if entry.kind is Kind.TIMEOUT:
            counts["votes lost"] += sum(map(len, entry.body["votes"].values()))
    for one in losing.losing:
        counts.update({f"votes lost: {way}": n for way, n in one.lost.items()})
    wrong = [f"recording {number}: {what}" for what in (*_same(paper, losing, number, folder),)]
    counts["sessions the same"] = 0 if wrong else sessions
    wrong += [f"recording {number}: {what}" for what in _broken(paper, number, folder, counts)]
    return counts, wrong


def _same(paper: Playback, losing: Any, seed: int, folder: Path) -> list[str]:
    """Return how a ledger differs from itself: asked of who lost votes, and of somebody who loses none."""
    wrong = []
    for who, told in (("the same components", losing), ("new components", trader(seed, calm=True))):
        found = again(paper.store, seed, folder, told)
        if found.difference is not None:
            lines = parting(found.difference.found, found.difference.wanted, {})
            wrong.append(f"{who}: entry {found.difference.seq}: {lines[0]}")
        elif found.entries != paper.store.head.seq:
            wrong.append(f"{who}: {found.entries} of {paper.store.head.seq} entries were compared")
        elif as_bytes(found.agent.walk.state) != as_bytes(paper.agent.walk.state):
            wrong.append(f"{who}: the state's bytes differ")
    return wrong


def _broken(paper: Playback, seed: int, folder: Path, counts: Counter[str]) -> list[str]:
    """Return which change was not found, or not told; count those that were."""
    changes = {
        "another lookback": (paper.store, trader(seed, calm=True, lookback=5)),
        "another gross": (paper.store, trader(seed, calm=True, gross=0.89)),
        "a row was dropped": (without_a_row(paper.store, Random(seed)), trader(seed, calm=True)),
    }
    wrong = []
    for what, (store, told) in changes.items():
        found = again(store, seed, folder, told).difference
        if found is None:
            wrong.append(f"{what}, and nobody has found it")
            continue
        lines = parting(found.found, found.wanted, {book.name: book.symbols for book in told.books})
        if not lines or not all(lines):
            wrong.append(f"{what}, and nothing tells what differs")
            continue
        counts[f"found: {what}"] += 1
    return wrong


def without_a_row(store: Any, random: Random) -> MemoryStore:
    """Return the ledger without one of the rows that were traded, its chain made anew."""
    entries = list(store.read())
    row = random.choice([one.seq for one in entries if one.kind is Kind.ROW and not one.body.get("known")])
    short = MemoryStore()
    short.append([Draft(one.at, one.kind, one.body) for one in entries if one.seq != row])
    return short


def campaign(
    sessions: int, seed: int, folder: Path, calendar: str = "XNYS", per_recording: int = SESSIONS
) -> tuple[Counter[str], list[str]]:
    """Live so many sessions on every processor, and return what was counted and what is wrong."""
    full, rest = divmod(sessions, per_recording)
    sizes = [per_recording] * full + [rest] * (rest > 0)
    numbers = [seed * 1_000 + number for number in range(len(sizes))]
    all_sessions(calendar)  # Once, and not in every process.
    counts: Counter[str] = Counter()
    failures: list[str] = []
    with ProcessPoolExecutor() as pool:
        for found, wrong in pool.map(partial(_one, calendar=calendar, folder=folder), numbers, sizes):
            counts.update(found)
            failures += wrong
    return counts, failures


def _one(number: int, sessions: int, *, calendar: str, folder: Path) -> tuple[Counter[str], list[str]]:
    return campaign_of(number, calendar, sessions, folder / f"{number}")


def missing(counts: Counter[str]) -> list[str]:
    """Return what has never happened."""
    return [what for what in WANTED if counts[what] == 0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=250, help="how many are lived (250)")
    parser.add_argument("--seed", type=int, default=1, help="where the recordings begin (1)")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="replays-") as folder:
        counts, failures = campaign(asked.sessions, asked.seed, Path(folder))
    said = sys.stdout.write
    for what in (*WANTED, *sorted(set(counts) - {*WANTED, "further entries", "sessions the same"})):
        said(f"{counts[what]:7,} {what}{'  NEVER' if counts[what] == 0 else ''}\n")
    for failure in failures:
        said(f"WRONG  {failure[:400]}\n")
    same, part = counts["sessions the same"], counts["sessions the same"] / counts["sessions"]
    share = "100 %" if part == 1.0 else f"{part:.2%}"
    said(f"{share} of the sessions are the same, entry by entry and bit by bit: {same:,} of {counts['sessions']:,}")
    said(f", in {time.monotonic() - began:.0f} s\n")
    return CHECK_FAILED if failures or missing(counts) else 0


if __name__ == "__main__":
    sys.exit(main())
