"""What computed a result, and the result itself in five hashes: what a later run is compared with."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from importlib.metadata import distribution, entry_points, version
from typing import TYPE_CHECKING, Any

from tradewright import __version__
from tradewright.errors import PluginError
from tradewright.host import lockfile
from tradewright.host.hookspecs import PROJECT

if TYPE_CHECKING:
    from tradewright.engine.run import Trace
    from tradewright.host.plugins import Plugins

_PARTS = ("equity", "curve", "fills", "actions", "events")


def versions(plugins: Plugins, engine: str | None) -> dict[str, Any]:
    """Return the versions of whatever computes a result.

    Args:
        plugins: What was loaded.
        engine: Hash of engine, rules and processor; None when it was not made.
    """
    active = {record.name: record.version for record in plugins.records if record.status == "active"}
    own = {record.name for record in plugins.records if record.builtin}
    named = {name: number for name, number in active.items() if name not in own}
    return {
        "tradewright": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "numba")},
        "plugins": named,
        "rules": engine,
        "code": code(tuple(named)),
    }


def code(names: tuple[str, ...]) -> dict[str, str]:
    """Return the SHA-256 over the files of the kernel and of each plugin, 64 hexadecimal digits.

    A version says what was released; while somebody works on a plugin its version stays.
    """
    found = {PROJECT: lockfile.content_hash(distribution(PROJECT), PROJECT)}
    for entry in entry_points(group=PROJECT):
        if entry.name in names:
            with contextlib.suppress(PluginError):  # Its files are gone since it was loaded.
                found[entry.name] = lockfile.measure(entry).sha256
    return found


def trace_hashes(trace: Trace) -> dict[str, str]:
    """Return the SHA-256 of the bytes of equity, curve, fills, actions and events, in hexadecimal."""
    return {part: hashlib.sha256(getattr(trace, part).tobytes()).hexdigest() for part in _PARTS}
