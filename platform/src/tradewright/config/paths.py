"""The fence around the workspace: paths from settings and plugins stay inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.config.wording import show
from tradewright.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def inside_workspace(workspace: Path, path: str | Path, key: str) -> Path:
    """Return `path` absolute and free of symbolic links; a relative one starts at the workspace.

    Args:
        workspace: Folder of plugins.toml.
        path: What the settings say.
        key: Dotted key it came from, for the error.

    Raises:
        ConfigError: It leads outside the workspace, by itself or through a symbolic link.

    >>> from pathlib import Path
    >>> inside_workspace(Path("/srv/desk"), "../etc", "data.mine.path")
    Traceback (most recent call last):
    tradewright.errors.ConfigError: data.mine.path: must stay inside the workspace /srv/desk, was "../etc"
    """
    root = workspace.resolve()
    fix = "name a path below the folder of plugins.toml, without `..`, `~` or links out of it"
    try:
        resolved = (root / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # A loop of links, a NUL, a name too long.
        raise ConfigError(f"must be a path, was {show(str(path))}", key=key, fix=fix) from error
    if not resolved.is_relative_to(root) or str(path).startswith("~"):
        message = f"must stay inside the workspace {root}, was {show(str(path))}"
        raise ConfigError(message, key=key, fix=fix)
    return resolved
