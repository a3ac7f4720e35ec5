"""Where a component's code runs: one lasting thread each, whose output, exits and switches stay its own.

Solvers in C++ keep memory per thread, and some of them crash when each call comes from a fresh one; so a component
keeps its thread.  A thread cannot be killed: one that is late is left behind, goes on unheard, and another takes its
place.  One that never lets go of the interpreter's lock, as a C extension may, cannot be stopped waiting for; a
process of its own can (`tradewright.host.isolation`).
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from contextlib import contextmanager
from queue import SimpleQueue
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TextIO, TypeVar, cast
from weakref import WeakKeyDictionary

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
TEXT_MAX = 300
"""Characters of what a component wrote or said that are kept: it may be a whole file."""

HEARD_SECONDS = 0.1
"""How long a Ctrl-C may go unheard while a component works."""

end_process = os._exit
"""What `os._exit` was: in a component's thread it is refused."""


class ExitRefusedError(BaseException):
    """A component called `os._exit`; no `except Exception` of its own is to hide that."""


@attrs.define(eq=False)
class Question(Generic[T]):
    """One call of a component's code, while it runs and afterwards.

    Attributes:
        doing: What is called, such as `ma-crossover.compute`.
        function: The call; None once it has ended.
        banner: Whether what it writes to standard output is let through to standard error.
        before: Threads that ran before: any other one belongs to the component.
        returned: The result in a tuple of one, empty without one.
        raised: What was raised.
        printed: How that began which it wrote to standard output.
        unchecked: Whether it left attrs' validators switched off, which holds for the whole program.
        ended: Whether it has.
    """

    doing: str
    function: Callable[[], T] | None
    banner: bool = False
    before: frozenset[threading.Thread] = frozenset()
    returned: tuple[T, ...] = ()
    raised: BaseException | None = None
    printed: str = ""
    unchecked: bool = False
    ended: threading.Event = attrs.field(factory=threading.Event)

    def run(self) -> None:
        """Call the function, and let go of it."""
        function, self.function = self.function, None
        try:
            if function is not None:
                self.returned = (function(),)
        except BaseException as error:  # noqa: BLE001  # even SystemExit is the component's own; a real Ctrl-C goes to the main thread
            self.raised = error

    def write(self, text: str) -> int:
        """Keep the beginning of what the component writes to standard output."""
        if self.banner and not self.ended.is_set() and sys.stderr is not None:
            return sys.stderr.write(text)
        self.printed += text[: max(0, TEXT_MAX - len(self.printed))]
        return len(text)


_questions: WeakKeyDictionary[threading.Thread, Question[Any]] = WeakKeyDictionary()
"""The last question of each thread that runs components' code, and of those that they started."""

_running: list[Question[Any]] = []


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
            with _counted(question):
                question.run()
            question.ended.set()
            return question
        waiting = self._begin()
        with _counted(question):
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
                _questions[self._thread] = Question(self._name, None)
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
    _guard_output()
    return _workers.setdefault(name, Worker(name))


@contextmanager
def asked_here(doing: str) -> Iterator[Question[None]]:
    """Count what runs inside as a component's, in the caller's own thread and without a deadline."""
    _guard_output()
    thread = threading.current_thread()
    outer, question = _questions.get(thread), Question[None](doing, None)
    _questions[thread] = question
    try:
        yield question
    finally:
        if outer is None:
            del _questions[thread]
        else:
            _questions[thread] = outer


def _serve(waiting: SimpleQueue[Question[Any] | None]) -> None:
    question = waiting.get()
    while question is not None:
        question = _frame_of(question.doing)(question, waiting)


def _ask_and_wait(question: Question[Any], waiting: SimpleQueue[Question[Any] | None]) -> Question[Any] | None:
    thread = threading.current_thread()
    idle, thread.name = thread.name, question.doing
    _questions[thread] = question
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


@contextmanager
def _counted(question: Question[Any]) -> Iterator[None]:
    """Hold a question's threads and switches to account while it runs and when it ends."""
    attrs.validators.set_disabled(False)  # One that was left behind may have switched them off since.
    question.before = frozenset(threading.enumerate())
    _running.append(question)
    try:
        yield
    finally:
        _running.remove(question)
        question.unchecked = attrs.validators.get_disabled()
        attrs.validators.set_disabled(False)
        for thread in threading.enumerate():
            if thread not in question.before:
                _questions.setdefault(thread, question)


# ---- what a component's thread shares with the program ---------------------------------------------------


def _question_of(thread: threading.Thread) -> Question[Any] | None:
    """Return the question that a thread works on or was started by, None for a thread of the program."""
    found = _questions.get(thread)
    if found is None:
        found = next((question for question in _running if thread not in question.before), None)
    return found


class _Output:
    """Standard output, from the first question on: it may carry `--json`, so what components write goes elsewhere."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        question = _question_of(threading.current_thread())
        return self._real.write(text) if question is None else question.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        # What is written to the bytes below would get past.
        if name == "buffer" and _question_of(threading.current_thread()) is not None:
            raise AttributeError("standard output has no buffer for components")
        return getattr(self._real, name)


def _guard_output() -> None:
    """Put the guard before standard output, again when somebody has put another output in its place."""
    if sys.stdout is not None and not isinstance(sys.stdout, _Output):
        sys.stdout = cast("TextIO", _Output(sys.stdout))


def _exit(status: int) -> NoReturn:
    """Stand in for `os._exit`: a component must not end the program, and least of all with 0 and without a word."""
    question = _question_of(threading.current_thread())
    if question is None:
        end_process(status)
    question.raised = ExitRefusedError(f"called os._exit({status})")
    raise question.raised


def _forget() -> None:
    """A forked process has none of the threads, and may end itself."""
    _questions.clear()
    _running.clear()
    _workers.clear()


os._exit = _exit
os.register_at_fork(after_in_child=_forget)
