"""Where a component's code runs: one lasting thread each, whose output, exits and switches stay its own.

Solvers in C++ keep memory per thread, and some of them crash when each call comes from a fresh one; so a component
keeps its thread.  A thread cannot be killed: one that is late is left behind, goes on unheard, and another takes its
place.  One that never lets go of the interpreter's lock, as a C extension may, cannot be stopped waiting for; a
process of its own can (`tradewright.host.isolation`).
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager
from queue import SimpleQueue
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from tradewright.host.guards import guard_output
from tradewright.host.questions import Question, counted, last_question_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

HEARD_SECONDS = 0.1
"""How long a Ctrl-C may go unheard while a component works."""


class Worker:
    """The thread of one component, made when first asked.

    >>> worker = Worker("sum")
    >>> worker.ask("sum.add", lambda: 1 + 1, 5.0).returned
    (2,)
    >>> worker.dismiss()
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._waiting: SimpleQueue[Question[Any] | None] = SimpleQueue()
        self._lock = threading.Lock()

    def ask(
        self, doing: str, function: Callable[[], T], seconds: float | None, *, banner: bool = False
    ) -> Question[T]:
        """Call a function in the component's thread, and wait for it no longer than `seconds`; None waits for ever.

        Args:
            doing: What is called, for people who look at threads.
            function: The call.
            seconds: How long it may take, None for ever.
            banner: Whether it may write to standard error by way of standard output.
        """
        question = Question(doing, function, banner)
        if threading.current_thread() is self._thread:
            with counted(question):
                question.run()
            question.ended.set()
            return question
        waiting = self._begin()
        with counted(question):
            waiting.put(question)
            try:
                _wait(question.ended, seconds)
            finally:
                if not question.ended.is_set():  # Late, or a person has pressed Ctrl-C.
                    self._leave(waiting)
        return question

    def dismiss(self) -> None:
        """Let the thread end when it can; the next question gets another one."""
        self._leave(self._waiting)

    def _begin(self) -> SimpleQueue[Question[Any] | None]:
        """Return where the thread waits for questions, having started one where there is none."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=_serve, args=(self._waiting,), name=self._name, daemon=True)
                last_question_of[self._thread] = Question(self._name, None)
                self._thread.start()
            return self._waiting

    def _leave(self, waiting: SimpleQueue[Question[Any] | None]) -> None:
        with self._lock:
            if waiting is self._waiting:  # Otherwise somebody else has waited for it in vain, too.
                waiting.put(None)
                self._thread, self._waiting = None, SimpleQueue()


def _wait(ended: threading.Event, seconds: float | None) -> None:
    """Wait for an event, but never long at a time: a signal that another thread was given is heard in between."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    while not ended.wait(max(0.0, min(HEARD_SECONDS, until - time.monotonic()))) and time.monotonic() < until:
        pass


_workers: dict[str, Worker] = {}


def worker_of(name: str) -> Worker:
    """Return the lasting worker of a component, by its word in plugins.toml."""
    guard_output()
    return _workers.setdefault(name, Worker(name))


@contextmanager
def asked_here(doing: str) -> Iterator[Question[None]]:
    """Count what runs inside as a component's, in the caller's own thread and without a deadline."""
    guard_output()
    thread = threading.current_thread()
    question: Question[None] = Question(doing, None)
    outer = last_question_of.get(thread)
    last_question_of[thread] = question
    try:
        yield question
    finally:
        if outer is None:
            del last_question_of[thread]
        else:
            last_question_of[thread] = outer


def _serve(waiting: SimpleQueue[Question[Any] | None]) -> None:
    question = waiting.get()
    while question is not None:
        question = _frame_of(question.doing)(question, waiting)


def _ask_and_wait(question: Question[Any], waiting: SimpleQueue[Question[Any] | None]) -> Question[Any] | None:
    thread = threading.current_thread()
    idle, thread.name = thread.name, question.doing
    last_question_of[thread] = question
    question.run()
    thread.name = idle
    question.ended.set()
    return waiting.get()


def _frame_of(doing: str) -> Callable[..., Question[Any] | None]:
    """Return `_ask_and_wait` under the name of what is called.

    After a crash in C code nothing can be said any more but the names of the frames that stood then, which
    `faulthandler` writes.  The next question is waited for in the frame of the last one, so that a component which
    has only prepared the crash is named as well.
    """
    return FunctionType(_ask_and_wait.__code__.replace(co_filename=f"<component {doing}>"), globals())


def _forget() -> None:
    """A forked process has none of the threads."""
    _workers.clear()


os.register_at_fork(after_in_child=_forget)
