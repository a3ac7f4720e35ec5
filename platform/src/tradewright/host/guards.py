"""What a component's threads share with the program: standard output, and the end of the process."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, NoReturn, TextIO, cast

from tradewright.host.questions import question_of

end_process = os._exit
"""What `os._exit` was: in a component's thread it is refused."""


class ExitRefusedError(BaseException):
    """A component called `os._exit`; no `except Exception` of its own is to hide that."""


_NOT_THEIRS = frozenset({"buffer", "close", "detach", "reconfigure"})


class _Output:
    """Standard output, from the first question on: it may carry `--json`, so what components write goes elsewhere."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        question = question_of(threading.current_thread())
        return self._real.write(text) if question is None else question.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        # What is written to the bytes below would get past, and what is closed is closed for the whole program.
        if name in _NOT_THEIRS and question_of(threading.current_thread()) is not None:
            raise AttributeError(f"standard output has no {name} for components")
        return getattr(self._real, name)


def guard_output() -> None:
    """Put the guard before standard output, again when somebody has put another output in its place."""
    if sys.stdout is not None and not isinstance(sys.stdout, _Output):
        sys.stdout = cast("TextIO", _Output(sys.stdout))


def _exit(status: int) -> NoReturn:
    """Stand in for `os._exit`: a component must not end the program, and least of all with 0 and without a word."""
    question = question_of(threading.current_thread())
    if question is None:
        end_process(status)
    question.raised = ExitRefusedError(f"called os._exit({status})")
    raise question.raised


os._exit = _exit
