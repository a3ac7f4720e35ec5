"""Run a draw through the engine and through its twin, and say where they first part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tradewright.engine.fuse import fuse
from tradewright.engine.run import Simulation
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.risk import (
    circuit_breaker,
    correlated,
    daily_loss,
    drawdown_halt,
    exposure,
    liquidity_floor,
    position_limit,
    risk_per_trade,
    trading_window,
)
from tradewright.risk.checks import always, order_size, price_collar, restricted_list
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from twin import Twin
from twin_case import Case
from twin_checks import Check, RestrictedList
from twin_draws import Draw, case_of
from twin_rules import BookRule, Rule

RELATIVE = 1e-9
FIRST_ON = date(2024, 1, 1)  # Session 0 of every case.
MAKERS: dict[str, tuple[Any, Any]] = {
    "risk-per-trade": (risk_per_trade.RiskPerTrade, risk_per_trade.make),
    "position-limit": (position_limit.PositionLimit, position_limit.make),
    "exposure": (exposure.Exposure, exposure.make),
    "drawdown-halt": (drawdown_halt.DrawdownHalt, drawdown_halt.make),
    "daily-loss": (daily_loss.DailyLoss, daily_loss.make),
    "volatility-target": (correlated.VolatilityTarget, correlated.make_volatility_target),
    "correlation-limit": (correlated.CorrelationLimit, correlated.make_correlation_limit),
    "liquidity-floor": (liquidity_floor.LiquidityFloor, liquidity_floor.make),
    "circuit-breaker": (circuit_breaker.CircuitBreaker, circuit_breaker.make),
    "trading-window": (trading_window.TradingWindow, trading_window.make),
    "finite": (always.NoOptions, always.make_finite),
    "session": (always.NoOptions, always.make_session),
    "halt": (always.NoOptions, always.make_halt),
    "buying-power": (always.NoOptions, always.make_buying_power),
    "price-collar": (price_collar.PriceCollar, price_collar.make),
    "order-value": (order_size.OrderValue, order_size.make_order_value),
    "order-quantity": (order_size.OrderQuantity, order_size.make_order_quantity),
    "volume-share": (order_size.VolumeShare, order_size.make_volume_share),
    "restricted-list": (restricted_list.RestrictedList, restricted_list.make),
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


def fused(case: Case, folder: Path) -> Any:
    """Return the engine's rules and checks with the options of the twin's; options do not compile anew."""
    return fuse([made(rule) for rule in case.rules], folder, [made(check) for check in case.checks])


def made(part: Rule | Check) -> tuple[str, Any]:
    """Return the engine's rule or check that is the twin's `part`."""
    kind, make = MAKERS[part.name]
    options = vars(part)
    if isinstance(part, RestrictedList):
        options = {"symbols": tuple(symbol(asset) for asset in part.assets)}
    return part.name, make(kind(**options))


def symbol(asset: int) -> str:
    return f"A{asset}"


def simulation(case: Case, folder: Path) -> Simulation:
    """Return the engine before its first bar."""
    made = np.array(case.made, dtype=bool)
    decisions = Decisions(np.array(case.target, dtype="float64"), made, np.zeros_like(made))
    capital = np.array(case.capital, dtype="float64")
    return Simulation(bars_of(case), decisions, settings_of(case), fused(case, folder), capital)


def bars_of(case: Case) -> Bars:
    start = np.datetime64(FIRST_ON, "ns")
    return Bars(
        instruments=[
            Instrument(
                symbol=symbol(number),
                lot=asset.lot,
                tick=asset.tick,
                multiplier=asset.multiplier,
                delisted_on=None if asset.delisted_session is None else FIRST_ON + timedelta(asset.delisted_session),
                delisted_cash=asset.delisted_cash,
            )
            for number, asset in enumerate(case.assets)
        ],
        opened_at=start + np.array(case.opened) * np.timedelta64(1, "m"),
        closed_at=start + np.array(case.closed) * np.timedelta64(1, "m"),
        session=np.datetime64(FIRST_ON, "D") + np.array(case.session),
        close=np.array(case.close, dtype="float64"),
        traded=np.array(case.traded, dtype="bool"),
        open=array(case.open),
        high=array(case.high),
        low=array(case.low),
        volume=array(case.volume),
        split=array(case.split),
        dividend=array(case.dividend),
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
        has_actions=case.split is not None,
        has_exits=any(asset.delisted_session is not None for asset in case.assets),
        limit_offset=case.limit_offset,
    )


def same(left: float, right: float) -> bool:
    """Compare to 1e-9 of max(1, |x|); NaN equals NaN and an infinity itself."""
    if left == right or (math.isnan(left) and math.isnan(right)):
        return True
    if math.isinf(left) or math.isinf(right):
        return False
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
    yield from records(trace.actions, twin.actions, "action")
    yield from records(trace.fills, twin.fills, "fill")
    yield from records(trace.events, twin.events, "event")
    yield from state(trace.state, twin)
    for bar, (engines, twins) in enumerate(zip(trace.equity.tolist(), twin.equity, strict=False)):
        yield from values(bar, "equity of row", by_number(engines), by_number(twins))
    for entry, (bar, points) in zip(trace.curve, twin.curve.items(), strict=True):
        for row, (left, right) in enumerate(zip(dicts(entry), points, strict=True)):
            yield from values(bar, f"curve row {row}", left, vars(right))


def by_number(row: list[float]) -> dict[str, float]:
    return {str(number): value for number, value in enumerate(row)}


def values(bar: int, where: str, engines: dict[str, float], twins: dict[str, float]) -> Iterator[Difference]:
    for name, twins_own in twins.items():
        if not same(engines[name], twins_own):
            yield Difference(bar, f"{where} {name}", float(engines[name]), float(twins_own))


def records(engines: Any, twins: list[Any], what: str) -> Iterator[Difference]:
    """Compare two logs entry by entry, all columns."""
    for number, (left, right) in enumerate(zip(dicts(engines), twins, strict=False)):
        yield from values(right.bar, f"{what} {number}", left, vars(right))
    if len(engines) > len(twins):
        extra = engines[len(twins)]
        yield Difference(int(extra.bar), f"{what} {len(twins)}", extra, None)
    elif len(twins) > len(engines):
        missing = twins[len(engines)]
        yield Difference(missing.bar, f"{what} {len(engines)}", None, missing)


def dicts(table: Any) -> list[dict[str, float]]:
    """Return the entries of a one-dimensional table as Python's numbers by column."""
    return [dict(zip(table.dtype.names, entry, strict=True)) for entry in table.tolist()]


def state(engine: Any, twin: Twin) -> Iterator[Difference]:
    """Compare rows, halts, positions, tallies and counters after the last bar."""
    bar = twin.bar
    for number, (left, row) in enumerate(zip(dicts(engine.rows), twin.rows, strict=True)):
        yield from values(bar, f"row {number}", left, vars(row))
        for rule, halt in enumerate(twin.halts[number]):
            levels = {"level": int(engine.halts[number, rule].level)}
            yield from values(bar, f"row {number} halt {rule}", levels, {"level": halt.level})
    for book, held in enumerate(twin.positions):
        for asset, (left, position) in enumerate(zip(dicts(engine.positions[book]), held, strict=True)):
            yield from values(bar, f"book {book} asset {asset}", left, vars(position))
    yield from values(bar, "run", dicts(engine.run)[0], vars(twin.tally))
    for number, (left, counter) in enumerate(zip(dicts(engine.counters), twin.counters, strict=True)):
        yield from values(bar, f"counter {number}", left, vars(counter))
