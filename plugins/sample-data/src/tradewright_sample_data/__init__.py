"""Real daily prices that installed packages ship, as a data source: no network, no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import tradewright as tw

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen
class SampleDataOptions:
    """No options: the packages that are installed say what there is."""


@attrs.frozen
class SampleData:
    """Prices of indices, an index of volatility, and, where skfolio is installed, stocks and factor ETFs.

    Attributes:
        options: None so far.
    """

    options: SampleDataOptions = SampleDataOptions()

    def history(self, request: tw.DataRequest) -> tw.Bars:
        """Return daily bars.

        Raises:
            DataError: A symbol is unknown, its package is not installed, the bar or adjustment is not what
                the package has, or its prices cannot be true.
            UsageError: No bar lies in the range asked for.
        """
        # numpy costs as much as everything else at start-up: only a request for prices pays it.
        from tradewright_sample_data.reader import read  # noqa: PLC0415  # see above

        return read(request)


@tw.hookimpl
def tradewright_data_sources() -> Iterable[tw.DataSourceSpec]:
    """Register the source."""
    yield tw.DataSourceSpec(
        name="sample-data",
        factory=SampleData,
        config=SampleDataOptions,
        summary="Daily prices shipped with installed packages: SPX, COMP, VIX; with skfolio 25 more",
    )
