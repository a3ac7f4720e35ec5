"""How often a venue may be called, and when it is better left alone: two token buckets and a breaker.

Orders have a bucket of their own, since each of them is in the ledger and their tokens can be counted again from it;
cancels and questions, which are not written down, have the other.  Everything here is a value; the clock is the
caller's.
"""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import datetime

RESERVE, RESERVE_MIN = 0.2, 2.0
"""Part of the tokens, and tokens at least, that cancels and questions have for themselves."""
FAILURES = 3
"""So many calls that fail in a row open the breaker."""
REST, REST_MAX = timedelta(seconds=30), timedelta(minutes=10)
"""How long the breaker stays open; twice as long after each probe that fails."""
BACK_OFF, BACK_OFF_MAX = timedelta(seconds=1), timedelta(seconds=60)
"""How long a venue is left alone that asks for it and does not say for how long; twice as long each time."""
FORBIDDEN_FOR = timedelta(minutes=15)
"""How long a venue is left alone that does not know us any more."""


class Use(StrEnum):
    """What a call is for."""

    RISK = "risk"
    """An order that adds risk."""
    REDUCE = "reduce"
    """An order that takes risk away, or guards what is held."""
    UPKEEP = "upkeep"
    """A cancel or a question."""


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    """Whatever the answer was."""
    FAILED = "failed"
    """A timeout, a 5xx, an answer that cannot be read."""
    LIMITED = "limited"
    """The venue asks to be called less often: 429."""
    FORBIDDEN = "forbidden"
    """The venue does not let us in: 401, 403, 418."""
    CUT = "cut"
    """The stream of reports was cut and stands again; what came meanwhile is lost."""


@attrs.frozen(kw_only=True)
class Contact:
    """One call to a venue that has ended.

    Attributes:
        outcome: How.
        retry_after: Seconds for which the venue wants to be left alone; None where it does not say.
        reason: The venue's words.
    """

    outcome: Outcome = attrs.field(converter=Outcome)
    retry_after: float | None = None
    reason: str = ""


@attrs.frozen(kw_only=True)
class Bucket:
    """Tokens of one kind of calls.

    Attributes:
        size: Of a full bucket; infinite without a limit.
        per_second: Tokens that come back in a second.
        tokens: Those there are, at `at`.
        at: When they were counted, aware UTC; None before the first call.
    """

    size: float
    per_second: float
    tokens: float = attrs.field(default=attrs.Factory(lambda self: self.size, takes_self=True))
    at: datetime | None = None

    def has_token(self, now: datetime) -> bool:
        """Say whether there is a token for a call at `now`."""
        return self._counted(now) >= 1.0

    def spend(self, now: datetime) -> Bucket | None:
        """Return the bucket after one call at `now`, None where there is no token."""
        if not math.isfinite(self.size):
            return self
        tokens = self._counted(now)
        if tokens < 1.0:
            return None
        return attrs.evolve(self, tokens=tokens - 1.0, at=now if self.at is None else max(self.at, now))

    def _counted(self, now: datetime) -> float:
        if not math.isfinite(self.size):
            return self.tokens
        # A clock that was set back brings nothing.
        passed = 0.0 if self.at is None or now <= self.at else (now - self.at).total_seconds()
        return min(self.size, self.tokens + passed * self.per_second)


def _share(budget: Budget, tokens: float) -> Bucket:
    """Return a full bucket of some of a budget's tokens, which come back in proportion."""
    if not 0.0 < budget.size < math.inf:  # Without a limit, or about to be refused.
        return Bucket(size=budget.size, per_second=budget.per_second)
    return Bucket(size=tokens, per_second=budget.per_second * tokens / budget.size)


@attrs.frozen(kw_only=True)
class Budget:
    """What may still be sent to one venue.

    Attributes:
        size: Tokens of both buckets when they are full, > 2; infinite where the venue has no limit.
        per_second: Tokens that come back in a second, > 0, to each bucket in proportion.
        orders: For orders alone.
        upkeep: For cancels and questions alone.
        closed_until: No call at all before, None for open.
        limited: How often in a row the venue asked to be left alone.
        failures: Calls that failed in a row.
        open_until: No new risk before, and then only after a call that is answered; None for a closed breaker.
        probes: How often in a row the breaker has opened.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 3, 2, 15, tzinfo=UTC)
    >>> budget = Budget(size=3.0, per_second=1.0)
    >>> budget.orders.size, budget.spend(Use.RISK, now).spend(Use.RISK, now)
    (1.0, None)
    """

    size: float = attrs.field(default=math.inf, validator=attrs.validators.gt(RESERVE_MIN))
    per_second: float = attrs.field(default=math.inf, validator=attrs.validators.gt(0.0))
    orders: Bucket = attrs.field(
        default=attrs.Factory(lambda self: _share(self, self.size - self.reserve), takes_self=True)
    )
    upkeep: Bucket = attrs.field(default=attrs.Factory(lambda self: _share(self, self.reserve), takes_self=True))
    closed_until: datetime | None = None
    limited: int = 0
    failures: int = 0
    open_until: datetime | None = None
    probes: int = 0

    @property
    def reserve(self) -> float:
        """Tokens that cancels and questions have for themselves."""
        return max(RESERVE_MIN, RESERVE * self.size) if math.isfinite(self.size) else 0.0

    @property
    def is_broken(self) -> bool:
        """Whether the breaker is open or waits for its probe: no new risk."""
        return self.open_until is not None

    def allows(self, use: Use, now: datetime) -> bool:
        """Say whether a call may be made at `now`; nothing is spent."""
        bucket = self.upkeep if use is Use.UPKEEP else self.orders
        return self._is_open(use, now) and bucket.has_token(now)

    def spend(self, use: Use, now: datetime) -> Budget | None:
        """Return the budget after one call at `now`, None where it may not be made yet."""
        if not self._is_open(use, now):
            return None
        name = "upkeep" if use is Use.UPKEEP else "orders"
        left = getattr(self, name).spend(now)
        return None if left is None else attrs.evolve(self, **{name: left})

    def _is_open(self, use: Use, now: datetime) -> bool:
        if self.closed_until is not None and now < self.closed_until:
            return False
        return not (use is Use.RISK and self.is_broken)

    def heard(self, contact: Contact, now: datetime) -> Budget:
        """Return the budget after a call has ended."""
        if contact.outcome is Outcome.ANSWERED:
            closes = self.open_until is None or now >= self.open_until
            if closes and (self.open_until, self.failures, self.probes, self.limited) == (None, 0, 0, 0):
                return self  # As nearly always.
            mended = attrs.evolve(self, open_until=None, failures=0, probes=0) if closes else self
            return attrs.evolve(mended, limited=0)
        if contact.outcome is Outcome.FAILED:
            return self._failed(now)
        if contact.outcome is Outcome.CUT:
            return self
        wait, again = FORBIDDEN_FOR, self.limited
        if contact.outcome is Outcome.LIMITED:
            wait = min(BACK_OFF * 2**again, BACK_OFF_MAX)
            if contact.retry_after is not None and contact.retry_after >= 0.0:
                wait = timedelta(seconds=min(contact.retry_after, FORBIDDEN_FOR.total_seconds()))
        until = now + wait if self.closed_until is None else max(self.closed_until, now + wait)
        return attrs.evolve(self, closed_until=until, limited=min(again + 1, 6))

    def _failed(self, now: datetime) -> Budget:
        """Count a failure; the third in a row opens the breaker, and so does one that was to be its probe."""
        failures = self.failures + 1
        is_resting = self.open_until is not None and now < self.open_until
        if failures < FAILURES or is_resting:
            return attrs.evolve(self, failures=failures)
        rest = min(REST * 2 ** min(self.probes, 10), REST_MAX)
        return attrs.evolve(self, failures=failures, open_until=now + rest, probes=self.probes + 1)
