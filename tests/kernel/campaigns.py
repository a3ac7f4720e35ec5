"""Play every campaign whole, two at a time, and print one line of what came of each: what `make campaigns` does.

Exits 9 when one fails.  `--only NAME` plays one, `--part 10` a tenth of each: too little for the engine's rare draws.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CHECK_FAILED = 9


class Campaign(NamedTuple):
    """One command.

    Attributes:
        name: Of its line.
        command: What is played, without its size.
        option: That takes the size.
        size: Whole.
        line: Of its output that says what it met.
        fills: Whether it takes every processor by itself.
    """

    name: str
    command: Sequence[str]
    option: str
    size: int
    line: int = -1
    fills: bool = False


def script(name: str) -> list[str]:
    return [sys.executable, str(HERE / name)]


# What takes longest comes first.  One that is added needs a line here and one in docs/reference/campaigns.md.
CAMPAIGNS = (
    Campaign("engine", script("campaign.py"), "--examples", 3000, fills=True),
    Campaign("simulation", [sys.executable, "-m", "tradewright.cli", "simtest"], "--seeds", 1000, line=0),
    Campaign("mutants", script("mutants.py"), "--count", 60),
    Campaign("bugs", script("bugs.py"), "--seeds", 12),
    Campaign("replays", script("replays.py"), "--sessions", 250),
    Campaign("flips", script("flips.py"), "--count", 1000),
    Campaign("kills", script("kills.py"), "--kills", 300, line=0),
)


class Played(NamedTuple):
    """What came of a campaign.

    Attributes:
        campaign: It.
        code: It ended with, 0 for nothing found.
        seconds: It took.
        output: All that it wrote.
    """

    campaign: Campaign
    code: int
    seconds: float
    output: str

    @property
    def said(self) -> str:
        """The line that says what it met."""
        lines = [line for line in self.output.splitlines() if line.strip()] or ["nothing"]
        return lines[self.campaign.line if self.code == 0 else -1].strip()


def play(campaign: Campaign, part: int) -> Played:
    """Play a campaign, or a part of it, and write what it wrote."""
    began, size = time.perf_counter(), str(max(campaign.size // part, 1))
    command = [*campaign.command, campaign.option, size]
    ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    played = Played(campaign, ended.returncode, time.perf_counter() - began, ended.stdout)
    sys.stdout.write(f"---- {campaign.name}\n{played.output}\n")
    sys.stdout.flush()
    return played


def main() -> int:
    names = [campaign.name for campaign in CAMPAIGNS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=names, nargs="+", default=names, help="those that are played (all)")
    parser.add_argument("--part", type=int, default=1, help="play one part of so many: 10 for a tenth (1)")
    asked = parser.parse_args()
    chosen = [campaign for campaign in CAMPAIGNS if campaign.name in asked.only]
    played = [play(campaign, asked.part) for campaign in chosen if campaign.fills]
    with ThreadPoolExecutor(2) as two:
        played += two.map(lambda one: play(one, asked.part), [one for one in chosen if not one.fills])
    for one in played:
        verdict = "passed" if one.code == 0 else "FAILED"
        sys.stdout.write(f"{one.campaign.name:11} {verdict} {one.seconds:7,.0f} s  {one.said}\n")
    return CHECK_FAILED if any(one.code for one in played) else 0


if __name__ == "__main__":
    sys.exit(main())
