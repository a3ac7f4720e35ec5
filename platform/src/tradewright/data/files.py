"""The built-in source `files`: the operator's own CSV and Parquet files, one per symbol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from tradewright.config import one_of, option
from tradewright.config.fields import lot_size, tick_size
from tradewright.config.paths import inside_workspace
from tradewright.config.wording import show
from tradewright.data.align import join, select
from tradewright.data.columns import ColumnNames
from tradewright.data.declared import Declared
from tradewright.data.reading import read
from tradewright.errors import ConfigError
from tradewright.sessions import cache_folder
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from tradewright.values.bars import Bars
    from tradewright.values.request import DataRequest


def _currency(_: object, __: attrs.Attribute[str], value: str) -> None:
    if not (len(value) == 3 and value.isascii() and value.isupper()):
        raise ValueError(f'must be three capitals such as "USD", was {show(value)}')


@attrs.frozen(kw_only=True)
class FilesOptions:
    """Where the files are, and what they do not say themselves."""

    path: str = option("data/{symbol}.csv", doc="file of each symbol, below the workspace or one of data_roots")
    columns: ColumnNames = attrs.field(
        factory=ColumnNames, metadata={"doc": "names of the columns where they are not the natural ones"}
    )
    time_zone: str | None = option(None, doc="IANA name; needed for times of day without an offset")
    date_format: str | None = option(
        None,
        doc="how dates are written, in the signs of Python's strptime; else as 2026-03-02, or counted since 1970",
    )
    stamp: Literal["start", "end"] = one_of(
        "start", "end", default="start", doc="what a time stamp marks of its bar; dates need none"
    )
    lot: float = lot_size(1.0, doc="smallest quantity step")
    tick: float = tick_size(0.0, doc="smallest price step, 0 for none")
    currency: str = option("USD", doc="ISO code of the prices", validator=_currency)


@attrs.frozen
class Files:
    """Prices from files.

    Attributes:
        options: What plugins.toml says.
    """

    options: FilesOptions

    def history(self, request: DataRequest) -> Bars:
        """Return the bars of the files; the feed's `adjustment` says what is folded into their prices.

        Sessions without a bar stay without one: `tradewright.data.quality.check` reports them as gaps.

        Raises:
            ConfigError: The path leads outside the workspace, or serves several symbols at once.
            DataError: A file cannot be read, or a row of it cannot be true.
            UsageError: No bar lies in the range asked for.
        """
        if "{symbol}" not in self.options.path and len(request.symbols) > 1:
            found = f"{show(self.options.path)} for {', '.join(request.symbols)}"
            fix = 'put {symbol} where the names differ, such as "data/{symbol}.csv"'
            raise ConfigError(f"one file cannot hold several symbols: {found}", key="path", fix=fix)
        parts = [self._bars(symbol, request) for symbol in request.symbols]
        return select(join(parts), request.first_on, request.last_on)

    def _bars(self, symbol: str, request: DataRequest) -> Bars:
        options, workspace = self.options, request.workspace or Path.cwd()
        path = inside_workspace(workspace, options.path.replace("{symbol}", symbol), "path", request.data_roots)
        declared = Declared(
            instrument=Instrument(symbol=symbol, lot=options.lot, tick=options.tick, currency=options.currency),
            calendar=request.calendar,
            bar=request.bar,
            columns=options.columns,
            time_zone=options.time_zone,
            date_format=options.date_format,
            stamp=options.stamp,
            adjustment=request.adjustment,
            bad_bars=request.bad_bars,
        )
        reading = read(path, declared, cache=cache_folder(request.workspace))
        for finding in reading.findings:
            if finding.fatal:
                raise finding.error()
        assert reading.bars is not None  # noqa: S101  # without bars there is a finding
        return reading.bars
