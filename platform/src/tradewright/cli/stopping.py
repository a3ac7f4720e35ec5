"""How Ctrl-C and SIGTERM stop the program: as exceptions, so that files are closed and locks released.

A rule in an endless loop, compiled, never gets back to Python, where the exception would be raised.  So a thread
listens as well, and ends the program where the main thread does not hear, or when it is told a second time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from tradewright.host.guards import end_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TERMINATED = 143
"""Exit code after SIGTERM, as a shell reports it."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, likewise."""

AGAIN_SECONDS = 0.1
"""Until a signal that got lost is sent again: long enough to have left the code that lost it."""

AGAIN_MIN_SECONDS = 0.5
"""Signals that come closer are one: a terminal and `make` both pass a Ctrl-C on."""

GRACE_SECONDS = 3.0
"""How long the main thread may take to hear a signal: service managers kill after five to ten seconds."""

_CODES = {signal.SIGTERM: TERMINATED, signal.SIGINT: INTERRUPTED}


class TerminatedError(KeyboardInterrupt):
    """SIGTERM came; like a Ctrl-C, and unlike SystemExit, it passes the fence around plugins."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM raise `TerminatedError`, and let neither it nor a Ctrl-C get lost.

    What is raised in Python code that C code has called, such as numba's compiler, or while an object is freed,
    is printed by the interpreter and forgotten.  Such a signal is sent again.  One that the main thread has not heard
    after `GRACE_SECONDS`, or that comes a second time, ends the program.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may set handlers.
        return
    forgotten = sys.unraisablehook
    listener = _Listener()

    def hear(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            forgotten(unraisable)
            return
        number = signal.SIGTERM if issubclass(unraisable.exc_type, TerminatedError) else signal.SIGINT
        listener.lose()
        again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()

    # Who starts a program with Ctrl-C ignored, as `nohup` does, wants it so.
    heeded = [number for number in _CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, listener.handle) for number in heeded}
    sys.unraisablehook = hear
    listener.begin()
    try:
        yield
    finally:
        listener.close()
        sys.unraisablehook = forgotten
        for number, handler in before.items():
            signal.signal(number, handler)


class _Listener:
    """The thread that hears signals when the main thread does not.

    The interpreter's handler, in C, writes each signal's number into a pipe; the handler in Python runs only when the
    main thread gets back to it.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._heard = threading.Event()
        self._before = -1

    def begin(self) -> None:
        self._before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="signals", daemon=True).start()

    def close(self) -> None:
        """Stop listening; the thread ends when the pipe does."""
        signal.set_wakeup_fd(self._before)
        self._heard.set()
        os.close(self._writing)

    def lose(self) -> None:
        """Take back that the last signal was heard: what it raised is forgotten."""
        self._heard.clear()

    def handle(self, number: int, _frame: FrameType | None) -> NoReturn:
        """Raise in the main thread what the signal means."""
        self._heard.set()
        raise TerminatedError if number == signal.SIGTERM else KeyboardInterrupt

    def _listen(self) -> None:
        first: float | None = None
        while told := os.read(self._reading, 1):
            code = _CODES.get(signal.Signals(told[0]))
            if code is None:  # Somebody else's signal.
                continue
            first = first or time.monotonic()
            if time.monotonic() - first > AGAIN_MIN_SECONDS:
                _end(code)
            threading.Thread(target=self._wait, args=(code,), name="grace", daemon=True).start()
        os.close(self._reading)

    def _wait(self, code: int) -> None:
        if not self._heard.wait(GRACE_SECONDS):
            _end(code)


def _end(code: int) -> NoReturn:
    """End the program where it stands, and the components' processes with it."""
    from multiprocessing import active_children  # noqa: PLC0415  # 10 ms that few commands need

    for child in active_children():
        child.kill()
    end_process(code)
