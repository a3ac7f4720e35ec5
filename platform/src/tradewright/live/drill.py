"""A drill: kill an agent in the middle, lose its disk, restore, go on; and prove that nothing was lost by it.

Every step is a command that a person would use.  All of it happens in a folder of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import CheckError, LedgerError
from tradewright.execute.paper import process
from tradewright.execute.paper.keeper import Keeper
from tradewright.execute.paper.place import Place
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.entry import Kind
from tradewright.ledger.sql import SqlStore
from tradewright.live.rehearsal import VENUE_FOLDER
from tradewright.workspace.paths import LEDGER_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 300.0
"""How long one command may take."""
PLAYED_SECONDS = 30.0
"""How long an agent that is to be killed takes at least, so that there is time to back its ledger up."""
_POLL_SECONDS = 0.01


@attrs.frozen
class Step:
    """One thing that was done.

    Attributes:
        name: What.
        found: What came of it.
        holds: Whether that is as it should be.
        seconds: How long it took.
    """

    name: str
    found: str
    holds: bool
    seconds: float


class Drill:
    """A rehearsal that is disturbed, beside one that is not.

    Args:
        folder: Its own; empty.
        replay: Options of `tradewright run` that say what is played.
        environment: Of the commands.
    """

    def __init__(self, folder: Path, replay: Sequence[str], environment: dict[str, str]) -> None:
        self.calm, self.died, self.older = (folder / name for name in ("undisturbed", "disturbed", "older"))
        self.far, self.copy = folder / "far", folder / "copy.db"
        self._folder, self._replay, self._environment = folder, list(replay), environment
        self._known = self._n_entries = 0
        self._speed = "max"

    def steps(self) -> Iterator[Step]:
        """Do one step after the other, and yield what came of each.

        Raises:
            LedgerError: A command has failed that must not.
        """
        for name, do in (
            ("play it undisturbed", self._play_calm),
            ("kill -9 the agent", self._kill_agent),
            ("go on, and back up meanwhile", self._back_up),
            ("kill -9 agent and venue", self._kill_both),
            ("lose the disk, restore", self._restore),
            ("go on to the end", self._finish),
            ("verify and replay", self._replay_all),
            ("compare with the venue", self._compare_venue),
            ("compare with the undisturbed", self._compare_calm),
            ("start from the older copy alone", self._start_older),
        ):
            began = time.monotonic()
            found, holds = do()
            yield Step(name, found, holds, time.monotonic() - began)

    def end(self) -> None:
        """End what may still run."""
        for one in (self.calm, self.died, self.older):
            process.stop(one / VENUE_FOLDER)

    # ---- what is done --------------------------------------------------------------------------------------

    def _play_calm(self) -> tuple[str, bool]:
        done = self._run(self.calm)
        with SqlStore(self.calm / LEDGER_FILE, write=False) as store:
            rows = store.read(kinds=frozenset({Kind.ROW}))
            self._known = sum(1 for one in rows if one.body.get("known"))
        self._n_entries, self._speed = _head(self.calm), f"{max(1.0, done['rows'] / PLAYED_SECONDS):g}"
        return f"{done['rows']:,} rows, {self._n_entries:,} entries", done["rows"] > 0

    def _kill_agent(self) -> tuple[str, bool]:
        with self._agent() as agent:
            self._await(agent, 1 / 3)
            agent.kill()
        lives = process.is_running(self.died / VENUE_FOLDER)
        verified = self._verify()
        return f"{verified:,} entries verify; the venue {'lives' if lives else 'is gone'}", lives and verified > 0

    def _back_up(self) -> tuple[str, bool]:
        with self._agent() as agent:
            self._await(agent, 0.4)
            head = self._say("ledger", "backup", str(self.copy), *self._ledger())["head"]["seq"]
            self._say("ledger", "follow", str(self.far), "--once", *self._ledger(), as_json=False)
            self._await(agent, 2 / 3)
            agent.kill()
        return f"entry {head:,} is the copy's last, and the agent went on", 0 < head < _head(self.died)

    def _kill_both(self) -> tuple[str, bool]:
        if (venue := process.pid_of(self.died / VENUE_FOLDER)) is not None:
            os.kill(venue, signal.SIGKILL)
        behind = _last(self.died) - _lines(self.far)
        self._say("ledger", "follow", str(self.far), "--once", *self._ledger(), as_json=False)
        return f"{behind:,} entries had not been followed, and were", _lines(self.far) == _last(self.died)

    def _restore(self) -> tuple[str, bool]:
        head, lost = _last(self.died), self._folder / "lost"
        lost.mkdir()
        for one in self.died.glob("ledger.*"):
            one.rename(lost / one.name)
        self._say("ledger", "restore", str(self.copy), *self._ledger())
        new = self._say("ledger", "import", str(self.far / "entries.jsonl"), *self._ledger())["new"]
        return f"a copy, and {new:,} entries that were followed: {head:,} again", _last(self.died) == head

    def _finish(self) -> tuple[str, bool]:
        done = self._run(self.died)
        held_back = done["freeze"] or ", ".join(done["blocked"])
        return f"from row {done['first']:,} to {done['rows']:,}; {held_back or 'nothing is held back'}", not held_back

    def _replay_all(self) -> tuple[str, bool]:
        verified, again = self._verify(), self._say("replay", *self._ledger())
        return f"{verified:,} entries verify, {again['entries']:,} are decided again, all the same", again["same"]

    def _compare_venue(self) -> tuple[str, bool]:
        with SqlStore(self.died / LEDGER_FILE, write=False) as store:
            entries = list(store.read(kinds=frozenset({Kind.INTENT, Kind.FILL})))
            at = entries[-1].at
        venue = Keeper(Place(self.died / VENUE_FOLDER).journal, lambda: at).desk.venue
        fills = Counter(one.body["execution_id"] for one in entries if one.kind is Kind.FILL)
        intents = {one.body["client_id"] for one in entries if one.kind is Kind.INTENT}
        orders = {str(name) for name in (*venue.told.ended, *(order.id for order in venue.standing()))}
        same = fills == Counter([*venue.told.fills]) and orders <= intents
        return f"{len(orders):,} orders, each once; {fills.total():,} fills, none lost or doubled", same

    def _compare_calm(self) -> tuple[str, bool]:
        """Compare the decisions: what was in flight at a kill may lead elsewhere, and then it is said."""
        one, other = (_decisions(folder) for folder in (self.calm, self.died))
        same = sum(mine == theirs for mine, theirs in zip(one, other, strict=False))
        return f"{same:,} of {len(one):,} decisions are the same", len(one) == len(other)

    def _start_older(self) -> tuple[str, bool]:
        """Start from what the venue has outrun: an agent must see that, and take no new risk."""
        self.older.mkdir()
        shutil.copytree(
            self.died / VENUE_FOLDER, self.older / VENUE_FOLDER, ignore=shutil.ignore_patterns("*.sock", "*.pid")
        )
        self._say("ledger", "restore", str(self.copy), "--ledger", str(self.older / LEDGER_FILE))
        newer = _fills(self.died) - _fills(self.older)
        done = self._run(self.older)
        frozen = bool(done["freeze"] or done["blocked"])
        if not newer:
            return "the venue had filled nothing since; it went on", not frozen
        held = "frozen" if done["freeze"] else f"{', '.join(done['blocked'])} blocked" if frozen else "IT WENT ON"
        return f"the venue knows {newer:,} fills that this ledger does not: {held}", frozen

    # ---- how -----------------------------------------------------------------------------------------------

    def _ledger(self) -> tuple[str, str]:
        return "--ledger", str(self.died / LEDGER_FILE)

    def _verify(self) -> int:
        return int(self._say("ledger", "verify", *self._ledger())["entries"])

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "tradewright.cli", *words]

    def _played(self, folder: Path, speed: str) -> tuple[str, ...]:
        return "run", "--paper", *self._replay, "--speed", speed, "--durable", str(folder)

    def _run(self, folder: Path) -> dict[str, Any]:
        return self._say(*self._played(folder, "max"))

    def _say(self, *words: str, as_json: bool = True) -> dict[str, Any]:
        """Run a command to its end, and return the object that it writes."""
        command = self._command(*words, *(["--json"] if as_json else []))
        done = subprocess.run(  # noqa: S603  # this interpreter, and no shell
            command,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode not in {0, CheckError.exit_code}:
            said = done.stderr.decode("utf-8", "replace").strip()[-1_000:]
            raise LedgerError(f"tradewright {' '.join(words)} ended with {done.returncode}: {said}")
        found: dict[str, Any] = json.loads(done.stdout) if as_json else {}
        return found

    def _agent(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # likewise
            self._command(*self._played(self.died, self._speed), "--json"),
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _await(self, agent: subprocess.Popen[bytes], part: float) -> None:
        """Wait until the ledger has so much of what the undisturbed one has written of the rows that are traded."""
        until, wanted = time.monotonic() + PATIENCE_SECONDS, self._known + part * (self._n_entries - self._known)
        while _head(self.died) < wanted:
            if agent.poll() is not None or time.monotonic() > until:
                raise LedgerError("the agent has ended before it could be killed", file=self.died / LEDGER_FILE)
            time.sleep(_POLL_SECONDS)


def _head(folder: Path) -> int:
    """Return the number of a ledger's last entry, as its anchor tells it: its agent may be writing."""
    path = (folder / LEDGER_FILE).with_suffix(".anchor")
    last = Anchor(path).last()
    return 0 if last is None else last.seq


def _last(folder: Path) -> int:
    """Return the number of the last entry that a dead agent's ledger holds: its anchor may be one commit behind."""
    with SqlStore(folder / LEDGER_FILE, write=False) as store:
        return store.head.seq


def _lines(far: Path) -> int:
    return (far / "entries.jsonl").read_bytes().count(b"\n")


def _decisions(folder: Path) -> list[str]:
    with SqlStore(folder / LEDGER_FILE, write=False) as store:
        return [one.text for one in store.read(kinds=frozenset({Kind.DECISION}))]


def _fills(folder: Path) -> int:
    with SqlStore(folder / LEDGER_FILE, write=False) as store:
        return sum(1 for _ in store.read(kinds=frozenset({Kind.FILL})))


def drill(
    folder: Path, replay: Sequence[str], environment: dict[str, str], told: Callable[[Step], None] | None = None
) -> list[Step]:
    """Do the whole drill in an empty folder, and return its steps; `told` hears each as it is done.

    Raises:
        LedgerError: A command has failed that must not.
    """
    one, steps = Drill(folder, replay, environment), []
    try:
        for step in one.steps():
            steps.append(step)
            if told is not None:
                told(step)
    finally:
        one.end()
    return steps
