"""What plugins.toml says of the prices of a feed, and what a reader of a result must know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.data.quality import check, endings, marked
from tradewright.sessions import all_sessions, cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from tradewright.config import FeedSettings, Settings
    from tradewright.data.cached import Label
    from tradewright.data.findings import Finding
    from tradewright.sessions import Sessions
    from tradewright.values.bars import Bars
    from tradewright.values.instrument import Instrument

WARNINGS_MAX = 3  # Gaps of one feed that are named; the rest is counted.


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


def sessions_of(settings: Settings, feed: FeedSettings, bars: Bars) -> Sessions:
    """Return the sessions of a feed's calendar, up to its last bar at least."""
    last_on = bars.session[-1].item() if bars.n_bars else None
    return all_sessions(feed.calendar, reach=last_on, cache=cache_folder(settings.workspace))


def from_cache(labels: tuple[Label, ...]) -> tuple[str, ...]:
    """Return what must be known of cached prices, one line for the symbols that were fetched alike."""
    alike: dict[str, list[str]] = {}
    for label in labels:
        since = "" if label.asked_from is None else f", from {label.asked_from} on"
        line = f"from the cache, fetched at {label.fetched_at:%Y-%m-%d %H:%M} UTC{since}"
        alike.setdefault(line, []).append(label.symbol)
    return tuple(f"{', '.join(symbols)}: {line}" for line, symbols in alike.items())


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
