"""Fork paper venues quickly: imports once, then serves each folder that it reads from a process of its own.

`python paper_forker.py` answers each line, a folder, with the number of the process that keeps it.  When its input
ends it ends what it has started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Forker:
    """The other process, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, folder: Path) -> int:
        """Start a venue on a folder, and return the number of its process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def forking() -> Iterator[Forker]:
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forker(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)


def main() -> None:
    from tradewright.engine.plain import interpreted
    from tradewright.execute.paper import server
    from tradewright.execute.paper.place import Place
    from tradewright.execute.venue import SimulatedVenue

    assert SimulatedVenue is not None
    interpreted("fills")
    children: set[int] = set()
    for line in sys.stdin:
        children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0] == child}
        child = os.fork()
        if child == 0:
            _serve(server, Place(Path(line.strip())))
        children.add(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in children:  # None of their numbers can be another's: nobody has waited for them.
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(server: Any, place: Any) -> None:
    status = 1
    try:
        os.setsid()
        os.close(0)
        os.dup2(2, 1)
        server.serve(place)
        status = 0
    except Exception as error:  # noqa: BLE001  # the child must not go on as its parent
        sys.stderr.write(f"{error}\n")
        status = getattr(error, "exit_code", 1)
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
