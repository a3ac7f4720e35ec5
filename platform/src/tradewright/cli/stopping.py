"""How Ctrl-C and SIGTERM stop the program: as exceptions, so that files are closed and locks released."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

AGAIN_SECONDS = 0.1
"""Until a signal that got lost is sent again: long enough to have left the code that lost it."""


class TerminatedError(KeyboardInterrupt):
    """SIGTERM came; like a Ctrl-C, and unlike SystemExit, it passes the fence around plugins."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM raise `TerminatedError`, and let neither it nor a Ctrl-C get lost.

    What is raised in Python code that C code has called, such as numba's compiler, or while an object is freed,
    is printed by the interpreter and forgotten.  Such a signal is sent again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may set handlers.
        return
    forgotten = sys.unraisablehook

    def hear(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            forgotten(unraisable)
            return
        number = signal.SIGTERM if issubclass(unraisable.exc_type, TerminatedError) else signal.SIGINT
        again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()

    terminating = signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = hear
    try:
        yield
    finally:
        sys.unraisablehook = forgotten
        signal.signal(signal.SIGTERM, terminating)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TerminatedError
