"""Splits and dividends: can those that are told be true, and which ones were not told?

open x ratio / last close:   near 1       prices as they traded, the split is theirs
                             near ratio   prices that contain the split already
                             near ratio squared   a ratio told upside down
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.data.findings import FINDINGS_MAX, Finding
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars

JUMP_FALL = 0.10
"""A close at or below this share of the close before, a fall of 90 %, is a suspected split."""

JUMP_RISE = 10.0
"""A close at or above this multiple of the close before, a rise of 900 %, is a suspected reverse split."""

SPLIT_RATIOS = (1.5, 2.0, 3.0)
"""Splits that are made, and small enough for the market to come near them by itself."""

REVERSE_RATIOS = (2.0, 3.0)
"""Reverse splits likewise; 2:3 is not made, and a volatility index rises by half on its own."""

SPLIT_SLACK = 0.03
"""Relative: how far the market itself may have moved over the night of such a split."""

CLIFF = 4.0 * (1.0 - SPLIT_SLACK)
"""A night over which prices change by this factor or more is pointed out, whatever the market added to the split."""

NIGHT = 0.10
"""Relative: what the market moves over a night when a told split is judged; ratios within twice that are only warned
of, because prices with the split and prices without it look alike."""

SPLIT_MOST = 1e6
"""New units per old one, or old ones per new: more than any company has made of one."""

DIVIDEND_MOST = 0.5
"""Of the last price.  Special dividends have reached a third of it; above a half it is a liquidation, an amount in
cents, or one in the units before a split."""

_EQUAL = 1e-9  # Relative: 2.3 to 0.23 is a fall of exactly 90 %, whatever the last bit says.
_SUPPLY = "supply the split as an action, or use split-adjusted prices and declare adjustment"


@attrs.frozen(kw_only=True)
class _Steps:
    """Every step of one asset from a traded bar with a price to the next.

    Attributes:
        row: Row of the later bar, `(n_steps,)`.
        before: Close of the earlier bar.
        first: First price of the later one: its open, or its close where there are closes only.
        close: Close of the later bar.
        split: New units per old one told between the two, 1 for none.
        dividend: Told for the later bar, currency per new unit; 0 where it is none that can be.
        overnight: Whether a session ends between the two.
    """

    row: NDArray[np.int64] = array_field("int64")
    before: FloatArray = array_field()
    first: FloatArray = array_field()
    close: FloatArray = array_field()
    split: FloatArray = array_field()
    dividend: FloatArray = array_field()
    overnight: BoolArray = array_field("bool")

    @classmethod
    def of(cls, bars: Bars, asset: int) -> _Steps:
        close, first = bars.close[:, asset], (bars.close if bars.open is None else bars.open)[:, asset]
        row = np.flatnonzero(bars.traded[:, asset] & (close > 0) & (first > 0) & np.isfinite(close / first))
        before, split = close[row[:-1]], np.exp(np.diff(np.cumsum(np.log(told_splits(bars, asset)))[row]))
        paid = (np.zeros(bars.n_bars) if bars.dividend is None else bars.dividend[:, asset])[row[1:]]
        return cls(
            row=row[1:],
            before=before,
            first=first[row[1:]],
            close=close[row[1:]],
            split=split,
            dividend=np.where((paid > 0) & (paid * split <= DIVIDEND_MOST * (1 + _EQUAL) * before), paid, 0.0),
            overnight=bars.session[row[1:]] != bars.session[row[:-1]],
        )


def check_actions(bars: Bars, asset: int) -> Iterator[Finding]:
    """Yield what is wrong with the actions of one asset, and what looks like one that was not told.

    A finding of kind `action` or `jump` makes the prices unusable; one of kind `ratio` is a warning.
    """
    yield from _impossible(bars, asset)
    yield from _dividends(bars, asset)
    steps = _Steps.of(bars, asset)
    untold = np.ones(len(steps.row), dtype=bool)
    for step in np.flatnonzero(np.abs(np.log(steps.split)) > _EQUAL)[:FINDINGS_MAX].tolist():
        finding = _told_split(bars, asset, steps, step)
        untold[step] = finding is None
        if finding is not None:
            yield finding
    if bars.adjustment == "none":
        jumps = untold & _is_jump(steps)
        untold &= ~jumps
        for step in np.flatnonzero(jumps)[:FINDINGS_MAX].tolist():
            yield _jump(bars, asset, steps, step)
    yield from _untold(bars, asset, steps, untold)


def told_splits(bars: Bars, asset: int) -> FloatArray:
    """Return the ratios that can be one, 1 elsewhere."""
    if bars.split is None:
        return np.ones(bars.n_bars)
    split = bars.split[:, asset]
    return np.where(_possible(split), split, 1.0)


def _possible(split: FloatArray) -> BoolArray:
    return (split >= 1.0 / SPLIT_MOST) & (split <= SPLIT_MOST)


def _impossible(bars: Bars, asset: int) -> Iterator[Finding]:
    for name, least in (("split", "> 0"), ("dividend", ">= 0")):
        array: FloatArray | None = getattr(bars, name)
        if array is None:
            continue
        values = array[:, asset]
        low = ~np.isfinite(values) | (values < 0) | ((values == 0) & (name == "split"))
        far = ~low & ~_possible(values) if name == "split" else np.zeros_like(low)
        fix = "correct the action, or leave the cell empty"
        for row in np.flatnonzero(low | far)[:FINDINGS_MAX].tolist():
            bounds = f"within [{1.0 / SPLIT_MOST:g}, {SPLIT_MOST:g}]" if far[row] else least
            message = f"must be {bounds}, was {values[row]:g}"
            yield _finding(bars, asset, row, "action", message, fix, column=name)


def _dividends(bars: Bars, asset: int) -> Iterator[Finding]:
    """Find dividends that are too large a part of the last close, in units of the ex-bar."""
    if bars.dividend is None:
        return
    close, paid = bars.close[:, asset], bars.dividend[:, asset]
    traded = np.flatnonzero(bars.traded[:, asset] & (close > 0))
    units = np.exp(np.cumsum(np.log(told_splits(bars, asset))))
    rows = np.flatnonzero((paid > 0) & np.isfinite(paid))
    if traded.size == 0 or rows.size == 0:
        return
    # A first bar pays nobody, but signals see its dividend: it is judged by its own close.
    last = traded[np.maximum(np.searchsorted(traded, rows) - 1, 0)]
    price = close[last] * units[last] / units[rows]
    fix = 'correct the amount (currency per new unit), or take prices that contain it and declare adjustment = "all"'
    for place in np.flatnonzero(paid[rows] > DIVIDEND_MOST * (1 + _EQUAL) * price)[:FINDINGS_MAX].tolist():
        row = int(rows[place])
        message = f"must be at most {DIVIDEND_MOST:.0%} of the last price, {price[place]:.10g}, was {paid[row]:.10g}"
        yield _finding(bars, asset, row, "action", message, fix, column="dividend")


def _told_split(bars: Bars, asset: int, steps: _Steps, step: int) -> Finding | None:
    """Return what is wrong with a split that was told, None when the prices agree with it."""
    ratio, before, first = float(steps.split[step]), float(steps.before[step]), float(steps.first[step])
    moved, told = math.log((first + float(steps.dividend[step])) / before), math.log(ratio)
    away = {"traded": abs(moved + told), "contained": abs(moved), "inverse": abs(moved - told)}
    nearest = min(away, key=lambda case: away[case])
    if nearest == "traded":
        return None
    row, found = int(steps.row[step]), f"{before:.10g} to {first:.10g} overnight, {before / ratio:.10g} expected"
    if abs(told) <= 2.0 * math.log1p(NIGHT):
        message = f"a split of {ratio:.10g} may be in the prices already: {found}"
        fix = 'declare adjustment = "splits" if it is, or "all" if dividends are too'
        return _finding(bars, asset, row, "ratio", message, fix, column="split")
    if nearest == "inverse":
        message = f"a split of {ratio:.10g} is told upside down: {found}"
        return _finding(bars, asset, row, "action", message, "write new units per old one", column="split")
    message = f"a split of {ratio:.10g} is in the prices already: {found}"
    fix = 'declare adjustment = "splits" ("all" if dividends are in the prices too), or remove the column'
    return _finding(bars, asset, row, "action", message, fix, column="split")


def _is_jump(steps: _Steps) -> BoolArray:
    close = steps.close * steps.split
    fall = close <= JUMP_FALL * (1 + _EQUAL) * steps.before
    rise: BoolArray = close >= JUMP_RISE * (1 - _EQUAL) * steps.before
    return fall | rise


def _jump(bars: Bars, asset: int, steps: _Steps, step: int) -> Finding:
    before, close, split = steps.before[step], steps.close[step], steps.split[step]
    known = "" if abs(math.log(split)) <= _EQUAL else " after its split"
    move = f"{close * split / before - 1:+.0%}{known}"
    message = f"suspected split: {before:.10g} to {close:.10g} ({move})"
    return _finding(bars, asset, int(steps.row[step]), "jump", message, _SUPPLY)


def _untold(bars: Bars, asset: int, steps: _Steps, untold: BoolArray) -> Iterator[Finding]:
    """Find nights that look like a split; one that was told needs no guess, and within a session there is none."""
    here = untold & steps.overnight & (np.abs(np.log(steps.split)) <= _EQUAL)
    change = (steps.first + steps.dividend) / steps.before
    with np.errstate(divide="ignore", over="ignore"):  # From 10 to the smallest number there is: an infinite factor.
        back = 1.0 / change
    for factor, usual, words in (
        (back, SPLIT_RATIOS, "{:g}:1 split"),
        (change, REVERSE_RATIOS, "1:{:g} reverse split"),
    ):
        ratio = np.where(factor >= CLIFF * (1 - _EQUAL), np.round(factor), 0.0)
        for made in usual:
            ratio[np.abs(factor / made - 1) <= SPLIT_SLACK + _EQUAL] = made
        for step in np.flatnonzero(here & (ratio > 0.0))[:FINDINGS_MAX].tolist():
            row, guess = int(steps.row[step]), words.format(ratio[step])
            found = f"{steps.before[step]:.10g} to {steps.first[step]:.10g} overnight"
            message = f"looks like a {guess} on {bars.session[row]}: {found}"
            fix = _SUPPLY
            if bars.adjustment != "none":
                message += f', in prices declared adjustment = "{bars.adjustment}"'
                fix = "declare adjustment as it is, or take the prices from another source"
            yield _finding(bars, asset, row, "ratio", message, fix)


def _finding(
    bars: Bars, asset: int, row: int, kind: str, message: str, fix: str, *, column: str = "close"
) -> Finding:
    return Finding(kind=kind, message=message, fix=fix, symbol=bars.symbols[asset], column=column, row=row)
