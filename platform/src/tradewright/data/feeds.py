"""The configured feeds: ask each source, check what it brings, and lay everything on one grid."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright import sessions as calendars
from tradewright.config import FeedSettings
from tradewright.data.align import join, merge_overlaps, select, with_planned_closes
from tradewright.data.fingerprint import fingerprint
from tradewright.data.quality import check, endings, marked
from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.host import fence
from tradewright.host.plugins import choose
from tradewright.sessions import all_sessions, cache_folder
from tradewright.values.bars import Bars
from tradewright.values.request import DataRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from tradewright.config import Settings
    from tradewright.data.cached import Label
    from tradewright.data.findings import Finding
    from tradewright.host.components import DataSource
    from tradewright.host.plugins import Plugins
    from tradewright.sessions import Sessions
    from tradewright.values.instrument import Instrument

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


@attrs.frozen
class Opened:
    """A feed's source, ready to be asked.

    Attributes:
        source: The source.
        keys: Words of the feed's table that an error of the source may name.
    """

    source: DataSource
    keys: frozenset[str]


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


def as_told(settings: Settings, bars: Bars) -> Bars:
    """Return the bars with what [instruments] says of their symbols."""
    told: list[Instrument] = []
    for one in bars.instruments:
        said = settings.instruments.get(one.symbol)
        words = {} if said is None else attrs.asdict(said, filter=lambda _, value: value is not None)
        told.append(attrs.evolve(one, **words))
    return attrs.evolve(bars, instruments=told)


def marked_as_told(feed: FeedSettings, bars: Bars) -> tuple[Bars, tuple[str, ...]]:
    """Return the bars without those that cannot be true, where the feed has them marked, and a line per symbol."""
    if feed.bad_bars == "refuse":
        return bars, ()
    clean, found = marked(bars)
    lines = []
    for symbol in dict.fromkeys(one.symbol for one in found):
        mine = [one for one in found if one.symbol == symbol]
        many = "1 bar is" if len(mine) == 1 else f"{len(mine):,} bars are"
        lines.append(
            f"{symbol}: {many} left out as impossible, first {mine[0].on}: {mine[0].column}: {mine[0].message}"
        )
    return clean, tuple(lines)


def from_cache(labels: tuple[Label, ...]) -> tuple[str, ...]:
    """Return what must be known of cached prices, one line for the symbols that were fetched alike."""
    alike: dict[str, list[str]] = {}
    for label in labels:
        since = "" if label.asked_from is None else f", from {label.asked_from} on"
        line = f"from the cache, fetched at {label.fetched_at:%Y-%m-%d %H:%M} UTC{since}"
        alike.setdefault(line, []).append(label.symbol)
    return tuple(f"{', '.join(symbols)}: {line}" for line, symbols in alike.items())


def open_source(settings: Settings, plugins: Plugins, name: str) -> Opened:
    """Return the source of a feed, made from the feed's options.

    Raises:
        ConfigError: The source or an option is unknown.
        PluginError: Its plugin is not active, or could not make it.
    """
    feed = settings.data[name]
    chosen = choose(settings, plugins, "data-source", feed.source, f"data.{name}", f"data.{name}.source")
    keys = frozenset(field.name for cls in (FeedSettings, chosen.spec.config) for field in attrs.fields(cls))
    with _placing(settings, name, keys):
        return Opened(chosen.make(seconds=feed.deadline), keys)


@contextmanager
def _placing(settings: Settings, name: str, keys: frozenset[str]) -> Iterator[None]:
    """Give an error about one of the feed's keys the key's place in the file."""
    try:
        yield
    except (ConfigError, DataError) as error:
        if error.file is None and error.key in keys:
            raise settings.place(error, f"data.{name}.{error.key}") from error
        raise


def ask(
    settings: Settings,
    name: str,
    opened: Opened,
    symbols: tuple[str, ...],
    *,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Bars:
    """Ask the source of a feed for symbols, guarded; what it brings is what was asked for, though not yet checked.

    Raises:
        ConfigError: The source refuses its options.
        DataError: It has no such prices.
        PluginError: It raised anything else, took too long, or returned something else.
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
        bad_bars=feed.bad_bars,
        workspace=settings.workspace,
        data_roots=tuple(Path(root) for root in settings.data_roots),
    )
    key = f"{feed.source}.history"
    letting = (ConfigError, DataError, UsageError)
    with _placing(settings, name, opened.keys):
        returned = fence.ask(
            key,
            opened.source,
            lambda: opened.source.history(request),
            feed.deadline,
            letting=letting,
            more_time=f"deadline in [data.{name}]",
            banner=True,
        )
    bars = fence.expect(key, returned, Bars)
    for what, found, wanted in (
        ("symbols", ", ".join(bars.symbols), ", ".join(symbols)),
        ("adjustment", bars.adjustment, feed.adjustment),
    ):
        if found != wanted:
            raise PluginError(f"returned {what} {found}; {wanted} wanted", key=key)
    return bars


def _refuse_currency(settings: Settings, name: str, bars: Bars) -> None:
    for instrument in bars.instruments:
        if instrument.currency != settings.currency:
            message = f"prices of {instrument.symbol} are in {instrument.currency}, money is in {settings.currency}"
            fix = f'set currency = "{instrument.currency}", or bring prices in {settings.currency}'
            raise settings.error(f"data.{name}", message, fix)


def sessions_of(settings: Settings, feed: FeedSettings, bars: Bars) -> Sessions:
    """Return the sessions of a feed's calendar, up to its last bar at least."""
    last_on = bars.session[-1].item() if bars.n_bars else None
    return all_sessions(feed.calendar, reach=last_on, cache=cache_folder(settings.workspace))


def findings(
    settings: Settings, feed: FeedSettings, bars: Bars, ends_at: np.datetime64 | None = None
) -> tuple[str, ...]:
    """Return what can be lived with as warnings; raise the rest, and gaps where they are refused."""
    sessions = sessions_of(settings, feed, bars)
    found, early = check(bars, sessions, ends_at), endings(bars, sessions, ends_at)
    for finding in found:
        if finding.fatal or (finding.kind == "gap" and feed.gaps == "refuse"):
            raise finding.error()
    ratios = [finding for finding in found if finding.kind == "ratio"]
    gaps = [finding for finding in found if finding.kind == "gap" and finding not in early]
    spikes = [finding for finding in found if finding.kind == "spike"]
    return (
        *_named(early, "early ends"),
        *_named(ratios, "suspected splits"),
        *_named(spikes, "spikes"),
        *_named(gaps, "gaps"),
    )


def _named(found: Sequence[Finding], what: str) -> Iterator[str]:
    for finding in found[:WARNINGS_MAX]:
        yield f"{finding.symbol}: {finding.message}"
    if len(found) > WARNINGS_MAX:
        yield f"{len(found) - WARNINGS_MAX} more {what}; tradewright data check lists them"


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
