"""Find plugins, decide which may be loaded, and load each on its own.

    installed -> enabled? -> right version? -> as locked? -> registration -> claimed by no other? -> active

Nothing of a plugin that is not enabled is imported, and no plugin can stop a command: one that fails is
quarantined with its reason, and the others go on.
"""

from __future__ import annotations

import importlib.metadata
from itertools import chain
from typing import TYPE_CHECKING

import attrs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tradewright import __version__
from tradewright.config import OptionError, Pin, did_you_mean, show
from tradewright.errors import ConfigError, PluginError
from tradewright.host.components import API
from tradewright.host.hookspecs import PROJECT
from tradewright.host.lockfile import Lock, measure
from tradewright.host.plugins import ENVIRONMENT, PluginRecord, Plugins, unavailable
from tradewright.host.registration import Guard, IncompatibleError, components

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.metadata import EntryPoint

    from tradewright.host.components import Spec

DEADLINE_SECONDS = 10.0
"""How long importing a plugin, or one of its hooks, may take before it is abandoned."""


@attrs.frozen
class AllowList:
    """Which plugins may be imported, and who says so.

    Attributes:
        source: `plugins.toml`, `TRADEWRIGHT_PLUGINS` or `none`.
        pins: The plugins, in order.
    """

    source: str
    pins: tuple[Pin, ...]


def allow_list(enabled: Sequence[Pin] | None, environ: Mapping[str, str]) -> AllowList:
    """Return which plugins may be imported; the environment overrides the file.

    Args:
        enabled: `[plugins] enabled`, or None when there is no file.
        environ: The environment of the process.

    Raises:
        ConfigError: The environment variable holds something that names no plugin.

    >>> allow_list((Pin("ma-crossover"),), {"TRADEWRIGHT_PLUGINS": ""})
    AllowList(source='TRADEWRIGHT_PLUGINS', pins=())
    """
    if ENVIRONMENT in environ:
        words = [word.strip() for word in environ[ENVIRONMENT].split(",")]
        return AllowList(ENVIRONMENT, tuple(_pin(word) for word in words if word))
    return AllowList("none", ()) if enabled is None else AllowList("plugins.toml", tuple(enabled))


def load(
    enabled: Sequence[Pin],
    *,
    lock: Lock | None = None,
    entry_points: Iterable[EntryPoint] | None = None,
    builtin: object = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Plugins:
    """Load the enabled plugins, each on its own; none of them can make this raise.

    Args:
        enabled: What may be imported, in order.
        lock: What they must consist of; None compares nothing.
        entry_points: What is installed; None looks it up.
        builtin: The object with the kernel's own hooks, or None for no built-ins.
        deadline_seconds: How long an import or a hook may take.
    """
    installed = _installed(entry_points)
    loader = _Loader(deadline_seconds)
    if builtin is not None:
        own = PluginRecord(name="built-in", distribution=PROJECT, version=__version__, builtin=True)
        loader.add(own, lambda: builtin, module=PROJECT)
    # A name given twice, which only the environment can do, is loaded once.
    pins = {pin.name: pin for pin in enabled}
    for pin in pins.values():
        refused = _refused(pin, installed, lock)
        if refused:
            loader.records += refused
        else:
            (entry,) = installed[pin.name]
            loader.add(_record(entry), entry.load, module=entry.module)
    disabled = sorted(installed.keys() - pins.keys())
    loader.records.extend(_record(entry) for name in disabled for entry in installed[name])
    return Plugins(tuple(loader.records), lock)


def lock_installed(enabled: Sequence[Pin], *, entry_points: Iterable[EntryPoint] | None = None) -> Lock:
    """Return a lock of the enabled plugins as they are installed now; imports none of them.

    Args:
        enabled: What is to be locked.
        entry_points: What is installed; None looks it up.

    Raises:
        ConfigError: One of them is not installed.
        PluginError: One of them could not be loaded anyway, or its files cannot be read.
    """
    installed = _installed(entry_points)
    for record in chain.from_iterable(_refused(pin, installed, lock=None) for pin in enabled):
        raise unavailable(record, "plugins.toml")
    return Lock(plugins={pin.name: measure(installed[pin.name][0]) for pin in enabled})


class _Loader:
    """Loads one plugin after the other and remembers who claimed which component."""

    def __init__(self, deadline_seconds: float) -> None:
        self.records: list[PluginRecord] = []
        self._deadline_seconds = deadline_seconds
        self._owners: dict[tuple[str, str], str] = {}

    def add(self, record: PluginRecord, load_plugin: Callable[[], object], *, module: str) -> None:
        """Append `record` with what came of loading it.

        Args:
            record: What is known before.
            load_plugin: Imports the plugin and returns the object that carries its hooks.
            module: Where its own code lives.
        """
        guard = Guard(module.partition(".")[0], self._deadline_seconds)
        try:
            specs = components(guard, record.name, load_plugin)
            self._claim(specs, str(record.distribution))
        except IncompatibleError as error:
            record = attrs.evolve(record, status="incompatible", reason=_reason(error), api=error.api)
        except PluginError as error:
            record = attrs.evolve(record, status="quarantined", reason=_reason(error))
        else:
            record = attrs.evolve(record, status="active", api=API, components=specs)
        self.records.append(record)

    def _claim(self, specs: Iterable[Spec], owner: str) -> None:
        """Note `owner` for each component, or for none when one is taken."""
        claimed: dict[tuple[str, str], str] = {}
        for spec in specs:
            key = spec.kind, spec.name
            other = self._owners.get(key)
            if other is not None:
                raise PluginError(f"{other} and {owner} both claim {spec.name} ({spec.kind}); disable one")
            if key in claimed:
                raise PluginError(f"registers {spec.kind} {spec.name} twice")
            claimed[key] = owner
        self._owners |= claimed


def _pin(word: str) -> Pin:
    try:
        return Pin.parse(word)
    except OptionError as error:
        raise ConfigError(str(error), file=ENVIRONMENT, fix=error.fix) from error


def _installed(entry_points: Iterable[EntryPoint] | None) -> dict[str, list[EntryPoint]]:
    """Return the entry points by name; None looks up what is installed."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in importlib.metadata.entry_points(group=PROJECT) if entry_points is None else entry_points:
        found.setdefault(entry.name, []).append(entry)
    return found


def _refused(pin: Pin, installed: Mapping[str, Sequence[EntryPoint]], lock: Lock | None) -> list[PluginRecord]:
    """Return records that say why the plugin must not be imported; none when it may."""
    entries = installed.get(pin.name, ())
    if not entries:
        reason = f"not installed{did_you_mean(pin.name, installed)}"
        return [PluginRecord(name=pin.name, status="quarantined", reason=reason)]
    found = [_record(entry) for entry in entries]
    if len(found) > 1:
        # Which of them the operator meant cannot be known, so none runs.
        owners = " and ".join(sorted(str(record.distribution) for record in found))
        reason = f"{owners} both claim the plugin name {pin.name}; uninstall one"
        return [attrs.evolve(record, status="quarantined", reason=reason) for record in found]
    if not importlib.metadata.EntryPoint.pattern.match(entries[0].value):
        # importlib would fall over it, even when asked for no more than the module's name.
        reason = f"its entry point must be `module` or `module:attribute`, was {show(entries[0].value)}"
        return [attrs.evolve(found[0], status="quarantined", reason=reason)]
    misfit = _misfit(found[0], pin) or (lock and lock.misfit(entries[0]))
    return [attrs.evolve(found[0], status="incompatible", reason=misfit)] if misfit else []


def _record(entry: EntryPoint) -> PluginRecord:
    if entry.dist is None:
        return PluginRecord(name=entry.name)
    return PluginRecord(
        name=entry.name,
        distribution=entry.dist.name,
        version=entry.dist.version,
        kernel_requires=_kernel_requires(entry.dist.requires or []),
    )


def _kernel_requires(requirements: Iterable[str]) -> str | None:
    """Return the range of kernel versions among what a distribution requires."""
    ranges = []
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # pip refuses such a distribution; here another of its lines may still name the kernel.
        applies = requirement.marker is None or requirement.marker.evaluate()
        if applies and canonicalize_name(requirement.name) == PROJECT:
            ranges.append(str(requirement.specifier))
    return ",".join(filter(None, ranges)) or None


def _misfit(record: PluginRecord, pin: Pin) -> str | None:
    """Say why these versions must not run together, or return None."""
    if pin.version is not None and not _same_version(str(record.version), pin.version):
        return f"{record.name} {record.version} installed, {pin.version} pinned"
    wanted = record.kernel_requires
    if wanted is None or SpecifierSet(wanted).contains(__version__, prereleases=True):
        return None
    return f"requires {PROJECT} {wanted}, this is {PROJECT} {__version__}"


def _same_version(installed: str, pinned: str) -> bool:
    try:
        return Version(installed) == Version(pinned)
    except InvalidVersion:
        return installed == pinned


def _reason(error: PluginError) -> str:
    return error.message if error.file is None else f"{error.message} ({error.file}:{error.line})"
