"""The rules of the engine's twin that are off unless named, written from docs/reference/rules/ alone; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin_case import HALT_REDUCE_ONLY, NO_HALT, REDUCE_ONLY, Watch
from twin_rules import Answer, AssetRule, AssetView, BookRule, BookView, RowView, TwoSidedRule


@dataclass
class VolatilityTarget(TwoSidedRule):
    limit: float = 0.10
    lookback: int = 60
    refresh: int = 5
    trim_band: float = 0.01
    name = "volatility-target"

    def ask(self, targets: list[float], held: list[float], view: BookView, watch: Watch) -> tuple[float, float]:
        history = view.history
        matrix = history.correlations(self.lookback, self.refresh)
        daily = [history.volatility(asset, self.lookback) for asset in range(len(targets))]
        own = [target != 0 or weight != 0 for target, weight in zip(targets, held, strict=True)]
        known = [v for v, belongs in zip(daily, own, strict=True) if belongs and not math.isnan(v)]
        if not known:
            return 0.0, 0.0
        now = self.sigma(held, daily, max(known), matrix)
        wanted = self.sigma(targets, daily, max(known), matrix)
        return scaled(self.name, wanted, now, self.limit, self.trim_band, watch)

    def sigma(self, weights: list[float], daily: list[float], largest: float, matrix: list[list[float]]) -> float:
        total = 0.0
        for i, left in enumerate(weights):
            for j, right in enumerate(weights):
                if left == 0 or right == 0:
                    continue
                between = 1.0 if i == j else matrix[i][j]
                if math.isnan(daily[i]) or math.isnan(daily[j]) or math.isnan(between):
                    v, u = (largest if math.isnan(daily[n]) else daily[n] for n in (i, j))
                    total += abs(left * v * u * right)
                else:
                    total += left * daily[i] * between * daily[j] * right
        return math.sqrt(252 * max(0.0, total))


@dataclass
class CorrelationLimit(TwoSidedRule):
    limit: float = 0.50
    lookback: int = 60
    refresh: int = 5
    trim_band: float = 0.02
    name = "correlation-limit"

    def ask(self, targets: list[float], held: list[float], view: BookView, watch: Watch) -> tuple[float, float]:
        matrix = view.history.correlations(self.lookback, self.refresh)
        now, wanted = self.exposure(held, matrix), self.exposure(targets, matrix)
        return scaled(self.name, wanted, now, self.limit, self.trim_band, watch)

    def exposure(self, weights: list[float], matrix: list[list[float]]) -> float:
        total = 0.0
        for i, left in enumerate(weights):
            for j, right in enumerate(weights):
                if i == j:
                    total += left * right
                elif math.isnan(matrix[i][j]):
                    total += abs(left * right)
                else:
                    total += left * matrix[i][j] * right
        return math.sqrt(max(0.0, total))


def scaled(name: str, wanted: float, now: float, limit: float, band: float, watch: Watch) -> tuple[float, float]:
    """Return the factors that bring what is wanted down to the limit, or to what the market has made of it."""
    watch.limit(name, now, limit)
    watch.limit(name, now, limit + band)
    cap = now if limit < now <= limit + band else limit
    watch.limit(name, wanted, cap)
    if wanted <= cap:
        return 1.0, 1.0
    return cap / wanted, cap / wanted


@dataclass
class LiquidityFloor(AssetRule):
    limit: float = 1_000_000.0
    lookback: int = 20
    name = "liquidity-floor"

    def ask(self, view: AssetView, target: float, stop: float, mode: int, watch: Watch) -> tuple[float, float, int]:
        if view.history.case.volume is None:
            return target, stop, mode
        average = view.history.average_notional(view.asset, self.lookback)
        watch.limit(self.name, average, self.limit)
        return target, stop, mode if average >= self.limit else max(mode, REDUCE_ONLY)


@dataclass
class CircuitBreaker(BookRule):
    move: float = 0.07
    bars: int = 1
    spike: float = 3.0
    until: str = "session"
    name = "circuit-breaker"

    @property
    def latched(self) -> bool:  # type: ignore[override]  # an option here, a constant of the other rules
        return self.until == "latched"

    def ask(self, view: RowView, memory: list[float], watch: Watch) -> Answer:
        move, spike = abs(view.history.market_move(self.bars)), view.history.market_spike()
        watch.limit("move", move, self.move)
        watch.limit("spike", spike, self.spike)
        if not move < self.move:
            return Answer(HALT_REDUCE_ONLY, 1.0, move, self.move)
        level = NO_HALT if spike < self.spike else HALT_REDUCE_ONLY
        return Answer(level, 1.0, spike, self.spike)


@dataclass
class TradingWindow(AssetRule):
    after_open: float = 5.0
    before_close: float = 5.0
    name = "trading-window"

    def ask(self, view: AssetView, target: float, stop: float, mode: int, watch: Watch) -> tuple[float, float, int]:
        open_long_enough = view.history.since_open >= self.after_open
        long_enough_to_close = view.history.to_close >= self.before_close
        return target, stop, mode if open_long_enough and long_enough_to_close else max(mode, REDUCE_ONLY)
