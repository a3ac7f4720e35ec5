"""Make one small mistake at a time in what leads orders, and see whether a test notices.

Run as `python tests/kernel/mutants.py --count 60 --seed 1`.  Each mistake is played in a process of its own, forked
from this one, up to the first test that fails.  Exits 9 when one survives that `judged_mutants.py` does not name, or
when a test fails without any.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import get_context
from pathlib import Path
from types import CodeType
from typing import Any

if __name__ == "__main__":  # Before anything imports numba: nothing is worth compiling for one mistake.
    os.environ["NUMBA_DISABLE_JIT"] = "1"

import hypothesis
import pytest
from judged_mutants import JUDGED
from mutation import Mutant, draw

ROOT = Path(__file__).parents[2]
KERNEL = ROOT / "platform/src/tradewright"
TESTS = ROOT / "tests/kernel"
AGENT = ("asking", "core", "doubtful", "listener", "persons", "sender", "watch")
MUTATED = ("execute/*.py", *(f"live/{name}.py" for name in AGENT))
PLAYED = (
    *("test_live_core*.py", "test_live_watch.py", "test_execute_*.py", "test_live_guards.py", "test_live_entries.py"),
    *("test_live_account.py", "test_live_doubtful.py", "test_live_persons.py", "test_live_resume.py"),
    *("test_simtest.py", "test_live_playback.py"),
)
"""What takes some seconds; bugs that are planted say nothing of another mistake."""
OWN = {
    **dict.fromkeys(("execute/refusals.py", "execute/soundness.py", "live/doubtful.py"), "test_live_doubtful"),
    "live/persons.py": "test_live_persons",
    **dict.fromkeys(("execute/news.py", "execute/state.py"), "test_execute_orders"),
    "execute/faults.py": "test_execute_wire",
    "execute/reading.py": "test_execute_reconcile",
    "execute/venue_account.py": "test_execute_venue",
    "live/listener.py": "test_live_watch",
}
"""Tests of files that have none of their name, as the names of these begin."""
WARM = ("tradewright.cli", "tradewright.engine.walk", "tradewright.ledger.sql", "tradewright.sessions")
"""Imported once, before any mistake is made: most of a second each time."""
SECONDS_MAX, BYTES_MAX = 60, 8 << 30
"""Of computing in one test, and of memory: a mistake may never end."""
CHECK_FAILED = 9


class Loader(SourceFileLoader):
    """Loads one module with its mistake; it is also what finds it."""

    def __init__(self, mutant: Mutant) -> None:
        name = "tradewright." + mutant.file.removesuffix(".py").replace("/", ".")
        super().__init__(name, str(KERNEL / mutant.file))
        self.source = mutant.source

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


class Played:
    """Notes which test is played, and lets none compute for ever."""

    def __init__(self, note: Path) -> None:
        self.note = note

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.note.write_text(nodeid)
        signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)


def tests_for(file: str, patterns: tuple[str, ...]) -> list[str]:
    """Return the test files that may notice a mistake in a file, its own first."""
    found = [path for pattern in patterns for path in sorted(TESTS.glob(pattern))]
    own = OWN.get(file, "test_" + file.removesuffix(".py").replace("/", "_"))
    ordered = sorted(dict.fromkeys(found), key=lambda path: not path.name.startswith(own))
    return [str(path) for path in ordered]


def play(mutant: Mutant | None, tests: list[str], folder: Path) -> tuple[int, str]:
    """Return the exit code of the tests with a mistake, or without, and the last test that began."""
    note = folder / "played"
    note.write_text("collection")
    child = get_context("fork").Process(target=_play, args=(mutant, tests, folder, note))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode, note.read_text().rpartition("/")[2]


def _play(mutant: Mutant | None, tests: list[str], folder: Path, note: Path) -> None:
    quiet = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True)
    hypothesis.settings.load_profile("mutants")
    if mutant is not None:
        sys.meta_path.insert(0, Loader(mutant))  # type: ignore[arg-type]  # it finds no other module
    own = ["--basetemp", str(folder / "tests"), "-o", f"cache_dir={folder / 'cache'}"]
    own += [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]  # What is imported before pytest is not its to rewrite.
    sys.exit(
        pytest.main(["-x", "-q", "-p", "no:xdist", "-k", "not planted_bug", *own, *tests], plugins=[Played(note)])
    )


def warm() -> None:
    for name in WARM:
        importlib.import_module(name)
    assert not any(name.startswith(("tradewright.execute", "tradewright.live")) for name in sys.modules)


def run(chosen: list[Mutant], patterns: tuple[str, ...], folder: Path) -> Iterator[tuple[Mutant, str]]:
    """Yield every mistake with what became of it: `survived`, `judged`, or by what it was noticed."""
    for mutant in chosen:
        if mutant.name in JUDGED:
            yield mutant, "judged"
            continue
        code, last = play(mutant, tests_for(mutant.file, patterns), folder)
        if code == pytest.ExitCode.OK:
            yield mutant, "survived"
        else:
            yield mutant, last if code > 0 else f"{last} (ended by signal {-code})"


def asked() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="how many mistakes (60)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--only", default="", help="draw among those whose name contains this")
    parser.add_argument("--tests", nargs="+", default=PLAYED, help="patterns of test files")
    return parser.parse_args()


def main() -> int:
    options, counts = asked(), {"survived": 0, "judged": 0, "noticed": 0}
    files = sorted(path for pattern in MUTATED for path in KERNEL.glob(pattern))
    sources = {path.relative_to(KERNEL).as_posix(): path.read_text("utf-8") for path in files}
    chosen = draw(sources, options.count, options.seed, options.only)
    warm()
    with tempfile.TemporaryDirectory(prefix="tradewright-mutants-") as name:
        folder, patterns = Path(name), tuple(options.tests)
        code, last = play(None, tests_for("", patterns), folder)
        if code != pytest.ExitCode.OK:
            sys.stdout.write((folder / "output").read_text() + f"without any mistake, {last} ends with {code}\n")
            return CHECK_FAILED
        began = time.perf_counter()
        for mutant, end in run(chosen, patterns, folder):
            counts[end if end in counts else "noticed"] += 1
            took, began = time.perf_counter() - began, time.perf_counter()
            sys.stdout.write(f"{end:9} {took:5.1f} s  line {mutant.line}: {mutant.name}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(chosen)} mutants: {counts['noticed']} noticed, {counts['judged']} judged to change nothing,"
        f" {counts['survived']} survived\n"
    )
    return CHECK_FAILED if counts["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
