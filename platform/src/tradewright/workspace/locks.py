"""One process at a time: a lock on a file, which the system takes back when its holder ends, however that happens.

It is advisory: it keeps out only who asks for it too.  The file stays when the lock is gone, because another process
may be opening it just then; its content only names the holder to whoever is refused.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tradewright.errors import SafetyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL_SECONDS = 0.05
_HOLDER_BYTES_MAX = 400
_LINKS = getattr(os, "O_NOFOLLOW", 0)  # A link could lead to a file that naming the holder would destroy.

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # Windows forbids others to read what is locked, so the lock lies behind the holder's name.

    def _take(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _give_back(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(handle: int) -> None:
        # Said aloud, because a process forked meanwhile has the file open as well.
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def locked(file: Path, what: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock on `file` while the block runs.

    Args:
        file: What is locked; made when it is absent, as is its folder.
        what: What only one process may do at a time, for the error.
        wait_seconds: How long to wait for another holder; 0 does not wait.

    Raises:
        OSError: The file cannot be made, or the system locks no files there.
        SafetyError: Another process, or another thread of this one, holds it.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, locked(Path(folder, "fetch.lock"), "fetching prices"):
    ...     print("alone")
    alone
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | _LINKS, 0o666)
    try:
        _wait_for(handle, file, what, wait_seconds)
        _write_holder(handle, f"process {os.getpid()}: {_command()}")
        try:
            yield
        finally:
            _write_holder(handle, "")
            _give_back(handle)
    finally:
        os.close(handle)


def _wait_for(handle: int, file: Path, what: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            return _take(handle)
        except (BlockingIOError, PermissionError) as error:  # The second is what Windows says.
            if time.monotonic() >= until:
                waited = f" after {seconds:g} s" if seconds else ""
                message = f"another process is still {what}{waited}: {_holder(handle)}"
                fix = "wait until it ends, or end it if it hangs; the lock goes with it"
                raise SafetyError(message, file=file, fix=fix) from error
        time.sleep(_POLL_SECONDS)


def _holder(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    named = os.read(handle, _HOLDER_BYTES_MAX).decode("utf-8", "replace")
    return named or "one that has not written its name yet"


def _command() -> str:
    """Return what was called, on one line and without control characters: it is shown to somebody else."""
    words = " ".join(sys.argv)
    return "".join(letter if letter.isprintable() else "?" for letter in words)[: _HOLDER_BYTES_MAX // 4]


def _write_holder(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode("utf-8", "replace"))
