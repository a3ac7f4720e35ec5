"""Files of flat prices, and the feeds that the kernel makes of a workspace that has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tradewright import builtins
from tradewright.config import read
from tradewright.data import feeds
from tradewright.host.loading import load
from tradewright.host.plugins import Plugins
from tradewright.sessions import sessions


def days(count: int) -> Any:
    """Return the first sessions of the calendar 24/7, datetime64[D]."""
    return sessions("24/7").date[:count]


def save(folder: Path, symbol: str, on: Iterable[Any], price: str = "100") -> None:
    """Write a CSV file of closes that stand still, in a folder that is made when absent."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{day},{price}\n" for day in on)
    (folder / f"{symbol}.csv").write_text("date,close\n" + rows, "utf-8")


def kernel_alone() -> Plugins:
    """Return the kernel's components without any plugin of this environment."""
    return load([], entry_points=[], builtin=builtins)


def load_feeds(workspace: Path, settings: str) -> tuple[feeds.Feed, ...]:
    """Write plugins.toml and return its feeds, as a backtest of the kernel alone has them."""
    (workspace / "plugins.toml").write_text(settings, "utf-8")
    return feeds.load(read(workspace / "plugins.toml"), kernel_alone())
