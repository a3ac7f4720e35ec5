"""What became of each plugin, and who provides which component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.config import did_you_mean, show, structure
from tradewright.config.secrets import resolve
from tradewright.errors import ConfigError, PluginError
from tradewright.host.fence import FACTORY_SECONDS, make_component
from tradewright.host.hookspecs import PROJECT
from tradewright.host.kinds import KINDS

if TYPE_CHECKING:
    from tradewright.config import Settings
    from tradewright.host.components import Spec
    from tradewright.host.lockfile import Lock

ENVIRONMENT = "TRADEWRIGHT_PLUGINS"
"""Environment variable that replaces `[plugins] enabled`: names with commas between, empty for none."""

Status = Literal["active", "disabled", "quarantined", "incompatible"]


@attrs.frozen(kw_only=True)
class PluginRecord:
    """What became of one plugin.

    Attributes:
        name: Its entry point, the word in `[plugins] enabled`.
        distribution: The installed package, None when there is none.
        version: The package's version.
        api: The contract its components are written for, None when they are not known.
        kernel_requires: The kernel versions it asks for, None when any will do.
        status: `active`, `disabled` (installed, not enabled), `quarantined` (broken or not installed) or
            `incompatible` (made or pinned for another version, or not as plugins.lock has it).
        reason: Why it is quarantined or incompatible, one line.
        builtin: Whether it is the kernel's own.
        components: What it provides, in the order of the hooks; empty unless active.
    """

    name: str
    distribution: str | None = None
    version: str | None = None
    api: int | None = None
    kernel_requires: str | None = None
    status: Status = "disabled"
    reason: str | None = None
    builtin: bool = False
    components: tuple[Spec, ...] = ()


@attrs.frozen
class Plugins:
    """All plugins that are installed or asked for.

    Attributes:
        records: The built-ins, then the enabled in their order, then the disabled by name.
        lock: What the enabled were compared with before they were imported, None when with nothing.
        allowed_by: Who said which are enabled: an `AllowList.source`.
    """

    records: tuple[PluginRecord, ...]
    lock: Lock | None = None
    allowed_by: str = "plugins.toml"

    def bringing(self, name: str) -> PluginRecord | None:
        """Return the plugin of that name, or the active one with components of that name, which alone it then has."""
        for record in self.records:
            if record.name == name:
                return record
        for record in self.records:
            if specs := tuple(spec for spec in record.components if spec.name == name):
                return attrs.evolve(record, components=specs)
        return None

    def owner(self, spec: Spec) -> PluginRecord:
        """Return the plugin that a component comes from."""
        return next(record for record in self.records if spec in record.components)

    def find(self, kind: str, name: str) -> Spec:
        """Return the active component of that kind and name.

        Args:
            kind: A spec's kind, such as `signal` or `data-source`.
            name: The component's name.

        Raises:
            ConfigError: Nothing of that name is installed, or it is not enabled.
            PluginError: The plugin of that name is quarantined or incompatible.
        """
        active = {spec.name: spec for record in self.records for spec in record.components if spec.kind == kind}
        if name in active:
            return active[name]
        for record in self.records:
            if record.name == name and record.status != "active":
                raise unavailable(record, self.allowed_by)
        names = ", ".join(sorted(active)) or "none"
        broken = [record.name for record in self.records if record.status not in {"active", "disabled"}]
        raise ConfigError(
            f"no {kind} named {show(name)}{did_you_mean(name, active)}; available: {names}"
            + (f"; not active: {', '.join(broken)}" if broken else ""),
            fix="correct the name, or enable the plugin that brings it: see tradewright plugins list",
        )


@attrs.frozen(kw_only=True)
class Chosen:
    """A component that plugins.toml names, with its validated options, ready to be made.

    Attributes:
        spec: Its spec.
        config: Its options; secrets among them have no text yet.
        owner: The plugin that it comes from.
        settings: Where the options stand.
        key: Their dotted place.
    """

    spec: Spec
    config: Any
    owner: PluginRecord
    settings: Settings = attrs.field(repr=False)
    key: str

    def make(self, wanted: type[Any] | None = None, seconds: float | None = FACTORY_SECONDS) -> Any:
        """Make it, in its own thread.

        Args:
            wanted: What it must be, None for the protocol of its kind.
            seconds: How long that may take.

        Raises:
            ConfigError: The factory refused the options, or a secret among them is nowhere.
            PluginError: The factory broke, or returned something else.
            SafetyError: Others can read the file with the secrets.
        """
        return make_component(self.spec, self.with_secrets(), wanted or KINDS[self.spec.kind].protocols[0], seconds)

    def with_secrets(self) -> Any:
        """Return its options with the text of every secret among them, which is looked for now.

        Raises:
            ConfigError: A secret is nowhere; the error names the key that wants it.
            SafetyError: Others can read the file with the secrets.
        """
        return resolve(self.settings, self.key, self.config)


def choose(
    settings: Settings, plugins: Plugins, kind: str, name: str, key: str, named_at: str | None = None
) -> Chosen:
    """Return the active component of that kind and name, with the options that stand at `key`.

    Args:
        settings: The configuration.
        plugins: What it may use.
        kind: A word of `KINDS`.
        name: The component's word in plugins.toml.
        key: Dotted place of its options, as `tradewright.config.structure` takes it.
        named_at: Place of its name, None where `key` names it as well; an error about the name points there.

    Raises:
        ConfigError: The component is unknown or not enabled, or an option is wrong.
        PluginError: The plugin of that name is not active, or its config class cannot be used.
    """
    try:
        spec = plugins.find(kind, name)
    except (ConfigError, PluginError) as error:
        raise settings.place(error, named_at or key) from error
    config: Any = structure(settings, key, spec.config)
    return Chosen(spec=spec, config=config, owner=plugins.owner(spec), settings=settings, key=key)


def how_to_install(plugin: str) -> str:
    """Say how a plugin that is missing gets here, without promising a package: a stranger may have taken the name.

    >>> how_to_install("my-signal")
    'correct the name, or install the package that brings my-signal (by custom tradewright-my-signal)'
    """
    return f"correct the name, or install the package that brings {plugin} (by custom {PROJECT}-{plugin})"


def unavailable(record: PluginRecord, allowed_by: str) -> ConfigError | PluginError:
    """Return the error that says why a plugin cannot be used, and what to do."""
    if record.status == "disabled":
        fix = f'add "{record.name}" to [plugins] enabled'
        if allowed_by == ENVIRONMENT:
            fix = f"add {record.name} to {ENVIRONMENT}, which replaces [plugins] enabled, or unset it"
        return ConfigError(f"plugin {record.name} is installed but not enabled", fix=fix)
    if record.distribution is None:
        fix = f"{how_to_install(record.name)}, or take it out of [plugins] enabled"
        return ConfigError(f"plugin {record.name} {record.reason}", fix=fix)
    fix = f"mend or update it; see tradewright doctor {record.name}"
    return PluginError(f"plugin {record.name} is {record.status}: {record.reason}", fix=fix)
