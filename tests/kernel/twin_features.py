"""What the rules of the engine's twin know of the past, in prices adjusted forward (section 10); see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from twin_case import NAN, Case

AVERAGE_VOLUME_BARS = 20
KNOWN_PAIRS_MIN = 20
STILL = 1e-12  # deviation of returns that is only rounding
RECENT, USUAL = 5, 60  # bars of the circuit breaker's two volatilities


@dataclass
class PastBar:
    """A bar in which the asset traded, in adjusted prices."""

    high: float
    low: float
    close: float


class History:
    """Everything up to the close of the present bar."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.session = -1
        self.session_closed = False
        self.since_open = self.to_close = 0
        self.growth = [1.0 for _ in case.assets]  # splits and dividends so far
        self.bars: list[list[PastBar]] = [[] for _ in case.assets]
        self.session_closes: list[dict[int, float]] = [{} for _ in case.assets]
        self.volumes: list[list[float]] = [[] for _ in case.assets]  # in units of the present bar
        self.notionals: list[list[float]] = [[] for _ in case.assets]  # as traded
        self.carried: list[list[float]] = []  # closes by bar and asset, the last one where it did not trade
        self.market_returns: list[float] = []
        self.matrices: dict[tuple[int, int], list[list[float]]] = {}

    def remember(self, bar: int, session: int, closed: bool, mark: list[float]) -> None:
        """Add the present bar, whose marks are `mark`."""
        case = self.case
        self.adjust(bar, mark)
        self.session, self.session_closed = session, closed
        same = [number for number, other in enumerate(case.session) if other == case.session[bar]]
        self.since_open = case.closed[bar] - case.opened[same[0]]
        self.to_close = case.closed[same[-1]] - case.closed[bar]
        self.carried.append(list(self.carried[-1]) if self.carried else [NAN for _ in case.assets])
        for asset, growth in enumerate(self.growth):
            if not case.traded[bar][asset]:
                continue
            high = case.high[bar][asset] * growth if case.high is not None else NAN
            low = case.low[bar][asset] * growth if case.low is not None else NAN
            close = case.close[bar][asset] * growth
            self.bars[asset].append(PastBar(high, low, close))
            self.session_closes[asset][session] = close
            self.carried[-1][asset] = close
            if case.volume is not None:
                volume = case.volume[bar][asset]
                self.volumes[asset].append(volume)
                self.notionals[asset].append(volume * case.close[bar][asset] * case.assets[asset].multiplier)
        if bar > 0:
            self.market_returns.append(self.market_move(1))

    def adjust(self, bar: int, mark: list[float]) -> None:
        """Let the bar's splits and dividends change the adjustment from here on, and volumes be in its units."""
        for asset in range(len(self.growth)):
            if self.case.split is not None:
                ratio = self.case.split[bar][asset]
                self.growth[asset] *= ratio
                self.volumes[asset] = [volume * ratio for volume in self.volumes[asset]]
            if self.case.dividend is not None and not math.isnan(mark[asset]):
                self.growth[asset] *= 1 + self.case.dividend[bar][asset] / mark[asset]

    # ---- of one asset --------------------------------------------------------------------------------------

    def volatility(self, asset: int, lookback: int) -> float:
        """Return the sample standard deviation of the last returns between sessions, NaN until there are so many."""
        known = self.session_closes[asset].items()
        closes = [close for session, close in known if session != self.session or self.session_closed]
        returns = [new / old - 1 for old, new in pairwise(closes[-lookback - 1 :])]
        if len(returns) < lookback:
            return NAN
        mean = sum(returns) / lookback
        return math.sqrt(sum((r - mean) ** 2 for r in returns) / (lookback - 1))

    def true_range(self, asset: int, lookback: int) -> float:
        """Return the mean of the last true ranges as a fraction of the mark, NaN until there are so many."""
        recent = self.bars[asset][-lookback - 1 :]
        ranges = [max(bar.high, old.close) - min(bar.low, old.close) for old, bar in pairwise(recent)]
        if len(ranges) < lookback:
            return NAN
        return sum(ranges) / lookback / recent[-1].close

    def average_volume(self, asset: int) -> float:
        return average(self.volumes[asset], AVERAGE_VOLUME_BARS)

    def average_notional(self, asset: int, lookback: int) -> float:
        return average(self.notionals[asset], lookback)

    # ---- of the market -------------------------------------------------------------------------------------

    def market_move(self, bars: int) -> float:
        """Return the mean return of all assets over so many bars, 0 where there is none."""
        if bars >= len(self.carried):
            return 0.0
        both = list(zip(self.carried[-1 - bars], self.carried[-1], strict=True))
        moves = [new / old - 1 for old, new in both if not math.isnan(old)]
        return sum(moves) / len(moves) if moves else 0.0

    def market_spike(self) -> float:
        """Return recent over usual volatility of the market, 0 while unknown."""
        if len(self.market_returns) < USUAL:
            return 0.0
        usual = root_mean_square(self.market_returns[-USUAL:])
        return root_mean_square(self.market_returns[-RECENT:]) / usual if usual != 0 else 0.0

    def correlations(self, lookback: int, refresh: int) -> list[list[float]]:
        """Return the matrix of the last session that was a multiple of `refresh`, NaN where unknown."""
        last = self.session if self.session_closed else self.session - 1
        session = last - last % refresh
        if last < 0:
            return [[NAN for _ in self.growth] for _ in self.growth]
        if (session, lookback) not in self.matrices:
            returns = [self.returns_until(session, asset, lookback) for asset in range(len(self.growth))]
            self.matrices[session, lookback] = [[correlation(left, right) for right in returns] for left in returns]
        return self.matrices[session, lookback]

    def returns_until(self, session: int, asset: int, lookback: int) -> dict[int, float]:
        """Return the known returns of the last `lookback` sessions by session."""
        closes = self.session_closes[asset]
        window = range(session - lookback + 1, session + 1)
        return {s: closes[s] / closes[s - 1] - 1 for s in window if s in closes and s - 1 in closes}


def average(numbers: list[float], count: int) -> float:
    """Return the mean of the last `count`, NaN when there are fewer."""
    return sum(numbers[-count:]) / count if len(numbers) >= count else NAN


def root_mean_square(numbers: list[float]) -> float:
    return math.sqrt(sum(number**2 for number in numbers) / len(numbers))


def correlation(left: dict[int, float], right: dict[int, float]) -> float:
    """Return the sample correlation over the sessions that both know, NaN when too few or constant."""
    both = sorted(left.keys() & right.keys())
    if len(both) < KNOWN_PAIRS_MIN:
        return NAN
    mean_left, mean_right = (sum(side[s] for s in both) / len(both) for side in (left, right))
    of_left = sum((left[s] - mean_left) ** 2 for s in both)
    of_right = sum((right[s] - mean_right) ** 2 for s in both)
    if min(of_left, of_right) / len(both) <= STILL**2:
        return NAN
    together = sum((left[s] - mean_left) * (right[s] - mean_right) for s in both)
    return together / math.sqrt(of_left * of_right)
