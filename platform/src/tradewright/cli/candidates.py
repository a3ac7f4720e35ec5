"""Which signals the settings name, and whether each has passed the causality gate as it is now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.cli.provenance import code
from tradewright.host.hookspecs import PROJECT
from tradewright.host.plugins import choose
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
    chosen = choose(settings, plugins, "signal", signal, f"strategies.{strategy}.signals.{signal}")
    return Candidate(
        signal=signal,
        plugin=chosen.owner.name,
        version=chosen.owner.version or "",
        sha256=_content(chosen.owner),
        options=json.loads(json.dumps(attrs.asdict(chosen.config), default=str)),
    )


def passed(settings: Settings, one: Candidate) -> dict[str, Any] | None:
    """Return what was kept of its pass, None when it has not passed as it is now."""
    return find(Workspace(settings.workspace).passes, one)


def _content(record: PluginRecord) -> str:
    return code((record.name,)).get(PROJECT if record.builtin else record.name, "")
