"""A folder of the user's own, outside every workspace, for what is executed when it is read back.

A workspace may be shared, or come out of somebody's archive: what lies in it is data.  Machine code is kept here
instead, where nobody else can put any.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tradewright.errors import ConfigError, SafetyError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "TRADEWRIGHT_CACHE"
"""Names another folder: for containers, where the home is often not there, and for tests."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def rules_folder(environment: Mapping[str, str], system: str = sys.platform) -> Path | None:
    """Return the folder for compiled rules, which need not exist, or None where the user has no home.

    Raises:
        ConfigError: The environment names a relative folder, which would be another one in each workspace.

    >>> rules_folder({"TRADEWRIGHT_CACHE": "/var/cache/desk"}, "linux").as_posix()
    '/var/cache/desk/rules'
    """
    named = environment.get(ENVIRONMENT, "")
    if named:
        if not Path(named).is_absolute():
            fix = "name it from the root on, or unset the variable"
            raise ConfigError(f"must be an absolute path, was {named[:60]!r}", key=ENVIRONMENT, fix=fix)
        return Path(named, "rules")
    caches = _caches(environment, system)
    return None if caches is None else caches / "tradewright" / "rules"


def private(folder: Path | None) -> Path:
    """Return `folder`, made for its owner alone, or a temporary one when it cannot be made or written.

    Raises:
        SafetyError: It belongs to another user, or others may write to it: they could have code executed.
    """
    try:
        if folder is None:
            raise FileNotFoundError
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_shared(folder)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        temporary = Path(tempfile.mkdtemp(prefix="tradewright-"))  # For its owner alone, as well.
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        return temporary


def refuse_shared(folder: Path) -> None:
    """Refuse a folder in which somebody else could have put something.

    Raises:
        OSError: It cannot be looked at.
        SafetyError: As `private` says.
    """
    if not hasattr(os, "getuid"):
        return  # Windows guards a user's folders by lists of its own.
    found = folder.stat()
    fix = f"remove it, or name another folder in {ENVIRONMENT}"
    if found.st_uid != os.getuid():
        message = f"compiled rules are only kept in your own folder, but this one belongs to user {found.st_uid}"
        raise SafetyError(message, file=folder, fix=fix)
    if found.st_mode & _OTHERS_WRITE:
        mode = stat.filemode(found.st_mode)
        message = f"compiled rules are only kept where nobody else may write, but its mode is {mode}"
        raise SafetyError(message, file=folder, fix=fix)


def _caches(environment: Mapping[str, str], system: str) -> Path | None:
    """Return where the system keeps a user's caches."""
    # A relative one is to be ignored, says the XDG base directory specification.
    name = "LOCALAPPDATA" if system == "win32" else "XDG_CACHE_HOME"
    named = environment.get(name, "")
    if system != "darwin" and named and Path(named).is_absolute():
        return Path(named)
    try:
        home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    except RuntimeError:  # A user whom no list knows, as in many containers.
        return None
    known = {"darwin": ("Library", "Caches"), "win32": ("AppData", "Local")}
    return home.joinpath(*known.get(system, (".cache",))) if home.is_absolute() else None
