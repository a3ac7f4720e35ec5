"""What of the settings must have passed the causality gate, and whether it has, as it is now.

Signals always, built-in ones too; a rule or an order check of a plugin when it asks for features.  The kernel's own
features are asked by its tests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.errors import PluginError
from tradewright.host.hookspecs import PROJECT
from tradewright.host.plugins import choose
from tradewright.sentence.provenance import code
from tradewright.signals.passes import UNCHECKED, Candidate, Kind, find
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tradewright.config import Settings
    from tradewright.host.plugins import Chosen, Plugins
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


def configured(settings: Settings) -> Iterator[Part]:
    """Yield every signal of every strategy, rule and check, in the order of plugins.toml."""
    for strategy, chosen in settings.strategies.items():
        for signal in chosen.signals:
            yield Part(kind="signal", name=signal, strategy=strategy)
    for rule in settings.risk:
        yield Part(kind="target-rule", name=rule)
    for check in settings.checks:
        yield Part(kind="order-check", name=check)


def choice(settings: Settings, plugins: Plugins, part: Part) -> Chosen:
    """Return the component with its validated options.

    Raises:
        ConfigError: It or an option is unknown.
        PluginError: Its plugin is not active.
    """
    return choose(settings, plugins, part.kind, part.name, part.key)


def to_be_asked(settings: Settings, plugins: Plugins, part: Part) -> bool:
    """Say whether a part needs a pass.

    Raises:
        ConfigError: The part or an option is unknown.
        PluginError: Its plugin is not active, or its factory broke.
    """
    if part.kind == "signal":
        return True
    return not choice(settings, plugins, part).owner.builtin and asks(rule_of(settings, plugins, part))


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

    wanted = contract.TargetRule if part.kind == "target-rule" else contract.OrderCheck
    rule: TargetRule | OrderCheck = choice(settings, plugins, part).make(wanted)
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
    chosen = choice(settings, plugins, part)
    owner = chosen.owner
    return Candidate(
        kind=part.kind,
        name=part.name,
        plugin=owner.name,
        version=owner.version or "",
        sha256=hashes.get(PROJECT if owner.builtin else owner.name, ""),
        options=json.loads(json.dumps(attrs.asdict(chosen.config), default=str)),
    )


def passed(settings: Settings, one: Candidate) -> dict[str, Any] | None:
    """Return what was kept of its pass, None when it has not passed as it is now."""
    return find(Workspace(settings.workspace).passes, one)


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
