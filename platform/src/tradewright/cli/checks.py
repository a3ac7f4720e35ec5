"""What `tradewright doctor` looks at; no check raises, and none leaves anything behind but compiled rules."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import numpy as np
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tradewright.cli.inventory import take_inventory
from tradewright.clock import cache_folder, sessions
from tradewright.config import read
from tradewright.errors import ConfigError, TradewrightError
from tradewright.hookspecs import PROJECT
from tradewright.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tradewright.config import Pin, Settings
    from tradewright.plugins import PluginRecord

DISK_FREE_MIN = 500 * 10**6
"""Bytes that must be free: a ledger never finds the disk full in the middle of a write."""

CALENDAR_AHEAD_MIN = timedelta(days=30)
"""How far ahead a calendar must know its holidays."""

DEFAULT_CALENDAR = "XNYS"


@attrs.frozen(kw_only=True)
class Check:
    """One thing looked at.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be.
        found: What was found.
        fix: What to do about it, when it is not ok or a warning.
        warning: Whether it works, but worse than it could; such a check is ok.
    """

    name: str
    ok: bool
    found: str
    fix: str | None = None
    warning: bool = False


def check_all(config_file: Path) -> list[Check]:
    """Look at everything: Python, packages, settings, folders, calendars, plugins, rules."""
    settings, config = _check_config(config_file)
    workspace = config_file.absolute().parent
    cache = cache_folder(workspace)
    plugins, plugin_checks = _check_plugins(settings, workspace)
    return [
        _check_python(),
        *_check_requirements(PROJECT),
        config,
        _check_writable("workspace", workspace),
        _check_writable("cache folder", cache or workspace),
        _check_disk(workspace),
        *_check_calendars(settings, cache),
        *plugin_checks,
        *(_check_rules(settings, plugins, cache or workspace) if settings and _all_ok(plugin_checks) else ()),
    ]


def check_plugin(config_file: Path, name: str) -> list[Check]:
    """Look at one plugin: is it active, and is what it requires installed?"""
    settings, config = _check_config(config_file)
    try:
        _, loaded = take_inventory(_enabled(settings), config_file.parent)
    except ConfigError as error:
        return [_from_error("plugins", error)]
    record = next((record for record in loaded.records if record.name == name), None)
    if record is None:
        found = "not installed"
        return [Check(name=f"plugin {name}", ok=False, found=found, fix=f"pip install tradewright-{name}")]
    requirements = [] if record.distribution is None else _check_requirements(record.distribution)
    return [*([] if config.ok else [config]), _check_record(record), *requirements]


def _check_python() -> Check:
    required = importlib.metadata.metadata(PROJECT)["Requires-Python"] or ""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check(
        name="python",
        ok=SpecifierSet(required).contains(platform.python_version(), prereleases=True),
        found=found,
        fix=f"use Python {required}",
    )


def _check_requirements(distribution: str) -> Iterable[Check]:
    """Look at the packages that `distribution` requires, as its own metadata lists them."""
    for text in sorted(importlib.metadata.requires(distribution) or []):
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            version = None
        ok = version is not None and requirement.specifier.contains(version, prereleases=True)
        wanted = f" ({distribution} wants {requirement.specifier or 'any version'})"
        yield Check(
            name=requirement.name,
            ok=ok,
            found=f"{version or 'not installed'}{'' if ok else wanted}",
            fix=f"pip install '{requirement}'",
        )


def _check_config(config_file: Path) -> tuple[Settings | None, Check]:
    try:
        settings = read(config_file)
    except TradewrightError as error:
        return None, _from_error("settings", error)
    count = len(settings.plugins.enabled)
    return settings, Check(name="settings", ok=True, found=f"{config_file}, {count} plugins enabled")


def _check_writable(name: str, folder: Path) -> Check:
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        found = f"{folder} cannot be written: {error.strerror}"
        return Check(name=name, ok=False, found=found, fix=f"make {existing} a folder that you may write to")
    return Check(name=name, ok=True, found=str(folder))


def _check_disk(workspace: Path) -> Check:
    try:
        free = shutil.disk_usage(workspace).free
    except OSError as error:
        return Check(name="disk", ok=False, found=str(error), fix="name a folder that exists with --config")
    return Check(
        name="disk",
        ok=free >= DISK_FREE_MIN,
        found=f"{free / 1e6:,.0f} MB free",
        fix=f"free {DISK_FREE_MIN / 1e6:,.0f} MB",
    )


def _check_calendars(settings: Settings | None, cache: Path | None) -> Iterable[Check]:
    first: dict[str, str] = {}  # The first feed that names each calendar.
    for key, feed in settings.data.items() if settings else ():
        first.setdefault(feed.calendar, key)
    # A folder that a check would have to make first is left alone.
    kept = cache if cache is not None and cache.is_dir() else None
    for name, key in (first or {DEFAULT_CALENDAR: ""}).items():
        try:
            last = sessions(name, cache=kept).date[-1]
        except TradewrightError as error:
            placed = settings.place(error, f"data.{key}.calendar") if settings else error
            yield _from_error(f"calendar {name}", placed)
            continue
        needed = np.datetime64((datetime.now(UTC) + CALENDAR_AHEAD_MIN).date())
        yield Check(
            name=f"calendar {name}",
            ok=bool(last >= needed),
            found=f"known to {last}",
            fix="pip install --upgrade exchange-calendars",
        )


def _check_plugins(settings: Settings | None, workspace: Path) -> tuple[Plugins, list[Check]]:
    """Return what could be loaded, and a check of each plugin that should be."""
    try:
        allowed, loaded = take_inventory(_enabled(settings), workspace)
    except ConfigError as error:
        return Plugins(()), [_from_error("plugins", error)]
    wanted = {pin.name for pin in allowed.pins}
    return loaded, [_check_record(record) for record in loaded.records if record.builtin or record.name in wanted]


def _check_rules(settings: Settings, plugins: Plugins, cache: Path) -> Iterable[Check]:
    """Build the configured rules and compile them into the loop, which is kept for the next backtest."""
    # Importing numba takes 0.2 s, and `doctor NAME` does without.
    from tradewright.engine.fuse import fuse  # noqa: PLC0415  # see above
    from tradewright.engine.jit import COMPILING  # noqa: PLC0415  # see above
    from tradewright.risk import rulebook  # noqa: PLC0415  # see above

    try:
        fused = fuse(rulebook.rules(settings, plugins), cache, rulebook.checks(settings, plugins))
    except TradewrightError as error:
        return [_from_error("rules", error)]
    if not COMPILING:
        found = f"{len(fused.parts)} rules and checks run interpreted: NUMBA_DISABLE_JIT is set"
        return [Check(name="rules", ok=True, warning=True, found=found, fix="unset NUMBA_DISABLE_JIT")]
    if fused.interpreted:
        return [_interpreted(name, reason) for name, reason in fused.interpreted.items()]
    return [Check(name="rules", ok=True, found=f"{len(fused.parts)} rules and checks compiled")]


def _interpreted(name: str, reason: str) -> Check:
    found = f"numba cannot compile it, so every rule runs interpreted: {reason}"
    fix = "write it with what numba knows; until then a backtest takes much longer"
    return Check(name=f"rule {name}", ok=True, warning=True, found=found, fix=fix)


def _all_ok(checks: Iterable[Check]) -> bool:
    return all(check.ok for check in checks)


def _check_record(record: PluginRecord) -> Check:
    found = f"{record.status}: {record.reason}" if record.reason else record.status
    if record.status == "disabled":
        fix = f'add "{record.name}" to [plugins] enabled'
    elif record.distribution is None:
        fix = f"pip install tradewright-{record.name}, or take it out of [plugins] enabled"
    else:
        fix = f"mend or update {record.distribution}, or take {record.name} out of [plugins] enabled"
    version = f" {record.version}" if record.version else ""
    return Check(name=f"plugin {record.name}{version}", ok=record.status == "active", found=found, fix=fix)


def _enabled(settings: Settings | None) -> tuple[Pin, ...] | None:
    return None if settings is None else settings.plugins.enabled


def _from_error(name: str, error: TradewrightError) -> Check:
    return Check(name=name, ok=False, found=str(error), fix=error.fix)
