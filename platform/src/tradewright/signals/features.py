"""Do the numbers that a rule or an order check asks for look ahead?  They are computed again with other futures.

Rules see no prices but through their features, so a rule whose features are causal is causal.  Features are functions
of the bars alone and are asked where they are, from the shortest history on: before the last of the first questions
no bar after the cut has been seen by anyone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from tradewright.errors import DataError, PluginError
from tradewright.risk.computed import matrices, numbers
from tradewright.signals import causes, cuts
from tradewright.signals.causality import BARS_MIN, CUTS_EACH, TOLERANCE, Leak, Verdict
from tradewright.signals.futures import FUTURES, REMOVED, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradewright.risk.contract import Feature, MatrixFeature, OrderCheck, TargetRule
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray
    from tradewright.values.bars import Bars


class Told(Protocol):
    """What one feature told of some bars."""

    def changed(self, other: Told, stop: int | None) -> BoolArray:
        """Return where another answer differs before bar `stop`, None for anywhere, `(stop, n_assets)`."""

    def value(self, bar: int, asset: int) -> float:
        """Return the number that a report shows."""


class Numbers(NamedTuple):
    """Of a feature, `(n_bars, n_assets)`."""

    values: FloatArray

    def changed(self, other: Told, stop: int | None) -> BoolArray:
        """As of `Told`; unknown equals unknown."""
        assert isinstance(other, Numbers)  # noqa: S101  # the same feature told both
        return _differ(self.values[:stop], other.values[:stop])

    def value(self, bar: int, asset: int) -> float:
        """As of `Told`."""
        return float(self.values[bar, asset])


class Matrices(NamedTuple):
    """Of a matrix feature: matrices, and the number of the one that each bar knows, -1 for none."""

    found: Sequence[FloatArray]
    at: IntArray

    def changed(self, other: Told, stop: int | None) -> BoolArray:
        """As of `Told`; an asset differs where its row does."""
        assert isinstance(other, Matrices)  # noqa: S101  # the same feature told both
        n_assets = len(self.found[0]) if len(self.found) else len(other.found[0]) if len(other.found) else 1
        result = np.zeros((len(self.at[:stop]), n_assets), dtype=bool)
        pairs, which = np.unique(np.stack([self.at[:stop], other.at[:stop]]), axis=1, return_inverse=True)
        for number, (mine, theirs) in enumerate(pairs.T):
            if mine < 0 and theirs < 0:
                continue
            both = mine >= 0 and theirs >= 0
            rows = _differ(self.found[mine], other.found[theirs]).any(axis=1) if both else np.True_
            result[which.ravel() == number] = rows
        return result

    def value(self, bar: int, asset: int) -> float:
        """As of `Told`: the mean of the asset's row, NaN for no matrix."""
        return float(np.mean(self.found[self.at[bar]][asset])) if self.at[bar] >= 0 else float("nan")


def check_features(
    name: str,
    rule: TargetRule | OrderCheck,
    bars: Bars,
    *,
    each: int = CUTS_EACH,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Ask the features of a rule or an order check about other futures of the same past.

    Args:
        name: Its word in plugins.toml, for errors.
        rule: One that asks for features or matrices.
        bars: What the engine reads, some bars more than the longest window.
        each: Cuts of each kind (see `cuts.choose`).
        seed: Chooses the cuts.
        progress: Called with the questions done and those to do.

    Raises:
        DataError: The history is too short for a verdict, or lacks what a feature needs.
        PluginError: A feature raised, returned something else, or answers equal questions differently.
    """
    warmup = max(feature.window for feature in asked_of(rule))
    if bars.n_bars < warmup + BARS_MIN:
        message = f"a verdict needs {warmup + BARS_MIN} bars, {BARS_MIN} more than the longest window"
        raise DataError(f"{message}; there are {bars.n_bars}", key=name, fix="give it a longer history")
    # What a feature says of all bars must not be known yet, so no cut is chosen by it.
    unknown = np.zeros(bars.n_bars - 1)
    chosen = cuts.choose(bars, unknown, warmup + 2, each, np.random.default_rng(seed))
    ask, asked = _Asked(name, rule), partial(_tell, progress, len(FUTURES) * len(chosen))
    leaks, whole = _grown(ask, rule, bars, chosen, asked)
    for future in (name for name in FUTURES if name != REMOVED):
        for cut in chosen:
            asked(ask.times)
            if cut not in leaks and (leak := _leak(rule, whole, ask(FUTURES[future](bars, cut)), cut, future)):
                leaks[cut] = leak
    if not leaks:
        _require_same(name, rule, whole, ask(bars))
    found = tuple(leaks[cut] for cut in sorted(leaks))
    cause = causes.likely(found, bars, warmup, partial(_touched, ask, whole, bars)) if found else None
    return Verdict(n_bars=bars.n_bars, cuts=tuple(chosen), answers=ask.times, leaks=found, cause=cause)


def _grown(
    ask: _Asked, rule: TargetRule | OrderCheck, bars: Bars, chosen: Sequence[int], asked: Callable[[int], None]
) -> tuple[dict[int, Leak], list[Told]]:
    """Return where a growing history changes what was told of its beginning, and what is told of all of it.

    Each answer is compared with the next longer one: two are kept, and not one for every cut.
    """
    leaks: dict[int, Leak] = {}
    told: list[Told] | None = None
    for before, cut in zip([0, *chosen], [*chosen, bars.n_bars], strict=True):
        asked(ask.times)
        longer = ask(FUTURES[REMOVED](bars, cut))
        if told is not None and (leak := _leak(rule, longer, told, before, REMOVED)) is not None:
            leaks[before] = leak
        told = longer
    assert told is not None  # noqa: S101  # all of the history is the last question
    return leaks, told


def _tell(progress: Callable[[int, int], None] | None, total: int, done: int) -> None:
    if progress is not None:
        progress(min(done, total), total)


def asked_of(rule: TargetRule | OrderCheck) -> tuple[Feature | MatrixFeature, ...]:
    """Return all that a rule or an order check asks for, in order."""
    return (*rule.features, *rule.matrices)


class _Asked:
    """The features of one rule, counting how often they answer."""

    def __init__(self, name: str, rule: TargetRule | OrderCheck) -> None:
        self._name, self._rule, self.times = name, rule, 0

    def __call__(self, bars: Bars) -> list[Told]:
        self.times += 1
        plain: list[Told] = [Numbers(numbers(self._name, one, bars)) for one in self._rule.features]
        return plain + [Matrices(*matrices(self._name, one, bars)) for one in self._rule.matrices]


def _leak(rule: TargetRule | OrderCheck, whole: list[Told], other: list[Told], cut: int, future: str) -> Leak | None:
    for feature, mine, theirs in zip(asked_of(rule), whole, other, strict=True):
        changed = mine.changed(theirs, cut)
        if changed.any():
            bar, asset = (int(i) for i in np.argwhere(changed)[0])
            before, after = mine.value(bar, asset), theirs.value(bar, asset)
            part = feature.name
            return Leak(
                cut=cut, future=future, changed=changed, bar=bar, asset=asset, part=part, before=before, after=after
            )
    return None


def _touched(ask: _Asked, whole: list[Told], bars: Bars, bar: int) -> BoolArray:
    other = ask(scaled(bars, bar, 3.0, bar + 1))
    changed = [mine.changed(theirs, bar) for mine, theirs in zip(whole, other, strict=True)]
    result: BoolArray = np.logical_or.reduce(changed)
    return result


def _require_same(name: str, rule: TargetRule | OrderCheck, whole: list[Told], again: list[Told]) -> None:
    for feature, mine, theirs in zip(asked_of(rule), whole, again, strict=True):
        if mine.changed(theirs, None).any():
            raise PluginError(
                "answered the same question differently",
                key=f"{name}.{feature.name}",
                fix="compute it from the bars alone, and keep nothing from one call to the next",
            )


def _differ(one: FloatArray, other: FloatArray) -> BoolArray:
    """Return where numbers differ by more than rounding; unknown equals unknown."""
    return ~np.isclose(one, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
