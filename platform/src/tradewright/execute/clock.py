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
SLEW = 0.01
"""How fast our time is let fall back to a clock that was set back, as a part of the time that passes."""


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


@attrs.define
class Steady:
    """Our own time, made of a clock that may be set: it never goes back, and says when it leapt.

    Attributes:
        read_at: What the clock showed last, None before.
        at: The time that it led to.
        lag: By how much that lies ahead of the clock, since it was set back.
        due_at: When the clock was to be read again at the latest, None for not by itself.

    >>> from datetime import UTC, datetime
    >>> ten, steady = datetime(2026, 3, 2, 10, tzinfo=UTC), Steady()
    >>> steady.read(ten), steady.read(ten - timedelta(hours=1)) == -timedelta(hours=1), steady.at == ten
    (datetime.timedelta(0), True, True)
    """

    read_at: datetime | None = None
    at: datetime | None = None
    lag: timedelta = timedelta()
    due_at: datetime | None = None

    def read(self, shown: datetime) -> timedelta:
        """Take over what the clock shows, and return by how much it was set since the last time, 0 where it was not.

        A clock that was set forward looks like a machine that slept: what was due is late.
        """
        before, due = self.read_at, self.due_at
        self.read_at, self.due_at = shown, None
        if before is None or self.at is None:
            self.at = shown
            return timedelta()
        if self.lag or shown < before:  # As good as never.
            # What is ahead is let go of slowly, so that it is no leap: a clock that is set each day must not add up.
            caught_up = max(self.lag - max(shown - before, timedelta()) * SLEW, timedelta())
            self.lag = max(caught_up, self.at - shown)
        self.at = shown + self.lag
        if shown < before:
            return shown - before
        late = timedelta() if due is None else shown - max(due, before)
        return late if late > HOLDS else timedelta()


def offset_of(said: datetime, now: datetime) -> timedelta:
    """Return how far the venue's time lies ahead of ours, to the millisecond, as a ledger writes it."""
    millisecond = timedelta(milliseconds=1)
    return round((said - now) / millisecond) * millisecond


def is_absurd(offset: timedelta) -> bool:
    """Say whether an instant so far from ours cannot be one of the same calendar and units."""
    return abs(offset) > UNITS
