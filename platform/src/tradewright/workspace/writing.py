"""Files that are written at once or not at all, and that stay so when the power fails."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write every file, or none of them; older ones are replaced.

    Each is complete on the disk before it gets its name, and so is the name before this returns: whenever the power
    fails, a file is the old one or the new one.

    Raises:
        OSError: The disk is full, a folder cannot be written, or a folder has the name of a file.
    """
    for path in contents:
        if path.is_dir():  # Found out later, it would come after others have been replaced.
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
            parts[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                # Otherwise the name could reach the disk before the content does.
                os.fsync(file.fileno())
            parts[path].chmod(0o666 & ~_umask())  # A temporary file is for its owner alone.
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)  # Whatever went wrong, no half of a file stays behind.
    for folder in dict.fromkeys(path.parent for path in contents):
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can say so.

    Raises:
        OSError: The disk failed.
    """
    if os.name == "nt":  # Windows opens no folder, and keeps its names in a journal.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems know no such thing for folders, which is no failure of the disk.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(handle)


def _umask() -> int:
    """Return the mask of the process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
