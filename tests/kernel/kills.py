"""Kill -9 an agent at random moments while its ledger is on the disk and its venue a process of its own.

Run as `python tests/kernel/kills.py --kills 300 --seed 1`.  Each recording is played by processes of which all but
the last are killed; now and then the venue is killed too.  Exits 9 when an order or a fill was lost or came twice,
when a ledger does not lead to its own state, or when a recording in which nothing was in flight ended elsewhere than
one that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":  # Compiling each set of rules would take longer than the campaign.
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

from played_back import Pair, Told
from tradewright.execute.paper import process
from tradewright.execute.paper.keeper import Keeper
from tradewright.execute.paper.place import Place
from tradewright.ledger.entry import Entry, Kind
from tradewright.ledger.sql import SqlStore
from tradewright.ledger.verify import verify_store
from tradewright.live.entries import RESTARTED
from tradewright.live.paper_line import PaperLine
from tradewright.live.playback import Playback
from tradewright.live.replay import Replay
from twin_case import Case
from twin_draws import Draw, case_of

CHECK_FAILED = 9
VENUE_KILLED = 0.2
"""How often the venue is killed with the agent."""
BASE = Draw(
    seed=1,
    rule_set="gates",
    n_bars=30,
    n_books=2,
    n_assets=3,
    bars_per_session=2,
    **dict.fromkeys(("costs", "volume", "splits", "dividends", "delisted", "grants", "missing", "shorts"), True),
)
RULE_SETS = ("gates", "mission", "checks")


class Recording:
    """One case, its folder, and what nobody disturbed makes of it."""

    def __init__(self, seed: int, cache: Path) -> None:
        draw = replace(BASE, seed=seed, rule_set=RULE_SETS[seed % len(RULE_SETS)], limits=seed % 2 == 0)
        self.case: Case = case_of(draw)
        self.pair = Pair(self.case, cache)
        self.n_bars = draw.n_bars

    def play(self, folder: Path) -> Playback:
        """Play it from where the folder's ledger ends."""
        with SqlStore(folder / "ledger.db") as store:
            lines: list[PaperLine] = []

            def line(*terms: Any) -> Any:
                lines.append(PaperLine(folder / "v", *terms))
                return lines[-1]

            told: Any = Told(self.case)
            played = Playback(told, self.pair.market, self.pair.rules, 0, store=store, make_venue=line)
            while played.bar < self.n_bars:
                played.step()
            lines[0].leave()
            return played

    def in_process(self, folder: Path) -> int:
        """Begin a process that plays it, and return its number."""
        child = os.fork()
        if child:
            return child
        os.setsid()
        status = 1
        try:
            self.play(folder)
            status = 0
        except BaseException:  # noqa: BLE001  # a process that was forked must not go on as its parent would
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)


def lived(recording: Recording, folder: Path, chance: Random, seconds: float, counts: Counter[str]) -> bool:
    """Play a recording to its end, killing every process before its own; say whether one has failed by itself."""
    for _ in range(40):
        child = recording.in_process(folder)
        # Half of what a whole one takes: starting again takes most of a short one.
        end = time.monotonic() + chance.uniform(0.0, seconds) if counts["kills"] < counts["wanted"] else float("inf")
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return bool(os.waitstatus_to_exitcode(status))
            if time.monotonic() >= end:
                break
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        counts["kills"] += 1
        if chance.random() < VENUE_KILLED and (venue := process.pid_of(folder / "v")) is not None:
            os.kill(venue, signal.SIGKILL)
            counts["venue killed"] += 1
    raise RuntimeError("40 processes did not bring a recording to its end")


def was_idle(entries: list[Entry]) -> bool:
    """Say whether each restart came between two bars, with no order that had, or had not, been sent."""
    step = None
    for one in entries:
        if one.kind is Kind.REQUEST and one.body["what"] == RESTARTED and step not in {None, Kind.DECISION}:
            return False
        if one.kind is Kind.ORDER and (one.body["word"] == "found-at-start" or "never sent" in one.body["reason"]):
            return False
        step = one.kind if one.kind in {Kind.ACTION, Kind.ROW, Kind.DECISION} else step
    return True


def wrong(recording: Recording, folder: Path, calm: list[str], counts: Counter[str]) -> list[str]:
    """Return what must not be, of a recording that has ended."""
    with SqlStore(folder / "ledger.db", write=False) as store:
        verify_store(store)
        entries = list(store.read())
        told: Any = Told(recording.case)
        again = Replay(store, told, recording.pair.rules).run()
    venue = Keeper(Place(folder / "v").journal, lambda: entries[-1].at).desk.venue
    said = [one.body for one in entries if one.kind is Kind.ORDER]
    intents = Counter(one.body["client_id"] for one in entries if one.kind is Kind.INTENT)
    filled = Counter(one.body["execution_id"] for one in entries if one.kind is Kind.FILL)
    booked = {place: units for place, units in again.agent.account.holdings.quantities.items() if units}
    held = {place: units for place, units in venue.held.items() if units}
    known = {str(name) for name in (*venue.told.ended, *(order.id for order in venue.standing()))}
    counts["orders"] += len(known)
    counts["fills"] += len(filled)
    found = {
        "an order came twice": any(count > 1 for count in intents.values())
        or any(one["word"] == "duplicate" for one in said),
        "the venue has an order that nobody has written down": bool(known - {*intents}),
        "fills were lost, or came twice": filled != Counter([*venue.told.fills]),
        f"{booked} are booked, {held} are held": booked != held,
        f"the ledger does not lead to itself: {again.difference}": again.difference is not None,
    }
    if was_idle(entries):
        counts["nothing in flight"] += 1
        decided = [one.text for one in entries if one.kind is Kind.DECISION]
        found["nothing was in flight, and it ended elsewhere"] = decided != calm
    return [what for what, is_so in found.items() if is_so]


def campaign(kills: int, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Kill until there were so many kills, and return what was counted and what is wrong."""
    counts: Counter[str] = Counter(wanted=kills)
    chance, failures = Random(seed), []
    while counts["kills"] < kills:
        number = seed * 1_000 + counts["recordings"]
        counts["recordings"] += 1
        recording = Recording(number, folder / "rules")
        calm = folder / f"{number}-calm"
        began = time.monotonic()
        os.waitpid(recording.in_process(calm), 0)
        seconds = time.monotonic() - began
        died = folder / f"{number}-died"
        try:
            if lived(recording, died, chance, seconds, counts):
                failures.append(f"recording {number}: a process has failed")
                continue
            with SqlStore(calm / "ledger.db", write=False) as store:
                decided = [one.text for one in store.read(kinds=frozenset({Kind.DECISION}))]
            failures += [f"recording {number}: {what}" for what in wrong(recording, died, decided, counts)]
        finally:
            for one in (calm, died):
                process.stop(one / "v")
                shutil.rmtree(one)
    del counts["wanted"]
    return counts, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        counts, failures = campaign(arguments.kills, arguments.seed, Path(folder))
    sys.stdout.write(", ".join(f"{count:,} {what}" for what, count in counts.items()))
    sys.stdout.write(f" in {time.monotonic() - began:.0f} s\n")
    for failure in failures:
        sys.stdout.write(f"WRONG  {failure[:400]}\n")
    sys.stdout.write("0 orders or fills lost, 0 came twice\n" if not failures else "")
    return CHECK_FAILED if failures else 0


if __name__ == "__main__":
    sys.exit(main())
