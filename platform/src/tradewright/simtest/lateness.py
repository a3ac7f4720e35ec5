"""When a venue pays a dividend that comes late: chance of its own, so that nothing else falls otherwise by it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from tradewright.values.bars import utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tradewright.sessions import Sessions

LATE_DIVIDENDS = "F30"
"""The fault with which dividends are paid and told later; without it the venue pays at once, and tells nothing."""
SESSIONS_LATE = 20
"""At most; one session in a third of them, so that short worlds see them come."""


def lateness(seed: int, calendar: Sessions, now: Callable[[], datetime]) -> Callable[[], tuple[datetime, datetime]]:
    """Return what says when a dividend is paid and told that counts now.

    Args:
        seed: Of the chance.
        calendar: Sessions of the exchange.
        now: Tells the time, aware UTC.
    """
    random = Random(f"dividends {seed}")  # noqa: S311  # chance, not secrets

    def postponed() -> tuple[datetime, datetime]:
        today = int(np.searchsorted(calendar.opened_at, np.datetime64(now().replace(tzinfo=None)), side="right")) - 1
        late = 1 if random.random() < 1 / 3 else random.randint(1, SESSIONS_LATE)
        paid_at = utc(calendar.opened_at[min(today + late, len(calendar.opened_at) - 1)])
        return paid_at, paid_at + random.choice([timedelta(), timedelta(hours=1)])

    return postponed
