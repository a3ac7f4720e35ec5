"""Does a signal look ahead?  It is asked again with other futures, and every earlier forecast must stay as it was.

A signal that was fitted elsewhere cannot be caught by disturbing its input: it declares `fitted_until`, and what
comes before counts as in-sample.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.errors import DataError, PluginError
from tradewright.signals import causes, cuts
from tradewright.signals.asking import Unasked
from tradewright.signals.cuts import changes
from tradewright.signals.evaluate import fitted_until
from tradewright.signals.futures import FUTURES, REMOVED, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from tradewright.host.components import Signal
    from tradewright.signals.asking import Asked
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


@attrs.frozen(kw_only=True)
class Leak:
    """One cut whose hidden future shows in earlier forecasts.

    Attributes:
        cut: First bar of the future.
        future: What was done to it, a word of `futures.FUTURES`.
        changed: Forecasts before the cut that differ, `(cut, n_assets)`.
        bar: The earliest of them.
        asset: Its column; the first one of that bar.
        part: What differs there: `score` or `confidence`, or a feature's name.
        before: Its value with the true future.
        after: Its value with the other one.
    """

    cut: int
    future: str
    changed: BoolArray = attrs.field(repr=False, eq=False)
    bar: int
    asset: int
    part: str
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

    One component is shown the true history, and for each other future one more is asked, from the first cut to the
    last.  So whatever a component remembers, it cannot have seen what a cut hides.

    Args:
        name: The signal's word in plugins.toml, for errors.
        make: Returns a component that has seen nothing, and may end the one before.  Only one in a process of its
            own (`host.isolation.Children`) has seen nothing when a module or a class remembers.
        view: The history, with some bars more than the signal's warm-up.
        each: Cuts of each kind (see `cuts.choose`).
        seed: Chooses the cuts.
        progress: Called with the questions done and those to do.

    Raises:
        DataError: The history is too short for a verdict.
        PluginError: The signal raised, broke its contract, or answers equal questions differently.
    """
    unasked = Unasked(name, make, view)
    first, bars = unasked(), view.bars
    whole, warmup = first(bars), first.signal.warmup_bars
    _require_bars(name, bars.n_bars, warmup)
    _require_same(name, whole, first(bars))
    chosen = cuts.choose(bars, changes(whole), warmup + 2, each, np.random.default_rng(seed))
    leaks = _Leaks(whole)
    for done, future in enumerate(FUTURES):
        told = partial(_tell, progress, done * len(chosen), len(FUTURES) * len(chosen))
        leaks.look(future, chosen, bars, unasked(), told)
    if leaks.remembered is not None:
        # Memory explains another answer in the same process; in a fresh one only chance does.
        _require_same(name, whole, unasked()(bars) if leaks.found else leaks.remembered)
    return Verdict(
        n_bars=bars.n_bars,
        cuts=tuple(chosen),
        leaks=leaks.in_order(),
        cause=_cause(leaks.in_order(), whole, bars, warmup, unasked),
        answers=unasked.times,
        fitted_until=fitted_until(name, first.signal),
    )


def _cause(leaks: Sequence[Leak], whole: Forecast, bars: Bars, warmup: int, unasked: Unasked) -> Cause | None:
    if not leaks:
        return None
    asked = unasked()
    found = causes.likely(leaks, bars, warmup, lambda bar: _touched(asked, whole, bars, bar))
    if not _changed(whole, asked(bars), bars.n_bars).any():
        return found
    # It has answered from memory, so that only the first of its answers meant anything.
    return causes.likely(leaks, bars, warmup, lambda bar: _touched(unasked(), whole, bars, bar))


class _Leaks:
    """The cuts that leak, one future after the other.

    Attributes:
        found: The first leak of each cut, by cut.
        remembered: Another answer about the true history from a component that was asked about other futures first,
            None when each gave the same.
    """

    def __init__(self, whole: Forecast) -> None:
        self.found: dict[int, Leak] = {}
        self.remembered: Forecast | None = None
        self._whole = whole

    def look(self, future: str, chosen: Sequence[int], bars: Bars, asked: Asked, told: Callable[[int], None]) -> None:
        """Ask a component that has seen nothing about one future of each cut that is not known to leak."""
        found = {}
        for done, cut in enumerate(chosen):
            told(done)
            if cut not in self.found and (leak := _leak(asked, self._whole, bars, cut, future)) is not None:
                found[cut] = leak
        again = asked(bars)
        if _changed(self._whole, again, bars.n_bars).any():
            self.remembered = again
            if future != REMOVED:
                # Its answers may belong to other questions.  Where the future was removed they hold the past alone.
                return
        self.found |= found

    def in_order(self) -> tuple[Leak, ...]:
        """Return the leaks by their cuts."""
        return tuple(self.found[cut] for cut in sorted(self.found))


def _leak(asked: Asked, whole: Forecast, bars: Bars, cut: int, future: str) -> Leak | None:
    other = asked(FUTURES[future](bars, cut))
    changed = _changed(whole, other, cut)
    if not changed.any():
        return None
    bar, asset = (int(i) for i in np.argwhere(changed)[0])
    part = _part(whole, other, bar, asset)
    before, after = (float(getattr(one, part)[bar, asset]) for one in (whole, other))
    return Leak(cut=cut, future=future, changed=changed, bar=bar, asset=asset, part=part, before=before, after=after)


def _tell(progress: Callable[[int, int], None] | None, before: int, total: int, done: int) -> None:
    if progress is not None:
        progress(before + done, total)


def _touched(asked: Asked, whole: Forecast, bars: Bars, bar: int) -> BoolArray:
    """Return which forecasts before `bar` change when that bar alone does, `(bar, n_assets)`."""
    return _changed(whole, asked(scaled(bars, bar, 3.0, bar + 1)), bar)


def _changed(whole: Forecast, other: Forecast, stop: int) -> BoolArray:
    changed: BoolArray = np.abs(whole.score[:stop] - other.score[:stop]) > TOLERANCE
    return changed | (np.abs(whole.confidence[:stop] - other.confidence[:stop]) > TOLERANCE)


def _part(whole: Forecast, other: Forecast, bar: int, asset: int) -> str:
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
