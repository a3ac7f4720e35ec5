"""Everything that a file's strategies trade on: its feeds on one grid, and the benchmark beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.data import feeds
from tradewright.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from tradewright.config import Settings
    from tradewright.data.feeds import Feed
    from tradewright.host.plugins import Plugins
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Market:
    """Prices, checked.

    Attributes:
        feeds: What each feed brought that a strategy trades.
        beside: That of the benchmark, when no strategy trades it.
        bars: All prices that strategies trade on, on one grid.
        sessions_per_year: How many sessions of the grid a year has, by convention.
    """

    feeds: tuple[Feed, ...]
    beside: tuple[Feed, ...]
    bars: Bars
    sessions_per_year: int

    @property
    def all_feeds(self) -> tuple[Feed, ...]:
        """What each feed brought, that of the benchmark last."""
        return (*self.feeds, *self.beside)

    def warnings(self) -> Iterator[str]:
        """Yield what a reader of a result must know of its prices."""
        for feed in self.all_feeds:
            yield from (f"{feed.name}: {line}" for line in feed.warnings)
        yield from feeds.overlaps(self.feeds, self.bars)

    def first_bar(self, first_on: date | None, last_on: date | None) -> int:
        """Return the first bar of the first session on or after `first_on`, of the first there is for None.

        Raises:
            DataError: There is no bar at all.
            UsageError: There is none on or after that day; `last_on` is where the prices were asked to end.
        """
        bars = self.bars
        if bars.n_bars == 0:
            raise DataError("the feeds brought no bar", fix="check the symbols and the range of each [data.NAME]")
        start = 0 if first_on is None else int(np.searchsorted(bars.session, np.datetime64(first_on)))
        if start < bars.n_bars:
            return start
        last = bars.session[-1]
        message = f"the prices end on {last}, before {first_on}"
        if last_on is not None:  # They may go on after it: only those up to then were asked for.
            message = f"no price from {first_on} to {last_on}, the last one before is of {last}"
        raise UsageError(f"empty range: {message}", key="--from", fix=f"ask for a first day up to {last}")


def load(
    settings: Settings, plugins: Plugins, last_on: date | None = None, ends: Mapping[str, date] | None = None
) -> Market:
    """Return the prices of every feed that strategies trade on, and of the benchmark.

    Args:
        settings: The configuration.
        plugins: What it may use.
        last_on: Last session, None for the last there is.
        ends: Last session of single feeds, instead of `last_on`.

    Raises:
        ConfigError: A source or option is unknown, or two feeds differ where they must agree.
        DataError: Prices are missing or cannot be true.
        PluginError: A source raised or returned something else.
        UsageError: The benchmark begins after `last_on`.
    """
    loaded = feeds.load(settings, plugins, last_on, ends)
    return Market(
        feeds=loaded,
        beside=feeds.load_benchmark(settings, plugins, last_on, ends),
        bars=feeds.grid(settings, loaded, last_on),
        sessions_per_year=feeds.sessions_per_year(settings, loaded),
    )
