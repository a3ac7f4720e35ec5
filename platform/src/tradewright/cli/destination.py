"""Where `--report` and `--export` write: asked before the run, so that nothing is computed that cannot be kept."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tradewright.config.wording import show
from tradewright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_PAGES = (".html", ".htm")


def report_file(path: Path, workspace: Path) -> Path:
    """Return the file to write, absolute; its folder must be there.

    Raises:
        UsageError: It leads out of the workspace, is a folder or no HTML file by its name, or its folder is not there
            or cannot be written.
    """
    key = "--report"
    with _usable(path, key):
        file = _resolved(path, workspace, key)
        if file.is_dir():
            raise UsageError(f"must be a file, was the folder {file}", key=key, fix=f"add a name: {path}/out.html")
        # What it replaces can only be another page: never the settings, the saved runs or prices.
        if file.suffix.lower() not in _PAGES:
            message = f"must end in {' or '.join(_PAGES)}, was {show(str(file))}"
            raise UsageError(message, key=key, fix="name a web page, such as out.html")
        if not file.parent.is_dir():
            fix = "make it first, or name another one"
            raise UsageError(f"there is no folder {file.parent}", key=key, fix=fix)
        with tempfile.TemporaryFile(dir=file.parent):
            return file


def export_folder(path: Path, workspace: Path) -> Path:
    """Return the folder to write to, absolute, made if it was not there.

    Raises:
        UsageError: It leads out of the workspace, is a file, or cannot be written to.
    """
    key = "--export"
    with _usable(path, key):
        folder = _resolved(path, workspace, key)
        if folder.exists() and not folder.is_dir():
            fix = "name a folder, or move the file away"
            raise UsageError(f"must be a folder, was the file {folder}", key=key, fix=fix)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder


def _resolved(path: Path, workspace: Path, key: str) -> Path:
    """Return the path free of links; a relative one starts at the current folder and stays inside the workspace."""
    root, resolved = workspace.resolve(), path.resolve()
    inside = path.is_absolute() or resolved.is_relative_to(root)
    if not inside or str(path).startswith("~"):
        message = f"must stay inside the workspace {root}, was {show(str(path))}"
        raise UsageError(message, key=key, fix="name a place below the workspace, or give an absolute path")
    return resolved


@contextmanager
def _usable(path: Path, key: str) -> Iterator[None]:
    """Say what is wrong with a path that the system refuses."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # No permission, a loop of links, a NUL, a name too long.
        why = getattr(error, "strerror", None) or str(error)
        message = f"{show(str(path))} cannot be written: {why}"
        raise UsageError(message, key=key, fix="name a place that you may write to") from error
