"""Markets of a seed: a real calendar with its holidays and half days, gaps, halts, splits and dividends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import numpy as np

from tradewright.simtest.lateness import LATE_DIVIDENDS
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
COLUMNS = ("open", "high", "low", "close", "volume")
FAT_ROWS = 0.02
"""How often a row's price is far off, as a part of how often a quote is: without another source it is believed."""
DIVIDENDS, MORE_DIVIDENDS = 0.02, 10.0
"""How often a share pays before a session, and how many times as often where what it pays may come late."""
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
    pays = DIVIDENDS * (MORE_DIVIDENDS if dice.plays(LATE_DIVIDENDS) else 1.0)
    for column in range(len(SYMBOLS)):
        if dice.strikes("F29"):
            ratio = dice.random.choice([2.0, 4.0, 0.5])
            split[at, column] = ratio
            for name, grid in grids.items():
                grid[at:, column] = grid[at:, column] * ratio if name == "volume" else grid[at:, column] / ratio
        elif dice.random.random() < pays:
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


# ---- what is told of it ----------------------------------------------------------------------------------


class Told(NamedTuple):
    """A market, and what is told of it.

    Attributes:
        bars: As it is; what is told wrong is not traded.
        heard: As whoever believes what can be will know it.
        wrong: Rows that hold what cannot be, by number.
    """

    bars: Bars
    heard: Bars
    wrong: dict[int, Bars]


def spoil(bars: Bars, start: int, dice: Dice) -> Told:
    """Let prices be told that cannot be, or that are far off, from a row on."""
    bad, fat = np.zeros_like(bars.traded), np.zeros_like(bars.traded)
    for bar, column in np.argwhere(bars.traded[start:]):
        bad[start + bar, column] = dice.strikes("F26")
        fat[start + bar, column] = not bad[start + bar, column] and dice.strikes("F27", FAT_ROWS)
    if not (bad | fat).any():
        return Told(bars, bars, {})
    cells: dict[str, Any] = {name: getattr(bars, name).copy() for name in COLUMNS}
    for bar, column in np.argwhere(fat):
        _fatten(dice.random, cells, bar, column)
    left: dict[str, Any] = {name: np.where(bad, np.nan, grid) for name, grid in cells.items()}
    for bar, column in np.argwhere(bad):
        _break(dice.random, cells, bar, column)
    told, traded = attrs.evolve(bars, **cells), bars.traded & ~bad
    known: dict[str, Any] = {name: np.where(bad, np.nan, getattr(bars, name)) for name in COLUMNS}
    clean = attrs.evolve(bars, traded=traded, **known)
    wrong = {int(bar): told.between(int(bar), int(bar) + 1) for bar in np.flatnonzero(bad.any(axis=1))}
    return Told(clean, attrs.evolve(clean, **left), wrong)


def _break(random: Random, cells: dict[str, FloatArray], bar: int, column: int) -> None:
    """Make one bar impossible."""
    low, high = cells["low"][bar, column], cells["high"][bar, column]
    nonsense = {
        "close": (np.nan, np.inf, 0.0, -cells["close"][bar, column], high * 1.1),
        "volume": (np.nan, np.inf, -1.0),
        "high": (low * 0.9,),
        "open": (0.0, low * 0.5),
    }
    name = random.choice([*nonsense])
    cells[name][bar, column] = random.choice(nonsense[name])


def _fatten(random: Random, cells: dict[str, FloatArray], bar: int, column: int) -> None:
    """Make one close a price of another order, and its bar wide enough for it."""
    size = random.uniform(1.34, 4.0)
    close = max(round(cells["close"][bar, column] * (size if random.random() < 0.5 else 1.0 / size), 2), 0.01)
    cells["close"][bar, column] = close
    cells["high"][bar, column] = max(close, cells["high"][bar, column])
    cells["low"][bar, column] = min(close, cells["low"][bar, column])
