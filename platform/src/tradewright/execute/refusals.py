"""What a venue has refused: the same reason again and again says that a strategy asks for what it cannot have."""

from __future__ import annotations

from collections import Counter

import attrs

ENOUGH = 3
"""So many refusals with one reason in a session hold a strategy's increases back until the next."""


@attrs.define
class Refusals:
    """Refusals of one session.

    Attributes:
        counted: How often, by strategy and the venue's reason.
        off: The reason that holds a strategy's increases back, by strategy.

    >>> refusals = Refusals()
    >>> [refusals.count("trend", "no borrow") for _ in range(3)], refusals.holds("trend")
    ([False, False, True], True)
    """

    counted: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    off: dict[str, str] = attrs.field(factory=dict)

    def count(self, strategy: str, reason: str) -> bool:
        """Count a refusal, and say whether from now on the strategy's increases are held back."""
        self.counted[strategy, reason] += 1
        if self.counted[strategy, reason] < ENOUGH or strategy in self.off:
            return False
        self.off[strategy] = reason
        return True

    def is_first(self, reason: str) -> bool:
        """Count a refusal that holds nothing back, and say whether it is the session's first for that reason."""
        self.counted["", reason] += 1
        return self.counted["", reason] == 1

    def holds(self, strategy: str) -> bool:
        """Say whether a strategy may not increase."""
        return strategy in self.off

    def forget(self) -> None:
        """Begin again: a session opens."""
        self.counted.clear()
        self.off.clear()
