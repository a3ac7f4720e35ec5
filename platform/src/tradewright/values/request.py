"""What is asked of a data source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tradewright.values.bars import Adjustment


BadBars = Literal["refuse", "mark"]


@attrs.frozen(kw_only=True)
class DataRequest:
    """One question to a data source.

    Attributes:
        symbols: Columns wanted, in this order.
        bar: Length of a bar: `1d`, `1h`, `5m`, ...
        calendar: Exchange calendar of the sessions, such as `XNYS`.
        adjustment: What must be folded into the prices.
        first_on: First session wanted, or None for the earliest there is.
        last_on: Last session wanted, or None for the latest there is.
        bad_bars: Whether bars that cannot be true are `refuse`d, or left to the caller, which will `mark` them.
        workspace: Folder of plugins.toml; relative paths start there and must stay inside.
        data_roots: Folders outside it that the operator allows paths to lead into.
    """

    symbols: tuple[str, ...]
    bar: str = "1d"
    calendar: str = "XNYS"
    adjustment: Adjustment = "none"
    first_on: date | None = None
    last_on: date | None = None
    bad_bars: BadBars = "refuse"
    workspace: Path | None = None
    data_roots: tuple[Path, ...] = ()
