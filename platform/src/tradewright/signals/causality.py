"""Does a signal look ahead?  It is asked again with other futures, and every earlier forecast must stay as it was.

A signal that was fitted elsewhere cannot be caught by disturbing its input: it declares `fitted_until`, and what
comes before counts as in-sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from tradewright.errors import DataError, PluginError
from tradewright.signals import causes, cuts
from tradewright.signals.evaluate import evaluate, fitted_until
from tradewright.signals.futures import FUTURES, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from tradewright.host.components import Signal
    from tradewright.signals.causes import Cause
    from tradewright.values.arrays import BoolArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History

TOLERANCE = 1e-9
"""Forecasts this close are equal: a sum may depend on the length of its array, by about 1e-15."""

CUTS_EACH = 24
"""Cuts of each kind; five kinds and four futures are some 400 answers, 0.3 s for a crossover on 2,000 bars."""

BARS_MIN = 20
"""Bars after the warm-up that a verdict needs."""

Part = Literal["score", "confidence"]


@attrs.frozen(kw_only=True)
class Leak:
    """One cut whose hidden future shows in earlier forecasts.

    Attributes:
        cut: First bar of the future.
        future: What was done to it, a word of `futures.FUTURES`.
        changed: Forecasts before the cut that differ, `(cut, n_assets)`.
        bar: The earliest of them.
        asset: Its column; the first one of that bar.
        part: Which half of the forecast differs there.
        before: Its value with the true future.
        after: Its value with the other one.
    """

    cut: int
    future: str
    changed: BoolArray = attrs.field(repr=False, eq=False)
    bar: int
    asset: int
    part: Part
    before: float
    after: float


@attrs.frozen(kw_only=True)
class Verdict:
    """What the gate has found.

    Attributes:
        n_bars: Bars of the history.
        cuts: Where it was cut.
        answers: How often the signal was asked.
        leaks: The cuts that leak, in order.
        cause: What the leak looks like, None without one.
        fitted_until: Last day whose prices the signal's model has seen, None for a signal without one.
    """

    n_bars: int
    cuts: tuple[int, ...]
    answers: int
    leaks: tuple[Leak, ...] = ()
    cause: Cause | None = None
    fitted_until: date | None = None

    @property
    def passed(self) -> bool:
        """Whether no earlier forecast changed."""
        return not self.leaks

    @property
    def first(self) -> Leak:
        """The leak whose forecast is the earliest."""
        return min(self.leaks, key=lambda leak: (leak.bar, leak.asset, leak.cut))


def check(
    name: str,
    make: Callable[[], Signal],
    view: History,
    *,
    each: int = CUTS_EACH,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Ask a signal about other futures of the same past.

    Args:
        name: The signal's word in plugins.toml, for errors.
        make: Returns a new component; called twice, so that an answer that one of them remembers shows.
        view: The history, with some bars more than the signal's warm-up.
        each: Cuts of each kind (see `cuts.choose`).
        seed: Chooses the cuts.
        progress: Called with the cuts done and those to do.

    Raises:
        DataError: The history is too short for a verdict.
        PluginError: The signal raised, broke its contract, or answers equal questions differently.
    """
    asked = _Asked(name, make(), view)
    whole = asked(view.bars)
    warmup = asked.signal.warmup_bars
    _require_bars(name, view.bars.n_bars, warmup)
    chosen = cuts.choose(view.bars, whole, warmup + 2, each, np.random.default_rng(seed))
    again = _Asked(name, make(), view)
    leaks = []
    for done, cut in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        leaks += list(_leaks(again, whole, view.bars, cut))
    _require_same(name, whole, again(view.bars))
    cause = None
    if leaks:
        cause = causes.likely(leaks, view.bars, warmup, lambda bar: _touched(again, whole, view.bars, bar))
    return Verdict(
        n_bars=view.bars.n_bars,
        cuts=tuple(chosen),
        answers=asked.times + again.times,
        leaks=tuple(leaks),
        cause=cause,
        fitted_until=fitted_until(name, asked.signal),
    )


class _Asked:
    """A signal that counts its answers."""

    def __init__(self, name: str, signal: Signal, view: History) -> None:
        self.name, self.signal, self.times = name, signal, 0
        self._view = view

    def __call__(self, bars: Bars) -> Forecast:
        self.times += 1
        return evaluate(self.name, self.signal, attrs.evolve(self._view, bars=bars))


def _leaks(asked: _Asked, whole: Forecast, bars: Bars, cut: int) -> Iterator[Leak]:
    """Yield the first of the other futures that shows before the cut, if one does."""
    for future, change in FUTURES.items():
        other = asked(change(bars, cut))
        changed = _changed(whole, other, cut)
        if changed.any():
            bar, asset = (int(i) for i in np.argwhere(changed)[0])
            part = _part(whole, other, bar, asset)
            before, after = (float(getattr(one, part)[bar, asset]) for one in (whole, other))
            yield Leak(
                cut=cut, future=future, changed=changed, bar=bar, asset=asset, part=part, before=before, after=after
            )
            return


def _touched(asked: _Asked, whole: Forecast, bars: Bars, bar: int) -> BoolArray:
    """Return which forecasts before `bar` change when that bar alone does, `(bar, n_assets)`."""
    return _changed(whole, asked(scaled(bars, bar, 3.0, bar + 1)), bar)


def _changed(whole: Forecast, other: Forecast, stop: int) -> BoolArray:
    changed: BoolArray = np.abs(whole.score[:stop] - other.score[:stop]) > TOLERANCE
    return changed | (np.abs(whole.confidence[:stop] - other.confidence[:stop]) > TOLERANCE)


def _part(whole: Forecast, other: Forecast, bar: int, asset: int) -> Part:
    same_score = abs(whole.score[bar, asset] - other.score[bar, asset]) <= TOLERANCE
    return "confidence" if same_score else "score"


def _require_bars(name: str, n_bars: int, warmup: int) -> None:
    if n_bars < warmup + BARS_MIN:
        raise DataError(
            f"a verdict needs {warmup + BARS_MIN} bars, {BARS_MIN} more than the warm-up; there are {n_bars}",
            key=name,
            fix="give it a longer history",
        )


def _require_same(name: str, whole: Forecast, again: Forecast) -> None:
    changed = _changed(whole, again, len(whole.score))
    if changed.any():
        bar, asset = (int(i) for i in np.argwhere(changed)[0])
        raise PluginError(
            f"answered the same question differently, first at (bar, asset) = {(bar, asset)}",
            key=f"{name}.compute",
            fix="draw random numbers from a seed among the options, and keep nothing from one call to the next",
        )
