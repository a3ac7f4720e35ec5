"""Which plugins this command works with: the allow-list and what loading them gave."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

from tradewright import builtins as own_components
from tradewright.config import read
from tradewright.host import lockfile
from tradewright.host.loading import allow_list, load
from tradewright.host.plugins import ENVIRONMENT
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradewright.config import Pin
    from tradewright.host.loading import AllowList
    from tradewright.host.plugins import Plugins


def take_inventory(enabled: Sequence[Pin] | None, workspace: Path) -> tuple[AllowList, Plugins]:
    """Load what is enabled and as plugins.lock has it, the kernel's own components first.

    Args:
        enabled: `[plugins] enabled`, or None when there is no file; the environment overrides it.
        workspace: Folder of the settings, where plugins.lock stands when there is one.

    Raises:
        ConfigError: The environment variable holds something that names no plugin, or plugins.lock is damaged.
    """
    allowed = allow_list(enabled, os.environ)
    lock = lockfile.read(Workspace(workspace).plugins_lock)
    loaded = load(allowed.pins, lock=lock, builtin=own_components)
    return allowed, attrs.evolve(loaded, allowed_by=allowed.source)


def enabled_in(config_file: Path, *, required: bool) -> tuple[Pin, ...] | None:
    """Return `[plugins] enabled`, or None when the environment overrides it or there is no file.

    Args:
        config_file: The settings.
        required: Whether a missing file is an error: the operator named it.

    Raises:
        ConfigError: The file cannot be read or breaks a rule.
    """
    if ENVIRONMENT in os.environ or not (required or config_file.exists()):
        return None
    return read(config_file).plugins.enabled
