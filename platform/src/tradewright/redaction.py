"""The second line around secrets: what was revealed is taken out of every text that leaves the program.

The first line is that nobody puts a secret into a text.  A plugin does so all the same, in the message of an error
above all: clients of brokers quote the request that failed.  Errors of this program pass here when they are made, and
so do texts that plugins put into values; commands put what they write to their streams through `guard_streams`.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LENGTH_MIN = 6
"""Characters below which a text is left alone: it would be found in words and numbers that are not it."""

_LINE_MIN = 16
"""Characters from which on a line of a longer secret, such as a key in PEM, is one of its own."""

_names: dict[str, str] = {}
_pattern: re.Pattern[str] | None = None


def conceal(text: str, reference: str) -> None:
    """Take `text` out of what is written from now on, as it is and as programs are used to spell it.

    Args:
        text: The secret.
        reference: What is shown in its place, between brackets.
    """
    global _pattern  # noqa: PLW0603  # one for the process, as its streams are
    lines = [line for line in text.splitlines() if len(line) >= _LINE_MIN]
    for part in (text, *lines):
        if len(part) >= LENGTH_MIN:
            for spelling in _spellings(part):
                _names.setdefault(spelling, f"[{reference}]")
    if _names:
        # The longest first: of a secret that begins with another one no end is to be left.
        _pattern = re.compile("|".join(map(re.escape, sorted(_names, key=len, reverse=True))))


def conceal_variables(references: Iterable[str]) -> None:
    """Conceal what is in this process's environment under `env:NAME`: a plugin may read it there by itself."""
    for reference in references:
        scheme, _, name = reference.partition(":")
        text = os.environ.get(name) if scheme == "env" else None
        if text:
            conceal(text, reference)


def redact(text: str) -> str:
    """Return `text` with every secret replaced by the name of where it comes from.

    >>> conceal("correct horse", "env:EXAMPLE")
    >>> redact("401 for key=correct+horse: 'correct horse'")
    "401 for key=[env:EXAMPLE]: '[env:EXAMPLE]'"
    """
    return text if _pattern is None else _pattern.sub(lambda match: _names[match[0]], text)


def guard_streams() -> None:
    """Put `redact` before standard output and standard error, once: a guard that stands before it is seen through."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not getattr(stream, "redacts", False):
            setattr(sys, name, cast("TextIO", _Redacting(stream)))


class _Redacting:
    """A stream of text without secrets; one that is written in two pieces, or as bytes, gets past."""

    redacts = True

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        self._real.write(redact(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield repr(text)[1:-1]
    yield text.encode("unicode_escape").decode()
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield html.escape(text)
    raw = text.encode("utf-8", "surrogateescape")
    yield from (quote(raw), quote(raw, safe=""), quote_plus(raw))
    yield raw.hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        for before in range(3):
            yield _core(encode(b"\0" * before + raw).decode(), before, (before + len(raw)) % 3)


def _core(encoded: str, before: int, over: int) -> str:
    """Return those letters of base64 that depend on the secret alone, whatever stands before and after it.

    HTTP's basic authentication encodes `user:password` as one text.
    """
    first, last = (0, 2, 3)[before], (0, 3, 2)[over]
    return encoded[first : len(encoded) - last]
