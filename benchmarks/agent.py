"""What is timed of the agent: single calls, a row prepared, a day played: `python agent.py SIZES RESULT.json [CORE]`.

All of it trades the file at the top of the repository with five assets of quarter-hour bars, so that rules, checks,
signal and optimizer are those of the default, the mission's limits among them.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import market
import numpy as np
from tradewright import config
from tradewright.cli.inventory import take_inventory
from tradewright.data.market import Market
from tradewright.engine.known import Prepared, opening_of
from tradewright.engine.log import FILL
from tradewright.engine.state import table
from tradewright.ledger.entry import Kind
from tradewright.live.outlook import RowByRow
from tradewright.live.playback import Playback
from tradewright.sentence.parts import Sentence
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tradewright.engine.fuse import FusedRules

ASSETS = 5
WARM = 25  # Days before those that are timed: a stop is sized by the volatility of 20.
BATCH = 1_000  # Calls between two looks at the clock; fewer than the fills that a bar has room for.
CACHE = Path(__file__).parent / ".tradewright" / "rules"
SYMBOLS = [f"A{asset}" for asset in range(ASSETS)]
OVERRIDES = (
    f"data.indices.symbols={json.dumps(SYMBOLS)}",
    'data.indices.bar="15m"',
    'strategies.trend.rebalance="bar"',
    "strategies.trend.signals.ma-crossover.fast=10",
    "strategies.trend.signals.ma-crossover.slow=40",
)


def bars_of(n_days: int) -> Bars:
    """Return quarter-hour bars of five assets."""
    arrays = market.quarters(n_days, ASSETS)
    named = {name: arrays[name] for name in ("open", "high", "low", "close", "volume")}
    return Bars(
        instruments=[Instrument(symbol=symbol) for symbol in SYMBOLS],
        opened_at=arrays["opened_at"].view("datetime64[ns]"),
        closed_at=arrays["closed_at"].view("datetime64[ns]"),
        session=arrays["session"].view("datetime64[D]"),
        traded=np.ones(named["close"].shape, bool),
        **named,
    )


def made() -> tuple[Sentence, FusedRules]:
    """Return the sentence of the file and its compiled rules."""
    settings = config.read(Path(__file__).parents[1] / "plugins.toml", OVERRIDES)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    sentence = Sentence.build(settings, plugins, None).on_request()
    return sentence, sentence.fuse(CACHE)


def prepared(sentence: Sentence, fused: FusedRules, rows: int, times: int) -> float:
    """Return the seconds in which a row is prepared that has so many before it; the anchor does not move."""
    bars = bars_of(-(-(rows + times) // market.QUARTERS))
    outlook, shortest = RowByRow(sentence, fused, bars.until(rows)), math.inf
    for bar in range(rows, rows + times):
        row = bars.between(bar, bar + 1)
        shortest = min(shortest, timed(lambda row=row: outlook.prepare(row)))
    return shortest


def calls(sentence: Sentence, fused: FusedRules, times: int) -> Iterator[tuple[str, float]]:
    """Yield the seconds of each call of a walk that has traded for some days, with one fill or one order."""
    n_calls = min(BATCH, 50 * times)
    bars = bars_of(WARM + 1)
    playback = played(sentence, fused, bars, WARM * market.QUARTERS)
    walk, bar = playback.agent.walk, playback.bar
    known = playback.outlook.prepare(bars.between(bar, bar + 1)).known
    opening, fills = opening_of(bars, bar), [table((1,), FILL, quantity=side, price=100.0) for side in (1.0, -1.0)]
    sides = iter(fills * (times * BATCH))

    def begin() -> None:
        walk.bar = bar - 1
        walk.begin(opening)

    def close() -> None:
        walk.close(Prepared(known.tape, known.decisions, bar))

    def check() -> None:
        walk.check(0, 0, 10.0, 100.0, 100.0, 5_000.0)

    actions: dict[str, Callable[[], object]] = {
        "begin": begin,
        "take": lambda: walk.take(next(sides)),
        "close": close,
        "decide": walk.decide,
        "check": check,
    }
    for name, action in actions.items():
        shortest = math.inf
        for _ in range(times):
            shortest = min(shortest, timed(lambda action=action: [action() for _ in range(n_calls)]))
            close()  # Fills that were booked are told, and their place is free again.
        yield name, shortest / n_calls


def day(sentence: Sentence, fused: FusedRules, days: int, times: int) -> tuple[float, float]:
    """Return the seconds of a day played ahead and its orders, stops aside: means of some days, best of `times`."""
    warm, rows = WARM * market.QUARTERS, days * market.QUARTERS
    bars, shortest, orders = bars_of(WARM + days), math.inf, 0
    for _ in range(times):
        playback = played(sentence, fused, bars, warm)
        before = playback.store.head.seq
        shortest = min(shortest, timed(lambda playback=playback: [playback.step() for _ in range(rows)]))
        intents = playback.store.read(before, frozenset({Kind.INTENT}))
        orders = sum(entry.body["purpose"] == "target" for entry in intents)
    return shortest / days, orders / days


def played(sentence: Sentence, fused: FusedRules, bars: Bars, rows: int) -> Playback:
    """Return a playback of so many rows, all prepared ahead."""
    prices = Market(feeds=(), beside=(), bars=bars, sessions_per_year=252)
    playback = Playback(sentence, prices, fused, 0, ahead=True)
    for _ in range(rows):
        playback.step()
    return playback


def timed(action: Callable[[], object]) -> float:
    """Return the processor time of an action, in seconds."""
    began = time.process_time()
    action()
    return time.process_time() - began


def main() -> None:
    """Measure everything, on one core when the command line names one."""
    sizes, result, *core = sys.argv[1:]
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core[0])})
    rows, days, times = json.loads(sizes)
    sentence, fused = made()
    found = {f"outlook-{place}": prepared(sentence, fused, n, times) for place, n in enumerate(rows)}
    found |= calls(sentence, fused, times)
    found["day"], found["orders"] = day(sentence, fused, days, max(1, times // 5))
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
