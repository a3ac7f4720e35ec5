"""The venue's clock against ours: what differs by more than seconds takes no new risk, until it is right again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import datetime

WARNS, HOLDS = timedelta(seconds=1), timedelta(seconds=5)
"""A difference beyond the first is told, one beyond the second holds increases back; exactly so much does not."""
UNITS = timedelta(days=30)
"""What is further off is no clock that runs wrong: it counts other units, or from another year."""
CLEAN = 3
"""So many measures in a row that are right end what a wrong one has begun."""


@attrs.frozen(kw_only=True)
class Clock:
    """What is known of the venue's clock.

    Attributes:
        is_warned: Whether it was told that it differs.
        holds: Whether it differs, or has lately differed, by so much that nothing may be increased.
        clean: Measures in a row that were right since then.

    >>> clock = Clock().measured(timedelta(seconds=6))
    >>> clock.holds, clock.measured(timedelta()).measured(timedelta()).holds
    (True, True)
    >>> clock.measured(timedelta()).measured(timedelta()).measured(timedelta()).holds
    False
    """

    is_warned: bool = False
    holds: bool = False
    clean: int = 0

    @property
    def is_right(self) -> bool:
        """Whether nothing is known against it."""
        return not self.is_warned

    def measured(self, offset: timedelta) -> Clock:
        """Return what is known after one measure: the venue's time less ours; a wrong one said twice says no more."""
        size = abs(offset)
        if size <= WARNS:
            enough = not self.is_warned or self.clean + 1 >= CLEAN
            return Clock() if enough else attrs.evolve(self, clean=self.clean + 1)
        return Clock(is_warned=True, holds=self.holds or size > HOLDS)


def offset_of(said: datetime, now: datetime) -> timedelta:
    """Return how far the venue's time lies ahead of ours, to the millisecond, as a ledger writes it."""
    millisecond = timedelta(milliseconds=1)
    return round((said - now) / millisecond) * millisecond


def is_absurd(offset: timedelta) -> bool:
    """Say whether an instant so far from ours cannot be one of the same calendar and units."""
    return abs(offset) > UNITS
