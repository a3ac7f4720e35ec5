"""What there is: each series, the package that ships it, and what its reader must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

INDEX = "index level (price return), not tradable"
SURVIVOR = "survivor: chosen because it still traded in 2022"
_STOCKS = (
    *("AAPL", "AMD", "BAC", "BBY", "CVX", "GE", "HD", "JNJ", "JPM", "KO"),
    *("LLY", "MRK", "MSFT", "PEP", "PFE", "PG", "RRC", "UNH", "WMT", "XOM"),
)
_FACTORS = ("MTUM", "QUAL", "SIZE", "USMV", "VLUE")


@attrs.frozen(kw_only=True)
class Series:
    """One series of daily prices.

    Attributes:
        symbol: Its name here.
        package: Distribution that ships it.
        file: CSV file within the distribution, compressed.
        columns: Columns of close, open, high, low and volume: all five, or close alone.
        dates: How the file writes dates: `iso` is 2024-01-31, `us` is 1/31/2024.
        adjustment: What the package has folded into the prices.
        note: What a reader of a report must know.
        holidays: Text that stands for the close on days without trading; these rows are left out.
    """

    symbol: str
    package: str
    file: str
    columns: tuple[str, ...]
    dates: Literal["iso", "us"]
    adjustment: Literal["none", "all"]
    note: str
    holidays: str | None = None


def _index(symbol: str, name: str, note: str = INDEX) -> Series:
    return Series(
        symbol=symbol,
        package="arch",
        file=f"arch/data/{name}/{name}.csv.gz",
        columns=("Close", "Open", "High", "Low", "Volume"),
        dates="us",
        adjustment="none",
        note=note,
    )


def _closes(symbols: Iterable[str], name: str, note: str) -> Iterable[Series]:
    for symbol in symbols:
        stale = "; closes stand still before 1990-04-10, then fall 67 %" if symbol == "RRC" else ""
        yield Series(
            symbol=symbol,
            package="skfolio",
            file=f"skfolio/datasets/data/{name}.csv.gz",
            columns=(symbol,),
            dates="iso",
            adjustment="all",
            note=note + stale,
        )


CATALOGUE = {
    series.symbol: series
    for series in (
        _index("SPX", "sp500"),
        _index("COMP", "nasdaq", f"{INDEX}; volume 0 on 2015-05-12 and 2018-01-09"),
        Series(
            symbol="VIX",
            package="arch",
            file="arch/data/vix/vix.csv.gz",
            columns=("vix",),
            dates="us",
            adjustment="none",
            note="index of volatility, not tradable",
            holidays=".",
        ),
        *_closes(_STOCKS, "sp500_dataset", SURVIVOR),
        *_closes(_FACTORS, "factors_dataset", "exchange-traded fund, dividends reinvested"),
    )
}
"""Every series by symbol, whether or not its package is installed."""
