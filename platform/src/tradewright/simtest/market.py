"""Markets of a seed: a real calendar with its holidays and half days, gaps, halts, splits and dividends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from random import Random

    from tradewright.execute.faults import Dice
    from tradewright.sessions import Sessions
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
MINUTES = 15
WARM_UP = 1
"""Sessions before the first that is traded."""
_FIRST, _LAST = np.datetime64("2015-01-01"), np.datetime64("2025-06-30")


def make(calendar: Sessions, days: int, dice: Dice) -> tuple[Bars, int]:
    """Return the bars of some consecutive sessions, and the first that is traded.

    Args:
        calendar: All sessions of an exchange.
        days: Sessions to be traded.
        dice: Whether symbols miss bars, are halted or split; and chance.
    """
    random = dice.random
    first = random.randint(
        int(np.searchsorted(calendar.date, _FIRST)), int(np.searchsorted(calendar.date, _LAST)) - days
    )
    number = np.arange(first - WARM_UP, first + days)
    opens, closes = calendar.opened_at[number], calendar.closed_at[number]
    step = np.timedelta64(MINUTES, "m")
    opened = [np.arange(begin, end, step) for begin, end in zip(opens, closes, strict=True)]
    lengths = [len(one) for one in opened]
    opened_at = np.concatenate(opened)
    n_bars, starts = len(opened_at), np.cumsum([0, *lengths[:-1]])
    split, dividend = np.ones((n_bars, len(SYMBOLS))), np.zeros((n_bars, len(SYMBOLS)))
    grids = _prices(random, n_bars, starts)
    for at in starts[WARM_UP + 1 :]:
        _act(dice, int(at), split, dividend, grids)
    traded = _traded(dice, n_bars, starts)
    for grid in grids.values():
        grid[~traded] = np.nan
    bars = Bars(
        instruments=[Instrument(symbol=symbol) for symbol in SYMBOLS],
        opened_at=opened_at,
        closed_at=(opened_at + step).astype("datetime64[ns]"),
        session=np.repeat(calendar.date[number], lengths),
        closes_at=np.repeat(closes, lengths),
        traded=traded,
        split=split,
        dividend=dividend,
        open=grids["open"],
        high=grids["high"],
        low=grids["low"],
        close=grids["close"],
        volume=grids["volume"],
    )
    return bars, int(starts[WARM_UP])


def _prices(random: Random, n_bars: int, starts: IntArray) -> dict[str, FloatArray]:
    """Return a random walk in cents that leaps between sessions, and volumes that are thin now and then."""
    chance = np.random.default_rng(random.getrandbits(64))
    shape = (n_bars, len(SYMBOLS))
    steps = chance.normal(0.0, random.choice([0.001, 0.003, 0.008]), shape)
    steps[starts] += chance.normal(0.0, 0.015, (len(starts), len(SYMBOLS)))
    close = np.maximum(np.round(100.0 * np.exp(np.cumsum(steps, axis=0)), 2), 1.0)
    begin = np.vstack([close[:1], close[:-1]])
    begin[starts[1:]] = close[starts[1:]]
    wide = np.abs(chance.normal(0.0, 0.002, (2, *shape)))
    high = np.round(np.maximum(begin, close) * (1.0 + wide[0]), 2)
    low = np.maximum(np.round(np.minimum(begin, close) * (1.0 - wide[1]), 2), 0.01)
    volume = np.where(chance.random(shape) < 0.1, chance.integers(100, 2_000, shape), 1_000_000).astype("float64")
    return {"open": begin, "high": high, "low": low, "close": close, "volume": volume}


def _act(dice: Dice, at: int, split: FloatArray, dividend: FloatArray, grids: dict[str, FloatArray]) -> None:
    """Split a share, or pay on it, before a session's first bar."""
    for column in range(len(SYMBOLS)):
        if dice.strikes("F29"):
            ratio = dice.random.choice([2.0, 4.0, 0.5])
            split[at, column] = ratio
            for name, grid in grids.items():
                grid[at:, column] = grid[at:, column] * ratio if name == "volume" else grid[at:, column] / ratio
        elif dice.random.random() < 0.02:
            dividend[at, column] = 0.25


def _traded(dice: Dice, n_bars: int, starts: IntArray) -> BoolArray:
    """Say where a symbol has a bar; it always has in the first session."""
    traded = np.ones((n_bars, len(SYMBOLS)), bool)
    for bar in range(int(starts[WARM_UP]), n_bars):
        for column in range(len(SYMBOLS)):
            if dice.strikes("F28"):
                traded[bar, column] = False
            if dice.strikes("F31"):
                traded[bar : bar + dice.random.randint(2, 8), column] = False
    return traded
