"""What belongs to the whole program and a component may leave otherwise: looked at around questions, and put back."""

from __future__ import annotations

import locale
import os
import sys
from contextlib import suppress
from typing import Any

import attrs


@attrs.frozen(eq=False)
class Shared:
    """The program as it was before a question: 5 us to look at.

    Handlers of signals are not among it, since a component's thread cannot set any.

    Attributes:
        folder: The working folder; empty where it is gone.
        locale: Of every category, as the C library tells it.
        output: Standard output.
    """

    folder: str
    locale: str
    output: Any

    @classmethod
    def now(cls) -> Shared:
        """Look."""
        return cls(_folder(), locale.setlocale(locale.LC_ALL), sys.stdout)

    def put_back(self) -> str:
        """Put back whatever is otherwise now, and return it in words; empty where nothing is."""
        found = Shared.now()
        changed = []
        if found.folder != self.folder:
            changed.append(f"the working folder at {found.folder}")
            with suppress(OSError):  # It is gone, and relative names lead nowhere either way.
                os.chdir(self.folder)
        if found.locale != self.locale:
            changed.append(f"the locale at {found.locale}")
            locale.setlocale(locale.LC_ALL, self.locale)
        if found.output is not self.output:
            changed.append("another standard output")
            sys.stdout = self.output
        return ", ".join(changed)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  # a quarter of the time of a Path, at each question
    except FileNotFoundError:
        return ""
