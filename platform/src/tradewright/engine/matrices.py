"""The matrices between assets that rules ask for, a block at a time: the loop goes on to where the block ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.risk.computed import matrices, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.risk.contract import MatrixFeature
    from tradewright.values.arrays import FloatArray, IntArray
    from tradewright.values.bars import Bars

BLOCK_BYTES = 2**26  # 33 matrices of 500 assets: fewer are more calls of the loop, and all of 20 years take 10 GB.


class Matrices:
    """Some of the matrices in one buffer, and which of them is known on each bar; equal features share theirs.

    Args:
        bars: Prices.
        asked: What the rules ask for, with the rule's name, in their order.
        start: First bar that will be played.

    Attributes:
        buffer: `(n, n_assets, n_assets)`; the last one is unknown (NaN) throughout.
        at: `(n_asked, n_bars)`: the matrix of the buffer that is known on each bar, -1 for the unknown one.  It holds
            from the bar that `reach` was last given up to the one it returned.
    """

    def __init__(self, bars: Bars, asked: Sequence[tuple[str, MatrixFeature]], start: int) -> None:
        first = {feature: rule for rule, feature in reversed(asked)}
        made = {feature: matrices(rule, feature, bars) for feature, rule in first.items()}
        self._matrices = [(rule, feature, made[feature][0]) for feature, rule in first.items()]
        self._known = np.array([known for _, known in made.values()], np.int64).reshape(len(made), bars.n_bars)
        self._asked = np.array([list(made).index(feature) for _, feature in asked], np.int64)
        # Most runs ask for none, and a million bars need not be counted for that.
        self._held = range(0) if made else range(bars.n_bars)
        self._changes = _changes(self._known) if made else np.zeros(1, np.int64)
        needed = len(made) + int(self._changes[-1] - self._changes[start if made else 0])
        room = min(needed, BLOCK_BYTES // (8 * bars.n_assets**2))
        self.buffer: FloatArray = np.empty((max(room, len(made)) + 1, bars.n_assets, bars.n_assets))
        self.buffer[-1] = np.nan
        self.at: IntArray = np.full((len(asked), bars.n_bars), -1)

    def reach(self, bar: int, stop: int) -> int:
        """Make the matrices known from `bar` on, and return the bar up to which they are, at most `stop`."""
        if bar not in self._held:
            more = len(self.buffer) - 1 - len(self._matrices)
            end = int(np.searchsorted(self._changes, self._changes[bar] + more, side="right"))
            self._fill(range(bar, end))
        return min(stop, self._held.stop)

    def _fill(self, bars: range) -> None:
        """Put the matrices of these bars into the buffer, each once."""
        slot, self._held = 0, bars
        for i, (rule, feature, found) in enumerate(self._matrices):
            known = self._known[i, bars.start : bars.stop]
            at = np.full(len(known), -1)
            for number in np.unique(known[known >= 0]):
                write(rule, feature, found, int(number), self.buffer[slot])
                at[known == number] = slot
                slot += 1
            self.at[self._asked == i, bars.start : bars.stop] = at


def _changes(known: IntArray) -> IntArray:
    """Return how often another matrix became known up to each bar, `(n_bars,)`, from `(n_features, n_bars)`."""
    changes: IntArray = np.cumsum(np.append(0, (known[:, 1:] != known[:, :-1]).sum(axis=0)))
    return changes
