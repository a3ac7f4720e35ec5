"""Everything a signal may know when it decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tradewright.values.bars import Bars


@attrs.frozen
class History:
    """What had become known by one instant; a new kind of data is a new attribute here.

    Attributes:
        bars: Prices up to and including the bar that has just closed.
    """

    bars: Bars
