"""Run a draw through the engine and through its twin, and say where they first part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tradewright.engine.fuse import fuse
from tradewright.engine.run import Simulation
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.risk import daily_loss, drawdown_halt, exposure, position_limit, risk_per_trade
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from twin import Twin
from twin_books import Case, Event, Fill
from twin_draws import Draw, case_of
from twin_rules import BookRule, Rule

RELATIVE = 1e-9
MAKERS: dict[str, tuple[Any, Any]] = {
    "risk-per-trade": (risk_per_trade.RiskPerTrade, risk_per_trade.make),
    "position-limit": (position_limit.PositionLimit, position_limit.make),
    "exposure": (exposure.Exposure, exposure.make),
    "drawdown-halt": (drawdown_halt.DrawdownHalt, drawdown_halt.make),
    "daily-loss": (daily_loss.DailyLoss, daily_loss.make),
}


@dataclass(frozen=True)
class Difference:
    """One quantity on which the two disagree."""

    bar: int
    what: str
    engine: object
    twin: object

    def __str__(self) -> str:
        return f"bar {self.bar}: {self.what} is {self.engine!r} in the engine, {self.twin!r} in the twin"


@dataclass
class Comparison:
    """Where the two part; `excused` says that they do within 1e-12 of a limit."""

    case: Case
    twin: Twin
    difference: Difference | None
    excused: bool


@dataclass
class Outcome(Comparison):
    """The comparison of one draw."""

    draw: Draw


def fused(rules: list[Rule], folder: Path) -> Any:
    """Return the engine's rules with the options of the twin's; options do not compile anew."""
    made = []
    for rule in rules:
        kind, make = MAKERS[rule.name]
        made.append((rule.name, make(kind(**vars(rule)))))
    return fuse(made, folder)


def simulation(case: Case, folder: Path) -> Simulation:
    """Return the engine before its first bar."""
    made = np.array(case.made, dtype=bool)
    decisions = Decisions(np.array(case.target, dtype="float64"), made, np.zeros_like(made))
    capital = np.array(case.capital, dtype="float64")
    return Simulation(bars_of(case), decisions, settings_of(case), fused(case.rules, folder), capital)


def bars_of(case: Case) -> Bars:
    closed_at = np.datetime64("2024-01-01", "ns") + np.arange(1, len(case.session) + 1) * np.timedelta64(1, "h")
    return Bars(
        instruments=[
            Instrument(symbol=f"A{number}", lot=asset.lot, tick=asset.tick, multiplier=asset.multiplier)
            for number, asset in enumerate(case.assets)
        ],
        opened_at=closed_at - np.timedelta64(1, "h"),
        closed_at=closed_at,
        session=np.datetime64("2024-01-01", "D") + np.array(case.session),
        close=np.array(case.close, dtype="float64"),
        traded=np.array(case.traded, dtype="bool"),
        open=array(case.open),
        high=array(case.high),
        low=array(case.low),
        volume=array(case.volume),
    )


def array(cells: list[list[float]] | None) -> NDArray[np.float64] | None:
    return None if cells is None else np.array(cells, dtype="float64")


def settings_of(case: Case) -> Settings:
    books = table((len(case.capital),), BOOK, share=np.array(case.share), no_trade_band=np.array(case.no_trade_band))
    return Settings(
        at_close=case.at_close,
        has_volume=case.volume is not None,
        whole=case.whole,
        in_units=case.in_units,
        participation=case.participation,
        half_spread_and_slippage=case.cost_fraction,
        commission_per_share=case.commission_per_share,
        commission_rate=case.commission_rate,
        commission_min=case.commission_min,
        cash_rate=case.cash_rate,
        borrow_rate=case.borrow_rate,
        capital_total=case.capital_total,
        capital_step=case.capital_step,
        capital_step_return=case.capital_step_return,
        evidence_ok=case.evidence_ok,
        resume_after=case.resume_after,
        latched=np.array([rule.latched for rule in case.rules if isinstance(rule, BookRule)], dtype=bool),
        books=books,
    )


def same(left: float, right: float) -> bool:
    """Compare to 1e-9 of max(1, |x|); NaN equals NaN and an infinity itself."""
    if math.isnan(left) or math.isnan(right) or math.isinf(left) or math.isinf(right):
        return left == right or (math.isnan(left) and math.isnan(right))
    return abs(left - right) <= RELATIVE * max(1.0, abs(left), abs(right))


def play(draw: Draw, folder: Path) -> Outcome:
    """Compare the two over a draw."""
    return Outcome(**vars(compare(case_of(draw), folder)), draw=draw)


def compare(case: Case, folder: Path) -> Comparison:
    """Run both over a case; step through it bar by bar when their results differ."""
    engine, twin = simulation(case, folder), Twin(case).run()
    engine.advance(len(case.session))
    difference = next(results(engine, twin), None)
    if difference is None:
        return Comparison(case, twin, None, excused=False)
    first = first_parting(case, folder) or difference
    near = {bar for bar, _, _ in twin.watch.near}
    return Comparison(case, twin, first, excused=first.bar in near)


def first_parting(case: Case, folder: Path) -> Difference | None:
    """Return the first quantity that differs after any bar."""
    engine, twin = simulation(case, folder), Twin(case)
    for bar in range(len(case.session)):
        engine.advance(bar + 1)
        twin.step()
        found = next(results(engine, twin), None)
        if found is not None:
            return Difference(bar, found.what, found.engine, found.twin)
    return None


def results(engine: Simulation, twin: Twin) -> Iterator[Difference]:
    """Yield every difference between the two, in the order in which a bar makes them."""
    trace = engine.trace()
    yield from records(trace.fills, twin.fills, Fill, "fill")
    yield from records(trace.events, twin.events, Event, "event")
    yield from rows(trace.state, twin)
    yield from positions(trace.state, twin)
    yield from tallies(trace.state, twin)
    for bar, expected in enumerate(twin.curve):
        for row, point in enumerate(expected):
            yield from values(bar, f"curve row {row}", trace.curve[bar, row], vars(point))


def values(bar: int, where: str, record: Any, expected: dict[str, float]) -> Iterator[Difference]:
    for name, twins in expected.items():
        engines = float(getattr(record, name))
        if not same(engines, float(twins)):
            yield Difference(bar, f"{where} {name}", engines, float(twins))


def records(engines: Any, twins: list[Any], kind: Any, what: str) -> Iterator[Difference]:
    """Compare two logs entry by entry, all columns."""
    names = [f.name for f in fields(kind)]
    for number, (left, right) in enumerate(zip(engines, twins, strict=False)):
        yield from values(right.bar, f"{what} {number}", left, dict(zip(names, astuple(right), strict=True)))
    if len(engines) > len(twins):
        extra = engines[len(twins)]
        yield Difference(int(extra.bar), f"{what} {len(twins)}", extra, None)
    elif len(twins) > len(engines):
        missing = twins[len(engines)]
        yield Difference(missing.bar, f"{what} {len(engines)}", None, missing)


def rows(state: Any, twin: Twin) -> Iterator[Difference]:
    for number, row in enumerate(twin.rows):
        yield from values(twin.bar, f"row {number}", state.rows[number], vars(row))
        for rule, halt in enumerate(twin.halts[number]):
            yield from values(twin.bar, f"row {number} halt {rule}", state.halts[number, rule], {"level": halt.level})


def positions(state: Any, twin: Twin) -> Iterator[Difference]:
    for book, held in enumerate(twin.positions):
        for asset, position in enumerate(held):
            where = f"book {book} asset {asset}"
            yield from values(twin.bar, where, state.positions[book, asset], vars(position))


def tallies(state: Any, twin: Twin) -> Iterator[Difference]:
    yield from values(twin.bar, "run", state.run[0], vars(twin.tally))
    for number, counter in enumerate(twin.counters):
        yield from values(twin.bar, f"counter {number}", state.counters[number], vars(counter))
