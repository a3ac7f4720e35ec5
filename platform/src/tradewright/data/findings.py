"""What a look at prices can find, and how a finding becomes an error."""

from __future__ import annotations

import attrs

from tradewright.errors import DataError

FINDINGS_MAX = 21
"""Findings reported of one kind, column and instrument: a screen of twenty, and one to know there are more."""

FIX_NUMBER = "write a plain decimal such as 1234.5: no thousands separator, no decimal comma, no blank"
FIX_SESSION = "remove the row, or name the calendar and the time zone that it belongs to"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is wrong with prices.

    Attributes:
        kind: `number`, `price`, `range`, `volume`, `action`, `session`, `delisted`, `gap`, `jump`, `ratio`
            or `spike`; of files also
            `row`, `date`, `time-zone`, `duplicate`, `order`, `calendar` and `bar`.
        message: What was expected and what was found.
        fix: What to do about it.
        symbol: Instrument at fault.
        column: Column at fault: `close`, `date`, ...
        row: Row of the bars, from 0; None once the bars could not be built.
        on: Day of that bar, with its time where a session has several; None where the message tells it.
        file: File at fault, when there is one.
        line: Line in that file, from 1; in Parquet, which has no lines, the row, from 1.

    >>> finding = Finding(kind="price", message="must be > 0, was 0.0", fix="remove it", symbol="SPY",
    ...                   column="close", file="spy.csv", line=91)
    >>> str(finding.error())
    'spy.csv:91: close: must be > 0, was 0.0'
    """

    kind: str
    message: str
    fix: str
    symbol: str
    column: str
    row: int | None = None
    on: str | None = None
    file: str | None = None
    line: int | None = None

    @property
    def fatal(self) -> bool:
        """Whether the prices cannot be used: a gap can be marked, a ratio or a spike may be the market's own move."""
        return self.kind not in {"gap", "ratio", "spike"}

    def error(self) -> DataError:
        """Return the finding as an error to raise; without a file, its key names the symbol."""
        key = self.column if self.file is not None else f"{self.symbol}.{self.column}"
        message = self.message if self.on is None else f"{self.message} ({self.on})"
        return DataError(message, file=self.file, line=self.line, key=key, fix=self.fix)
