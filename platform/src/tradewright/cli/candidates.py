"""What of the settings must have passed the causality gate, and whether it has, as it is now.

Signals always, built-in ones too; a rule or an order check of a plugin when it asks for features.  The kernel's own
features are asked by its tests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.cli.provenance import code
from tradewright.config import structure
from tradewright.errors import PluginError
from tradewright.host.fence import made
from tradewright.host.hookspecs import PROJECT
from tradewright.signals.passes import UNCHECKED, Candidate, Kind, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.components import Spec
    from tradewright.host.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule

WORDS: dict[Kind, str] = {"signal": "signal", "target-rule": "rule", "order-check": "check"}
"""What a kind is called on a page."""


@attrs.frozen(kw_only=True)
class Part:
    """One component that the settings name.

    Attributes:
        kind: What it is.
        name: Its word in plugins.toml.
        strategy: Which one uses it, None for a rule or a check.
    """

    kind: Kind
    name: str
    strategy: str | None = None

    @property
    def key(self) -> str:
        """Where its options stand in plugins.toml."""
        table = "risk" if self.kind == "target-rule" else "checks"
        return f"{table}.{self.name}" if self.strategy is None else f"strategies.{self.strategy}.signals.{self.name}"

    @property
    def title(self) -> str:
        """What it is called on a page."""
        return f"{WORDS[self.kind]} {self.name}{'' if self.strategy is None else f' of {self.strategy}'}"


def own_folder(settings: Settings) -> Path:
    """Return the folder where a workspace keeps what the program writes."""
    return settings.workspace / ".tradewright"


def configured(settings: Settings) -> Iterator[Part]:
    """Yield every signal of every strategy, rule and check, in the order of plugins.toml."""
    for strategy, chosen in settings.strategies.items():
        for signal in chosen.signals:
            yield Part(kind="signal", name=signal, strategy=strategy)
    for rule in settings.risk:
        yield Part(kind="target-rule", name=rule)
    for check in settings.checks:
        yield Part(kind="order-check", name=check)


def to_be_asked(settings: Settings, plugins: Plugins, part: Part) -> bool:
    """Say whether a part needs a pass.

    Raises:
        ConfigError: The part or an option is unknown.
        PluginError: Its plugin is not active, or its factory broke.
    """
    if part.kind == "signal":
        return True
    spec = plugins.named(settings, part.kind, part.name, part.key)
    return not plugins.owner(spec).builtin and asks(rule_of(settings, plugins, part))


def asks(rule: TargetRule | OrderCheck) -> bool:
    """Say whether a rule sees prices at all."""
    return bool(rule.features or rule.matrices)


def rule_of(settings: Settings, plugins: Plugins, part: Part) -> TargetRule | OrderCheck:
    """Return a rule or an order check, made from its options.

    Raises:
        ConfigError: As `to_be_asked`.
        PluginError: Likewise.
    """
    from tradewright.risk import contract  # noqa: PLC0415  # not for commands that ask no rule

    spec = plugins.named(settings, part.kind, part.name, part.key)
    wanted = contract.TargetRule if part.kind == "target-rule" else contract.OrderCheck
    rule: TargetRule | OrderCheck = made(spec, _options(settings, part, spec), wanted)
    return rule


def contents(plugins: Plugins) -> dict[str, str]:
    """Return the hash over the files of the kernel and of each active plugin, by name."""
    return code(tuple(one.name for one in plugins.records if one.status == "active" and not one.builtin))


def candidate(settings: Settings, plugins: Plugins, part: Part, hashes: Mapping[str, str]) -> Candidate:
    """Return what a pass of a part is valid for.

    Args:
        settings: The configuration.
        plugins: What it may use.
        part: Whose pass.
        hashes: What `contents` returned.

    Raises:
        ConfigError: The part or an option is unknown.
        PluginError: Its plugin is not active.
    """
    spec = plugins.named(settings, part.kind, part.name, part.key)
    record = plugins.owner(spec)
    return Candidate(
        kind=part.kind,
        name=part.name,
        plugin=record.name,
        version=record.version or "",
        sha256=hashes.get(PROJECT if record.builtin else record.name, ""),
        options=json.loads(json.dumps(attrs.asdict(_options(settings, part, spec)), default=str)),
    )


def passed(settings: Settings, one: Candidate) -> dict[str, Any] | None:
    """Return what was kept of its pass, None when it has not passed as it is now."""
    return find(own_folder(settings), one)


def unchecked(settings: Settings, plugins: Plugins, hashes: Mapping[str, str]) -> list[str]:
    """Return a warning for each part that needs a pass and has none; one that cannot run is told of elsewhere."""
    found: dict[str, None] = {}
    for part in configured(settings):
        try:
            if not to_be_asked(settings, plugins, part):
                continue
            kept = passed(settings, candidate(settings, plugins, part, hashes))
        except PluginError:
            continue
        if kept is None:
            who = f"{WORDS[part.kind]} {part.name}"
            line = f"{UNCHECKED}{who} has no pass of the causality gate; run tradewright signals check {part.name}"
            found[line] = None
    return list(found)


def _options(settings: Settings, part: Part, spec: Spec) -> Any:
    return structure(settings, part.key, spec.config)
