"""Where a paper venue lies: the files in its folder, and the socket that it answers at."""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import SafetyError

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = "venue.sock"
ANSWER_SECONDS = 5.0
"""How long an answer is waited for."""
_ADDRESS_BYTES_MAX = 100  # Systems take 104 or 108, the zero at the end among them.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _absolute(folder: Path) -> Path:
    return folder.absolute()


@attrs.frozen
class Place:
    """The folder of one paper venue; nothing is made by asking.

    Attributes:
        folder: The folder itself, an absolute path.
    """

    folder: Path = attrs.field(converter=_absolute)

    @property
    def journal(self) -> Path:
        """File of its calls: the one that has to be kept."""
        return self.folder / "venue.journal"

    @property
    def socket(self) -> Path:
        """Where it answers while it runs."""
        return self.folder / SOCKET

    @property
    def lock(self) -> Path:
        """File that the one process locks which keeps the journal."""
        return self.folder / "venue.lock"

    @property
    def pid(self) -> Path:
        """File with the number of its process, while it runs."""
        return self.folder / "venue.pid"

    @property
    def errors(self) -> Path:
        """File of what it has said of failures."""
        return self.folder / "venue.err"

    def make(self) -> None:
        """Make the folder, for its owner alone: whoever reaches the socket can trade.

        Raises:
            OSError: It cannot be made.
            SafetyError: It is somebody else's.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.folder.stat()
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            fix = "name a folder of your own"
            raise SafetyError(
                f"a paper venue's folder must be yours, was user {found.st_uid}'s", file=self.folder, fix=fix
            )
        if found.st_mode & _OTHERS:
            self.folder.chmod(0o700)

    @contextmanager
    def address(self) -> Iterator[str]:
        """Yield a path to the socket that is short enough for the system while the block runs.

        A long one is reached through a link in a temporary folder.
        """
        direct = os.fspath(self.socket)
        if len(os.fsencode(direct)) <= _ADDRESS_BYTES_MAX:
            yield direct
            return
        with tempfile.TemporaryDirectory(prefix="tradewright-") as folder:
            link = Path(folder, "v")
            link.symlink_to(self.folder, target_is_directory=True)
            yield os.fspath(link / SOCKET)

    def exchange(self, call: dict[str, Any] | None = None) -> Any | None:
        """Return what a venue says to a call, or its greeting; None where none answers."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                with self.address() as address:
                    connection.connect(address)
                with connection.makefile("rwb") as lines:
                    said = json.loads(lines.readline())
                    if call is not None:
                        lines.write(json.dumps(call).encode() + b"\n")
                        lines.flush()
                        said = json.loads(lines.readline())
            except (OSError, ValueError):
                return None
        return said
