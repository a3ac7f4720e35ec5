r"""The file `.env` beside plugins.toml: secrets by name, for their owner's eyes alone.

    # a comment; blank lines count for nothing
    ALPACA_KEY=PK...                 the text ends with the line, or before ` #`; spaces around it are not part of it
    export ALPACA_SECRET='a=b #c'    in single quotes: everything as it stands
    PEM="-----BEGIN...\n..."         in double quotes: \n, \r, \t, \\, \" and \$ are what they are in a shell

Nothing is expanded: `$` is a dollar.  A line that is none of these is refused, never skipped, and never repeated.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from tradewright.errors import ConfigError, SafetyError

if TYPE_CHECKING:
    from pathlib import Path

FILE = ".env"
BYTES_MAX = 1 << 18
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")
_SINGLE = re.compile(r"'([^']*)'[ \t]*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\[nrt\\"$])*)"[ \t]*(?:#.*)?')
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_FORM = "write NAME=text, NAME='text' or NAME=\"text\" on one line, or begin the line with #"


def load_dotenv(path: Path) -> dict[str, str]:
    """Return what a `.env` says, by name; nothing when there is none.

    Raises:
        ConfigError: It cannot be read, or a line is neither blank, a comment nor `NAME=text`.
        SafetyError: Somebody else can read or write it, or it belongs to somebody else.
    """
    raw = _bytes(path)
    return {} if raw is None else parse_dotenv(_decoded(raw, path), path)


def parse_dotenv(text: str, path: Path | str = FILE) -> dict[str, str]:
    r"""Return what the text of a `.env` says.

    Args:
        text: Its lines, which may end as on Windows.
        path: What errors call it.

    Raises:
        ConfigError: A line is wrong, or a name stands twice; no text is repeated.

    >>> parse_dotenv("# mine\nexport A = x=y  # why\r\nB='#1'\n")
    {'A': 'x=y', 'B': '#1'}
    """
    found: dict[str, str] = {}
    first: dict[str, int] = {}
    for number, ended in enumerate(text.split("\n"), start=1):
        line = ended.removesuffix("\r").strip(" \t")
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError("neither a comment nor NAME=text", file=path, line=number, fix=_FORM)
        if not line.replace("\t", "").isprintable():
            fix = "type the line anew: such characters come with pasting"
            raise ConfigError("holds a character that cannot be seen", file=path, line=number, fix=fix)
        name, value = match[1], _value(match[2])
        if value is None:
            message = f"the quotes of {name} are not closed on this line, or hold a backslash that means nothing"
            raise ConfigError(message, file=path, line=number, fix=f"{_FORM}; in double quotes write \\\\ for one \\")
        if name in first:
            message = f"{name} is set twice, on line {first[name]} as well"
            raise ConfigError(message, file=path, line=number, fix="remove one of the two lines")
        found[name], first[name] = value, number
    return found


def _value(written: str) -> str | None:
    """Return the text that stands after `=`, None when its quotes are wrong."""
    if written.startswith("'"):
        single = _SINGLE.fullmatch(written)
        return None if single is None else single[1]
    if written.startswith('"'):
        double = _DOUBLE.fullmatch(written)
        return None if double is None else _ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]), double[1])
    return _COMMENT.sub("", written).rstrip(" \t")


def _bytes(path: Path) -> bytes | None:
    try:
        # What is looked at is what is read; a pipe would otherwise wait here for somebody to write.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(path, "it is no regular file")
        _refuse_others(path, status)
        with os.fdopen(handle, "rb", closefd=False) as file:
            raw = file.read(BYTES_MAX + 1)
    finally:
        os.close(handle)
    if len(raw) > BYTES_MAX:
        raise _unreadable(path, "it is larger than 256 KiB")
    return raw


def _refuse_others(path: Path, status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return  # Windows guards files by lists of its own.
    mode = stat.S_IMODE(status.st_mode)
    if mode & _OTHERS:
        verb = "read" if mode & (stat.S_IRGRP | stat.S_IROTH) else "reach"
        raise SafetyError(f"others can {verb} it: mode {mode:04o}", file=path, fix=f"chmod 600 {path}")
    for owner in (status.st_uid, path.lstat().st_uid):  # Whoever owns a link chooses what is read.
        if owner != os.geteuid():
            message = f"belongs to user {owner}, and you are {os.geteuid()}"
            raise SafetyError(message, file=path, fix=f"write a file of your own, and chmod 600 {path}")


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"cannot be read: {reason}", file=path, fix=f"make it a file of text, and chmod 600 {path}")


def _decoded(raw: bytes, path: Path) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        # Not as its cause: a UnicodeDecodeError holds the whole file.
        raise ConfigError("not UTF-8", file=path, line=line, fix="save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        fix = "save the file as UTF-8 without a byte order mark"
        raise ConfigError("starts with a byte order mark", file=path, line=1, fix=fix)
    return text
