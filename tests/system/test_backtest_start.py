"""How a backtest starts: what a warm one imports, and when it says that it compiles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from own_process import SECONDS_MAX, command, environment, process

ROOT = Path(__file__).parents[2]
SHORT = ("--to", "1999-03-31")
"""60 sessions: how a backtest starts does not depend on how long it goes on."""


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, share_cache: Callable[[Path], None]) -> Path:
    """Return a workspace whose rules are compiled, which takes 20 s once; a few bars are enough for that."""
    folder = tmp_path_factory.mktemp("started")
    shutil.copy(ROOT / "plugins.toml", folder)
    share_cache(folder)
    process(folder, "backtest", "--no-save", *SHORT).check_returncode()
    return folder


HEAVY = {"pandas", "exchange_calendars", "pyarrow", "scipy.linalg", "bokeh", "jinja2", "pytest", "numpy.f2py"}
LOOK_INSIDE = """
import atexit, gc, json, sys

def look():
    print(json.dumps([sorted(sys.modules), sum(one["collections"] for one in gc.get_stats()), gc.get_freeze_count()]))

atexit.register(look)  # The first to register is the last to be called.
from tradewright.cli import main
main()
"""


def test_backtest_that_is_warm_imports_nothing_heavy_that_it_does_not_need(desk: Path) -> None:
    """Sessions are kept as a small file, and numba is kept from importing half of scipy."""
    words = [sys.executable, "-c", LOOK_INSIDE, "backtest", "--no-save"]
    done = subprocess.run(words, cwd=desk, capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
    modules, collections, frozen = json.loads(done.stdout.splitlines()[-1])

    assert {"numba", "tradewright.engine.run"} <= set(modules)
    assert set() == HEAVY & set(modules)
    assert collections < 200  # Twice as many, if Python had its way,
    assert frozen > 100_000  # and each of these objects would be taken apart at the end.


@pytest.mark.slow
@pytest.mark.parametrize("compiles", [False, True], ids=["known", "new"])
def test_backtest_says_that_it_compiles_exactly_when_it_does(desk: Path, tmp_path: Path, compiles: bool) -> None:
    """Rules that were compiled in one workspace are known in every other one of the user."""
    shutil.copy(desk / "plugins.toml", tmp_path)
    own = {"TRADEWRIGHT_CACHE": str(tmp_path)} if compiles else {}
    reading, writing = os.openpty()
    with subprocess.Popen(
        command("backtest", "--no-save", *SHORT),
        cwd=tmp_path,
        env=environment(**own, TERM="xterm", COLUMNS="200"),
        stdout=subprocess.DEVNULL,
        stderr=writing,
    ) as child:
        os.close(writing)
        seen = b"".join(iter(lambda: _read(reading), b"")).decode()
    os.close(reading)

    assert 0 == child.returncode
    assert "reading prices" in seen
    assert compiles is ("compiling this set of rules" in seen)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # What Linux says when nobody writes any more.
        return b""
