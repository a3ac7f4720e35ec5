"""Recordings of a seed for the replays: a real calendar, and all that can happen to prices between two sessions."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import attrs
import numpy as np
from desk_harness import PHYSICS
from engine_harness import mission
from losing import DEADLINE, Learns, Losing, Overreaches
from sentence_parts import Momentum, strategy
from test_live_playback import Filed
from tradewright.data.market import Market
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.risk import requested_halt
from tradewright.risk.drawdown_halt import DrawdownHalt
from tradewright.risk.exposure import Exposure
from tradewright.risk.position_limit import PositionLimit
from tradewright.sessions import Sessions
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from twin_comparison import MAKERS

MINUTES = 60
SESSIONS = 10
"""Of one recording."""
WARM_UP = 24
"""Sessions before those, that are known and not traded: rules ask for the volatility of 20."""
SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
BOOKS = (("steady", SYMBOLS[:2]), ("learner", SYMBOLS[2:4]), ("weekly", SYMBOLS[4:]))
RULE_SETS = ("mission", "gates", "checks", "none")
_GATES = ("liquidity-floor", "circuit-breaker", "trading-window")
_CHECKS = (
    "finite",
    "session",
    "halt",
    "buying-power",
    "price-collar",
    "order-value",
    "order-quantity",
    "volume-share",
)
_LIMITS = {"order-value": {"limit": 2_500.0}, "order-quantity": {"limit": 40.0}, "volume-share": {"limit": 0.05}}
_FIRST, _LAST = np.datetime64("2012-01-01"), np.datetime64("2025-06-01")


class Recorded(NamedTuple):
    """One recording.

    Attributes:
        seed: Of all that is drawn.
        market: Its prices.
        start: First row that is traded.
        counts: What its traded sessions are made of.
    """

    seed: int
    market: Market
    start: int
    counts: Counter[str]


def record(seed: int, calendar: Sessions, sessions: int = SESSIONS) -> Recorded:
    """Return some consecutive sessions; every other recording has a half day among them."""
    random, chance = Random(seed), np.random.default_rng(seed)
    number = _window(calendar, sessions, random, with_half_day=seed % 2 == 0)
    opens, closes = calendar.opened_at[number], calendar.closed_at[number]
    opened = [np.arange(*span, np.timedelta64(MINUTES, "m")) for span in zip(opens, closes, strict=True)]
    lengths = [len(one) for one in opened]
    opened_at = np.concatenate(opened)
    until = np.repeat(closes, lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    grids, split, dividend = _prices(chance, len(opened_at), starts)
    instruments, exits = _instruments(random, calendar.date[number], starts)
    traded = chance.random(split.shape) > 0.04
    for column, at in exits.items():
        traded[at:, column] = False
    traded[: starts[1]] = True
    for grid in grids.values():
        grid[~traded] = np.nan
    bars = Bars(
        instruments=instruments,
        opened_at=opened_at,
        closed_at=np.minimum(opened_at + np.timedelta64(MINUTES, "m"), until).astype("datetime64[ns]"),
        session=np.repeat(calendar.date[number], lengths),
        closes_at=until,
        traded=traded,
        split=split,
        dividend=dividend,
        **grids,
    )
    start = int(starts[WARM_UP])
    counts = Counter({
        "sessions": sessions,
        "half days": sum(length < max(lengths) for length in lengths[WARM_UP:]),
        "holidays and weekends": int((np.diff(calendar.date[number[WARM_UP:]]) > np.timedelta64(1, "D")).sum()),
        "rows": bars.n_bars - start,
        "gaps": int((~traded[start:]).sum()) - sum(bars.n_bars - at for at in exits.values()),
        "splits": int((split[start:] != 1.0).sum()),
        "dividends": int((dividend[start:] != 0.0).sum()),
        "delistings": len(exits),
    })  # fmt: skip
    return Recorded(seed, Market(feeds=(), beside=(), bars=bars, sessions_per_year=252), start, counts)


def _window(calendar: Sessions, sessions: int, random: Random, *, with_half_day: bool) -> Any:
    low, high = np.searchsorted(calendar.date, [_FIRST, _LAST])
    first = random.randint(int(low), int(high))
    if with_half_day:
        length = calendar.closed_at - calendar.opened_at
        short = [day for day in np.flatnonzero(length < np.median(length)) if low <= day <= high]
        first = int(random.choice(short)) - WARM_UP - random.randrange(sessions)
    return np.arange(first, first + WARM_UP + sessions)


def _prices(chance: Any, n_bars: int, starts: Any) -> tuple[dict[str, Any], Any, Any]:
    """Return a walk in cents that leaps between sessions, and the splits and dividends that it shows."""
    shape = (n_bars, len(SYMBOLS))
    steps = chance.normal(0.0, 0.006, shape)
    steps[starts] += chance.normal(0.0, 0.02, (len(starts), len(SYMBOLS)))
    close = np.maximum(np.round(100.0 * np.exp(np.cumsum(steps, axis=0)), 2), 1.0)
    begin = np.vstack([close[:1], close[:-1]])
    begin[starts[1:]] = close[starts[1:]]
    wide = np.abs(chance.normal(0.0, 0.004, (2, *shape)))
    grids = {
        "open": begin,
        "high": np.round(np.maximum(begin, close) * (1.0 + wide[0]), 2),
        "low": np.maximum(np.round(np.minimum(begin, close) * (1.0 - wide[1]), 2), 0.01),
        "close": close,
        "volume": np.where(chance.random(shape) < 0.1, chance.integers(100, 2_000, shape), 1e6).astype("float64"),
    }
    split, dividend = np.ones(shape), np.zeros(shape)
    for at in starts[1:]:
        for column in range(len(SYMBOLS)):
            if chance.random() < 0.02:
                ratio = split[at, column] = chance.choice([2.0, 4.0, 0.5])
                for name, grid in grids.items():
                    grid[at:, column] = grid[at:, column] * ratio if name == "volume" else grid[at:, column] / ratio
            elif chance.random() < 0.03:
                dividend[at, column] = 0.25
    return grids, split, dividend


def _instruments(random: Random, days: Any, starts: Any) -> tuple[list[Instrument], dict[int, int]]:
    """Return the instruments, and from which row on one of them is gone, by column."""
    instruments, exits = [Instrument(symbol=symbol) for symbol in SYMBOLS], {}
    if random.random() < 0.4:
        column, day = random.randrange(len(SYMBOLS)), random.randrange(WARM_UP + 3, len(days))
        gone: date = days[day - 1].astype(object)
        instruments[column] = attrs.evolve(instruments[column], delisted_on=gone, delisted_cash=90.0)
        exits[column] = int(starts[day])
    return instruments, exits


# ---- who trades it ---------------------------------------------------------------------------------------


class Trader(Filed):
    """The sentence of a recording, and what it has lost."""

    @property
    def losing(self) -> list[Losing]:
        return [one for book in self.said.books for one in book.signals.values() if isinstance(one, Losing)]


def trader(seed: int, *, calm: bool = False, lookback: int = 4, gross: float = 0.9) -> Any:
    """Return three strategies: asked with the row, asked in turn, and once a week; calm ones lose nothing."""
    chance = Random(seed)
    named = dict.fromkeys(chance.sample(range(20, 90), 2), chance.choice(["raises", "exceeds"]))
    optimizers: tuple[Any, ...] = (
        Overreaches({} if calm else named),
        Learns(seed=None if calm else f"{seed}"),
        Overreaches(),
    )
    books = []
    for number, ((name, symbols), optimizer) in enumerate(zip(BOOKS, optimizers, strict=True)):
        fast, slow = f"{name}-fast", f"{name}-slow"
        signals = {fast: Momentum(2), slow: Momentum(lookback + number)}
        if not calm:
            signals = {one: Losing(signal, f"{seed} {one}") for one, signal in signals.items() if one != fast} | {
                fast: signals[fast]
            }
        books.append(
            strategy(
                name,
                symbols,
                signals=signals,
                optimizer=("over" if number != 1 else "learns", optimizer),
                gross=gross,
                rebalance="week" if number == 2 else ("bar", "session")[seed % 3 == 0],
                deadline=60.0 if calm else DEADLINE,
            )
        )
    costs = {
        "half_spread_and_slippage": 0.0005,
        "commission_per_share": 0.005,
        "cash_rate": 0.03,
        "borrow_rate": 0.05,
        "participation": 0.1,
        "has_volume": True,
        "has_actions": True,
        "has_exits": True,
    }
    return Trader(*books, costs=costs)


def rules_of(seed: int, folder: Path) -> FusedRules:
    """Return one of four sets of rules and checks, with tight limits, and the rule that halts on request."""
    kind = RULE_SETS[seed % len(RULE_SETS)]
    rules: Any = [
        *({} if kind == "none" else mission(DrawdownHalt(limit=0.02), PositionLimit(limit=0.3), Exposure(gross=0.6)))
    ]
    rules += [_made(name) for name in _GATES] if kind == "gates" else []
    checks = [_made(name) for name in _CHECKS] if kind == "checks" else PHYSICS
    return fuse((*rules, (requested_halt.NAME, requested_halt.RULE)), folder, checks)


def _made(name: str) -> tuple[str, Any]:
    options, make = MAKERS[name]
    return name, make(options(**_LIMITS.get(name, {})))
