"""Settings read from a file, and the trial that they count as."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tradewright.config import Settings, read
from tradewright.workspace.kept import Run


def written(folder: Path, text: str, overrides: tuple[str, ...] = ()) -> Settings:
    """Write plugins.toml and read it."""
    (folder / "plugins.toml").write_text(text, "utf-8")
    return read(folder / "plugins.toml", overrides)


def trial(settings: Settings, fingerprint: str = "f" * 64) -> str:
    """Return the hash of a run of these settings, every feed of a strategy having had that fingerprint."""
    used = dict.fromkeys(feed for strategy in settings.strategies.values() for feed in strategy.data)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    data = dict.fromkeys(used, fingerprint)
    return Run(at=at, config=settings.as_table(), data=data, versions={}, request={}).trial
