"""The configured feeds: ask each source, check what it brings, and lay everything on one grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.clock import all_sessions, cache_folder
from tradewright.components import DataSource
from tradewright.config import structure
from tradewright.data.align import join, select
from tradewright.data.fingerprint import fingerprint
from tradewright.data.quality import check
from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.fence import expect, fence, made
from tradewright.values.bars import Bars
from tradewright.values.request import DataRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from tradewright.config import Settings
    from tradewright.config.tables import FeedSettings
    from tradewright.data.cached import Label
    from tradewright.plugins import Plugins

WARNINGS_MAX = 3  # Gaps of one feed that are named; the rest is counted.


@attrs.frozen(kw_only=True)
class Feed:
    """What one feed brought.

    Attributes:
        name: Its word in plugins.toml.
        source: The data source's name.
        bars: Prices as the source gave them.
        fingerprint: SHA-256 over every number, in hexadecimal.
        warnings: What a reader of the result must know.
        fetched_at: When the oldest of the cached prices was fetched, UTC; None when the source was asked just now.
    """

    name: str
    source: str
    bars: Bars
    fingerprint: str
    warnings: tuple[str, ...]
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
    return tuple(load_feed(settings, plugins, name, (ends or {}).get(name, last_on)) for name in used)


def load_feed(settings: Settings, plugins: Plugins, name: str, last_on: date | None) -> Feed:
    """Return one feed, from the cache or from its source as plugins.toml has it."""
    feed = settings.data[name]
    fetched_at: datetime | None = None
    origin: tuple[str, ...] = ()
    if feed.cache:
        # 0.2 s for Parquet that only a cached feed pays.
        from tradewright.data import store  # noqa: PLC0415  # see above

        bars, labels = store.load(settings, name, last_on)
        fetched_at, origin = min(label.fetched_at for label in labels), from_cache(labels)
    else:
        bars = ask(settings, name, opened(settings, plugins, name), feed.symbols, last_on=last_on)
    return Feed(
        name=name,
        source=feed.source,
        bars=bars,
        fingerprint=fingerprint(bars),
        warnings=(*findings(settings, feed, bars), *notes(bars), *origin),
        fetched_at=fetched_at,
    )


def from_cache(labels: tuple[Label, ...]) -> tuple[str, ...]:
    """Return what must be known of cached prices, one line for the symbols that were fetched alike."""
    alike: dict[str, list[str]] = {}
    for label in labels:
        since = "" if label.asked_from is None else f", from {label.asked_from} on"
        line = f"from the cache, fetched at {label.fetched_at:%Y-%m-%d %H:%M} UTC{since}"
        alike.setdefault(line, []).append(label.symbol)
    return tuple(f"{', '.join(symbols)}: {line}" for line, symbols in alike.items())


def opened(settings: Settings, plugins: Plugins, name: str) -> DataSource:
    """Return the source of a feed, made from the feed's options.

    Raises:
        ConfigError: The source or an option is unknown.
        PluginError: Its plugin is not active, or could not make it.
    """
    spec = plugins.find("data-source", settings.data[name].source)
    source: DataSource = made(spec, structure(settings, f"data.{name}", spec.config), DataSource)
    return source


def ask(
    settings: Settings,
    name: str,
    source: DataSource,
    symbols: tuple[str, ...],
    *,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Bars:
    """Ask the source of a feed for symbols, guarded; what it brings is what was asked for, though not yet checked.

    Raises:
        ConfigError: The source refuses its options.
        DataError: It has no such prices.
        PluginError: It raised anything else, or returned something else.
        UsageError: No bar lies in the range.
    """
    feed = settings.data[name]
    request = DataRequest(
        symbols=symbols,
        bar=feed.bar,
        calendar=feed.calendar,
        adjustment=feed.adjustment,
        first_on=first_on,
        last_on=last_on,
        workspace=settings.workspace,
    )
    key = f"{feed.source}.history"
    with fence(key, source, letting=(ConfigError, DataError, UsageError)):
        returned = source.history(request)
    bars = expect(key, returned, Bars)
    for what, found, wanted in (
        ("symbols", ", ".join(bars.symbols), ", ".join(symbols)),
        ("adjustment", bars.adjustment, feed.adjustment),
    ):
        if found != wanted:
            raise PluginError(f"returned {what} {found}; {wanted} wanted", key=key)
    return bars


def findings(settings: Settings, feed: FeedSettings, bars: Bars) -> tuple[str, ...]:
    """Return the gaps as warnings; raise whatever else the prices cannot be, and gaps where they are refused."""
    last_on = bars.session[-1].item() if bars.n_bars else None
    sessions = all_sessions(feed.calendar, reach=last_on, cache=cache_folder(settings.workspace))
    found = check(bars, sessions)
    for finding in found:
        if finding.kind != "gap" or feed.gaps == "refuse":
            raise finding.error()
    named = [f"{finding.symbol}: {finding.message}" for finding in found[:WARNINGS_MAX]]
    more = len(found) - len(named)
    return (*named, f"{more} more gaps; tradewright data check lists them") if more else tuple(named)


def notes(bars: Bars) -> tuple[str, ...]:
    """Return what the instruments' notes say, one line per note, and what is absent."""
    by_note: dict[str, list[str]] = {}
    for instrument in bars.instruments:
        by_note.setdefault(instrument.note, []).append(instrument.symbol)
    lines = [f"{', '.join(symbols)}: {note}" for note, symbols in by_note.items() if note]
    if bars.volume is None:
        lines.append(f"{', '.join(bars.symbols)}: no volume, so participation is not limited")
    if bars.open is None:
        lines.append(f"{', '.join(bars.symbols)}: closes only, so orders fill at the next close and stops on closes")
    return tuple(lines)


def grid(feeds: tuple[Feed, ...], last_on: date | None = None) -> Bars:
    """Return all feeds on one grid of bars.

    Raises:
        DataError: A bar opened before an earlier row had closed, as with exchanges whose sessions overlap: an order
            decided at that close would fill at a price from its past.
    """
    bars = select(join([feed.bars for feed in feeds]), None, last_on)
    overlaps = np.flatnonzero(bars.opened_at[1:] < bars.closed_at[:-1])
    if len(overlaps):
        row = int(overlaps[0])
        raise DataError(
            f"bars overlap: one opens at {bars.opened_at[row + 1]}, before another closes at {bars.closed_at[row]}",
            key=", ".join(feed.name for feed in feeds),
            fix="trade feeds of one calendar and bar length together, and the others in a run of their own",
        )
    return bars
