"""The mission's rules of the engine's twin, written from docs/reference/rules/ alone; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin_case import FLATTEN, HALT_REDUCE_ONLY, NO_HALT, Watch, sign
from twin_features import STILL, History


@dataclass
class RowView:
    """What a book rule sees of a book or of the account."""

    nav: float
    peak: float
    day_base: float
    session: int
    history: History


@dataclass
class AssetView:
    """What an asset rule sees of one asset of one book."""

    asset: int
    mark: float
    held: float
    cost: float  # of trading one unit of weight, as a fraction of it
    equity: float
    commission_min: float
    history: History


@dataclass
class BookView:
    """What a two-sided rule sees besides the weights of the book."""

    history: History


@dataclass
class Answer:
    """What a book rule returns for a row."""

    level: int
    keep: float
    observed: float
    limit: float


class Rule:
    name = ""


class BookRule(Rule):
    latched = False

    def ask(self, view: RowView, memory: list[float], watch: Watch) -> Answer:
        raise NotImplementedError


class AssetRule(Rule):
    def ask(self, view: AssetView, target: float, stop: float, mode: int, watch: Watch) -> tuple[float, float, int]:
        raise NotImplementedError


class TwoSidedRule(Rule):
    def ask(self, targets: list[float], held: list[float], view: BookView, watch: Watch) -> tuple[float, float]:
        raise NotImplementedError


@dataclass
class DrawdownHalt(BookRule):
    limit: float = 0.12
    name = "drawdown-halt"
    latched = True

    def ask(self, view: RowView, memory: list[float], watch: Watch) -> Answer:
        drawdown = 1 - view.nav / view.peak
        watch.limit(self.name, drawdown, self.limit)
        level = FLATTEN if not drawdown < self.limit else NO_HALT
        return Answer(level, 1.0, drawdown, self.limit)


@dataclass
class DailyLoss(BookRule):
    limit: float = 0.05
    cut: float = 0.5
    name = "daily-loss"

    def ask(self, view: RowView, memory: list[float], watch: Watch) -> Answer:
        loss = 1 - view.nav / view.day_base
        watch.limit(self.name, loss, self.limit)
        if loss < self.limit:
            return Answer(NO_HALT, 1.0, loss, self.limit)
        if memory and memory[0] == view.session:
            return Answer(HALT_REDUCE_ONLY, 1.0, loss, self.limit)
        memory[:] = [view.session]
        return Answer(HALT_REDUCE_ONLY, 1 - self.cut, loss, self.limit)


@dataclass
class PositionLimit(AssetRule):
    limit: float = 0.30
    trim_band: float = 0.02
    name = "position-limit"

    def ask(self, view: AssetView, target: float, stop: float, mode: int, watch: Watch) -> tuple[float, float, int]:
        held = abs(view.held)
        watch.limit(self.name, held, self.limit)
        watch.limit(self.name, held, self.limit + self.trim_band)
        cap = held if self.limit < held <= self.limit + self.trim_band else self.limit
        watch.limit(self.name, abs(target), cap)
        if not abs(target) <= cap:
            target = sign(target) * cap
        return target, stop, mode


@dataclass
class RiskPerTrade(AssetRule):
    limit: float = 0.02
    stop: str = "volatility"
    multiple: float = 3.0
    lookback: int = 20
    name = "risk-per-trade"

    def ask(self, view: AssetView, target: float, stop: float, mode: int, watch: Watch) -> tuple[float, float, int]:
        if target == 0:
            return target, stop, mode
        side, mark, held = sign(target), view.mark, abs(view.held)
        unit = self.unit(view)
        if math.isnan(stop) and math.isfinite(unit) and unit > STILL:
            stop = mark * (1 - side * self.multiple * unit)
            # Unrounded: 3 times a third is 1 here, and need not be where the third was summed in another order.
            (a, b), (c, d) = self.multiple.as_integer_ratio(), unit.as_integer_ratio()
            watch.limit("valid stop", (b * d - int(side) * a * c) / (b * d), 0.0)
        watch.limit(self.name, abs(target), held)
        if abs(target) <= held:
            return target, stop, mode
        valid = 0 < stop < mark if side > 0 else stop > mark
        watch.limit("valid stop", stop, mark)
        watch.limit("valid stop", stop, 0.0)
        if not valid:
            return view.held, stop, mode
        distance = abs(mark - stop) / mark
        smallest_fee = view.commission_min / view.equity
        most = (self.limit - 2 * smallest_fee + held * view.cost) / (distance + 2 * view.cost)
        watch.limit(self.name, abs(target), most)
        watch.limit(self.name, held, most)
        if not abs(target) <= most:
            target = side * max(held, most)
        return target, stop, mode

    def unit(self, view: AssetView) -> float:
        """Return `v`, NaN until its window is full."""
        of = view.history.volatility if self.stop == "volatility" else view.history.true_range
        return of(view.asset, self.lookback)


@dataclass
class Exposure(TwoSidedRule):
    gross: float = 1.0
    net: float = 1.0
    trim_band: float = 0.02
    name = "exposure"

    def ask(self, targets: list[float], held: list[float], view: BookView, watch: Watch) -> tuple[float, float]:
        longs, shorts = sum(t for t in targets if t > 0), sum(-t for t in targets if t < 0)
        held_longs, held_shorts = sum(h for h in held if h > 0), sum(-h for h in held if h < 0)
        long_factor = short_factor = 1.0
        gross = self.effective(self.gross, held_longs + held_shorts, watch)
        watch.limit("gross", longs + shorts, gross)
        if not longs + shorts <= gross:
            long_factor = short_factor = gross / (longs + shorts)
            longs, shorts = longs * long_factor, shorts * short_factor
        net = self.effective(self.net, abs(held_longs - held_shorts), watch)
        watch.limit("net", longs - shorts, net)
        watch.limit("net", shorts - longs, net)
        if not longs - shorts <= net:
            long_factor *= (net + shorts) / longs
        if not shorts - longs <= net:
            short_factor *= (net + longs) / shorts
        return long_factor, short_factor

    def effective(self, cap: float, held: float, watch: Watch) -> float:
        watch.limit("trim band", held, cap)
        watch.limit("trim band", held, cap + self.trim_band)
        return held if cap < held <= cap + self.trim_band else cap
