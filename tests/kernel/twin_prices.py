"""Random prices, volumes, splits and dividends of a draw; see `twin_draws`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from twin_case import Asset

if TYPE_CHECKING:
    from twin_draws import Draw

PRICE_STEP = 1 / 64
DAY = 24 * 60
ROUND_PRICES = [1600, 3200, 4096, 4096, 4096, 6400]
ROUND_GAPS = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0625, 1.05, 0.9375, 0.95]
ROUND_MOVES = [1.0, 1.0, 1.0, 1.03125, 0.96875, 1.0625, 0.9375, 1.125, 0.875, 0.75]
ROUND_REACH = [0.0, 0.0, 1 / 128, 1 / 64, 1 / 32]
ROUND_QUANTITY = 64  # in lots
RATIOS = [2.0, 3.0, 0.5, 1.5, 0.25, 4.0, 1 / 3, 0.1]
SMALLEST = 64  # in steps of the price: what a split leaves
DIVIDENDS = [1, 16, 64, 128]  # in steps of the price
COIN_SCALES = [2.0**-30, 1.0, 2.0**20]  # Of prices: a cheap coin, and one whose price has more ticks than 64 bits.
COIN_LOTS, COIN_TICKS = [0.1, 1e-8, 1e-12], [0.0, 1e-8, 1e-12]
Cell = tuple[float, float, float, float] | None


def constants(draw: Draw, number: int) -> Asset:
    random = draw.stream("asset", number)
    if is_coin(draw, number):
        tick = random.choice(COIN_TICKS) if draw.ticks else 0.0
        return Asset(lot=random.choice(COIN_LOTS), tick=tick)
    return Asset(
        lot=random.choice([1.0, 10.0]) if draw.lots else 1.0,
        tick=random.choice([0.0, 1 / 64, 0.125, 0.01]) if draw.ticks else 0.0,
        multiplier=random.choice([1.0, 10.0]) if draw.multipliers else 1.0,
    )


def is_coin(draw: Draw, number: int) -> bool:
    """Tell whether an asset is one of very small, or very large, prices with tiny lots and ticks."""
    return draw.coins and draw.stream("coin", number).random() < 0.5


def scale_of(draw: Draw, number: int) -> float:
    """Return what the asset's prices are multiplied by, a power of two: what was exact stays so."""
    return draw.stream("scale", number).choice(COIN_SCALES) if is_coin(draw, number) else 1.0


def sessions(draw: Draw) -> list[int]:
    """Number the session of every bar; some are short, but not the first: a trading window needs several bars."""
    random, numbers, session, left = draw.stream("session"), [], 0, 0
    for _ in range(draw.n_bars):
        if left == 0:
            session += 1
            left = draw.bars_per_session if random.random() < 0.8 else random.randint(1, draw.bars_per_session)
            left = max(left, 2) if session == 1 else left
        left -= 1
        numbers.append(session)
    return numbers


def times(draw: Draw, session: list[int]) -> tuple[list[int], list[int]]:
    """Return the minutes in which each bar opened and closed; now and then a bar of the session is absent."""
    opened: list[int] = []
    random, length, now = draw.stream("absent"), bar_minutes(draw), 0
    for bar, number in enumerate(session):
        absent = random.random() < 0.1
        if bar == 0 or number != session[bar - 1]:
            now = number * DAY
        elif absent:
            now += length
        opened.append(now)
        now += length
    return opened, [start + length for start in opened]


def bar_minutes(draw: Draw) -> int:
    return draw.stream("minutes").choice([5, 30, 60])


@dataclass
class Column:
    """What happened to one asset bar by bar."""

    cells: list[Cell] = field(default_factory=list)  # None where it did not trade
    split: list[float] = field(default_factory=list)  # new units per old one, traded or not
    dividend: list[float] = field(default_factory=list)  # likewise, per new unit


def prices(draw: Draw, number: int) -> Column:
    """Return the prices and actions of an asset; a price falls by what a split or a dividend takes from it."""
    random, acting = draw.stream("price", number), draw.stream("actions", number)
    last = random.choice(ROUND_PRICES if draw.round_numbers else [320, 1600, 6400, 12800])
    calm = random.choice([0.002, 0.01, 0.03])
    rough = random.choice([0.05, 0.2]) if draw.rough else 0.01
    begins = random.randint(1, 12) if draw.late and number > 0 else 0
    column, step = Column(), PRICE_STEP * scale_of(draw, number)
    for bar in range(draw.n_bars):
        ratio, dividend = actions(draw, acting, last)
        last = max(1, round(last / ratio) - dividend)
        chance, jump = random.random(), random.random()
        bar_of = round_bar if draw.round_numbers else any_bar
        cell = bar_of(random, last, calm, jump < rough)
        traded = bar >= begins and not (draw.missing and chance < 0.15)
        if traded:
            last = cell[3]
        open_, high, low, close = (price * step for price in cell)
        column.cells.append((open_, high, low, close) if traded else None)
        column.split.append(ratio)
        column.dividend.append(dividend * step)
    return column


def actions(draw: Draw, random: Random, last: int) -> tuple[float, int]:
    """Return the split and the dividend, in steps of the price, of the next bar; no price falls to nothing."""
    ratio, dividend = random.choice(RATIOS), random.choice(DIVIDENDS)
    splits, pays = random.random() < 0.05, random.random() < 0.1
    if not (draw.splits and splits) or last / ratio < SMALLEST:
        ratio = 1.0
    return ratio, dividend if draw.dividends and pays and last / ratio > 4 * dividend else 0


def any_bar(random: Random, last: int, calm: float, jumps: bool) -> tuple[int, int, int, int]:
    open_ = moved(random, last, calm / 2)
    if jumps:
        open_ = max(1, round(last * random.choice([0.55, 0.7, 0.8, 0.875, 0.9, 1.1, 1.25, 1.5])))
    close = moved(random, open_, calm)
    high = max(open_, close) + random.choice([0, 0, round(last * calm)])
    low = max(1, min(open_, close) - random.choice([0, 0, round(last * calm)]))
    return open_, high, low, close


def round_bar(random: Random, last: int, calm: float, jumps: bool) -> tuple[int, int, int, int]:
    """Return a bar whose prices are often exactly at a limit."""
    open_ = max(1, round(last * random.choice(ROUND_GAPS)))
    close = max(1, round(last * random.choice(ROUND_MOVES)))
    high = max(open_, close, round(last * (1 + random.choice(ROUND_REACH))))
    low = max(1, min(open_, close, round(last * (1 - random.choice(ROUND_REACH)))))
    return open_, high, low, close


def moved(random: Random, price: int, scale: float) -> int:
    return max(1, round(price * (1 + random.gauss(0.0005, scale))))


def volumes(draw: Draw, traded: list[list[bool]]) -> list[list[float]]:
    """Return integer volumes, in some draws so thin that orders do not fit."""
    largest = draw.stream("volume").choice([2_000, 50_000, 10_000_000])
    streams = [draw.stream("volume", number) for number in range(draw.n_assets)]
    drawn = [[float(random.randint(0, largest)) for random in streams] for _ in traded]
    return [
        [v if cell else math.nan for v, cell in zip(*row, strict=True)] for row in zip(drawn, traded, strict=True)
    ]
