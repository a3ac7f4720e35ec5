"""The source of a feed: made from the feed's options, and asked, guarded."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tradewright.config import FeedSettings
from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.host import fence
from tradewright.host.plugins import choose
from tradewright.values.bars import Bars
from tradewright.values.request import DataRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tradewright.config import Settings
    from tradewright.host.components import DataSource
    from tradewright.host.plugins import Plugins


@attrs.frozen
class Opened:
    """A feed's source, ready to be asked.

    Attributes:
        source: The source.
        keys: Words of the feed's table that an error of the source may name.
    """

    source: DataSource
    keys: frozenset[str]


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
