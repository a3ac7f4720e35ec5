"""The fence around the workspace: paths from settings and plugins stay inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.config.wording import show
from tradewright.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def inside_workspace(workspace: Path, path: str | Path, key: str, roots: Sequence[Path] | None = None) -> Path:
    """Return `path` absolute and free of symbolic links; a relative one starts at the workspace.

    Args:
        workspace: Folder of plugins.toml.
        path: What the settings say.
        key: Dotted key it came from, for the error.
        roots: Folders outside it that the operator allows (`data_roots`); None where no such list counts.

    Raises:
        ConfigError: It leads outside the workspace and the roots, by itself or through a symbolic link.

    >>> from pathlib import Path
    >>> inside_workspace(Path("/srv/desk"), "../etc", "data.mine.path")
    Traceback (most recent call last):
    tradewright.errors.ConfigError: data.mine.path: must stay inside the workspace /srv/desk, was "../etc"
    """
    root = workspace.resolve()
    fix = "name a path below the folder of plugins.toml, without `..`, `~` or links out of it"
    if roots is not None:
        fix += ', or allow a folder outside it at the top of plugins.toml, such as data_roots = ["/srv/prices"]'
    try:
        resolved = (root / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # A loop of links, a NUL, a name too long.
        raise ConfigError(f"must be a path, was {show(str(path))}", key=key, fix=fix) from error
    allowed = [root, *(one.resolve() for one in roots or ())]
    if not any(resolved.is_relative_to(one) for one in allowed) or str(path).startswith("~"):
        listed = "".join(f" or {one}" for one in allowed[1:])
        message = f"must stay inside the workspace {root}{listed}, was {show(str(path))}"
        raise ConfigError(message, key=key, fix=fix)
    return resolved
