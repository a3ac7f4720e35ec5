"""Folders that last as long as the process: they hold compiled loops, and what sources read."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


def temporary() -> Path:
    """Return a new folder that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="tradewright-testing-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def compiled() -> Path:
    """Return the folder of compiled loops: a rule's takes seconds, and its tests share it."""
    return temporary()
