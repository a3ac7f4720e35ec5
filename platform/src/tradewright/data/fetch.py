"""Prices from sources into the cache: symbol by symbol, what is missing and no more, and nothing lost when one fails.

    is it there? -> what is missing? -> ask, guarded -> as before? -> true? -> write

What was fetched is only asked for again where it must meet the new bars: at the last session kept.  When the source
tells that session differently than before, it has revised its prices, and the file stays as it is.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from tradewright.data import sources
from tradewright.data.align import select
from tradewright.data.cached import Label
from tradewright.data.fingerprint import fingerprint
from tradewright.data.remarks import findings, marked_as_told
from tradewright.data.revision import Revision, compare, extended
from tradewright.data.spans import Span, earlier, joined, missing
from tradewright.data.store import PriceStore, question_of, refuse_other
from tradewright.errors import DataError, TradewrightError
from tradewright.sessions import all_sessions, cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tradewright.config import Settings
    from tradewright.data.sources import Opened
    from tradewright.host.plugins import Plugins
    from tradewright.sessions import Sessions
    from tradewright.values.bars import Bars

    _Held = tuple[Label, Bars]

SETTLES = np.timedelta64(12, "h")
"""How long after a close a source may still lack the session: without its bar such a session counts as missing."""

Status = Literal["fetched", "extended", "complete", "replaced", "revised", "failed"]


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one symbol.

    Attributes:
        feed: The feed.
        symbol: The symbol.
        status: `fetched` anew, `extended` by later bars, `complete` as it was, `replaced` by revised prices,
            `revised` at the source and left as it was, or `failed`.
        label: What the file says of itself now, None when there is none or it cannot be read.
        revision: Where the source now says something else.
        error: Why it failed.
        warnings: What a reader of the prices must know.
    """

    feed: str
    symbol: str
    status: Status
    label: Label | None = None
    revision: Revision | None = None
    error: TradewrightError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the file holds what the source says."""
        return self.status not in {"revised", "failed"}


def fetch(
    settings: Settings,
    plugins: Plugins,
    names: Sequence[str],
    span: Span,
    *,
    refresh: bool,
    now: Callable[[], datetime],
) -> Iterator[Outcome]:
    """Bring the cache of the named feeds up to date, and yield what became of each symbol once its file is whole.

    Args:
        settings: The configuration.
        plugins: What it may use.
        names: Feeds, in the order in which they are asked.
        span: Sessions wanted.
        refresh: Ask for all of them, whatever is kept, and replace it.
        now: The time, with its zone: bars that have not closed are left out.

    Raises:
        ConfigError: A source or an option is unknown, or a symbolic link leads out of the workspace.
        DataError: The cache cannot be written.
        PluginError: The plugin of a source is not active.
        SafetyError: Another process fetches one of the feeds into this workspace.
    """
    # Every source first: a word misspelled in the last feed must not cost the download of the others.
    jobs = [_Job.of(settings, plugins, name) for name in names]
    for job in jobs:
        job.store.prepare(job.feed)
    with ExitStack() as held:
        for job in jobs:
            held.enter_context(job.store.alone(job.feed))
        for job in jobs:
            for symbol in settings.data[job.feed].symbols:
                yield job.fetch(symbol, span, refresh=refresh, now=now().astimezone(UTC))


@attrs.frozen(kw_only=True)
class _Job:
    """One feed with its source, ready to be asked."""

    settings: Settings
    feed: str
    source: Opened
    plugin_version: str | None
    question: dict[str, Any]
    sessions: Sessions
    store: PriceStore

    @classmethod
    def of(cls, settings: Settings, plugins: Plugins, name: str) -> _Job:
        feed = settings.data[name]
        source = sources.open_source(settings, plugins, name)
        spec = plugins.find("data-source", feed.source)
        return cls(
            settings=settings,
            feed=name,
            source=source,
            plugin_version=next((one.version for one in plugins.records if spec in one.components), None),
            question=question_of(settings, name),
            sessions=all_sessions(feed.calendar, cache=cache_folder(settings.workspace)),
            store=PriceStore(settings.workspace),
        )

    def fetch(self, symbol: str, span: Span, *, refresh: bool, now: datetime) -> Outcome:
        """Bring one symbol up to date; what its source does wrong is its own outcome."""
        held: _Held | None = None
        feed = self.settings.data[self.feed]
        try:
            held = self._held(symbol, refresh=refresh)
            ask = span if held is None or refresh else self._missing(held[0], span, now)
            if ask is None:
                return self._outcome(symbol, "complete", held)
            fresh, left_out = marked_as_told(feed, self._ask(symbol, ask, now))
            revision = None if held is None else _revision(held[1], fresh, ask)
            if revision is not None and not refresh:
                return self._outcome(symbol, "revised", held, revision=revision)
            bars = fresh if held is None or refresh else extended(held[1], fresh)
            warnings = (*left_out, *findings(self.settings, feed, bars))
        except TradewrightError as error:
            return self._outcome(symbol, "failed", held, error=error)
        status: Status = "fetched" if revision is None else "replaced"
        if held is not None and not refresh:
            status = "extended" if bars.n_bars > held[0].n_bars else "complete"
        label = self._label(bars, ask if held is None or refresh else joined(held[0], ask), now)
        self.store.write(label, bars)
        return self._outcome(symbol, status, (label, bars), revision=revision, warnings=warnings)

    def _outcome(self, symbol: str, status: Status, held: _Held | None, **said: Any) -> Outcome:
        label = None if held is None else held[0]
        return Outcome(feed=self.feed, symbol=symbol, status=status, label=label, **said)

    def _held(self, symbol: str, *, refresh: bool) -> _Held | None:
        """Return what is kept; to refresh, what cannot be used counts as absent."""
        path = self.store.path(self.feed, symbol)
        try:
            held = self.store.read(self.feed, symbol)
            if held is not None:
                refuse_other(held[0], self.question, path)
        except DataError:
            if not refresh:
                raise
            return None
        return held

    def _missing(self, label: Label, span: Span, now: datetime) -> Span | None:
        # A session that was under way when the source was asked is only half told.
        told = earlier(label.last_on, self._closed_by(_instant(label.fetched_at)))
        settled = earlier(label.asked_to, self._closed_by(_instant(label.fetched_at) - SETTLES))
        covered_to = max((day for day in (told, settled) if day is not None), default=date.min)
        return missing(label, span, due=self._closed_by(_instant(now)), covered_to=covered_to)

    def _ask(self, symbol: str, span: Span, now: datetime) -> Bars:
        ends = {"first_on": span.first_on, "last_on": span.last_on}
        bars = select(sources.ask(self.settings, self.feed, self.source, (symbol,), **ends), **ends)
        closed = bars.until(int(np.searchsorted(bars.closed_at, _instant(now), side="right")))
        if not closed.n_bars:
            message = f"no bar of {symbol} has closed by {now:%Y-%m-%d %H:%M} UTC"
            raise DataError(message, key=f"data.{self.feed}", fix="look at this machine's clock")
        return closed

    def _label(self, bars: Bars, asked: Span, now: datetime) -> Label:
        return Label(
            feed=self.feed,
            question=self.question,
            plugin_version=self.plugin_version,
            asked_from=asked.first_on,
            asked_to=asked.last_on,
            fetched_at=now.replace(microsecond=0),
            first_on=bars.session[0].item(),
            last_on=bars.session[-1].item(),
            n_bars=bars.n_bars,
            instrument=bars.instruments[0],
            fingerprint=fingerprint(bars),
        )

    def _closed_by(self, at: np.datetime64) -> date | None:
        """Return the last session that had closed."""
        closed = int(np.searchsorted(self.sessions.closed_at, at, side="right"))
        day: date | None = self.sessions.date[closed - 1].item() if closed else None
        return day


def _revision(held: Bars, fresh: Bars, ask: Span) -> Revision | None:
    """Compare what both tell of the sessions asked for, up to the last bar kept."""
    first = held.session[0] if ask.first_on is None else np.datetime64(ask.first_on)
    last = held.session[-1] if ask.last_on is None else np.datetime64(ask.last_on)

    def common(bars: Bars) -> Bars:
        start = np.searchsorted(bars.session, max(first, held.session[0]))
        stop = min(
            np.searchsorted(bars.session, last, side="right"),
            np.searchsorted(bars.closed_at, held.closed_at[-1], side="right"),
        )
        return bars.between(int(start), int(stop))

    return compare(common(held), common(fresh))


def _instant(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "ns")
