"""Files that are written at once or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write every file, or none of them; older ones are replaced.

    Raises:
        OSError: The disk is full, or a folder cannot be written.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
            parts[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            parts[path].chmod(0o666 & ~_umask())  # A temporary file is for its owner alone.
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)  # Whatever went wrong, no half of a file stays behind.


def _umask() -> int:
    """Return the mask of the process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
