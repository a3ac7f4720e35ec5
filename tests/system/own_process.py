"""A command in a process of its own: for what only a process shows, such as its streams and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SECONDS_MAX = 120.0


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment, without what a developer's shell may have set, and with `more`."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("TRADEWRIGHT_PLUGINS", "TRADEWRIGHT_DEBUG", "COLUMNS"))
    }
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


def command(*words: str) -> list[str]:
    """Return the command line of `tradewright` with these words."""
    return [sys.executable, "-m", "tradewright.cli", *words]


def process(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and wait for it; `more` goes into its environment."""
    return subprocess.run(
        command(*words),
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )
