"""A signal asked again and again: components that have seen nothing, and how often all of them answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.signals.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.host.components import Signal
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History


class Unasked:
    """Makes components that have seen nothing, and counts the answers of all of them."""

    def __init__(self, name: str, make: Callable[[], Signal], view: History) -> None:
        self._name, self._make, self._view = name, make, view
        self._made: list[Asked] = []

    def __call__(self) -> Asked:
        """Return a component that has seen nothing."""
        self._made.append(Asked(self._name, self._make(), self._view))
        return self._made[-1]

    @property
    def times(self) -> int:
        """How often all of them have answered."""
        return sum(one.times for one in self._made)


class Asked:
    """A signal that counts its answers.

    Attributes:
        name: Its word in plugins.toml, for errors.
        signal: The component.
        times: How often it has answered.
    """

    def __init__(self, name: str, signal: Signal, view: History) -> None:
        self.name, self.signal, self.times = name, signal, 0
        self._view = view

    def __call__(self, bars: Bars) -> Forecast:
        """Return its forecast on these bars."""
        self.times += 1
        return evaluate(self.name, self.signal, attrs.evolve(self._view, bars=bars))
