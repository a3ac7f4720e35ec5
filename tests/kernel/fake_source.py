"""A data source whose prices, failures and memory a test holds in its hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from tradewright import config
from tradewright.data.align import join, select
from tradewright.data.fetch import Outcome, fetch
from tradewright.data.spans import Span
from tradewright.host.components import DataSourceSpec
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.sessions import all_sessions, cache_folder
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.values.request import DataRequest

SETTINGS = """
[plugins]
enabled = []
[data.mine]
source = "fake"
symbols = ["A", "B/C"]
{feed}
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.some]
weight = 1.0
"""
NOON = datetime(2026, 3, 9, 17, tzinfo=UTC)
"""A Monday on which New York is open."""


@attrs.define(eq=False)
class Source:
    """Prices of every symbol.

    Attributes:
        first_on: First session of the prices.
        closes: Close by symbol and session; a session that is not named closes at 10 plus its place in the calendar.
        facts: Facts of the instruments.
        extra: Further columns, made from the sessions.
        failing: What to raise, by symbol.
        requests: What was asked.
        per_session: Bars of equal length in each session.
    """

    first_on: date = date(2026, 3, 2)
    closes: dict[tuple[str, str], float] = attrs.field(factory=dict)
    facts: dict[str, Any] = attrs.field(factory=dict)
    extra: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = attrs.field(factory=dict)
    failing: dict[str, BaseException] = attrs.field(factory=dict)
    requests: list[DataRequest] = attrs.field(factory=list)
    per_session: int = 1

    def history(self, request: DataRequest) -> Bars:
        self.requests.append(request)
        return select(
            join([self._bars(symbol, request) for symbol in request.symbols]), request.first_on, request.last_on
        )

    def _bars(self, symbol: str, request: DataRequest) -> Bars:
        if symbol in self.failing:
            raise self.failing[symbol]
        known = all_sessions(request.calendar, cache=cache_folder(request.workspace))
        wanted = known.between(np.datetime64(self.first_on), np.datetime64("2026-03-31"))
        close = [self.closes.get((symbol, str(day)), 10.0 + i) for i, day in enumerate(wanted.date)]
        n = self.per_session
        length = np.repeat(wanted.closed_at - wanted.opened_at, n) // n
        opened_at = np.repeat(wanted.opened_at, n) + np.tile(np.arange(n), len(wanted)) * length
        session = np.repeat(wanted.date, n)
        return Bars(
            instruments=(Instrument(symbol=symbol, **self.facts),),
            opened_at=opened_at,
            closed_at=opened_at + length,
            session=session,
            close=np.repeat(close, n)[:, np.newaxis],
            traded=np.ones((len(session), 1), bool),
            adjustment=request.adjustment,
            **{name: make(session)[:, np.newaxis] for name, make in self.extra.items()},
        )

    @property
    def asked(self) -> list[tuple[str, str | None, str | None]]:
        """Symbols and ranges asked for, and forget them."""
        days = [(one.first_on, one.last_on) for one in self.requests]
        found = [
            (one.symbols[0], *(None if day is None else day.isoformat() for day in span))
            for one, span in zip(self.requests, days, strict=True)
        ]
        self.requests.clear()
        return found


@attrs.frozen
class Options:
    """What the source takes."""

    depth: int = 1


def plugins(source: Source, version: str = "1.2") -> Plugins:
    spec = DataSourceSpec(name="fake", factory=lambda _: source, config=Options)
    return Plugins((PluginRecord(name="fake", version=version, status="active", components=(spec,)),))


def settings(workspace: Path, feed: str = "") -> config.Settings:
    path = workspace / "plugins.toml"
    path.write_text(SETTINGS.format(feed=feed), "utf-8")
    return config.read(path)


def bring(
    workspace: Path,
    source: Source,
    first_on: str | None = None,
    last_on: str | None = None,
    *,
    feed: str = "",
    refresh: bool = False,
    at: datetime = NOON,
) -> list[Outcome]:
    """Fetch as the command does."""
    span = Span(*(None if day is None else date.fromisoformat(day) for day in (first_on, last_on)))
    made = settings(workspace, feed)
    return list(fetch(made, plugins(source), ["mine"], span, refresh=refresh, now=lambda: at))
