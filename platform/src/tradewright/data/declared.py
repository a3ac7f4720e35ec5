"""What the reader of a file is told, and the file as it was understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from tradewright.data.columns import ColumnNames

if TYPE_CHECKING:
    from tradewright.data.findings import Finding
    from tradewright.values.bars import Adjustment, Bars
    from tradewright.values.instrument import Instrument
    from tradewright.values.request import BadBars


@attrs.frozen(kw_only=True)
class Declared:
    """What the reader of a file must be told.

    Attributes:
        instrument: Whose prices these are.
        calendar: Exchange whose sessions the bars belong to.
        bar: Length of a bar, or None to take it from the file.
        columns: Names of the file's columns.
        time_zone: Where times without offset were read off the clock, an IANA name.
        date_format: How dates are written, for `datetime.strptime`; None for ISO 8601 or counts since 1970.
        stamp: Whether a time stamp marks the start or the end of its bar.
        adjustment: What is already folded into the prices.
        bad_bars: Whether a bar that cannot be true is a finding, or is left for the caller to `mark`.
    """

    instrument: Instrument
    calendar: str = "XNYS"
    bar: str | None = None
    columns: ColumnNames = attrs.field(factory=ColumnNames)
    time_zone: str | None = None
    date_format: str | None = None
    stamp: Literal["start", "end"] = "start"
    adjustment: Adjustment = "none"
    bad_bars: BadBars = "refuse"


@attrs.frozen(kw_only=True)
class Reading:
    """A file as understood.

    Attributes:
        rows: Rows below the header.
        rounded: Bars with a price beyond their high or low by rounding alone, which is let pass.
        names: Name in the file of each part found: `date`, `close`, ...
        bar: Length of a bar; empty when the times cannot be understood.
        bars: The rows that lie in a session, in order, each once; None when the times cannot be understood.
        findings: What is wrong, by line.
    """

    rows: int
    names: dict[str, str]
    bar: str = ""
    bars: Bars | None = None
    findings: tuple[Finding, ...] = ()
    rounded: int = 0
