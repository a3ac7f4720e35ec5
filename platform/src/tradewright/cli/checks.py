"""What `tradewright doctor` looks at; no check raises, and none leaves anything behind but compiled rules."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tradewright.cli.checking import Check, from_error
from tradewright.cli.inventory import take_inventory
from tradewright.cli.plugin_checks import check_needs, check_passes, check_record, check_rules, check_venues
from tradewright.cli.secret_checks import check_secrets
from tradewright.config import read
from tradewright.errors import ConfigError, TradewrightError
from tradewright.host.hookspecs import PROJECT
from tradewright.host.plugins import Plugins, how_to_install
from tradewright.ledger.room import FREE_MIN
from tradewright.sessions import cache_folder, sessions
from tradewright.workspace.private import ENVIRONMENT, private, rules_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tradewright.config import Pin, Settings

CALENDAR_AHEAD_MIN = timedelta(days=30)
"""How far ahead a calendar must know its holidays."""

DEFAULT_CALENDAR = "XNYS"


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
        *(check_secrets(settings) if settings else ()),
        _check_writable("workspace", workspace),
        _check_writable("cache folder", cache or workspace),
        _check_disk(workspace),
        *_check_calendars(settings, cache),
        *plugin_checks,
        *_check_rules(settings, plugins, all_active=_all_ok(plugin_checks)),
        *(check_passes(settings, plugins) if settings else ()),
        *(check_venues(settings, plugins) if settings else ()),
    ]


def check_plugin(config_file: Path, name: str) -> list[Check]:
    """Look at one plugin: is it active, and is what it requires installed?"""
    settings, config = _check_config(config_file)
    try:
        _, loaded = take_inventory(_enabled(settings), config_file.parent)
    except ConfigError as error:
        return [from_error("plugins", error)]
    record = loaded.bringing(name)
    if record is None:
        return [Check(name=f"plugin {name}", ok=False, found="not installed", fix=how_to_install(name))]
    requirements = [] if record.distribution is None else _check_requirements(record.distribution)
    return [
        *([] if config.ok else [config]),
        check_record(record),
        *check_needs(record, config_file.absolute().parent),
        *requirements,
    ]


def _check_rules(settings: Settings | None, plugins: Plugins, *, all_active: bool) -> Iterable[Check]:
    """Look at the folder of compiled rules and, when the rules can be known, compile them into it."""
    try:
        folder = rules_folder(os.environ)
        kept = private(folder)
    except TradewrightError as error:
        return [from_error("compiled rules", error)]
    if kept != folder:
        found = f"{folder or 'a home folder'} cannot be written, so every backtest compiles its rules anew"
        fix = f"name a folder that you may write to in {ENVIRONMENT}"
        checks = [Check(name="compiled rules", ok=True, warning=True, found=found, fix=fix)]
    else:
        checks = [Check(name="compiled rules", ok=True, found=str(kept))]
    return [*checks, *(check_rules(settings, plugins, kept) if settings and all_active else ())]


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
        return None, from_error("settings", error)
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
        ok=free >= FREE_MIN,
        found=f"{free / 1e6:,.0f} MB free",
        fix=f"free {FREE_MIN / 1e6:,.0f} MB",
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
            yield from_error(f"calendar {name}", placed)
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
        return Plugins(()), [from_error("plugins", error)]
    wanted = {pin.name for pin in allowed.pins}
    used = [record for record in loaded.records if record.builtin or record.name in wanted]
    return loaded, [check for record in used for check in (check_record(record), *check_needs(record, workspace))]


def _all_ok(checks: Iterable[Check]) -> bool:
    return all(check.ok for check in checks)


def _enabled(settings: Settings | None) -> tuple[Pin, ...] | None:
    return None if settings is None else settings.plugins.enabled
