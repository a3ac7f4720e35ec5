"""What a component is asked, and which threads work on it: the one that was asked, and those that it started."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import attrs

from tradewright.host.shared import Shared
from tradewright.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
TEXT_MAX = 300
"""Characters of what a component wrote or said that are kept: it may be a whole file."""


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
        changed: What else of the whole program it left otherwise, in words; put back.
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
    changed: str = ""
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
        if (room := TEXT_MAX - len(self.printed)) > 0:
            self.printed += redact(text)[:room]
        return len(text)


last_question_of: WeakKeyDictionary[threading.Thread, Question[Any]] = WeakKeyDictionary()
"""The last question of each thread that runs components' code, and of those that they started."""

_running: list[Question[Any]] = []


@contextmanager
def counted(question: Question[Any]) -> Iterator[None]:
    """Hold a question's threads and switches to account while it runs and when it ends."""
    attrs.validators.set_disabled(False)  # One that was left behind may have switched them off since.
    question.before = frozenset(threading.enumerate())
    _running.append(question)
    shared = Shared.now()
    try:
        yield
    finally:
        _running.remove(question)
        question.changed = shared.put_back()
        question.unchecked = attrs.validators.get_disabled()
        attrs.validators.set_disabled(False)
        for thread in threading.enumerate():
            if thread not in question.before:
                last_question_of.setdefault(thread, question)


def question_of(thread: threading.Thread) -> Question[Any] | None:
    """Return the question that a thread works on or was started by, None for a thread of the program."""
    found = last_question_of.get(thread)
    if found is None:
        found = next((question for question in _running if thread not in question.before), None)
    return found


def _forget() -> None:
    """A forked process has none of the threads."""
    last_question_of.clear()
    _running.clear()


os.register_at_fork(after_in_child=_forget)
