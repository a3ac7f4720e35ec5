"""Random markets, strategies and settings for the engine and its twin.

A draw is a seed, a size and a set of features; everything else is a pure function of them.  Prices come bar by bar
from streams of their own, so that a shorter draw is the beginning of a longer one and every smaller draw is simpler.
Prices are multiples of 1/64, quantities and volumes integers, most limits and weights dyadic: comparisons at a limit
are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from random import Random

from hypothesis import strategies as st
from twin_books import Asset, Case
from twin_rules import DailyLoss, DrawdownHalt, Exposure, PositionLimit, RiskPerTrade, Rule

NO_RULES: tuple[type[Rule], ...] = ()
ALL_RULES: tuple[type[Rule], ...] = (RiskPerTrade, PositionLimit, Exposure, DrawdownHalt, DailyLoss)
REORDERED: tuple[type[Rule], ...] = (DailyLoss, Exposure, DrawdownHalt, PositionLimit, RiskPerTrade)
RULE_SETS = {"all": ALL_RULES, "none": NO_RULES, "reordered": REORDERED}

PRICE_STEP = 1 / 64
SHARES = {1: [[1.0]], 2: [[0.5, 0.5], [0.25, 0.75]], 3: [[0.25, 0.25, 0.5], [0.5, 0.125, 0.375]]}
DYADIC_WEIGHTS = [0.0, 0.0, 0.125, 0.25, 0.25, 0.375, 0.5, 1.0]


@dataclass(frozen=True)
class Draw:
    """What one example is made from; a feature that is False is absent."""

    seed: int
    rule_set: str = "all"
    n_bars: int = 5
    n_books: int = 1
    n_assets: int = 1
    bars_per_session: int = 1
    costs: bool = False
    rates: bool = False
    volume: bool = False
    fractional: bool = False
    in_units: bool = False
    at_close: bool = False
    close_only: bool = False
    shorts: bool = False
    missing: bool = False
    late: bool = False
    strikes: bool = False
    ticks: bool = False
    lots: bool = False
    multipliers: bool = False
    grants: bool = False
    resume: bool = False
    band: bool = False
    rough: bool = False
    sparse: bool = False

    def __repr__(self) -> str:
        """Name only what differs from the simplest draw, so that a report is short and can be pasted."""
        told = [f for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Draw({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in told)})"

    def stream(self, *names: object) -> Random:
        """Return random numbers that depend on the seed and on their purpose alone."""
        return Random(":".join(map(str, (self.seed, *names))))


FLAGS = [f.name for f in fields(Draw) if f.type == "bool"]


def draws(*rule_sets: str) -> st.SearchStrategy[Draw]:
    """Draw from the given sets of rules, all by default."""
    return st.builds(
        Draw,
        seed=st.integers(0, 2**32 - 1),
        rule_set=st.sampled_from(rule_sets or tuple(RULE_SETS)),
        n_bars=st.integers(5, 60),
        n_books=st.integers(1, 3),
        n_assets=st.integers(1, 4),
        bars_per_session=st.integers(1, 4),
        **{name: st.booleans() for name in FLAGS},
    )


def case_of(draw: Draw) -> Case:
    """Return the history that a draw stands for."""
    assets = [constants(draw, number) for number in range(draw.n_assets)]
    columns = [prices(draw, number) for number in range(draw.n_assets)]
    rows = list(zip(*columns, strict=True))
    traded = [[cell is not None for cell in row] for row in rows]

    def table(index: int) -> list[list[float]]:
        return [[math.nan if cell is None else cell[index] for cell in row] for row in rows]

    options = draw.stream("options")
    share = options.choice(SHARES[draw.n_books])
    start = options.choice([65536.0, 32768.0, 50000.0, 4096.0])
    session = sessions(draw)
    case = Case(
        assets=assets,
        session=session,
        traded=traded,
        close=table(3),
        open=None if draw.close_only else table(0),
        high=None if draw.close_only else table(1),
        low=None if draw.close_only else table(2),
        volume=volumes(draw, traded) if draw.volume else None,
        target=[],
        made=[],
        rules=rules(draw),
        capital=[part * start for part in share],
        share=share,
        no_trade_band=[options.choice([0.02, 0.0625]) if draw.band else 0.0 for _ in share],
        at_close=draw.at_close or draw.close_only,
        whole=not draw.fractional,
        in_units=draw.in_units,
        capital_total=start,
        resume_after=draw.stream("resume").choice([1, 3]) if draw.resume else 0,
    )
    settle(draw, case, start)
    decide(draw, case)
    return case


def settle(draw: Draw, case: Case, start: float) -> None:
    """Set costs, rates and grants."""
    random = draw.stream("costs")
    if draw.volume:
        case.participation = random.choice([0.05, 0.0625, 0.5])
    if draw.costs:
        case.spread_bps = random.choice([0.0, 2.0, 20.0])
        case.slippage_bps = random.choice([0.0, 3.0, 50.0])
        case.commission_per_share = random.choice([0.0, 0.005, 0.0625])
        case.commission_rate = random.choice([0.0, 0.001])
        case.commission_min = random.choice([0.0, 1.0, 16.0])
    if draw.rates:
        case.cash_rate = random.choice([0.0, 0.05, 0.252])
        case.borrow_rate = random.choice([0.01, 0.1])
    if draw.grants:
        case.capital_step = start * random.choice([0.25, 0.75])
        case.capital_total = start * random.choice([1.5, 2.0, 4.0])
        case.capital_step_return = random.choice([0.0, 1 / 128, 1 / 64, 0.05])
        case.evidence_ok = random.random() < 0.9


def constants(draw: Draw, number: int) -> Asset:
    random = draw.stream("asset", number)
    return Asset(
        lot=random.choice([1.0, 10.0]) if draw.lots else 1.0,
        tick=random.choice([0.0, 1 / 64, 0.125]) if draw.ticks else 0.0,
        multiplier=random.choice([1.0, 10.0]) if draw.multipliers else 1.0,
    )


def sessions(draw: Draw) -> list[int]:
    """Number the session of every bar; some are shorter than the others."""
    random, numbers, session, left = draw.stream("session"), [], 0, 0
    for _ in range(draw.n_bars):
        if left == 0:
            session += 1
            left = draw.bars_per_session if random.random() < 0.8 else random.randint(1, draw.bars_per_session)
        left -= 1
        numbers.append(session)
    return numbers


def prices(draw: Draw, number: int) -> list[tuple[float, float, float, float] | None]:
    """Return (open, high, low, close) of every bar of an asset, None where it did not trade."""
    random = draw.stream("price", number)
    last = random.choice([320, 1600, 6400, 12800])
    calm = random.choice([0.002, 0.01, 0.03])
    rough = random.choice([0.05, 0.2]) if draw.rough else 0.01
    begins = random.randint(1, 12) if draw.late and number > 0 else 0
    column: list[tuple[float, float, float, float] | None] = []
    for bar in range(draw.n_bars):
        chance, jump = random.random(), random.random()
        open_ = moved(random, last, calm / 2)
        if jump < rough:
            open_ = max(1, round(last * random.choice([0.55, 0.7, 0.8, 0.875, 0.9, 1.1, 1.25, 1.5])))
        close = moved(random, open_, calm)
        high = max(open_, close) + random.choice([0, 0, round(last * calm)])
        low = max(1, min(open_, close) - random.choice([0, 0, round(last * calm)]))
        if bar < begins or (draw.missing and chance < 0.15):
            column.append(None)
            continue
        last = close
        column.append((open_ * PRICE_STEP, high * PRICE_STEP, low * PRICE_STEP, close * PRICE_STEP))
    return column


def moved(random: Random, price: int, scale: float) -> int:
    return max(1, round(price * (1 + random.gauss(0.0005, scale))))


def volumes(draw: Draw, traded: list[list[bool]]) -> list[list[float]]:
    """Return integer volumes, in some draws so thin that orders do not fit."""
    random = draw.stream("volume")
    largest = random.choice([2_000, 50_000, 10_000_000])
    return [
        [float(draw.stream("volume", bar, number).randint(0, largest)) if cell else math.nan for number, cell in row]
        for bar, row in enumerate(list(enumerate(row)) for row in traded)
    ]


def rules(draw: Draw) -> list[Rule]:
    """Return the rules with limits that bind often, never looser than the mission's."""
    random = draw.stream("rules")
    made: dict[type[Rule], Rule] = {
        RiskPerTrade: RiskPerTrade(
            limit=random.choice([0.02, 1 / 64, 1 / 128]),
            stop="volatility" if draw.close_only else random.choice(["volatility", "atr"]),
            multiple=random.choice([0.5, 1.0, 3.0]),
            lookback=random.choice([2, 2, 3, 5]),
        ),
        PositionLimit: PositionLimit(
            limit=random.choice([0.3, 0.25, 0.125]), trim_band=random.choice([0.02, 1 / 64, 0.0])
        ),
        Exposure: Exposure(
            gross=random.choice([1.0, 0.5, 0.25]),
            net=random.choice([1.0, 0.25, 0.125]),
            trim_band=random.choice([0.02, 1 / 64, 0.0]),
        ),
        DrawdownHalt: DrawdownHalt(limit=random.choice([0.12, 0.0625, 1 / 64])),
        DailyLoss: DailyLoss(limit=random.choice([0.05, 1 / 64, 1 / 128]), cut=random.choice([0.5, 0.75, 1.0])),
    }
    return [made[kind] for kind in RULE_SETS[draw.rule_set]]


def decide(draw: Draw, case: Case) -> None:
    """Let every strategy change its mind now and then."""
    current = [[0.0] * draw.n_assets for _ in range(draw.n_books)]
    for bar in range(draw.n_bars):
        case.target.append([])
        case.made.append([])
        for book in range(draw.n_books):
            for number in range(draw.n_assets):
                random = draw.stream("target", bar, book, number)
                if bar == 0 or random.random() < 0.25:
                    current[book][number] = wish(draw, case, random, book, number)
            decided = not draw.sparse or draw.stream("made", bar, book).random() < 0.5
            case.target[-1].append([spoilt(draw, bar, book, n, w) for n, w in enumerate(current[book])])
            case.made[-1].append(decided)


def wish(draw: Draw, case: Case, random: Random, book: int, number: int) -> float:
    """Return a target weight, or a quantity where the strategies think in units."""
    weight = random.choice(DYADIC_WEIGHTS) if random.random() < 0.7 else random.uniform(0.0, 0.6)
    if draw.shorts and random.random() < 0.4:
        weight = -weight
    if not draw.in_units:
        return weight
    seen = [row[number] for row in case.close if not math.isnan(row[number])]
    asset = case.assets[number]
    quantity = weight * case.capital[book] / (seen[0] if seen else 100.0) / asset.multiplier
    if draw.fractional:
        return quantity
    return float(int(quantity / asset.lot)) * asset.lot


def spoilt(draw: Draw, bar: int, book: int, number: int, wanted: float) -> float:
    random = draw.stream("strike", bar, book, number)
    if draw.strikes and random.random() < 0.12:
        return random.choice([math.nan, math.inf, -math.inf])
    return wanted
