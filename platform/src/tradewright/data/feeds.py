"""The configured feeds: ask each source, check what it brings, and lay everything on one grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright import sessions as calendars
from tradewright.data.align import join, merge_overlaps, select, with_planned_closes
from tradewright.data.fingerprint import fingerprint
from tradewright.data.quality import endings
from tradewright.data.remarks import as_told, findings, from_cache, marked_as_told, notes, sessions_of
from tradewright.data.sources import ask, open_source
from tradewright.errors import DataError
from tradewright.sessions import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from tradewright.config import Settings
    from tradewright.host.plugins import Plugins
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Feed:
    """What one feed brought.

    Attributes:
        name: Its word in plugins.toml.
        source: The data source's name.
        bars: Prices as the source gave them.
        fingerprint: SHA-256 over every number, in hexadecimal.
        warnings: What a reader of the result must know.
        ended: Last session of each symbol whose bars end before those of the others.
        fetched_at: When the oldest of the cached prices was fetched, UTC; None when the source was asked just now.
    """

    name: str
    source: str
    bars: Bars
    fingerprint: str
    warnings: tuple[str, ...]
    ended: Mapping[str, date] = attrs.field(factory=dict)
    fetched_at: datetime | None = None


def load(
    settings: Settings, plugins: Plugins, last_on: date | None = None, ends: Mapping[str, date] | None = None
) -> tuple[Feed, ...]:
    """Return every feed that a strategy uses, checked, from its first bar to `last_on`.

    Args:
        settings: The configuration.
        plugins: What it may use.
        last_on: Last session, None for the last there is.
        ends: Last session of single feeds, instead of `last_on`.

    Raises:
        ConfigError: A source or option is unknown, or two feeds differ where they must agree.
        DataError: Prices are missing or cannot be true.
        PluginError: A source raised or returned something else.
    """
    used = dict.fromkeys(name for strategy in settings.strategies.values() for name in strategy.data)
    brought = [_brought(settings, plugins, name, (ends or {}).get(name, last_on)) for name in used]
    closes = [feed.bars.closed_at for feed in brought]
    if last_on is not None:  # A source may bring more than it was asked for.
        closes = [feed.bars.closed_at[feed.bars.session <= np.datetime64(last_on)] for feed in brought]
    ends_at = max((at[-1] for at in closes if len(at)), default=None)
    return tuple(_checked(settings, feed, ends_at) for feed in brought)


def load_benchmark(
    settings: Settings, plugins: Plugins, last_on: date | None = None, ends: Mapping[str, date] | None = None
) -> tuple[Feed, ...]:
    """Return the feed of the benchmark when no strategy trades it, checked; else nothing.

    Its bars are no part of the grid: where they end says nothing about the others.

    Raises:
        ConfigError: As `load`.
        DataError: As `load`, or there is no bar.
        PluginError: As `load`.
        UsageError: It begins after `last_on`.
    """
    name = settings.benchmark_feed
    if name is None or any(name in strategy.data for strategy in settings.strategies.values()):
        return ()
    feed = load_feed(settings, plugins, name, (ends or {}).get(name, last_on))
    if not feed.bars.n_bars:
        raise settings.place(
            DataError(
                f"the feed {name} brought no bar of the benchmark {settings.benchmark}",
                fix="check its range, or leave benchmark out",
            ),
            "benchmark",
        )
    return (attrs.evolve(feed, ended={}),)


def load_feed(settings: Settings, plugins: Plugins, name: str, last_on: date | None) -> Feed:
    """Return one feed, checked, from the cache or from its source as plugins.toml has it."""
    return _checked(settings, _brought(settings, plugins, name, last_on))


def _brought(settings: Settings, plugins: Plugins, name: str, last_on: date | None) -> Feed:
    feed = settings.data[name]
    fetched_at: datetime | None = None
    origin: tuple[str, ...] = ()
    if feed.cache:
        # 0.2 s for Parquet that only a cached feed pays.
        from tradewright.data import store  # noqa: PLC0415  # see above

        bars, labels = store.load(settings, name, last_on)
        fetched_at, origin = min(label.fetched_at for label in labels), from_cache(labels)
    else:
        bars = ask(settings, name, open_source(settings, plugins, name), feed.symbols, last_on=last_on)
    bars, left_out = marked_as_told(feed, as_told(settings, bars))
    _refuse_currency(settings, name, bars)
    return Feed(
        name=name,
        source=feed.source,
        bars=bars,
        fingerprint=fingerprint(bars),
        warnings=(*left_out, *notes(bars), *origin),
        fetched_at=fetched_at,
    )


def _checked(settings: Settings, feed: Feed, ends_at: np.datetime64 | None = None) -> Feed:
    """Return the feed with what was found in its prices; each symbol should have bars up to `ends_at`."""
    if not feed.bars.n_bars:
        return feed
    told, bars = settings.data[feed.name], feed.bars
    early = endings(bars, sessions_of(settings, told, bars), ends_at)
    warnings = (*findings(settings, told, bars, ends_at), *feed.warnings)
    ended = {one.symbol: bars.session[one.row].item() for one in early if one.row is not None}
    return attrs.evolve(feed, warnings=warnings, ended=ended)


def _refuse_currency(settings: Settings, name: str, bars: Bars) -> None:
    for instrument in bars.instruments:
        if instrument.currency != settings.currency:
            message = f"prices of {instrument.symbol} are in {instrument.currency}, money is in {settings.currency}"
            fix = f'set currency = "{instrument.currency}", or bring prices in {settings.currency}'
            raise settings.error(f"data.{name}", message, fix)


def grid(settings: Settings, feeds: tuple[Feed, ...], last_on: date | None = None) -> Bars:
    """Return all feeds on one grid of bars; those that overlap in time share a row.

    Where sessions have several bars, each bar knows when its session will close.

    Raises:
        DataError: The feeds do not fit together.
    """
    bars = select(merge_overlaps(join([feed.bars for feed in feeds])), None, last_on)
    if bars.session_ends.all():
        return bars
    return with_planned_closes(bars, [sessions_of(settings, settings.data[feed.name], feed.bars) for feed in feeds])


def sessions_per_year(settings: Settings, feeds: tuple[Feed, ...]) -> int:
    """Return how many sessions of the grid a year has: those of the feed that trades on most days."""
    cache = cache_folder(settings.workspace)
    return max(calendars.sessions_per_year(settings.data[feed.name].calendar, cache=cache) for feed in feeds)


def overlaps(feeds: tuple[Feed, ...], bars: Bars) -> tuple[str, ...]:
    """Return what a reader must know when rows of the grid hold bars that close at different times."""
    closes = np.unique(np.concatenate([feed.bars.closed_at for feed in feeds]))
    if np.count_nonzero(closes <= bars.closed_at[-1]) == bars.n_bars:
        return ()
    names = ", ".join(feed.name for feed in feeds)
    return (f"{names}: some bars overlap in time; all are decided on at the last close, and share their cash",)
