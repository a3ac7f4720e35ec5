"""Where `--report` writes: asked before the run, so that no result is computed for a file that cannot be."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewright.config.wording import show
from tradewright.errors import UsageError

if TYPE_CHECKING:
    from tradewright.backtest import Backtest
    from tradewright.reports.summary import Summary

KEY = "--report"
SEGMENTS = 500
"""Parts of the history between which the time line of the rules tells cuts apart: two weeks each in 20 years."""


def target(path: Path, workspace: Path) -> Path:
    """Return the file to write, absolute.

    A relative path starts at the current folder and stays inside the workspace; an absolute one says where it leads.

    Raises:
        UsageError: It leads out of the workspace, is a folder, or its folder is not there or cannot be written.
    """
    root = workspace.resolve()
    try:
        resolved = path.resolve()
        inside = path.is_absolute() or resolved.is_relative_to(root)
        if not inside or str(path).startswith("~"):
            message = f"must stay inside the workspace {root}, was {show(str(path))}"
            raise UsageError(message, key=KEY, fix="name a file below the workspace, or give an absolute path")
        if resolved.is_dir():
            raise UsageError(
                f"must be a file, was the folder {resolved}", key=KEY, fix=f"add a name: {path}/out.html"
            )
        if not resolved.parent.is_dir():
            message = f"there is no folder {resolved.parent}"
            raise UsageError(message, key=KEY, fix="make it first, or name another one")
        with tempfile.TemporaryFile(dir=resolved.parent):
            return resolved
    except (OSError, RuntimeError, ValueError) as error:  # No permission, a loop of links, a NUL, a name too long.
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{show(str(path))} cannot be written: {why}",
            key=KEY,
            fix="name a file in a folder that you may write to",
        ) from error


def write(path: Path, ran: Backtest, summary: Summary, fields: dict[str, Any]) -> int:
    """Write the tearsheet at once or not at all, and return its size in bytes.

    Args:
        path: What `target` returned.
        ran: The backtest.
        summary: What it says.
        fields: The machine's report of it.
    """
    # The chart library costs a second to import, which only this pays.
    from tradewright.reports.tearsheet.page import page  # noqa: PLC0415  # see above
    from tradewright.reports.tearsheet.panels import panels  # noqa: PLC0415  # see above

    content = page(fields, panels(ran, summary)).encode()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o666 & ~_umask())  # A temporary file is for its owner alone.
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)  # Whatever went wrong, no half of a file stays behind.
    return len(content)


def _umask() -> int:
    """Return the mask of the process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
