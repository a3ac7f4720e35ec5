"""Which signals the settings name, and whether each has passed the causality gate as it is now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.cli.provenance import code
from tradewright.config import structure
from tradewright.host.hookspecs import PROJECT
from tradewright.signals.passes import Candidate, find
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.config import Settings
    from tradewright.host.plugins import PluginRecord, Plugins


def configured(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every strategy and signal, in the order of plugins.toml."""
    for strategy, chosen in settings.strategies.items():
        for signal in chosen.signals:
            yield strategy, signal


def candidate(settings: Settings, plugins: Plugins, strategy: str, signal: str) -> Candidate:
    """Return what a pass of a strategy's signal is valid for.

    Raises:
        ConfigError: The signal or an option is unknown.
        PluginError: Its plugin is not active.
    """
    key = f"strategies.{strategy}.signals.{signal}"
    spec = plugins.named(settings, "signal", signal, key)
    record = plugins.owner(spec)
    options = attrs.asdict(structure(settings, key, spec.config))
    return Candidate(
        signal=signal,
        plugin=record.name,
        version=record.version or "",
        sha256=_content(record),
        options=json.loads(json.dumps(options, default=str)),
    )


def passed(settings: Settings, one: Candidate) -> dict[str, Any] | None:
    """Return what was kept of its pass, None when it has not passed as it is now."""
    return find(Workspace(settings.workspace).passes, one)


def _content(record: PluginRecord) -> str:
    return code((record.name,)).get(PROJECT if record.builtin else record.name, "")
