"""Play every planted bug over many seeds, and count in how many of them the simulation finds it.

Run as `python tests/kernel/bugs.py --seeds 12 --days 5`.  A bug that none of these finds is played on, seed by seed,
until one does.  Exits 9 when a bug is not found within `--most` seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from planted_bugs import BUGS, Patch
from tradewright.execute.faults import named
from tradewright.sessions import Sessions, all_sessions
from tradewright.simtest.campaign import Outcome, play
from tradewright.simtest.world import case_of
from tradewright.workspace.private import rules_folder

CHECK_FAILED = 9


class Rate(NamedTuple):
    """How often a bug was found.

    Attributes:
        found: In how many seeds.
        seeds: Of so many.
        first: The first of them that found it, None for none.
        invariants: Numbers of those that it broke.
    """

    found: int
    seeds: int
    first: int | None
    invariants: tuple[int, ...]


def rate(bug: Patch, seeds: int, most: int, days: int, calendar: Sessions, folder: Path | None) -> Rate:
    """Play a bug over some seeds, and on to the first that finds it, at most so many."""
    faults, found, played = named(BUGS[bug][0]), dict[int, int](), 0
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        for outcome in _outcomes(most, days, faults, calendar, folder):
            if played >= seeds and found:
                break
            played += 1
            if outcome.invariant:
                found[outcome.case.seed] = outcome.invariant
    return Rate(len(found), played, min(found, default=None), tuple(sorted({*found.values()})))


def _outcomes(
    most: int, days: int, faults: tuple[str, ...] | None, calendar: Sessions, folder: Path | None
) -> Iterator[Outcome]:
    return (play(case_of(seed, days, faults), calendar, folder) for seed in range(most))


def line(bug: Patch, one: Rate) -> str:
    """Return a line of the table."""
    numbers = ", ".join(map(str, one.invariants)) or "-"
    found = "NOT FOUND" if one.first is None else f"first by seed {one.first}"
    return f"{bug.__name__:26} {BUGS[bug][0]:10} {numbers:10} {one.found:3} of {one.seeds:4}  {found}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12, help="how many seeds each bug is counted over (12)")
    parser.add_argument("--most", type=int, default=1000, help="by how many seeds it has to be found (1000)")
    parser.add_argument("--days", type=int, default=5, help="sessions of each (5)")
    parser.add_argument("--only", default="", help="only bugs whose name contains this")
    asked = parser.parse_args()
    folder, rates = rules_folder(os.environ), []
    calendar = all_sessions("XNYS", cache=folder)
    for bug in [bug for bug in BUGS if asked.only in bug.__name__]:
        rates.append(rate(bug, asked.seeds, asked.most, asked.days, calendar, folder))
        sys.stdout.write(line(bug, rates[-1]))
        sys.stdout.flush()
    missed = sum(one.first is None for one in rates)
    sys.stdout.write(f"{len(rates)} bugs: {len(rates) - missed} found, {missed} not within {asked.most:,} seeds\n")
    return CHECK_FAILED if missed else 0


if __name__ == "__main__":
    sys.exit(main())
